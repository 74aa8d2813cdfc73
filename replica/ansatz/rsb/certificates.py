"""What the problems of one step tell `certify`: their equations at coordinates in mpmath numbers, of perceptrons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from replica.ansatz.rsb.certified import Levels, Order, capacity_levels, failed, order_of, sphere, two_levels
from replica.ansatz.rsb.potential import CAPACITY, GROUND
from replica.losses import Loss
from saddlepoint import Problem

GUARD = 6  # digits by which averages are less exact than numbers


class Certified(Problem):
    """The part of a problem of steps that has as many digits as asked for, with one step."""

    model: Any
    alpha: np.ndarray
    setting: str
    steps: int
    rooted: bool
    parisi: Any

    def reference_update(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        balance = self._reference_sides(self._reference_order(values, mp), mp, digits - GUARD)[0]
        return {name: values[name] - left for name, left in zip(values, balance, strict=True)}

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        at = self._reference_order(values, mp)
        found = {"q0": at.q0, "parisi": at.m, "parisi1": at.m}
        if self.setting != CAPACITY:
            found["q1"] = at.q1
        return found | self._reference_load(at, mp, digits)

    def reference_potential(self, values: Mapping[str, Any], mp: Any, digits: int) -> Any:
        if self.setting == CAPACITY:
            return None
        return self._reference_sides(self._reference_order(values, mp), mp, digits - GUARD)[1]

    def _reference_load(self, at: Order, mp: Any, digits: int) -> dict[str, Any]:
        return {"alpha": self._reference_sides(at, mp, digits - GUARD)[1]} if self.setting == CAPACITY else {}

    def _reference_order(self, values: Mapping[str, Any], mp: Any) -> Order:
        """Order parameters, of what is certified; the others are refused."""
        self._reference_asked()
        parisi = None if self.parisi is None else self.parisi[0, 0]
        alpha = mp.nan if self.setting == CAPACITY else mp.mpf(float(self.alpha[0]))
        return order_of(values, self.rooted, self.setting == CAPACITY, alpha, parisi, mp)

    def _reference_asked(self) -> None:
        network, loss = self.model.architecture, self.model.loss
        if self.steps != 1:
            raise failed(f"RSB is certified with one step, and this saddle point has {self.steps}")
        if not network.plain:
            raise failed(f"one step is certified of perceptrons of norm 1, not of {network}")
        if self.setting == GROUND:
            raise failed("one step is certified at a load below the capacity or at it, not of ground states")
        if loss.averaged or type(loss).reference_terms is Loss.reference_terms:
            raise failed(f"one step is certified of costs whose free entropy is a formula, not of {loss}")

    def _reference_edge(self, mp: Any) -> Any:
        """The field from which nothing is paid, of constraints that ask for no more than that."""
        loss = self.model.loss
        edges = loss.reference_breaks(mp.inf, mp) if loss.hard else []
        if len(edges) == 1:
            near = [loss.reference_ground(edges[0] + side, mp.inf, mp)[0] for side in (-1, 1)]
            if near == [edges[0], edges[0] + 1]:
                return edges[0]
        raise failed(f"capacities of one step are certified of margins, not of {loss}")

    def _reference_pattern(self, at: Order, mp: Any, digits: int) -> Levels:
        """Averages over a pattern."""
        loss = self.model.loss
        if self.setting == CAPACITY:
            return capacity_levels(self._reference_edge(mp), at.q0, at.step, at.m, mp, digits)
        beta = mp.mpf(float(np.ravel(self.model.beta)[0]))

        def terms(field: Any) -> tuple[Any, Any]:
            value, slope, _ = loss.reference_terms(field, at.last, beta, mp)
            return value, slope

        return two_levels(terms, mp.sqrt(at.last), False, at.q0, at.step, at.m, mp, digits)

    def _reference_sides(self, at: Order, mp: Any, digits: int) -> tuple[list[Any], Any]:
        """What the equations leave, in the order of the coordinates, and the free entropy (at a capacity the load)."""
        pattern, weights = self._reference_pattern(at, mp, digits), sphere(at, mp)
        alpha = weights.value / -pattern.value if self.setting == CAPACITY else at.alpha
        left = [mp.log(alpha * e / s) for e, s in zip(pattern.pushes, weights.pulls, strict=True) if s]
        left = left[:1] if self.setting == CAPACITY and not self.rooted else [] if self.setting == CAPACITY else left
        if self.parisi is None:
            left.append(mp.log(alpha * (pattern.mean - pattern.value) / at.m / weights.falls))
        if self.setting == CAPACITY:
            return left, alpha
        return left, mp.log(at.last) / 2 + weights.value + alpha * pattern.value


class CountedCertified(Certified):
    """The same of weights +-1; ``empty`` where the load is sought at which their entropy vanishes."""

    empty: bool

    def _reference_load(self, at: Order, mp: Any, digits: int) -> dict[str, Any]:
        return {"alpha": at.alpha} if self.empty else {}

    def _reference_order(self, values: Mapping[str, Any], mp: Any) -> Order:
        self._reference_asked()
        alpha = mp.exp(values["load"]) if self.empty else mp.mpf(float(self.alpha[0]))
        return order_of(values, self.rooted, False, alpha, None, mp)

    def _reference_sides(self, at: Order, mp: Any, digits: int) -> tuple[list[Any], Any]:
        pattern = self._reference_pattern(at, mp, digits)
        low, high = (at.alpha * push for push in pattern.pushes)
        if self.rooted:
            low = mp.zero

        def terms(field: Any) -> tuple[Any, Any]:
            return mp.log(2 * mp.cosh(field)), mp.tanh(field)

        weights = two_levels(terms, mp.pi / 4, True, low, high - low, at.m, mp, digits)
        left = [mp.log(push / q) for push, q in zip(weights.pushes, (at.q0, at.q1), strict=True) if q]
        gains = weights.mean - weights.value + at.alpha * (pattern.mean - pattern.value)
        left.append(mp.log(gains / (at.m * (at.q1 * high - at.q0 * low) / 2)))
        held = (at.m * at.q0 * low + (1 - at.m) * at.q1 * high - high) / 2
        value = held + weights.value + at.alpha * pattern.value
        return [*left, *([value] if self.empty else [])], value
