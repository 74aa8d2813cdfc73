"""`replica cite` says what to cite, from the docstrings."""

from __future__ import annotations

import re

import replica
from replica.cli.cite import known, works
from replica.files.bibliography import bibtex


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


def test_works_as_bibtex(run):
    """By volume and page, by authors and year, and with its own words what the list lacks; each entry once."""
    found = run("cite max-margin hinge mixture --bibtex").out.splitlines()
    assert found[0].startswith("@software{replica")
    assert any(line.startswith("@article{gardner1988,") for line in found)
    assert sum(line.startswith("@inproceedings{mignacco2020,") for line in found) == 1
    assert len(set(found)) == len(found)
    for things in known().values():
        for entry in {bibtex(work) for thing in things for work in works(thing)}:
            assert re.match(r"@\w+\{[\w-]+, ", entry) and entry.count("{") == entry.count("}"), entry


def test_a_work_is_taken_for_no_other():
    assert bibtex("W. Krauth and M. Mezard, J. Phys. France 50, 3057 (1989)").startswith("@article{krauth-mezard1989,")
    assert bibtex("W. Krauth and M. Opper, J. Phys. A 22, L519 (1989)").startswith("@misc{krauth1989, note={W. Krauth")
