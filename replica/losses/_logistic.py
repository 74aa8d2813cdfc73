"""Compiled proximal map of the logistic loss; no loss lives here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import per_row
from saddlepoint._jit import array_kernel, scalar_kernel


@scalar_kernel
def logistic_push(field, gain, variance):  # type: ignore[no-untyped-def]
    """The root p in (0, 1) of ``p = 1/(1 + e^{gain (h + V p)})``: Newton on ``ln p - ln(1-p) + gain (h + V p)``.

    In the logit ``t = ln(p/(1-p))`` the equation is ``t + a + c/(1 + e^-t) = 0`` with ``a = gain h`` and ``c = gain V``:
    monotone, its root in ``[-a-c, -a]``. Relatively accurate also where p underflows to an exponential.
    """
    a, c = gain * field, gain * variance
    low, high = -a - c, -a
    # 0 < p < 1 cuts the bracket on the side where the root is linear in the field
    t = min(max(-a - 0.5 * c, low), high)
    if a > 0.0:
        t = max(low, high - c * np.exp(-a)) if a > 3.0 else t
    last = high - low
    for _ in range(200):
        small = np.exp(-abs(t))
        p = 1.0 / (1.0 + small) if t > 0.0 else small / (1.0 + small)
        value = t + a + c * p
        if value > 0.0:
            high = t
        else:
            low = t
        step = value / (1.0 + c * p * (small / (1.0 + small) if t > 0.0 else 1.0 / (1.0 + small)))
        if abs(step) <= 2e-16 * (abs(t) + 1e-3):
            break
        if low < t - step < high and abs(step) <= 0.5 * last:  # Newton's steps must halve, or they may cycle
            t, last = t - step, abs(step)
        else:
            last = 0.5 * (high - low)
            t = low + last
    small = np.exp(-abs(t))
    return 1.0 / (1.0 + small) if t > 0.0 else small / (1.0 + small)


@array_kernel
def _push_kernel(field, gain, variance, out):  # type: ignore[no-untyped-def]
    for row in range(field.shape[0]):
        for node in range(field.shape[1]):
            out[row, node] = logistic_push(field[row, node], gain[row], variance[row])


def logistic_prox(field: np.ndarray, gain: Any, variance: np.ndarray) -> np.ndarray:
    """``p = -l'(u)`` at the proximal point ``u = h + V p``."""
    out = np.empty(field.shape)
    size = len(field)
    _push_kernel(np.ascontiguousarray(field, dtype=float), per_row(gain, size), per_row(variance, size), out)
    return out
