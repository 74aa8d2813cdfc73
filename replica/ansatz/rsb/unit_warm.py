r"""One pattern of a parity machine below the capacity: no step, or one, over ``ln Z`` of K fields on a wedge.

.. math:: f_1 = \ln Z(x; 1-q_1), \qquad
          f_0(h) = \frac1m \ln \int \prod_k Dz_k\, e^{m f_1(h + \sqrt{q_1-q_0}\, z)}
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from replica.ansatz.rsb.close import faint_units, fields_are_faint
from replica.ansatz.rsb.grids import TooFine
from replica.ansatz.rsb.unit_levels import Level, Top, UnitsNested
from replica.ansatz.rsb.unit_patterns import Signs
from replica.ansatz.rsb.unit_wedge import Rule, Seen, Wedge, half, seen, wedge

WIDE = 1.1  # panels of the fields of the lowest level, in widths of what changes there
MOST = 20_000_000  # pairs of them and of points on the wedge
NONE = 1e-30  # masses below it are none
TOP = Top(np.zeros(1), np.ones(1))

#: by number of units and level; each differs from the one before in order, panels and reach: they share no error
RULES = {
    2: (
        Rule(6, 2.2, 1.2, 2.3, 7.2),
        Rule(10, 2.0, 1.0, 2.2, 8.5),
        Rule(12, 1.7, 0.9, 2.0, 8.8),
        Rule(14, 1.5, 0.8, 1.9, 8.9),
        Rule(17, 1.3, 0.7, 1.7, 9.1),
    ),
    3: (
        Rule(5, 2.4, 1.3, 2.6, 7.2),
        Rule(9, 2.0, 1.1, 2.3, 8.2),
        Rule(11, 1.8, 1.0, 2.1, 8.5),
        Rule(13, 1.6, 0.9, 2.0, 8.8),
        Rule(15, 1.5, 0.8, 1.8, 9.1),
    ),
}


class WarmUnits(NamedTuple):
    """The last level: which signs are allowed, at fields of thermal ``variance``."""

    signs: Signs
    variance: float

    def observed(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cost, and the probability of an error, of a constraint: none."""
        return np.zeros(nodes.size), np.zeros(nodes.size)

    def on(self, fields: np.ndarray) -> Seen:
        """``ln Z`` at fields (units, points)."""
        return seen(fields, self.variance, self.signs)


def warm_units(base: WarmUnits, steps: np.ndarray, parisi: np.ndarray, level: int) -> UnitsNested:
    """Averages over levels of squared deviations ``steps`` (k+1,) at Parisi parameters (k,), k = 0 or 1."""
    rule, units, common = RULES[base.signs.units][level], base.signs.units, float(steps[0])
    if fields_are_faint(base.variance, steps):
        return faint_units(units, base.variance, steps, parisi, level, TOP)
    if len(parisi):
        gap, m = float(steps[1]), float(parisi[0])
        return around_fields(base, common, gap, m, rule) if common else around_zero(base, gap, m, rule)
    if common == 0.0:
        value, push, bend = (one[:1] for one in base.on(np.zeros((units, 1))))
        return UnitsNested([Level(lambda: bend, np.ones(1))], push[0], value[0], TOP, ())
    points = wedge(units, base.variance, common, rule.cap * math.sqrt(common), rule)
    both, one = base.on(points.fields), points.images * points.weight * gaussian(points.fields, common)
    mass = np.array([one, one])
    push, mean = (np.array([float(np.sum(mass * value))]) for value in (both.pushes, both.value))
    return UnitsNested([Level(lambda: both.bends, mass)], push, mean, TOP, ())


def around_zero(base: WarmUnits, gap: float, m: float, rule: Rule) -> UnitsNested:
    """`warm_units` at ``q_0 = 0``."""
    units = base.signs.units
    points = wedge(units, base.variance, gap, rule.cap * math.sqrt(gap), rule)
    both = base.on(points.fields)
    mass = points.images * points.weight * gaussian(points.fields, gap) * np.exp(m * both.value)
    norm = float(mass.sum())
    mass /= norm
    means, push = np.array([math.log(norm) / m, float(np.sum(mass * both.value))]), float(np.sum(mass * both.pushes))
    own = (float(mass.sum(axis=0) @ np.mean(points.fields**2, axis=0)) / gap - 1.0) / (m * gap)
    # two signs of more units are turned as often as not
    right_less_wrong = mass[0] - mass[1]
    mixed = float(right_less_wrong @ np.prod(points.fields, axis=0)) / (m * gap**2) if units == 2 else 0.0
    lowest = Level(lambda: units * np.array([own**2 + (units - 1) * mixed**2]), np.ones(1))
    return UnitsNested([lowest, Level(lambda: both.bends, mass)], np.array([0.0, push]), means, TOP, ())


