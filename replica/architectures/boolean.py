"""Networks of a few Boolean units whose output depends on how many are positive: averages over K outer fields."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import comb
from typing import Any, NamedTuple

import numpy as np

from replica.architectures._bayes_majority import majority_bayes_error
from replica.architectures._boolean_kernels import ratio_sums, residual_sums, whole_sums
from replica.architectures._boolean_reference import reference_sums
from replica.architectures._majority_kernels import majority_sums, unanimous_sums
from replica.architectures.base import PatternAverage
from replica.architectures.few_units import FewUnits
from replica.data.base import Data, Overlaps
from replica.losses.base import Loss
from saddlepoint.quadrature.panels import gaussian_nodes
from saddlepoint.special import tail


class Rule(NamedTuple):
    """A level of the trapezoidal rule: radius of the ball of outer fields, step in units of the width, and at most."""

    reach: float
    share: float
    widest: float


FEW = (Rule(8.7, 0.42, 0.8), Rule(8.7, 0.3, 0.65), Rule(8.9, 0.25, 0.58), Rule(9.1, 0.16, 0.42), Rule(9.3, 0.135, 0.36))
MANY = (Rule(6.6, 0.55, 0.9), Rule(7.3, 0.42, 0.8), Rule(8.5, 0.36, 0.7), Rule(8.9, 0.29, 0.62), Rule(9.2, 0.25, 0.56))
#: nodes per unit that are still affordable at level 1, by number of units
LARGEST = {2: 4000, 3: 450, 4: 150, 5: 80}
#: share of the overlap in the norm above which panels take the place of the trapezoidal rule
PANELLED = 0.8


def rule_of(units: int, level: int) -> tuple[Rule, int]:
    """The rule of a level, and the largest number of nodes (a little more at finer levels)."""
    return (FEW if units <= 3 else MANY)[level], int(LARGEST[units] * (1.0 + 0.3 * max(level - 1, 0)))


def unit_table(q: float, variance: float, m: float, transverse: float, rule: Rule, most: int) -> np.ndarray | None:
    """One unit at the nodes of the trapezoidal rule, as the kernels want it; None for more than ``most`` nodes.

    ``ln Z`` is analytic in a strip around the real z whose width goes with ``w = sqrt(V/q)`` (with ``w^2`` where two
    units compete): the rule converges exponentially with a step in that proportion.
    """
    width = np.sqrt(variance / q) if q > 0 else np.inf
    if m:
        width = min(width, np.sqrt(transverse) / abs(m))
    step = 1.0 / (1.0 / rule.widest + 1.0 / (rule.share * width) + 0.3 / width**2) if width > 0 else 0.0
    half = int(rule.reach / max(step, 1e-9)) + 1
    if not step > 0 or 2 * half + 1 > most:
        return None
    z = step * np.arange(-half, half + 1)
    weight = step * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    spread = np.sqrt(variance)
    u = np.sqrt(q) / spread * z
    log_r, log_p = tail(u)[0], tail(-u)[0]
    log_slope = -0.5 * u * u - np.log(spread) - 0.5 * np.log(2.0 * np.pi)
    pt, rt, slope_t = np.full(z.size, 0.5), np.full(z.size, 0.5), np.zeros(z.size)
    if m:
        rest, t = np.sqrt(transverse / q), m / np.sqrt(transverse) * z
        pt, rt = np.exp(tail(-t)[0]), np.exp(tail(t)[0])
        slope_t = np.exp(-0.5 * t * t) / np.sqrt(2.0 * np.pi) / rest
    sides, slope = (np.exp(log_p), np.exp(log_r), log_p, log_r), np.exp(log_slope)
    return np.array([z, weight, *sides, slope, u / spread, log_slope, pt, rt, slope_t])


@dataclass(frozen=True)
class BooleanUnits(FewUnits):
    """K units +-1 (K = 2 ... 5 for the equations, any K for the capacity of the sphere) and the output of a network.

    Parameters
    ----------
    outputs : tuple of float
        The field of a pattern when n of the K units are positive, n = 0 ... K.
    """

    outputs: tuple[float, ...]

    @classmethod
    def committee(cls, units: int, ties: str) -> BooleanUnits:
        """Fields ``(2n - K)/sqrt K``, moved by a rounding so that a tie with the margin is decided as asked."""
        fields = (2.0 * np.arange(units + 1) - units) / np.sqrt(units)
        nudge = 1e-13 if ties == "satisfied" else -1e-13
        return cls(tuple((fields + nudge).tolist()))

    @property
    def rounding(self) -> float:  # type: ignore[override]
        return 4e-15 if self.units <= 3 else 5e-13

    @property
    def units(self) -> int:
        return len(self.outputs) - 1

    def patterns(
        self, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, level: int, whole: bool
    ) -> PatternAverage:
        """Averages over a pattern at the overlaps of each unit; NaN for rows whose rule would be too long."""
        if self.units not in LARGEST:
            few = f"2 to {max(LARGEST)} units (the capacity of the sphere: any)"
            raise ValueError(f"the equations are here for {few}, got {self.units}")
        rows = np.size(overlaps.q)
        sums = np.zeros((rows, 5 + 2))
        q, variance, m, transverse = (np.broadcast_to(x, (rows,)) for x in overlaps)
        for label, taught in self._labels(data):
            field = np.tile(label * np.asarray(self.outputs), (rows, 1))
            weight = loss.boltzmann(field, beta)
            cost = np.where(weight > 0, loss.cost(field), 0.0)
            extra = np.stack([weight * cost, weight * loss.violated(field)], axis=1)
            for row in range(rows):
                numbers = float(q[row]), float(variance[row]), float(m[row]), float(transverse[row])
                sums[row] += self._one(*numbers, weight[row], extra[row], taught, level, whole)
        log_z, bend, square, rigidity, pull, cost, wrong = sums.T
        if not whole:  # the fields of the units scale: sum_k E f_k' follows
            bend = -(variance * square + m * pull) / (q + variance)
        conjugates = {"q_hat": square, "curvature": -bend} | ({"m": pull} if data.overlaps else {})
        return PatternAverage(log_z, conjugates, *((rigidity, cost, wrong) if whole else (None, None, None)))

    def _labels(self, data: Data) -> list[tuple[float, np.ndarray]]:
        """Labels and, per number of the teacher's positive units, whether it gives that label (2 for any label)."""
        outputs = np.asarray(self.outputs)
        if data.unrelated:
            return [(1.0, np.ones(self.units + 1))]
        if data.imitates:
            return [(sign, (sign * outputs > 0).astype(float)) for sign in (1.0, -1.0)]
        raise ValueError(f"networks of a few units are here for random labels and a noise-free teacher, not {data}")

    def _one(
        self,
        q: float,
        variance: float,
        m: float,
        transverse: float,
        weight: np.ndarray,
        extra: np.ndarray,
        taught: np.ndarray,
        level: int,
        whole: bool,
    ) -> np.ndarray:
        found = np.zeros(7)
        if q > PANELLED * (q + variance) and taught.all() and not np.any(extra):
            sums = self._near_one(q, variance, weight, level, whole)
            if sums is not None:
                found[:4] = sums
                return found
        rule, most = rule_of(self.units, level)
        table = unit_table(q, variance, m, transverse, rule, most) if np.isfinite(q + variance + m) else None
        if table is None:
            return np.full(7, np.nan)
        scale = weight.max()  # of a soft loss at a low temperature
        if not scale > 0:  # no output satisfies the pattern
            return np.array([-np.inf, *[np.nan] * 6])
        arguments = (table, weight / scale)
        if not whole:
            out = np.empty(2)
            residual_sums(*arguments, taught, self.units, rule.reach**2, out)
            found[0], found[2], found[4] = np.nan, out[0], out[1]
            return found
        whole_sums(*arguments, taught, self.units, rule.reach**2, found[:5])
        share = 1.0 if taught.all() else 0.5
        found[0] += share * np.log(scale)
        if np.any(extra):
            ratio_sums(*arguments, extra / scale, taught, self.units, rule.reach**2, found[5:])
        return found

    def reference_patterns(
        self, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, mp: Any, digits: int
    ) -> PatternAverage:
        """``digits`` are those of the working precision, ten more than are asked of the solution."""
        q, variance, m, _ = overlaps
        parts = []
        for label, taught in self._labels(data):
            weight = loss.boltzmann(label * np.asarray(self.outputs)[None, :], float(beta))[0]
            parts.append(reference_sums(overlaps, weight, taught, self.units, mp, digits - 10))
        log_z, square, pull = (sum(column) for column in zip(*parts, strict=True))
        curvature = (variance * square + m * pull) / (q + variance)  # the fields of the units scale
        conjugates = {"q_hat": square, "curvature": curvature} | ({"m": pull} if data.overlaps else {})
        return PatternAverage(log_z, conjugates, mp.nan, mp.nan, mp.nan)

    def _near_one(
        self, q: float, variance: float, weight: np.ndarray, level: int, whole: bool
    ) -> np.ndarray | None:
        """The sums without a teacher on panels that follow the edges; None where there are none for these outputs."""
        every = np.all(weight[:-1] == 0.0)
        if not every and (self.units != 3 or weight[:2].any() or weight[2] != weight[3]):
            return None
        sums = unanimous_sums(q, variance, self.units, level) if every else majority_sums(q, variance, level, whole)
        sums[0] = sums[0] + np.log(weight[-1]) if whole else np.nan
        sums[1] = -variance * sums[2] / (q + variance)  # the fields of the units scale
        return sums

    @property
    def levels(self) -> tuple[float, ...]:
        return tuple(sorted(set(self.outputs)))

    def attainable(self, loss: Loss) -> bool:
        return bool(np.any(loss.cost(np.asarray(self.outputs)[None, :]) == 0))

    def nearest(self, loss: Loss, level: int) -> tuple[float, float]:
        """An allowed number of positive units is reached by turning over the smallest fields of one sign: order
        statistics of half-normals.
        """
        allowed = np.flatnonzero(loss.cost(np.asarray(self.outputs)[None, :])[0] == 0)
        if not allowed.size:
            return np.inf, np.inf
        total = 0.0
        rare = 6.0 * np.sqrt(self.units)  # numbers further from half have no weight
        common = range(max(0, int(0.5 * self.units - rare)), min(self.units, int(0.5 * self.units + rare)) + 1)
        for positive in sorted(set(common) - set(allowed.tolist())):
            below, above = allowed[allowed < positive], allowed[allowed > positive]
            down = int(positive - below.max()) if below.size else None
            up = int(above.min() - positive) if above.size else None
            chance = comb(self.units, positive) / 2**self.units  # of whole numbers, which do not overflow
            total += chance * _least_flips(positive, self.units - positive, down, up, level)
        every = allowed.tolist() == [self.units]  # all units positive: a cone with the Hessian of single units
        return total, 0.5 * self.units if every else np.inf

    def bayes_error(self, q: float) -> tuple[float, float]:
        signs = np.sign(self.outputs)
        if np.all(signs[1:] == -signs[:-1]):  # parity: the mean output is the product of those of the units
            return 0.5 - 0.5 * (1.0 - 2.0 * np.arctan2(np.sqrt(1.0 - q), np.sqrt(q)) / np.pi) ** self.units, 4e-16
        if self.units != 3 or not np.array_equal(signs, [-1.0, -1.0, 1.0, 1.0]):
            raise ValueError(f"the optimal rule is here for parity and committees of 3 units, got {self.units} units")
        found = [majority_bayes_error(q, order) for order in (8, 12, 16)]
        return found[-1], 2.0 * (max(found) - min(found)) + 1e-15

    def error_rate(self, disagreement: np.ndarray) -> np.ndarray:
        """Over all numbers of positive units before and after, a network with the probability of its flips."""
        total = np.zeros_like(disagreement)
        signs = np.sign(self.outputs)
        for first, second in product(range(self.units + 1), repeat=2):
            if signs[first] != signs[second]:
                total += comb(self.units, first) / 2**self.units * _moves(self.units, first, second, disagreement)
        return total


