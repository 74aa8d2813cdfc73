"""Proximal maps of convex costs that give none of their own, from tables of their slopes; no loss lives here.

A search of the panel, in which the slope grows, and Newton's method inside it.
"""

from __future__ import annotations

from copy import copy

import numpy as np

from replica.losses._cost_table import CostTable, cost_table, single_rows, two_series
from replica.losses._map_breaks import breaks
from replica.losses._protocol import AnyCost, Cost, Moved
from saddlepoint._jit import array_kernel, scalar_kernel

SURE = 1e-10  # of a panel: a step of Newton's method after which nothing is left but rounding


def moved_fields(table: CostTable, field: np.ndarray, chi: np.ndarray, doubtful: int) -> Moved:
    """The proximal map of fields (batch, node); ``doubtful``: slopes off by what they may be wrong by, up or (2) away
    from 0.
    """
    found = Moved(*np.empty((3, *field.shape)))
    _cover(table, field, chi)
    push = table.doubt * (0.0, 1.0, np.sign(table.ends.sum(axis=1)))[doubtful]
    give = table.bend_doubt * float(doubtful == 1)
    _prox_kernel(field, chi, table.edges, table.ends, table.slope, table.bend, push, give, *found)
    endless = chi == np.inf
    if endless.any():  # the nearest stability of least cost
        (low, high), off = table.least, table.unsure * (0.0, 1.0, -1.0)[doubtful]
        best = np.clip(field[endless], low + off, high + off)
        for whole, part in zip(found, (best, best - field[endless], best != field[endless]), strict=True):
            whole[endless] = part
    return found


def _cover(table: CostTable, field: np.ndarray, chi: np.ndarray) -> None:
    """Widen a table to all proximal points. The map grows, so that those of the outermost fields bound all others."""
    finite = chi[np.isfinite(chi)]
    if not finite.size:
        return
    most, first, last = finite.max(), table.ends[0, 0], table.ends[-1, 1]
    low, high = field.min() + min(-most * first, 0.0), field.max() + max(-most * last, 0.0)
    if low >= table.edges[0] and high <= table.edges[-1]:
        return
    rows = np.isfinite(chi) & np.isfinite(field).all(axis=1)
    if rows.any():
        ends = np.array([field[rows].min(), field[rows].max()])
        table.cover(*ends)
        pull = chi[rows].max() * table.slopes(ends)[0]
        table.cover(min(ends[0], ends[0] - max(pull[0], 0.0)), max(ends[1], ends[1] - min(pull[1], 0.0)))


@array_kernel
def _prox_kernel(fields, reaches, edges, ends, slope, bend, push, give, best, move, held):  # type: ignore[no-untyped-def]
    """Zeros of ``u - h + chi l'(u)``, how far they are from h, and ``chi l''/(1 + chi l'')`` there (1 at a kink)."""
    for row in range(reaches.size):
        chi, low, before = reaches[row], 0, np.inf
        guess, rate, turn = 0.0, 0.0, 0.0
        for node in range(fields.shape[1]):
            h = fields[row, node]
            if not (np.isfinite(h) and np.isfinite(chi)):
                best[row, node], move[row, node], held[row, node] = np.nan, np.nan, np.nan
                continue
            known = h >= before  # the map grows: from there on
            low = _panel_of_root(h, chi, low if known else 0, known, edges, ends, push)
            a, b = edges[low], edges[low + 1]
            if a - h + chi * (ends[low, 0] + push[low]) >= 0.0 and low > 0:
                best[row, node], move[row, node], held[row, node] = a, a - h, 1.0
                before = np.inf
                continue
            away = h - before
            u = guess + away * (rate + 0.5 * turn * away) if known else h
            u = a if u < a else b if u > b else u
            first, second, left, right, last, bent = 0.0, 0.0, a, b, np.nan, 0.0
            for _ in range(100):
                first, second = two_series((2.0 * u - a - b) / (b - a), slope, bend, low)
                first, second = first + push[low], second if second > 0.0 else 0.0
                value = u - h + chi * first
                if value < 0.0:
                    left = u
                else:
                    right = u
                step = value / (1.0 + chi * second)
                if abs(step) <= 1e-15 * (abs(u) + 1e-3 * (b - a)):
                    break
                if abs(step) <= SURE * (b - a) and abs(u - last) > 0.0:  # the rest is linear
                    first, second = first - step * second, second - step * (second - bent) / (u - last)
                    u = u - step
                    break
                last, bent = u, second
                u = u - step if left < u - step < right else 0.5 * (left + right)
                if right - left <= 1e-15 * abs(u):
                    break
            slower = 1.0 / (1.0 + chi * second)
            turn = (slower - rate) / away if known and away > 0.0 else 0.0
            guess, rate, before = u, slower, h
            second += give[low]
            # of the two forms of the way the one that cancels less
            best[row, node], move[row, node] = u, -chi * first if chi * second < 1.0 else u - h
            held[row, node] = chi * second / (1.0 + chi * second)


