"""The kernel of any function at norm 1: its Hermite series, and near q = 1 a table where that converges slowly."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev, polynomial

from replica.architectures.activations._shape import Function, Shape

CLOSE = 0.0625  # s = sqrt((1-q)/2) from which on the Hermite series has converged
TOP = 0.5  # and up to which a table replaces it (q = 1/2)
FEW = 72  # terms that do for |q| <= 1/2
LOWEST = -0.96  # overlaps down to here are covered


class Rule(NamedTuple):
    """Nodes and weights on [0, 1]."""

    x: np.ndarray
    w: np.ndarray

    @classmethod
    def of(cls, order: int, singular: bool) -> Rule:
        """Gauss-Legendre; for powers at the ends in a variable that is flat there."""
        t, w = np.polynomial.legendre.leggauss(order)
        t, w = 0.5 * (t + 1.0), 0.5 * w
        if singular:
            t, w = t**4 * (35.0 - 84.0 * t + 70.0 * t**2 - 20.0 * t**3), w * 140.0 * (t * (1.0 - t)) ** 3
        return cls(t, w)

    def on(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nodes and weights on the panels between edges (..., panels + 1), joined."""
        width = np.diff(edges, axis=-1)[..., None]
        shape = (*edges.shape[:-1], -1)
        return (edges[..., :-1, None] + width * self.x).reshape(shape), (width * self.w).reshape(shape)


