"""Newton's method with a step limit and backtracking, all rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from saddlepoint._iterate import Solver, State
from saddlepoint._kernels import RUNNING, SINGULAR, STALLED, invert, newton_direction, row_norms
from saddlepoint.problem import Problem
from saddlepoint.solvers._settings import between, whole


class _NewtonState(State):
    rows: ClassVar[tuple[str, ...]] = ("free", "residual", "jacobian", "norm")
    __slots__ = ("cost", "jacobian", "norm")

    def __init__(
        self, free: np.ndarray, residual: np.ndarray, jacobian: np.ndarray, done: int, cost: int
    ) -> None:
        super().__init__(free, residual, done + len(free) * cost)
        self.jacobian, self.cost = jacobian, cost
        self.norm = np.empty(len(free))
        row_norms(residual, self.norm)


@dataclass(frozen=True)
class Newton(Solver):
    r"""``x <- x - t J^{-1} r`` with ``t = 1, 1/2, 1/4, ...`` the first that lowers ``max |r|``.

    Quadratic near a regular solution, also on solutions that the map finds unstable. When not to use it:
    where another solution is near and the branch matters (limit ``max_step`` or follow the branch), and
    exactly at a fold.

    Parameters
    ----------
    steps : int
    max_step : float
        Largest change of a logarithmic coordinate in one step (2.0 is a factor e^2), and of a real one x in
        units of ``max(1, |x|)``.
    patience : int
        A row stalls when its residual has not fallen by a tenth in that many steps.
    halvings : int
        Shortest step tried is ``2^-halvings``. A row where none lowers the residual ends as SINGULAR if the
        Jacobian has pivots whose ratio is below 1e-6 (or vanishes), else as STALLED.

    Examples
    --------
    >>> from saddlepoint import Newton
    >>> Newton(max_step=0.5)
    Newton(steps=60, max_step=0.5, patience=15, halvings=12)
    """

    name: ClassVar[str] = "newton"
    steps: int = 60
    max_step: float = 2.0
    patience: int = 15
    halvings: int = 12

    def __post_init__(self) -> None:
        whole("steps", self.steps)
        between("max_step", self.max_step, 0.0, np.inf)
        whole("patience", self.patience)
        whole("halvings", self.halvings, low=0)

    def begin(self, problem: Problem, free: np.ndarray) -> _NewtonState:
        residual, jacobian = problem.residual_and_jacobian(free)
        return _NewtonState(free, residual, jacobian, 0, problem.jacobian_points)

    def advance(self, problem: Problem, state: _NewtonState) -> _NewtonState:
        step, free, ratio = np.empty_like(state.free), np.empty_like(state.free), np.empty_like(state.norm)
        bounded = problem.variables.bounded
        inverse = np.empty_like(state.jacobian)
        invert(state.jacobian, inverse, ratio)
        newton_direction(inverse, state.residual, state.free, bounded, self.max_step, step, free)
        residual, jacobian = problem.residual_and_jacobian(free)
        new = _NewtonState(free, residual, jacobian, state.evaluations, state.cost)
        lower = new.norm < state.norm
        if not lower.all():
            self._backtrack(problem, state, new, step, np.flatnonzero(~lower))
            self._give_up(state, new, ratio)
        return new

    def _backtrack(
        self, problem: Problem, old: _NewtonState, new: _NewtonState, step: np.ndarray, rows: np.ndarray
    ) -> None:
        """Shorten the step of ``rows`` until the residual falls; rows where it never does go back."""
        for halving in range(1, self.halvings + 1):
            part = problem.take(rows)
            free = old.free[rows] + 0.5**halving * step[rows]
            residual, jacobian = part.residual_and_jacobian(free)
            trial = _NewtonState(free, residual, jacobian, 0, old.cost)
            new.evaluations += trial.evaluations
            better = trial.norm < old.norm[rows]
            for name in new.rows:
                getattr(new, name)[rows[better]] = getattr(trial, name)[better]
            rows = rows[~better]
            if not rows.size:
                return
        for name in new.rows:
            getattr(new, name)[rows] = getattr(old, name)[rows]

    def _give_up(self, old: _NewtonState, new: _NewtonState, ratio: np.ndarray) -> None:
        stuck = np.all(new.free == old.free, axis=1)
        if stuck.any():
            new.code = np.where(stuck, np.where(ratio < 1e-6, SINGULAR, STALLED), RUNNING).astype(np.int8)
