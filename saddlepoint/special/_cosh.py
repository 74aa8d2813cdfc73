"""ln(2 cosh h), tanh h and 1 - tanh^2 h, all from one exponential; nothing Gaussian here."""

from __future__ import annotations

import numpy as np

from saddlepoint._jit import array_kernel, power_of_two, scalar_kernel
from saddlepoint.special._elementary import log_one_plus, scale, split_exponential


@scalar_kernel
def cosh_triple(h: float) -> tuple[float, float, float]:
    """(ln 2cosh h, tanh h, sech^2 h) of a scalar."""
    t = abs(h)
    # e^(-2t) = 2^n (1 + q); beyond 380 even 4 e^(-2t) is zero.
    n, q = split_exponential(-2.0 * (t if t < 380.0 else 380.0), 0.0)
    e = scale(1.0 + q, n)
    coarse = power_of_two(n if n > -1000.0 else -1000.0)
    minus = coarse * q + (coarse - 1.0)  # e^(-2t) - 1 with all its digits
    below = 2.0 + minus
    inverse = 1.0 / (below * below)
    slope = -minus * (below * inverse)
    signed = -slope if h < 0.0 else slope
    square = scale((1.0 + q) * (4.0 * inverse), n)
    return t + log_one_plus(e), signed if h == h else h, square if h == h else h


@scalar_kernel
def log_two_cosh(h: float) -> float:
    """ln(2 cosh h).

    Survives every float: +-inf give inf, nan gives nan. Measured error: 1.1 ulp for |h| <= 1e8.

    >>> from saddlepoint.special import log_two_cosh
    >>> log_two_cosh(-1e8)
    100000000.0
    """
    return cosh_triple(h)[0]


@scalar_kernel
def tanh(h: float) -> float:
    """tanh h.

    Survives every float, keeps the relative digits of small h (subnormal ones too). Measured error: 4 ulp.

    >>> from saddlepoint.special import tanh
    >>> tanh(1e-20)
    1e-20
    """
    return cosh_triple(h)[1]


@array_kernel
def cosh_terms(h: np.ndarray, log_two_cosh: np.ndarray, tanh: np.ndarray, sech2: np.ndarray) -> None:
    """Fill the three outputs with ln(2 cosh h), tanh h and 1 - tanh^2 h, in one vectorised pass.

    1 - tanh^2 h keeps its relative digits until it underflows gradually from |h| = 355 on: measured error 4
    ulp; the other two as `log_two_cosh` and `tanh`.

    Parameters
    ----------
    h, log_two_cosh, tanh, sech2 : C-contiguous float64 arrays of one shape, of any number of dimensions.
        Shapes are not checked: a smaller output is written past its end.

    >>> import numpy as np
    >>> from saddlepoint.special import cosh_terms
    >>> h = np.array([0.0, 20.0])
    >>> value, slope, curvature = (np.empty_like(h) for _ in range(3))
    >>> cosh_terms(h, value, slope, curvature)
    >>> print(f"{curvature[1]:.6e}")
    1.699342e-17
    """
    flat, first = h.reshape(-1), log_two_cosh.reshape(-1)
    second, third = tanh.reshape(-1), sech2.reshape(-1)
    for i in range(flat.size):
        first[i], second[i], third[i] = cosh_triple(float(flat[i]))
