"""The majority of three units at overlaps near 1: sums over sorted fields on panels that follow the known edges.

With fields ``u_1 <= u_2 <= u_3`` in units of their uncertainty and ``p = Phi(u)``, ``r = 1 - p``,

    P = p_2 p_3 S,   S = r_1 + r_2 p_1/p_2 + p_1/p_3,

where nothing cancels and nothing underflows. ``ln S`` moves where two fields compete (``u_1^2 - u_2^2`` and
``u_2^2 - u_3^2`` of order 1) and where one of them crosses 0; panels are graded to both, so that their number grows
with the logarithm of 1 - q only.
"""

from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import summing_kernel
from saddlepoint.quadrature.rules import gauss_legendre
from saddlepoint.special import tail

#: order of the Gauss-Legendre rule on each panel by level
ORDERS = (8, 12, 14, 17, 20)
_RISE = 2.5  # of (u^2 - u_2^2)/2 over the first panel beside a competing field
_GONE = 38.0  # beyond it the loser is forgotten
_LONG = 2.0  # panels where one field crosses 0
_REACH = 8.8  # of standard fields
_SURE = 9.0  # a field so far above 0 is positive

U, WEIGHT, P, R, LOG_P, HAZARD = range(6)


def _down(top: float, stop: float, widest: float) -> list[float]:
    """Panel ends from ``top`` downwards: short across 0, longer with the distance beyond it."""
    ends = [top]
    while ends[-1] > stop:
        u = ends[-1]
        ends.append(max(u - min(max(_LONG, 0.6 * abs(u)) if u < 0 else _LONG, widest), stop))
    return ends


def _beside(start: float, stop: float, widest: float, side: float) -> list[float]:
    """Panel ends from a competing field ``start`` up or down (side +-1) to ``stop``, then as if it were not there."""
    ends = [start]
    while side * (stop - ends[-1]) > 1e-12 * abs(stop):
        u = ends[-1]
        size = abs(u)
        length = max(_LONG, 0.35 * size) if u < 0 else _LONG
        risen = 0.5 * abs(u * u - start * start)
        if u < 0 and risen < _GONE:
            length = min(length, (_RISE + 0.5 * risen) / max(size, 1e-300))
        move = min(length, widest)
        left = side * (stop - u)
        ends.append(stop if move > 0.8 * left else u + side * move)
    return ends


def _nodes(ends: list[float], scale: float, order: int, rest: float) -> np.ndarray:
    """One field at the nodes of panels, with Gaussian weights in ``scale u``; ``rest``: the mass of one far node."""
    x, w = gauss_legendre(order)
    ends_ = np.sort(np.asarray(ends))
    half, middle = 0.5 * np.diff(ends_), 0.5 * (ends_[1:] + ends_[:-1])
    u = (middle[:, None] + half[:, None] * x).ravel()
    z = scale * u
    weight = scale * (half[:, None] * w).ravel() * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    log_p, hazard = tail(-u)
    log_r = tail(u)[0]
    found = np.array([u, weight, np.exp(log_p), np.exp(log_r), log_p, hazard])
    far = np.array([[0.0], [rest], [1.0], [0.0], [0.0], [0.0]])  # positive for sure: sums of slopes do not see it
    return np.concatenate([found, far], axis=1)


@summing_kernel
def _slopes(first, second, third, against, j):  # type: ignore[no-untyped-def]
    """Sum over first and third of D_1^2 + D_2^2 + D_3^2 at node j of the middle field; ``against``: p_2/p_3."""
    total = 0.0
    r2, h2 = second[R, j], second[HAZARD, j]
    for i in range(first.shape[1]):
        r1, h1 = first[R, i], first[HAZARD, i]
        share = math.exp(first[LOG_P, i] - second[LOG_P, j])
        lost = r2 * share
        part = 0.0
        a, b, c = h1 * h1, h2 * h2, r1 + lost
        for k in range(third.shape[1]):
            both = share * against[k]
            inverse = 1.0 / (c + both)
            rest = both * third[R, k]
            one, two, three = lost + rest, r1 + rest, third[HAZARD, k] * c
            part += third[WEIGHT, k] * (a * one * one + b * two * two + three * three) * (inverse * inverse)
        total += first[WEIGHT, i] * part
    return total


