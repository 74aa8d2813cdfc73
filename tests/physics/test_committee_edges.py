"""Networks of a few units at the edges of their parameters: nonsense, extreme margins, overlaps near 1."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import replica


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
