"""ln[e^-beta + (1 - e^-beta) p] with its weight, for a Gaussian tail p = H(x) or a given p.

Write c = 1 - e^-beta. Where the value is near 1 it is 1 - c(1 - p), through ln(1 - v). Where c >= 1/2 and p
<= 1/2 the larger of the two terms is taken out, so that neither may underflow: e^-beta (1 + c p e^beta) or
p (c + e^-beta/p).
"""

from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import array_kernel, power_of_two, scalar_kernel, split_exponent
from saddlepoint.special._elementary import (
    INVERSE_SQRT_2PI,
    half_square,
    log_from_parts,
    scale,
    split_exponential,
)
from saddlepoint.special._tail import excess_parts

_FAR = 1e17


@scalar_kernel
def _parts(one_sided: bool, minus: bool, small: float, general: float) -> tuple[float, float]:
    """(k, f) of 1 - small (minus, small <= 1/2) or 1 + small (small <= 1) if one_sided, else of general."""
    m, far = split_exponent(general)
    below = small >= 0.2928932188134524
    above = small >= 0.41421356237309503
    k_minus, f_minus = (-1.0 if below else 0.0), (1.0 - 2.0 * small if below else -small)
    k_plus, f_plus = (1.0 if above else 0.0), (0.5 * (small - 1.0) if above else small)
    k, f = (k_minus, f_minus) if minus else (k_plus, f_plus)
    return (k, f) if one_sided else (far, m - 1.0)


@scalar_kernel
def mixed_tail_pair(x: float, beta: float, c: float) -> tuple[float, float]:
    """(ln[e^-beta + c H(x)], c g(x)/[e^-beta + c H(x)]) of scalars, with c = 1 - e^-beta."""
    negative = x < 0.0
    t = abs(x)
    near = t if t < _FAR else _FAR
    p, a = excess_parts(near)
    inverse = INVERSE_SQRT_2PI * a / (near * a + p)  # e^(t^2/2) H(t)
    direct = negative or not c >= 0.5
    # y = beta - t^2/2 to twice the precision; the form with value near 1 needs -t^2/2 alone.
    limit = 39.0 if direct else 1e8
    square, square_low = half_square(t if t < limit else limit)
    bounded = beta if beta < 1e18 else 1e18
    start = 0.0 if direct else bounded
    rough = start - square
    back = rough - start
    lost = (start - (rough - back)) - (square + back)
    y = rough + (lost - square_low)
    y_low = (lost - square_low) - (y - rough)
    gain = y >= 0.0 and not direct
    high = -abs(y)
    clipped = high < -765.0
    n, q = split_exponential(-765.0 if clipped else high, 0.0 if clipped else (-y_low if y >= 0.0 else y_low))
    e = 1.0 + q
    fall = scale(e, n)
    tail = scale(e * inverse, n)
    v = c * (tail if negative or not direct else 1.0 - tail)
    weight = c * inverse + fall
    k, f = _parts(not gain, direct, 0.0 if gain else v, weight if gain else 1.0)
    offset = -0.5 * t * t if gain else (0.0 if direct else -beta)
    density = c * INVERSE_SQRT_2PI * (1.0 if gain else fall)
    below = weight if gain else (1.0 - v if direct else 1.0 + v)
    logarithm, hazard = offset + log_from_parts(k, f, 0.0), density / below
    hazard = t if gain and beta > 1e300 and t > _FAR else hazard
    return (logarithm if x == x else x), (hazard if x == x else x)


@scalar_kernel
def log_mixed_tail(x: float, beta: float) -> float:
    """ln[e^-beta + (1 - e^-beta) H(x)]: a unit Gaussian must exceed x, or pay beta.

    Survives every x and beta in [0, 1e6] or beta = inf (the plain ln H); nan gives nan.
    Measured error: 5 ulp for beta in [1e-8, 1e5] and x in [-38, 1e4].

    >>> from saddlepoint.special import log_mixed_tail
    >>> log_mixed_tail(100.0, 1000.0)
    -1000.0
    """
    return mixed_tail_pair(x, beta, -math.expm1(-beta))[0]


@scalar_kernel
def mixed_hazard(x: float, beta: float) -> float:
    """(1 - e^-beta) g(x)/[e^-beta + (1 - e^-beta) H(x)] = -d log_mixed_tail/dx.

    Ranges as `log_mixed_tail`. Measured error: 5 ulp where it does not underflow.

    >>> from saddlepoint.special import mixed_hazard
    >>> mixed_hazard(100.0, 1000.0)
    0.0
    """
    return mixed_tail_pair(x, beta, -math.expm1(-beta))[1]


