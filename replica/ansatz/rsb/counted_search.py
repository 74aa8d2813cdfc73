"""Saddle points of counted weights with 0, 1, 2, ... steps, each found from the one before, and rows of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from replica.ansatz.coverage import GAUSSIAN_FIELD, HARD, RANDOM_LABELS, SIGNS, Covers
from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.counted import EMPTY, CountedProblem
from replica.ansatz.rsb.potential import CAPACITY, WARM
from replica.ansatz.rsb.roots import newton_root
from replica.ansatz.rsb.solver import POLISH, StepsLedger, blurred
from replica.ansatz.rsb.starts import APART, CLOSE, coincide, one_more
from replica.ansatz.rsb.steps import ROOTED, TOLD, Minimum
from replica.models.model import Model
from saddlepoint import Solution, Tolerance, solve

COVERS = Covers("RSB of counted weights", (SIGNS, RANDOM_LABELS, GAUSSIAN_FIELD, HARD))
LOADS = np.geomspace(1e-3, 1e3, 241)
TRIES = 6  # starts, the nearest to a solution, that are followed
FIRST = 24  # of the first step, whose starts are far from it


class CountedSearch:
    """The saddle points of one model and load, or (``alpha = nan``) at the load where the entropy vanishes; ``value``
    is phi, or that load. More steps are those that lower it.
    """

    def __init__(self, model: Model, alpha: float, rooted: bool) -> None:
        self.model, self.alpha, self.rooted = model, alpha, rooted
        self.setting = EMPTY if np.isnan(alpha) else WARM

    def problem(self, steps: int, rooted: bool, level: int = 1) -> CountedProblem:
        """The equations of so many steps."""
        return CountedProblem(self.model, np.array([self.alpha]), self.setting, steps, rooted, level=level)

    def minima(self, most: int) -> Iterator[Minimum]:
        """The saddle points of 0, 1, 2, ... steps, as long as each is a new one."""
        found = self.without_steps()
        while found is not None:
            yield found
            found = self.next(found) if found.steps < most else None

    def without_steps(self) -> Minimum | None:
        """The replica-symmetric one; of costs that do not see a sign that at ``q = 0`` where it is stable."""
        none = np.zeros(0)
        if self.rooted or self.model.loss.even:
            order = Order(np.ones(1), none)
            found = self.reached([order], True, 1)
            if found is not None and (self.rooted or self._stable(found)):
                return found
        gaps = (0.98, 0.9, 0.75, 0.6, 0.45, 0.3, 0.15, 0.05)
        return self.reached([Order(np.array([gap]), none) for gap in gaps], False, TRIES)

    def next(self, before: Minimum) -> Minimum | None:
        """The saddle point of one more step; None where there is none that is lower."""
        rooted = before.rooted
        place = self.problem(before.steps, rooted).place(self._point(before.order, before.value, rooted), 0)
        unstable = place.replicons > 1.0 + TOLD
        if unstable.any() and before.steps:
            starts, tries = one_more(before.order, unstable, False, rooted)[::-1], FIRST
        elif before.steps == 0:
            high, rest = float(before.order.gaps[0]), (0.97, 0.9, 0.75, 0.55, 0.35, 0.2, 0.1)
            grid = product(rest, (0.1, 0.2, 0.35, 0.5, 0.7, 0.9))
            starts = [Order(np.array([high, high * share]), np.array([m])) for share, m in grid]
            tries = FIRST
        else:
            return None
        return self.reached(starts, rooted, tries, before, APART if not unstable.any() else CLOSE)

    def reached(
        self, orders: list[Order], rooted: bool, tries: int, below: Minimum | None = None, close: float = CLOSE
    ) -> Minimum | None:
        """The saddle point that Newton's method reaches from the best of some starts: with a value below that of fewer
        steps, where there are.
        """
        steps = orders[0].parisi.size
        most = np.inf if below is None else below.value
        ranked: list[tuple[float, int, np.ndarray]] = []
        for order in orders:
            for load in self._loads(order, most):
                point = self._point(order, load, rooted)
                residual = np.abs(self.problem(steps, rooted, 0).residual(point[None, :]))
                if np.all(np.isfinite(residual)):
                    ranked.append((float(residual.max(initial=0.0)), len(ranked), point))
        for _, _, point in sorted(ranked)[:tries]:
            rough, _ = newton_root(self.problem(steps, rooted, 0), point, 1e-3)
            problem = self.problem(steps, rooted)
            found = None if rough is None else newton_root(problem, rough, ROOTED)[0]
            if found is None:
                continue
            order = problem.chart(0).values(found[: len(problem.chart(0).names)])
            place = problem.place(found, 0)
            value = place.alpha if self.setting == EMPTY else place.value
            if not coincide(order, False, close) and value < most:
                return Minimum(steps, order, value)
        return None

    def _loads(self, order: Order, most: float) -> list[float]:
        """Loads of a start at a zero of the entropy: somewhat below that of fewer steps, or where phi crosses 0."""
        if self.setting != EMPTY:
            return [self.alpha]
        if np.isfinite(most):
            return [most * share for share in (0.995, 0.95)]
        rooted = float(order.gaps[0]) == 1.0
        problem = self.problem(order.parisi.size, rooted, 0)
        places = [problem.place(self._point(order, float(load), rooted), 0) for load in LOADS]
        values = np.array([np.nan if place is None else place.value for place in places])
        falls = np.flatnonzero((values[:-1] > 0.0) & (values[1:] <= 0.0))
        return [float(LOADS[falls[0]])] if falls.size else []

    def _point(self, order: Order, load: float, rooted: bool) -> np.ndarray:
        free = self.problem(order.parisi.size, rooted).chart(0).free(order)
        return np.append(free, np.log(load)) if self.setting == EMPTY else free

    def _stable(self, found: Minimum) -> bool:
        place = self.problem(found.steps, True).place(self._point(found.order, found.value, True), 0)
        return bool(place.replicons[0] <= 1.0)


class CountedLedger(StepsLedger):
    """Rows of counted weights."""

    def _setting(self, row: int, steps: int) -> tuple[str, str]:
        return WARM, ""

    def _minima(self, row: int, setting: str, most: int) -> Iterator[Minimum]:
        alpha = np.nan if setting == CAPACITY else float(self.alpha[row])
        yield from CountedSearch(self.model.row(row), alpha, self.rooted).minima(most)

    def _explain(self, row: int, setting: str, steps: int) -> None:
        if self.open[row]:
            self.refuse(np.array([row]), "no saddle point was found")

    def _keep_stable(self, at: np.ndarray, solved: Solution, remark: str, last: bool) -> None:
        """As for the sphere, where there are solutions to be counted."""
        problem: Any = solved.problem
        found = problem.place(solved.point[0], 0)
        if problem.setting == WARM and found is not None and found.value < 0.0:
            fewer = f"no solution at alpha = {float(self.alpha[at[0]]):g}: their entropy vanishes at a smaller load"
            return self.refuse(at, f"{fewer}, the capacity")
        return super()._keep_stable(at, solved, remark, last)

    def _solved(self, row: int, setting: str, found: Minimum, shown: int) -> Solution:
        at, rooted = np.array([row]), found.rooted
        kind = EMPTY if setting == CAPACITY else WARM
        problem = CountedProblem(self.model.take(at), self.alpha[at], kind, found.steps, rooted, shown=shown)
        start = problem.chart(0).free(found.order)
        start = np.append(start, np.log(found.value)) if kind == EMPTY else start
        asked = max(self.tolerance, 4.0 ** (found.steps - 2) * self.tolerance, blurred(problem, start) ** 2)
        return solve(
            problem, start=start[None, :], solver=POLISH, tolerance=Tolerance(absolute=asked), on_failure="keep"
        )
