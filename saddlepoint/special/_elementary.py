"""Branch-free exponential and logarithm for the kernels of this package, and `log_add`; no Gaussians here.

All are built from +, *, / and selects, so that a loop around them is vectorised. Their coefficients come from
benchmarks/special_coefficients.py; the layout of the logarithm is that of Sun's fdlibm.
"""

from __future__ import annotations

import math

from saddlepoint._jit import leading_bits, power_of_two, scalar_kernel, split_exponent

LN2 = 0.6931471805599453
# ln 2 in two parts, the first of 41 bits: n LN2_HIGH is exact for every exponent n of a float.
LN2_HIGH = float.fromhex("0x1.62e42fefa3800p-1")
LN2_LOW = float.fromhex("0x1.ef35793c76730p-45")
INVERSE_LN2 = 1.4426950408889634
INVERSE_SQRT_2PI = 0.3989422804014327
SQRT_2PI = 2.5066282746310002
_ROUNDER = 6755399441055744.0  # 1.5 * 2^52: adding and taking it away rounds to a whole number
_LARGEST = 1e300


@scalar_kernel
def split_exponential(high: float, low: float) -> tuple[float, float]:
    """(n, q) with e^(high + low) = 2^n (1 + q), |q| < 0.42; high in [-1400, 700], |low| < 1e-3."""
    n = (high * INVERSE_LN2 + _ROUNDER) - _ROUNDER
    r = (high - n * LN2_HIGH) + (low - n * LN2_LOW)
    tail = 2.091767738180507e-09
    tail = tail * r + 2.5109404672957823e-08
    tail = tail * r + 2.7557266175047446e-07
    tail = tail * r + 2.7557244942221745e-06
    tail = tail * r + 2.4801587331670256e-05
    tail = tail * r + 0.0001984126988339433
    tail = tail * r + 0.0013888888888881927
    tail = tail * r + 0.008333333333323584
    tail = tail * r + 0.04166666666666667
    tail = tail * r + 0.16666666666666674
    tail = tail * r + 0.5
    return n, r + r * r * tail


@scalar_kernel
def scale(y: float, n: float) -> float:
    """y 2^n for a whole n in [-1122, 900], rounded once: results below 2.2e-308 underflow gradually."""
    return (y * power_of_two(n + 100.0)) * 7.888609052210118e-31


@scalar_kernel
def half_square(t: float) -> tuple[float, float]:
    """(high, low) with high + low = t^2/2 to 1e-24 t^2, high exact."""
    head = leading_bits(t)
    return 0.5 * head * head, 0.5 * (t - head) * (t + head)


@scalar_kernel
def log_from_parts(k: float, f: float, low: float) -> float:
    """low + ln[2^k (1 + f)], |low| < 1e-15, 1 + f in [1/sqrt(2), sqrt(2)); no digit is lost at f -> 0."""
    s = f / (2.0 + f)
    z = s * s
    tail = 0.13103997993313546
    tail = tail * z + 0.1326710178749544
    tail = tail * z + 0.15386302496272264
    tail = tail * z + 0.18181794478529198
    tail = tail * z + 0.22222222402651973
    tail = tail * z + 0.28571428570755064
    tail = tail * z + 0.40000000000000957
    tail = tail * z + 0.6666666666666666
    half = 0.5 * f * f
    return k * LN2_HIGH - ((half - (s * (half + z * tail) + k * LN2_LOW)) - f)


@scalar_kernel
def log_positive(x: float) -> float:
    """ln x for a positive normal x; x above 1e300 counts as 1e300. Error < 1 ulp."""
    m, k = split_exponent(x if x < _LARGEST else _LARGEST)
    return log_from_parts(k, m - 1.0, 0.0)


@scalar_kernel
def log_one_plus(p: float) -> float:
    """ln(1 + p) for p in [0, 1], to the last bits of p as p -> 0. Error < 1 ulp."""
    near = p < 0.41421356237309503
    return log_from_parts(0.0 if near else 1.0, p if near else 0.5 * (p - 1.0), 0.0)


@scalar_kernel
def log_add(a: float, b: float) -> float:
    """ln(e^a + e^b) without overflow.

    Survives every a, b including infinities (-inf stands for no term); nan gives nan. Error: 2 ulp of
    max(|a|, |b|, ln 2); when the two terms add up to nearly 1 the result is small and its relative error is
    large, as the problem itself is then ill-conditioned.

    >>> from saddlepoint.special import log_add
    >>> round(log_add(-1000.0, -1000.0), 10)
    -999.3068528194
    """
    larger, smaller = (a, b) if a > b else (b, a)
    if larger == smaller or math.isinf(larger):
        return larger + (LN2 if larger == smaller else 0.0)
    gap = larger - smaller
    if not gap <= 750.0:
        return larger if gap > 750.0 else math.nan
    n, q = split_exponential(-gap, 0.0)
    return larger + log_one_plus(scale(1.0 + q, n))