@summing_kernel
def _everything(first, second, third, against, j, out):  # type: ignore[no-untyped-def]
    """Adds the sums of ln P, second derivatives, squared slopes, squared second derivatives (all units) to ``out``."""
    u2, r2, h2 = second[U, j], second[R, j], second[HAZARD, j]
    for i in range(first.shape[1]):
        u1, p1, r1, h1 = first[U, i], first[P, i], first[R, i], first[HAZARD, i]
        share = math.exp(first[LOG_P, i] - second[LOG_P, j])
        lost = r2 * share
        logs, curve, square, stiff = 0.0, 0.0, 0.0, 0.0
        for k in range(third.shape[1]):
            u3, r3, h3 = third[U, k], third[R, k], third[HAZARD, k]
            both = share * against[k]
            s = r1 + lost + both
            inverse = 1.0 / s
            rest = both * r3
            d1, d2, d3 = h1 * (lost + rest) * inverse, h2 * (r1 + rest) * inverse, h3 * (r1 + lost) * inverse
            c1, c2, c3 = -d1 * (u1 + d1), -d2 * (u2 + d2), -d3 * (u3 + d3)
            m12 = h1 * h2 * (rest - p1) * inverse - d1 * d2
            m13 = h1 * h3 * (lost - p1) * inverse - d1 * d3
            m23 = h2 * h3 * (r1 - p1) * inverse - d2 * d3
            weight = third[WEIGHT, k]
            logs += weight * (second[LOG_P, j] + third[LOG_P, k] + math.log(s))
            curve += weight * (c1 + c2 + c3)
            square += weight * (d1 * d1 + d2 * d2 + d3 * d3)
            stiff += weight * (c1 * c1 + c2 * c2 + c3 * c3 + 2.0 * (m12 * m12 + m13 * m13 + m23 * m23))
        weight = second[WEIGHT, j] * first[WEIGHT, i]
        out[0] += weight * logs
        out[1] += weight * curve
        out[2] += weight * square
        out[3] += weight * stiff


def majority_sums(q: float, variance: float, level: int, whole: bool) -> np.ndarray:
    """E ln P, and summed over units E d_k d_k ln P, E (d_k ln P)^2, E (d_k d_l ln P)^2 (only the third unless whole).

    Derivatives are with the fields, whose overlap is ``q`` and whose uncertainty is ``sqrt(variance)``.
    """
    scale, order = math.sqrt(variance / q), ORDERS[level]
    widest, bottom = 1.4 / scale, -_REACH / scale
    top = min(_SURE, -bottom)
    middle = _nodes(_down(top, bottom, widest), scale, order, 0.0)[:, :-1]
    found = np.zeros(4)
    for j in range(middle.shape[1]):
        u = float(middle[U, j])
        floor = max(-math.sqrt((u * u if u < 0 else 0.0) + 2.0 * _GONE), bottom)
        lower = _nodes(_beside(u, min(floor, u), widest, -1.0), scale, order, _mass(-floor * scale))
        lower[P, -1], lower[R, -1], lower[LOG_P, -1] = 0.0, 1.0, -np.inf
        upper = _nodes(_beside(u, max(top, u), widest, 1.0), scale, order, _mass(max(top, u) * scale))
        against = np.exp(middle[LOG_P, j] - upper[LOG_P])
        if whole:
            _everything(lower, middle, upper, against, j, found)
        else:
            found[2] += middle[WEIGHT, j] * _slopes(lower, middle, upper, against, j)
    return 6.0 * found * np.array([1.0, 1.0 / variance, 1.0 / variance, 1.0 / variance**2])


def _mass(z: float) -> float:
    """Gaussian mass above z."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def unanimous_sums(q: float, variance: float, units: int, level: int) -> np.ndarray:
    """The same four sums where all units must be positive: independent ones, each on the same panels."""
    scale, order = math.sqrt(variance / q), ORDERS[level]
    bottom = -_REACH / scale
    top = min(_SURE, -bottom)
    u, weight, _, _, log_p, hazard = _nodes(_down(top, bottom, 1.4 / scale), scale, order, _mass(top * scale))
    curve = -hazard * (u + hazard)
    found = units * (np.stack([log_p, curve, hazard**2, curve**2]) @ weight)
    return found * np.array([1.0, 1.0 / variance, 1.0 / variance, 1.0 / variance**2])
