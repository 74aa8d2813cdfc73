r"""Averages over pairs of a reference and a probe of a parity machine whose references share nothing (q = 0).

With ``e_k`` the mean sign of a unit, ``Z = (1 + \prod e_k)/2``, and the weight of a reference likewise: only the sizes
of the fields matter and the sign of their product, so that sorted tuples of positive nodes reach five units.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from replica.architectures._unit_chances import tuples_of
from replica.architectures._unit_fields import graded
from replica.architectures.few_units import NO_SUMS, Joint, PairSums
from saddlepoint.special import tail

#: nodes per panel, first panel, growth and longest panel of each level, by number of units
RULES = {
    4: ((5, 2.0, 1.4, 2.6), (7, 2.0, 1.2, 2.4), (9, 2.0, 1.1, 2.2), (11, 1.8, 1.0, 2.0), (13, 1.6, 0.9, 1.8)),
    5: ((4, 2.2, 1.5, 3.0), (5, 2.0, 1.4, 2.6), (6, 2.0, 1.3, 2.5), (7, 2.0, 1.2, 2.4), (8, 2.0, 1.1, 2.2)),
}
REACH = 8.3
LARGEST = {4: 110, 5: 50}  # positive nodes that are still affordable
BLOCK = 50_000  # tuples that are held at once


class Nodes(NamedTuple):
    """At positive fields: weights, logarithm of the mean sign e of the probe, e'/e, e''/e, and of a reference's sign
    the chance that it clears its least field and the mean.
    """

    weight: np.ndarray
    log_e: np.ndarray
    first: np.ndarray
    second: np.ndarray
    clears: np.ndarray
    mean: np.ndarray


def _nodes(law: Joint, q: float, t: float, guard: float, rule: tuple[int, float, float, float]) -> Nodes:
    own, spread = math.sqrt(max(law.own, 1e-300) / q), math.sqrt(law.rest)
    width = min(spread, math.sqrt(max(law.own, 1e-300)) / max(abs(t), 1e-3))
    mesh = graded(width, REACH * math.sqrt(q), *rule)
    half = mesh.field > 0
    w = mesh.field[half]
    weight = 2.0 * mesh.weight[half] * np.exp(-0.5 * w * w / q) / math.sqrt(2.0 * math.pi * q)
    u = w / spread
    log_e = np.log1p(-2.0 * np.exp(tail(u)[0]))
    slope = 2.0 * np.exp(-0.5 * u * u - log_e) / (math.sqrt(2.0 * math.pi) * spread)
    up, down = (np.exp(tail((guard - sign * t * w / q) / own)[0]) for sign in (1.0, -1.0))
    return Nodes(weight, log_e, slope, -u / spread * slope, up + down, up - down)


def apart_sums(units: int, law: Joint, level: int, guard: float) -> PairSums:
    """`PairSums` of hard parity machines; NaN where there would be too many nodes.

    ``ln Z`` knows fields in units of their thermal deviation, so that ``sum_k w_k g_k = -V sum_k (g_k' + g_k^2)`` and,
    by parts, ``t E p g = -(V E g^2 + E g')``.
    """
    q, t = 1.0 - law.rest, law.lever * law.spread
    nodes = _nodes(law, q, t, guard, RULES[units][level])
    if nodes.weight.size > LARGEST[units] * (1.0 + 0.25 * level):
        return NO_SUMS
    tuples, mass = tuples_of(nodes.weight.size, units)
    sums = np.zeros(5)
    for block in range(0, len(tuples), BLOCK):
        at = tuples[block : block + BLOCK]
        whole = mass[block : block + BLOCK] * nodes.weight[at].prod(axis=1)
        likely = whole > 1e-24
        sums += _block(nodes, at[likely], whole[likely])
    sums /= math.exp(units * (float(tail(np.array([guard]))[0][0]) + math.log(2.0)))
    log_z, square, bend, rigidity, tilt = sums.tolist()
    pull = -(law.rest * square + bend) / t if t else 0.0
    return PairSums(log_z, square, 0.0, pull, rigidity - 2.0 * tilt, 0.0, 0.0, rigidity)


def _block(nodes: Nodes, at: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """``E ln Z``, ``E g^2``, ``E g'`` and ``E g'^2`` over units, and ``E g g' g``, over both signs of the product."""
    log_e, first, second = nodes.log_e[at].sum(axis=1), nodes.first[at], nodes.second[at]
    clears, mean = nodes.clears[at].prod(axis=1), nodes.mean[at].prod(axis=1)
    total = np.zeros(5)
    for sign in (1.0, -1.0):
        share = 0.5 * mass * (clears + sign * mean)
        whole = np.maximum(1.0 + np.exp(log_e) if sign > 0 else -np.expm1(log_e), 1e-300)
        ratio = sign * np.exp(log_e) / whole
        slope = ratio[:, None] * first
        bends = ratio[:, None, None] * first[:, :, None] * first[:, None, :]
        diagonal = np.arange(at.shape[1])
        bends[:, diagonal, diagonal] = ratio[:, None] * second
        bends -= slope[:, :, None] * slope[:, None, :]
        total[0] += share @ np.log(0.5 * whole)
        total[1] += share @ np.square(slope).sum(axis=1)
        total[2] += share @ np.trace(bends, axis1=1, axis2=2)
        total[3] += share @ np.square(bends).sum(axis=(1, 2))
        total[4] += share @ np.einsum("tk,tkl,tl->t", slope, bends, slope)
    return total
