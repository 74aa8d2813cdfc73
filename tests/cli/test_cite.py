"""`replica cite` says what to cite, from the docstrings."""

from __future__ import annotations

import replica
from replica.cli.cite import known, works


def test_the_program_and_the_works_behind_names(run):
    assert replica.__version__ in run("cite").out
    found = run("cite local_entropy perceptron committee focusing-bp sweep")
    assert found.code == 0
    assert "local-entropy:\n  C. Baldassi, A. Ingrosso" in found.out and "128101 (2015)" in found.out
    assert "\nsweep:\n  no work of its own" in found.out
    answer = run("cite max-margin hinge --json").json
    assert answer["works"]["max-margin"][0] == "E. Gardner, J. Phys. A 21, 257 (1988)"
    assert any("ICML (2020)" in work for work in answer["works"]["hinge"])
    wrong = run("cite kapacity")
    assert wrong.code == 2 and "capacity" in wrong.err


def test_models_and_thresholds_have_works():
    table = known()
    for name in ("perceptron", "committee", "parity", "mixture", "covariates", "random-features", "capacity", "kernel"):
        assert [work for thing in table[name] for work in works(thing)], name
