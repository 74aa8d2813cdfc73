"""Counted weights +-1 under any number of steps: the free entropy, a saddle point, and its equations.

The conjugates are ``q^_j = alpha k' E_j``, so that overlaps and Parisi parameters are all that is sought; at a
capacity, where the entropy vanishes, the load too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from replica.ansatz.rsb.certificates import CountedCertified
from replica.ansatz.rsb.charts import Chart, Order
from replica.ansatz.rsb.equations import EPS, StepsProblem
from replica.ansatz.rsb.grids import Fineness, TooFine, uniform
from replica.ansatz.rsb.patterns import RANGE, SPREAD, Nested, Warm, nested
from replica.data import Overlaps
from replica.models.model import Model
from replica.weights.base import Weights
from saddlepoint import REAL, Variable, Variables

EMPTY = "zero of the entropy"
COSH = 0.27  # uniform steps in units of the field on which ln 2cosh varies: its poles are at i pi/2


class Letters(NamedTuple):
    """The last level of a weight: ``ln z(h)``, ``ln 2cosh h`` of weights +-1."""

    weights: Weights

    @property
    def crosses(self) -> bool:
        """Whether branches of ``ln z`` cross."""
        return False

    def far(self, variances: np.ndarray) -> np.ndarray:
        """Where fields of these variances end: those of a weight are pulled by itself."""
        return np.asarray(np.sqrt(RANGE * variances) + variances)

    def nodes(
        self, reach: float, below: float, deviation: float, tilt: float, fine: Fineness
    ) -> tuple[np.ndarray, np.ndarray]:
        nodes, step = uniform(reach, min(deviation / SPREAD, COSH) / fine.steps)
        return nodes, np.full(nodes.size, step)

    def terms(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        value, mean, spread = self.weights.log_z(nodes[None, :], np.zeros(1), 1.0)
        return value[0], mean[0], spread[0]


@dataclass(frozen=True)
class CountedPlace:
    """Everything at one point: ``weight`` and ``pattern`` are the two nested averages, ``conjugates`` the ``q^_j``."""

    order: Order
    alpha: float
    pattern: Nested
    weight: Nested
    conjugates: np.ndarray
    slopes: np.ndarray
    bends: np.ndarray

    @property
    def overlaps(self) -> np.ndarray:
        return 1.0 - self.order.gaps

    @cached_property
    def value(self) -> float:
        r"""``phi = sum_j (m_{j+1}-m_j) q_j q^_j/2 - q^_k/2 + psi_0 + alpha g_0``, with ``m_0 = 0``, ``m_{k+1} = 1``."""
        jumps = np.diff(np.concatenate([[0.0], self.order.parisi, [1.0]]))
        held = 0.5 * float(jumps @ (self.overlaps * self.conjugates)) - 0.5 * float(self.conjugates[-1])
        return held + self.weight.value + self.alpha * self.pattern.value

    @property
    def balance(self) -> np.ndarray:
        """Logarithms of the ratios of two sides: of ``int P^_j psi'_j^2 = q_j``, then of ``d phi/dm_j = 0``."""
        with np.errstate(all="ignore"):
            overlaps = np.log(self.weight.pushes / self.overlaps)
            gains = np.diff(self.weight.means) + self.alpha * np.diff(self.pattern.means)
            held = 0.5 * self.order.parisi * np.diff(self.overlaps * self.conjugates)
            return np.append(overlaps, np.log(gains / held))

    @property
    def replicons(self) -> np.ndarray:
        """``alpha (k'^2 int P_j f''_j^2 + k'' E_j) int P^_j psi''_j^2`` of every level."""
        pattern = self.slopes**2 * self.pattern.bends + self.bends * self.pattern.pushes
        return np.asarray(self.alpha * pattern * self.weight.bends)

    @property
    def excess(self) -> float:
        """By how much the largest replicon exceeds 1."""
        return max(float(self.replicons.max()) - 1.0, 0.0)


def counted_place(model: Model, order: Order, alpha: float, level: int) -> CountedPlace:
    """Both averages at order parameters; the conjugates are those that the patterns ask for."""
    q, zero = 1.0 - order.gaps, np.zeros(order.gaps.size)
    field, slopes = model.architecture.field_overlaps(Overlaps(q, order.gaps, zero, q), level)
    steps = np.maximum(np.append(field.q[0], -np.diff(field.variance)), 0.0)
    base = Warm(model.loss, float(field.variance[-1]), float(model.beta))
    pattern = nested(base, steps, order.parisi, level)
    slope, bend = slopes.q * np.ones(q.size), slopes.bend * np.ones(q.size)
    conjugates = alpha * slope * pattern.pushes
    if q[0] == 0.0:
        conjugates[0] = 0.0  # kept exactly
    apart = np.diff(np.append(0.0, conjugates))
    if not (np.all(np.isfinite(apart)) and np.all(apart[1:] > 0.0)):
        raise TooFine("conjugates of levels that coincide")
    weight = nested(Letters(model.weights), apart, order.parisi, level)
    return CountedPlace(order, alpha, pattern, weight, conjugates, slope, bend)


