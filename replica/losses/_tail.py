"""Compiled local partition functions built from Gaussian tails, shared by the hard losses; no loss lives here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import per_row
from saddlepoint._jit import array_kernel, point_kernel, scalar_kernel
from saddlepoint.quadrature.fields import field_panels, nodes_at, sums_of_row
from saddlepoint.quadrature.panels import row_nodes
from saddlepoint.quadrature.rules import gauss_legendre
from saddlepoint.special import (
    difference_triple,
    hazard_excess,
    log_add,
    log_gauss_tail,
    mixed_tail_pair,
    tail_pair,
    tail_triple,
)

_LOG_SQRT_2PI = 0.9189385332046728
_PLACES, _WEIGHTS = (np.array(part)[7:] for part in gauss_legendre(14))  # the right half

#: ln Z and its first two derivatives in the field
Terms = tuple[np.ndarray, np.ndarray, np.ndarray]


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
        sums = sums_of_row(weight, value, first, second, count)
        scale = inverse * inverse
        out[0, row], out[1, row], out[2, row] = sums[0], -sums[1] * scale, sums[2] * scale
        out[3, row] = sums[3] * scale * scale


@point_kernel
def margin_at(q, variance, numbers, rule, grading, out):  # type: ignore[no-untyped-def]
    """As `replica.ansatz.rs.one_overlap` asks; ``numbers`` are the margin."""
    deviation, width, kappa = np.sqrt(q), np.sqrt(variance), numbers[0]
    nodes, inverse = nodes_at(deviation, kappa, width, 0.0, np.inf, rule, grading), 1.0 / width
    for node in range(nodes.shape[1]):
        nodes[2, node], hazard, excess = tail_triple((kappa - deviation * nodes[0, node]) * inverse)
        nodes[3, node], nodes[4, node] = hazard, hazard * excess
    sums = sums_of_row(nodes[1], nodes[2], nodes[3], nodes[4], nodes.shape[1])
    scale = inverse * inverse
    out[0], out[1], out[2] = sums[0], -sums[1] * scale, sums[2] * scale
    out[3], out[4] = sums[3] * scale * scale, (sums[3] + 2.0 * sums[4]) * scale * scale
    if out.size > 5:
        wrong = 0.0
        if kappa < 0.0:
            for node in range(nodes.shape[1]):
                inside = log_gauss_tail(-deviation * nodes[0, node] * inverse)
                wrong -= nodes[1, node] * np.expm1(inside - nodes[2, node])
        out[5], out[6] = 0.0, wrong


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


@point_kernel
def count_at(q, variance, numbers, rule, grading, out):  # type: ignore[no-untyped-def]
    """As `replica.ansatz.rs.one_overlap` asks; ``numbers``: margin, beta. Features of `ErrorCount`."""
    deviation, width, kappa, beta = np.sqrt(q), np.sqrt(variance), numbers[0], numbers[1]
    finite = beta if beta < 1e9 else 1e9
    far = finite - np.log(np.sqrt(4.0 * np.pi * (finite if finite > 1.0 else 1.0)))
    level = np.sqrt(2.0 * (far if far > 0.5 else 0.5))
    wider = np.inf if finite > 1e8 else width * (1.0 if level < 2.0 else 2.0 / level)
    nodes = nodes_at(deviation, kappa, width, kappa - width * level, wider, rule, grading)
    inverse, kept = 1.0 / width, -np.expm1(-beta)
    for node in range(nodes.shape[1]):
        x = (kappa - deviation * nodes[0, node]) * inverse
        _, hazard = tail_pair(x)
        nodes[2, node], tilted = mixed_tail_pair(x, beta, kept)
        share = tilted / hazard if hazard > 0.0 else 1.0
        lever = share * hazard_excess(x) - np.exp(-beta - nodes[2, node]) * x
        nodes[3, node], nodes[4, node] = tilted, tilted * lever if tilted > 0.0 else 0.0
    sums = sums_of_row(nodes[1], nodes[2], nodes[3], nodes[4], nodes.shape[1])
    scale = inverse * inverse
    out[0], out[1], out[2] = sums[0], -sums[1] * scale, sums[2] * scale
    out[3], out[4] = sums[3] * scale * scale, (sums[3] + 2.0 * sums[4]) * scale * scale
    if out.size > 5:
        cost, wrong = 0.0, 0.0
        for node in range(nodes.shape[1]):
            field = deviation * nodes[0, node]
            x, down = (kappa - field) * inverse, -beta - nodes[2, node]
            paid = np.exp(log_gauss_tail(-x) + down)
            cost += nodes[1, node] * paid
            if kappa > 0.0:  # all that is wrong is paid for
                paid = np.exp(log_gauss_tail(field * inverse) + down)
            elif kappa < 0.0:
                inside = log_gauss_tail(x)
                paid -= np.exp(inside - nodes[2, node]) * np.expm1(log_gauss_tail(-field * inverse) - inside)
            wrong += nodes[1, node] * paid
        out[5], out[6] = cost, wrong


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


@scalar_kernel
def _in_narrow_band(middle, half):  # type: ignore[no-untyped-def]
    """``ln[H(m-w) - H(m+w)]``, minus the mean of a unit Gaussian in between, and its variance less 1, for ``mw < 2``
    and ``w < 1``: of ``x = m + w t`` the weight ``e^(-mwt - (wt)^2/2)`` is smooth on [-1, 1], however narrow the band.
    """
    mass, mean, square = 0.0, 0.0, 0.0
    for k in range(_PLACES.size):
        t = _PLACES[k]
        lean, weight = middle * half * t, _WEIGHTS[k] * np.exp(-0.5 * (half * t) ** 2)
        mass += weight * np.cosh(lean)
        mean -= weight * t * np.sinh(lean)
        square += weight * t * t * np.cosh(lean)
    mean, square = mean / mass, square / mass
    log_z = np.log(half) + np.log(2.0 * mass) - 0.5 * middle * middle - _LOG_SQRT_2PI
    return log_z, -(middle + half * mean), half * half * (square - mean * mean) - 1.0


@scalar_kernel
def _above_band(middle, half):  # type: ignore[no-untyped-def]
    """The latter two of `_in_narrow_band` where ``mw >= 2`` and ``m > w``: a tail less the share of one further out."""
    near, far, width = middle - half, middle + half, 2.0 * half
    excess, further = hazard_excess(near), hazard_excess(far)
    share = np.exp(-2.0 * middle * half) * (near + excess) / (far + further)
    kept, apart = 1.0 - share, excess - further - width
    mean = (excess - share * (width + further)) / kept
    spread = 1.0 - (near + excess) * excess - share * (1.0 - (far + further) * further) - share / kept * apart * apart
    return -(near + mean), spread / kept - 1.0


@array_kernel
def _band_kernel(field, kappa, variance, log_z, slope, curvature):  # type: ignore[no-untyped-def]
    """ln[H(a) - H(b)] at a, b = (-+kappa - h)/sqrt V and its derivatives in h."""
    for row in range(field.shape[0]):
        inverse = 1.0 / np.sqrt(variance[row])
        for node in range(field.shape[1]):
            # even in h: the side with the smaller tails keeps the relative accuracy
            h = abs(field[row, node])
            sign = 1.0 if field[row, node] >= 0.0 else -1.0
            middle, half = h * inverse, kappa[row] * inverse
            a = (h - kappa[row]) * inverse
            b = (h + kappa[row]) * inverse
            if half < 1.0 and middle * half < 2.0:
                value, first, second = _in_narrow_band(middle, half)
            else:
                value, near, far = difference_triple(a, b)
                if a > 0.0 and middle * half >= 2.0:
                    first, second = _above_band(middle, half)
                else:
                    # g(a)/g(b) = e^(2 h kappa/V): near the centre the difference keeps its relative accuracy
                    lift = 2.0 * middle * half
                    first = -far * np.expm1(lift) if lift < 1.0 else far - near
                    second = near * (a - near) - far * (b + far) + 2.0 * near * far
            log_z[row, node] = value
            slope[row, node] = sign * first * inverse
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
            # what a narrow or a far band takes away may be small, and is known to its own digits
            half, middle = kappa[row] * inverse, abs(field[row, node]) * inverse
            if half < 1.0 and middle * half < 2.0:
                total = np.log1p(-np.exp(_in_narrow_band(middle, half)[0]))
            elif middle > half:
                total = np.log1p(-np.exp(difference_triple(middle - half, middle + half)[0]))
            else:
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


def _outputs(field: np.ndarray) -> Terms:
    return np.empty(field.shape), np.empty(field.shape), np.empty(field.shape)


def tail_log_and_slopes(field: np.ndarray, kappa: Any, variance: np.ndarray) -> Terms:
    """``ln H((kappa-h)/sqrt V)`` and its first two derivatives in h."""
    out = _outputs(field)
    _margin_kernel(np.ascontiguousarray(field), per_row(kappa, len(field)), per_row(variance, len(field)), *out)
    return out


def mixed_log_and_slopes(field: np.ndarray, kappa: Any, variance: np.ndarray, beta: Any) -> Terms:
    """``ln[e^-beta + (1-e^-beta) H]`` and its first two derivatives in h."""
    size, out = len(field), _outputs(field)
    rows = np.ascontiguousarray(field), per_row(kappa, size), per_row(variance, size), per_row(beta, size)
    _mixed_kernel(*rows, *out)
    return out


def error_probability(field: np.ndarray, kappa: Any, variance: np.ndarray, beta: Any) -> np.ndarray:
    """Thermal probability that a pattern is given up by ``e^-beta + (1-e^-beta) H``."""
    size, cost = len(field), np.empty(field.shape)
    _error_kernel(np.ascontiguousarray(field), per_row(kappa, size), per_row(variance, size), per_row(beta, size), cost)
    return cost


def band_log_and_slopes(field: np.ndarray, kappa: Any, variance: np.ndarray) -> Terms:
    """``ln[H((-kappa-h)/sqrt V) - H((kappa-h)/sqrt V)]`` and its first two derivatives in h."""
    out = _outputs(field)
    _band_kernel(np.ascontiguousarray(field), per_row(kappa, len(field)), per_row(variance, len(field)), *out)
    return out


def outside_log_and_slopes(field: np.ndarray, kappa: Any, variance: np.ndarray) -> Terms:
    """``ln[H((kappa-h)/sqrt V) + H((kappa+h)/sqrt V)]`` and its first two derivatives in h."""
    out = _outputs(field)
    _outside_kernel(np.ascontiguousarray(field), per_row(kappa, len(field)), per_row(variance, len(field)), *out)
    return out


def reference_tail(kappa: Any, field: Any, variance: Any, mp: Any) -> tuple[Any, Any, Any]:
    """``ln H((kappa-h)/sqrt V)`` and its first two derivatives in mpmath arithmetic."""
    spread = mp.sqrt(variance)
    x = (kappa - field) / spread
    tail = mp.erfc(x / mp.sqrt(2)) / 2
    hazard = mp.npdf(x) / tail
    return mp.log(tail), hazard / spread, -hazard * (hazard - x) / variance
