"""The rows of a batch on their way to a solution: what has been found, what is left open. No equations here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.models.model import Model
from replica.solution.batch import Part, Solutions
from saddlepoint import Status

EPS = np.finfo(float).eps


class Rows:
    """Answers of solvers, row by row; a row is open until one of them is good."""

    def __init__(self, ansatz: Any, model: Model, alpha: np.ndarray) -> None:
        self.ansatz, self.model, self.alpha, self.size = ansatz, model, alpha, alpha.size
        self.parts: list[Part] = []
        self.last: list[Part] = []
        self.status = np.full(self.size, Status.STEPS_SPENT, dtype=object)
        self.residual = np.full(self.size, np.nan)
        self.remarks = [""] * self.size
        self.branches = [""] * self.size
        self.open = np.arange(self.size)

    def hold(self, row: int, problem: Any, remark: str, point: np.ndarray | None = None) -> None:
        """One row whose state has nothing left to solve for; a ``point`` in logarithms is known to their rounding."""
        place = np.zeros((1, 0)) if point is None else point
        self.parts.append(Part(np.array([row]), problem, place, 8 * EPS * np.maximum(1.0, np.abs(place))))
        self.status[row], self.residual[row], self.remarks[row] = Status.CONVERGED, 0.0, remark
        self.open = np.setdiff1d(self.open, [row])

    def solutions(self) -> Solutions:
        """The batch as it is now; rows without an answer have their last point in ``last``."""
        solved = np.concatenate([part.rows for part in self.parts]) if self.parts else np.zeros(0, dtype=int)
        kept = self.status, self.residual, self.remarks, without(self.last, solved), self.branches
        return Solutions(self.model, self.ansatz, self.alpha, self.parts, *kept)

    def keep(self, rows: np.ndarray, problem: Any, found: Any, good: np.ndarray, remark: str = "") -> None:
        """Record the rows of a solver's answer; the good ones are closed."""
        self.status[rows] = found.status
        self.residual[rows] = found.residual
        if good.all():
            index, kept = rows, Part(rows, problem, found.point, found.error)
        else:
            at = np.flatnonzero(good)
            index, kept = rows[at], Part(rows[at], problem.take(at), found.point[at], found.error[at])
            bad = np.flatnonzero(~good)
            self.last = without(self.last, rows[bad])
            point = found.point[bad]
            self.last.append(Part(rows[bad], problem.take(bad), point, np.full_like(point, np.nan)))
        if self.parts:
            self.parts = without(self.parts, index)  # a later answer replaces an earlier one for the same row
        if index.size:
            self.parts.append(kept)
        if remark:
            for row in index:
                self.remarks[row] = remark
        self.open = self.open[~np.isin(self.open, index)]


def without(parts: list[Part], rows: np.ndarray) -> list[Part]:
    """Parts less some rows of the batch."""
    kept = []
    for part in parts:
        stay = np.flatnonzero(~np.isin(part.rows, rows))
        if stay.size == part.rows.size:
            kept.append(part)
        elif stay.size:
            kept.append(Part(part.rows[stay], part.problem.take(stay), part.point[stay], part.error[stay]))
    return kept
