"""Chances of K Boolean units in a Gibbs measure: levels of the output, flips by a random step of the weights, a least
field of every unit. Tuples of nodes are sorted; no network here.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations_with_replacement
from math import comb, factorial

import numpy as np

from saddlepoint.quadrature.panels import gaussian_nodes
from saddlepoint.special import tail

BLOCK = 40_000  # tuples that are held at once


@lru_cache(maxsize=8)
def tuples_of(nodes: int, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Sorted tuples of nodes (T, K), and in how many orders each occurs."""
    found = np.array(list(combinations_with_replacement(range(nodes), units)))
    run, ways = np.ones(len(found)), np.full(len(found), float(factorial(units)))
    for k in range(1, units):
        run = np.where(found[:, k] == found[:, k - 1], run + 1.0, 1.0)
        ways /= run
    return found, ways


def _tuples(nodes: int, weight: np.ndarray, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Sorted tuples of nodes, and their weights with how often each occurs."""
    found, ways = tuples_of(nodes, units)
    mass = ways * weight[found].prod(axis=1)
    kept = mass > 1e-22
    return found[kept], mass[kept]


def _positive(log_p: np.ndarray, log_r: np.ndarray, tuples: np.ndarray) -> np.ndarray:
    """ln P(n units positive) for each tuple, (T, K + 1)."""
    units = tuples.shape[1]
    found = np.full((len(tuples), units + 1), -np.inf)
    found[:, 0] = 0.0
    for k in range(units):
        up, down = found + log_p[tuples[:, k]][:, None], found + log_r[tuples[:, k]][:, None]
        found = down
        found[:, 1:] = np.logaddexp(down[:, 1:], up[:, :-1])
    return found


def level_masses(field: np.ndarray, weight: np.ndarray, variance: float, signs: np.ndarray) -> np.ndarray:
    """Probability of each number of positive units, with the Boltzmann weights ``signs`` of these, (K + 1,)."""
    units, u = signs.size - 1, field / np.sqrt(variance)
    tuples, mass = _tuples(field.size, weight, units)
    with np.errstate(divide="ignore"):
        share = _positive(tail(-u)[0], tail(u)[0], tuples) + np.log(signs)
    share = np.exp(share - np.logaddexp.reduce(share, axis=1)[:, None])
    found: np.ndarray = mass @ share
    return found


def step_chances(field: np.ndarray, variance: float, distance: float, level: int) -> np.ndarray:
    r"""Chances (4, nodes) of the signs of a unit before and after a step: ++, +-, -+, --, its field before being
    ``N(field, variance)`` and after ``t`` times it plus noise of variance ``1 - t^2``, ``t = 1 - 2 distance``.
    """
    t, rest = 1.0 - 2.0 * distance, 2.0 * np.sqrt(distance * (1.0 - distance))
    place = np.clip(-field / np.sqrt(variance), -30.0, 30.0)[:, None]
    width = np.full(place.shape, rest / (abs(t) * np.sqrt(variance)) if t else np.inf)
    z, mass = gaussian_nodes(place, np.maximum(width, 1e-12), place, min(level, 4))
    before = field[:, None] + np.sqrt(variance) * z
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.clip(t * before / rest, -38.0, 38.0) if rest else np.where(t * before > 0, 38.0, -38.0)
    chance = np.exp(tail(-u)[0]), np.exp(tail(u)[0])
    sides = before > 0, before <= 0
    return np.array([(mass * side * after).sum(axis=1) for side in sides for after in chance])


def flipped_average(
    field: np.ndarray,
    weight: np.ndarray,
    variance: float,
    signs: np.ndarray,
    steps: list[np.ndarray],
    wrong: np.ndarray,
) -> np.ndarray:
    """Probability of ``wrong`` numbers of positive units after each step, of a Gibbs measure with Boltzmann weights
    ``signs`` of these before it.
    """
    units, u = signs.size - 1, field / np.sqrt(variance)
    tuples, mass = _tuples(field.size, weight, units)
    log_p, log_r = tail(-u)[0], tail(u)[0]
    given = [np.exp(np.log(np.maximum(table, 1e-300)) - np.repeat([log_p, log_r], 2, axis=0)) for table in steps]
    total = np.zeros(len(steps))
    for block in range(0, len(tuples), BLOCK):
        rows = slice(block, block + BLOCK)
        with np.errstate(divide="ignore"):
            norm = np.logaddexp.reduce(_positive(log_p, log_r, tuples[rows]) + np.log(signs), axis=1)
        for i, chances in enumerate(given):
            joint = _joint(log_p, log_r, chances, tuples[rows], norm)
            total[i] += mass[rows] @ np.einsum("tab,a,b->t", joint, signs, wrong.astype(float))
    return total


def _joint(
    log_p: np.ndarray, log_r: np.ndarray, given: np.ndarray, tuples: np.ndarray, norm: np.ndarray
) -> np.ndarray:
    """Chance over Z that n units are positive before and m after, (T, K + 1, K + 1), from the chances of a unit after,
    given its sign before.
    """
    units = tuples.shape[1]
    share = norm / units  # Z is shared out over the units, so that nothing underflows
    found = np.zeros((len(tuples), units + 1, units + 1))
    found[:, 0, 0] = 1.0
    for k in range(units):
        at = tuples[:, k]
        up, down = np.exp(log_p[at] - share), np.exp(log_r[at] - share)
        rows = [(factor * given[j, at])[:, None, None] for j, factor in enumerate((up, up, down, down))]
        new = rows[3] * found
        new[:, 1:, 1:] += rows[0] * found[:, :-1, :-1]
        new[:, 1:, :] += rows[1] * found[:, :-1, :]
        new[:, :, 1:] += rows[2] * found[:, :, :-1]
        found = new
    return found


def guarded_sums(
    signs: np.ndarray, guard: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``ln Z``, the sum of its second derivatives and that of their squares (units squared) where all cavity fields are
    0 and every unit's field is at least ``guard`` deviations, for outputs that do not see the units' signs (batch,).
    """
    units = signs.shape[1] - 1
    log_tail, hazard = tail(guard)
    ways = signs * np.array([comb(units, n) for n in range(units + 1)])
    aligned = ((2.0 * np.arange(units + 1) - units) ** 2 - units) / (units * (units - 1))
    chance = ways.sum(axis=1)
    own, mixed = guard * hazard / variance, (ways @ aligned) / chance * hazard**2 / variance
    rigidity = units * own**2 + units * (units - 1) * mixed**2
    return np.log(chance) + units * log_tail, units * own, rigidity
