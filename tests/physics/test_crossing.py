"""Where an observable reaches a level: closed forms, roots found otherwise, jumps, several crossings, none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

import replica
from replica.thresholds.crossing import Table

BINARY, SPHERICAL = replica.perceptron("binary"), replica.perceptron("spherical")
TAUGHT = replica.perceptron("binary", labels="teacher")
MIXTURE = replica.mixture("square", balance=0.2)
HINGE = replica.perceptron("spherical", loss="hinge", margin=0.5, beta=2.0)


def test_levels_with_a_closed_form() -> None:
    """The Hebb vector of two clusters: m = alpha, q = alpha^2 + noise alpha; the first moment: ln 2 + alpha ln H."""
    hebb = replica.mixture("square", penalty=np.inf, bias=False, noise=0.7)
    found = replica.threshold(hebb, "generalization_error", level=0.15)
    square = 0.7 * norm.isf(0.15) ** 2
    assert abs(found - 0.7 * square / (1 - square)) <= found.error < 1e-11
    first = replica.threshold(BINARY, "free_entropy", level=0.2, ansatz=replica.Annealed())
    assert abs(first - (np.log(2) - 0.2) / np.log(2)) <= first.error < 1e-13
    options: dict[str, Any] = {"along": "margin", "between": (-1.0, 1.0), "alpha": 0.5, "ansatz": replica.Annealed()}
    margin = replica.threshold(BINARY, "free-entropy", level=0.2, **options)
    assert abs(margin - norm.isf(np.exp((0.2 - np.log(2)) / 0.5))) <= margin.error + 1e-14
    zero = replica.threshold(BINARY, "free_entropy", level=0.5 * np.log(2), **options)  # near 0 there are no digits
    assert abs(zero) <= zero.error < 1e-13


def test_thresholds_of_other_names() -> None:
    for observable, known in (("entropy", replica.capacity(BINARY)), ("stability", replica.at_line(BINARY))):
        found = replica.threshold(BINARY, observable, level=0.0, between=(0.1, 5.0))
        assert abs(found - known) <= found.error + known.error
        assert found.error < 1e-12
        assert "falls through 0" in found.status
        assert found.bracket[0] <= found.value <= found.bracket[1]


@pytest.mark.parametrize(
    ("model", "observable", "level", "options"),
    [
        (BINARY, "q", 0.5, {}),
        (SPHERICAL, "q", 0.9999, {}),  # close to the end of the solutions
        (TAUGHT, "generalization_error", 0.3, {"between": (0.5, 1.4)}),
        (BINARY, "entropy", 0.2, {"along": "margin", "between": (-1.0, 1.0), "alpha": 0.5}),
        (HINGE, "energy", 0.1, {"along": "beta", "between": (0.1, 10.0), "alpha": 1.0}),
        (HINGE, "training_error", 0.1, {"along": "temperature", "between": (0.1, 10.0), "alpha": 1.0}),
        (MIXTURE, "generalization_error", 0.18, {"along": "penalty", "between": (1.0, 1e3), "alpha": 2.0}),
        (MIXTURE, "bias", -0.4, {"along": "noise", "between": (0.1, 10.0), "alpha": 2.0}),
    ],
)
def test_roots_found_otherwise(model: replica.Model, observable: str, level: float, options: dict[str, Any]) -> None:
    along, alpha = options.get("along", "alpha"), options.get("alpha")

    def gap(x: float) -> float:
        at = (model, x) if along == "alpha" else (model.with_parameters(**{along: x}), alpha)
        return float(replica.solve(at[0], alpha=at[1])[observable]) - level

    found = replica.threshold(model, observable, level=level, **options)
    assert found.converged
    assert found.error < 1e-10 * abs(found)
    root = brentq(gap, 0.99 * found, found * (1.0 + 0.01 * (observable != "q")) + 1e-6, xtol=1e-15, rtol=1e-14)
    assert abs(found - root) <= found.error + 2e-14 * abs(root)
    assert found.solution is not None
    assert found.solution[observable] == pytest.approx(level, rel=1e-10)


def test_of_several_crossings_one_is_chosen() -> None:
    options: dict[str, Any] = {"level": 0.18, "along": "penalty", "between": (1e-3, 1e3), "alpha": 2.0}
    first = replica.threshold(MIXTURE, "generalization_error", **options)
    last = replica.threshold(MIXTURE, "generalization_error", crossing="last", **options)
    best = replica.optimal_penalty(MIXTURE, alpha=2.0)
    assert first < best < last
    assert "falls through 0.18; the first of 2 crossings (others near penalty = 3" in first.status
    assert "rises through 0.18; the last of 2 crossings (others near penalty = 0.3" in last.status
    alone = replica.threshold(MIXTURE, "generalization_error", **options | {"between": (1.0, 100.0)})
    assert abs(alone - last) <= alone.error + last.error
    assert "crossings" not in alone.status
    lowest = best.solution["generalization_error"] if best.solution is not None else np.nan
    near = replica.threshold(MIXTURE, "generalization_error", **options | {"level": lowest + 1e-9})
    assert abs(near - best) < 2e-3  # both sides of the minimum, closer than neighbours of the scan
    assert "the first of 2" in near.status
    below = replica.threshold(MIXTURE, "generalization_error", **options | {"level": lowest - 1e-9})
    assert below.status.startswith("not converged: generalization_error does not cross 0.162035390")


def test_sides_that_the_error_does_not_tell_are_none() -> None:
    """A crossing is between places on either side of the level, each by more than its own error."""
    gap, error = np.array([1.0, 2e-3, -1e-3, -1.0]), np.array([0.1, 1e-2, 1e-2, 0.1])
    table = Table(None, np.arange(4.0), gap, error, np.full(4, "converged"))  # type: ignore[arg-type]
    assert table.sides.tolist() == [1.0, 0.0, 0.0, -1.0] and table.crossings() == [(0, 3)]


def test_a_jump_is_no_crossing() -> None:
    """At the first-order transition the error falls to 0 at once: no load has the errors between."""
    options: dict[str, Any] = {"level": 0.1, "between": (1.2, 1.3), "start": "equilibrium"}
    found = replica.threshold(TAUGHT, "generalization_error", **options)
    assert not found.converged
    assert np.isnan(found)
    assert "generalization_error jumps over 0.1, from 0.25" in found.status
    assert np.mean(found.bracket) == pytest.approx(replica.transition(TAUGHT).value, rel=1e-10)
    beside = replica.threshold(TAUGHT, "generalization_error", **options | {"level": 0.26})
    assert beside.converged


def test_levels_that_are_not_reached() -> None:
    high = replica.threshold(SPHERICAL, "q", level=2.0)
    assert high.status.startswith("not converged: q does not cross 2 for alpha in [0.01, 100]: nearest, by 1")
    assert "which ends at alpha = 2)" in high.status
    even = replica.perceptron(loss=replica.OutsideBand(0.5))
    flat = replica.threshold(even, "q", level=0.0, between=(0.5, 5.0))
    assert not flat.converged
    assert "it is at the level, to its error, between 0.5 and " in flat.status
    nowhere = replica.threshold(SPHERICAL, "q", level=0.5, between=(3.0, 4.0))
    assert nowhere.status.startswith("not converged: q is not known for alpha in [3, 4] (no replica-symmetric")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"observable": "overlapp"}, "observable: unknown name 'overlapp'"),
        ({"observable": "generalization_error"}, "'generalization_error' is not defined for"),
        ({"level": np.nan}, "level must be finite"),
        ({"along": "penalty"}, "along: unknown name 'penalty'; Valid: alpha, margin, norm, "),
        ({"along": "margin", "alpha": 0.5}, "between is missing: the two values of margin"),
        ({"along": "margin", "between": (0.0, 1.0)}, "alpha is missing"),
        ({"alpha": 0.5}, "alpha is what is looked for"),
        ({"between": (2.0, 1.0)}, "between must increase, got 2 and 1"),
        ({"between": (-1.0, 1.0)}, "between must be at least 0"),
        ({"between": (0.1, 0.2, 0.3)}, "between must be two numbers"),
        ({"between": 1.0}, "between must be two numbers"),
        ({"crossing": "second"}, "crossing: unknown name 'second'"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], sentence: str) -> None:
    given = {"observable": "q", "level": 0.5} | options
    with pytest.raises(ValueError, match=sentence):
        replica.threshold(BINARY, given.pop("observable"), **given)
