"""The uninformed RS branch followed in a conjugate, and points on it where a condition holds. No thresholds by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replica.ansatz._rs_equations import EPS, Equations, HeldProblem, RSProblem
from saddlepoint import Ladder, Newton, Picard, Problem, solve

STEP = 1.0  # of a first table, in the logarithm of the held conjugate


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

    def observe(self, name: str) -> np.ndarray:
        """An observable along the branch, (batch, grid)."""
        size, count = self.alpha.shape
        rows = np.repeat(np.arange(size), count)
        problem = RSProblem(self.equations.take(rows), self.alpha.reshape(-1))
        seen, _ = problem.observe(self.free.reshape(size * count, -1))
        return np.where(self.solved, seen[name].reshape(size, count), np.nan)

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
        falls = alpha[:, 1:] < alpha[:, :-1]
        place = np.where(falls.any(axis=1), falls.argmax(axis=1), alpha.shape[1] - 1)
        return alpha[np.arange(len(alpha)), place], place


def first_sign_change(values: np.ndarray) -> np.ndarray:
    """Per row the index i of the first pair (i, i+1) with opposite signs, -1 where there is none; NaN pairs are skipped."""
    change = (values[:, :-1] * values[:, 1:] <= 0) & np.isfinite(values[:, :-1]) & np.isfinite(values[:, 1:])
    return np.where(change.any(axis=1), change.argmax(axis=1), -1)


def scan_branch(equations: Equations, low: float, high: float, step: float = STEP) -> BranchTable:
    """Tabulate the branch of a whole batch at once, from ``low`` to ``high`` in the logarithm of the held conjugate."""
    theta = np.arange(low, high + 0.5 * step, step)
    return tabulate(equations, np.tile(theta, (equations.size, 1)))


def tabulate(equations: Equations, theta: np.ndarray) -> BranchTable:
    """The branch at given logarithms (batch, grid) of the held conjugate."""
    held = held_name(equations)
    rows = np.repeat(np.arange(equations.size), theta.shape[1])
    value = np.exp(theta.reshape(-1))
    problem = HeldProblem(equations.take(rows), held, value)
    if len(problem.variables):
        ladder = Ladder(Newton(max_step=2.0), Picard(damping=0.7, steps=200))
        found = solve(problem, solver=ladder, on_failure="keep", check=False)
        others, solved = found.point, found.converged
    else:
        others, solved = np.zeros((rows.size, 0)), np.ones(rows.size, dtype=bool)
    alpha = problem.alpha(others)
    solved = solved & np.isfinite(alpha) & (alpha > 0)
    free = np.insert(others, equations.names.index(held), np.log(value), axis=1)
    return BranchTable(
        equations, held, theta, alpha.reshape(theta.shape), free.reshape(*theta.shape, -1), solved.reshape(theta.shape)
    )


def zoom(table: BranchTable, place: np.ndarray, count: int = 17) -> BranchTable:
    """The same branch, finer, between the neighbours of one grid point per row."""
    rows = np.arange(len(place))
    last = table.theta.shape[1] - 1
    low, high = table.theta[rows, np.maximum(place - 1, 0)], table.theta[rows, np.minimum(place + 1, last)]
    return tabulate(table.equations, np.linspace(low, high, count, axis=1))


class ConditionProblem(Problem):
    """The saddle-point equations with alpha eliminated, closed by a condition that vanishes at the point sought."""

    def __init__(self, equations: Equations, condition: str) -> None:
        self.equations, self.condition, self.size = equations, condition, equations.size
        self.held = held_name(equations)
        self.names = equations.names
        self.variables = equations.variables(self.names)

    def take(self, index: np.ndarray) -> ConditionProblem:
        return ConditionProblem(self.equations.take(index), self.condition)

    def refined(self) -> ConditionProblem:
        return ConditionProblem(self.equations.at_level(self.equations.level + 1), self.condition)

    def alpha(self, free: np.ndarray) -> np.ndarray:
        values = self.variables.values(free)
        with np.errstate(all="ignore"):
            _, pattern = self.equations.halves(values)
            return values[self.held] / self.equations.conjugate(pattern, self.held)

    def residual(self, free: np.ndarray) -> np.ndarray:
        values = self.variables.values(free)
        rows = []
        with np.errstate(all="ignore"):
            _, pattern = self.equations.halves(values)
            alpha = values[self.held] / self.equations.conjugate(pattern, self.held)
            for name in self.names:
                if name == self.held:
                    continue
                new = alpha * self.equations.conjugate(pattern, name)
                linear = name == "curvature" and not self.equations.model.loss.hard
                rows.append(new - values[name] if linear else np.log(new / values[name]))
        if self.condition == "fold":
            rows.append(fold_condition(self.equations, alpha, free))
        else:
            rows.append(self.equations.observe(alpha, values)[0][self.condition])
        return np.stack(rows, axis=1)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        alpha = self.alpha(free)
        seen, floors = self.equations.observe(alpha, self.variables.values(free))
        return seen | {"alpha": alpha}, floors | {"alpha": 16 * EPS * alpha}


def fold_condition(equations: Equations, alpha: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Determinant of the Jacobian of the RS residual at fixed alpha: zero where a branch turns round (central differences)."""
    size, k = free.shape
    step = 1e-5
    rows = np.tile(np.arange(size), 2 * k)
    shifted = np.tile(free, (2 * k, 1))
    for j in range(k):
        shifted[2 * j * size : (2 * j + 1) * size, j] += step
        shifted[(2 * j + 1) * size : (2 * j + 2) * size, j] -= step
    values = RSProblem(equations.take(rows), alpha[rows]).residual(shifted).reshape(k, 2, size, k)
    matrix = np.moveaxis((values[:, 0] - values[:, 1]) / (2 * step), 0, -1)
    return np.linalg.det(matrix) if k > 1 else matrix[:, 0, 0]
