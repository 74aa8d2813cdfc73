"""Minima over the order parameters of 0, 1, 2, ... steps, each found from the one before; no batches, no errors.

On the sphere the functional is least in all of its order parameters, as long as the Parisi parameters increase, which
the coordinates see to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from replica.ansatz.rsb.breaking import close_steps, weak_steps
from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.equations import StepsProblem
from replica.ansatz.rsb.grids import TooFine
from replica.ansatz.rsb.potential import CAPACITY, WARM, Place, Potential, dear
from replica.ansatz.rsb.roots import chord_root, newton_root
from replica.ansatz.rsb.starts import APART, CLOSE, coincide, first_steps, nearer, one_more, raised, symmetric
from saddlepoint.descent import Descent, descend

NEAR = 3e-3  # steps of the descent at which the equations take over
ROUGH = 1e-4  # residuals of the equations on rough integrals
ROOTED, DEAR = 1e-10, 1e-7
WITHIN = 1e-5  # of the value of the minimum
TOLD = 1e-9  # excess of a replicon over 1 that is not rounding
TRIES = 3  # starts of one more step
NO_PUSH = 1e-28  # of fields at q = 0 that see no sign, but for rounding
WEAK, FAINT = 0.01, 0.1  # excess of a replicon within which a first step is a weak one; overlaps near 0
FAINTEST = 2e-6  # below that a step changes nothing, nor is it told from none
MARGINAL = 5e-5  # excess of a replicon up to which it does not matter that there are no more steps
ROUNDING = 4e-15
JUMPS = 4  # differences of the overlaps at which a jump is looked for


@dataclass(frozen=True)
class Minimum:
    """The minimum of so many steps."""

    steps: int
    order: Order
    value: float

    @property
    def rooted(self) -> bool:
        """Whether ``q_0 = 0``."""
        return bool(self.order.gaps.size and self.order.gaps[0] == 1.0)


class Search:
    """The minima of one potential; ``rooted`` where ``q_0 = 0`` is held."""

    def __init__(self, potential: Potential, rooted: bool = False) -> None:
        self.potential, self.rooted = potential, rooted

    def place(self, order: Order, level: int = 1) -> Place | None:
        """The potential at order parameters; None where levels coincide, or nothing is defined."""
        try:
            with np.errstate(all="ignore"):
                found = self.potential.at(order, level)
        except TooFine:
            return None
        return found if np.isfinite(found.value) else None

    def descend(self, order: Order, steps: int, close: float = CLOSE) -> Minimum | None:
        """The minimum that is reached from a start; None where levels coincide on the way."""
        chart = self.potential.chart(steps, self.rooted)

        def function(free: np.ndarray, level: int = 1 - dear(self.potential.model)) -> tuple[float, np.ndarray] | None:
            at = chart.values(free)
            found = None if coincide(at, self.potential.cold, 0.5 * close) else self.place(at, level)
            if found is None:
                return None
            slopes = found.overlap_slopes, found.parisi_slopes, found.chi_slope
            return found.value, chart.pulled(free, at, *slopes)

        start = chart.free(order)
        found: Descent = descend(function, start, rough=lambda free: function(free, 0), near=NEAR)
        order = chart.values(found.point)
        if coincide(order, self.potential.cold, close):
            return None
        return self.polished(Minimum(steps, order, found.value), found.point)

    @property
    def _solved(self) -> float:
        """Residuals at which equations count as solved; those that follow are on finer integrals anyway."""
        return DEAR if dear(self.potential.model) else ROOTED

    def polished(self, found: Minimum, point: np.ndarray) -> Minimum:
        """The root of the equations beside a minimum: where valleys are flat it is the better known of the two."""
        root = self.root(found.steps, point, 1, self._solved) if point.size else None
        near = root is not None and abs(root.value - found.value) < WITHIN * (1.0 + abs(found.value))
        return root if root is not None and near else found

    def root(self, steps: int, point: np.ndarray, level: int, tolerance: float) -> Minimum | None:
        """The solution of the equations that Newton's method finds from a point; None where it finds none."""
        problem = self.equations(steps, level)
        found, _ = newton_root(problem, point, tolerance)
        order = None if found is None else problem.chart(0).values(found)
        place = None if order is None else self.place(order, level)
        return None if place is None or order is None else Minimum(steps, order, place.value)

    def equations(self, steps: int, level: int) -> StepsProblem:
        """The equations of so many steps."""
        at = self.potential
        return StepsProblem(at.model, np.array([at.alpha]), at.setting, steps, self.rooted, level=level)

    def followed(self, start: Order, before: Minimum) -> Minimum | None:
        """One step more by the equations alone, from a start that is near; None unless the value is lower."""
        steps = before.steps + 1
        if coincide(start, self.potential.cold, CLOSE):
            return None
        chart = self.potential.chart(steps, self.rooted)
        rough, jacobian = newton_root(self.equations(steps, 0), chart.free(start), ROUGH)
        if rough is None or coincide(chart.values(rough), self.potential.cold, CLOSE):
            return None
        near = None  # at finite temperature valleys are too flat for the Jacobian of rougher integrals
        if self.potential.cold and jacobian is not None:
            near = chord_root(self.equations(steps, 1), rough, jacobian, self._solved)
        found = self.root(steps, rough if near is None else near, 1, self._solved)
        good = found is not None and not coincide(found.order, self.potential.cold, CLOSE)
        return found if found is not None and good and found.value < before.value else None

    def _weak(self, excess: float) -> bool:
        """Whether it is just beyond a continuous transition, where the valley is too flat for a descent."""
        return not (self.potential.cold or self.rooted) and TOLD < excess < WEAK

    @staticmethod
    def rounding(found: Minimum) -> float:
        """That of a value."""
        return ROUNDING * (1.0 + abs(found.value))

    def weak(self, before: Minimum) -> Minimum | None:
        """A weak first step, by the equations alone; None unless the value is lower, but for rounding."""
        faint, most = bool(before.order.gaps[0] > 1.0 - FAINT), before.value + self.rounding(before)
        for start in [*(weak_steps(before.order) if faint else []), *close_steps(before.order, self.place)]:
            found = self.root(1, self.potential.chart(1).free(start), 1, ROOTED)
            if found is not None and found.value < most and not coincide(found.order, False, CLOSE):
                return found
        return None

    def jumps(self, starts: list[Order]) -> list[Minimum | None]:
        """First steps whose levels are not close, at finite temperature."""
        tried = [] if self.potential.cold else [starts[i::JUMPS] for i in range(JUMPS)]
        return [self.descend(start, 1, APART) for some in tried if (start := self.lowest(some)) is not None]

    def weak_or_jump(self, before: Minimum, starts: list[Order], excess: float) -> list[Minimum | None]:
        """First steps just beyond where symmetry is unstable; a jump may have come before."""
        near = self.weak(before) if excess > FAINTEST else None
        few = self.potential.model.architecture.few is not None
        return [near] if near is not None and few else [near, *self.jumps(starts)]

    def lowest(self, orders: list[Order]) -> Order | None:
        """The start of the lowest value, on rough integrals."""
        ranked = self.ranked(orders)
        return ranked[0] if ranked else None

    def ranked(self, orders: list[Order]) -> list[Order]:
        """Starts by their values, those that are ordered."""
        proper = [order for order in orders if not coincide(order, self.potential.cold, CLOSE * CLOSE)]
        seen = [(place.value, i) for i, order in enumerate(proper) if (place := self.place(order, 0)) is not None]
        return [proper[i] for _, i in sorted(seen)]

    def minima(self, most: int) -> Iterator[Minimum]:
        """The minima of 0, 1, 2, ... steps, as long as each is a new one. At finite temperature those at ``q_0 = 0``
        where that is a saddle point without steps, and stable.
        """
        if not self.rooted and self._paramagnetic():
            for found in Search(self.potential, True).minima(most):
                yield self.lifted(found) if found.steps else found
            return
        last = self.without_steps()
        while last is not None:
            yield last
            if last.steps == most:
                return
            last = self.next(last)

    def _paramagnetic(self) -> bool:
        """Whether replicas do not overlap, and fields have no reason to."""
        if self.potential.setting != WARM:
            return False
        place = self.place(Order(np.ones(1), np.zeros(0)))
        return place is not None and bool(place.pattern.pushes[0] < NO_PUSH and place.replicons[0] <= 1.0)

    def lifted(self, found: Minimum) -> Minimum:
        """The minimum with ``q_0 > 0`` where that at ``q_0 = 0`` is unstable there, and it is lower."""
        place = self.place(found.order)
        if place is None or place.replicons[0] <= 1.0 + TOLD:
            return found
        start = self.lowest(raised(found.order))
        other = None if start is None else self.descend(start, found.steps)
        return found if other is None or other.value > found.value else other

    def without_steps(self) -> Minimum | None:
        """The replica-symmetric point."""
        none = np.zeros(0)
        if self.potential.setting == CAPACITY:
            order = Order(none, none)
            place = self.place(order)
            return None if place is None else Minimum(0, order, place.value)
        if self.rooted and not self.potential.cold:
            order = Order(np.ones(1), none)
            place = self.place(order)
            return None if place is None else Minimum(0, order, place.value)
        start = self.lowest(symmetric(self.potential.setting))
        return None if start is None else self.descend(start, 0)

    def next(self, before: Minimum) -> Minimum | None:
        """The minimum of one more step; None where there is none that is lower."""
        place = self.place(before.order)
        if place is None:
            return None
        unstable = place.replicons > 1.0 + TOLD
        starts = first_steps(self.potential.setting, self.rooted, before.order) if before.steps == 0 else []
        if unstable.any() and before.steps:
            starts = one_more(before.order, unstable, self.potential.cold, self.rooted)
            if self.potential.model.architecture.few is not None:
                starts = self.ranked([*starts, nearer(before.order)])[::-1]
            if starts and (near := self.followed(starts[-1], before)) is not None:
                return near
        found: list[Minimum | None] = []
        if not before.steps and self._weak(place.excess):
            found = self.weak_or_jump(before, starts, place.excess)
        elif not unstable.any():
            found = self.jumps(starts)
        else:
            for start in self.ranked(starts)[:TRIES]:
                found = [self.descend(start, before.steps + 1)]
                if found[0] is not None and found[0].value < before.value:
                    break
        most = before.value + (self.rounding(before) if unstable.any() else 0.0)
        lower = [one for one in found if one is not None and one.value < most]
        return min(lower, key=lambda one: one.value) if lower else None
