"""How the error of a point reaches a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Named = dict[str, np.ndarray]
#: numbers (rows, ...) at points of a problem by name, and their rounding
Observe = Callable[[Any, np.ndarray], tuple[Named, Named]]


def observed(problem: Any, free: np.ndarray) -> tuple[Named, Named]:
    """What a problem says itself."""
    found: tuple[Named, Named] = problem.observe(free)
    return found


def measured(problem: Any, point: np.ndarray, error: np.ndarray, observe: Observe = observed) -> tuple[Named, Named]:
    """Numbers at points (rows, k) on the refined quadrature, and their errors from those of the free coordinates.

    Error: the change of the quadrature, the change over the error of each coordinate, rounding, and what equations that
    go astray change. Where a problem has a ``stride`` the change over it, on the coarsest integrals, stands for others.
    """
    size, k = point.shape
    finer = problem.refined()
    stride = np.full_like(error, problem.stride) if problem.stride else error
    points = np.tile(point, (k + 1, 1))
    for j in range(k):
        points[(j + 1) * size : (j + 2) * size, j] += stride[:, j]
    moving = problem.at_level(0) if problem.stride else finer
    with np.errstate(over="ignore", invalid="ignore"):  # a badly known point may be moved to where nothing is
        there, floors = observe(moving.take(np.tile(np.arange(size), k + 1)), points)
    values, floors = observe(finer, point) if problem.stride else ({n: v[:size] for n, v in there.items()}, floors)
    coarse, _ = observe(problem, point)
    astray = [observe(other, point)[0] for other in finer.astray()]
    errors = {}
    with np.errstate(invalid="ignore"):
        for name, best in values.items():
            apart = there[name].reshape(k + 1, *best.shape)
            share = (error / stride if problem.stride else np.ones_like(error)).T
            moved = np.abs(apart[1:] - apart[0]) * share.reshape(k, size, *[1] * (best.ndim - 1))
            change = np.where(np.isfinite(best), np.abs(best - coarse[name]) + moved.sum(axis=0), 0.0)
            off = sum(np.nan_to_num(np.abs(other[name] - best)) for other in astray)
            errors[name] = change + floors[name][:size] + off
    return values, errors
