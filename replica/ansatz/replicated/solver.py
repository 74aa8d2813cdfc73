"""Rows of a batch of groups on their way to a solution: ledgers, what models are covered. No starts here."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    Demand,
)
from replica.ansatz.replicated.equations import GroupProblem, Groups
from replica.ansatz.rs.ansatz import RS
from replica.models.model import Model
from replica.solution.batch import Solutions
from replica.solution.ledger import Ledger
from replica.solution.said import beside
from saddlepoint import Newton, Status
from saddlepoint.continuation.march import along, solving

NEWTON = Newton(steps=50, max_step=1.0, patience=10, halvings=6)
FINEST = 2  # level of the integrals on which a solution is sought at most
SIGNS = (-1.0, 1.0)  # the letters of binary weights
CANCELLED = 1e-9  # of equations that are differences of averages over maximisers
SLOW = 1e-7  # residual of equations whose averages take long
LEAST = 1e-12  # by how much a free entropy must be larger to be another branch
#: steps of a continuation: the second number where the first was too coarse
PATHS = (8, 32)
NO_TYPICAL = "there is no typical solution, and so no group of solutions: {}"
#: what the equations of groups cover, and what those of their limits y = inf and round a solution ask beside it
FEW_GROUPS = Demand("", lambda m: m.architecture.few is not None and m.architecture.few.grouped, "architecture")
GROUPS = (HELD_NORM, RANDOM_LABELS, SIGNS_OR_SPHERE, GAUSSIAN_FIELD | FEW_GROUPS, HARD_OR_WARM)
ONE_MAXIMISER = (LOG_CONCAVE, NOT_EVEN, GAUSSIAN_FIELD)


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


class GroupLedger(Ledger):
    """Rows of a batch of groups."""

    def __init__(self, groups: Groups, tolerance: float) -> None:
        few = groups.model.architecture.few
        if few is not None and few.dear:  # finer averages than are sure anyway would take minutes
            tolerance = max(tolerance, SLOW)
        elif few is not None and np.any(np.isinf(groups.power)):
            tolerance = max(tolerance, CANCELLED)
        super().__init__(groups.model, groups.alpha, tolerance)
        self.groups = groups

    def settle(self, rows: np.ndarray, problem: GroupProblem, start: np.ndarray, remark: str = "") -> np.ndarray:
        """Solve ``rows`` from ``start`` and close those that converge; says which of them are left.

        Where the integrals were too coarse, the next finer ones have a try.
        """
        usable = np.isfinite(start).all(axis=1)
        self.status[rows[~usable]], self.residual[rows[~usable]] = Status.NO_SOLUTION, np.nan
        at = np.flatnonzero(usable)
        if at.size:
            part = problem.take(at)
            found, finer = self.solve(part, NEWTON, start[at]), part.at_level(part.level + 1)
            good = found.converged
            if good.any():
                good[good] = part.take(np.flatnonzero(good)).on_branch(found.point[good])
            self.keep(rows[at], found, remark, good, finer)
            unsure = np.flatnonzero(found.codes == Status.INTEGRAL_UNSURE.code)
            if unsure.size and part.level < FINEST:
                self.settle(rows[at[unsure]], finer.take(unsure), found.point[unsure], remark)
        return self.open[rows]

    def improve(self, rows: np.ndarray, problem: GroupProblem, start: np.ndarray, side: float = 1.0) -> None:
        """Solve ``rows`` from ``start`` and take over what has a larger free entropy than is known of them (``side`` of
        -1: a smaller one)."""
        other = GroupLedger(self.groups, self.tolerance)
        other.settle(rows, problem, start)
        now, new = side * self.observed("free_entropy"), side * other.observed("free_entropy")
        self.adopt(other, np.flatnonzero(np.isfinite(new) & ~(now >= new - LEAST)))

    def solutions(self, ansatz: Any) -> Solutions:
        """The batch as it is now; rows without an answer say so where the load is beyond what the weights can do."""
        lost = np.flatnonzero(~self.solved)
        if lost.size:
            typical = RS().solve(self.model.take(lost), self.alpha[lost])
            none = np.flatnonzero(np.isnan(typical.value("free_entropy")))
            self.refuse(lost[none], [NO_TYPICAL.format(beside(typical.sentence(int(row)))) for row in none])
        return super().solutions(ansatz)


def followed(
    kind: type[GroupProblem], groups: Groups, path: np.ndarray, start: np.ndarray, **moving: np.ndarray
) -> np.ndarray:
    """Points at the end of a path (rows, stops), along which columns of the groups move; nan where it was lost."""

    def at(rows: np.ndarray, stop: int) -> GroupProblem:
        return kind(replace(groups.take(rows), **{name: column[rows, stop] for name, column in moving.items()}))

    return along(solving(at, NEWTON), path, start)
