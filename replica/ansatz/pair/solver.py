"""Which state of two units of common inputs a load has, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._checks import one_number, one_of, suggest
from replica.ansatz.coverage import SIGNS, SPHERE, Covers, Demand, signs_alone
from replica.ansatz.pair.branch import beginning, end, specialised
from replica.ansatz.pair.equations import PairProblem, PerfectPair
from replica.models.model import Model
from replica.solution.batch import Solutions
from replica.solution.ledger import Ledger
from saddlepoint import Ladder, Newton, Picard

COVERS = Covers(
    "RS of two units of common inputs",
    (
        Demand(
            "needs a teacher without noise that is drawn as the weights are (labels='teacher')",
            lambda m: m.data.imitates and bool(m.data.overlaps) and m.data.law(m.weights) == m.weights.law(),
            "data",
        ),
        (SIGNS | SPHERE | Demand("", lambda m: m.weights.penalised, "weights")).instead(
            "is here for weights of +-1, gaussian ones and the sphere"
        ),
        Demand(
            "needs the hard constraint that every output is the teacher's (margin 0)",
            lambda m: m.loss.hard and signs_alone(m.loss),
            "loss",
        ),
    ),
    shared=True,
)
ALIKE = "units are not told apart"
APART = "units are told apart"
LADDER = Ladder(Newton(max_step=0.5), Picard(damping=0.5, steps=400))
BESIDE = 1e-6  # of the place where the branch ends
NAMES = ("q", "q_cross", "q_hat", "q_cross_hat")


class PairLedger(Ledger):
    """A batch of loads per input."""

    def __init__(self, model: Model, alpha: np.ndarray, tolerance: float) -> None:
        super().__init__(model, alpha, tolerance)
        self.counted = bool(model.weights.discrete)

    def problem(self, rows: np.ndarray, count: int) -> PairProblem:
        return PairProblem(self.alpha[rows], self.counted, count, rows.size)

    def run(self, start: Any) -> PairLedger:
        self.branches[:] = "informed" if start else "uninformed"
        rows = self.rows[self.alpha[self.rows] == 0]
        self.hold(rows, self.problem(rows, 0), "without patterns")
        if isinstance(start, dict):
            self._from(start)
        elif start is not None and self.counted:
            self._perfect(self.rows, "informed start")
        else:
            self._uninformed()
        return self

    def _uninformed(self) -> None:
        begins = beginning(self.counted)[0]
        rows = self.rows[self.alpha[self.rows] <= begins]
        if rows.size:
            self.keep(rows, self.solve(self.problem(rows, 1), LADDER), ALIKE)
        if not (rows := self.rows[self.alpha[self.rows] > begins]).size:
            return
        known = end(self.counted)
        if known is not None:
            beyond = rows[self.alpha[rows] > known[0]]
            self._perfect(beyond, f"the branch from an uninformed start ends at alpha = {known[0]:.6g}")
            rows = np.setdiff1d(rows, beyond)
        if rows.size:
            found = self.solve(self.problem(rows, 2), LADDER, self._guess(self.alpha[rows]))
            before = np.ones(rows.size, dtype=bool) if known is None else found.point[:, 1] < known[2][1] + BESIDE
            self.keep(rows, found, APART, before)

    def _guess(self, alpha: np.ndarray) -> np.ndarray:
        """Points of the specialised branch: off its table ``l_-`` begins linearly, and logarithms end so."""
        begins, _, place, _ = beginning(self.counted)
        table = specialised(self.counted)
        logs = np.log(table.loads)
        found = np.stack([np.interp(np.log(alpha), logs, table.points[:, k]) for k in (0, 1)], axis=1)
        early = alpha < table.loads[0]
        share = (alpha[early] - begins) / (table.loads[0] - begins)
        found[early] = place, 0.0
        found[early, 1] = table.points[0, 1] + np.log(share)
        late = np.log(alpha) > logs[-1]
        if late.any():
            slope = (table.points[-1] - table.points[-3]) / (logs[-1] - logs[-3])
            found[late] = table.points[-1] + np.outer(np.log(alpha[late]) - logs[-1], slope)
        return found

    def _perfect(self, rows: np.ndarray, why: str) -> None:
        self.branches[rows] = "the teacher itself"
        self.hold(rows, PerfectPair(self.alpha[rows], rows.size), f"the teacher itself (m = q = 1); {why}")

    def _from(self, start: dict[str, Any]) -> None:
        """From overlaps, or from conjugates, of the same unit and of different ones."""
        for name in start:
            if name not in NAMES:
                raise ValueError(f"start: unknown variable {name!r}; {suggest(name, NAMES)}")
        given = {name: one_number(f"start[{name!r}]", value) for name, value in start.items()}
        hats = any(name.endswith("_hat") for name in given)
        own, cross = ("q_hat", "q_cross_hat") if hats else ("q", "q_cross")
        if own not in given or any(name.endswith("_hat") != hats for name in given):
            raise ValueError(f"start must name q (and q_cross), or q_hat (and q_cross_hat), got {start!r}")
        pair = np.array([given[own] + given.get(cross, 0.0), given[own] - given.get(cross, 0.0)])
        if not np.all(pair >= 0.0) or not (hats or np.all(pair < 1.0)):
            raise ValueError(f"start: {own} + {cross} and {own} - {cross} must be at least 0 (overlaps: below 1)")
        rows, count = self.rows, 2 if pair[1] > 0.0 else 1
        hat = pair if hats else pair / (1.0 - pair)
        if not rows.size or not pair[0] > 0.0:
            return self._uninformed()
        point = np.tile(np.log(hat[:count]), (rows.size, 1))
        self.remarks[rows] = "no solution was found from this start"
        self.keep(rows, self.solve(self.problem(rows, count), LADDER, point), APART if count > 1 else ALIKE)
        return None


def solve(ansatz: Any, model: Model, alpha: np.ndarray, start: Any, tolerance: float) -> Solutions:
    """Solutions of a batch; ``start`` as in `replica.solve`."""
    if isinstance(start, str):
        one_of("start", start, ("informed", "equilibrium"))
    load = np.ascontiguousarray(alpha, dtype=float)
    return PairLedger(model, load, tolerance).run(start).solutions(ansatz)


def doubts(solutions: Solutions, row: int) -> list[str]:
    """What is to be said against a solution: that the teacher, or units that differ, are more likely."""
    found = []
    phi, error = solutions.value("free_entropy")[row], solutions.error("free_entropy")[row]
    counted, alpha = bool(solutions.model.weights.discrete), solutions.alpha[row]
    if counted and phi < -error:
        found.append("metastable: the teacher itself has the larger free entropy, 0")
    if alpha > beginning(counted)[0] and solutions.value("q")[row] == solutions.value("q_cross")[row]:
        found.append("unstable: a difference of the units grows")
    top = end(counted) if counted else None
    difference = solutions.value("q_hat")[row] - solutions.value("q_cross_hat")[row]
    if top is not None and difference > np.exp(top[2][1] + BESIDE):
        found.append("unstable: between the specialised state and the teacher itself")
    return found
