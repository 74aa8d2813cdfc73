"""Rows of a batch of groups on their way to a solution: books, continuation, what models are covered. No
starts here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from replica.ansatz.coverage import (
    GAUSSIAN_FIELD,
    HARD_OR_WARM,
    HELD_NORM,
    LOG_CONCAVE,
    NOT_EVEN,
    RANDOM_LABELS,
    SIGNS_OR_SPHERE,
)
from replica.ansatz.replicated.equations import GroupProblem, Groups, Named
from replica.ansatz.rs.ansatz import RS
from replica.models.model import Model
from replica.solution.batch import Part, Solutions
from saddlepoint import Newton, Status, Tolerance, solve

NEWTON = Newton(steps=50, max_step=1.0, patience=10, halvings=6)
FINEST = 2  # level of the integrals on which a solution is sought at most
SIGNS = (-1.0, 1.0)  # the letters of binary weights
STEP = 1e-6  # of the differences that carry errors of the point to observables
LEAST = 1e-12  # by how much a free entropy must be larger to be another branch
#: steps of a continuation: the second number where the first was too coarse
PATHS = (8, 32)
#: what the equations of groups cover, and what those of their limits y = inf and round a solution ask beside it
GROUPS = (HELD_NORM, RANDOM_LABELS, SIGNS_OR_SPHERE, GAUSSIAN_FIELD, HARD_OR_WARM)
ONE_MAXIMISER = (LOG_CONCAVE, NOT_EVEN)


@dataclass
class Typical:
    """What the replica-symmetric theory knows about a batch: overlap, conjugate, sentences of the
    unsolved."""

    q: np.ndarray
    q_hat: np.ndarray
    free_entropy: np.ndarray

    @classmethod
    def of(cls, model: Model, alpha: np.ndarray) -> Typical:
        found = RS().solve(model, alpha)
        return cls(found.value("q"), found.value("q_hat"), found.value("free_entropy"))


@dataclass(frozen=True)
class GroupPart(Part):
    """A part whose errors are carried by differences on the coarsest integrals, as wide as those resolve.

    ``slack`` is added to the errors of the observables it names, (rows,) each.
    """

    slack: Named = field(default_factory=dict)

    def without(self, rows: np.ndarray) -> GroupPart | None:
        """What is left when the rows of a mask (batch,) are taken out; None for nothing."""
        at = np.flatnonzero(~rows[self.rows])
        if at.size == self.rows.size:
            return self
        if not at.size:
            return None
        slack = {name: column[at] for name, column in self.slack.items()}
        return GroupPart(self.rows[at], self.problem.take(at), self.point[at], self.error[at], slack)

    def measure(self) -> tuple[Named, Named]:
        size, k = self.point.shape
        values, floors = self.problem.refined().observe(self.point)
        coarse, _ = self.problem.observe(self.point)
        points = np.tile(self.point, (k + 1, 1))
        for j in range(k):
            points[(j + 1) * size : (j + 2) * size, j] += STEP
        rough, _ = self.problem.at_level(0).take(np.tile(np.arange(size), k + 1)).observe(points)
        errors = {}
        with np.errstate(invalid="ignore"):
            for name, value in values.items():
                slopes = (rough[name].reshape(k + 1, size)[1:] - rough[name][:size]) / STEP
                carried = np.einsum("kb,bk->b", np.abs(slopes), self.error)
                errors[name] = np.abs(value - coarse[name]) + floors[name] + carried + self.slack.get(name, 0.0)
        return values, {name: np.where(np.isfinite(values[name]), errors[name], 0.0) for name in values}


def observed(book: Book, name: str) -> np.ndarray:
    """An observable of the solved rows as the solver saw it; nan elsewhere."""
    found = np.full(book.groups.size, np.nan)
    for part in book.parts:
        found[part.rows] = part.problem.observe(part.point)[0].get(name, np.nan)
    return found


class Book:
    """Rows of a batch and the answers found for them."""

    def __init__(self, groups: Groups, tolerance: float) -> None:
        self.groups, self.tolerance = groups, Tolerance(absolute=tolerance)
        size = groups.size
        self.parts: list[GroupPart] = []
        self.status = np.full(size, Status.NO_SOLUTION, dtype=object)
        self.residual = np.full(size, np.nan)
        self.remarks = [""] * size
        self.open = np.ones(size, dtype=bool)

    @property
    def rows(self) -> np.ndarray:
        return np.flatnonzero(self.open)

    def refuse(self, refused: np.ndarray, sentence: Callable[[int], str]) -> None:
        """Close rows that have no solution, saying why."""
        for row in np.flatnonzero(refused & self.open):
            self.remarks[row], self.open[row] = sentence(int(row)), False

    def state(self, rows: np.ndarray, problem: GroupProblem, remark: str) -> None:
        """Close ``rows`` with a problem that has nothing to be solved for."""
        if rows.size:
            self.parts.append(GroupPart(rows, problem, *np.zeros((2, rows.size, 0))))
        for row in rows:
            self.status[row], self.residual[row], self.remarks[row] = Status.CONVERGED, 0.0, remark
            self.open[row] = False

    def settle(self, rows: np.ndarray, problem: GroupProblem, start: np.ndarray, remark: str = "") -> np.ndarray:
        """Solve ``rows`` from ``start`` and close those that converge; says which of them are left.

        Where the integrals were too coarse, the next finer ones have a try.
        """
        if not rows.size:
            return np.zeros(0, dtype=bool)
        finite = np.isfinite(start).all(axis=1)
        start = np.where(finite[:, None], start, 0.0)
        found = solve(problem, start=start, solver=NEWTON, tolerance=self.tolerance, on_failure="keep")
        good = found.converged & finite
        if good.any():
            good[good] = problem.take(np.flatnonzero(good)).on_branch(found.point[good])
        unsure = finite & np.array([status is Status.INTEGRAL_UNSURE for status in found.status])
        status = found.status
        status[~(finite & (good | ~found.converged))] = Status.NO_SOLUTION
        self.status[rows] = status
        self.residual[rows] = np.where(finite, found.residual, np.nan)
        at = np.flatnonzero(good)
        if at.size:
            fine = problem.at_level(problem.level + 1).take(at)
            self.parts.append(GroupPart(rows[at], fine, found.point[at], found.error[at]))
            self.open[rows[at]] = False
            for row in rows[at]:
                self.remarks[row] = remark
        left = ~good
        again = np.flatnonzero(unsure)
        if again.size and problem.level < FINEST:
            finer = problem.at_level(problem.level + 1).take(again)
            left[again] = self.settle(rows[again], finer, found.point[again], remark)
        return left

    def adopt_rows(self, other: Book, rows: np.ndarray) -> None:
        """Take over a book of some rows, with all that it says of them."""
        self.parts += [replace(part, rows=rows[part.rows]) for part in other.parts]
        self.status[rows], self.residual[rows], self.open[rows] = other.status, other.residual, other.open
        for at, row in enumerate(rows):
            self.remarks[row] = other.remarks[at]

    def note(self, rows: np.ndarray, clause: str) -> None:
        """Add a clause to the remarks of solved rows (a mask)."""
        for row in np.flatnonzero(rows & np.array([status.converged for status in self.status])):
            self.remarks[row] = "; ".join(part for part in (self.remarks[row], clause) if part)

    def drop(self, rows: np.ndarray, sentence: Callable[[int], str]) -> None:
        """Take back answers (a mask) that are known not to be the right ones, saying why."""
        self.parts = [kept for part in self.parts if (kept := part.without(rows)) is not None]
        for row in np.flatnonzero(rows):
            self.status[row], self.residual[row] = Status.NO_SOLUTION, np.nan
            self.remarks[row], self.open[row] = sentence(int(row)), False

    def improve(self, rows: np.ndarray, problem: GroupProblem, start: np.ndarray) -> None:
        """Solve ``rows`` from ``start`` and take over what has a larger free entropy than is known of them."""
        usable = np.isfinite(start).all(axis=1)
        if not usable.any():
            return
        other = Book(self.groups, self.tolerance.absolute)
        other.settle(rows[usable], problem.take(np.flatnonzero(usable)), start[usable])
        now, new = observed(self, "free_entropy"), observed(other, "free_entropy")
        self.adopt(other, np.isfinite(new) & ~(now >= new - LEAST), "")

    def adopt(
        self, other: Book, rows: np.ndarray, remark: str | Callable[[int], str], slack: Named | None = None
    ) -> None:
        """Take over the answers of another book for some rows (a mask); ``slack`` (batch,) widens their errors."""
        self.parts = [kept for part in self.parts if (kept := part.without(rows)) is not None]
        for part in other.parts:
            at = np.flatnonzero(rows[part.rows])
            if at.size:
                more = {name: column[part.rows[at]] for name, column in (slack or {}).items()}
                problem, point, error = part.problem.take(at), part.point[at], part.error[at]
                self.parts.append(GroupPart(part.rows[at], problem, point, error, slack=more))
        for row in np.flatnonzero(rows):
            self.status[row], self.residual[row] = other.status[row], other.residual[row]
            self.remarks[row], self.open[row] = remark if isinstance(remark, str) else remark(int(row)), False

    def solutions(self, ansatz: Any) -> Solutions:
        groups = self.groups
        return Solutions(groups.model, ansatz, groups.alpha, list(self.parts), self.status, self.residual, self.remarks)


def along(
    make: Callable[[np.ndarray, np.ndarray], GroupProblem],
    rows: np.ndarray,
    path: np.ndarray,
    start: np.ndarray,
) -> np.ndarray:
    """Continuation: ``make(rows, path[:, k])`` for each k, with secant predictions; nan where it was lost."""
    before, now = np.full_like(start, np.nan), start.copy()
    alive = np.arange(rows.size)
    for k in range(path.shape[1]):
        if not alive.size:
            break
        guess = now[alive]
        if k > 1:
            guess = 2.0 * guess - before[alive]
        found = solve(make(rows[alive], path[alive, k]), start=guess, solver=NEWTON, on_failure="keep", check=False)
        before[alive], now[alive] = now[alive], found.point
        now[alive[~found.converged]] = np.nan
        alive = alive[found.converged]
    return now
