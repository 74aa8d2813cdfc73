"""The equations of one step in mpmath arithmetic, for perceptrons; written anew, with sums of their own.

Averages over both levels are trapezoidal sums on one grid, as fine as the digits ask for; those on the next finer one
must agree. At a capacity the upper level is known in closed form, ``f_1(y) = -(kappa - y)_+^2/2``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

MOST = 4000  # nodes
FINER = 1.3
TIMES = 7


class Levels(NamedTuple):
    """``g_0``, ``E_0``, ``E_1``, and ``F_1``; F_0 is g_0."""

    value: Any
    pushes: tuple[Any, Any]
    mean: Any


class Order(NamedTuple):
    """Overlaps, ``1 - q_1`` (1 at a capacity, where ``q_1 = 1``), the difference of the overlaps, m, and the load."""

    q0: Any
    q1: Any
    last: Any
    step: Any
    m: Any
    alpha: Any


def order_of(values: Mapping[str, Any], rooted: bool, cold: bool, alpha: Any, parisi: Any, mp: Any) -> Order:
    """Order parameters from coordinates (`charts`)."""
    first = mp.one if rooted else _sigma(-values["overlap0"], mp)
    second = mp.zero if cold else first * _sigma(-values["overlap1"], mp)
    if parisi is not None:
        m = mp.mpf(float(parisi))
    else:
        m = mp.exp(values["share1"]) if cold else _sigma(values["share1"], mp)
    q0 = mp.zero if rooted else _sigma(values["overlap0"], mp)
    return Order(q0, 1 - second, mp.one if cold else second, first - second, m, alpha)


def _sigma(x: Any, mp: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


class Sphere(NamedTuple):
    """``G``, ``S_0``, ``S_1`` and ``-dG/dm`` (`weights.Sphere`)."""

    value: Any
    pulls: tuple[Any, Any]
    falls: Any


def sphere(at: Order, mp: Any) -> Sphere:
    """Weights on the sphere, with one step."""
    above = at.last + at.m * at.step
    ratio = mp.log(above / at.last)
    low = at.q0 / above**2
    falls = (ratio - at.m * at.step / above) / (2 * at.m**2) + at.step * low / 2
    return Sphere((ratio / at.m + at.q0 / above) / 2, (low, low + at.step / (above * at.last)), falls)


def two_levels(
    terms: Callable[[Any], tuple[Any, Any]], width: Any, pulled: bool, common: Any, gap: Any, m: Any, mp: Any,
    digits: int,
) -> Levels:
    """Averages of ``terms`` (``f_1`` and its slope, which vary on ``width``) over both levels.

    ``pulled``: the fields are drawn outward by f_1 of slope 1 (those of weights).
    """
    deviations = [mp.sqrt(gap), *([mp.sqrt(common)] if common else [])]
    smooth = mp.pi * mp.sqrt(2 / (digits * mp.log(10)))
    step = min(smooth * min(deviations), 4 * mp.pi * width / (digits * mp.log(10)))
    return _settled(lambda step: _sums(terms, step, pulled, common, gap, m, mp, digits), step, mp, digits)


def _settled(sums: Callable[[Any], Levels], step: Any, mp: Any, digits: int) -> Levels:
    """Sums on a grid with which those on the one before agree."""
    before: Levels | None = None
    for _ in range(TIMES):
        found = sums(step)
        if before is not None and _alike(before, found, mp.mpf(10) ** -digits):
            return found
        before, step = found, step / FINER
    raise failed("the averages over both levels do not settle")


def _alike(one: Levels, other: Levels, tolerance: Any) -> bool:
    pairs = zip((one.value, *one.pushes, one.mean), (other.value, *other.pushes, other.mean), strict=True)
    return all(abs(a - b) <= tolerance * (1 + abs(b)) for a, b in pairs)


def _sums(terms: Any, step: Any, pulled: bool, common: Any, gap: Any, m: Any, mp: Any, digits: int) -> Levels:
    far = mp.sqrt(2 * digits * mp.log(10))
    drawn = m * gap if pulled else mp.zero
    wide = int(mp.ceil((far * mp.sqrt(gap) + drawn) / step))
    low = int(mp.ceil(far * mp.sqrt(common) / step)) if common else 0
    if max(low, wide) > MOST:
        raise failed("levels are too close, or overlaps too near to 0 or 1, for so many digits")
    kernel = [mp.exp(-((d * step) ** 2) / (2 * gap)) for d in range(-wide, wide + 1)]
    norm = step / mp.sqrt(2 * mp.pi * gap)
    columns: list[list[Any]] = [[], [], [], []]
    for i in range(-low - wide, low + wide + 1):
        value, slope = terms(i * step)
        weight = mp.exp(m * value)
        for column, factor in zip(columns, (1, value, slope, slope**2), strict=True):
            column.append(weight * factor)
    density = step / mp.sqrt(2 * mp.pi * common) if common else mp.one
    sums = [mp.zero] * 4
    for i in range(2 * low + 1):
        mass = density * mp.exp(-(((i - low) * step) ** 2) / (2 * common)) if common else mp.one
        whole, mean, slope, square = (mp.fdot(kernel, column[i : i + 2 * wide + 1]) for column in columns)
        parts = mp.log(norm * whole) / m, (slope / whole) ** 2, square / whole, mean / whole
        sums = [total + mass * part for total, part in zip(sums, parts, strict=True)]
    return Levels(sums[0], (sums[1], sums[2]), sums[3])


def capacity_levels(kappa: Any, common: Any, gap: Any, c: Any, mp: Any, digits: int) -> Levels:
    """`two_levels` of a margin at its capacity; the upper level is known in closed form."""
    deviations = [mp.sqrt(gap), *([mp.sqrt(common)] if common else [])]
    step = min(deviations) * mp.pi * mp.sqrt(2 / (digits * mp.log(10)))
    return _settled(lambda step: _capacity_sums(kappa, step, common, gap, c, mp, digits), step, mp, digits)


def _capacity_sums(kappa: Any, step: Any, common: Any, gap: Any, c: Any, mp: Any, digits: int) -> Levels:
    low = int(mp.ceil(mp.sqrt(2 * digits * mp.log(10) * common) / step)) if common else 0
    if low > MOST:
        raise failed("levels are too close, or overlaps too near to 0 or 1, for so many digits")
    density = step / mp.sqrt(2 * mp.pi * common) if common else mp.one
    stiff, sums = 1 + c * gap, [mp.zero] * 3
    for i in range(-low, low + 1):
        x = i * step
        mass = density * mp.exp(-(x**2) / (2 * common)) if common else mp.one
        d, s = kappa - x, mp.sqrt(gap)
        edge = mp.exp(-((d / s) ** 2) / 2) / mp.sqrt(2 * mp.pi)
        paid = mp.exp(-c * d**2 / (2 * stiff)) * _tail(-d / (s * mp.sqrt(stiff)), mp) / mp.sqrt(stiff)
        whole = _tail(d / s, mp) + paid
        slope = (s * edge + d * paid) / (stiff * whole)
        square = (((d / stiff) ** 2 + gap / stiff) * paid + d * s / stiff**2 * edge) / whole
        sums = [t + mass * part for t, part in zip(sums, (mp.log(whole) / c, slope**2, square), strict=True)]
    return Levels(sums[0], (sums[1], sums[2]), -sums[2] / 2)


def _tail(x: Any, mp: Any) -> Any:
    return mp.erfc(x / mp.sqrt(2)) / 2


def failed(why: str) -> Exception:
    """That a certificate cannot be had, and why."""
    from saddlepoint import CertificationFailed

    return CertificationFailed(why)
