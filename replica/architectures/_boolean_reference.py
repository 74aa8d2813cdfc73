"""Averages over two or three Boolean units in extended precision: tables in mpmath, sums in 64-bit significands."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np

#: reach of the outer fields, and steps in units of the width, of its inverse square, and at most
_REACH, _SHARE, _SQUARE, _WIDEST = 9.5, 0.11, 0.45, 0.3
_FINER = 0.83  # of the steps, for a second sum that checks the first
LONGEST = {2: 4000, 3: 300}
#: digits that 64-bit significands give to sums of this length
DIGITS = 16


class Sums(NamedTuple):
    """``E[T ln Z]``, and over all units ``E[T (d ln Z)^2]`` and ``E[dT d ln Z]``, in mpmath numbers."""

    log_z: Any
    square: Any
    pull: Any


def _extended(values: list[Any], mp: Any) -> np.ndarray:
    return np.array([np.longdouble(mp.nstr(x, 25)) for x in values])


def _table(overlaps: Any, step: float, mp: Any) -> list[np.ndarray]:
    """Weights, probabilities of each sign and their slope, and the same of the teacher, at the nodes."""
    q, variance, m, transverse = overlaps
    half = int(_REACH / step) + 1
    h = mp.mpf(step)
    z = [h * k for k in range(-half, half + 1)]
    u = [mp.sqrt(q / variance) * x for x in z]
    root = mp.sqrt(2)
    columns = [[h * mp.npdf(x) for x in z]]
    columns += [[mp.erfc(-x / root) / 2 for x in u], [mp.erfc(x / root) / 2 for x in u]]
    columns.append([mp.npdf(x) / mp.sqrt(variance) for x in u])
    if m:
        t = [m / mp.sqrt(transverse) * x for x in z]
        columns += [[mp.erfc(-x / root) / 2 for x in t], [mp.erfc(x / root) / 2 for x in t]]
        columns.append([mp.npdf(x) * mp.sqrt(q / transverse) for x in t])
    return [_extended(column, mp) for column in columns]


def _pairs(b: np.ndarray, p: np.ndarray, r: np.ndarray, fixed: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of the last unit, positive and negative, over the one before it, with the others at fixed nodes."""
    poly = [r, p]
    for i in fixed:
        poly = [r[i] * low + p[i] * high for low, high in zip([*poly, 0.0], [0.0, *poly], strict=True)]
    return sum(b[n + 1] * c for n, c in enumerate(poly)), sum(b[n] * c for n, c in enumerate(poly))


def _sums(table: list[np.ndarray], b: np.ndarray, taught: np.ndarray, units: int, mp: Any) -> Sums:
    weight, p, r, slope, *teacher = table
    totals = np.zeros(3, dtype=np.longdouble)
    for fixed in product(range(weight.size), repeat=units - 2):
        up, down = _pairs(b, p, r, fixed)
        z = up[:, None] * p + down[:, None] * r
        push = (up - down)[:, None] * slope / z
        mass = np.prod(weight[list(fixed)]) * weight[:, None] * weight
        chance = mass
        if teacher:
            up_t, down_t = _pairs(taught, teacher[0], teacher[1], fixed)
            chance = mass * (up_t[:, None] * teacher[0] + down_t[:, None] * teacher[1])
            totals[2] += units * np.sum(mass * (up_t - down_t)[:, None] * teacher[2] * push)
        totals += np.array([np.sum(chance * np.log(z)), units * np.sum(chance * push * push), np.longdouble(0)])
    return Sums(*(mp.mpf(float(x)) + mp.mpf(float(x - np.longdouble(float(x)))) for x in totals))


def reference_sums(overlaps: Any, b: np.ndarray, taught: np.ndarray, units: int, mp: Any, digits: int) -> Sums:
    """The sums at given overlaps (mpmath numbers); `ValueError` where they are longer or less exact than asked."""
    if units not in LONGEST or digits > DIGITS:
        raise ValueError(
            f"averages over K units are certified for K = 2 and 3, to {DIGITS} digits: certify(digits={DIGITS}), "
            f"got K = {units} and {digits} digits"
        )
    width = float(mp.sqrt(overlaps.variance / overlaps.q))
    if overlaps.m:
        width = min(width, float(mp.sqrt(overlaps.transverse) / abs(overlaps.m)))
    step = 1.0 / (1.0 / _WIDEST + 1.0 / (_SHARE * width) + _SQUARE / width**2)
    if 2 * _REACH / step / _FINER > LONGEST[units]:
        raise ValueError(f"averages over K = {units} units are not certified at overlaps so near 1: q = {overlaps.q}")
    b, taught = b.astype(np.longdouble), taught.astype(np.longdouble)
    first, found = (_sums(_table(overlaps, h, mp), b, taught, units, mp) for h in (step, _FINER * step))
    gap = max(abs(x - y) / max(abs(y), mp.mpf(10) ** -6) for x, y in zip(first, found, strict=True))
    if gap > mp.mpf(10) ** -digits:
        raise ValueError(f"averages over K units are known to {mp.nstr(gap, 2)} only: ask for fewer digits")
    return found
