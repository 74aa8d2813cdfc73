r"""The levels of a few units below the last one, on one grid of their fields: every step is one average after another
over the field of each unit.

.. math:: f_{j-1} = \frac{1}{m_j} \ln (K \otimes \dots \otimes K)\, e^{m_j f_j}, \qquad
          P_j = e^{m_j f_j}\, (K \otimes \dots \otimes K)\, P_{j-1} e^{-m_j f_{j-1}}
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from replica.ansatz.rsb.grids import uniform

BLEND = 2.0  # steps over which their length changes


class Axis(NamedTuple):
    """Nodes of one unit and their weights."""

    nodes: np.ndarray
    weights: np.ndarray


def axis_of(reach: float, fine: float, wide: float, within: float) -> Axis:
    """The trapezoidal rule in ``u`` of ``x(u)``, odd, of steps ``fine`` up to about ``within`` and ``wide`` beyond.

    Step and nodes are smooth in u over `BLEND` steps: analytic, so that the rule converges as it does for equal ones.
    """
    if not fine < wide or reach <= within:
        nodes, step = uniform(reach, min(fine, wide))
        return Axis(nodes, np.full(nodes.size, step))
    bend = within / fine
    count = math.ceil(bend + max(reach - within, 0.0) / wide + 2.0 * BLEND)
    u = uniform(count, 1.0)[0]
    over, under = (u + bend) / BLEND, (u - bend) / BLEND
    inner = BLEND * (np.logaddexp(0.0, over) - np.logaddexp(0.0, under)) - bend
    share = 1.0 / (1.0 + np.exp(-over)) - 1.0 / (1.0 + np.exp(-under))
    nodes = wide * u - (wide - fine) * inner
    keep = np.abs(nodes) <= reach + wide
    return Axis(nodes[keep], (wide - (wide - fine) * share)[keep])


@dataclass(frozen=True)
class Average:
    """Of ``exp(m f)`` on a grid (the same nodes for each unit) over Gaussian fields of a variance; ``inside``: where
    fields have mass.
    """

    axis: Axis
    variance: float
    m: float
    tilted: np.ndarray
    inside: np.ndarray

    @property
    def units(self) -> int:
        return self.tilted.ndim

    def _kernel(self, order: int) -> np.ndarray:
        """The density of one field around another, or its derivatives in the latter, times the weights of the first."""
        apart = (self.axis.nodes - self.axis.nodes[:, None]) / self.variance
        factor = (1.0, apart, apart**2 - 1.0 / self.variance)[order]
        with np.errstate(under="ignore"):
            density = np.exp(-0.5 * self.variance * apart**2)
        return np.asarray(factor * density * self.axis.weights / math.sqrt(2.0 * math.pi * self.variance))

    def of(self, values: np.ndarray, *orders: int) -> np.ndarray:
        """Averages of values, or derivatives of so high orders in the fields of the first units."""
        every = [*orders, *[0] * (self.units - len(orders))]
        return separable([self._kernel(order) for order in every], values)

    def passed(self, mass: np.ndarray) -> np.ndarray:
        """The mass of the fields a step up, of those that have ``mass`` (over their own averages)."""
        return self.tilted * separable([self._kernel(0).T] * self.units, mass)


def separable(kernels: list[np.ndarray], values: np.ndarray) -> np.ndarray:
    """One matrix for each axis of values."""
    for axis, kernel in enumerate(kernels):
        values = np.moveaxis(np.tensordot(kernel, values, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(values)


@dataclass(frozen=True)
class Step:
    """``f`` of the level below a step, its derivative in the first unit, and a function for the second ones."""

    value: np.ndarray
    slope: np.ndarray
    curve: Callable[[], np.ndarray]
    passed: Callable[[np.ndarray], np.ndarray]


def below(average: Average) -> Step:
    """One step down; ``passed`` takes the mass of the fields up again."""
    m, units = average.m, average.units
    norm = np.where(average.inside, average.of(average.tilted), 1.0)  # beyond there is no mass
    slope = average.of(average.tilted, 1) / (m * norm)

    def curve() -> np.ndarray:
        own = average.of(average.tilted, 2) / (m * norm) - m * slope**2
        mixed = average.of(average.tilted, 1, 1) / (m * norm) - m * slope * np.swapaxes(slope, 0, 1)
        return np.asarray(units * (own**2 + (units - 1) * mixed**2))

    return Step(np.log(norm) / m, slope, curve, lambda mass: average.passed(mass / norm))
