"""``replica threshold``: an observable at a level."""

from __future__ import annotations

import pytest

import replica

PENALTY = "threshold mixture --balance 0.2 --observable generalization_error --level 0.18 --along penalty --alpha 2"


def test_the_verb_is_that_of_python(run):
    found = run("threshold perceptron --observable q --level 0.5 --json").json
    known = replica.threshold(replica.perceptron("binary"), "q", level=0.5)
    assert (found["value"], found["error"], found["status"]) == (known.value, known.error, known.status)
    assert found["order_parameters"]["q"] == pytest.approx(0.5, rel=1e-12)
    assert found["settings"]["level"] == 0.5
    last = run(f"{PENALTY} --between 1e-3,1e3 --crossing last --json").json
    assert last["value"] == pytest.approx(2.9971709072638, rel=1e-12)
    assert float(run(f"{PENALTY} --between 1,1e3 --quiet").out) == pytest.approx(last["value"], rel=1e-11)


def test_what_is_not_there_and_what_is_wrong(run):
    none = run("threshold perceptron --observable q --level 2 --between 0.1,0.5")
    assert (none.code, none.out) == (1, "")
    assert "not converged: q does not cross 2" in none.err
    assert run(f"{PENALTY}").err.startswith("replica: between is missing")
    assert run("threshold perceptron --level 0.5").code == 2
    assert "did you mean" in run("threshold perceptron --observable entrop --level 0.5").err
