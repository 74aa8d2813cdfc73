"""How a threshold is found on a followed branch. No threshold by name."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from replica.ansatz._rs_branch import (
    BranchTable,
    ConditionProblem,
    first_sign_change,
    fold_condition,
    scan_branch,
    zoom,
)
from replica.ansatz._rs_equations import Equations, RSProblem
from replica.ansatz._rs_special import idle_rows
from replica.ansatz.base import Ansatz
from replica.batch import Part, Solutions
from replica.model import Model
from replica.solution import Solution
from saddlepoint import Newton, Status, solve

NAN = float("nan")


@dataclass
class Line:
    """A threshold for a batch of models: values with errors, brackets and sentences, and the solutions there."""

    value: np.ndarray
    error: np.ndarray
    bracket: np.ndarray
    status: list[str]
    solutions: Solutions | None = None

    @property
    def converged(self) -> np.ndarray:
        return np.array([text.startswith("converged") for text in self.status])

    def row(self, row: int) -> Threshold:
        """One threshold of the batch."""
        low, high = (float(x) for x in self.bracket[row])
        solution = None
        if self.solutions is not None and any(np.any(part.rows == row) for part in self.solutions.parts):
            solution = Solution(self.solutions.only(row))
        return Threshold(float(self.value[row]), float(self.error[row]), (low, high), self.status[row], solution)


@dataclass(frozen=True)
class Threshold:
    """A located threshold; usable as a float.

    Attributes
    ----------
    value, error : float
        NaN when not located.
    bracket : (float, float)
        Values between which it was located (value -+ error for closed formulas).
    status : str
        Begins with ``converged`` or ``not converged``; says on which branch and by which definition.
    solution : Solution or None
        The saddle point there; ``order_parameters`` are its own.
    parameters : dict
        What ``order_parameters`` says where there is no such solution.
    """

    value: float
    error: float
    bracket: tuple[float, float]
    status: str
    solution: Solution | None = None
    parameters: dict[str, float] = field(default_factory=dict)

    @property
    def converged(self) -> bool:
        return self.status.startswith("converged")

    @property
    def order_parameters(self) -> dict[str, float]:
        return self.parameters if self.solution is None else self.solution.order_parameters

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"<Threshold {self.value:.12g} +- {self.error:.1e}: {self.status}>"


def closed_line(
    model: Model, ansatz: Ansatz, value: np.ndarray, error: np.ndarray, status: list[str], parts: list[Part]
) -> Line:
    """A line whose value has an explicit formula; the bracket is the error interval."""
    size = value.size
    good = np.array([text.startswith("converged") for text in status])
    codes = np.array([Status.CONVERGED if ok else Status.NO_SOLUTION for ok in good])
    remarks = [text.removeprefix("not converged: ").removeprefix("converged").removeprefix("; ") for text in status]
    solutions = Solutions(model, ansatz, value, parts, codes, np.zeros(size), remarks)
    bracket = np.stack([value - error, value + error], axis=1)
    return Line(np.where(good, value, NAN), np.where(good, error, NAN), bracket, status, solutions)


def line_on_branch(model: Model, size: int, ansatz: Ansatz, condition: str, missing: str, found_text: str) -> Line:
    """The first point of the uninformed branch (from alpha = 0) at which ``condition`` vanishes.

    ``condition`` is an observable of the equations of the ansatz, or ``"fold"``. The branch is tabulated in its held
    conjugate, so that folds are ordinary points; the cell with the first sign change is refined by Newton on the closed
    system.
    """
    if np.any(np.isinf(model.beta)) and not model.loss.satisfiable:
        raise ValueError(f"at beta = inf no pattern is free of cost with {model.loss}: give a finite beta")
    equations = ansatz.equations(model, size)
    # a table only brackets: where averages are dear, coarse ones do
    dear = model.architecture.few is not None
    rough = equations.at_level(0) if dear else equations
    low = -34.0
    for high in (1.0, 3.0, 12.0) if dear else (12.0, 50.0):  # most conditions hold long before q -> 1
        table = scan_branch(rough, low, high)
        values = _along(table, condition)
        if condition == "entropy" and np.any(values[:, 0] < 0) and not dear:  # q is tiny at any load
            low = -600.0
            table = scan_branch(rough, low, high)
            values = _along(table, condition)
        cell = first_sign_change(values)
        if np.all(cell >= 0):
            break
    if dear and np.all(cell < 0) and not table.solved.all():  # it may lie between the last points of a coarse table
        finer = zoom(table, np.clip(table.solved.sum(axis=1) - 1, 1, table.theta.shape[1] - 2))
        seen = _along(finer, condition)
        if np.any(first_sign_change(seen) >= 0):
            table, values, cell = finer, seen, first_sign_change(seen)
    # the sign of the fold condition on the branch itself, from well before its highest point
    every, sure = np.arange(size), np.maximum(table.top()[1] - 1, 0)
    side = fold_condition(rough, table.alpha[every, sure], table.free[every, sure])
    findings = _Findings(equations, missing, found_text)
    findings.say_where_it_ends(table, cell)
    rows = np.flatnonzero(cell >= 0)
    for _ in range(3):  # the coarse table usually suffices; where Newton leaves the cell, a finer one is made
        if not rows.size:
            break
        rows = findings.record(rows, _close_in(equations, table, values, cell, rows, condition, side))
        if rows.size:
            table = zoom(table, np.clip(cell + 1, 1, table.theta.shape[1] - 2))
            values = _along(table, condition)
            cell = first_sign_change(values)
            findings.miss(rows[cell[rows] < 0])
            rows = rows[cell[rows] >= 0]
    return findings.line(model, ansatz)


class _Findings:
    """What is known of the rows of a line so far."""

    def __init__(self, equations: Equations, missing: str, found_text: str) -> None:
        size = equations.size
        self.equations, self.missing, self.found_text = equations, missing, found_text
        self.value, self.error, self.residual = np.full((3, size), NAN)
        self.bracket = np.full((size, 2), NAN)
        self.codes, self.remarks = np.array([Status.NO_SOLUTION] * size), [missing] * size
        self.parts: list[Part] = []

    def say_where_it_ends(self, table: BranchTable, cell: np.ndarray) -> None:
        """Rows without a sign change whose branch was lost on the way, or has nothing on it."""
        if np.any(cell < 0):
            for row, why in enumerate(idle_rows(self.equations.model, self.equations.size)):
                if why:
                    self.remarks[row] = why
                    table.solved[row] = True
        for row in np.flatnonzero((cell < 0) & ~table.solved.all(axis=1) & table.solved.any(axis=1)):
            reached = table.alpha[row][table.solved[row]][-1]
            where = f"it could not be followed in {table.held} beyond alpha = {reached:.6g}"
            self.remarks[row] = f"{self.missing}; {where}"

    def miss(self, rows: np.ndarray) -> None:
        for row in rows:
            self.remarks[row] = self.missing

    def record(self, rows: np.ndarray, found: _Located) -> np.ndarray:
        """Keep what was located; the rows that are left."""
        index = np.flatnonzero(found.good)
        good = rows[index]
        for name in ("value", "error", "bracket"):
            getattr(self, name)[good] = getattr(found, name)[index]
        self.codes[rows], self.residual[rows] = found.status, found.residual
        if index.size:
            saddle = RSProblem(self.equations.take(good), self.value[good])
            self.parts.append(Part(good, saddle, found.point[index], found.slack[index]))
        for row in rows:
            self.remarks[row] = "the located point left its bracket"
        for row in good:
            self.remarks[row] = self.found_text
        self.miss(rows[found.beyond])
        return rows[~found.good & ~found.beyond]

    def line(self, model: Model, ansatz: Ansatz) -> Line:
        alpha = np.where(np.isfinite(self.value), self.value, 1.0)
        solutions = Solutions(model, ansatz, alpha, self.parts, self.codes, self.residual, self.remarks)
        return Line(self.value, self.error, self.bracket, solutions.sentences(), solutions)


def _along(table: BranchTable, condition: str) -> np.ndarray:
    """The condition on the grid of a table up to one point beyond its fold; the slope of alpha for a fold itself."""
    if condition != "fold":
        _, place = table.top()
        beyond = np.arange(table.theta.shape[1]) > place[:, None] + 1
        return np.where(beyond, np.nan, table.observe(condition))
    rising = np.log(np.where(table.solved, table.alpha, np.nan))
    return np.diff(rising, axis=1, append=np.nan)


@dataclass
class _Located:
    """Points where a condition holds, found from the cells of a table."""

    value: np.ndarray
    error: np.ndarray
    bracket: np.ndarray
    good: np.ndarray
    beyond: np.ndarray
    status: np.ndarray
    residual: np.ndarray
    point: np.ndarray
    slack: np.ndarray


def _close_in(
    equations: Equations,
    table: BranchTable,
    values: np.ndarray,
    cell: np.ndarray,
    rows: np.ndarray,
    condition: str,
    side: np.ndarray,
) -> _Located:
    """Newton on the closed system from the secant point of each row's cell; a point outside the cell is refused,
    and so is one beyond the fold, where the fold condition no longer has the sign ``side``."""
    at = cell[rows]
    last = table.theta.shape[1] - 1
    share = values[rows, at] / (values[rows, at] - values[rows, at + 1])
    place = at + (0.5 if condition == "fold" else 0.0) + np.nan_to_num(share, nan=0.5)
    low = np.clip(np.floor(place).astype(int), 0, last - 1)
    part = (place - low)[:, None]
    start = (1 - part) * table.free[rows, low] + part * table.free[rows, low + 1]
    problem = ConditionProblem(equations.take(rows), condition)
    found = solve(problem, start=start, solver=Newton(max_step=0.5, steps=60), on_failure="keep")
    theta = found.point[:, problem.names.index(problem.held)]
    ends = table.theta[rows, at], table.theta[rows, np.minimum(at + (2 if condition == "fold" else 1), last)]
    slack = 1e-9 * (1.0 + np.abs(theta))
    beyond = np.zeros(rows.size, dtype=bool)
    if condition != "fold":  # beyond its fold the branch is another one, whatever the bracket
        after = fold_condition(problem.equations, problem.alpha(found.point), found.point)
        beyond = found.converged & ~(after * side[rows] > 0)
    good = ~beyond & found.converged & (theta >= ends[0] - slack) & (theta <= ends[1] + slack)
    measured = Part(np.arange(rows.size), problem, found.point, found.error)
    seen, errors = measured.measure()
    bracket = np.stack([table.alpha[rows, at], table.alpha[rows, np.minimum(at + 1, last)]], axis=1)
    bracket = np.sort(bracket, axis=1)
    bracket[:, 1] = np.maximum(bracket[:, 1], seen["alpha"] + errors["alpha"])
    status = np.where(found.converged & ~good, Status.LEFT_DOMAIN, found.status)
    return _Located(
        seen["alpha"], errors["alpha"], bracket, good, beyond, status, found.residual, found.point, found.error
    )


def zero_entropy_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """The first zero of the entropy on the branch from alpha = 0: capacity of counted weights, or their freezing."""
    return line_on_branch(
        model,
        size,
        ansatz,
        "entropy",
        missing="the RS entropy does not vanish on the branch from alpha = 0",
        found_text="zero of the RS entropy",
    )
