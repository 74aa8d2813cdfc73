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


def moved_fields(table: CostTable, field: np.ndarray, chi: np.ndarray, doubtful: int) -> Moved:
    """The proximal map of fields (batch, node); ``doubtful``: slopes off by what they may be wrong by, up or (2) away
    from 0.
    """
    found = Moved(*np.full((3, *field.shape), np.nan))
    endless = chi == np.inf
    if endless.any():  # the nearest stability of least cost
        best = np.clip(field[endless], *_least(table))
        for whole, part in zip(found, (best, best - field[endless], best != field[endless]), strict=True):
            whole[endless] = part
    rows = np.isfinite(chi) & np.isfinite(field).all(axis=1)
    if not rows.any():
        return found
    # the map grows, so that those of the outermost fields bound all others
    ends = np.array([field[rows].min(), field[rows].max()])
    table.cover(*ends)
    pull = chi[rows].max() * table.slopes(ends)[0]
    table.cover(min(ends[0], ends[0] - max(pull[0], 0.0)), max(ends[1], ends[1] - min(pull[1], 0.0)))
    push = table.doubt * (0.0, 1.0, np.sign(table.ends.sum(axis=1)))[doubtful]
    give = table.bend_doubt * float(doubtful == 1)
    reach = np.where(rows, chi, np.nan)
    _prox_kernel(field, reach, table.edges, table.ends, table.slope, table.bend, push, give, *found)
    return found


def _least(table: CostTable) -> tuple[float, float]:
    """The interval of least cost."""
    table.cover(-WIDE, WIDE)
    middle = chebyshev.chebval(0.0, table.slope.T)  # at the end of a panel the slope may be rounding
    rises, falls = np.flatnonzero(middle > table.doubt), np.flatnonzero(middle < -table.doubt)
    low = table.edges[falls[-1] + 1] if falls.size else -np.inf
    return low, max(low, table.edges[rises[0]] if rises.size else np.inf)


def breaks(table: CostTable, chi: np.ndarray) -> np.ndarray:
    """Fields (batch, K) between which the map is smooth, so that a rule for polynomials resolves it; else nan."""
    ends, edges = table.joints[1:], table.edges[table.joints]
    sides = np.stack([table.ends[ends - 1, 1], table.ends[table.joints[:-1], 0]], axis=1)  # at the high and the low end
    between = np.full((chi.size, SPLITS), np.nan)
    most = _split_kernel(chi, table.edges, edges, table.slope, table.bend, between)
    reach = np.where(np.isfinite(chi), chi, np.nan)[:, None]
    fields = [edges[1:] + reach * sides[:, 0], edges[:-1] + reach * sides[:, 1], between[:, :most]]
    if np.any(chi == np.inf):
        fields.append(np.where(chi[:, None] == np.inf, np.array(_least(table)), np.nan))
    return np.concatenate(fields, axis=1)


@array_kernel
def _split_kernel(chi, edges, joints, slope, bend, out):  # type: ignore[no-untyped-def]
    """Fields of places, beside the joints, between which ``1 + chi l''`` varies by a factor of 3; their number."""
    longest = 0
    lows, highs = np.empty(64), np.empty(64)
    for row in range(chi.size):
        count = 0
        if not np.isfinite(chi[row]):
            continue
        for part in range(joints.size - 1):
            lows[0], highs[0] = joints[part], joints[part + 1]
            waiting = 1
            while waiting:
                waiting -= 1
                a, b = lows[waiting], highs[waiting]
                least, most, middle, pull = np.inf, 0.0, 0.5 * (a + b), 0.0
                for k in range(9):
                    u = a + 0.125 * k * (b - a)
                    panel = min(max(np.searchsorted(edges, u) - 1, 0), edges.size - 2)
                    x = (2.0 * u - edges[panel] - edges[panel + 1]) / (edges[panel + 1] - edges[panel])
                    one, two = 0.0, 0.0
                    for j in range(bend.shape[1] - 1, 0, -1):
                        one, two = 2.0 * x * one - two + bend[panel, j], one
                    factor = 1.0 + chi[row] * max(x * one - two + bend[panel, 0], 0.0)
                    least, most = min(least, factor), max(most, factor)
                    if k == 4:
                        one, two = 0.0, 0.0
                        for j in range(slope.shape[1] - 1, 0, -1):
                            one, two = 2.0 * x * one - two + slope[panel, j], one
                        pull = chi[row] * (x * one - two + slope[panel, 0])
                if most > 3.0 * least and waiting < 60 and count < out.shape[1] and b - a > 1e-12 * (abs(a) + abs(b)):
                    out[row, count] = middle + pull
                    count += 1
                    lows[waiting], highs[waiting] = a, middle
                    lows[waiting + 1], highs[waiting + 1] = middle, b
                    waiting += 2
        longest = max(longest, count)
    return longest


