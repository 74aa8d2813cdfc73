"""A convex cost known by its values alone, tabulated once: piecewise Chebyshev series of its slope; no loss lives here.

The proximal map is then a search of the panel, in which the slope grows, and Newton's method inside it. Panels end at
the kinks and are halved until the series of the slope has converged to its rounding, some ``1e-16 l n^2/width``.
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._registry import per_row
from saddlepoint._jit import array_kernel

if TYPE_CHECKING:
    from replica.losses.base import Loss

ORDER = 16  # Chebyshev nodes of a panel
NARROW = 1e-7  # panels are not halved below this width: what varies faster is a kink that was not declared
FLOOR = 0.25  # panels are not halved below this width for a tail that is lost in the rounding of larger terms
FIRST, SHELLS = 2.0, 60  # half-width of the middle, and how often it may double
_K = np.arange(ORDER)
_NODES = np.cos(np.pi * (_K + 0.5) / ORDER)
_TO_SERIES = np.cos(np.outer(_K, np.pi * (_K + 0.5) / ORDER)) * np.where(_K == 0, 1.0, 2.0)[:, None] / ORDER


class CostTable:
    """Slopes of one cost on as wide a range as has been asked for."""

    def __init__(self, loss: Loss) -> None:
        self.loss, self.kinks = loss, sorted(float(kink) for kink in loss.kinks())
        self.reach = [0, 0]  # shells to the left and to the right of the middle
        self.scale = min(1.0, float(np.max(np.abs(self._values(FIRST * _NODES)))))
        self.panels = self._between(-FIRST, FIRST)
        self._join()

    def cover(self, low: float, high: float) -> None:
        """Widen the table to [low, high], as far as the cost is finite."""
        before = list(self.reach)
        while self.edges[0] > low and self.reach[0] < SHELLS and self._add(0):
            pass
        while self.edges[-1] < high and self.reach[1] < SHELLS and self._add(1):
            pass
        if self.reach != before:
            self._join()

    def _add(self, side: int) -> bool:
        """One more shell; False where the cost is no longer finite."""
        inner = FIRST * 2.0 ** self.reach[side]
        ends = (inner, 2.0 * inner) if side else (-2.0 * inner, -inner)
        with np.errstate(all="ignore"):
            known = np.all(np.isfinite(self._values(np.array(ends))))
        if not known:
            self.reach[side] = SHELLS
            return False
        found = self._between(*ends)
        self.panels = [*self.panels, *found] if side else [*found, *self.panels]
        self.reach[side] += 1
        self.edges = np.array([self.panels[0][0], self.panels[-1][1]])
        return True

    def _values(self, u: np.ndarray) -> np.ndarray:
        return np.asarray(self.loss.cost(u[None, :]), dtype=float)[0]

    def _between(self, low: float, high: float) -> list[tuple[float, float, np.ndarray]]:
        """Panels of [low, high] with the series of the slope, kinks at their ends."""
        stops = [low, *(kink for kink in self.kinks if low < kink < high), high]
        waiting, done = [*zip(stops[:-1], stops[1:], strict=True)][::-1], []
        while waiting:
            a, b = waiting.pop()
            values = self._values(0.5 * (a + b) + 0.5 * (b - a) * _NODES)
            series = np.polynomial.chebyshev.chebder(_TO_SERIES @ values) * 2.0 / (b - a)
            steep, top = np.abs(series).max(), max(np.abs(values).max(), 1e-280)
            rounding = 4e-16 * ORDER**2 * (top + max(abs(a), abs(b)) * steep) / (b - a)  # also of u itself
            if b - a <= FLOOR:  # ln(1 + exp(-u)) is known to the rounding of the 1
                rounding = max(rounding, 4e-16 * ORDER**2 * self.scale / (b - a))
            done_with = np.abs(series[-3:]).max() <= max(rounding, 1e-14 * steep) and not _fades(series, b - a)
            if done_with or b - a < NARROW:
                done.append((a, b, series))
            else:
                middle = 0.5 * (a + b)
                waiting += [(middle, b), (a, middle)]
        return done

    def _join(self) -> None:
        self.edges = np.array([self.panels[0][0], *(panel[1] for panel in self.panels)])
        self.slope = np.array([panel[2] for panel in self.panels])
        widths = np.diff(self.edges)[:, None]
        self.bend = np.polynomial.chebyshev.chebder(self.slope, axis=1) * 2.0 / widths
        signs = np.where(np.arange(self.slope.shape[1]) % 2, -1.0, 1.0)
        ends = np.stack([self.slope @ signs, self.slope.sum(axis=1)], axis=1)
        self.ends = np.maximum.accumulate(ends.ravel()).reshape(ends.shape)  # slopes of a convex cost grow


def _fades(series: np.ndarray, width: float) -> bool:
    """Whether the slope falls so far within a panel that its small end would be known less well than its large one."""
    ends = series.sum(), (series * np.where(np.arange(series.size) % 2, -1.0, 1.0)).sum()
    small, large = sorted(np.abs(ends))
    return bool(width > 0.25 and np.sign(ends[0]) == np.sign(ends[1]) and large > 1e-280 and small < 0.1 * large)


@lru_cache(maxsize=256)
def cost_table(loss: Loss) -> CostTable:
    """The table of a cost whose parameters are numbers."""
    return CostTable(loss)


def single_rows(loss: Loss, size: int) -> list[Loss] | None:
    """The cost of each row with numbers for parameters; None where it cannot be told from others."""
    names = [f.name for f in dataclasses.fields(loss) if isinstance(getattr(loss, f.name), np.ndarray)]
    columns = {name: per_row(getattr(loss, name), size) for name in names}
    try:
        rows = [dataclasses.replace(loss, **{n: float(c[row]) for n, c in columns.items()}) for row in range(size)]
        hash(rows[0])
    except TypeError:
        return None
    return rows if names else [loss] * size


@array_kernel
def _prox_kernel(field, chi, edges, ends, slope, bend, best, curve):  # type: ignore[no-untyped-def]
    """Zeros of ``u - h + chi l'(u)``, and ``l''`` there (inf where a kink holds)."""
    count = edges.size - 1
    for node in range(field.size):
        h = field[node]
        low, high = 0, count - 1
        while low < high:  # the first panel at whose right end the function is not below 0
            middle = (low + high) // 2
            if edges[middle + 1] - h + chi * ends[middle, 1] >= 0.0:
                high = middle
            else:
                low = middle + 1
        a, b = edges[low], edges[low + 1]
        if a - h + chi * ends[low, 0] >= 0.0 and low > 0:
            best[node], curve[node] = a, np.inf
            continue
        u, left, right = min(max(h, a), b), a, b
        second = 0.0
        for _ in range(100):
            x = (2.0 * u - a - b) / (b - a)
            one, two = 0.0, 0.0
            for k in range(slope.shape[1] - 1, 0, -1):
                one, two = 2.0 * x * one - two + slope[low, k], one
            first = x * one - two + slope[low, 0]
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
        best[node], curve[node] = u, second


