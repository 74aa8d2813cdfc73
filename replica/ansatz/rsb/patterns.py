"""One pattern (or weight) under any number of steps: nested averages of its free entropy, and exact derivatives.

Backward ``f_{j-1}(x) = (1/m_j) ln int Dz exp[m_j f_j(x + s_j z)]``, forward the distribution of fields
``P_j(y) = e^{m_j f_j(y)} int dx P_{j-1}(x) e^{-m_j f_{j-1}(x)} N(y; x, s_j^2)``; with them
``d f/dv_j = -(m_{j+1} - m_j)/2 int P_j f_j'^2`` and ``d f/dm_j = (int P_j f_j - int P_{j-1} f_{j-1})/m_j``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from replica.ansatz.rsb.grids import Fineness, fineness, panels, uniform
from replica.ansatz.rsb.kernels import spread, tilted, windows
from replica.losses import Loss

EPS = float(np.finfo(float).eps)
LN_SQRT_2PI = 0.9189385332046727
RANGE = 92.0  # squared deviations beyond which a Gaussian has no mass
SPREAD = 2.2  # uniform steps in a deviation of the level itself
NEXT = 0.8  # and in units of the deviation of the level above, whose smooth functions are to be resolved
LOOKS = 241  # nodes at which it is looked where the last level is felt
FELT = 60.0  # logarithm of the terms that are not
CROSS = 0.6  # of the inverse of m times the difference in slope of two branches that cross (costs that are not convex)
WARY = 1.4  # by how much finer steps are for costs that are not convex
BASE = 0.55  # and of the width on which the last level varies


class HasMeans(Protocol):
    """Levels of a pattern with means ``F_j = int P_j f_j``."""

    @property
    def means(self) -> np.ndarray: ...


class Differences:
    """What the steps between levels gain, by the difference of their means."""

    @property
    def gains(self: HasMeans) -> np.ndarray:
        """``F_j - F_{j-1}``."""
        return np.diff(self.means)

    @property
    def gains_noise(self: HasMeans) -> np.ndarray:
        """Relative rounding of these."""
        means = self.means
        with np.errstate(divide="ignore"):
            return np.asarray(32 * EPS * (1.0 + np.abs(means).max()) / np.abs(np.diff(means)))


class Level(NamedTuple):
    """Nodes, weights, ``f`` with its first two derivatives, and the mass of the fields there."""

    nodes: np.ndarray
    weights: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    bend: np.ndarray
    mass: np.ndarray


def _beyond_kinks(loss: Loss, variances: np.ndarray) -> np.ndarray:
    kinks = np.abs(loss.kinks())
    return np.asarray(np.sqrt(RANGE * variances + np.max(kinks[kinks < 20.0], initial=0.0) ** 2))


class Warm(NamedTuple):
    """The last level at finite temperature, or of a hard constraint: ``ln Z(x, V)``."""

    loss: Loss
    variance: float
    beta: float

    @property
    def crosses(self) -> bool:
        """Whether branches of ``f`` cross."""
        return not self.loss.log_concave

    @property
    def width(self) -> float:
        """That on which ``ln Z`` varies."""
        _, widths = self.loss.features(np.array([self.variance]), self.beta)
        return float(np.min(np.append(widths[np.isfinite(widths)], math.sqrt(self.variance))))

    def far(self, variances: np.ndarray) -> np.ndarray:
        """Where fields of these variances end."""
        return _beyond_kinks(self.loss, variances)

    def nodes(
        self, reach: float, below: float, deviation: float, tilt: float, fine: Fineness
    ) -> tuple[np.ndarray, np.ndarray]:
        """A uniform grid: everything is smooth on the scale of the features of ``ln Z``."""
        nodes, step = uniform(reach, min(deviation / SPREAD, BASE * self.width) / fine.steps)
        return nodes, np.full(nodes.size, step)

    def terms(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = self.loss.terms(nodes[None, :], np.array([self.variance]), self.beta)
        return found[0][0], found[1][0], found[2][0]

    def observed(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Thermal mean of the cost, and the probability of an error."""
        at = nodes[None, :], np.array([self.variance]), self.beta
        return self.loss.mean_cost(*at)[0], self.loss.error_rate(*at)[0]


