"""Where a convex cost rests: the one stability that costs less than any other, from its table; no loss lives here."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev

from replica.losses._pieces import EPS
from replica.losses._protocol import Slopes

STEPS = np.geomspace(1e-16, 1.0, 161)  # from a place of least cost, within which the cost is seen to grow


def resting_place(table: Slopes, low: int, high: int) -> tuple[float, float]:
    """The only stability of least cost and what it may be wrong by; nan where there are others, or none.

    ``low`` and ``high`` bound, as a range, the panels whose slope is 0 in the middle.
    """
    if high - low > 1:
        return np.nan, np.nan
    joint = low == high and 0 < low < len(table.slope)
    turning = np.arange(max(low - 1, 0), min(low + 1, len(table.slope))) if low == high else np.array([low])
    falls, rises = table.ends[turning, 0] < -table.doubt[turning], table.ends[turning, 1] > table.doubt[turning]
    inner = turning[falls & rises]  # a panel in which the slope turns
    if inner.size == 1 and not (joint and table.ends[low - 1, 1] <= 0.0 <= table.ends[low, 0]):
        place = _root(table, int(inner[0]))
    elif joint:
        place = float(table.edges[low])  # a kink, or the end of two panels
    else:
        return np.nan, np.nan
    unsure = 0.0 if place in table.kinks else _unsure(table, place)
    return (0.0 if abs(place) <= unsure else place), unsure


def _root(table: Slopes, panel: int) -> float:
    """Where the slope of a panel passes through 0."""
    low, high = -1.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        rising = float(chebyshev.chebval(middle, table.slope[panel])) > 0.0
        low, high = (low, middle) if rising else (middle, high)
    a, b = table.edges[panel], table.edges[panel + 1]
    return float(0.5 * (a + b) + 0.5 * (b - a) * low)


def _unsure(table: Slopes, place: float) -> float:
    """How far from a place of least cost the true one may be: where slopes, or else values, are told apart."""
    at = np.array([place])
    bend, doubt = float(table.slopes(at)[1][0]), float(table.doubt[table.pieces.at(at)[0][0]])
    by_slope = 2.0 * doubt / bend if bend > 0.0 else np.inf
    least = table.values(at)[0]
    higher = [table.values(place + sign * STEPS) > least + 4.0 * EPS * abs(least) for sign in (-1.0, 1.0)]
    by_value = max(float(STEPS[side.argmax()]) if side.any() else np.inf for side in higher)
    return min(by_slope, by_value) + 4.0 * EPS * abs(place)