class CountedProblem(CountedCertified, StepsProblem):
    """Saddle points of so many steps: at a load, or (``EMPTY``) at that where phi vanishes, ``ln alpha`` the last
    coordinate.
    """

    def __init__(
        self, model: Model, alpha: np.ndarray, setting: str, steps: int, rooted: bool = False, parisi: Any = None,
        shown: int | None = None, level: int = 1,
    ) -> None:
        super().__init__(model, alpha, setting, steps, rooted, parisi, shown, level)
        if setting == EMPTY:
            self.variables = Variables(*(Variable(name, REAL) for name in (*self.chart(0).names, "load")))

    @property
    def empty(self) -> bool:  # type: ignore[override]
        """Whether the load is sought at which the entropy vanishes."""
        return self.setting == EMPTY

    def chart(self, row: int) -> Chart:
        return Chart(self.steps, False, self.rooted)

    def place(self, free: np.ndarray, row: int) -> Any:
        key = row.to_bytes(4, "little") + free.tobytes()
        if key not in self._seen:
            if len(self._seen) > 4 * self.size:
                self._seen.clear()
            count = len(self.chart(row).names)
            alpha = math.exp(min(free[-1], 700.0)) if self.setting == EMPTY else float(self.alpha[row])
            order = self.chart(row).values(free[:count])
            try:
                with np.errstate(all="ignore"):
                    self._seen[key] = counted_place(self.model.row(row), order, alpha, self.level)  # type: ignore[assignment]
            except TooFine:
                self._seen[key] = None
        return self._seen[key]

    @property
    def flat(self) -> bool:
        """From the first step on: where that is a weak one the gains of neighbouring levels are small differences."""
        return self.steps > 0

    def residual(self, free: np.ndarray) -> np.ndarray:
        found = np.full(free.shape, np.nan)
        for row in range(self.size):
            if (place := self.place(free[row], row)) is not None:
                end = [place.value] if self.setting == EMPTY else []
                found[row] = np.append(place.balance[int(self.rooted) :], end)
        return found

    def noise(self, free: np.ndarray) -> np.ndarray:
        """Differences of free entropies of neighbouring levels are known to the rounding of these."""
        floor = np.full(free.shape, 64 * EPS)
        if not self.rooted:
            with np.errstate(over="ignore"):
                floor *= 1.0 + np.exp(-free[:, :1])
        first = self.steps + 1 - int(self.rooted)
        for row in range(self.size):
            if self.steps and (place := self.place(free[row], row)) is not None:
                gains = np.diff(place.weight.means) + place.alpha * np.diff(place.pattern.means)
                size = 1.0 + np.abs(place.weight.means).max() + place.alpha * np.abs(place.pattern.means).max()
                with np.errstate(all="ignore"):
                    floor[row, first : first + self.steps] += 32 * EPS * size / np.abs(gains)
        return floor

    def _observed(self, place: Any) -> tuple[dict[str, float], dict[str, float]]:
        if place is None:
            return {}, {}
        value = 0.0 if self.setting == EMPTY else place.value
        seen = self._overlaps(place) | self._replicons(place) | {"free_entropy": value, "entropy": value}
        seen |= {f"q{j}_hat": float(one) for j, one in enumerate(place.conjugates)} if self.shown == self.steps else {}
        seen |= {"energy": 0.0, "training_error": 0.0} | ({"alpha": place.alpha} if self.setting == EMPTY else {})
        if self.steps == 1:
            seen["complexity"] = 0.0
        lost = place.pattern.lost + place.weight.lost
        rounding = EPS * 16.0 * (1.0 + abs(place.value) + place.alpha * abs(place.pattern.value)) + lost
        floors = {name: 16 * EPS * abs(one) for name, one in seen.items()}
        floors |= {"free_entropy": rounding, "entropy": rounding}
        floors |= {"alpha": rounding * (1.0 + place.alpha)} if self.setting == EMPTY else {}
        return seen, floors
