"""Networks of a few units at the edges of their parameters: nonsense, extreme margins, overlaps near 1."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import replica
from replica.architectures._boolean_kernels import residual_sums
from replica.architectures._majority_kernels import majority_sums
from replica.architectures.boolean import Rule, unit_table


@pytest.mark.parametrize("units", [0, 2, 3.5, np.nan, "5", True, None, [3, 5], -np.inf])
def test_units_that_are_none_are_refused_by_name(units: Any) -> None:
    with pytest.raises(ValueError, match="^units must be"):
        replica.committee(units)
    with pytest.raises(ValueError, match="^units must be"):
        replica.parity(1 if isinstance(units, int) and units == 2 else units)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
@pytest.mark.parametrize("margin, why", [(50.0, "no pattern can be stored"), (-50.0, "every pattern|without bound")])
def test_margins_beyond_every_field_are_told(weights: str, margin: float, why: str) -> None:
    model = replica.committee(3, weights=weights, margin=margin)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for found in (replica.capacity(model), replica.solve(model, alpha=0.3, on_failure="keep")):
            assert not found.converged
            assert any(words in found.status for words in why.split("|")), found.status


def test_far_corner_of_two_rectified_units() -> None:
    """At a large margin the distance is that to the corner: E D^2 -> |c|^2 + ..., never an overflow."""
    loads = [replica.capacity(replica.committee(2, activation="relu", weights="spherical", margin=k)) for k in (8, 50)]
    assert all(load.converged for load in loads)
    # E D^2 = t^2 + O(1), t = kappa sqrt 2: the corner of the convex set is at distance t of the mean
    assert loads[1].value * 2 * 50**2 == pytest.approx(1.0, abs=1e-3)


def test_three_units_reach_the_end_of_their_branch() -> None:
    """The sphere has q = 1 at the load of `capacity`, where (alpha_c - alpha)/(1 - q) tends to a constant."""
    model = replica.committee(3, weights="spherical")
    end = replica.capacity(model)
    found = [replica.solve(model, alpha=end.value * share) for share in (0.98, 0.9999)]
    away = [float(solution.order_parameters["V"]) for solution in found]
    assert 0.9 < away[0] / away[1] / 200 < 1.6
    branch = replica.spinodal(model)
    assert abs(branch.value - end.value) <= 1e-12 * end.value


@pytest.mark.parametrize("overlap", [0.7, 0.82])
def test_panels_agree_with_the_trapezoidal_rule(overlap: float) -> None:
    rule, sums = Rule(8.5, 0.15, 0.4), np.empty(2)
    table = unit_table(overlap, 1 - overlap, 0.0, 1 - overlap, rule, 900)
    residual_sums(table, np.array([0.0, 0.0, 1.0, 1.0]), np.ones(4), 3, rule.reach**2, sums)
    assert majority_sums(overlap, 1 - overlap, 1, False)[2] == pytest.approx(sums[0], rel=1e-10)


def test_three_units_that_must_all_be_right_near_the_end() -> None:
    """Three perceptrons at three times the load, also where the overlap is near 1."""
    three = replica.solve(replica.committee(3, weights="spherical", margin=1.0), alpha=0.66)
    single = replica.solve(replica.perceptron("spherical"), alpha=1.98)
    for name in ("q", "free_entropy", "stability"):
        assert abs(three[name] - single[name]) <= three.errors[name] + single.errors[name] + 1e-14