def around_fields(base: WarmUnits, common: float, gap: float, m: float, rule: Rule) -> UnitsNested:
    """`warm_units` of two units at ``q_0 > 0``: a tensor of their fields in the lowest level."""
    assert base.signs.units == 2
    soft = math.sqrt(gap + base.variance)
    nodes, weights = half(soft, rule.reach * math.sqrt(common), min(WIDE * soft, rule.cap * math.sqrt(common)), rule)
    h, weight = np.append(-nodes[::-1], nodes), np.append(weights[::-1], weights)
    points = wedge(2, base.variance, common + gap, rule.cap * math.sqrt(gap), rule)
    if not h.size * points.weight.size < MOST:
        raise TooFine(f"{points.weight.size} fields beside {h.size}")
    both = base.on(points.fields)
    smooth = Smoothing(h, points, gap, points.weight * np.exp(m * both.value))
    one = weight * gaussian(h[None, :], common)
    mass = np.outer(one, one)
    norm = np.where(mass > NONE, smooth.of(0, 0), 1.0)
    mass = np.where(mass > NONE, mass, 0.0)
    slope = smooth.of(1, 0) / (m * norm)
    higher = smooth.back(mass / norm)
    with np.errstate(divide="ignore", invalid="ignore"):
        lowest = float(np.sum(mass * np.log(norm))) / m
    means = np.array([lowest, float(np.sum(higher * both.value))])
    if not np.all(np.isfinite(means)):
        raise TooFine("exponentials of fields far away have no digits")

    def curve() -> np.ndarray:
        own = smooth.of(2, 0) / (m * norm) - m * slope**2
        mixed = smooth.of(1, 1) / (m * norm) - m * slope * slope.T
        return np.asarray(2.0 * (own**2 + mixed**2))

    pushes = np.array([2.0 * float(np.sum(mass * slope**2)), float(np.sum(higher * both.pushes))])
    return UnitsNested([Level(curve, mass), Level(lambda: both.bends, higher)], pushes, means, TOP, ())


@dataclass(frozen=True)
class Smoothing:
    """Gaussian averages of ``gap`` around all pairs of ``h`` (symmetric about 0) over all images of a wedge of two
    units, where functions have the ``values`` (2, points) of right and of wrong signs (weights included).
    """

    h: np.ndarray
    points: Wedge
    gap: float
    values: np.ndarray

    def _kernel(self, fields: np.ndarray, order: int) -> np.ndarray:
        """The density at fields around h, or its derivatives in h."""
        apart = (fields - self.h[:, None]) / self.gap
        factor = {0: 1.0, 1: apart, 2: apart**2 - 1.0 / self.gap}[order]
        return np.asarray(factor * np.exp(-0.5 * self.gap * apart**2) / math.sqrt(2.0 * math.pi * self.gap))

    @cached_property
    def _plain(self) -> np.ndarray:
        return self._kernel(self.points.fields[1], 0)

    def _wedge(self, first: int, second: int) -> np.ndarray:
        """Derivatives in the fields around the smaller and the larger one."""
        low = self._kernel(self.points.fields[0, self.points.starts], first)
        high = self._kernel(self.points.fields[1], second) if second else self._plain
        right, wrong = (low @ np.add.reduceat(high * one, self.points.starts, axis=1).T for one in self.values)
        turned = (-1.0) ** second * wrong[:, ::-1] + (-1.0) ** first * wrong[::-1]
        return np.asarray(right + (-1.0) ** (first + second) * right[::-1, ::-1] + turned)

    def of(self, first: int, second: int) -> np.ndarray:
        """The average, or so high derivatives of it in both fields."""
        found = self._wedge(first, second)
        return found + (found if first == second else self._wedge(second, first)).T

    def back(self, mass: np.ndarray) -> np.ndarray:
        """Where the average with a symmetric ``mass`` of h has its own: on the wedge of right, and of wrong signs."""
        low = self._kernel(self.points.fields[0, self.points.starts], 0)
        count = np.diff(np.append(self.points.starts, self.points.weight.size))
        found = []
        for one, turned in zip(self.values, (mass, mass[:, ::-1]), strict=True):
            along = np.repeat(turned.T @ low, count, axis=1)
            found.append(self.points.images * one * np.sum(along * self._plain, axis=0))
        return np.array(found)


def gaussian(fields: np.ndarray, variance: float) -> np.ndarray:
    """The density of independent fields (units, points)."""
    density = np.exp(-0.5 * np.sum(fields**2, axis=0) / variance)
    return np.asarray(density * (2.0 * math.pi * variance) ** (-0.5 * len(fields)))
