"""The free entropy of k steps on the sphere and its exact gradient, in three settings: at finite temperature (or of a
hard constraint), at the capacity in rescaled variables, and in ground states in theirs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from replica.ansatz.rsb.charts import Chart, Order
from replica.ansatz.rsb.close import close_levels, levels_are_close
from replica.ansatz.rsb.patterns import Cold, Nested, Warm, nested
from replica.ansatz.rsb.unit_levels import UnitsNested, nested_units
from replica.ansatz.rsb.unit_patterns import ColdUnits, Signs
from replica.ansatz.rsb.unit_warm import WarmUnits, warm_units
from replica.ansatz.rsb.weights import Sphere, sphere
from replica.architectures.few_units import FewUnits
from replica.data import Overlaps
from replica.models.model import Model

WARM, CAPACITY, GROUND = "finite temperature", "capacity", "ground state"


def dear(model: Model) -> bool:
    """Whether averages are sums over the fields of three units, or more."""
    few = model.architecture.few
    return few is not None and few.units > 2


@dataclass(frozen=True)
class Place:
    """Everything at one point: the functional that is stationary, its gradient, and what it is made of.

    ``alpha`` is the load, at a capacity the one that is found. ``value`` is phi, at a capacity the load, of ground
    states ``-energy``.
    """

    order: Order
    value: float
    alpha: float
    sphere: Sphere
    pattern: Nested | UnitsNested
    base: Any
    slopes: np.ndarray
    bends: np.ndarray
    overlap_slopes: np.ndarray
    parisi_slopes: np.ndarray
    chi_slope: float

    @property
    def balance(self) -> np.ndarray:
        """Logarithms of the ratios of the two halves of each equation: of the overlaps ``alpha k' E_j/S_j`` (and of the
        response), then of the Parisi parameters.
        """
        pushes = self.pattern.pushes
        with np.errstate(all="ignore"):
            overlaps = np.log(self.alpha * self.slopes * pushes / self.sphere.pulls)
            gains = self.alpha * self.pattern.gains / self.order.parisi
            return np.append(overlaps, np.log(gains / -self.sphere.slopes))

    def with_load(self, alpha: float) -> Place:
        """The same order parameters at another load (not at a capacity)."""
        jumps = np.diff(np.concatenate([[0.0], self.order.parisi, [1.0]]))[: self.overlap_slopes.size]
        force = self.sphere.pulls - alpha * self.slopes * self.pattern.pushes
        parisi = self.sphere.slopes + alpha * self.pattern.gains / self.order.parisi
        return replace(
            self, alpha=alpha, value=self.value + (alpha - self.alpha) * self.pattern.value, parisi_slopes=parisi,
            overlap_slopes=0.5 * jumps * force[: jumps.size],
        )

    @cached_property
    def replicons(self) -> np.ndarray:
        """``alpha B_{j+1}^2 (k'^2 int P_j f_j''^2 + k'' E_j)`` of every level, the last included."""
        pattern = self.slopes**2 * self.pattern.bends + self.bends * self.pattern.pushes
        found = np.asarray(self.alpha * self.sphere.responses**2 * pattern)
        if isinstance(self.base, Cold) and self.base.loss.ground_jumps:
            found[-1] = np.inf  # replicas on either side of a jump
        return found

    @property
    def excess(self) -> float:
        """By how much the largest replicon exceeds 1."""
        return max(float(self.replicons.max()) - 1.0, 0.0)


@dataclass(frozen=True)
class Potential:
    """The functional of one model (numbers for parameters) in one setting; ``alpha`` is NaN at a capacity."""

    model: Model
    alpha: float
    setting: str

    @property
    def cold(self) -> bool:
        return self.setting != WARM

    def chart(self, steps: int, rooted: bool = False, parisi: tuple[float, ...] | None = None) -> Chart:
        """Coordinates of so many steps."""
        return Chart(steps, self.cold, rooted, parisi, self.setting == GROUND)

    def at(self, order: Order, level: int = 1) -> Place:
        """Value and gradient at order parameters."""
        m, gaps, chi = order.parisi, order.gaps, order.chi
        every = np.append(gaps, 0.0) if self.cold else gaps
        between = -np.diff(every)
        last = chi if self.setting == GROUND else 1.0 if self.cold else float(gaps[-1])
        weights = sphere(1.0 - float(every[0]), between, m, last)
        base, pattern, slopes, bends = self._pattern(every, m, chi, level)
        g, alpha = pattern.value, self.alpha
        scale = 1.0
        if self.setting == CAPACITY:
            # no pattern costs anything: no load is too much
            alpha, scale = (weights.value / -g, 1.0 / -g) if g < 0.0 else (np.inf, np.inf)
            value = alpha
        else:
            value = weights.value + alpha * g + (0.0 if self.cold else 0.5 * math.log(last))
        pushes = pattern.pushes
        jumps = np.diff(np.concatenate([[0.0], m, [] if self.cold else [1.0]]))
        count = jumps.size
        force = (weights.pulls - alpha * slopes * pushes)[:count]
        chi_slope = -0.5 * float(weights.pulls[-1] - alpha * slopes[-1] * pushes[-1])
        return Place(
            order, value, alpha, weights, pattern, base, slopes, bends, 0.5 * scale * jumps * force,
            scale * (weights.slopes + alpha * pattern.gains / m), chi_slope,
        )

    def _pattern(
        self, gaps: np.ndarray, m: np.ndarray, chi: float, level: int
    ) -> tuple[Any, Any, np.ndarray, np.ndarray]:
        """The last level, all of them, and derivatives of the overlaps of fields with those of the weights."""
        few = self.model.architecture.few
        if few is not None:  # fields of units, with the overlaps of their weights
            return self._units(few, gaps, m, level)
        field, slopes, bends = self._fields(gaps, level)
        if self.cold and np.isinf(slopes[-1]):
            smooth = "RSB at zero temperature needs fields that overlap smoothly as q -> 1"
            raise ValueError(f"{smooth}, those of {self.model.architecture} do not")
        steps = np.append(field.q[0], -np.diff(field.variance))
        base, steps = self._base(float(field.variance[-1]), float(slopes[-1]), chi), np.maximum(steps, 0.0)
        averages = close_levels if isinstance(base, Warm) and levels_are_close(base, steps, m) else nested
        return base, averages(base, steps, m, level), slopes, bends

    def _units(self, few: FewUnits, gaps: np.ndarray, m: np.ndarray, level: int) -> tuple[Any, ...]:
        """`_pattern` of a few units, whose fields have the overlaps of their weights."""
        loss, one = self.model.loss, np.ones(gaps.size)
        allowed = few.allowed(loss)
        assert allowed is not None  # others are not covered
        steps = np.append(1.0 - gaps[0], -np.diff(gaps))
        if self.setting == WARM:
            warm = WarmUnits(Signs(allowed), float(gaps[-1]))
            return warm, warm_units(warm, steps, m, level), one, 0.0 * one
        assert self.setting == CAPACITY  # ground states are not covered
        cold = ColdUnits(Signs(allowed), lambda fine: few.nearest(loss, fine))
        return cold, nested_units(cold, steps, m, level), one, 0.0 * one

    def _fields(self, gaps: np.ndarray, level: int) -> tuple[Overlaps, np.ndarray, np.ndarray]:
        """Overlaps of the fields, and first and second derivatives with those of the weights."""
        q, zero = 1.0 - gaps, np.zeros(gaps.size)
        field, slopes = self.model.architecture.field_overlaps(Overlaps(q, gaps, zero, q), level)
        return field, slopes.q * np.ones(gaps.size), slopes.bend * np.ones(gaps.size)

    def _base(self, variance: float, gain: float, chi: float) -> Any:
        if self.setting == WARM:
            return Warm(self.model.loss, variance, float(self.model.beta))
        return Cold(self.model.loss, math.inf if self.setting == CAPACITY else chi * gain, gain)
