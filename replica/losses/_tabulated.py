"""Proximal maps of convex costs that give none of their own, from tables of their slopes; no loss lives here.

A search of the panel, in which the slope grows, and Newton's method inside it.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

from replica.losses._cost_table import CostTable, cost_table, single_rows
from saddlepoint._jit import array_kernel

if TYPE_CHECKING:
    from replica.losses.base import Loss

SPLITS = 400  # panels of a map at most, beside those of its cost
WIDE = 64.0  # how far the interval of least cost is looked for


class Moved(NamedTuple):
    """What a proximal map does to fields: where it takes them, how far that is, and ``1 - u'``."""

    best: np.ndarray
    move: np.ndarray
    held: np.ndarray


def moved_fields(table: CostTable, field: np.ndarray, chi: float, doubtful: int) -> Moved:
    """The proximal map of fields; ``doubtful``: slopes off by what they may be wrong by, up or (2) away from 0."""
    found = Moved(*np.full((3, field.size), np.nan))
    if np.isnan(chi) or not np.all(np.isfinite(field)):
        return found
    if chi == np.inf:  # the nearest stability of least cost
        best = np.clip(field, *_least(table))
        return Moved(best, best - field, (best != field).astype(float))
    # the map grows, so that those of the outermost fields bound all others
    low, high = float(field.min()), float(field.max())
    table.cover(low, high)
    ends = np.array([low, high])
    pull = chi * table.slopes(ends)[0]
    table.cover(min(low, low - max(pull[0], 0.0)), max(high, high - min(pull[1], 0.0)))
    push = table.doubt * (0.0, 1.0, np.sign(table.ends.sum(axis=1)))[doubtful]
    give = table.bend_doubt * float(doubtful == 1)
    _prox_kernel(field, chi, table.edges, table.ends, table.slope, table.bend, push, give, *found)
    return found


def _least(table: CostTable) -> tuple[float, float]:
    """The interval of least cost."""
    table.cover(-WIDE, WIDE)
    middle = chebyshev.chebval(0.0, table.slope.T)  # at the end of a panel the slope may be rounding
    rises, falls = np.flatnonzero(middle > table.doubt), np.flatnonzero(middle < -table.doubt)
    low = table.edges[falls[-1] + 1] if falls.size else -np.inf
    return low, max(low, table.edges[rises[0]] if rises.size else np.inf)

def breaks(table: CostTable, chi: float) -> np.ndarray:
    """Fields between which the map is smooth, so that a rule for polynomials resolves it."""
    if not np.isfinite(chi):
        return np.array(_least(table) if chi == np.inf else ())
    inside = np.empty(SPLITS)
    count = _split_kernel(chi, table.edges, table.bend, inside)
    at = np.searchsorted(table.edges, inside[:count]) - 1
    x = (2.0 * inside[:count] - table.edges[at] - table.edges[at + 1]) / (table.edges[at + 1] - table.edges[at])
    between = inside[:count] + chi * chebyshev.chebval(x, table.slope[at].T, tensor=False)
    sides = table.edges[:-1] + chi * table.ends[:, 0], table.edges[1:] + chi * table.ends[:, 1]
    return np.unique(np.concatenate([*sides, between]))


@array_kernel
def _split_kernel(chi, edges, bend, out):  # type: ignore[no-untyped-def]
    """Places inside panels between which ``1 + chi l''`` varies by a factor of 3 at most; their number."""
    count = 0
    lows, highs = np.empty(64), np.empty(64)
    for panel in range(edges.size - 1):
        lows[0], highs[0] = edges[panel], edges[panel + 1]
        waiting = 1
        while waiting:
            waiting -= 1
            a, b = lows[waiting], highs[waiting]
            least, most = np.inf, 0.0
            for k in range(9):
                u = a + 0.125 * k * (b - a)
                x = (2.0 * u - edges[panel] - edges[panel + 1]) / (edges[panel + 1] - edges[panel])
                one, two = 0.0, 0.0
                for j in range(bend.shape[1] - 1, 0, -1):
                    one, two = 2.0 * x * one - two + bend[panel, j], one
                factor = 1.0 + chi * max(x * one - two + bend[panel, 0], 0.0)
                least, most = min(least, factor), max(most, factor)
            if most > 3.0 * least and waiting < 60 and count < out.size and b - a > 1e-12 * (abs(a) + abs(b)):
                middle = 0.5 * (a + b)
                out[count] = middle
                count += 1
                lows[waiting], highs[waiting] = a, middle
                lows[waiting + 1], highs[waiting + 1] = middle, b
                waiting += 2
    return count


