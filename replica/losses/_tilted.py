"""Compiled averages over a Gaussian stability with the weight ``exp(-beta l)`` of a cost given by its panels.

What is made of the nodes of each field; no loss lives here.
"""

from __future__ import annotations

import math

import numpy as np

from replica.losses._tilted_nodes import DEGREE, HIGH, LEAST, LEFT, LOW, MOST, RIGHT, gather, panel_at, usable
from saddlepoint._jit import array_kernel, inner_kernel
from saddlepoint.special._elementary import scale, split_exponential

# kernel file

_LEAST = -745.0  # logarithm of what is left of the smallest numbers
_SQRT_2PI = 2.5066282746310002
_SLIGHT = 0.3  # logarithm of a weight that 1 and what Z lacks of it are told apart up to


@inner_kernel
def reduce(h, s, beta, panels, work, count, first, last, out, row, node):  # type: ignore[no-untyped-def]
    """``ln Z``, ``f``, ``f'``, the mean cost and the probability of ``u < 0`` from the nodes of one field.

    With ``g = -beta l'`` and the steps j of the weight at the ends of the panels, ``f = <g> + sum j`` and
    ``V f' = Cov(g, u) + sum j (u - <u>)``: nothing is divided by a small V, and rare steps keep their digits.
    """
    if count == 0:
        for i in range(5):
            out[i, row, node] = np.nan
        return
    warm = beta if beta < np.inf else 0.0
    at = 0
    for j in range(count):
        if work[1, j] > work[1, at]:
            at = j
    top, t0, g0 = work[1, at], work[0, at], -warm * work[4, at]
    mass, moved, pushed, both, paid, wrong, lack, size, wide = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(count):  # vectorised
        n, more = split_exponential(max(work[1, j] - top, _LEAST), 0.0)
        work[1, j] = scale(1.0 + more, n) * work[2, j]
    for j in range(count):
        part = work[1, j]
        t, g = work[0, j] - t0, -warm * work[4, j] - g0
        mass += part
        moved += part * t
        pushed += part * g
        both += part * g * t
        wide += part * t * t
        paid += part * work[3, j]
        if h + work[0, j] < 0.0:
            wrong += part
        size = max(size, abs(warm * work[3, j]))
    moved, pushed, both = moved / mass, pushed / mass, both / mass
    shift = t0 + moved  # the mean of u - h
    # nodes on all that weighs: a panel that costs much may have none, whatever it lacks of 1
    steps, turned, everywhere = 0.0, 0.0, usable(False, panels[last, MOST]) and warm * panels[last, LEAST] < _SLIGHT
    for p in range(first, min(last, panels.shape[0] - 2) + 1):
        left, right = usable(not beta < np.inf, panels[p, MOST]), usable(not beta < np.inf, panels[p + 1, MOST])
        everywhere &= left and warm * panels[p, LEAST] < _SLIGHT
        if not (left or right):
            continue
        place = 0.5 * (panels[p, HIGH] + panels[p + 1, LOW]) - h
        e = -0.5 * (place / s) ** 2 - top
        if left and right:
            rise = warm * (panels[p + 1, LEFT] - panels[p, RIGHT])
            # no step but the rounding of two series
            if abs(rise) <= 4e-15 * warm * max(panels[p, MOST], panels[p + 1, MOST]):
                continue
            step = math.expm1(-abs(rise)) * math.exp(e - warm * min(panels[p + 1, LEFT], panels[p, RIGHT])) / mass
            step = step if rise > 0.0 else -step
        elif right:
            step = math.exp(e - warm * panels[p + 1, LEFT]) / mass
        else:
            step = -math.exp(e - warm * panels[p, RIGHT]) / mass
        steps += step
        turned += step * (place - shift)
    out[0, row, node] = top + math.log(mass / (s * _SQRT_2PI))
    if size < _SLIGHT and beta < np.inf and everywhere:  # what Z lacks of 1, to its own digits
        for j in range(count):
            d = work[0, j] / s
            lack += math.exp(-0.5 * d * d) * work[2, j] * math.expm1(-warm * work[3, j])
        out[0, row, node] = math.log1p(lack / (s * _SQRT_2PI))
    out[1, row, node] = g0 + pushed + steps
    out[2, row, node] = ((both - pushed * moved) + turned) / (s * s)
    out[3, row, node], out[4, row, node] = paid / mass, wrong / mass
    # where the weight is cold, l' is a small difference of what its panel holds: then f is the mean of (u - h)/V
    p = panel_at(h + t0, panels)
    deviation = math.sqrt(max(wide / mass - moved * moved, 0.0))
    largest = warm * max(abs(panels[p, LEFT]), abs(panels[p, RIGHT]))
    steep = largest * (panels[p, DEGREE] - 1.0) * panels[p, DEGREE] / (panels[p, HIGH] - panels[p, LOW])
    if deviation + abs(shift) + largest * deviation < steep * s * s:
        out[1, row, node] = shift / (s * s)


@array_kernel
def terms_rows(field, spread, beta, apart, panels, series, slopes, limits, rule, span, work, scratch, out):  # type: ignore[no-untyped-def]
    """``ln Z``, f, f', the mean cost and P(u < 0) (5, batch, node)."""
    for row in range(field.shape[0]):
        s, b = spread[row], beta[row]
        known = s > 0.0 and s < np.inf and b >= 0.0
        for node in range(field.shape[1]):
            h, count, first, last = field[row, node], 0, 0, 0
            if known and abs(h) < np.inf:
                count, first, last = gather(
                    h, s, b, apart, panels, series, slopes, limits, rule, span, work, scratch
                )
            reduce(h, s, b, panels, work, count, first, last, out, row, node)


@array_kernel
def nodes_row(field, s, beta, apart, panels, series, slopes, limits, rule, span, work, scratch, u, mass):  # type: ignore[no-untyped-def]
    """Nodes and masses (node, inner), of total 1, of the fields of one row; returns how many are needed."""
    needed = 0
    for node in range(field.size):
        h, count = field[node], 0
        if s > 0.0 and s < np.inf and beta >= 0.0 and abs(h) < np.inf:
            count, _, _ = gather(h, s, beta, apart, panels, series, slopes, limits, rule, span, work, scratch)
        needed = max(needed, count)
        if u.shape[1] == 0:
            continue
        top, total = -np.inf, 0.0
        for j in range(count):
            top = max(top, work[1, j])
        for j in range(count):
            u[node, j] = h + work[0, j]
            mass[node, j] = math.exp(work[1, j] - top) * work[2, j]
            total += mass[node, j]
        for j in range(count):
            mass[node, j] /= total
        for j in range(count, u.shape[1]):
            u[node, j], mass[node, j] = h, 0.0 if count else np.nan
    return needed
