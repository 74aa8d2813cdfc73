"""Panels of the judge of random questions, against closed forms."""

import numpy as np
import pytest

from benchmarks._halved import Unresolved, halved


def test_narrow_jumps_between_nodes_are_seen() -> None:
    """A jump of width 1e-9 at an odd place, beside a smooth integral."""
    place, width = 0.123456789, 1e-9

    def values(row: np.ndarray, u: np.ndarray) -> np.ndarray:
        return np.where(row[:, None] == 0, 0.5 * (1.0 + np.tanh((u - place) / width)), np.exp(u))[None]

    row, _, weight, found = halved(values, np.array([0, 1]), np.full(2, -1.0), np.ones(2), 1e-11)
    sums = np.bincount(row, (weight * found[0]).sum(axis=1))
    assert sums == pytest.approx([1.0 - place, 2.0 * np.sinh(1.0)], rel=1e-13)


def test_what_does_not_settle_is_said() -> None:
    def values(row: np.ndarray, u: np.ndarray) -> np.ndarray:
        return np.random.default_rng(0).normal(size=(1, *u.shape))

    with pytest.raises(Unresolved, match="does not settle"):
        halved(values, np.zeros(1, dtype=int), np.array([-1e-13]) + 1.0, np.ones(1), 1e-8)
