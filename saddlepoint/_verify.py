"""The check after convergence: one Newton correction on finer integrals, and the error that is left."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from saddlepoint._iterate import Outcome, noise_of
from saddlepoint._kernels import CONVERGED, INTEGRAL_UNSURE, STALLED, correction, invert, remaining
from saddlepoint.problem import Problem
from saddlepoint.solution import Tolerance

#: refinements tried before an integral is called unsure
LEVELS = 3
#: tolerances below this are for the residual alone; corrections are believed as for this one
FINEST = 1e-12
#: corrections above it tell that a feature is not resolved, and the next integrals may be no better: a second opinion
DOUBTED = 1e-9


def unchecked(outcome: Outcome) -> np.ndarray:
    """Errors of a solve without check: unknown."""
    return np.full(outcome.point.shape, np.nan)


def verify(problem: Problem, outcome: Outcome, tolerance: Tolerance) -> np.ndarray:
    """Correct the converged rows of ``outcome`` in place; return the errors (B, k), NaN for other rows."""
    error = np.empty(outcome.point.shape)
    error.fill(np.nan)
    rows = None if not outcome.code.any() else np.flatnonzero(outcome.code == CONVERGED)
    if outcome.point.shape[1] == 0:
        return error
    if rows is not None:
        if not rows.size:
            return error
        problem = problem.take(rows)
    point = outcome.point if rows is None else outcome.point[rows]
    for level in range(1, LEVELS + 1):
        finer, before = problem.refined(), point
        point, residual, left, code = _correct(finer, point, tolerance, outcome)
        if finer is not problem:
            doubted = np.flatnonzero((code == CONVERGED) & (np.abs(point - before).max(axis=1) > DOUBTED))
            if doubted.size:
                _ask_again(finer.take(doubted), doubted, tolerance, outcome, (point, residual, left, code))
        if finer is problem:
            # no integrals to blame: the residual was below its floor only because the floor is high
            code[code == INTEGRAL_UNSURE] = STALLED
        at = slice(None) if rows is None else rows
        outcome.point[at], outcome.residual[at], error[at], outcome.code[at] = point, residual, left, code
        # a second look at the same integrals would not tell more
        if not code.any() or finer is problem:
            break
        again = np.flatnonzero(code == INTEGRAL_UNSURE)
        if not again.size or level == LEVELS:
            break
        rows = again if rows is None else rows[again]
        problem, point = finer.take(again), point[again]
    error[outcome.code != CONVERGED] = np.nan
    return error


def _ask_again(
    problem: Problem, rows: np.ndarray, tolerance: Tolerance, outcome: Outcome, found: tuple[np.ndarray, ...]
) -> None:
    """Correct rows once more on still finer integrals, in place: errors hold what those change."""
    finer = problem.refined()
    if finer is problem:
        return
    point, residual, left, code = found
    again = _correct(finer, point[rows], tolerance, outcome)
    left[rows] = np.maximum(left[rows], again[2]) + np.abs(again[0] - point[rows])
    point[rows], residual[rows], code[rows] = again[0], again[1], again[3]


def _correct(
    problem: Problem, point: np.ndarray, tolerance: Tolerance, outcome: Outcome
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One Newton correction: the new points, their residuals, errors and codes."""
    size, k = point.shape
    before, jacobian = problem.residual_and_jacobian(point)
    inverse, ratio = np.empty((size, k, k)), np.empty(size)
    invert(jacobian, inverse, ratio)

    def there(moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        after = problem.residual(moved)
        return after, noise_of(problem, moved, after)

    outcome.evaluations += size * (problem.jacobian_points + 1)
    return corrected(point, before, inverse, there, tolerance)


def corrected(
    point: np.ndarray,
    before: np.ndarray,
    inverse: np.ndarray,
    there: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    tolerance: Tolerance,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Points (B, k) moved by one correction of their residuals ``before`` with inverse Jacobians, the residuals (B,),
    errors (B, k) and codes (B,) that this leaves; ``there`` gives residuals and their noise at the new points.
    """
    moved, code = np.empty(point.shape), np.empty(len(point), dtype=np.int8)
    small, relative = tolerance.absolute, tolerance.relative
    correction(point, before, inverse, max(small, FINEST) ** 0.5, small, moved, code)
    after, noise = there(moved)
    residual, error = np.empty(len(point)), np.empty(point.shape)
    remaining(point, before, moved, after, noise, inverse, small, relative, residual, error, code)
    return moved, residual, error, code
