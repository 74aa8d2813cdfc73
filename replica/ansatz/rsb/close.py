"""One step whose levels are close, or overlaps that are faint: averages without differences of numbers that are alike.

Where ``s = sqrt(q_1 - q_0)`` is far below the width on which ``f = ln Z`` varies, Hermite's rule in the step is exact,
and the gain of the step is a relative entropy, ``F_1 - F_0 = (1/m) E sum_a p_a ln(p_a/w_a)`` with the tilted weights
``p_a ~ w_a e^{m f_a}``: known to all digits, however small. Valleys there are flat, and minima are told by it alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

import numpy as np

from replica.ansatz.rsb.grids import fineness, uniform
from replica.ansatz.rsb.patterns import RANGE, SPREAD, WARY, Differences, Level, Nested, Warm, lowest_mass
from replica.ansatz.rsb.unit_levels import Level as UnitsLevel
from replica.ansatz.rsb.unit_levels import Top, UnitsNested

CLOSE = 0.15  # deviations, in widths, up to which Hermite rules are exact
POINTS = 0.3  # steps of the fields below, in widths
NODES = (12, 16, 20, 24, 28)
SMALL = 0.3
EPS = float(np.finfo(float).eps)


class Known(Differences):
    """Gains that are no differences, and their relative rounding."""

    rises: np.ndarray
    blur: float

    @property
    def gains(self) -> np.ndarray:
        return self.rises

    @property
    def gains_noise(self) -> np.ndarray:
        return np.array([self.blur])


@dataclass(frozen=True)
class CloseNested(Known, Nested):
    """Two levels, and the difference of their means."""

    rises: np.ndarray
    blur: float

    @property
    def lost(self) -> float:
        return max(abs(float(level.mass.sum()) - 1.0) for level in self.levels)


@dataclass(frozen=True)
class FaintUnits(Known, UnitsNested):
    """Those of a few units."""

    rises: np.ndarray
    blur: float


def levels_are_close(base: Warm, steps: np.ndarray, parisi: np.ndarray) -> bool:
    """Whether a single step of squared deviation ``steps[1]`` is small enough for `close_levels`."""
    return parisi.size == 1 and math.sqrt(steps[1]) < CLOSE * sharp(base)


def sharp(base: Warm) -> float:
    """The width on which ``ln Z`` varies; of costs that are not convex zeros of Z are nearer than that."""
    return base.width / (WARY if base.crosses else 1.0)


def close_levels(base: Warm, steps: np.ndarray, parisi: np.ndarray, level: int) -> CloseNested:
    """`nested` of one step that is small beside what changes."""
    common, gap, m, fine = float(steps[0]), float(steps[1]), float(parisi[0]), fineness(level)
    points, weights = np.zeros(1), np.ones(1)
    if common:
        longest = min(math.sqrt(common) / SPREAD, POINTS * sharp(base))
        points, step = uniform(fine.reach * math.sqrt(RANGE * common), longest / fine.steps)
        weights = np.full(points.size, step)
    z, w = hermite(NODES[level])
    nodes = points[:, None] + math.sqrt(gap) * z
    value, slope, bend = (one.reshape(nodes.shape) for one in base.terms(nodes.ravel()))
    middle = base.terms(points)[0]
    share, rise, lower = tilted_shares(value - middle[:, None], w, m)
    mean = np.sum(share * slope, axis=1)
    bent = np.sum(share * (bend + m * (slope - mean[:, None]) ** 2), axis=1)
    mass = lowest_mass(points, weights, common)
    higher = (mass[:, None] * share).ravel()
    levels = [
        Level(points, weights, middle + lower, mean, bent, mass),
        Level(nodes.ravel(), np.ones(higher.size), value.ravel(), slope.ravel(), bend.ravel(), higher),
    ]
    return CloseNested(levels, np.array([mass @ rise]), 64 * EPS + 4 * EPS / gap)


def fields_are_faint(variance: float, steps: np.ndarray) -> bool:
    """Whether all fields of a few units are small enough for `faint_units`."""
    return math.sqrt(steps.sum()) < CLOSE * math.sqrt(variance) and bool(np.any(steps > 0.0))


def faint_units(
    units: int, variance: float, steps: np.ndarray, parisi: np.ndarray, level: int, top: Top
) -> UnitsNested:
    """A parity of a few units, no step or one, at fields that are all small: rules in as many dimensions."""
    z, w = hermite(NODES[level])
    common = float(steps[0])
    x, outer = (math.sqrt(common) * z, w) if common else (np.zeros(1), np.ones(1))
    mass = reduce(np.multiply.outer, [outer] * units).ravel()
    middle = _parity(x[:, None], units, variance)
    if not parisi.size:
        value, slope, _, own, mixed = (one[:, 0] for one in middle)
        bends = units * (own**2 + (units - 1) * mixed**2)
        push, mean = units * float(mass @ slope**2), float(mass @ value)
        grid = UnitsLevel(lambda: bends, mass)
        return UnitsNested([grid], np.array([push]), np.array([mean]), top, ())
    gap, m = float(steps[1]), float(parisi[0])
    value, slope, other, own, mixed = _parity(x[:, None] + math.sqrt(gap) * z, units, variance)
    share, rise, lower = tilted_shares(value - middle[0], reduce(np.multiply.outer, [w] * units).ravel(), m)
    first, second = (np.sum(share * one, axis=1, keepdims=True) for one in (slope, other))
    low_own = np.sum(share * (own + m * (slope - first) ** 2), axis=1)
    low_mixed = np.sum(share * (mixed + m * (slope - first) * (other - second)), axis=1)
    higher = mass[:, None] * share
    bends = units * (low_own**2 + (units - 1) * low_mixed**2), units * (own**2 + (units - 1) * mixed**2)
    levels = [UnitsLevel(lambda: bends[0], mass), UnitsLevel(lambda: bends[1], higher)]
    pushes = units * np.array([mass @ first[:, 0] ** 2, np.sum(higher * slope**2)])
    low, gain = float(mass @ (middle[0][:, 0] + lower)), mass @ rise
    blur = (64 + 4 / gap) * EPS
    return FaintUnits(levels, pushes, np.array([low, low + gain]), top, (), np.array([gain]), blur)


def hermite(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of averages over a normal variable."""
    z, w = np.polynomial.hermite_e.hermegauss(order)
    return z, w / w.sum()


