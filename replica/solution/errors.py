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
    A problem may take all of it together in a method ``measured``, which gives None where it cannot.
    """
    if observe is observed and (own := getattr(problem, "measured", None)):
        found: tuple[Named, Named] | None = own(point, error)
        if found is not None:
            return found
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
    others = [observe(problem, point)[0], *(observe(other, point)[0] for other in finer.astray())]
    share = (error / stride if problem.stride else np.ones_like(error)).T
    return values, spread(values, there, floors, others, share)


def spread(values: Named, there: Named, floors: Named, others: list[Named], share: np.ndarray) -> Named:
    """Errors of ``values`` (rows, ...): what changes on ``others``, the first of which are coarser integrals, over the
    errors of the coordinates (``there``: at the points and at those moved in each of them, with the ``share`` (k, rows)
    of the move that is an error), and in rounding, ``floors``.
    """
    k, size = share.shape
    errors: Named = {}
    for names in _alike(values):
        best, apart, floor, *off = (_stack(found, names) for found in (values, there, floors, *others))
        apart = apart.reshape(len(names), k + 1, size, *best.shape[2:])
        with np.errstate(invalid="ignore"):
            moved = np.abs(apart[:, 1:] - apart[:, :1]) * share.reshape(k, size, *[1] * (best.ndim - 2))
            change = np.where(np.isfinite(best), np.abs(best - off[0]) + moved.sum(axis=1), 0.0)
            total = change + floor[:, :size] + sum(np.nan_to_num(np.abs(other - best)) for other in off[1:])
        errors |= dict(zip(names, total, strict=True))
    return {name: errors[name] for name in values}


def compared(size: int, seen: Named, floors: Named) -> tuple[Named, Named]:
    """Values and errors of what was observed at (size,) points with one coordinate, at those moved by their errors, and
    at the points on coarser integrals, one after the other.
    """
    best, coarse = ({name: value[at] for name, value in seen.items()} for at in (slice(size), slice(-size, None)))
    there = {name: value[: 2 * size] for name, value in seen.items()}
    return best, spread(best, there, floors, [coarse], np.ones((1, size)))


def _alike(values: Named) -> list[list[str]]:
    """Names of numbers of one shape, which are compared together."""
    shapes = [value.shape for value in values.values()]
    return [[name for name, value in values.items() if value.shape == shape] for shape in dict.fromkeys(shapes)]


def _stack(found: Named, names: list[str]) -> np.ndarray:
    return np.array([found[name] for name in names])