@array_kernel
def _prox_kernel(field, chi, edges, ends, slope, bend, push, give, best, move, held):  # type: ignore[no-untyped-def]
    """Zeros of ``u - h + chi l'(u)``, how far they are from h, and ``chi l''/(1 + chi l'')`` there (1 at a kink)."""
    count = edges.size - 1
    for node in range(field.size):
        h = field[node]
        low, high = 0, count - 1
        while low < high:  # the first panel at whose right end the function is not below 0
            middle = (low + high) // 2
            if edges[middle + 1] - h + chi * (ends[middle, 1] + push[middle]) >= 0.0:
                high = middle
            else:
                low = middle + 1
        a, b = edges[low], edges[low + 1]
        if a - h + chi * (ends[low, 0] + push[low]) >= 0.0 and low > 0:
            best[node], move[node], held[node] = a, a - h, 1.0
            continue
        u, left, right = min(max(h, a), b), a, b
        first, second = 0.0, 0.0
        for _ in range(100):
            x = (2.0 * u - a - b) / (b - a)
            one, two = 0.0, 0.0
            for k in range(slope.shape[1] - 1, 0, -1):
                one, two = 2.0 * x * one - two + slope[low, k], one
            first = x * one - two + slope[low, 0] + push[low]
            one, two = 0.0, 0.0
            for k in range(bend.shape[1] - 1, 0, -1):
                one, two = 2.0 * x * one - two + bend[low, k], one
            second = max(x * one - two + bend[low, 0], 0.0)
            value = u - h + chi * first
            if value < 0.0:
                left = u
            else:
                right = u
            step = value / (1.0 + chi * second)
            if abs(step) <= 1e-15 * (abs(u) + 1e-3 * (b - a)):
                break
            u = u - step if left < u - step < right else 0.5 * (left + right)
            if right - left <= 1e-15 * abs(u):
                break
        second += give[low]
        # of the two forms of the way the one that cancels less
        best[node], move[node] = u, -chi * first if chi * second < 1.0 else u - h
        held[node] = chi * second / (1.0 + chi * second)


def tabulated_map(loss: Loss, field: np.ndarray, chi: np.ndarray) -> Moved:
    """The proximal map of a batch of costs, all arrays (batch, node)."""
    rows = single_rows(loss, len(field))
    found = Moved(*np.empty((3, *field.shape)))
    for row, single in enumerate(rows):
        part = moved_fields(cost_table(single), np.ascontiguousarray(field[row]), float(chi[row]), loss.doubtful)
        for whole, own in zip(found, part, strict=True):
            whole[row] = own
    return found


def tabulated_rounding(loss: Loss, u: np.ndarray) -> np.ndarray:
    """What a batch of costs may be wrong by at ``u`` (batch, node)."""
    return np.stack([cost_table(one).rounding(u[row]) for row, one in enumerate(single_rows(loss, len(u)))])


def tabulated_slopes(loss: Loss, u: np.ndarray, side: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivative of a batch of costs at ``u`` (batch, node)."""
    first, second = np.empty(u.shape), np.empty(u.shape)
    for row, single in enumerate(single_rows(loss, len(u))):
        first[row], second[row] = cost_table(single).slopes(u[row], side)
    return first, second


def tabulated_breaks(loss: Loss, chi: np.ndarray) -> np.ndarray:
    """Fields (batch, K) between which the map of a batch of costs is smooth, filled up with nan."""
    singles = single_rows(loss, chi.size)
    rows = [breaks(cost_table(one), float(reach)) for one, reach in zip(singles, chi, strict=True)]
    found = np.full((chi.size, max(row.size for row in rows)), np.nan)
    for row, places in zip(found, rows, strict=True):
        row[: places.size] = places
    return found


def off_by_table(loss: Loss) -> list[Loss]:
    """A cost with a proximal map off by all that its table may be wrong by, in two ways."""
    others = [copy(loss), copy(loss)]
    for way, other in enumerate(others, start=1):
        object.__setattr__(other, "doubtful", way)
    return others
