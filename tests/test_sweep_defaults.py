"""What a sweep shows unless it is told, and grids that end in a limit."""

from __future__ import annotations

import numpy as np
import pytest

import replica


def test_states_with_an_entropy_show_it_and_vectors_of_least_cost_their_errors():
    assert replica.sweep(replica.perceptron("binary"), alpha=[0.2, 0.4]).attrs["observables"] == "entropy q"
    found = replica.sweep(replica.mixture("hinge"), alpha=[1.0, 2.0])
    assert found.attrs["main"] == "generalization_error"
    assert found.attrs["observables"] == "generalization_error training_error energy q"
    assert "entropy" not in found and np.all(np.isfinite(found["error"]))
    assert replica.solve(replica.mixture("hinge"), alpha=2.0)["energy"] == found["energy"].values[1]
    untaught = replica.sweep(replica.perceptron(replica.Gaussian(0.5), loss="hinge"), alpha=[1.0, 2.0])
    assert untaught.attrs["observables"] == "training_error energy q"


def test_what_is_asked_for_is_not_left_out():
    with pytest.raises(ValueError, match="'entropy' is not defined"):
        replica.sweep(replica.mixture("hinge"), alpha=[1.0, 2.0], observables=["entropy", "q"])
    lost = replica.sweep(replica.perceptron("binary"), alpha=[30.0, 40.0])
    assert lost.attrs["observables"] == "entropy q"


def test_defaults_resume_from_a_checkpoint(tmp_path):
    asked = {"alpha": [1.0, 2.0], "checkpoint": tmp_path}
    first = replica.sweep(replica.mixture("square"), **asked)
    assert first.identical(replica.sweep(replica.mixture("square"), **asked))


def test_a_grid_may_end_in_the_limits_that_solve_takes():
    model, limits = replica.mixture("logistic", balance=0.3), [0.0, 0.1, np.inf]
    found = replica.sweep(model, alpha=2.0, penalty=limits, observables="generalization_error")
    for value, penalty in zip(found["generalization_error"].values, limits, strict=True):
        alone = replica.solve(model.with_parameters(penalty=penalty), alpha=2.0)
        assert value == pytest.approx(alone["generalization_error"], rel=1e-12)
    drawn = replica.plot(found)
    assert np.all(np.isfinite(drawn.get_xlim()))
    assert "\\infty" in drawn.get_legend().get_texts()[0].get_text()


@pytest.mark.parametrize("axes", [{"noise": [1.0, np.inf]}, {"alpha": [1.0, np.inf]}, {"penalty": [np.nan, 1.0]}])
def test_other_limits_are_refused_in_a_sentence(axes):
    with pytest.raises(ValueError, match="must be .*finite, got"):
        replica.sweep(replica.mixture("hinge"), **({"alpha": 1.0} | axes))


def test_the_shell_has_logarithmic_grids_limits_and_defaults_for_minimisers(tmp_path):
    from replica.cli import main

    words = ["sweep", "mixture", "--loss", "logistic", "--balance", "0.3", "--alpha", "2", "--penalty"]
    assert main([*words, "1e-4:1e4:5:log", "-o", str(tmp_path / "log.nc")]) == 0
    found = replica.load(tmp_path / "log.nc")
    assert np.allclose(found["penalty"], [1e-4, 1e-2, 1.0, 1e2, 1e4], rtol=1e-14)
    assert found.attrs["main"] == "generalization_error"
    assert main([*words, "0,0.1,inf", "-o", str(tmp_path / "ends.csv"), "-o", str(tmp_path / "ends.pdf")]) == 0
