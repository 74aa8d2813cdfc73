"""Checks of a problem, for authors and tests: gradient against potential, Jacobian, zeros; no solving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from saddlepoint.problem import Problem


@dataclass(frozen=True)
class Report:
    """Outcome of a check: ``ok``, the ``worst`` deviation, and a sentence that names where it is."""

    ok: bool
    worst: float
    sentence: str

    def require(self) -> None:
        """Raise `AssertionError` with the sentence unless ok."""
        if not self.ok:
            raise AssertionError(self.sentence)


def check_gradient(problem: Problem, free: np.ndarray, tolerance: float = 1e-7, step: float = 1e-3) -> Report:
    r"""Whether ``problem.gradient`` (with respect to the values) is the slope of ``problem.potential``.

    Richardson differences of the potential along each free coordinate (central, steps h and h/2, error
    O(h^4)), against gradient times the slope of the chart. The deviation is relative to ``max(1, |slope|)``.

    Parameters
    ----------
    problem : Problem
    free : array (B, k)
        Anywhere, not only at a solution.
    tolerance, step : float
    """
    free = np.asarray(free, dtype=float)
    measured = _differences(lambda many, at: many.potential(at), problem, free, step).T
    slope = np.stack([v.chart.slope(free[:, j]) for j, v in enumerate(problem.variables)], axis=1)
    declared = problem.gradient(free) * slope
    return _compare("gradient", problem, declared, measured, tolerance)


def check_jacobian(problem: Problem, free: np.ndarray, tolerance: float = 1e-6, step: float = 1e-3) -> Report:
    """Whether ``problem.jacobian`` is that of ``problem.residual`` (differences as in `check_gradient`)."""
    free = np.asarray(free, dtype=float)
    measured = np.transpose(_differences(lambda many, at: many.residual(at), problem, free, step), (1, 2, 0))
    return _compare("Jacobian", problem, problem.jacobian(free), measured, tolerance)


def check_residual_zero(problem: Problem, free: np.ndarray, tolerance: float = 1e-10) -> Report:
    """Whether the residual vanishes at ``free`` (B, k), for closed-form solutions."""
    residual = problem.residual(np.asarray(free, dtype=float))
    return _compare("residual", problem, residual, np.zeros_like(residual), tolerance)


def _differences(
    value: Callable[[Problem, np.ndarray], np.ndarray], problem: Problem, free: np.ndarray, step: float
) -> np.ndarray:
    """Richardson differences of a value (B, ...) along each free coordinate: (k, B, ...)."""
    size, k = free.shape
    shifts = step * np.array([1.0, -1.0, 0.5, -0.5])
    points = np.tile(free, (4 * k, 1)).reshape(4, k, size, k)
    for j in range(k):
        points[:, j, :, j] += shifts[:, None]
    found = value(problem.take(np.tile(np.arange(size), 4 * k)), points.reshape(-1, k))
    found = found.reshape(4, k, size, *found.shape[1:])
    wide, narrow = (found[0] - found[1]) / (2 * step), (found[2] - found[3]) / step
    return np.asarray((4 * narrow - wide) / 3)


def _compare(
    what: str, problem: Problem, declared: np.ndarray, measured: np.ndarray, tolerance: float
) -> Report:
    if declared.shape != measured.shape:
        return Report(False, np.inf, f"the {what} has shape {declared.shape}, expected {measured.shape}")
    gap = np.abs(declared - measured) / np.maximum(1.0, np.abs(measured))
    if not gap.size:
        return Report(True, 0.0, f"the {what} agrees: nothing to compare")
    gap = np.where(np.isfinite(gap), gap, np.inf)
    where = np.unravel_index(np.argmax(gap), gap.shape)
    worst = float(gap[where])
    names = ", ".join(problem.variables.names[i] for i in where[1:])
    values = f"{float(declared[where]):.10g} declared, {float(measured[where]):.10g} measured"
    verb = "agrees" if worst <= tolerance else "disagrees"
    return Report(
        worst <= tolerance,
        worst,
        f"the {what} {verb} to {worst:.2g}, worst in row {int(where[0])}, {names}: {values}",
    )
