"""Power series of a kernel of the angle: what eigenvalues on the sphere become in infinitely many dimensions."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

from replica.wide.sphere import OfAngle

REACHES = (0.3, 0.5, 0.7)  # of the interval around cos = 0 that the kernel is interpolated on
ORDERS = (12, 16, 20, 24, 32, 40, 56)
ROUNDING = 1e-15  # of values, cosines and sums
BEYOND = 400  # degrees whose share of the interpolation is computed


class Series(NamedTuple):
    """Coefficients ``a_k`` of the powers of the cosine, with errors, and their sum ``k(1)``."""

    value: np.ndarray
    error: np.ndarray
    trace: float


def power_series(kernel: OfAngle, highest: int) -> Series:
    r"""``k(t) = sum_k a_k t^k`` up to a degree; no coefficient of a kernel on spheres of all dimensions is negative.

    Of several interpolations each degree takes the one of the least error: what errors of the kernel make, and what
    the degrees that are left out can make when they hold all of ``k(1)``.
    """
    trace = float(kernel.of_angles(np.zeros(1))[0][0])
    value, error = np.zeros(highest + 1), np.full(highest + 1, np.inf)
    for reach in REACHES:
        for order in ORDERS:
            cos, rule, leak = _rule(reach, order, highest)
            values, errors = kernel.of_angles(np.arccos(cos))
            doubt = np.abs(rule) @ (errors + ROUNDING * np.abs(values)) + leak * trace
            better = doubt < error
            value[better], error[better] = (rule @ values)[better], doubt[better]
    seen = value > error
    return Series(np.where(seen, value, 0.0), np.where(seen, error, error + np.abs(value)), trace)


@lru_cache(maxsize=128)
def _rule(reach: float, order: int, highest: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosines, the matrix from values there to coefficients, and the most that higher powers add to each of these."""
    nodes = chebyshev.chebpts1(order)
    table = np.zeros((order, order))
    for degree, unit in enumerate(np.eye(order)):
        row = chebyshev.cheb2poly(unit)
        table[: len(row), degree] = row
    share = np.full(order, 2.0 / order)
    share[0] = 1.0 / order
    rule = table @ (share[:, None] * chebyshev.chebvander(nodes, order - 1).T)
    kept = np.zeros((highest + 1, order))
    count = min(highest + 1, order)
    kept[:count] = rule[:count] / reach ** np.arange(count)[:, None]
    cos = reach * nodes
    above = kept @ cos[:, None] ** np.arange(order, BEYOND)
    leak = np.abs(above).max(axis=1)
    leak[count:] = np.inf
    return cos, kept, leak
