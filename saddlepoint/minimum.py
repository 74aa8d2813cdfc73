"""Where an observable of solutions is least along one parameter, by differences of whole solutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

EPS = float(np.finfo(float).eps)
#: central differences of sixth order on seven points: of the first and of the second derivative
POINTS = np.arange(-3.0, 4.0)
FIRST = np.array([-1.0, 9.0, -45.0, 0.0, 45.0, -9.0, 1.0]) / 60.0
SECOND = np.array([2.0, -27.0, 270.0, -490.0, 270.0, -27.0, 2.0]) / 180.0
NEARER = np.linspace(-1.0, 1.0, 17)
WIDTHS = (0.2, 0.1, 0.04, 0.04, 0.03, 0.03, 0.02)


class Lowest(NamedTuple):
    """Place and error (batch,) of a minimum in units of the grid; ``inside``: -1, 1 where it is at an end."""

    place: np.ndarray
    error: np.ndarray
    inside: np.ndarray


def lowest(evaluate: Callable[[np.ndarray], np.ndarray], grid: np.ndarray, finer: int = 2) -> Lowest:
    """The minimum of ``evaluate((batch, count)) -> (batch, count)`` along each row of ``grid`` (batch, count).

    The lowest point of the grid, then Newton's method on the derivative by differences of finer and finer width. The
    error is the change of the last root with the width, and rounding. A valley too narrow for the grid is looked at
    again on a finer one, ``finer`` times at most.
    """
    rows = np.arange(len(grid))
    seen = evaluate(grid)
    at = np.argmin(np.where(np.isfinite(seen), seen, np.inf), axis=1)
    last = grid.shape[1] - 1
    inside = np.where(at == 0, -1, np.where(at == last, 1, 0))
    place = grid[rows, np.clip(at, 1, last - 1)]
    unit = grid[:, 1] - grid[:, 0]
    roots = []
    for width in (*WIDTHS, 0.5 * WIDTHS[-1]):
        step = width * unit
        values = evaluate(place[:, None] + step[:, None] * POINTS)
        slope, bend = (values * FIRST).sum(axis=1) / step, (values * SECOND).sum(axis=1) / step**2
        with np.errstate(all="ignore"):
            move = np.where(bend > 0, -slope / bend, -np.sign(slope) * unit)
        move = np.clip(np.nan_to_num(move), -unit, unit)
        roots.append(place + move)
        place = roots[-1] if len(roots) < len(WIDTHS) + 1 else place
    with np.errstate(all="ignore"):
        rounding = 16 * EPS * np.abs(values[:, 3]) / (step * np.abs(bend))
    error = np.abs(roots[-1] - roots[-2]) + np.nan_to_num(rounding, nan=np.inf)
    wild = ~(np.abs(roots[-2] - roots[-3]) < 1e-3 * unit)
    found = Lowest(roots[-2], np.where(wild, np.inf, error), inside)
    again = wild & (inside == 0)
    if not (finer and again.any()):
        return found
    nearer = lowest(evaluate, grid[rows, at][:, None] + unit[:, None] * NEARER, finer - 1)
    better = again & (nearer.inside == 0) & np.isfinite(nearer.error)
    return Lowest(*(np.where(better, new, old) for new, old in zip(nearer, found, strict=True)))