class KernelTable:
    r"""``k(q) = sum_n c_n^2 q^n``; for kinks ``F(q) = k(1) - k(q)`` near q = 1 as ``p(s) s^2``, ``s^2 = (1-q)/2``.

    p is a Chebyshev series on panels of s, from ``E[(g(x) - g(y))^2]/2`` where the Hermite series converges slowly; a
    jump leaves ``p(s) s``. Where g has a power singularity p does not become smooth: below the last panel it is
    ``a + b s^gamma``; with gamma <= 0 the slope ``k'(1) = E g'^2`` diverges.
    """

    def __init__(self, function: Function, shape: Shape, level: int) -> None:
        self.function, self.shape, self.level = function, shape, level
        self.power = 1 if shape.jumps else 2
        self.complete = False
        for count in (1100 + 100 * level, 4000 + 600 * level)[shape.kinks.size > 0 :]:
            self._expand(count)
            if self.complete:
                break
        self.first, self.second = polynomial.polyder(self.square), polynomial.polyder(self.square, 2)
        self.above = np.cumsum(self.square[::-1])[::-1][1:]  # sum of c_m^2, m > n
        if not self.complete:
            self._panels()

    def _expand(self, count: int) -> None:
        """The squares ``c_n^2`` and the variance ``k(1)``; ``complete`` where the first say all of the second."""
        x, w = Rule.of(24 + 4 * self.level, self.shape.singular).on(self.shape.edges)
        root = np.exp(-0.25 * x * x) / (2.0 * np.pi) ** 0.25
        g = self.function(x)
        c = _hermite(g * root * w, root, x, count)
        self.total = float(w @ ((g - c[0]) * root) ** 2)
        self.square = c * c
        self.square[0] = 0.0
        for part in (self.square[1::2], self.square[::2]):  # an even or odd function, exactly
            part *= part.sum() > 1e-26 * self.total
        n = np.arange(count)
        weight = n * n * self.square
        self.complete = bool(weight[-count // 6 :].max() < 1e-16 * weight.sum())
        if self.complete:
            self.square = self.square[: 2 + int(np.flatnonzero(weight > 1e-18 * weight.sum())[-1])]
            self.total = float(self.square.sum())

    def _panels(self) -> None:
        """Chebyshev series on panels of s (of ln s, in which a power is smooth), halved until they converge."""
        order = 14 + 2 * self.level
        at = np.cos(np.pi * (np.arange(order) + 0.5) / order)
        fit = np.linalg.inv(chebyshev.chebvander(at, order - 1))
        nearest, noise = 2.0 ** -(15 + 2 * min(self.level, 3)), 1e-12
        todo = [(0.0, CLOSE), (CLOSE, 2 * CLOSE), (2 * CLOSE, 4 * CLOSE), (4 * CLOSE, TOP)]
        if self.shape.singular:
            marks = np.log([nearest, 32 * nearest, 1024 * nearest, CLOSE, 4 * CLOSE, TOP])
            todo, noise = list(zip(marks[:-1], marks[1:], strict=True)), 1e-9
        done: list[tuple[float, float, np.ndarray]] = []
        while todo:
            low, high = todo.pop()
            s = self._distance(0.5 * (low + high + (high - low) * at))
            series = fit @ (self._deficit(s) / s**self.power)
            size = np.abs(series)
            if size[-3:].max() > noise * size.max() and high - low > 0.01:
                middle = 0.25 * high if low == 0 else 0.5 * (low + high)
                todo += [(low, middle), (middle, high)]
            else:
                done.append((low, high, series))
            if len(done) > 60:
                raise ValueError("varies so fast that its kernel cannot be tabulated")
        done.sort(key=lambda panel: panel[0])
        self.edges = np.array([panel[0] for panel in done] + [done[-1][1]])
        self.p = np.stack([panel[2] for panel in done], axis=1)
        width = np.diff(self.edges)
        self.p1 = chebyshev.chebder(self.p) * (2.0 / width)
        self.p2 = chebyshev.chebder(self.p1) * (2.0 / width)
        if self.shape.singular:
            self._end(nearest)

    def _distance(self, at: np.ndarray) -> np.ndarray:
        """s from the variable of the panels."""
        return np.exp(at) if self.shape.singular else at

    def _end(self, nearest: float) -> None:
        """``p = a + b s^gamma`` below the first panel, from p at three distances (``gamma = 0``: a logarithm)."""
        self.nearest, self.law = nearest, (0.0, 0.0, 1.0)
        far, middle, near = self._p(nearest * np.array([16.0, 4.0, 1.0]))[0]
        noise = 1e-10 * abs(near)
        if abs(near - middle) <= noise or abs(middle - far) <= noise:
            self.law = near, 0.0, 1.0
            return
        gamma = float(np.log(abs((far - middle) / (middle - near))) / np.log(4.0))
        if 1e-3 < abs(gamma) < 0.02:
            raise ValueError("has a power so near to |x|^(1/2) that E g'^2 cannot be told from infinite")
        if abs(gamma) <= 1e-3:
            self.law = near, (middle - near) / np.log(4.0), 0.0
            return
        b = (middle - near) / (4.0**gamma - 1.0)
        self.law = near - b, b, gamma

    def rest(self, q: np.ndarray, half: np.ndarray) -> np.ndarray:
        """``k(1) - k(q)`` at q and ``half = (1-q)/2``, each with its own digits."""
        if self.complete:
            return 2.0 * half * self._series(q, self.above)
        near = half <= TOP**2
        s = np.sqrt(np.where(near, half, TOP**2))
        table = self._p(np.maximum(s, 1e-150))[0] * s**self.power
        return table if near.all() else np.where(near, table, self.total - self._series(q, self.square))

    def slopes(self, q: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``k'(q)`` and ``k''(q)``."""
        near = half <= TOP**2
        if self.complete:
            return self._series(q, self.first), self._series(q, self.second)
        s = np.sqrt(np.where(near, half, TOP**2))
        p, drift, curve = self._p(s)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.power == 1:  # F = p s, dq = -4 s ds
                slope, bend = (p + drift) / (4.0 * s), (p - drift - curve) / (16.0 * s**3)
            else:
                slope, bend = 0.5 * p + 0.25 * drift, -(3.0 * drift + curve) / (16.0 * s * s)
        bend = np.where(s > 0, bend, self._last_bend())
        if near.all():
            return slope, bend
        far = self._series(q, self.first), self._series(q, self.second)
        return np.where(near, slope, far[0]), np.where(near, bend, far[1])

    def value(self, q: np.ndarray) -> np.ndarray:
        """``k(q)``; small overlaps keep their digits."""
        if self.complete:
            return self._series(q, self.square)
        far = self.total - self.rest(q, 0.5 * np.maximum(1.0 - q, 0.0))
        return np.where(q < 0.5, self._series(q, self.square), far)

    def _series(self, q: np.ndarray, series: np.ndarray) -> np.ndarray:
        """A power series in q, where it has converged."""
        if self.complete:
            return polynomial.polyval(q, series)
        covered = (q <= 0.5 + 1e-12) & (q >= LOWEST)
        few = bool(np.all(q[covered] >= -0.5))
        return np.where(covered, polynomial.polyval(np.where(covered, q, 0.0), series[: FEW if few else None]), np.nan)

    def _last_bend(self) -> float:
        """``k''(1) = E g''^2``: infinite with a kink."""
        if self.power == 1:
            return np.inf
        _, drift, curve = self._p(np.array([1e-1, 1e-2, 1e-3]))
        bend = -(3.0 * drift + curve) / np.array([1e-1, 1e-2, 1e-3]) ** 2 / 16.0
        settled = abs(bend[2] - bend[1]) < 0.5 * abs(bend[1] - bend[0])
        return float(bend[2]) if settled else np.inf

    def _p(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``p``, ``s p'`` and ``s^2 p''``."""
        logarithmic = self.shape.singular
        at = np.log(np.maximum(s, self.nearest)) if logarithmic else s
        panel = np.clip(np.searchsorted(self.edges, at, side="right") - 1, 0, self.edges.size - 2)
        share = 2.0 * (at - self.edges[panel]) / (self.edges[panel + 1] - self.edges[panel]) - 1.0
        p, p1, p2 = (_clenshaw(series[:, panel], share) for series in (self.p, self.p1, self.p2))
        if not logarithmic:
            return p, s * p1, s * s * p2
        a, b, gamma = self.law
        ratio = np.maximum(s, 1e-300) / self.nearest
        step = b * (ratio**gamma if gamma else np.log(ratio))
        drift = gamma * step if gamma else b * np.ones_like(s)
        ends, inside = (a + step, drift, (gamma - 1.0) * drift), (p, p1, p2 - p1)
        if gamma <= 0:  # what diverges, without inf - inf
            ends = tuple(np.where(s > 0, end, bound) for end, bound in zip(ends, (np.inf, 0.0, 0.0), strict=True))
        beyond = s < self.nearest
        p, drift, curve = (np.where(beyond, end, x) for end, x in zip(ends, inside, strict=True))
        return p, drift, curve

    def _deficit(self, s: np.ndarray) -> np.ndarray:
        """``k(1) - k(q)``: from the series, or where that converges slowly from two integrals."""
        if s.min() >= CLOSE:
            return self.total - polynomial.polyval(1.0 - 2.0 * s * s, self.square)
        return np.array([_half_square(self.function, self.shape, float(x), self.level) for x in s])


def discrepancy(first: KernelTable, second: KernelTable) -> float:
    """Largest relative difference of the slopes of two tables, on overlaps from 0 to nearly 1."""
    half = 0.5 * np.concatenate([np.linspace(1.0, 0.02, 60), np.geomspace(0.02, 1e-12, 30), [1e-16, 1e-24]])
    slopes = [table.slopes(1.0 - 2.0 * half, half)[0] for table in (first, second)]
    scale = np.maximum(np.abs(slopes[1]), 2e-3 * first.total)
    return float(np.max(np.abs(slopes[0] - slopes[1]) / scale))


def _hermite(left: np.ndarray, ground: np.ndarray, x: np.ndarray, count: int) -> np.ndarray:
    """``c_n = E[g He_n]/sqrt(n!)``: sums of ``left`` times the Hermite functions, of which ``ground`` is the first."""
    c = np.empty(count)
    before, now = np.zeros_like(x), ground
    for n in range(count):
        c[n] = left @ now
        before, now = now, (x * now - np.sqrt(n) * before) / np.sqrt(n + 1.0)
    return c


def _clenshaw(series: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A Chebyshev series of its own (columns of ``series``) at each x."""
    last = later = np.zeros_like(x)
    for row in series[:0:-1]:
        last, later = row + 2.0 * x * last - later, last
    return series[0] + x * last - later


def _half_square(function: Function, shape: Shape, s: float, level: int) -> float:
    """``E[(g(x) - g(y))^2]/2`` at small s, where ``y = q x + t u``, ``t = 2 s sqrt(1-s^2)``: x is graded at kinks."""
    q, t = 1.0 - 2.0 * s * s, 2.0 * s * np.sqrt((1.0 - s) * (1.0 + s))
    steps = t * np.array([1.0, 2.5, 5.0, 9.5])  # beyond, the average over u is smooth
    if shape.singular:
        steps = np.concatenate([steps, 9.5 * t * 4.0 ** np.arange(1, max(1, int(np.log2(0.1 / t) / 2)))])
    near = np.add.outer(shape.kinks, np.concatenate([-steps, steps])).ravel()
    edges = np.unique(np.concatenate([shape.edges, near[np.abs(near) < shape.reach]]))
    x, weight = Rule.of((16 if shape.singular else 12) + 2 * level, shape.singular).on(edges)
    gx, weight = function(x), weight * np.exp(-0.5 * x * x)
    span = 9.0 if shape.reach < 14 else 14.0
    hits = (shape.kinks - q * x[:, None]) / t
    inside = np.abs(hits) < span
    kinked = inside.any(axis=1)
    rule = Rule.of((18 if shape.singular else 12) + 2 * level, shape.singular)
    grid = np.linspace(-span, span, 1 + int(np.ceil(2 * span / np.clip(shape.finest / t, 0.2, 2.25))))
    far = rule.on(grid)
    if shape.finest / t > 6.0 and span < 10:  # one rule does where no kink is near
        far = np.polynomial.hermite_e.hermegauss(20 + 6 * level)
        far = far[0], far[1] * np.exp(0.5 * far[0] ** 2)
    total = 0.0
    for mine in (part for part in (np.flatnonzero(kinked), np.flatnonzero(~kinked)) if part.size):
        for block in np.split(mine, range(48, mine.size, 48)):  # arrays that stay in the cache
            u, w = far
            if kinked[block[0]]:
                most = int(inside[block].sum(axis=1).max())
                chosen = np.sort(np.where(inside[block], hits[block], span), axis=1)[:, :most]
                breaks = np.concatenate([np.broadcast_to(grid, (block.size, grid.size)), chosen], axis=1)
                u, w = rule.on(np.sort(breaks, axis=1))
            gap = (function(q * x[block, None] + t * u) - gx[block, None]) * np.exp(-0.25 * u * u)
            total += float(weight[block] @ np.sum(gap * gap * w, axis=1))
    return total / (4.0 * np.pi)
