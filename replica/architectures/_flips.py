"""Flips of Boolean units: how likely they are, and how far away the cheapest ones; no network here."""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np

from saddlepoint.quadrature.panels import gaussian_nodes
from saddlepoint.special import tail


def moves(units: int, first: int, second: int, flip: np.ndarray) -> np.ndarray:
    """Probability that ``first`` positive units become ``second`` when each flips with probability ``flip``."""
    total = np.zeros_like(flip)
    for lost in range(first + 1):
        won = second - first + lost
        if 0 <= won <= units - first:
            ways = comb(first, lost) * comb(units - first, won)
            total += ways * flip ** (lost + won) * (1.0 - flip) ** (units - lost - won)
    return total


def least_flips(positive: int, negative: int, down: int | None, up: int | None, level: int) -> float:
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


def log_pairs(reference: np.ndarray, probe: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """``ln P(both)/P(reference)`` of outputs with these weights by the number of positive units, each unit of the probe
    at a distance from that of the reference: its field is another Gaussian of correlation ``1 - 2 distance``.
    """
    units = reference.size - 1
    flip = 2.0 / np.pi * np.arctan2(np.sqrt(distance), np.sqrt(1.0 - distance))  # arccos(1 - 2 d)/pi
    both, alone = np.zeros_like(distance), 0.0
    for first in np.flatnonzero(reference):
        chance = comb(units, int(first)) * reference[first]
        alone += chance
        for second in np.flatnonzero(probe):
            both += chance * probe[second] * moves(units, int(first), int(second), flip)
    return np.log(both / alone)


def nearest_allowed(units: int, allowed: np.ndarray, level: int) -> tuple[float, float]:
    """`FewUnits.nearest` where these numbers of units may be positive: the smallest fields of one sign are turned over,
    order statistics of half-normals.
    """
    if not allowed.size:
        return np.inf, np.inf
    total = 0.0
    rare = 6.0 * np.sqrt(units)  # numbers further from half have no weight
    common = range(max(0, int(0.5 * units - rare)), min(units, int(0.5 * units + rare)) + 1)
    for positive in sorted(set(common) - set(allowed.tolist())):
        below, above = allowed[allowed < positive], allowed[allowed > positive]
        down = int(positive - below.max()) if below.size else None
        up = int(above.min() - positive) if above.size else None
        chance = comb(units, positive) / 2**units  # of whole numbers, which do not overflow
        total += chance * least_flips(positive, units - positive, down, up, level)
    every = allowed.tolist() == [units]  # all units positive: a cone with the Hessian of single units
    return total, 0.5 * units if every else np.inf