def tilted_shares(change: np.ndarray, weights: np.ndarray, m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each row of changes of f in a step: the tilted weights, ``1/m`` times their relative entropy to those of the
    rule, and ``(1/m) ln E e^{m change}``.
    """
    lower = np.log1p(np.expm1(m * change) @ weights)
    log = m * change - lower[:, None]
    return weights * np.exp(log), _excess(log) @ weights / m, lower / m


def _excess(t: np.ndarray) -> np.ndarray:
    """``t e^t - e^t + 1``, whose mean is the relative entropy of weights ``e^t``."""
    small = np.clip(t, -SMALL, SMALL)
    series = np.zeros_like(t)
    for n in range(14, 1, -1):
        series = (series + (n - 1) / math.factorial(n)) * small
    return np.where(np.abs(t) < SMALL, series * small, t * np.exp(t) - np.expm1(t))


def _parity(fields: np.ndarray, units: int, variance: float) -> tuple[np.ndarray, ...]:
    """``ln Z`` with its slopes in the first and the second unit, and the own and mixed second derivatives, at all
    tuples of the rows, and in each of the columns, of ``fields``.
    """
    from scipy.special import erf

    edge = np.exp(-0.5 * fields**2 / variance) * math.sqrt(2.0 / (math.pi * variance))
    turns = erf(fields / math.sqrt(2.0 * variance)), edge, -fields / variance * edge

    def product(*orders: int) -> np.ndarray:
        every = [turns[order] for order in (*orders, *[0] * (units - len(orders)))]
        return reduce(_paired, every)

    turn = product()
    whole = 1.0 + turn
    first, second = product(1) / whole, product(0, 1) / whole
    own, mixed = product(2) / whole - first**2, product(1, 1) / whole - first * second
    return np.log1p(turn) - math.log(2.0), first, second, own, mixed


def _paired(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Products of all rows and of all columns of two tables, as a table."""
    return np.asarray((one[:, None, :, None] * other[None, :, None, :]).reshape(len(one) * len(other), -1))
