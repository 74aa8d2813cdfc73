"""Hyperbolic tangent units, by their Hermite series at any norm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from replica.architectures.activations._dual import Dual, Pair, dual
from replica.architectures.activations.base import Activation, Kernel

REACH = 13.0  # beyond it what is left of the Gaussian is below 1e-18


@dataclass(frozen=True)
class Tanh(Activation):
    r"""``g(x) = tanh(x)``: ``k(q) = sum_n c_n(Q)^2 (q/Q)^n``, n odd, ``c_n = E[g(sqrt(Q) x) He_n(x)]/sqrt(n!)``.

    The coefficients fall like ``exp(-pi sqrt(n/Q)/2)``: a higher level takes more terms from a finer rule.

    When not to use it: where closed forms are wanted, `Erf` has them. Committees of a number of units: ``units=inf``
    only.

    See Also
    --------
    Erf : A sigmoid with a closed kernel.

    References
    ----------
    F. G. Mehler, J. reine angew. Math. 66, 161 (1866): the correlated Gaussian density as a Hermite series.

    Examples
    --------
    >>> import replica
    >>> from replica.architectures.activations import Tanh
    >>> found = replica.capacity(replica.committee(activation=Tanh(), weights="binary"))
    >>> print(f"{found:.9f}, {found.status}")
    0.863256649, converged; zero of the RS entropy
    """

    name: ClassVar[str] = "tanh"
    odd: ClassVar[bool] = True

    def function(self, x: np.ndarray) -> np.ndarray:
        return np.tanh(x)

    def slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slope = 1.0 / np.cosh(np.clip(x, -300.0, 300.0)) ** 2
        return slope, -2.0 * np.tanh(x) * slope

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        mp = getattr(q, "context", None)
        if mp is not None:
            return _reference_kernel(q, variance, mp)
        norm = q + variance
        least, most = float(norm.min()), float(norm.max())
        if most - least <= 8e-16 * most:  # a held norm, up to its rounding
            square, drift = _squares(1.0 if abs(least - 1.0) < 1e-15 else least, level)
            square, drift = square[None, :], drift[None, :]
        else:
            scales, place = np.unique(norm, return_inverse=True)
            square, drift = (x[place] for x in _squares_of(scales, level))
        return _sum_up(square, drift, q, variance)

    def dual(self, pair: Pair) -> Dual:
        coarse, fine = (_dual_at(pair, level) for level in (1, 2))
        scale = float(np.max(fine[1], initial=1e-300))
        error = max(float(np.max(np.abs(a - b), initial=0.0)) for a, b in zip(coarse, fine, strict=True)) / scale
        return dual(*fine, error)



def _sum_up(square: np.ndarray, drift: np.ndarray, q: np.ndarray, variance: np.ndarray) -> Kernel:
    """The series of ``square = c_n^2`` (n = 1, 3, ...); ``drift = Q dc_n^2/dQ``."""
    norm = q + variance
    order = 2.0 * np.arange(square.shape[1]) + 1.0
    ratio = (q / norm)[:, None]
    lower = ratio ** (order - 1.0)
    power = ratio * lower
    with np.errstate(divide="ignore", invalid="ignore"):
        less = -np.expm1(order * np.log1p(-(variance / norm)[:, None]))  # 1 - ratio^n
    less = np.where(ratio > 0, less, 1.0 - power)
    second = np.zeros_like(lower)
    second[:, 1:] = (order * (order - 1.0))[1:] * ratio * lower[:, :-1]
    slope = (square * order * lower).sum(axis=1) / norm
    return Kernel(
        (square * power).sum(axis=1),
        (square * less).sum(axis=1),
        slope,
        (square * second).sum(axis=1) / norm**2,
        drift.sum(axis=1) / norm,
        (drift * power + square * order * lower * (variance / norm)[:, None]).sum(axis=1) / norm,
    )


def _dual_at(pair: Pair, level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """``E g g``, ``E g(u)^2``, ``E g(v)^2``, ``E g' g'``: at any norm coefficients have signs ``(-1)^((n-1)/2)``."""
    norms, place = np.unique([pair.first, pair.second], return_inverse=True)
    scales = np.maximum(norms, 1e-300)
    c = np.sqrt(_squares_of(scales, level)[0])
    order = 2.0 * np.arange(c.shape[1]) + 1.0
    ones, others = np.reshape(place, (2, *pair.first.shape))
    ratio = pair.covariance / np.maximum(pair.norm, 1e-300)
    value, slope = np.zeros_like(ratio), np.zeros_like(ratio)
    for n, column in zip(order[::-1], c.T[::-1], strict=True):  # Horner in ratio^2
        square = column[ones] * column[others]
        value, slope = value * ratio**2 + square, slope * ratio**2 + n * square
    own = np.sum(c * c, axis=1)
    return value * ratio, own[ones], own[others], slope / np.sqrt(scales[ones] * scales[others])



@lru_cache(maxsize=64)
def _squares(norm: float, level: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(row[0] for row in _squares_of(np.array([norm]), level))


def _squares_of(norm: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray]:
    """``c_n^2`` and ``Q dc_n^2/dQ`` (batch, terms) by the trapezoidal rule, which converges exponentially."""
    count = int((110 + 30 * level) * max(1.0, float(norm.max())))
    deviation = np.sqrt(norm)
    step = 1.0 / (8.0 + 2.0 * level) / max(1.0, float(deviation.max()))
    x = np.arange(0.5 * step, REACH, step)  # an odd function: half the line, twice the weight
    values = np.tanh(deviation[:, None] * x) * np.exp(-0.25 * x * x) * (2.0 * step)
    c = np.empty((norm.size, count + 2))
    before, now = np.zeros_like(x), np.exp(-0.25 * x * x) / np.sqrt(2.0 * np.pi)
    for n in range(2 * count + 4):
        if n % 2:
            c[:, n // 2] = values @ now
        before, now = now, (x * now - np.sqrt(n) * before) / np.sqrt(n + 1.0)
    order = 2.0 * np.arange(count) + 1.0
    # Q dg/dQ = x g'(x)/2, and x d/dx maps the coefficient n to n c_n + sqrt((n+1)(n+2)) c_(n+2)
    moved = 0.5 * (order * c[:, :count] + np.sqrt((order + 1.0) * (order + 2.0)) * c[:, 1 : count + 1])
    return c[:, :count] ** 2, 2.0 * c[:, :count] * moved


def _reference_kernel(q: Any, variance: Any, mp: Any) -> Kernel:
    """The series in mpmath arithmetic."""
    norm = q + variance
    c = _reference_coefficients(mp.nstr(norm, mp.dps), mp)
    total = [mp.zero] * 6
    for i in range(len(c) - 1):
        n, ratio = 2 * i + 1, q / norm
        square = c[i] ** 2
        drift = c[i] * (n * c[i] + mp.sqrt((n + 1) * (n + 2)) * c[i + 1])
        power = ratio**n
        parts = (
            square * power,
            square * (1 - power),
            square * n * ratio ** (n - 1) / norm,
            square * n * (n - 1) * (ratio ** (n - 2) if n > 1 else 0) / norm**2,
            drift / norm,
            (drift * power + square * n * ratio ** (n - 1) * variance / norm) / norm,
        )
        total = [t + p for t, p in zip(total, parts, strict=True)]
    return Kernel(*total)


_KEPT: dict[tuple[str, int], list[Any]] = {}


def _reference_coefficients(norm: str, mp: Any) -> list[Any]:
    """``c_n`` for n = 1, 3, ... until ``exp(-pi sqrt(n/Q)/2)`` is beyond the working digits."""
    key = norm, mp.prec
    if key not in _KEPT:
        scale = mp.sqrt(mp.mpf(norm))
        digits = mp.dps * 2.31
        count = int((digits / 3.14159) ** 2 * max(1.0, float(scale) ** 2) / 2) + 8
        step = mp.mpf(float(9.0 / (digits + 3.0 * np.sqrt(count)))) / max(1, scale)
        c = [mp.zero] * count
        for k in range(int(mp.sqrt(2 * digits) * 2 / step) + 1):
            x = (k + mp.mpf(1) / 2) * step
            before, now = mp.zero, mp.npdf(x) * mp.tanh(scale * x) * 2 * step
            for n in range(2 * count):
                if n % 2:
                    c[n // 2] += now
                before, now = now, (x * now - mp.sqrt(n) * before) / mp.sqrt(n + 1)
        _KEPT.clear()
        _KEPT[key] = c
    return _KEPT[key]
