"""How finitely many replicas round a free centre are found: from the limit, cold, and from other numbers; no equations
here. No row depends on the others of its batch."""

from __future__ import annotations

from functools import cached_property
from typing import Self

import numpy as np

from replica.ansatz.replicated.binary import BinaryCentre, BinaryCentreEven
from replica.ansatz.replicated.centre import Centre
from replica.ansatz.replicated.centre_many import BETWEEN, KNOTS, between
from replica.ansatz.replicated.equations import GroupProblem, Groups
from replica.ansatz.replicated.known import ALONE, Known, one_vector
from replica.ansatz.replicated.over_distance import close_by_end
from replica.ansatz.replicated.sharing import STRENGTHS, share
from replica.ansatz.replicated.solver import NEWTON, ONE_MAXIMISER, SIGNS, GroupLedger
from replica.ansatz.replicated.spherical import SphericalCentre, lowest_overlap
from saddlepoint import solve
from saddlepoint.continuation.march import Tried, along

#: logarithm of the gap above which few replicas are far from the limit
STEEP = 4.0
#: numbers of replicas at which independent solutions are a start, and how far above a number the limit is tried
FEW, FURTHER = 10.0, 300.0
MANY = 300.0  # replicas, from which independent solutions are no start
LADDER = (FEW, 20.0, 50.0, 200.0)  # numbers of replicas that are asked about smaller ones
LARGEST = 1e6  # number of replicas from which a way begins
STRIDES = 14  # from one number of replicas to another
NEAR = 1e-9  # of a free entropy to a bound that it may touch
HIDDEN = (
    "no saddle point of {:g} replicas was found at distance {:g} with the free entropy of {:.6g} that the limit of "
    "many replicas promises"
)
NOTHING = "no saddle point of {:g} replicas was found at distance {:g}"


