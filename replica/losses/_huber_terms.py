"""Compiled local partition function of Huber's loss, a Gaussian piece between two exponential ones; no loss is here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import per_row
from saddlepoint._jit import array_kernel, scalar_kernel
from saddlepoint.special import difference_triple, hazard, hazard_excess, log_gauss_tail, log_tail_difference, tail_pair

_HALF_LOG_2PI = 0.9189385332046727


@scalar_kernel
def _beyond(y, gap, delta, beta, deviation):  # type: ignore[no-untyped-def]
    """The logarithm of the weight of residuals above delta, ``gap`` that of the field: a Gaussian tail, tilted."""
    x, pull, step = (delta - gap) / deviation, beta * delta * deviation, delta / deviation
    log_tail, hazard = tail_pair(y)
    if y > 0.0:
        return -0.5 * x * x - 0.5 * pull * step - np.log(hazard) - _HALF_LOG_2PI
    return pull * (0.5 * pull + x - 0.5 * step) + log_tail


@scalar_kernel
def _shares(up, down):  # type: ignore[no-untyped-def]
    """Shares of three pieces from the ratios of two to the third, one of which may be infinite."""
    if not up < np.inf:
        return 1.0, 0.0, 0.0
    if not down < np.inf:
        return 0.0, 1.0, 0.0
    whole = 1.0 + up + down
    return up / whole, down / whole, 1.0 / whole


@scalar_kernel
def _tail_ratio(y, beyond, step):  # type: ignore[no-untyped-def]
    """``H(beyond)/H(y)``, step their difference: for large y by hazards, as both logarithms grow like its square."""
    if y > 0.0:
        return np.exp(-step * (y + 0.5 * step)) * hazard(y) / hazard(beyond)
    return np.exp(log_gauss_tail(beyond) - log_gauss_tail(y))


@array_kernel
def _huber_kernel(field, delta, variance, beta, out):  # type: ignore[no-untyped-def]
    """``ln Z``, ``f = -beta <l'>``, ``f' = Var(beta l') - beta <l''>``, ``<l>``, ``P(u < 0)``.

    By the laws of total mean and variance: within straight pieces the slope is the same, within the parabola its
    variance is that of a cut Gaussian, whose deviation from ``V/k`` is taken apart from it (``k = 1 + beta V``). What
    pieces weigh in units of each other follows from the density at the edge that they share.
    """
    for row in range(field.shape[0]):
        d, b = delta[row], beta[row]
        deviation = np.sqrt(variance[row])
        stiff = 1.0 + b * variance[row]
        root = np.sqrt(stiff)
        spread = deviation / root
        for node in range(field.shape[1]):
            gap = 1.0 - field[row, node]
            centre = gap / stiff
            y_up, y_down = (d * stiff - gap) / deviation, (d * stiff + gap) / deviation
            low, high = -y_down / root, y_up / root
            log_middle, at_low, at_high = difference_triple(low, high)
            up = root * at_high / hazard(y_up) if at_high > 0.0 else 0.0
            down = root * at_low / hazard(y_down) if at_low > 0.0 else 0.0
            p_up, p_down, p = _shares(up, down)
            if p >= max(p_up, p_down):
                log_z = log_middle - 0.5 * b * gap * centre - 0.5 * np.log(stiff) - np.log(p)
            elif p_up > p_down:
                log_z = _beyond(y_up, gap, d, b, deviation) - np.log(p_up)
            else:
                log_z = _beyond(y_down, -gap, d, b, deviation) - np.log(p_down)
            mean, cost, bend = 0.0, 0.0, 0.0
            if p > 0.0:
                tilt = at_low - at_high
                cut = -tilt * tilt
                if at_low > 0.0:
                    cut += low * at_low
                if at_high > 0.0:
                    cut -= high * at_high
                mean = min(max(centre + spread * tilt, -d), d)
                cost = p * 0.5 * (spread * spread * max(1.0 + cut, 0.0) + mean * mean)
                bend = p * (b * b * spread * spread * cut - b / stiff)
            force = p_up * d - p_down * d + p * mean
            spreads = p_up * (d - force) ** 2 + p_down * (d + force) ** 2 + p * (mean - force) ** 2
            cost += p_up * d * (0.5 * d + deviation * hazard_excess(y_up))
            cost += p_down * d * (0.5 * d + deviation * hazard_excess(y_down))
            out[4, row, node] = p_up
            if d <= 1.0 and p_up > 0.0:
                beyond = b * d * deviation + field[row, node] / deviation
                out[4, row, node] *= _tail_ratio(y_up, beyond, (1.0 - d) / deviation)
            elif d > 1.0 and p > 0.0:
                wrong = (b * variance[row] + field[row, node]) / (stiff * spread)
                out[4, row, node] += p * np.exp(log_tail_difference(wrong, high) - log_middle)
            out[0, row, node] = log_z
            out[1, row, node] = b * force
            out[2, row, node] = b * b * spreads + bend
            out[3, row, node] = cost


def huber_terms(field: np.ndarray, delta: Any, variance: np.ndarray, beta: Any) -> np.ndarray:
    """``ln Z``, its first two derivatives in the field, the mean cost and P(u < 0) (5, batch, node), at finite beta."""
    size, out = len(field), np.empty((5, *field.shape))
    rows = per_row(delta, size), per_row(variance, size), per_row(beta, size)
    _huber_kernel(np.ascontiguousarray(field, dtype=float), *rows, out)
    return out
