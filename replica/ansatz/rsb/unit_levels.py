"""One pattern of a few Boolean units with one step: averages over fields in K dimensions.

The fields of all units move alike and independently; what sums over units are derivatives:
``E_j = sum_i int P_j (d_i f_j)^2``. See `patterns` for one field.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, NamedTuple

import numpy as np

from replica.ansatz.rsb.grids import TooFine, fineness, uniform
from replica.ansatz.rsb.patterns import Differences

REACH = 74.0  # squared deviations beyond which fields of K units have no mass
SPREAD = 2.2  # uniform steps in a deviation of the level itself
FINER = {2: 1.0, 3: 0.6}  # power of the factors by which steps are finer or rougher
MOST = 32_000_000  # nodes of a level


class Top(NamedTuple):
    """Cost and error of outcomes, and their probabilities: what is read from the last level."""

    nodes: np.ndarray
    mass: np.ndarray


class Level(NamedTuple):
    """A function that gives ``sum_il (d_i d_l f)^2`` on the grid (or what has the same sums over tuples in any order),
    and where the fields are.
    """

    curve: Callable[[], np.ndarray]
    mass: np.ndarray


@dataclass(frozen=True)
class UnitsNested(Differences):
    """The levels of a pattern, pushes ``E_j`` and means ``int P_j f_j``; ``last``: the bend of one without a grid."""

    grids: list[Level]
    pushes: np.ndarray
    means: np.ndarray
    top: Top
    last: tuple[float, ...]

    @property
    def value(self) -> float:
        """``g_0``, the free entropy of the pattern."""
        return float(self.means[0])

    @property
    def levels(self) -> list[Top]:
        return [self.top]

    @cached_property
    def bends(self) -> np.ndarray:
        """``sum_il int P_j (d_i d_l f_j)^2``."""
        return np.array([*(float(np.sum(level.mass * level.curve())) for level in self.grids), *self.last])

    @property
    def lost(self) -> float:
        """By how much the mass of the fields is not 1."""
        return max((abs(float(level.mass.sum()) - 1.0) for level in self.grids), default=0.0)


def nested_units(last: Any, steps: np.ndarray, parisi: np.ndarray, level: int) -> UnitsNested:
    """Averages over levels of squared deviations ``steps`` (k+1,) at Parisi parameters (k,), k = 0 or 1, or 2 of a
    parity with ``steps[0] = 0``.

    ``last`` gives the average over the last step in closed form, on the grid of the level below.
    """
    if not len(parisi):
        push, bend = last.nearest(level)
        return UnitsNested([], np.array([push]), np.array([-0.5 * push]), last.top(np.nan), (bend,))
    variance, deviation = float(steps[-2]), math.sqrt(float(steps[-1]))
    axis = _axis(last, variance, deviation, level)
    squares = reduce(np.add.outer, [axis[0] ** 2] * last.units)
    ball = squares <= REACH * max(variance, 1e-300)
    end = last.on(axis[0], ball, deviation, float(parisi[-1]), level)
    mass = _lowest(axis, squares, variance, last.units) * ball
    below: list[Level] = []
    value = np.zeros(0)
    if len(parisi) == 2:
        below, value, mass = _around_zero(axis[0], mass, end.value, variance, float(parisi[0]))
    mean = float(np.sum(mass * end.value))
    if not np.isfinite(mean):
        raise TooFine("exponentials of fields far away have no digits")
    push, square = float(np.sum(mass * end.force)), float(np.sum(mass * end.squares))
    top, bends = last.top(float(np.sum(mass * end.right))), (last.nearest(level)[1],)
    pushes, means = np.append(0.0 * value, [push, square]), np.append(value, [mean, -0.5 * square])
    return UnitsNested([*below, Level(end.curve, mass)], pushes, means, top, bends)


def _around_zero(
    nodes: np.ndarray, mass: np.ndarray, value: np.ndarray, variance: float, m: float
) -> tuple[list[Level], np.ndarray, np.ndarray]:
    """The lowest level where its fields are all 0, its free entropy, and the mass of the fields of the next."""
    units = mass.ndim
    with np.errstate(under="ignore"):
        mass = mass * np.exp(m * value)
    norm = float(mass.sum())
    mass = mass / norm
    own = (float(np.sum(mass.sum(axis=tuple(range(1, units))) * nodes**2)) / variance - 1.0) / (m * variance)
    pair = mass.sum(axis=tuple(range(2, units)))
    mixed = float(nodes @ pair @ nodes) / (m * variance**2)
    lowest = Level(lambda: np.array([units * (own**2 + (units - 1) * mixed**2)]), np.ones(1))
    return [lowest], np.array([math.log(norm) / m]), mass


def _axis(last: Any, variance: float, deviation: float, level: int) -> tuple[np.ndarray, float]:
    """Nodes of one unit and the step between them."""
    if variance == 0.0:
        return np.zeros(1), 1.0
    longest = min(math.sqrt(variance) / SPREAD, last.next(deviation))
    nodes, step = uniform(math.sqrt(REACH * variance), longest / fineness(level).steps ** FINER[last.units])
    if float(nodes.size) ** last.units > MOST:
        raise TooFine(f"{nodes.size} nodes for each of {last.units} units")
    return nodes, step


def _lowest(axis: tuple[np.ndarray, float], squares: np.ndarray, variance: float, units: int) -> np.ndarray:
    """The mass of the fields of the lowest level."""
    if variance == 0.0:
        return np.ones((1,) * units)
    scale = (axis[1] / math.sqrt(2.0 * math.pi * variance)) ** units
    return np.asarray(scale * np.exp(-squares / (2.0 * variance)))