def tabulated_prox(rows: list[Loss], field: np.ndarray, chi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Proximal points and the curvature of the cost there (inf where a kink holds them), both (batch, node)."""
    best, curve = np.empty(field.shape), np.empty(field.shape)
    for row, loss in enumerate(rows):
        table, own = cost_table(loss), np.ascontiguousarray(field[row])
        if not np.isfinite(chi[row]) or not np.all(np.isfinite(own)):
            best[row], curve[row] = np.nan, np.nan
            continue
        table.cover(*_range(table, loss, own, float(chi[row])))
        _prox_kernel(own, float(chi[row]), table.edges, table.ends, table.slope, table.bend, best[row], curve[row])
    return best, curve


BENDS, FAR = 4, 60.0  # features of a map at most, and how far from 0 they are looked for
_INSIDE = np.linspace(-0.9, 0.9, 7)


def bends(rows: list[Loss], chi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fields and widths (batch, F) at which the proximal map turns from following the field to following the cost:
    ``chi l'' = 1``, within the length over which ``l''`` changes.
    """
    places, widths = np.zeros((chi.size, BENDS)), np.full((chi.size, BENDS), np.inf)
    for row, loss in enumerate(rows):
        table = cost_table(loss)
        table.cover(-FAR, FAR)
        half, middle = 0.5 * np.diff(table.edges)[:, None], 0.5 * (table.edges[1:] + table.edges[:-1])[:, None]
        u = (middle + half * _INSIDE).ravel()
        slope, curve = (np.polynomial.chebyshev.chebval(_INSIDE, x.T).ravel() for x in (table.slope, table.bend))
        near = np.abs(u) < FAR
        u, slope, level = u[near], slope[near], np.log(np.maximum(chi[row] * curve[near], 1e-12))
        turns = np.flatnonzero(level[1:] * level[:-1] < 0)
        turns = turns[np.argsort(np.abs(u[turns]))][:BENDS]
        length = np.abs((u[turns + 1] - u[turns]) / (level[turns + 1] - level[turns]))
        places[row, : turns.size] = u[turns] + chi[row] * slope[turns]
        widths[row, : turns.size] = 2.0 * length
    return places, widths


def _range(table: CostTable, loss: Loss, field: np.ndarray, chi: float) -> tuple[float, float]:
    """Where the proximal points of some fields lie: the map grows, so those of the outermost two bound all others."""
    low, high = float(field.min()), float(field.max())
    table.cover(low, high)
    pull = [float(_slope(table, place)) for place in (low, high)]
    return min(low, low - chi * max(pull[0], 0.0)), max(high, high - chi * min(pull[1], 0.0))


def _slope(table: CostTable, place: float) -> Any:
    at = int(np.clip(np.searchsorted(table.edges, place) - 1, 0, len(table.slope) - 1))
    a, b = table.edges[at], table.edges[at + 1]
    x = np.clip((2.0 * place - a - b) / (b - a), -1.0, 1.0)
    return np.polynomial.chebyshev.chebval(x, table.slope[at])