class Cold(NamedTuple):
    """The last level at zero temperature: minus the least of ``l(u) + (u-x)^2/(2V)``. ``variance = inf``: every cost
    is worth avoiding, ``-(u-x)^2/(2 gain)``.
    """

    loss: Loss
    variance: float
    gain: float

    @property
    def crosses(self) -> bool:
        """Whether branches of ``f`` cross."""
        return not self.loss.log_concave

    def far(self, variances: np.ndarray) -> np.ndarray:
        """Where fields of these variances end."""
        return _beyond_kinks(self.loss, variances)

    @property
    def scale(self) -> float:
        return self.variance if math.isfinite(self.variance) else self.gain

    def nodes(
        self, reach: float, below: float, deviation: float, tilt: float, fine: Fineness
    ) -> tuple[np.ndarray, np.ndarray]:
        """Panels between the breaks of the proximal map, as short as its pieces are tilted."""
        low, high = self._felt(reach, below, deviation, tilt)
        response = np.array([self.variance])
        breaks = np.unique(np.concatenate([self.loss.ground_breaks(response)[0], self.loss.ground_edge(response)]))
        edges = np.concatenate([[low], breaks[(breaks > low) & (breaks < high)], [high]])
        inside = edges[:-1] + np.diff(edges) * np.array([[0.03], [0.3], [0.6], [0.97]])
        held = self.loss.moved(inside, np.full(4, self.variance)).held
        bend = np.maximum(held.max(axis=0), 0.0) / self.scale
        return panels(edges, 1.0 / np.sqrt(deviation**-2 + tilt * bend), fine)

    def _felt(self, reach: float, below: float, deviation: float, tilt: float) -> tuple[float, float]:
        """Where the averages from the ends of the level below have their mass: those between lie between."""
        if tilt == 0.0:
            return -reach, reach
        nodes = np.linspace(-reach, reach, LOOKS)
        terms = tilt * self.terms(nodes)[0] - 0.5 * ((nodes - np.array([[-below], [below]])) / deviation) ** 2
        felt = terms > terms.max(axis=1, keepdims=True) - FELT
        first, last = int(felt[0].argmax()), LOOKS - 1 - int(felt[1][::-1].argmax())
        return float(nodes[max(first - 1, 0)]), float(nodes[min(last + 1, LOOKS - 1)])

    def terms(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        best, move, held = (found[0] for found in self.loss.moved(nodes[None, :], np.array([self.variance])))
        paid = self.loss.paid(best) if math.isfinite(self.variance) else 0.0
        return -paid - move**2 / (2.0 * self.scale), move / self.scale, -held / self.scale

    def observed(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        best = self.loss.moved(nodes[None, :], np.array([self.variance])).best
        cost = self.loss.paid(best)[0] if math.isfinite(self.variance) else np.zeros(nodes.size)
        return cost, self.loss.violated(best)[0].astype(float)


@dataclass(frozen=True)
class Nested(Differences):
    """The levels of a pattern: ``f`` on each, where the fields are, and what the derivatives are made of."""

    levels: list[Level]

    @property
    def value(self) -> float:
        """``g_0``, the free entropy of the pattern."""
        return float(self.levels[0].mass @ self.levels[0].value)

    @property
    def pushes(self) -> np.ndarray:
        """``E_j = int P_j f_j'^2``."""
        return np.array([level.mass @ level.slope**2 for level in self.levels])

    @property
    def means(self) -> np.ndarray:
        """``F_j = int P_j f_j``."""
        return np.array([level.mass @ level.value for level in self.levels])

    @property
    def bends(self) -> np.ndarray:
        """``int P_j f_j''^2``."""
        return np.array([level.mass @ level.bend**2 for level in self.levels])

    @property
    def lost(self) -> float:
        """By how much the mass of the fields is not 1, and the mass at the ends of the grids."""
        ends = max((float(level.mass[0] + level.mass[-1]) for level in self.levels if level.mass.size > 1), default=0.0)
        return max(abs(float(level.mass.sum()) - 1.0) for level in self.levels) + ends


def nested(base: Any, steps: np.ndarray, parisi: np.ndarray, level: int) -> Nested:
    """Averages over levels whose squared deviations are ``steps`` (k+1,) at Parisi parameters (k,), k = 0 included.

    The first of the steps may be 0: the fields of the lowest level are then all 0.
    """
    fine, last = fineness(level), len(parisi)
    if base.crosses:  # zeros of Z come nearer to the real axis
        fine = fine._replace(steps=WARY * fine.steps)
    deviation = np.sqrt(steps)
    far = fine.reach * base.far(np.cumsum(steps))
    tilt = float(parisi[-1]) if last else 0.0
    nodes, weights = np.zeros(1), np.ones(1)
    if last or steps[0]:
        below = float(far[-2]) if last else 0.0
        nodes, weights = base.nodes(float(far[-1]), below, float(deviation[-1]), tilt, fine)
    value, slope, bend = base.terms(nodes)
    found = [(nodes, weights, value, slope, bend)]
    kept = []
    for j in range(last - 1, -1, -1):
        if steps[j] == 0.0 and j == 0:
            points, step = np.zeros(1), 1.0
        else:
            upper = NEXT * deviation[j + 1]
            if base.crosses:
                upper = min(upper, CROSS / (parisi[j] * np.ptp(found[-1][3])))
            points, step = uniform(float(far[j]), min(deviation[j] / SPREAD, upper) / fine.steps)
        value, slope, bend, terms = _one_down(points, *found[-1][:4], float(deviation[j + 1]), float(parisi[j]))
        found.append((points, np.full(points.size, step), value, slope, bend))
        kept.append(terms)
    found.reverse()
    kept.reverse()
    mass = lowest_mass(found[0][0], found[0][1], float(steps[0]))
    levels = [Level(*found[0], mass)]
    for own, terms in zip(found[1:], kept, strict=True):
        higher = np.empty(own[0].size)
        spread(mass, *terms, higher)
        levels.append(Level(*own, higher))
        mass = higher
    return Nested(levels)


def lowest_mass(nodes: np.ndarray, weights: np.ndarray, variance: float) -> np.ndarray:
    """The mass of the fields of the lowest level."""
    if variance == 0.0:
        return np.ones(1)
    return weights * np.exp(-(nodes**2) / (2.0 * variance) - 0.5 * math.log(variance) - LN_SQRT_2PI)


def _one_down(
    points: np.ndarray, nodes: np.ndarray, weights: np.ndarray, value: np.ndarray, slope: np.ndarray, width: float,
    m: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """``f``, its slope and bend one level down, and the weights of the terms of each average."""
    logs = np.log(weights) + m * value - (math.log(width) + LN_SQRT_2PI)
    half = 0.5 / width**2
    low, high = np.empty((2, points.size), dtype=np.int64)
    top, out = np.empty(points.size), np.empty((3, points.size))
    kept = np.empty(windows(points, nodes, logs, half, low, high, top))
    tilted(points, nodes, logs, half, slope, low, high, top, kept, out)
    return out[0] / m, out[1], out[2] / width**2, (kept, low, high)
