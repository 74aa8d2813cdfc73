r"""Averages over a pattern for groups of replicas of K units: what groups share (h) outside, their own fields inside.

.. math:: E \ln \int \prod_k Dz_k\, Z(h + \sqrt{\Delta} z; V)^y

Fields of a unit are smoothed by one matrix per axis of a tensor over all of them.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from replica.architectures._unit_fields import Mesh, graded
from replica.architectures.few_units import GroupSums


class GroupRule(NamedTuple):
    """A level: nodes per panel, first panel, growth, longest panel inside (in deviations of a group), reach (in
    deviations), longest panel outside (in widths of what changes there).
    """

    order: int
    core: float
    growth: float
    cap: float
    reach: float
    wide: float


#: by number of units
RULES = {
    2: (
        GroupRule(9, 1.8, 1.0, 2.2, 8.0, 1.2),
        GroupRule(12, 1.6, 0.9, 2.0, 8.5, 1.1),
        GroupRule(15, 1.3, 0.7, 1.7, 8.8, 1.0),
        GroupRule(18, 1.1, 0.6, 1.5, 9.0, 0.9),
        GroupRule(22, 0.9, 0.5, 1.3, 9.2, 0.8),
    ),
    3: (
        GroupRule(6, 2.2, 1.1, 2.6, 7.4, 1.4),
        GroupRule(7, 2.0, 1.0, 2.4, 8.0, 1.25),
        GroupRule(9, 1.9, 0.9, 2.2, 8.4, 1.1),
        GroupRule(11, 1.7, 0.8, 2.0, 8.7, 1.0),
        GroupRule(13, 1.5, 0.7, 1.8, 9.0, 0.9),
    ),
}
#: fields of a unit that are still affordable, by number of units
LARGEST = {2: 900, 3: 200}
APART = 1e-20  # an overlap of groups below it is none


def meshes(
    common: float, gap: float, variance: float, power: float, units: int, level: int
) -> tuple[Mesh, Mesh] | None:
    """Of what groups share and of the fields; None where these are too many."""
    rule, total = RULES[units][level], math.sqrt(common + gap)
    sharp = math.sqrt(variance) / (1.0 + 0.3 * math.log(max(power, 1.0)))
    deviation = math.sqrt(gap)
    inner = graded(min(sharp, deviation), rule.reach * total, rule.order, rule.core, rule.growth, rule.cap * deviation)
    soft = math.sqrt(gap + variance)
    outer = graded(soft, rule.reach * math.sqrt(common), rule.order, rule.core, rule.growth, rule.wide * soft)
    if common < APART:
        outer = Mesh(np.zeros(1), np.ones(1), np.zeros(2), 1)
    if max(inner.field.size, outer.field.size) > LARGEST[units] * (1.0 + 0.25 * level):
        return None
    return outer, inner


def group_sums(
    outer: Mesh,
    inner: Mesh,
    common: float,
    gap: float,
    power: float,
    log_z: np.ndarray,
    slopes: list[tuple[int, np.ndarray]],
    shares: list[np.ndarray],
) -> GroupSums:
    """The averages from ``ln Z`` on the tensor of all fields, its slopes in them (each with how many units have one
    like it), and ``shares`` of Z whose tilted means are wanted.
    """
    units = log_z.ndim
    h, weight = outer.field, outer.weight
    if h.size > 1:
        weight = weight * np.exp(-0.5 * h * h / common) / math.sqrt(2.0 * math.pi * common)
    apart = h[:, None] - inner.field[None, :]
    kernel = np.exp(-0.5 * apart**2 / gap) * inner.weight / math.sqrt(2.0 * math.pi * gap)
    tilt = np.exp(power * log_z)

    def smoothed(tensor: np.ndarray) -> np.ndarray:
        for _ in range(units):
            tensor = np.tensordot(tensor, kernel, axes=(0, 1))
        return tensor

    masses = functools.reduce(np.multiply.outer, [weight] * units)
    kept = masses > 1e-30
    norm = np.where(kept, smoothed(tilt), 1.0)

    def average(values: np.ndarray) -> float:
        return float(np.sum(masses[kept] * values[kept]))

    log_norm = np.log(norm)
    energy = smoothed(tilt * log_z) / norm
    common_sum = spread_sum = 0.0
    for count, slope in slopes:
        mean = smoothed(tilt * slope) / norm
        square = smoothed(tilt * slope * slope) / norm
        common_sum += count * average(mean**2)
        spread_sum += count * average(square - mean**2)
    more: list[Any] = [average(smoothed(tilt * share) / norm) for share in shares] or [None, None]
    return GroupSums(average(log_norm) / power, common_sum, spread_sum, average(power * energy - log_norm), *more)
