"""One step at held Parisi parameters: the branch of states with ``q_1 > q_0``, followed from where it is known."""

from __future__ import annotations

import numpy as np

from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.equations import StepsProblem
from replica.ansatz.rsb.potential import GROUND, WARM, Potential
from replica.ansatz.rsb.roots import newton_root
from replica.ansatz.rsb.solver import POLISH, STATES, StepsLedger
from replica.ansatz.rsb.starts import CLOSE
from replica.ansatz.rsb.steps import ROOTED, Search
from saddlepoint import Tolerance, solve
from saddlepoint.continuation.march import Stride, Tried, march

STRIDE = Stride(first=0.4, longest=0.4, shortest=0.4 * 0.5**6, grows=1.0, shrinks=0.5)  # in ln m
FAR = 4.0  # a coordinate that moves by more has jumped
LOST = "no states with q1 > q0 were found"
_GAPS = np.geomspace(0.97, 1e-5, 60)


class HeldLedger(StepsLedger):
    """Rows at Parisi parameters ``parisi`` (batch,) of one step; rows of one model and load are one branch."""

    def hold_at(self, parisi: np.ndarray) -> HeldLedger:
        """Solve every row."""
        STATES.check(self.model)
        alike: dict[tuple[object, float], list[int]] = {}
        for row in range(self.size):
            alike.setdefault((self.model.row(row), float(self.alpha[row])), []).append(row)
        for rows in alike.values():
            setting, remark = self._setting(rows[0], 1)
            branch = Branch(self, rows[0], setting)
            for row in sorted(rows, key=lambda row: abs(np.log(parisi[row] / branch.parisi))):
                point = branch.at(float(parisi[row])) if branch.known else None
                if point is None:
                    self.refuse(np.array([row]), LOST)
                    self._explain(row, setting, 1)
                    continue
                problem = branch.problem(float(parisi[row]))
                asked = Tolerance(absolute=self.tolerance)
                found = solve(problem, start=point[None, :], solver=POLISH, tolerance=asked, on_failure="keep")
                self.keep(np.array([row]), found, remark)
        return self


class Branch:
    """The states of one row over the Parisi parameter, from that where their number vanishes, or from 1."""

    def __init__(self, ledger: StepsLedger, row: int, setting: str) -> None:
        self.potential = Potential(ledger.model.row(row), float(ledger.alpha[row]), setting)
        self.rooted = ledger.rooted
        self.known = self._origin()
        self.parisi = next(iter(self.known), 1.0)

    def problem(self, parisi: float) -> StepsProblem:
        """The equations at a Parisi parameter."""
        at, held = self.potential, np.array([[parisi]])
        return StepsProblem(at.model, np.array([at.alpha]), at.setting, 1, self.rooted, parisi=held)

    def _origin(self) -> dict[float, np.ndarray]:
        """Where the branch is known to begin with: Parisi parameter and point."""
        minima = list(Search(self.potential, self.rooted).minima(1))
        self.rooted = self.rooted or any(found.rooted for found in minima)
        if minima and minima[-1].steps == 1:
            order = minima[-1].order
            parisi = float(order.parisi[0])
            return {parisi: self._point(order, parisi)}
        if not minima or self.potential.setting != WARM:
            return {}
        found = at_one(self.potential, float(minima[0].order.gaps[0]))
        return {} if found is None else {1.0: self._point(found, 1.0)}

    def _point(self, order: Order, parisi: float) -> np.ndarray:
        return self.problem(parisi).chart(0).free(order)

    def at(self, parisi: float) -> np.ndarray | None:
        """The point at a Parisi parameter, from the nearest that is known; None where the branch has ended."""
        begin = min(self.known, key=lambda other: abs(np.log(parisi / other)))
        way = np.log(parisi / begin)

        def attempt(_: np.ndarray, far: np.ndarray, start: np.ndarray) -> Tried:
            there = parisi if far[0] == abs(way) else begin * float(np.exp(np.sign(way) * far[0]))
            found = newton_root(self.problem(there), start[0], ROOTED)[0]
            if found is None or self._merged(found, there) or np.abs(found - start).max() > FAR:
                return Tried(start, np.array([False]))
            self.known[there] = found
            return Tried(found[None], np.array([True]))

        _, far = march(attempt, self.known[begin][None], STRIDE, end=abs(way))
        return self.known[parisi] if far[0] == abs(way) else None

    def _merged(self, point: np.ndarray, parisi: float) -> bool:
        gaps = self.problem(parisi).chart(0).values(point).gaps
        between = gaps[0] - (gaps[1] if self.potential.setting != GROUND else 0.0)
        return bool(between < CLOSE * gaps[0])


def at_one(potential: Potential, lowest: float) -> Order | None:
    """States at Parisi parameter 1, where ``q_0`` is the replica-symmetric overlap: the last zero of their equation in
    ``q_1`` at which they are stable.
    """
    orders = [Order(np.array([lowest, gap]), np.ones(1)) for gap in lowest * _GAPS]
    places = [Search(potential).place(order, 0) for order in orders]
    balance = np.array([np.nan if place is None else place.balance[1] for place in places])
    falls = np.flatnonzero((balance[:-1] > 0) & (balance[1:] <= 0))
    return orders[int(falls[-1])] if falls.size else None
