"""A Gaussian cut at 0, moved by a field: the partition function of a weight that keeps its sign."""

from __future__ import annotations

import numpy as np

from saddlepoint._jit import array_kernel
from saddlepoint.special._tail import tail_triple

LOG_ROOT_2PI = 0.5 * np.log(2.0 * np.pi)
FAR = 50.0  # deviations below 0 from which the variance is a series: it would be a difference of numbers near 1


@array_kernel
def half_line_terms(x, log_z, mean, variance):  # type: ignore[no-untyped-def]
    """Of ``exp(x W - W^2/2)`` on ``W > 0``: ``ln int dW/sqrt(2 pi)``, mean and variance of W (a numerical kernel)."""
    flat, first, second, third = x.reshape(-1), log_z.reshape(-1), mean.reshape(-1), variance.reshape(-1)
    for i in range(flat.size):
        t = -flat[i]
        log_h, hazard, excess = tail_triple(t)
        # right of 0 the square would cancel: H is the density over the hazard
        first[i] = -np.log(hazard) - LOG_ROOT_2PI if t > 0.0 else 0.5 * t * t + log_h
        second[i] = excess
        third[i] = 1.0 - excess * hazard
        if t > FAR:
            s = 1.0 / (t * t)
            third[i] = s * (1.0 + s * (-6.0 + s * (50.0 + s * (-518.0 + s * (6354.0 - 89782.0 * s)))))


def half_line(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`half_line_terms` in new arrays."""
    x = np.ascontiguousarray(x)
    out = np.empty((3, *x.shape))
    half_line_terms(x, *out)
    return out[0], out[1], out[2]
