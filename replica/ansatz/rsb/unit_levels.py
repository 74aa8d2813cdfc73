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

from replica.ansatz.rsb.grids import TooFine, fineness
from replica.ansatz.rsb.patterns import Differences
from replica.ansatz.rsb.unit_chain import Average, Axis, axis_of, below

REACH = 74.0  # squared deviations beyond which fields of K units have no mass
SPREAD = 2.2  # uniform steps in a deviation of the level itself
FINER = {2: 1.0, 3: 0.6}  # power of the factors by which steps are finer or rougher
LEAST = 1e-300  # of an average over the last step
NONE = 1e-18  # of the largest mass of fields: what is left out
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
    """Averages over levels of squared deviations ``steps`` (k+1,) at Parisi parameters (k,).

    ``last`` gives the average over the last step in closed form, on the grid of the level below.
    """
    k = len(parisi)
    if not k:
        push, bend = last.nearest(level)
        return UnitsNested([], np.array([push]), np.array([-0.5 * push]), last.top(np.nan), (bend,))
    lowest = 1 if k > 1 and steps[0] == 0.0 else 0  # of the levels on the grid: fields that are all 0 need none
    axis, squares, inside = _grid(last, steps, parisi, level)
    end = last.on(axis.nodes, inside, math.sqrt(float(steps[-1])), float(parisi[-1]), level)
    if np.any(end.known != inside):
        if k == 1 or LEAST ** float(parisi[-2] / parisi[-1]) > NONE:
            raise TooFine("exponentials of fields far away have no digits")
        inside = end.known
    value, down = end.value, []
    for j in range(k - 1, lowest, -1):
        m = float(parisi[j - 1])
        with np.errstate(under="ignore"):
            tilted = np.exp(m * value) * inside
        down.append(below(Average(axis, float(steps[j]), m, tilted, inside)))
        value = down[-1].value
    mass = _lowest(axis, squares, float(steps[lowest]), last.units) * inside
    found = _Sums([], [], [])
    if lowest:
        mass = found.around_zero(axis.nodes, mass, value, float(steps[1]), float(parisi[0]))
    for step in reversed(down):
        push = last.units * float(np.sum(mass * step.slope**2))
        found.add(Level(step.curve, mass), float(np.sum(mass * step.value)), push)
        mass = step.passed(mass)
    found.add(Level(end.curve, mass), float(np.sum(mass * end.value)), float(np.sum(mass * end.force)))
    square, right = float(np.sum(mass * end.squares)), float(np.sum(mass * end.right))
    pushes, means = np.array([*found.pushes, square]), np.array([*found.means, -0.5 * square])
    return UnitsNested(found.levels, pushes, means, last.top(right), (last.nearest(level)[1],))


class _Sums(NamedTuple):
    """What is known of the levels so far, from the lowest: themselves, means ``int P_j f_j`` and pushes."""

    levels: list[Level]
    means: list[float]
    pushes: list[float]

    def add(self, level: Level, mean: float, push: float) -> None:
        self.levels.append(level)
        self.means.append(mean)
        self.pushes.append(push)

    def around_zero(
        self, nodes: np.ndarray, mass: np.ndarray, value: np.ndarray, variance: float, m: float
    ) -> np.ndarray:
        """The lowest level where its fields are all 0; the mass of the fields of the next."""
        units = mass.ndim
        with np.errstate(under="ignore"):
            mass = mass * np.exp(m * value)
        norm = float(mass.sum())
        mass = mass / norm
        own = (float(np.sum(mass.sum(axis=tuple(range(1, units))) * nodes**2)) / variance - 1.0) / (m * variance)
        pair = mass.sum(axis=tuple(range(2, units)))
        mixed = float(nodes @ pair @ nodes) / (m * variance**2)
        curve = np.array([units * (own**2 + (units - 1) * mixed**2)])
        self.add(Level(lambda: curve, np.ones(1)), math.log(norm) / m, 0.0)
        return mass


def _grid(last: Any, steps: np.ndarray, parisi: np.ndarray, level: int) -> tuple[Axis, np.ndarray, np.ndarray]:
    """Nodes of each unit, squared fields, and where they have mass.

    Beyond what fields in the wrong reach at the highest level, with the weight of its Parisi parameter, only levels
    below are resolved, which are smoother.
    """
    variance, deviation, fine = float(np.sum(steps[:-1])), math.sqrt(float(steps[-1])), fineness(level)
    axis = Axis(np.zeros(1), np.ones(1))
    if variance > 0.0:
        reach, share = math.sqrt(REACH * variance), fine.steps ** FINER[last.units]
        smallest = math.sqrt(float(steps[:-1][steps[:-1] > 0.0].min()))
        step = min(smallest / SPREAD, last.next(deviation)) / share
        wide, within = step, reach
        if len(parisi) > 1:
            wide = min(smallest / SPREAD, last.next(math.sqrt(float(steps[-2])))) / share
            within = fine.reach * math.sqrt(REACH * _pulled(steps, parisi))
        axis = axis_of(reach, step, wide, within)
    if float(axis.nodes.size) ** last.units > MOST:
        raise TooFine(f"{axis.nodes.size} nodes for each of {last.units} units")
    squares = reduce(np.add.outer, [axis.nodes**2] * last.units)
    return axis, squares, squares <= REACH * max(variance, 1e-300)


def _pulled(steps: np.ndarray, parisi: np.ndarray) -> float:
    """The variance of a field of the highest level on the grid where it is wrong, which costs ``x^2/2`` in the end."""
    cost, seen = 1.0, []
    for step, m in zip(steps[:0:-1], parisi[::-1], strict=True):
        seen.append(1.0 + m * cost * step)
        cost /= seen[-1]
    variance = float(steps[0])
    for step, pull in zip(steps[1:-1], seen[:0:-1], strict=True):
        variance = variance / pull**2 + step / pull
    return variance


def _lowest(axis: Axis, squares: np.ndarray, variance: float, units: int) -> np.ndarray:
    """The mass of the fields of the lowest level."""
    if variance == 0.0:
        return np.ones((1,) * units)
    weights = reduce(np.multiply.outer, [axis.weights / math.sqrt(2.0 * math.pi * variance)] * units)
    return np.asarray(weights * np.exp(-squares / (2.0 * variance)))
