"""Committees of two or four rectified units: averages over their outer fields by products of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from replica._registry import per_row
from replica.architectures._rectified_tables import Contest, Group, gauss
from replica.architectures.base import PatternAverage
from replica.architectures.few_units import FewUnits
from replica.data.base import Data, Overlaps
from replica.losses.base import Loss
from saddlepoint.quadrature.rules import gauss_legendre
from saddlepoint.special import tail


class Rule(NamedTuple):
    """A level of the trapezoidal rule: radius of the ball of outer fields, step in units of the width, and at most."""

    reach: float
    share: float
    widest: float


#: outer nodes per unit that are still affordable at level 1, by number of units
LARGEST = {2: 900, 4: 64}
#: the rule of the outer fields at each level, by number of units
RULES = {
    2: (Rule(8.7, 0.42, 0.8), Rule(8.7, 0.3, 0.65), Rule(8.9, 0.25, 0.58), Rule(9.1, 0.16, 0.42),
        Rule(9.3, 0.135, 0.36)),
    4: (Rule(6.2, 0.7, 1.0), Rule(6.9, 0.52, 0.87), Rule(7.6, 0.44, 0.79), Rule(8.1, 0.34, 0.68), Rule(8.6, 0.28, 0.6)),
}
#: order and length of the panels in the sum of a group, in units of its deviation
PANELS = ((10, 3.0), (13, 3.0), (17, 3.0), (21, 2.8), (26, 2.6))
BLOCK = 256  # rows of the table of probabilities that are held at once


class Step(NamedTuple):
    """A cost with one step: Boltzmann weights below and above the margin, costs, and the margin itself."""

    low: float
    high: float
    cost_low: float
    cost_high: float
    margin: float


@dataclass(frozen=True)
class RectifiedUnits(FewUnits):
    """``K^{-1/2} (S_+ - S_-)``, S the sums of K/2 rectified units each; K = 2 or 4.

    Parameters
    ----------
    units : int
    strict : bool
        Whether a tie (a field of exactly kappa) violates the margin: at kappa = 0 all units may be off.
    """

    units: int
    strict: bool

    @property
    def rounding(self) -> float:  # type: ignore[override]
        return 1e-14 if self.units == 2 else 1e-11

    def patterns(
        self, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, level: int, whole: bool
    ) -> PatternAverage:
        """Averages at the overlaps of each unit; NaN for rows whose rule would be too long."""
        if self.units not in LARGEST:
            raise ValueError(f"the equations of ReLU committees are here for 2 and 4 units, got {self.units}")
        if not data.unrelated:
            raise ValueError(f"ReLU committees of a few units are here for random labels, not {data}")
        rows = np.size(overlaps.q)
        q, variance = (np.broadcast_to(x, (rows,)) for x in (overlaps.q, overlaps.variance))
        found = np.full((rows, 6), np.nan)
        for row, step in enumerate(_steps(loss, beta, rows)):
            if np.isfinite(q[row]) and variance[row] > 0:
                found[row] = self._one(float(q[row]), float(variance[row]), step, loss, level, whole)
        log_z, square, lift, rigidity, cost, wrong = found.T
        # the field is homogeneous in the units: sum_k E f_k' follows from the other slopes
        bend = -(variance * square + lift) / (q + variance)
        more = (rigidity, cost, wrong) if whole else (None, None, None)
        return PatternAverage(log_z, {"q_hat": square, "curvature": -bend}, *more)

    def _one(self, q: float, variance: float, step: Step, loss: Loss, level: int, whole: bool) -> np.ndarray:
        rule, order = RULES[self.units][level], PANELS[level]
        nodes = _outer(q, variance, rule, self.units // 2, int(LARGEST[self.units] * (1.0 + 0.3 * max(level - 1, 0))))
        if nodes is None:
            return np.full(6, np.nan)
        group = Group(np.sqrt(q) * nodes.z, float(np.sqrt(variance)))
        top = np.sqrt(group.size) * (rule.reach * np.sqrt(q) + (rule.reach + 0.3) * group.s)
        contest = Contest.of(group, step.margin * np.sqrt(self.units), self.strict, top, order)
        plain = None
        if whole and (step.margin < 0 or not loss.hard):  # patterns on the wrong side, or given up
            plain = Contest.of(group, 0.0, step.margin < 0, top, order)
        total = np.zeros(6)
        for block in _blocks(len(nodes.mass)):
            total += _sums(contest, plain, nodes.mass, block, step, whole)
        return total

    def nearest(self, loss: Loss, level: int) -> tuple[float, float]:
        if self.units != 2:
            raise ValueError("the capacity of spherical weights in ReLU committees is here for 2 units and units=inf")
        step = next(_steps(loss, np.inf, 1))
        return _two_units(step.margin * np.sqrt(2.0), self.strict, level)

    def error_rate(self, disagreement: np.ndarray) -> np.ndarray:
        raise ValueError("generalisation errors of ReLU committees of a few units are not here")


def _sums(
    contest: Contest, plain: Contest | None, mass: np.ndarray, block: slice, step: Step, whole: bool
) -> np.ndarray:
    """Averages over some of the rows and all columns: ln Z, slopes squared, margin times its slope, curvatures squared,
    cost, errors.
    """
    weight = mass[block, None] * mass[None, :]
    chance = contest.chance(block)
    zed = step.low + (step.high - step.low) * chance
    if not np.all(zed > 0):  # below double precision: margins that are all but out of reach
        return np.array([-np.inf, *[np.nan] * 5])
    gain = (step.high - step.low) / zed
    slopes = [gain * slope for slope in contest.slopes(block)]
    out = np.zeros(6)
    out[0] = np.nan
    out[1] = sum(float(np.vdot(weight, d * d)) for d in slopes)
    if contest.shift:
        out[2] = contest.sign * contest.shift * float(np.vdot(weight, gain * contest.lift(block)))
    if whole:
        out[0] = float(np.vdot(weight, np.log(zed)))
        for k, m, curve in contest.curves(block):
            mixed = gain * curve - slopes[k] * slopes[m]
            out[3] += (1.0 if k == m else 2.0) * float(np.vdot(weight, mixed * mixed))
    if plain is not None:
        right = plain.chance(block) if contest.sign > 0 else 1.0 - plain.chance(block)
        paid = step.cost_low * step.low * (1.0 - chance) + step.cost_high * step.high * chance
        lost = step.low * (1.0 - np.maximum(right, chance)) + step.high * np.maximum(chance - right, 0.0)
        out[4], out[5] = float(np.vdot(weight, paid / zed)), float(np.vdot(weight, lost / zed))
    return out


def _steps(loss: Loss, beta: Any, rows: int) -> Iterator[Step]:
    """The step of a loss in each row; refuses losses that are not one step."""
    kinks = loss.kinks()
    if len(kinks) != 1:
        raise ValueError(f"ReLU committees of a few units need a loss with one step (a margin), got {loss}")
    edge = per_row(kinks[0], rows)
    at = edge[:, None] + np.array([-7.0, -1.0, 1.0, 7.0])
    cost, weight = loss.cost(at), loss.boltzmann(at, beta)
    if np.any(cost[:, 0] != cost[:, 1]) or np.any(cost[:, 2] != cost[:, 3]):
        raise ValueError(f"ReLU committees of a few units need a loss with one step (a margin), got {loss}")
    cost = np.where(weight > 0, cost, 0.0)
    for row in range(rows):
        yield Step(weight[row, 0], weight[row, 3], cost[row, 0], cost[row, 3], float(edge[row]))


class Outer(NamedTuple):
    """Sorted tuples of standard outer fields of one group, with their Gaussian masses."""

    z: np.ndarray
    mass: np.ndarray


def _outer(q: float, variance: float, rule: Rule, size: int, most: int) -> Outer | None:
    width = np.sqrt(variance / q) if q > 0 else np.inf
    step = 1.0 / (1.0 / rule.widest + 1.0 / (rule.share * width) + 0.3 / width**2)
    half = int(rule.reach / step) + 1
    if 2 * half + 1 > most:
        return None
    z = step * np.arange(-half, half + 1)
    mass = step * gauss(z)
    if size == 1:
        return Outer(z[:, None], mass)
    first, second = np.triu_indices(z.size)
    inside = z[first] ** 2 + z[second] ** 2 <= rule.reach**2
    first, second = first[inside], second[inside]
    weight = np.where(first == second, 1.0, 2.0) * mass[first] * mass[second]
    return Outer(np.stack([z[first], z[second]], axis=1), weight)


def _blocks(size: int) -> Iterator[slice]:
    for start in range(0, size, BLOCK):
        yield slice(start, min(start + BLOCK, size))


class _Sector(NamedTuple):
    """Directions in which the distance grows as ``r sqrt(square)``; ``rank`` of the Hessian of half its square."""

    start: float
    stop: float
    square: Callable[[np.ndarray], np.ndarray]
    rank: int


def _two_units(t: float, strict: bool, level: int) -> tuple[float, float]:
    """``E D^2`` of ``relu(x) - relu(y) >= t`` and ``E |H|^2``, by sectors around the corner of the allowed set.

    Convex for ``t > 0`` (and for t = 0 without ties): corner (t, 0), edges ``x = t, y < 0`` and ``x = t + y``; else the
    corner (0, -t) points inwards and the nearer of two edges counts.
    """
    pi = np.pi
    if t > 0 or (t == 0 and strict):
        centre = np.array([t, 0.0])
        sectors = [
            _Sector(pi / 4, 3 * pi / 4, lambda a: np.sin(a - pi / 4) ** 2, 1),
            _Sector(3 * pi / 4, pi, np.ones_like, 2),
            _Sector(pi, 3 * pi / 2, lambda a: np.cos(a) ** 2, 1),
        ]
    else:
        centre = np.array([0.0, -t])
        sectors = [
            _Sector(pi / 4, 5 * pi / 8, lambda a: np.sin(a - pi / 4) ** 2, 1),
            _Sector(5 * pi / 8, pi, lambda a: np.sin(a) ** 2, 1),
        ]
    node, weight = gauss_legendre(24 + 12 * level)
    total, hessian = 0.0, 0.0
    for sector in sectors:
        half = 0.5 * (sector.stop - sector.start)
        angle = sector.start + half * (1.0 + node)
        along = centre[0] * np.cos(angle) + centre[1] * np.sin(angle)
        first, third = _radial(along, float(centre @ centre))
        scale = half * weight / (2.0 * pi)
        total += float(scale @ (sector.square(angle) * third))
        hessian += sector.rank * float(scale @ first)
    convex = len(sectors) == 3
    return total, hessian if convex else np.inf


def _radial(b: np.ndarray, square: float) -> tuple[np.ndarray, np.ndarray]:
    """``int_0^inf r^n exp(-(r^2 + square)/2 - b r) dr`` for n = 1 and 3, with ``b^2 <= square``."""
    log_tail, _ = tail(b)
    edge = np.exp(-0.5 * square)
    zeroth = np.sqrt(2.0 * np.pi) * np.exp(log_tail + 0.5 * (b * b - square))
    first = edge - b * zeroth
    second = zeroth - b * first
    return first, 2.0 * first - b * second