@scalar_kernel
def _panel_of_root(h, chi, low, near, edges, ends, push):  # type: ignore[no-untyped-def]
    """The first panel from ``low`` on at whose right end the function is not below 0, which is ``near`` or may be
    anywhere.
    """
    high = edges.size - 2
    if near:
        while low < high and edges[low + 1] - h + chi * (ends[low, 1] + push[low]) < 0.0:
            low += 1
        return low
    while low < high:
        middle = (low + high) // 2
        if edges[middle + 1] - h + chi * (ends[middle, 1] + push[middle]) >= 0.0:
            high = middle
        else:
            low = middle + 1
    return low


def _by_row(loss: Cost, size: int) -> list[tuple[slice, CostTable]]:
    """Rows of a batch that share a table: all, where no parameter of the cost is an array."""
    rows = single_rows(loss, size)
    if all(row is rows[0] for row in rows):  # one row too: its parameters are numbers
        return [(slice(0, size), cost_table(rows[0] if rows else loss))]
    return [(slice(k, k + 1), cost_table(row)) for k, row in enumerate(rows)]


def tabulated_map(loss: Cost, field: np.ndarray, chi: np.ndarray) -> Moved:
    """The proximal map of a batch of costs, all arrays (batch, node)."""
    field, chi = np.ascontiguousarray(field, dtype=float), np.asarray(chi, dtype=float)
    parts = [moved_fields(table, field[rows], chi[rows], loss.doubtful) for rows, table in _by_row(loss, len(field))]
    return Moved(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def tabulated_rounding(loss: Cost, u: np.ndarray) -> np.ndarray:
    """What a batch of costs may be wrong by at ``u`` (batch, node)."""
    return np.concatenate([table.rounding(u[rows]) for rows, table in _by_row(loss, len(u))])


def tabulated_slopes(loss: Cost, u: np.ndarray, side: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivative of a batch of costs at ``u`` (batch, node)."""
    first, second = zip(*(table.slopes(u[rows], side) for rows, table in _by_row(loss, len(u))), strict=True)
    return np.concatenate(first), np.concatenate(second)


def tabulated_breaks(
    loss: Cost, chi: np.ndarray, mean: np.ndarray | None = None, deviation: np.ndarray | None = None
) -> np.ndarray:
    """Fields (batch, K) between which the map of a batch of costs is smooth, filled up with nan: all, or those that an
    average over Gaussian fields feels.
    """
    chi = np.asarray(chi, dtype=float)
    if mean is None or deviation is None:  # everything is near
        mean, deviation = np.zeros(chi.size), np.full(chi.size, np.inf)
    parts = [breaks(table, chi[rows], mean[rows], deviation[rows]) for rows, table in _by_row(loss, chi.size)]
    if len(parts) == 1:
        return parts[0]
    whole = np.full((chi.size, max(part.shape[1] for part in parts)), np.nan)
    for row, part in enumerate(parts):
        whole[row, : part.shape[1]] = part
    return whole


def resting(loss: Cost) -> tuple[float, float]:
    """The one stability of least cost of an exact cost with numbers for parameters, and that cost; off by what is not
    known of the place in doubtful copies.
    """
    table = cost_table(loss)
    place = table.rest[0] + table.unsure * (0.0, 1.0, -1.0)[loss.doubtful]
    return place, float(loss.cost(np.array([[table.rest[0]]]))[0, 0])


def off_by_table(loss: AnyCost) -> list[AnyCost]:
    """A cost with a proximal map off by all that its table may be wrong by, in two ways."""
    others = [copy(loss), copy(loss)]
    for way, other in enumerate(others, start=1):
        object.__setattr__(other, "doubtful", way)
    return others