class Finite:
    """Groups of finitely many replicas round a free centre; rows share the model and the load."""

    def __init__(self, centre: Centre) -> None:
        self.centre, self.groups = centre, centre.groups
        self.model, self.typical, self.pinned = centre.model, centre.typical, centre.pinned
        self.even = self.pinned and bool(np.all(self.typical.q == 0.0))
        binary = BinaryCentreEven if self.even else BinaryCentre
        self.kind: type[GroupProblem] = binary if self.pinned else SphericalCentre

    def with_number(self, power: float) -> GroupLedger:
        """``power`` replicas: of all branches that are found the one of largest free entropy."""
        if not (power > KNOTS[0] and self.pinned and not self.even and self.limit is not None):
            return self._solved(power)
        ledger = GroupLedger(self.groups.with_power(np.full(self.groups.size, power)), self.centre.tolerance)
        found, sure = between(ledger.groups, self.limit, [self._solved(knot) for knot in KNOTS])
        rows = np.flatnonzero(sure)
        ledger.hold(rows, found.take(rows), BETWEEN)
        if not sure.all():
            rest = np.flatnonzero(~sure)
            ledger.adopt(self.subset(rest)._solved(power), rest)
        return ledger

    def _solved(self, power: float) -> GroupLedger:
        """`with_number`, all rows from their equations."""
        ledger = self.branches(power)
        single, real = self._single(ledger.groups)
        self._walk_to(ledger, single, real)
        close_by_end(ledger, len(self.kind.own), self.kind, lambda distance: self.elsewhere(distance).branches(power))
        for row in ledger.rows:
            ledger.remarks[row] = ledger.remarks[row] or NOTHING.format(power, self.groups.distance[row])
        return ledger

    def branches(self, power: float) -> GroupLedger:
        """What is found directly."""
        groups = self.groups.with_power(np.full(self.groups.size, power))
        ledger = GroupLedger(groups, self.centre.tolerance)
        for start, several in self._starts(groups.power):
            # a row has one branch as far as is known, unless there is a maximum of the limit at smaller distances
            rows = np.flatnonzero(ledger.open | several)
            if rows.size:
                ledger.improve(rows, self.kind(groups.take(rows)), start[rows])
        if self.even:
            share(ledger, np.arange(ledger.size), BinaryCentre, STRENGTHS)
        return ledger

    def _walk_to(self, ledger: GroupLedger, single: Known, real: np.ndarray) -> None:
        """Rows without a solution, or with less than they must have: from other numbers of replicas; then judge."""
        groups, bound = ledger.groups, np.where(real, single.seen["free_entropy"], -np.inf)
        least, alone = self._promised(groups.power), np.zeros(groups.size, dtype=bool)
        if self.pinned and not self.even:
            lost = np.flatnonzero(np.isnan(ledger.observed("free_entropy")) & real)
            alone[lost] = self._alone_above(lost, groups.power, bound)
            for towards in (self._from_many, self._from_few):
                phi = ledger.observed("free_entropy")
                rows = np.flatnonzero(~alone & (np.isnan(phi) | (phi < least - NEAR)))
                if rows.size:
                    reached, alone[rows] = self._walk(rows, *towards(rows, groups.power), bound)
                    ledger.improve(rows, self.kind(groups.take(rows)), reached)
        found = ledger.observed("free_entropy")
        with np.errstate(invalid="ignore"):
            # at one replica both have the same: then the one with more solutions
            same = (np.abs(found - bound) <= NEAR) & (ledger.observed("entropy") < single.seen["entropy"])
            lower = (found < bound - NEAR) | same | (np.isnan(found) & alone)
            lower &= real & ~(bound < least - NEAR)
            hidden = np.isfinite(found) & ~lower & (found < np.maximum(least, bound) - NEAR)
        at, lost = np.flatnonzero(lower), np.flatnonzero(hidden)
        ledger.hold(at, single.take(at), ALONE)
        ledger.refuse(lost, [HIDDEN.format(groups.power[i], groups.distance[i], least[i]) for i in lost])

    def _alone_above(self, rows: np.ndarray, power: np.ndarray, bound: np.ndarray) -> np.ndarray:
        """Rows of which some larger number of replicas has less than single vectors, which then have more at the wanted
        one too: F is convex in y, and at least theirs."""
        alone, left = np.zeros(rows.size, dtype=bool), np.ones(rows.size, dtype=bool)
        for more in LADDER:
            some = np.flatnonzero(left & (power[rows] < more))
            if not some.size:
                continue
            phi = self.subset(rows[some]).branches(more).observed("free_entropy") * more
            alone[some] = phi < (bound * power)[rows[some]] - NEAR * more
            left[some] = np.isnan(phi)  # what is found decides, whatever it says
        return alone

    def _single(self, groups: Groups) -> tuple[Known, np.ndarray]:
        """Groups that are one vector; on the sphere such have no volume."""
        if self.model.weights.letters == SIGNS:
            return one_vector(groups)
        blank = dict.fromkeys(("free_entropy", "entropy"), np.full(groups.size, np.nan))
        return Known(groups, blank, {}), np.zeros(groups.size, dtype=bool)

    def _promised(self, power: np.ndarray) -> np.ndarray:
        """What F/y is at least: F is convex in y, above its asymptote ``y S + complexity`` of the limit."""
        if self.limit is None or not self.pinned:
            return np.full(power.size, -np.inf)
        floor = self.limit.observed("free_entropy") + self.limit.observed("complexity") / power
        return np.where(np.isnan(floor), -np.inf, floor)

    @cached_property
    def limit(self) -> GroupLedger | None:
        """Infinitely many replicas, where they have maximisers that are unique."""
        return self.centre.limit() if all(demand.holds(self.model) for demand in ONE_MAXIMISER) else None

    @cached_property
    def stationary(self) -> GroupLedger:
        """Saddle points of the limit."""
        return self.centre.stationary()

    def _from_few(self, rows: np.ndarray, power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logarithms of numbers of replicas from `FEW` to the wanted ones (rows, k), and points to begin at."""
        goal = np.log(power[rows])
        return np.linspace(np.full(rows.size, np.log(FEW)), goal, STRIDES, axis=1), self.cold()[rows]

    def _from_many(self, rows: np.ndarray, power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same from numbers at which the limit is near."""
        goal = np.log(power[rows])
        if self.limit is None:
            return goal[:, None], np.full((rows.size, 3), np.nan)
        top = np.maximum(goal, self.limit.observed("log_gap")[rows] - STEEP) + np.log(FURTHER)
        path = np.linspace(np.minimum(top, np.log(LARGEST)), goal, STRIDES, axis=1)
        return path, fewer(self.limit, np.exp(path[:, 0]), rows, 3)

    def _walk(
        self, rows: np.ndarray, path: np.ndarray, start: np.ndarray, bound: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Points at the ends of the paths (nan where lost); rows of which some number above the wanted one has less
        than single vectors, which then have more at the wanted one too, F being convex in y.
        """
        alone, total = np.zeros(rows.size, dtype=bool), bound[rows] * np.exp(path[:, -1])  # at any y the same

        def attempt(at: np.ndarray, stop: int, guess: np.ndarray) -> Tried:
            power = np.exp(path[at, stop])
            problem = self.kind(self.groups.take(rows[at]).with_power(power))
            found = solve(problem, start=guess, solver=NEWTON, on_failure="keep", check=False)
            phi = problem.potential(found.point)
            above = found.converged & (path[at, stop] >= path[at, -1]) & (phi * power < total[at] - NEAR * power)
            alone[at[above]] = True
            return Tried(found.point, found.converged & ~above)

        return along(attempt, path, start), alone

    def elsewhere(self, distance: np.ndarray) -> Self:
        """The same model and load at other distances."""
        return type(self)(self.centre.elsewhere(distance))

    def subset(self, rows: np.ndarray) -> Self:
        return self.elsewhere(self.groups.distance[rows])

    def _starts(self, power: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """From the limits where they are near, and independent solutions; each with rows that try it once solved."""
        none, raised = np.zeros(power.size, dtype=bool), np.zeros(power.size, dtype=bool)
        if not self.pinned:
            return [(start, none) for start in self._near_limits(power) + self._spherical_starts(power)]
        cold, loose = self.cold(), self.cold() + np.array([0.0, -7.0, 0.0])
        if self.even:  # groups share nothing
            return [(cold[:, 1:], none), (loose[:, 1:], none)]
        if self.limit is not None:
            raised = np.isfinite(self.limit.observed("summit"))
        starts = [(start, raised) for start in self._near_limits(power)]
        if self.limit is None or power[0] <= MANY:
            starts += [(cold, raised), (loose, none)]
        return starts

    def _near_limits(self, power: np.ndarray) -> list[np.ndarray]:
        """From the limit, and where that is the maximum at a smaller distance from its saddle point too."""
        if self.limit is None:
            return []
        rows, width, found = np.arange(power.size), len(self.kind.own), []
        for ledger in (self.limit, self.stationary):
            far = ledger.observed("log_gap") > np.log(power) + STEEP
            found.append(np.where(far[:, None], np.nan, fewer(ledger, power, rows, width)))
        return found

    def cold(self) -> np.ndarray:
        """Independent solutions of binary weights."""
        pull = 0.8 * np.arctanh(1.0 - 2.0 * self.groups.distance)
        reach = np.full(pull.size, np.log(0.5))
        strength = np.log(np.where(self.even, 1.0, 0.8 * self.typical.q_hat))
        return np.stack([strength, reach, np.log(pull)], axis=1)

    def _spherical_starts(self, power: np.ndarray) -> list[np.ndarray]:
        q = self.typical.q
        q1 = np.maximum((1.0 - 2.0 * self.groups.distance) ** 2, q + 0.1 * (1.0 - q))
        ratio, found = np.minimum(q / q1, 0.95), []
        for place in (np.minimum(0.5 / power, 0.5), np.minimum(0.1 / power, 0.5), np.full(power.size, 0.3)):
            found.append(np.stack([np.log(ratio / (1.0 - ratio)), np.log(place / (1.0 - place))], axis=1))
        t = 1.0 - 2.0 * self.groups.distance  # far from the centre groups are hardly closer than typical solutions
        low, q1 = lowest_overlap(power, t), q + t**2 * (1.0 - q)
        odds = q / (q1 - q), (q1 - low) / (1.0 - q1)
        found.append(np.log(np.stack(odds, axis=1)))
        return found


def fewer(ledger: GroupLedger, power: np.ndarray, rows: np.ndarray, width: int) -> np.ndarray:
    """Points of the limit as starts for ``power`` replicas: (rows, width), nan where it has none."""
    found, many = np.full((ledger.groups.size, width), np.nan), np.ones(ledger.groups.size)
    many[rows] = power
    for part in ledger.parts:
        found[part.rows] = part.problem.fewer(part.point, many[part.rows])
    return found[rows]
