"""Differences of residuals: Jacobians of high order, changes from level to level and with tables; no equations here."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from saddlepoint import Problem

EPS = float(np.finfo(float).eps)


def fine_jacobian(problem: Problem, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residual and its Jacobian by fourth-order central differences in one call, accurate to about 1e-11.

    With logarithmic conjugates a step of 2e-3 balances truncation and rounding; forward differences would lose the
    small slopes near a capacity.
    """
    size, k = free.shape
    step = 2e-3
    offsets, weights = (-2, -1, 1, 2), np.array([1.0, -8.0, 8.0, -1.0]) / (12.0 * step)
    points = np.tile(free, (4 * k + 1, 1)).reshape(4 * k + 1, size, k)
    for j in range(k):
        for i, offset in enumerate(offsets):
            points[4 * j + i + 1, :, j] += offset * step
    rows = np.tile(np.arange(size), 4 * k + 1)
    values = problem.take(rows).residual(points.reshape(-1, k)).reshape(4 * k + 1, size, k)
    slopes = np.einsum("i,jibr->brj", weights, values[1:].reshape(k, 4, size, k))
    return values[0], slopes


def sharpened(
    problem: Problem, free: np.ndarray, residual: np.ndarray, jacobian: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Residual and Jacobian with fine differences in the rows whose slopes are small."""
    with np.errstate(all="ignore"):
        size = np.abs(np.linalg.det(jacobian)) if free.shape[1] > 1 else np.abs(jacobian[:, 0, 0])
        weak = np.flatnonzero(~(size > 1e-2 * np.prod(np.max(np.abs(jacobian), axis=2), axis=1).clip(1.0)))
    if weak.size:
        part = problem if weak.size == problem.size else problem.take(weak)
        residual[weak], jacobian[weak] = fine_jacobian(part, free[weak])
    return residual, jacobian


def with_level_change(problem: Any, floor: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The floor of a residual whose averages over a few fields converge from level to level by a factor only.

    Panels carry half as many digits again at each level, so that a correction says what is left; a trapezoidal rule in
    K dimensions gains a factor of 5 or more: what is left is at most 0.3 of the last change.
    """
    equations = problem.equations
    if equations.model.architecture.few is None or equations.level < 2:
        return floor
    change = problem.residual(free) - problem.at_level(equations.level - 1).residual(free)
    return np.maximum(floor, 0.3 * np.abs(np.where(np.isfinite(change), change, 0.0)))


def astray(problem: Any) -> list[Any]:
    """The same problem with proximal maps that are off by all that a table of them may be wrong by."""
    return [_with_loss(problem, loss) for loss in problem.model.loss.off]


def _with_loss(problem: Any, loss: Any) -> Any:
    other, model = copy(problem), copy(problem.model)
    object.__setattr__(model, "loss", loss)
    other.model = model
    return other


def astray_at_beta(problem: Any) -> list[Any]:
    """With a cost known by its values as other series know it; where all patterns rest at the least of their cost, as
    `astray`.
    """
    if np.any(np.isfinite(problem.model.beta)):
        return [_with_loss(problem, loss) for loss in problem.model.loss.recut]
    return astray(problem) if problem.model.loss.exact else []
