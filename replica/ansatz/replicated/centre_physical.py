"""How the number of replicas at which the complexity vanishes is found: from the limit and from fixed numbers; no
equations here. No row depends on the others of its batch."""

from __future__ import annotations

import numpy as np

from replica.ansatz.replicated.binary import BinaryCentre
from replica.ansatz.replicated.centre_finite import MANY, STEEP, Finite, fewer
from replica.ansatz.replicated.equations import GroupProblem, Groups
from replica.ansatz.replicated.over_distance import close_by_end
from replica.ansatz.replicated.solver import NEWTON, GroupLedger
from saddlepoint import solve

#: numbers of replicas from which the physical one is sought
STARTS = (10.0, 4.0, 40.0)
#: a physical number above it is not sought: where the complexity of the limit is above minus `NEARLY`
LARGEST, NEARLY = 1e5, 3e-4
NEAR = 5e-9  # of the limit: so close that it is taken
#: logarithms of the numbers of replicas on the way to a large one
HEIGHTS = np.linspace(np.log(10.0), np.log(LARGEST), 5)
#: the same where the limit of infinitely many is not known
NUMBERS = (6.0, 10.0, 4.0, 16.0)
NOWHERE = "no number of replicas was found at which the complexity vanishes at distance {:g}"
VERY_MANY = "the physical number of replicas is large: this is the limit of infinitely many, near as the errors say"
ENDLESS = "the complexity is positive for any number of replicas: this is the limit of infinitely many"


def _closed(groups: Groups) -> GroupProblem:
    return BinaryCentre(groups, closed=True)


