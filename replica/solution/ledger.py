"""The rows of a batch on their way to a solution: what has been found, what is left open. No equations here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from replica.models.model import Model
from replica.solution.batch import Part, Solutions
from replica.solution.errors import Named
from replica.solution.said import joint
from saddlepoint import Solution, Status, Tolerance, solve

EPS = np.finfo(float).eps


class Ledger:
    """Answers of solvers, row by row; a row is open until one of them is good. Rows are given by their indices."""

    def __init__(self, model: Model, alpha: np.ndarray, tolerance: float = 1e-12) -> None:
        self.model, self.alpha, self.tolerance, self.size = model, alpha, tolerance, alpha.size
        self.parts: list[Part] = []
        self.last: list[Part] = []
        self.status = np.full(self.size, Status.NO_SOLUTION, dtype=object)
        self.residual = np.full(self.size, np.nan)
        self.remarks, self.branches = np.full((2, self.size), "", dtype=object)
        self.open = np.ones(self.size, dtype=bool)

    @property
    def rows(self) -> np.ndarray:
        """Those that are open."""
        return np.flatnonzero(self.open)

    @property
    def solved(self) -> np.ndarray:
        """Which rows have an answer (a mask)."""
        return np.array([code.converged for code in self.status], dtype=bool)

    def observed(self, name: str, missing: float = np.nan) -> np.ndarray:
        """An observable of the solved rows as the solver saw it; ``missing`` elsewhere."""
        found = np.full(self.size, missing)
        for part in self.parts:
            found[part.rows] = part.problem.observe(part.point)[0].get(name, np.nan)
        return found

    def solve(self, problem: Any, solver: Any, start: Any = None) -> Solution:
        """What a solver finds to the accuracy that is asked of the batch."""
        asked = Tolerance(absolute=self.tolerance)
        return solve(problem, start=start, solver=solver, tolerance=asked, on_failure="keep")

    def keep(self, rows: np.ndarray, found: Solution, remark: str = "", good: Any = True, problem: Any = None) -> None:
        """Close rows that a solver has converged in and that are ``good``; of the others the last point is kept.

        ``problem`` is what the answer is read off, if it is not what was solved. A row keeps the answer that it has
        until there is another.
        """
        good = found.converged & good
        new = good | ~self.solved[rows]
        status = found.status
        status[found.converged & ~good] = Status.NO_SOLUTION
        self.status[rows[new]], self.residual[rows[new]] = status[new], found.residual[new]
        whole = [Part(rows, found.problem if problem is None else problem, found.point, found.error)]
        lost = without(whole, rows[good])
        for part in lost:
            unknown = replace(part, error=np.full_like(part.error, np.nan))
            self.last = [*without(self.last, part.rows), unknown]
        self._close(rows[good], without(whole, rows[~good]), remark)

    def hold(
        self, rows: Any, problem: Any, remark: Any, point: np.ndarray | None = None, error: np.ndarray | None = None
    ) -> None:
        """Close rows of a known state, with a point where there is one; in logarithms it is known to rounding, or to
        ``error``.
        """
        rows = np.atleast_1d(rows)
        place = np.zeros((rows.size, 0)) if point is None else point
        part = Part(rows, problem, place, 8 * EPS * np.maximum(1.0, np.abs(place)) if error is None else error)
        self.status[rows], self.residual[rows] = Status.CONVERGED, 0.0
        self._close(rows, [part] if rows.size else [], remark)

    def refuse(self, rows: np.ndarray, why: Any) -> None:
        """Close rows that have no solution, saying why (a sentence, or one for each)."""
        self.status[rows] = Status.NO_SOLUTION
        self._close(rows, [], why)

    def drop(self, rows: np.ndarray) -> None:
        """Take back the answers there are: their rows are open again."""
        rows = rows[self.solved[rows]]
        self.refuse(rows, "")
        self.residual[rows], self.open[rows] = np.nan, True

    def adopt(self, other: Ledger | Solutions, rows: np.ndarray, slack: Named | None = None) -> None:
        """Close rows with all that is said of them elsewhere: of the same batch, or of these rows alone. ``slack``
        (batch,) widens their errors.
        """
        at = rows if rows.size < other.size else np.arange(rows.size)
        place = np.full(other.size, -1)
        place[at] = rows
        others = np.flatnonzero(place < 0)

        def moved(part: Part) -> Part:
            mine = place[part.rows]
            return replace(part, rows=mine, slack=part.slack | {name: c[mine] for name, c in (slack or {}).items()})

        self.last = without(self.last, rows) + [moved(part) for part in without(other.last, others)]
        self.status[rows], self.residual[rows] = other.status[at], other.residual[at]
        said = np.array(other.remarks, dtype=object)[at]
        silent = (said == "") & ~self.solved[rows]  # why a row is not solved remains known
        remarks = np.where(silent, self.remarks[rows], said)
        self._close(rows, [moved(part) for part in without(other.parts, others)], remarks)

    def note(self, rows: np.ndarray, clause: str) -> None:
        """Add a clause to the remarks of solved rows (a mask)."""
        for row in np.flatnonzero(rows & self.solved):
            self.remarks[row] = joint(self.remarks[row], clause)

    def _close(self, rows: np.ndarray, parts: list[Part], remark: Any) -> None:
        self.parts = without(self.parts, rows) + parts
        self.remarks[rows], self.open[rows] = remark, False

    def solutions(self, ansatz: Any) -> Solutions:
        """The batch as it is now; rows without an answer have their last point in ``last``."""
        last = self.last
        for part in self.parts:
            last = without(last, part.rows)
        said = self.status, self.residual, list(self.remarks), last, list(self.branches)
        return Solutions(self.model, ansatz, self.alpha, self.parts, *said)


def without(parts: list[Part], rows: np.ndarray) -> list[Part]:
    """Parts less some rows of the batch."""
    if not rows.size:
        return list(parts)
    kept = []
    for part in parts:
        stay = np.flatnonzero(~np.isin(part.rows, rows))
        if stay.size == part.rows.size:
            kept.append(part)
        elif stay.size:
            kept.append(part.take(stay))
    return kept
