"""Compiled local partition function of the hinge: two Gaussian tails, one of them tilted; no loss lives here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import per_row
from replica.losses._tail import reference_tail
from saddlepoint._jit import array_kernel
from saddlepoint.special import hazard_excess, log_add, tail_pair

_HALF_LOG_2PI = 0.9189385332046727


@array_kernel
def _hinge_kernel(field, kappa, variance, beta, log_z, slope, curvature, share):  # type: ignore[no-untyped-def]
    """ln Z, its derivatives beta p and -beta p (1-p) [(G(x)-x) + (G(y)-y)]/s, and the share p = P(u < kappa)."""
    for row in range(field.shape[0]):
        deviation = np.sqrt(variance[row])
        inverse, pull = 1.0 / deviation, beta[row] * deviation
        for node in range(field.shape[1]):
            x = (kappa[row] - field[row, node]) * inverse
            log_tail, hazard = tail_pair(x)
            if not pull < np.inf:
                log_z[row, node] = log_tail
                slope[row, node] = hazard * inverse
                curvature[row, node] = -hazard * inverse * (hazard_excess(x) * inverse)
                share[row, node] = 0.0
                continue
            y = pull - x
            log_tilted, tilted = tail_pair(y)
            if y > 0.0:
                log_below = -0.5 * x * x - np.log(tilted) - _HALF_LOG_2PI
            else:
                log_below = pull * (0.5 * pull - x) + log_tilted
            below = hazard / (hazard + tilted) if hazard > 0.0 else 0.0
            above = tilted / (hazard + tilted) if tilted > 0.0 else 0.0
            log_z[row, node] = log_add(log_tail, log_below)
            slope[row, node] = beta[row] * below
            excess = hazard_excess(x) + hazard_excess(y)
            curvature[row, node] = -beta[row] * below * above * excess * inverse if below > 0.0 and above > 0.0 else 0.0
            share[row, node] = below


def hinge_terms(field: np.ndarray, kappa: Any, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, ...]:
    """``ln Z``, its first two derivatives in the field and the probability that ``u < kappa``."""
    size, out = len(field), tuple(np.empty(field.shape) for _ in range(4))
    rows = np.ascontiguousarray(field), per_row(kappa, size), per_row(variance, size), per_row(beta, size)
    _hinge_kernel(*rows, *out)
    return out


@array_kernel
def _missing_kernel(field, kappa, variance, beta, out):  # type: ignore[no-untyped-def]
    for row in range(field.shape[0]):
        deviation = np.sqrt(variance[row])
        for node in range(field.shape[1]):
            y = beta[row] * deviation - (kappa[row] - field[row, node]) / deviation
            out[row, node] = deviation * hazard_excess(y)


def missing_margin(field: np.ndarray, kappa: Any, variance: np.ndarray, beta: Any) -> np.ndarray:
    """Mean of ``kappa - u`` given that ``u < kappa``: ``s (G(y) - y)``."""
    size, out = len(field), np.empty(field.shape)
    _missing_kernel(
        np.ascontiguousarray(field), per_row(kappa, size), per_row(variance, size), per_row(beta, size), out
    )
    return out


def reference_hinge(kappa: Any, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
    """``ln Z`` and its first two derivatives in mpmath arithmetic."""
    if mp.isinf(beta):
        return reference_tail(kappa, field, variance, mp)
    spread = mp.sqrt(variance)
    x = (kappa - field) / spread
    y = beta * spread - x
    above = mp.erfc(x / mp.sqrt(2)) / 2
    below = mp.exp(beta * spread * (beta * spread / 2 - x)) * mp.erfc(y / mp.sqrt(2)) / 2
    share = below / (above + below)
    excess = mp.npdf(x) / above - x + mp.npdf(y) / (mp.erfc(y / mp.sqrt(2)) / 2) - y
    return mp.log(above + below), beta * share, -beta * share * (above / (above + below)) * excess / spread