def _moves(units: int, first: int, second: int, flip: np.ndarray) -> np.ndarray:
    """Probability that ``first`` positive units become ``second`` when each flips with probability ``flip``."""
    total = np.zeros_like(flip)
    for lost in range(first + 1):
        won = second - first + lost
        if 0 <= won <= units - first:
            ways = comb(first, lost) * comb(units - first, won)
            total += ways * flip ** (lost + won) * (1.0 - flip) ** (units - lost - won)
    return total


def _least_flips(positive: int, negative: int, down: int | None, up: int | None, level: int) -> float:
    """Mean of the cheapest way to turn ``down`` of the positive or ``up`` of the negative units over."""
    if down is None or up is None:
        count, group = (up, negative) if down is None else (down, positive)
        return _smallest_squares(count or 0, group, level)
    if down == up == 1:
        return _smallest_squares(1, positive + negative, level)
    raise ValueError("the capacity of this loss needs two kinds of moves of several units, which is not here")


@lru_cache(maxsize=4096)
def _smallest_squares(count: int, group: int, level: int) -> float:
    """Mean of the sum of the ``count`` smallest squares among ``group`` standard Gaussians.

    ``sum_j j C(g, j) p^(j-1) (1-p)^(g-j)`` over the ranks is g times a distribution function, which is no large number.
    """
    from scipy.special import betainc, ndtri  # heavy: only where it is needed

    if not count:
        return 0.0
    share = count / group
    place = float(ndtri(0.5 + 0.5 * min(share, 1.0 - 0.5 / group)))
    width = np.sqrt(max(share * (1.0 - share), 0.5 / group) / group) * np.exp(0.5 * place**2)
    z, weight = gaussian_nodes(np.array([[place]]), np.full((1, 1), min(0.5, width)), np.zeros((1, 1)), level)
    at, weight = z[0][z[0] > 0], 2.0 * weight[0][z[0] > 0]
    beyond = 2.0 * np.exp(tail(at)[0])
    ranked = betainc(group - count, count, beyond) if count < group else np.ones_like(at)
    return float((weight * at * at) @ ranked) * group
