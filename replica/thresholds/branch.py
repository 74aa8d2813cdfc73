"""How a threshold is found on a followed branch. No threshold by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replica.ansatz.base import Ansatz
from replica.ansatz.rs.branch import (
    STEP,
    BranchTable,
    ConditionProblem,
    first_clear_change,
    fold_condition,
    scan_branch,
    zoom,
)
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.fixed_conjugate import HeldProblem
from replica.ansatz.rs.one_overlap_zeros import covered, first_zeros
from replica.ansatz.rs.special_states import idle_rows
from replica.models.model import Model
from replica.solution.batch import Part, Solutions
from replica.solution.errors import measured
from replica.solution.ledger import Ledger
from replica.thresholds.base import NAN, Line
from saddlepoint import Newton, Status, solve

#: relative width below which a threshold that rounding hides between two points of a branch is given by them
CLOSE = 1e-7
ZOOMS = 4  # finer and finer tables around a sign change
UNSURE = 1e-10  # of the determinant that vanishes at folds


def line_on_branch(model: Model, size: int, ansatz: Ansatz, condition: str, missing: str, found_text: str) -> Line:
    """The first point of the uninformed branch (from alpha = 0) at which ``condition`` vanishes.

    ``condition`` is an observable of the equations of the ansatz, or ``"fold"``. The branch is tabulated in its held
    conjugate, so that folds are ordinary points; the cell with the first sign change is refined by Newton on the closed
    system. Where rounding hides the sign over a stretch on which alpha hardly moves, the ends of that enclose it.
    """
    if np.any(np.isinf(model.beta)) and not model.loss.attained:
        raise ValueError(f"at beta = inf no pattern is free of cost with {model.loss}: give a finite beta")
    equations = ansatz.equations(model, size)
    if found := _at_once(equations, ansatz, condition, found_text):
        return found
    course = _followed(equations, condition)
    # the sign of the fold condition on the branch itself, from where alpha still rises
    every, sure = np.arange(size), course.table.rising()
    side = fold_condition(course.table.equations, course.table.alpha[every, sure], course.table.free[every, sure])
    findings = _Findings(equations, condition, side, missing, found_text)
    findings.say_where_it_ends(course)
    findings.search(course, np.flatnonzero(course.low >= 0))
    if condition == "fold":  # two folds may lie between neighbours: where the branch is flattest
        place = course.flattest()
        rows = np.flatnonzero((course.low < 0) & (place > 0))
        if rows.size:
            finer = _Course.of(zoom(course.table, place - 1, place + 1), condition)
            findings.search(finer, rows[finer.low[rows] >= 0])
    else:
        findings.enclose(course)
    findings.go_on(course)
    return findings.line(ansatz)


def _at_once(equations: Equations, ansatz: Ansatz, condition: str, found_text: str) -> Line | None:
    """The line where compiled loops find every row of it; any that they leave open asks for a table of the branch."""
    if not covered(equations, condition):
        return None
    with np.errstate(all="ignore"):
        found = first_zeros(equations, condition, (-34.0, 12.0, STEP))
    if found.code.any():
        return None
    every, saddle = np.arange(equations.size), RSProblem(equations, found.alpha)
    known = Part(every, saddle, found.point, found.slack)
    status = np.full(equations.size, Status.CONVERGED, dtype=object)
    said = [found_text] * equations.size
    solutions = Solutions(equations.model, ansatz, found.alpha, [known], status, found.residual, said)
    return Line(found.alpha, found.error, found.bracket, solutions.sentences(), solutions)


@dataclass(frozen=True)
class _Course:
    """A table of the branch, a condition along it with its rounding, and per row the cell of its first clear change."""

    table: BranchTable
    values: np.ndarray
    floors: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, table: BranchTable, condition: str) -> _Course:
        """The condition up to one point beyond the highest one of the branch; a fold is that point itself."""
        values, floors = table.fold() if condition == "fold" else table.observe(condition)
        if condition != "fold":
            _, place = table.top()
            values = np.where(np.arange(table.theta.shape[1]) > place[:, None] + 1, np.nan, values)
        return cls(table, values, floors, *first_clear_change(values, floors))

    def flattest(self) -> np.ndarray:
        """Per row the inner place at which the slope of alpha is lowest; 0 where it has no inner minimum."""
        slope = np.where(self.values > 10 * self.floors, self.values, np.inf)
        dip = (slope[:, 1:-1] < slope[:, :-2]) & (slope[:, 1:-1] < slope[:, 2:]) & np.isfinite(slope[:, 2:])
        return np.where(dip.any(axis=1), 1 + np.where(dip, slope[:, 1:-1], np.inf).argmin(axis=1), 0)


def _followed(equations: Equations, condition: str) -> _Course:
    """The branch as far as the condition asks for: most hold long before q -> 1."""
    # a table only brackets: where averages are dear, coarse ones do
    dear = equations.model.architecture.few is not None
    rough, low = equations.at_level(0) if dear else equations, -34.0
    for high in (1.0, 3.0, 12.0) if dear else (12.0, 50.0):
        course = _Course.of(scan_branch(rough, low, high), condition)
        if condition == "entropy" and np.any(course.values[:, 0] < 0) and not dear:  # q is tiny at any load
            low = -600.0
            course = _Course.of(scan_branch(rough, low, high), condition)
        if np.all(course.low >= 0):
            return course
    table = course.table
    if dear and np.all(course.low < 0) and not table.solved.all():  # between the last points of a coarse table
        last = table.solved.sum(axis=1) - 1
        finer = _Course.of(zoom(table, last - 1, last + 1), condition)
        course = finer if np.any(finer.low >= 0) else course
    return course


class _Findings(Ledger):
    """What is known of the rows of a line so far."""

    def __init__(self, equations: Equations, condition: str, side: np.ndarray, missing: str, found_text: str) -> None:
        super().__init__(equations.model, np.ones(equations.size))
        self.equations, self.condition, self.side = equations, condition, side
        self.missing, self.found_text = missing, found_text
        self.value, self.error = np.full((2, self.size), NAN)
        self.bracket = np.full((self.size, 2), NAN)
        self.remarks[:] = missing

    def say_where_it_ends(self, course: _Course) -> None:
        """Rows without a sign change: how far the branch was followed, or that nothing is on it."""
        missed = np.flatnonzero(course.low < 0)
        idle = idle_rows(self.equations.model, self.equations.size) if missed.size else []
        for row in missed:
            known = course.table.solved[row]
            if idle[row]:
                self.remarks[row] = idle[row]
            elif known.any() and not known.all():
                reached = course.table.alpha[row][known][-1]
                self.remarks[row] = f"{self.missing}; it was followed in {course.table.held} to alpha = {reached:.6g}"

    def search(self, course: _Course, rows: np.ndarray) -> None:
        """Newton from the cells of a table, which usually suffices; where it leaves them, from those of finer ones."""
        for _ in range(ZOOMS):
            if not rows.size:
                return
            rows = self.record(rows, _close_in(self.equations, course, rows, self.condition, self.side))
            if rows.size:
                course = _Course.of(zoom(course.table, course.low, course.high), self.condition)
                self.remarks[rows[course.low[rows] < 0]] = self.missing
                rows = rows[course.low[rows] >= 0]

    def go_on(self, course: _Course) -> None:
        """Rows whose branch was lost between two points of the table: it may turn back in the conjugate held there."""
        for _ in range(2):
            table = course.table
            last = table.solved.sum(axis=1) - 1
            lost = np.isnan(self.value) & (last >= 1) & (last < table.theta.shape[1] - 1)
            if self.equations.model.architecture.few is not None or not lost.any():
                return
            course = _Course.of(zoom(table, last - 1, last + 1), self.condition)
            self.search(course, np.flatnonzero(lost & (course.low >= 0)))

    def enclose(self, course: _Course) -> None:
        """Rows in which rounding hides the place of the sign change, but alpha hardly moves there: its range."""
        table, model = course.table, self.equations.model
        # ever narrower constraints leave a volume of 0 for counted weights: their entropy falls below 0 before q -> 1
        certain = self.condition == "entropy" and (model.loss.hard or bool(np.all(np.isinf(model.beta))))
        for row in np.flatnonzero(np.isnan(self.value)):
            sure = np.abs(course.values[row]) > course.floors[row]
            first = course.values[row] * np.sign(course.values[row, 0])
            other = np.flatnonzero(sure & (first < 0))
            if not sure[0] or not (other.size or certain):
                continue
            known = np.flatnonzero(np.isfinite(first))
            high = other[0] if other.size else known[-1]
            low = np.flatnonzero(sure[:high] & (first[:high] > 0))[-1]
            start, end = table.alpha[row, low], table.alpha[row, high]
            if not 0 <= end - start < CLOSE * end or high == low:
                continue
            self.value[row], self.error[row] = 0.5 * (start + end), 0.5 * (end - start) + 1e-15 * end
            self.bracket[row] = start - 1e-15 * end, end + 1e-15 * end
            at, point = np.array([row]), 0.5 * (table.free[row, low] + table.free[row, high])[None]
            slack = 0.5 * np.abs(table.free[row, high] - table.free[row, low])[None]
            saddle = RSProblem(self.equations.take(at), self.value[at])
            self.hold(at, saddle, f"{self.found_text}, where q is known to rounding only", point, slack)

    def record(self, rows: np.ndarray, found: _Located) -> np.ndarray:
        """Keep what was located; the rows that are left."""
        index = np.flatnonzero(found.good)
        good = rows[index]
        for name in ("value", "error", "bracket"):
            getattr(self, name)[good] = getattr(found, name)[index]
        self.remarks[rows] = f"{self.missing}; near its sign change Newton's method did not find it"
        if index.size:
            saddle = RSProblem(self.equations.take(good), self.value[good])
            self.hold(good, saddle, self.found_text, found.point[index], found.slack[index])
        self.status[rows], self.residual[rows] = found.status, found.residual
        self.remarks[rows[found.beyond]] = self.missing
        return rows[~found.good & ~found.beyond]

    def line(self, ansatz: Ansatz) -> Line:
        self.alpha = np.where(np.isfinite(self.value), self.value, 1.0)
        solutions = self.solutions(ansatz)
        return Line(self.value, self.error, self.bracket, solutions.sentences(), solutions)


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
    equations: Equations, course: _Course, rows: np.ndarray, condition: str, side: np.ndarray
) -> _Located:
    """Newton on the closed system from the secant point of each row's cell; a point outside the cell is refused,
    and so is one beyond the fold, where the fold condition no longer has the sign ``side``."""
    table, low, high = course.table, course.low[rows], course.high[rows]
    before, after = course.values[rows, low], course.values[rows, high]
    part = (before / (before - after))[:, None]
    start = (1 - part) * table.free[rows, low] + part * table.free[rows, high]
    problem = ConditionProblem(equations.take(rows), condition)
    found = solve(problem, start=start, solver=Newton(max_step=0.5, steps=60), on_failure="keep")
    theta = found.point[:, problem.names.index(problem.held)]
    slack = 1e-9 * (1.0 + np.abs(theta))
    good = found.converged & (theta >= table.theta[rows, low] - slack) & (theta <= table.theta[rows, high] + slack)
    beyond = np.zeros(rows.size, dtype=bool)
    if condition == "fold":
        seen, errors = _measured_fold(problem, found)
    else:  # beyond its fold the branch is another one, whatever the bracket
        there = fold_condition(problem.equations, problem.alpha(found.point), found.point) * side[rows]
        beyond = found.converged & ~(there > -UNSURE)
        seen, errors = measured(problem, found.point, found.error)
    value, error = seen["alpha"], errors["alpha"]
    good &= ~beyond & np.isfinite(value) & np.isfinite(error)
    bracket = np.sort(np.stack([table.alpha[rows, low], table.alpha[rows, high]], axis=1), axis=1)
    bracket = np.stack([np.minimum(bracket[:, 0], value - error), np.maximum(bracket[:, 1], value + error)], axis=1)
    status = found.status
    status[found.converged & ~good] = Status.LEFT_DOMAIN
    return _Located(value, error, bracket, good, beyond, status, found.residual, found.point, found.error)


def _measured_fold(problem: ConditionProblem, found: Any) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Alpha at a fold: stationary along the branch, so that the error of its place counts in second order only."""
    size, at = found.point.shape[0], problem.names.index(problem.held)
    others, place, slack = np.delete(found.point, at, axis=1), found.point[:, at], found.error[:, at]

    def on_branch(shift: Any) -> Any:
        held = HeldProblem(problem.equations, problem.held, np.exp(place + shift))
        return solve(held, start=others, solver=Newton(max_step=0.5), on_failure="keep") if others.size else held

    moved = np.zeros(size)
    if others.size:
        here = on_branch(0.0)
        points = np.insert(here.point, at, place, axis=1)
        errors = np.insert(here.error, at, 0.0, axis=1)
        there = [on_branch(shift) for shift in (-slack, slack)]
        alphas = [one.problem.alpha(one.point) for one in (here, *there)]
    else:
        points, errors = found.point, np.zeros_like(found.point)
        alphas = [on_branch(shift).alpha(others) for shift in (0.0, -slack, slack)]
    for alpha in alphas[1:]:
        moved = np.maximum(moved, np.abs(alpha - alphas[0]))
    seen, errors = measured(problem, points, errors)
    errors["alpha"] = errors["alpha"] + moved
    return seen, errors


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
