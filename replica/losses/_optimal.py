"""Fields that maximise ``-(u-h)^2/(2 gap) + ln Z(u)`` for log-concave losses: any loss, and the margin at any gap."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from replica._registry import per_row
from saddlepoint._jit import array_kernel
from saddlepoint.special import hazard_excess, tail_pair

_LN_SQRT_2PI = 0.9189385332046727


@array_kernel
def bracketed_step(mean, gap, omega, first, second, low, high):  # type: ignore[no-untyped-def]
    """One step of ``omega = mean + gap f(omega)`` at every node, in place; says how many are not solved yet.

    Newton's step, or that of the logarithm of ``(omega - mean)/(gap f)`` far from the root, inside the bracket.
    """
    left = 0
    for row in range(omega.shape[0]):
        reach = gap[row]
        for node in range(omega.shape[1]):
            place, f = omega[row, node], first[row, node]
            moved, pulled = place - mean[row, node], reach * f
            off, slope = moved - pulled, 1.0 - reach * second[row, node]
            if off < 0.0:
                low[row, node] = place
            else:
                high[row, node] = place
            floor = 4e-16 * (abs(place) + abs(mean[row, node]) + abs(pulled))
            if not abs(off) > floor * slope:
                continue
            left += 1
            step = off / slope
            ratio = moved / pulled if pulled != 0.0 else 0.0
            if 0.0 < ratio < 0.3 or ratio > 3.0:
                far = math.log(ratio) / (1.0 / moved - second[row, node] / f)
                step = far if math.isfinite(far) else step
            trial = place - step
            inside = low[row, node] <= trial <= high[row, node]
            omega[row, node] = trial if inside else 0.5 * (low[row, node] + high[row, node])
    return left


def optimal_field(terms: Callable[[np.ndarray], tuple[Any, ...]], field: np.ndarray, log_gap: np.ndarray) -> Any:
    """``omega - h``, ``ln Z``, ``gap f^2`` and ``-gap f'`` at ``omega = h + gap f(omega)``, for any log-concave loss.

    Newton's steps inside a bracket: the slope ``1 - gap f'`` is at least 1, so the root is within ``|gap f|``.
    ``terms`` gives ``ln Z``, ``f`` and ``f'`` of fields. Gaps beyond the range of doubles are not for it.
    """
    gap = np.exp(np.minimum(log_gap, 700.0))
    omega = np.array(field)
    log_z, first, second = terms(omega)
    pull = gap[:, None] * first
    low, high = omega + np.minimum(pull, 0.0), omega + np.maximum(pull, 0.0)
    for _ in range(200):
        if not bracketed_step(field, gap, omega, first, second, low, high):
            break
        log_z, first, second = terms(omega)
    reach = gap[:, None]
    return reach * first, log_z, reach * first**2, -reach * second


@array_kernel
def _optimal_margin(field, kappa, variance, log_gap, shift, log_z, work, stiffness):  # type: ignore[no-untyped-def]
    """See `optimal_margin` (a numerical kernel)."""
    for row in range(field.shape[0]):
        width = math.sqrt(variance[row])
        log_c = log_gap[row] - math.log(variance[row])
        far = math.sqrt(2.0 * max(log_c, 0.0))
        for node in range(field.shape[1]):
            m = (kappa[row] - field[row, node]) / width
            # in rho = ln R, R = m - a: increasing and convex, so that the steps from above are monotone
            log_tail, hazard = tail_pair(m)
            rho = log_c + (math.log(hazard) if hazard > 1e-290 else -0.5 * m * m - _LN_SQRT_2PI - log_tail)
            rho = min(rho, math.log(max(1.0, m + far)))
            ratio = math.exp(rho)
            excess = 0.0
            for _ in range(100):
                a = m - ratio
                log_tail, hazard = tail_pair(a)
                excess = hazard_excess(a)
                log_hazard = math.log(hazard) if hazard > 1e-290 else -0.5 * a * a - _LN_SQRT_2PI - log_tail
                step = (rho - log_c - log_hazard) / (1.0 + ratio * excess)
                rho -= step
                ratio = math.exp(rho)
                if not abs(step) > 4e-16 * (1.0 + abs(rho) + abs(log_c)):
                    break
            shift[row, node] = width * ratio
            log_z[row, node] = log_tail
            work[row, node] = ratio * hazard
            stiffness[row, node] = ratio * excess


def optimal_margin(field: np.ndarray, kappa: Any, variance: np.ndarray, log_gap: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same for a hard margin, where f may be below the range of doubles and the gap above it."""
    out = tuple(np.empty(field.shape) for _ in range(4))
    size = len(field)
    rows = per_row(kappa, size), per_row(variance, size), per_row(log_gap, size)
    _optimal_margin(np.ascontiguousarray(field), *rows, *out)
    return out