@scalar_kernel
def mixed_pair(log_p: float, beta: float, c: float) -> tuple[float, float]:
    """(ln[e^-beta + c p], c p/[e^-beta + c p]) of scalars, with p = e^log_p and c = 1 - e^-beta."""
    direct = not (c >= 0.5 and log_p < -0.6931471805599453)
    bounded = -1e15 if log_p < -1e15 else (log_p if log_p < 0.0 else 0.0)  # nan comes back at the end
    start = 0.0 if direct else (beta if beta < 1e18 else 1e18)
    y = start + bounded
    gain = y >= 0.0 and not direct
    high = -abs(y)
    n, q = split_exponential(high if high > -765.0 else -765.0, 0.0)
    fall = scale(1.0 + q, n)
    coarse = power_of_two(n if n > -1000.0 else -1000.0)
    v = c * (-(coarse * q + (coarse - 1.0)) if direct else fall)
    weight = c + fall
    k, f = _parts(not gain, direct, 0.0 if gain else v, weight if gain else 1.0)
    offset = log_p if gain else (0.0 if direct else -beta)
    below = weight if gain else (1.0 - v if direct else 1.0 + v)
    logarithm, share = offset + log_from_parts(k, f, 0.0), c * (1.0 if gain else fall) / below
    return (logarithm if log_p == log_p else log_p), (share if log_p == log_p else log_p)


@scalar_kernel
def log_mixed(log_p: float, beta: float) -> float:
    """ln[e^-beta + (1 - e^-beta) p] for a probability given as log_p = ln p <= 0.

    Survives log_p = -inf, beta in [0, 1e15] and beta = inf (log_p itself); nan gives nan,
    log_p > 0 counts as 0. Measured error: 2 ulp. Where p is a Gaussian tail use `log_mixed_tail`.

    >>> from saddlepoint.special import log_mixed
    >>> round(log_mixed(-2000.0, 1000.0), 6)
    -1000.0
    """
    return mixed_pair(log_p, beta, -math.expm1(-beta))[0]


@scalar_kernel
def mixed_weight(log_p: float, beta: float) -> float:
    """(1 - e^-beta) p/[e^-beta + (1 - e^-beta) p] for log_p = ln p <= 0: d log_mixed/d log_p, in [0, 1].

    Ranges as `log_mixed`. Measured error: 2 (1 + |log_p|) ulp: the rounding of log_p itself is of that size.

    >>> from saddlepoint.special import mixed_weight
    >>> round(mixed_weight(-1.0, 1.0), 12)
    0.38730016322
    """
    return mixed_pair(log_p, beta, -math.expm1(-beta))[1]


@array_kernel
def mixed_tail_terms(x: np.ndarray, beta: np.ndarray, log_value: np.ndarray, hazard: np.ndarray) -> None:
    """Fill log_value, row by row, with ln[e^-beta + (1 - e^-beta) H(x)], hazard with minus its derivative.

    Accuracy and ranges as `log_mixed_tail` and `mixed_hazard`; vectorised along the rows.

    Parameters
    ----------
    x, log_value, hazard : C-contiguous float64 arrays of shape (B, n)
    beta : float64 array of shape (B,)
        Shapes are not checked: a smaller array is read or written past its end.

    >>> import numpy as np
    >>> from saddlepoint.special import mixed_tail_terms
    >>> x = np.zeros((2, 1))
    >>> value, slope = np.empty_like(x), np.empty_like(x)
    >>> mixed_tail_terms(x, np.array([0.0, np.inf]), value, slope)
    >>> slope.round(6)
    array([[0.      ],
           [0.797885]])
    """
    for row in range(x.shape[0]):
        one_beta = float(beta[row])
        c = -math.expm1(-one_beta)
        nodes, first, second = x[row], log_value[row], hazard[row]
        for i in range(nodes.size):
            first[i], second[i] = mixed_tail_pair(float(nodes[i]), one_beta, c)


@array_kernel
def mixed_terms(log_p: np.ndarray, beta: np.ndarray, log_value: np.ndarray, weight: np.ndarray) -> None:
    """Fill log_value, row by row, with ln[e^-beta + (1 - e^-beta) p], weight with the part of p in the sum.

    Accuracy and ranges as `log_mixed` and `mixed_weight`; shapes as `mixed_tail_terms`, with log_p in place
    of x.

    >>> import numpy as np
    >>> from saddlepoint.special import mixed_terms
    >>> log_p = np.full((1, 3), -1.0)
    >>> value, weight = np.empty_like(log_p), np.empty_like(log_p)
    >>> mixed_terms(log_p, np.array([np.inf]), value, weight)
    >>> value
    array([[-1., -1., -1.]])
    """
    for row in range(log_p.shape[0]):
        one_beta = float(beta[row])
        c = -math.expm1(-one_beta)
        nodes, first, second = log_p[row], log_value[row], weight[row]
        for i in range(nodes.size):
            first[i], second[i] = mixed_pair(float(nodes[i]), one_beta, c)
