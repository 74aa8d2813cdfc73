"""Fields that maximise ``-(u-h)^2/(2 gap) + ln Z(u)`` for log-concave losses: any loss, and the margin at any gap."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from replica._registry import per_row
from saddlepoint._jit import array_kernel, scalar_kernel
from saddlepoint.special import tail_triple
from saddlepoint.special._elementary import log_positive, scale, split_exponential

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


@scalar_kernel
def _exponential(x):  # type: ignore[no-untyped-def]
    """e^x for x below 600."""
    n, q = split_exponential(x if x > -750.0 else -750.0, 0.0)
    return scale(1.0 + q, n)


@scalar_kernel
def _log_hazard(x, log_tail, hazard):  # type: ignore[no-untyped-def]
    """ln G(x), also where G is below the range of doubles."""
    near = hazard > 1e-290
    seen = log_positive(hazard if near else 1.0)
    return seen if near else -0.5 * x * x - _LN_SQRT_2PI - log_tail


@array_kernel
def _optimal_margin(field, kappa, variance, log_gap, shift, log_z, work, stiffness):  # type: ignore[no-untyped-def]
    """See `optimal_margin` (a numerical kernel): all nodes of a row step together, so that the loops are vectorised."""
    m, rho, change = np.empty((3, field.shape[1]))
    for row in range(field.shape[0]):
        width, log_c = math.sqrt(variance[row]), log_gap[row] - math.log(variance[row])
        bound, far = kappa[row], math.sqrt(2.0 * max(log_c, 0.0))
        # in rho = ln R, R = m - a: increasing and convex, so that the steps from above are monotone
        for node in range(m.size):
            m[node] = (bound - field[row, node]) / width
            log_tail, hazard, _ = tail_triple(m[node])
            below, above = log_c + _log_hazard(m[node], log_tail, hazard), m[node] + far
            above = log_positive(above if above > 1.0 else 1.0)
            rho[node] = above if below > above else below
        for _ in range(100):
            for node in range(m.size):
                ratio = _exponential(rho[node])
                a = m[node] - ratio
                log_tail, hazard, excess = tail_triple(a)
                step = (rho[node] - log_c - _log_hazard(a, log_tail, hazard)) / (1.0 + ratio * excess)
                rho[node] -= step
                # the square of a short step is all that is missing after it
                moved = abs(step) > 4e-16 * (1.0 + abs(rho[node]) + abs(log_c))
                change[node] = abs(step) * (1.0 + ratio) if moved else 0.0
            longest = 0.0
            for node in range(m.size):
                longest = change[node] if change[node] > longest else longest
            if longest < 5e-9:
                break
        for node in range(m.size):
            ratio = _exponential(rho[node])
            log_tail, hazard, excess = tail_triple(m[node] - ratio)
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
