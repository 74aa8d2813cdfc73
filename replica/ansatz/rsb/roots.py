"""Roots of the equations of steps along flat valleys, where residuals need not fall at first."""

from __future__ import annotations

import numpy as np

from replica.ansatz.rsb.equations import StepsProblem

ROUNDS = 14
WILD = 30.0  # residuals from which there is no way back
LONG = 0.7
FALLING = 0.2  # by which residuals fall where a Jacobian is good for another step
GROWING = 10.0  # of the least residual so far, with the Jacobian of rougher integrals


def newton_root(
    problem: StepsProblem, point: np.ndarray, tolerance: float
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Newton's method whose residual need not fall: along valleys it first rises; where it falls fast the Jacobian is
    kept, with what the last step told of it. With the last Jacobian; None where it gets nowhere.
    """
    jacobian: np.ndarray | None = None
    before, move, last = point, point, np.inf
    if not point.size:
        return point, jacobian
    for _ in range(ROUNDS):
        residual = problem.residual(point[None, :])[0]
        size = float(np.abs(residual).max())
        if not size < WILD:
            break
        if np.all(np.abs(residual) <= np.maximum(tolerance, problem.noise(point[None, :])[0])):
            return point, jacobian
        if jacobian is None or not size < FALLING * np.abs(before).max():
            jacobian = problem.residual_and_jacobian(point[None, :])[1][0]
        else:
            jacobian = _told(jacobian, residual - before, move)
        step = _step(jacobian, residual)
        if step is None:
            break
        length = float(np.abs(step).max())
        if length > LONG and last > LONG and length > last:
            break
        last, before, move = length, residual, step * min(1.0, LONG / length)
        point = point + move
    return None, None


def chord_root(problem: StepsProblem, point: np.ndarray, jacobian: np.ndarray, tolerance: float) -> np.ndarray | None:
    """Newton's method with the Jacobian of rougher integrals, and what the steps tell of it; None where that does not
    get there soon.
    """
    least, before, move = np.inf, point, point
    for turn in range(2 * ROUNDS):
        residual = problem.residual(point[None, :])[0]
        size = float(np.abs(residual).max())
        if np.all(np.abs(residual) <= np.maximum(tolerance, problem.noise(point[None, :])[0])):
            return point
        if turn:
            jacobian = _told(jacobian, residual - before, move)
        step = _step(jacobian, residual)
        if not size < GROWING * least or step is None or np.abs(step).max() > LONG:
            return None
        least, before, move = min(least, size), residual, step
        point = point + move
    return None


def _told(jacobian: np.ndarray, change: np.ndarray, move: np.ndarray) -> np.ndarray:
    """The nearest Jacobian that explains the change of the residual along the last step (Broyden)."""
    return np.asarray(jacobian + np.outer(change - jacobian @ move, move) / (move @ move))


def _step(jacobian: np.ndarray, residual: np.ndarray) -> np.ndarray | None:
    if not np.all(np.isfinite(jacobian)):
        return None
    try:
        return np.linalg.solve(jacobian, -residual)
    except np.linalg.LinAlgError:
        return None
