"""Compiled local partition functions built from Gaussian tails, shared by the hard losses; no loss lives here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import per_row
from saddlepoint._jit import array_kernel
from saddlepoint.quadrature.fields import field_panels
from saddlepoint.quadrature.panels import row_nodes
from saddlepoint.special import (
    difference_triple,
    hazard_excess,
    log_add,
    log_gauss_tail,
    mixed_tail_pair,
    tail_pair,
    tail_triple,
)


@array_kernel
def _margin_kernel(field, kappa, variance, log_z, slope, curvature):  # type: ignore[no-untyped-def]
    """ln H(x), G/sqrt V and -G(G-x)/V at x = (kappa - h)/sqrt V."""
    for row in range(field.shape[0]):
        inverse = 1.0 / np.sqrt(variance[row])
        for node in range(field.shape[1]):
            x = (kappa[row] - field[row, node]) * inverse
            log_tail, hazard, excess = tail_triple(x)
            log_z[row, node] = log_tail
            slope[row, node] = hazard * inverse
            curvature[row, node] = -hazard * inverse * (excess * inverse)


@array_kernel
def _margin_sums(edges, panels, rule, most, mean, deviation, kappa, variance, out):  # type: ignore[no-untyped-def]
    """Averages of ln H, its curvature and the squares of both slopes over a field: nodes and sums in one pass."""
    z, weight, value, first, second = np.empty(most), np.empty(most), np.empty(most), np.empty(most), np.empty(most)
    for row in range(mean.size):
        inverse = 1.0 / np.sqrt(variance[row])
        count = row_nodes(row, edges, panels[row], rule, z, weight)
        for node in range(count):  # a loop of its own: sums in a fixed order are not vectorised
            x = (kappa[row] - (mean[row] + deviation[row] * z[node])) * inverse
            value[node], first[node], excess = tail_triple(x)
            second[node] = first[node] * excess
        sums = 0.0, 0.0, 0.0, 0.0
        for node in range(count):
            mass = weight[node]
            sums = (
                sums[0] + mass * value[node],
                sums[1] + mass * second[node],
                sums[2] + mass * (first[node] * first[node]),
                sums[3] + mass * (second[node] * second[node]),
            )
        scale = inverse * inverse
        out[0, row], out[1, row], out[2, row] = sums[0], -sums[1] * scale, sums[2] * scale
        out[3, row] = sums[3] * scale * scale


def margin_sums(mean: np.ndarray, deviation: np.ndarray, kappa: Any, variance: np.ndarray, level: int) -> np.ndarray:
    """``E ln H``, ``E f'``, ``E f^2`` and ``E f'^2`` (4, batch) over the field ``mean + deviation z``."""
    out, places = np.empty((4, mean.size)), per_row(kappa, mean.size)
    panels = field_panels(places[:, None], np.sqrt(variance)[:, None], mean, deviation, level)
    _margin_sums(*panels, mean, deviation, places, variance, out)
    return out


@array_kernel
def _mixed_kernel(field, kappa, variance, beta, log_z, slope, curvature):  # type: ignore[no-untyped-def]
    """The same for e^-beta + (1-e^-beta) H(x).

    With the share p of the satisfied side the tilted hazard is pG and its slope -pG [p(G-x) - (1-p)x].
    """
    for row in range(field.shape[0]):
        inverse = 1.0 / np.sqrt(variance[row])
        one_beta = beta[row]
        kept = -np.expm1(-one_beta)
        for node in range(field.shape[1]):
            x = (kappa[row] - field[row, node]) * inverse
            _, hazard = tail_pair(x)
            value, tilted = mixed_tail_pair(x, one_beta, kept)
            given_up = np.exp(-one_beta - value)
            share = tilted / hazard if hazard > 0.0 else 1.0
            log_z[row, node] = value
            slope[row, node] = tilted * inverse
            lever = share * hazard_excess(x) - given_up * x
            curvature[row, node] = -tilted * inverse * ((lever if tilted > 0.0 else 0.0) * inverse)


@array_kernel
def _error_kernel(field, kappa, variance, beta, cost):  # type: ignore[no-untyped-def]
    """Probability e^-beta (1-H)/[e^-beta + (1-e^-beta) H] that a pattern is given up, relatively accurate."""
    for row in range(field.shape[0]):
        inverse = 1.0 / np.sqrt(variance[row])
        one_beta = beta[row]
        kept = -np.expm1(-one_beta)
        for node in range(field.shape[1]):
            x = (kappa[row] - field[row, node]) * inverse
            value, _ = mixed_tail_pair(x, one_beta, kept)
            cost[row, node] = np.exp(log_gauss_tail(-x) - one_beta - value)


@array_kernel
def _band_kernel(field, kappa, variance, log_z, slope, curvature):  # type: ignore[no-untyped-def]
    """ln[H(a) - H(b)] at a, b = (-+kappa - h)/sqrt V and its derivatives in h."""
    for row in range(field.shape[0]):
        inverse = 1.0 / np.sqrt(variance[row])
        for node in range(field.shape[1]):
            # even in h: the side with the smaller tails keeps the relative accuracy
            h = abs(field[row, node])
            sign = 1.0 if field[row, node] >= 0.0 else -1.0
            a = (h - kappa[row]) * inverse
            b = (h + kappa[row]) * inverse
            value, near, far = difference_triple(a, b)
            log_z[row, node] = value
            # g(a)/g(b) = e^(2 h kappa/V): near the centre the difference keeps its relative accuracy
            lift = 2.0 * h * kappa[row] * inverse * inverse
            first = -far * np.expm1(lift) if lift < 1.0 else far - near
            slope[row, node] = sign * first * inverse
            # far above the band a - near cancels: there near = G(a)/(1-r) with r = H(b)/H(a)
            ratio = np.exp(log_gauss_tail(b) - log_gauss_tail(a)) if a > 0.0 else 1.0
            lever = -(hazard_excess(a) + near * ratio) if ratio < 0.1 else a - near
            second = near * lever - far * (b + far) + 2.0 * near * far
            curvature[row, node] = second * inverse * inverse


@array_kernel
def _outside_kernel(field, kappa, variance, log_z, slope, curvature):  # type: ignore[no-untyped-def]
    """ln[H(x) + H(y)] at x, y = (kappa -+ h)/sqrt V and its derivatives in h."""
    for row in range(field.shape[0]):
        inverse = 1.0 / np.sqrt(variance[row])
        for node in range(field.shape[1]):
            x = (kappa[row] - field[row, node]) * inverse
            y = (kappa[row] + field[row, node]) * inverse
            log_x, hazard_x = tail_pair(x)
            log_y, hazard_y = tail_pair(y)
            total = log_add(log_x, log_y)
            right, left = np.exp(log_x - total), np.exp(log_y - total)
            log_z[row, node] = total
            # g(x)/g(y) = e^(2 h kappa/V): near the centre the difference keeps its relative accuracy
            lift = 2.0 * field[row, node] * kappa[row] * inverse * inverse
            first = left * hazard_y * np.expm1(lift) if abs(lift) < 1.0 else right * hazard_x - left * hazard_y
            slope[row, node] = first * inverse
            # mixture of two log-concave sides: mean of their curvatures plus the variance of their slopes
            inner = -right * hazard_x * hazard_excess(x) - left * hazard_y * hazard_excess(y)
            curvature[row, node] = (inner + right * left * (hazard_x + hazard_y) ** 2) * inverse * inverse


def _outputs(field: np.ndarray, count: int) -> tuple[np.ndarray, ...]:
    return tuple(np.empty(field.shape) for _ in range(count))


def tail_log_and_slopes(field: np.ndarray, kappa: Any, variance: np.ndarray) -> tuple[np.ndarray, ...]:
    """``ln H((kappa-h)/sqrt V)`` and its first two derivatives in h."""
    out = _outputs(field, 3)
    _margin_kernel(np.ascontiguousarray(field), per_row(kappa, len(field)), per_row(variance, len(field)), *out)
    return out


def mixed_log_and_slopes(field: np.ndarray, kappa: Any, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, ...]:
    """``ln[e^-beta + (1-e^-beta) H]`` and its first two derivatives in h."""
    size, out = len(field), _outputs(field, 3)
    rows = np.ascontiguousarray(field), per_row(kappa, size), per_row(variance, size), per_row(beta, size)
    _mixed_kernel(*rows, *out)
    return out


def error_probability(field: np.ndarray, kappa: Any, variance: np.ndarray, beta: Any) -> np.ndarray:
    """Thermal probability that a pattern is given up by ``e^-beta + (1-e^-beta) H``."""
    size, cost = len(field), np.empty(field.shape)
    _error_kernel(np.ascontiguousarray(field), per_row(kappa, size), per_row(variance, size), per_row(beta, size), cost)
    return cost


def band_log_and_slopes(field: np.ndarray, kappa: Any, variance: np.ndarray) -> tuple[np.ndarray, ...]:
    """``ln[H((-kappa-h)/sqrt V) - H((kappa-h)/sqrt V)]`` and its first two derivatives in h."""
    out = _outputs(field, 3)
    _band_kernel(np.ascontiguousarray(field), per_row(kappa, len(field)), per_row(variance, len(field)), *out)
    return out


def outside_log_and_slopes(field: np.ndarray, kappa: Any, variance: np.ndarray) -> tuple[np.ndarray, ...]:
    """``ln[H((kappa-h)/sqrt V) + H((kappa+h)/sqrt V)]`` and its first two derivatives in h."""
    out = _outputs(field, 3)
    _outside_kernel(np.ascontiguousarray(field), per_row(kappa, len(field)), per_row(variance, len(field)), *out)
    return out


def reference_tail(kappa: Any, field: Any, variance: Any, mp: Any) -> tuple[Any, Any, Any]:
    """``ln H((kappa-h)/sqrt V)`` and its first two derivatives in mpmath arithmetic."""
    spread = mp.sqrt(variance)
    x = (kappa - field) / spread
    tail = mp.erfc(x / mp.sqrt(2)) / 2
    hazard = mp.npdf(x) / tail
    return mp.log(tail), hazard / spread, -hazard * (hazard - x) / variance
