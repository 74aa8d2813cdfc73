"""Sweeps and diagrams: what is refused, axes, lines of every kind, regions where a line is not known, last points."""

from __future__ import annotations

import numpy as np
import pytest

import replica


def test_a_line_that_is_not_known_is_neither_below_nor_above() -> None:
    """A teacher's capacity is there above margin 0 only."""
    model = replica.perceptron("binary", labels="teacher")
    found = replica.diagram(model, x=("margin", [0.0, 0.3]), lines=["capacity", "spinodal"])
    assert np.isnan(found["capacity"].values[0]) and np.isfinite(found["capacity"].values[1])
    labels = found["region"].values
    assert all("not known: capacity" in text for text in labels[0])
    assert labels[0, 0] == "below all lines (not known: capacity)"
    assert not any("not known: capacity" in text for text in labels[1])
    assert any(text.startswith("beyond capacity") for text in labels[1])
    nothing = replica.diagram(model, x=("margin", [-0.2, -0.1]), lines=["capacity"])
    assert set(nothing["region"].values.flat) == {"no line known"}


def test_plane_of_margin_and_load_of_the_binary_perceptron() -> None:
    """Solutions of largest margin lose their slope first, optimal centres next, then there are no solutions."""
    model, lines = replica.perceptron("binary"), ["capacity", "local-entropy", "max-margin"]
    found = replica.diagram(model, x=("margin", [0.0, 0.2]), lines=lines)
    assert np.array_equal(found["capacity"], found["max-margin"])
    assert np.all(found["local-entropy"].values < found["capacity"].values)
    single = replica.local_entropy_threshold(model.with_parameters(margin=0.2))
    assert found["local-entropy"].values[1] == single.value
    assert found["local-entropy_status"].values[1] == single.status


def test_largest_margin_over_the_load() -> None:
    model = replica.perceptron("spherical")
    found = replica.diagram(model, x=("alpha", [0.5, 1.0]), y="margin", lines=["max-margin"])
    known = [replica.max_margin(model, alpha=a).value for a in (0.5, 1.0)]
    assert np.allclose(found["max-margin"], known, rtol=1e-11)


def test_axes_that_a_model_or_a_line_does_not_have() -> None:
    model = replica.perceptron("binary")
    with pytest.raises(ValueError, match="penalty"):
        replica.diagram(model, x=("margin", [0.0, 0.1]), y="penalty", lines=["capacity"], alpha=0.5)
    with pytest.raises(ValueError, match="found in alpha only"):
        replica.diagram(model, x=("alpha", [0.5, 0.6]), y="margin", lines=["local-entropy"])


def test_an_instability_beyond_capacity_says_that_the_entropy_is_negative() -> None:
    """The AT line of a narrow band lies where there are no solutions: no line of its standing is drawn plainly."""
    found = replica.at_line(replica.perceptron("binary", loss=replica.Band(1.0)))
    assert found.value > replica.capacity(replica.perceptron("binary", loss=replica.Band(1.0))).value
    assert "entropy is negative" in found.status


def test_an_observable_that_the_model_does_not_have_is_refused() -> None:
    """Not NaN with the status of a solution that is converged."""
    model = replica.perceptron("binary")
    for name in ("generalization_error", "m", "parisi"):
        with pytest.raises(ValueError, match=f"observable '{name}' is not defined for"):
            replica.sweep(model, alpha=[0.2, 0.4], observables=["entropy", name])
    unsolved = replica.sweep(replica.perceptron("spherical"), alpha=[2.5], observables=["q"])
    assert np.isnan(unsolved["q"].item())


def test_an_unsolved_solution_has_its_last_point() -> None:
    model = replica.perceptron("spherical")
    with pytest.raises(replica.SolveFailed) as failed:
        replica.solve(model, alpha=2.5)
    lost = failed.value.solution
    assert np.isnan(lost["q"]) and lost.order_parameters == {}
    assert 0.9 < lost.last_iterate["q"] <= 1.0
    assert replica.solve(model, alpha=1.0).last_iterate == {}


@pytest.mark.parametrize("wrong", [3, 0.5])
def test_lists_of_names_and_tolerances_that_are_none(wrong: float) -> None:
    with pytest.raises(ValueError, match="observables must be names"):
        replica.sweep(replica.perceptron(), alpha=0.5, observables=wrong)
    with pytest.raises(ValueError, match="tolerance must be"):
        replica.sweep(replica.perceptron(), alpha=[0.5], tolerance=-wrong)
    with pytest.raises(ValueError, match="tolerance must be a number, got 'a'"):
        replica.sweep(replica.perceptron(), alpha=[0.5], tolerance="a")