@array_kernel
def _prox_kernel(fields, reaches, edges, ends, slope, bend, push, give, best, move, held):  # type: ignore[no-untyped-def]
    """Zeros of ``u - h + chi l'(u)``, how far they are from h, and ``chi l''/(1 + chi l'')`` there (1 at a kink)."""
    count = edges.size - 1
    for row in range(reaches.size):
        chi, last, guess, rate, before = reaches[row], -1, 0.0, 0.0, 0.0
        if not np.isfinite(chi):
            continue
        for node in range(fields.shape[1]):
            h = fields[row, node]
            low, high = 0, count - 1
            while low < high:  # the first panel at whose right end the function is not below 0
                middle = (low + high) // 2
                if edges[middle + 1] - h + chi * (ends[middle, 1] + push[middle]) >= 0.0:
                    high = middle
                else:
                    low = middle + 1
            a, b = edges[low], edges[low + 1]
            if a - h + chi * (ends[low, 0] + push[low]) >= 0.0 and low > 0:
                best[row, node], move[row, node], held[row, node] = a, a - h, 1.0
                continue
            u, left, right = min(max(h, a), b), a, b
            if low == last:  # from the field before
                u = min(max(guess + rate * (h - before), a), b)
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
            last, guess, rate, before = low, u, 1.0 / (1.0 + chi * second), h
            second += give[low]
            # of the two forms of the way the one that cancels less
            best[row, node], move[row, node] = u, -chi * first if chi * second < 1.0 else u - h
            held[row, node] = chi * second / (1.0 + chi * second)


def _by_row(loss: Loss, size: int) -> list[tuple[slice, CostTable]]:
    """Rows of a batch that share a table: all, where no parameter of the cost is an array."""
    rows = single_rows(loss, size)
    if size == 0 or all(row is rows[0] for row in rows):
        return [(slice(0, size), cost_table(loss))]
    return [(slice(k, k + 1), cost_table(row)) for k, row in enumerate(rows)]


def tabulated_map(loss: Loss, field: np.ndarray, chi: np.ndarray) -> Moved:
    """The proximal map of a batch of costs, all arrays (batch, node)."""
    field, chi = np.ascontiguousarray(field, dtype=float), np.asarray(chi, dtype=float)
    parts = [moved_fields(table, field[rows], chi[rows], loss.doubtful) for rows, table in _by_row(loss, len(field))]
    return Moved(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def tabulated_rounding(loss: Loss, u: np.ndarray) -> np.ndarray:
    """What a batch of costs may be wrong by at ``u`` (batch, node)."""
    return np.concatenate([table.rounding(u[rows]) for rows, table in _by_row(loss, len(u))])


def tabulated_slopes(loss: Loss, u: np.ndarray, side: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivative of a batch of costs at ``u`` (batch, node)."""
    first, second = zip(*(table.slopes(u[rows], side) for rows, table in _by_row(loss, len(u))), strict=True)
    return np.concatenate(first), np.concatenate(second)


def tabulated_breaks(loss: Loss, chi: np.ndarray) -> np.ndarray:
    """Fields (batch, K) between which the map of a batch of costs is smooth, filled up with nan."""
    parts = [breaks(table, np.asarray(chi[rows], dtype=float)) for rows, table in _by_row(loss, chi.size)]
    found = np.full((chi.size, max(part.shape[1] for part in parts)), np.nan)
    for (rows, _), part in zip(_by_row(loss, chi.size), parts, strict=True):
        found[rows, : part.shape[1]] = part
    return found


def off_by_table(loss: Loss) -> list[Loss]:
    """A cost with a proximal map off by all that its table may be wrong by, in two ways."""
    others = [copy(loss), copy(loss)]
    for way, other in enumerate(others, start=1):
        object.__setattr__(other, "doubtful", way)
    return others
