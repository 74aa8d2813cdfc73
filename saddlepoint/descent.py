"""Minima of a smooth function of a few variables that gives its gradient; saddle points are elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

#: value and gradient at a point, or None where the function is not defined
Function = Callable[[np.ndarray], tuple[float, np.ndarray] | None]
_STEP = 1e-5
_FLAT = 1e-7  # curvatures below that share of the largest are not told from 0
_AGAIN = 0.1  # by how much the gradient must fall for the curvature to be kept


class Descent(NamedTuple):
    """The lowest point, its value, the length of the last Newton step, and how often the function was evaluated."""

    point: np.ndarray
    value: float
    step: float
    evaluations: int


def descend(
    function: Function,
    start: np.ndarray,
    *,
    rough: Function | None = None,
    steps: int = 60,
    longest: float = 0.7,
    near: float = 1e-6,
) -> Descent:
    r"""Newton's method with ``|eigenvalues|`` of the curvature, so that every step goes down.

    The curvature is taken from differences of the gradient, of ``rough`` where that is a cheaper copy of the function.
    A step is at most ``longest`` in each coordinate and halved until the value falls; the loop ends where a whole step
    is below ``near``, where no step lowers the value, or after ``steps``.

    Examples
    --------
    >>> import numpy as np
    >>> found = descend(lambda x: (np.cosh(x[0] - 1.0), np.sinh(x - 1.0)), np.zeros(1))
    >>> bool(abs(found.point[0] - 1.0) < 1e-6)
    True
    """
    here = function(start)
    point, count, length = np.array(start, dtype=float), 1, np.inf
    if here is None:
        return Descent(point, np.inf, np.inf, count)
    curvature, slope, before = None, here[1], np.inf
    for _ in range(steps):
        size = float(np.abs(slope).max(initial=0.0))
        if curvature is None or size > _AGAIN * before:
            curvature, spent = _curvature(rough or function, point)
            count += spent
        before = size
        move = _downhill(curvature, slope)
        length = float(np.abs(move).max(initial=0.0))
        move *= min(1.0, longest / max(length, 1e-300))
        new, spent = _lower(function, point, move, here[0])
        count += spent
        if new is None:
            break
        point, here = new
        slope = here[1]
        if length < near:
            break
    return Descent(point, here[0], length, count)


def _curvature(function: Function, point: np.ndarray) -> tuple[np.ndarray, int]:
    size = point.size
    found = np.zeros((size, size))
    middle = function(point)
    if middle is None:
        return np.eye(size), 1
    for i in range(size):
        moved = point.copy()
        moved[i] += _STEP
        there = function(moved)
        found[i] = 0.0 if there is None else (there[1] - middle[1]) / _STEP
    return 0.5 * (found + found.T), size + 1


def _downhill(curvature: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """The Newton step of the curvature with positive eigenvalues."""
    if not slope.size or not np.all(np.isfinite(curvature)):
        return -slope
    values, vectors = np.linalg.eigh(curvature)
    bend = np.maximum(np.abs(values), _FLAT * np.abs(values).max() + 1e-300)
    return np.asarray(-vectors @ ((vectors.T @ slope) / bend))


def _lower(
    function: Function, point: np.ndarray, move: np.ndarray, value: float
) -> tuple[tuple[np.ndarray, tuple[float, np.ndarray]] | None, int]:
    """The first point along a step, halved up to 14 times, at which the value is not above ``value``."""
    for halving in range(14):
        there = point + 0.5**halving * move
        found = function(there)
        if found is not None and found[0] <= value:
            return (there, found), halving + 1
    return None, 14
