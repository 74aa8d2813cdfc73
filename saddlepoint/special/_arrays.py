"""Array functions of any shape that allocate their outputs; the kernels they call are in the other files."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.special._cosh import cosh_terms
from saddlepoint.special._difference import tail_difference_terms
from saddlepoint.special._mixed import mixed_tail_terms, mixed_terms
from saddlepoint.special._tail import tail_terms


def _prepared(*values: ArrayLike) -> list[np.ndarray]:
    """The values as contiguous float64 arrays of their common shape."""
    arrays = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values))
    return [np.array(one, order="C") for one in arrays]


def tail(x: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """(ln H(x), G(x)) with the shape of x; see `log_gauss_tail` and `hazard`.

    >>> from saddlepoint.special import tail
    >>> log_tail, slope = tail([0.0, 1.0])
    >>> slope.round(6)
    array([0.797885, 1.525135])
    """
    (x,) = _prepared(x)
    log_tail, slope = np.empty_like(x), np.empty_like(x)
    tail_terms(x.reshape(-1), log_tail.reshape(-1), slope.reshape(-1))
    return log_tail, slope


def two_cosh(h: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ln(2 cosh h), tanh h, 1 - tanh^2 h) with the shape of h; see `cosh_terms`.

    >>> from saddlepoint.special import two_cosh
    >>> two_cosh(0.0)[2].item()
    1.0
    """
    (h,) = _prepared(h)
    value, slope, curvature = np.empty_like(h), np.empty_like(h), np.empty_like(h)
    cosh_terms(h.reshape(-1), value.reshape(-1), slope.reshape(-1), curvature.reshape(-1))
    return value, slope, curvature


def tail_difference(a: ArrayLike, b: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ln D, g(a)/D, g(b)/D) with D = H(a) - H(b), a and b broadcast; see `tail_difference_terms`.

    >>> from saddlepoint.special import tail_difference
    >>> tail_difference(-1.0, [0.0, 1.0])[0].round(6)
    array([-1.074862, -0.381715])
    """
    a, b = _prepared(a, b)
    value, first, second = np.empty_like(a), np.empty_like(a), np.empty_like(a)
    flat = [one.reshape(-1) for one in (a, b, value, first, second)]
    tail_difference_terms(*flat)
    return value, first, second


def mixed_tail(x: ArrayLike, beta: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """(`log_mixed_tail`, `mixed_hazard`) of x and beta broadcast.

    Every element counts as a row of its own: for many nodes per beta call `mixed_tail_terms`.

    >>> from saddlepoint.special import mixed_tail
    >>> mixed_tail(50.0, [1.0, 10.0])[0]
    array([ -1., -10.])
    """
    x, beta = _prepared(x, beta)
    value, slope = np.empty_like(x), np.empty_like(x)
    mixed_tail_terms(x.reshape(-1, 1), beta.reshape(-1), value.reshape(-1, 1), slope.reshape(-1, 1))
    return value, slope


def mixed(log_p: ArrayLike, beta: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """(`log_mixed`, `mixed_weight`) of log_p and beta broadcast.

    Every element counts as a row of its own: for many nodes per beta call `mixed_terms`.

    >>> import numpy as np
    >>> from saddlepoint.special import mixed
    >>> mixed(np.log(0.5), 0.0)[0].item()
    0.0
    """
    log_p, beta = _prepared(log_p, beta)
    value, weight = np.empty_like(log_p), np.empty_like(log_p)
    mixed_terms(log_p.reshape(-1, 1), beta.reshape(-1), value.reshape(-1, 1), weight.reshape(-1, 1))
    return value, weight
