"""The uninformed RS branch followed in a conjugate, and points on it where a condition holds. No thresholds by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._registry import per_row
from replica.ansatz.differences import EPS, fine_jacobian, with_level_change
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.fixed_conjugate import HeldProblem
from replica.ansatz.rs.ladders import GENERAL
from saddlepoint import Ladder, Newton, Picard, Problem, solve
from saddlepoint.continuation.march import Stride, Tried, along, march, solving

STEP = 1.0  # of a first table, in the logarithm of the held conjugate
CLOSE = (-4.0, 8.0)  # where overlaps are neither small nor next to 1
FEW = 1e-3  # of the load
CLIMB = Stride(first=1 / 48, longest=1 / 48, shortest=2e-3)  # from there to all of it, in its logarithm


def held_name(equations: Equations) -> str:
    """The conjugate in which a branch is followed: the teacher's where there is one, else that of q."""
    return "m_hat" if "m_hat" in equations.names else "q_hat"


@dataclass(frozen=True)
class BranchTable:
    """A branch on a grid of its held conjugate: ``alpha`` (batch, grid), conjugates (batch, grid) in free coordinates.

    ``solved`` marks the grid points whose other conjugates were found.
    """

    equations: Equations
    held: str
    theta: np.ndarray
    alpha: np.ndarray
    free: np.ndarray
    solved: np.ndarray

    def observe(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """An observable along the branch and its rounding, (batch, grid)."""
        seen, floors = self._problem().observe(self.free.reshape(self.alpha.size, -1))
        found = (np.reshape(column[name], self.alpha.shape) for column in (seen, floors))
        value, floor = (np.where(self.solved, column, np.nan) for column in found)
        return value, floor

    def fold(self) -> tuple[np.ndarray, np.ndarray]:
        """The determinant that vanishes at folds and what forward differences leave of it unknown, (batch, grid)."""
        with np.errstate(all="ignore"):
            matrix = self._problem().jacobian(self.free.reshape(self.alpha.size, -1))
            matrix[~np.all(np.isfinite(matrix), axis=(1, 2))] = np.nan
            value = np.where(self.solved, np.linalg.det(matrix).reshape(self.alpha.shape), np.nan)
        return value, 1e-6 * np.maximum(1.0, np.abs(value))

    def _problem(self) -> RSProblem:
        rows = np.repeat(np.arange(self.alpha.shape[0]), self.alpha.shape[1])
        return RSProblem(self.equations.take(rows), self.alpha.reshape(-1))

    def rising(self) -> np.ndarray:
        """Per row the last place before the highest point of the branch at which alpha still clearly rises."""
        _, top = self.top()
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.diff(np.log(np.where(self.solved, self.alpha, np.nan)), axis=1) / np.diff(self.theta, axis=1)
        before = np.arange(slope.shape[1]) < np.maximum(top, 1)[:, None]
        slope = np.where(before & np.isfinite(slope), slope, -np.inf)
        clear = slope > 1e-2
        last = slope.shape[1] - 1 - clear[:, ::-1].argmax(axis=1)
        return np.where(clear.any(axis=1), last, slope.argmax(axis=1))

    def first_crossing(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Per row whether the branch crosses ``alpha`` from below, and a start at the first crossing."""
        above = np.where(self.solved, self.alpha, -np.inf) >= alpha[:, None]
        hit = above.any(axis=1) & ~above[:, 0]
        after = np.where(hit, above.argmax(axis=1), 1)
        rows = np.arange(alpha.size)
        low, high = self.alpha[rows, after - 1], self.alpha[rows, after]
        share = np.clip((alpha - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)[:, None]
        return hit, (1 - share) * self.free[rows, after - 1] + share * self.free[rows, after]

    def top(self) -> tuple[np.ndarray, np.ndarray]:
        """Per row the largest alpha of the table before its first descent, and its place on the grid."""
        alpha = np.where(self.solved, self.alpha, -np.inf)
        falls = alpha[:, 1:] < alpha[:, :-1] * (1.0 - 1e-7)  # not the rounding of a flat start
        place = np.where(falls.any(axis=1), falls.argmax(axis=1), alpha.shape[1] - 1)
        return alpha[np.arange(len(alpha)), place], place

    def end_of(self, row: int, top: float) -> str:
        """The sentence for what lies beyond the highest load of a teacher's branch: its fold, or what was followed."""
        known = np.flatnonzero(self.solved[row])
        if not known.size:
            return "the uninformed branch was not found, not even at small loads"
        lost = known.size < self.theta.shape[1] and self.top()[1][row] >= known[-1]
        if lost and self.equations.model.architecture.few is not None:
            why = "averages over K fields are not affordable near q = 1"
            return f"the uninformed branch was followed to alpha = {top:.6g} only: {why}"
        return f"the uninformed branch ends at alpha = {top:.6g}"


def first_clear_change(values: np.ndarray, floors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per row the places between which the values first change sign beyond their rounding; -1 where they do not.

    Points below their rounding are passed over; NaN (no point of the branch) ends what is compared.
    """
    size, count = values.shape
    low, high = np.full((2, size), -1)
    sign = np.where(np.isnan(values), np.nan, np.where(np.abs(values) > floors, np.sign(values), 0.0))
    for row in range(size):
        before = -1
        for place in range(count):
            if np.isnan(sign[row, place]):
                before = -1
            elif sign[row, place] != 0.0:
                if before >= 0 and sign[row, place] != sign[row, before]:
                    low[row], high[row] = before, place
                    break
                before = place
    return low, high


def first_sign_change(values: np.ndarray) -> np.ndarray:
    """Per row the index i of the first pair (i, i+1) with opposite signs, -1 where there is none; NaN pairs are
    skipped.
    """
    change = (values[:, :-1] * values[:, 1:] <= 0) & np.isfinite(values[:, :-1]) & np.isfinite(values[:, 1:])
    return np.where(change.any(axis=1), change.argmax(axis=1), -1)


def scan_branch(equations: Equations, low: float, high: float, step: float = STEP) -> BranchTable:
    """Tabulate the branch of a whole batch at once, from ``low`` to ``high`` in the logarithm of the held conjugate.

    The logarithm is that in units of the weights: of ``q_hat`` times their norm without patterns.
    """
    if equations.model.architecture.even and equations.model.data.overlaps:
        # overlaps grow from a finite load on, where all conjugates begin together
        theta = np.tile(np.arange(-6.0, high + 0.5 * step, step), (equations.size, 1))
        return tabulate(equations, theta, theta[:, :1] * np.ones(len(equations.names) - 1))
    theta = np.arange(low, high + 0.5 * step, step)
    if equations.model.data.metastable and equations.model.architecture.few is None:  # folds may lie close together
        theta = np.unique(np.concatenate([theta, np.arange(max(low, CLOSE[0]), min(high, CLOSE[1]), STEP / 4)]))
    power = 0.5 if held_name(equations) == "m_hat" else 1.0
    own = power * np.log(per_row(equations.norm, equations.size))
    return tabulate(equations, theta - own[:, None])


def tabulate(equations: Equations, theta: np.ndarray, first: np.ndarray | None = None) -> BranchTable:
    """The branch at given logarithms (batch, grid), increasing along the grid, of the held conjugate.

    With one conjugate every point is explicit. Otherwise each grid point starts from the ones before it, so that the
    table stays on one branch where several coexist; what follows a lost point is unsolved. ``first`` is a guess of the
    other conjugates at the first grid point (free coordinates); by default they are as for small overlaps.
    """
    held = held_name(equations)
    size, count = theta.shape
    value = np.exp(theta) * (equations.lean[:, None] if held == "m_hat" else 1.0)
    if len(equations.names) == 1:
        rows = np.repeat(np.arange(size), count)
        problem = HeldProblem(equations.take(rows), held, value.reshape(-1))
        alpha = problem.alpha(np.zeros((rows.size, 0))).reshape(size, count)
        return BranchTable(equations, held, theta, alpha, theta[:, :, None], np.isfinite(alpha) & (alpha > 0))
    others = np.full((size, count, len(equations.names) - 1), np.nan)
    alpha, solved = np.full((size, count), np.nan), np.zeros((size, count), dtype=bool)
    ladder = Ladder(Newton(max_step=1.0), Picard(damping=0.7, steps=200))

    def attempt(rows: np.ndarray, step: int, start: np.ndarray) -> Tried:
        problem = HeldProblem(equations.take(rows), held, value[rows, step])
        found = solve(problem, start=start, solver=ladder, on_failure="keep", check=False)
        load = problem.alpha(found.point)
        others[rows, step], alpha[rows, step] = found.point, load
        solved[rows, step] = found.converged & np.isfinite(load) & (load > 0)
        return Tried(found.point, solved[rows, step])

    along(attempt, theta, HeldProblem(equations, held, value[:, 0]).start() if first is None else first)
    free = np.insert(others, equations.names.index(held), theta, axis=2)
    return BranchTable(equations, held, theta, alpha, free, solved)


def zoom(table: BranchTable, low: np.ndarray, high: np.ndarray, count: int = 17) -> BranchTable:
    """The same branch, finer, between two grid points per row."""
    rows, last = np.arange(len(low)), table.theta.shape[1] - 1
    low = np.clip(low, 0, last - 1)
    high = np.clip(high, low + 1, last)
    others = np.delete(table.free[rows, low], table.equations.names.index(table.held), axis=1)
    theta = np.linspace(table.theta[rows, low], table.theta[rows, high], count, axis=1)
    return tabulate(table.equations, theta, others)


def up_in_load(equations: Equations, alpha: np.ndarray) -> np.ndarray:
    """Points at these loads, or as near to them as continuation from few patterns comes."""

    def at(rows: np.ndarray, place: np.ndarray) -> RSProblem:
        return RSProblem(equations.take(rows), alpha[rows] * FEW ** (1.0 - place))

    few = solve(RSProblem(equations, FEW * alpha), solver=GENERAL, on_failure="keep", check=False)
    return march(solving(at, GENERAL), few.point, CLIMB)[0]


class ConditionProblem(Problem):
    """The saddle-point equations with alpha eliminated, closed by a condition that vanishes at the point sought."""

    rowwise = ("equations",)

    def __init__(self, equations: Equations, condition: str) -> None:
        self.equations, self.condition, self.size = equations, condition, equations.size
        self.held = held_name(equations)
        self.names = equations.names
        self.variables = equations.variables(self.names)

    def noise(self, free: np.ndarray) -> np.ndarray:
        """Rounding floor; the determinant of differences is known to about 1e-10 only (alpha is stationary at a
        fold).
        """
        floor = with_level_change(self, np.reshape(self.equations.coarseness, (-1, 1)) * super().noise(free), free)
        if self.condition == "fold":
            floor[:, -1] = 2e-10
            return floor
        if self.equations.model.architecture.few is not None:  # sums over K fields, dear and far less exact
            return floor
        floor[:, -1] = np.maximum(floor[:, -1], self.observe(free)[1][self.condition])
        return floor

    def _averages(self, free: np.ndarray, whole: bool) -> tuple[dict[str, np.ndarray], Any, Any, np.ndarray]:
        """Conjugates, the two halves of the saddle point, and the load at which the held conjugate closes it."""
        values = self.variables.values(free)
        single, pattern = self.equations.halves(values, whole=whole)
        return values, single, pattern, values[self.held] / self.equations.conjugate(pattern, self.held)

    def alpha(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return self._averages(free, False)[-1]

    def residual(self, free: np.ndarray) -> np.ndarray:
        equations, fold = self.equations, self.condition == "fold"
        with np.errstate(all="ignore"):
            values, single, pattern, alpha = self._averages(free, not fold)
            rows = [equations.mismatch(alpha, values, pattern, name) for name in self.names if name != self.held]
            if fold:
                rows.append(fold_condition(equations, alpha, free))
            else:
                rows.append(equations.observables(alpha, values, single, pattern)[0][self.condition])
        return np.stack(rows, axis=1)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        with np.errstate(all="ignore"):
            values, single, pattern, alpha = self._averages(free, True)
            seen, floors = self.equations.observables(alpha, values, single, pattern)
        return seen | {"alpha": alpha}, floors | {"alpha": 16 * EPS * alpha}


def fold_condition(equations: Equations, alpha: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Determinant of the Jacobian of the RS residual at fixed alpha: zero where a branch turns round."""
    _, matrix = fine_jacobian(RSProblem(equations, alpha), free)
    with np.errstate(invalid="ignore"):  # rows whose averages are not finite give none
        return np.linalg.det(matrix)