class Physical(Finite):
    """Groups of as many replicas round a free centre as leave one centre (binary weights)."""

    def ledger(self, ends: bool = True) -> GroupLedger:
        """As many replicas as make the complexity vanish (binary weights); where it never does, infinitely many."""
        if self.limit is None:
            return self._from_few_replicas()
        ledger, limit = GroupLedger(self.groups, self.centre.tolerance), self.stationary
        last = limit.observed("complexity")
        endless = np.flatnonzero(last >= 0.0)
        ledger.adopt(limit, endless)
        ledger.remarks[endless] = ENDLESS
        closing, bound = self._many(ledger, limit, last)
        near = (bound > np.log(LARGEST)) | (-last * np.exp(-bound) < NEAR)
        self._adopt_limit(ledger, limit, last, bound, near)
        problem = BinaryCentre(self.groups, closed=True)
        rows = ledger.rows
        ledger.settle(rows, problem.take(rows), closing[rows])
        for power in STARTS:
            rows = ledger.rows
            if rows.size:
                ledger.settle(rows, problem.take(rows), self._closing(limit, last, power, rows))
        if ends:
            close_by_end(ledger, 4, _closed, lambda distance: self.elsewhere(distance).ledger(ends=False))
        self._adopt_limit(ledger, limit, last, bound, bound > np.log(MANY))
        for row in ledger.rows:
            ledger.remarks[row] = ledger.remarks[row] or NOWHERE.format(self.groups.distance[row])
        return ledger

    def _from_few_replicas(self) -> GroupLedger:
        """The same where the limit of infinitely many is not known: from branches at a few numbers."""
        ledger = GroupLedger(self.groups, self.centre.tolerance)
        for power in NUMBERS:
            rows = ledger.rows
            if not rows.size:
                break
            for part in self.subset(rows).branches(power).parts:
                at, kind = rows[part.rows], type(part.problem)
                start = np.concatenate([part.point, np.full((at.size, 1), np.log(power))], axis=1)
                ledger.settle(at, kind(self.groups.take(at), closed=True), start)
        for row in ledger.rows:
            ledger.remarks[row] = NOWHERE.format(self.groups.distance[row])
        return ledger

    def _many(self, ledger: GroupLedger, limit: GroupLedger, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows whose physical number may be large: starts for some, lower bounds of ln y for all of them.

        F/y is convex in 1/y with the slope of the complexity, so it falls by less than ``-complexity/y`` from its limit
        to the physical y; half of the way in ln y to where that is expected is taken for a lower bound.
        """
        starts = np.full((self.groups.size, 4), np.nan)
        steep = limit.observed("log_gap") > STEEP
        rows = np.flatnonzero(ledger.open & (last < 0.0) & ((last > -NEARLY) | steep))
        if not rows.size:
            return starts, np.full(self.groups.size, np.nan)
        climb = self.subset(rows)._climb(last[rows], steep[rows])
        goal = climb[:, 3]  # expected logarithm of the number
        starts[rows] = np.where(np.isnan(climb[:, 4:]), climb[:, :4], np.nan)
        bound = np.full(self.groups.size, np.nan)
        bound[rows] = np.where(steep[rows], 0.5 * (goal + np.log(LARGEST)), goal - np.log(2.0))
        return starts, bound

    def _adopt_limit(
        self, ledger: GroupLedger, limit: GroupLedger, last: np.ndarray, bound: np.ndarray, rows: np.ndarray
    ) -> None:
        fall, rows = -last * np.exp(-bound), np.flatnonzero(rows & ledger.open)
        ledger.adopt(limit, rows, {"free_entropy": fall, "entropy": fall, "complexity": -last})
        ledger.remarks[rows] = VERY_MANY

    def _climb(self, last: np.ndarray, steep: np.ndarray) -> np.ndarray:
        """Independent solutions followed to more and more replicas: (batch, 5), a start at the physical y, the last y.

        Where the complexity has not changed its sign at `LARGEST` the start is not one, but its number is expected: the
        complexity falls with ln y where the gap of the limit is large, else with 1/y towards its limit ``last``.
        """
        rows, found = np.arange(self.groups.size), np.full((self.groups.size, 5), np.nan)
        low = high = np.concatenate([self.cold(), np.zeros((rows.size, 1)), np.full((rows.size, 1), np.nan)], axis=1)
        for height in HEIGHTS:
            guess = high[:, :3] if height == HEIGHTS[0] else 2.0 * high[:, :3] - low[:, :3]
            low, high = high, self._probe(rows, guess, np.full(rows.size, height))
            crossed = high[:, 4] <= 0.0
            found[rows[crossed], :4] = self._secant(rows[crossed], low[crossed], high[crossed])
            rows, low, high = (kept[high[:, 4] > 0.0] for kept in (rows, low, high))
            if not rows.size:
                return found
        with np.errstate(all="ignore"):
            far = np.log((high[:, 4] - last[rows]) / -last[rows])
            ahead = np.where(steep[rows], high[:, 4] * (high[:, 3] - low[:, 3]) / (low[:, 4] - high[:, 4]), far)
        found[rows, 3], found[rows, 4] = high[:, 3] + ahead, high[:, 3]
        return found

    def _probe(self, rows: np.ndarray, guess: np.ndarray, height: np.ndarray) -> np.ndarray:
        """Point, ln y and complexity at ``y = exp(height)``: (rows, 5), nan where it was not found."""
        groups = self.groups.take(rows).with_power(np.exp(height))
        solved = solve(BinaryCentre(groups), start=guess, solver=NEWTON, on_failure="keep", check=False)
        found = np.concatenate([solved.point, height[:, None], solved["complexity"][:, None]], axis=1)
        found[~solved.converged] = np.nan
        return found

    def _secant(self, rows: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Between two numbers of replicas to the one where the complexity vanishes: (rows, 4)."""
        for _ in range(4):
            share = np.nan_to_num(low[:, 4] / (low[:, 4] - high[:, 4]), nan=0.5)[:, None]
            guess = low + share * (high - low)
            if not rows.size:
                break
            there = self._probe(rows, guess[:, :3], guess[:, 3])
            past = (there[:, 4] <= 0.0)[:, None]
            low, high = np.where(past, low, there), np.where(past, there, high)
        return np.where(np.isfinite(there), there, guess)[:, :4] if rows.size else guess[:, :4]

    def _closing(self, limit: GroupLedger, last: np.ndarray, power: float, rows: np.ndarray) -> np.ndarray:
        """From solutions at one number and in the limit to the number where the complexity vanishes."""
        near = self.subset(rows).branches(power)
        complexity, point = near.observed("complexity"), np.full((rows.size, 3), np.nan)
        for part in near.parts:
            point[part.rows] = part.point
        # linear in 1/y between the two, as the complexity is at large y
        share = np.clip(-last[rows] / (complexity - last[rows]), 1e-7, 0.8 * power)
        share = np.where(np.isfinite(share), share, 1.0)
        there = fewer(limit, power / share, rows, 3)
        mixed = there + np.minimum(share, 1.0)[:, None] * (point - there)
        mixed = np.where(np.isfinite(mixed), mixed, np.where(np.isfinite(point), point, self.cold()[rows]))
        return np.concatenate([mixed, np.log(power / share)[:, None]], axis=1)
