"""The kernel of any function at norm 1, tabulated once: kinks found, nothing cancels. No activations here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from saddlepoint.quadrature.panels import gaussian_nodes

FAR = 12.0  # a function is looked at up to here; the Gaussian is 1e-32 there
LOWEST = -0.3  # overlaps down to here are covered
Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Shape:
    """Where a function is not smooth: ``kinks``, of which ``jumps`` says whether any is a jump."""

    kinks: np.ndarray
    jumps: bool


def find_kinks(function: Function) -> Shape:
    """Bisect panels on which a Chebyshev interpolant does not converge; what never resolves is a kink or a jump."""
    order = 24
    nodes = np.cos(np.pi * (np.arange(order) + 0.5) / order)
    edges = np.linspace(-FAR - 0.0137, FAR + 0.0219, 31)  # no edge at a round number: a kink there would go unseen
    low, high = edges[:-1], edges[1:]
    found: list[tuple[float, float]] = []
    vander = chebyshev.chebvander(nodes, order - 1)[:, -4:]
    for _ in range(60):
        x = 0.5 * (low + high)[:, None] + 0.5 * (high - low)[:, None] * nodes
        values = function(x)
        tail = np.abs(values @ vander).max(axis=1) * 2.0 / order
        noise = 1e-13 * np.ptp(values, axis=1) + 4e-15 * np.abs(values).max(axis=1)
        rough = (tail > noise) & (high - low > 2e-15 * np.maximum(1.0, np.abs(high)))
        narrow = rough & (high - low < 1e-10)
        found += zip((high - low)[narrow], 0.5 * (low + high)[narrow], strict=True)
        if rough.sum() > 64:
            raise ValueError("activation: the function is not smooth at so many places that no kernel can be computed")
        middle = 0.5 * (low + high)[rough]
        low, high = np.concatenate([low[rough], middle]), np.concatenate([middle, high[rough]])
        if not low.size:
            break
    kinks: list[float] = []
    for _, place in sorted(found):  # of each kink the narrowest panel
        if all(abs(place - other) > 1e-9 for other in kinks):
            kinks.append(0.0 if abs(place) < 1e-14 else place)
    return Shape(np.sort(kinks), _jumps(function, np.array(kinks)))


def _jumps(function: Function, kinks: np.ndarray) -> bool:
    """Whether the function jumps at any of its kinks."""
    if not kinks.size:
        return False
    return bool(np.any(np.abs(function(kinks + 1e-9) - function(kinks - 1e-9)) > 1e-5))


class KernelTable:
    r"""``F(q) = k(1) - k(q) = E[(g(x) - g(y))^2]/2`` as ``p(s) s^2``, ``s^2 = (1-q)/2``: p is a Chebyshev series.

    With ``x, y = c a +- s b`` (a, b standard Gaussian, ``c^2 = (1+q)/2``) nothing cancels. p is analytic in s where g
    has kinks, in ``s^2`` where it has none; a jump leaves ``p(s) s`` (then ``k'(1)`` is infinite).
    """

    def __init__(self, function: Function, shape: Shape, level: int) -> None:
        self.jumps, self.smooth = shape.jumps, shape.kinks.size == 0
        self.top = (1.0 - LOWEST) / 2.0 if self.smooth else np.sqrt((1.0 - LOWEST) / 2.0)
        count = 64 + 16 * level
        at = 0.5 * self.top * (1.0 + np.cos(np.pi * (np.arange(count) + 0.5) / count))
        s = np.sqrt(at) if self.smooth else at
        values = _half_square(function, shape.kinks, s, level) / (s if self.jumps else s * s)
        self.p = _chopped(chebyshev.chebfit(2.0 * at / self.top - 1.0, values, count - 1))
        self.p1 = chebyshev.chebder(self.p) * (2.0 / self.top)
        self.p2 = chebyshev.chebder(self.p1) * (2.0 / self.top)
        z, weight = gaussian_nodes(np.zeros((1, 0)), np.zeros((1, 0)), _breaks(shape.kinks)[None, :], level)
        g = function(z[0])
        mean = float(weight[0] @ g)
        self.total = float(weight[0] @ (g - mean) ** 2)

    def rest(self, half: np.ndarray) -> np.ndarray:
        """``k(1) - k(q)`` at ``half = (1-q)/2``."""
        s = np.sqrt(half)
        return self._p(half, s, self.p) * (s if self.jumps else half)

    def slopes(self, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``k'(q)`` and ``k''(q)``."""
        s = np.sqrt(half)
        p, p1, p2 = (self._p(half, s, series) for series in (self.p, self.p1, self.p2))
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.smooth:
                return 0.5 * (p + half * p1), -0.25 * (2.0 * p1 + half * p2)
            if self.jumps:  # F = p s, dq = -4 s ds
                return (p + s * p1) / (4.0 * s), -((2.0 * p1 + s * p2) * s - (p + s * p1)) / (16.0 * s**3)
            return 0.5 * p + 0.25 * s * p1, -(3.0 * p1 + s * p2) / (16.0 * s)

    def value(self, q: np.ndarray) -> np.ndarray:
        """``k(q)``; small overlaps integrate the slope, which keeps their digits."""
        x, w = np.polynomial.legendre.leggauss(12)
        inside = 0.5 * np.where(np.abs(q) < 0.3, q, 0.0)
        points = inside[:, None] * (1.0 + x)
        slope, _ = self.slopes(0.5 * (1.0 - points))
        return np.where(np.abs(q) < 0.3, (slope @ w) * inside, self.total - self.rest(0.5 * (1.0 - q)))

    def _p(self, half: np.ndarray, s: np.ndarray, series: np.ndarray) -> np.ndarray:
        at = 2.0 * (half if self.smooth else s) / self.top - 1.0
        return np.where(at <= 1.0 + 1e-12, chebyshev.chebval(at, series), np.nan)


def _chopped(series: np.ndarray) -> np.ndarray:
    """A Chebyshev series without the tail that is rounding: derivatives would amplify it."""
    size = np.abs(series)
    floor = size[-len(size) // 4 :].max()  # rounding alone, where the series has converged
    return series[: np.flatnonzero(size > 4.0 * floor)[-1] + 1]


def discrepancy(first: KernelTable, second: KernelTable) -> float:
    """Largest relative difference of the slopes of two tables, on overlaps from 0 to nearly 1."""
    half = 0.5 * np.concatenate([np.linspace(1.0, 0.02, 60), np.geomspace(0.02, 1e-12, 30)])
    slopes = [table.slopes(half)[0] for table in (first, second)]
    scale = np.maximum(np.abs(slopes[1]), 2e-3 * first.total)
    return float(np.max(np.abs(slopes[0] - slopes[1]) / scale))


def _breaks(kinks: np.ndarray) -> np.ndarray:
    """Edges for a unit that varies on the scale 1, and its kinks."""
    return np.concatenate([np.arange(-8.25, 9.0, 1.5), kinks])


def _half_square(function: Function, kinks: np.ndarray, s: np.ndarray, level: int) -> np.ndarray:
    """``E[(g(c a + s b) - g(c a - s b))^2]/2`` for each s: the outer average over a is fast where c a meets a kink."""
    c = np.sqrt(1.0 - s * s)
    # c a + s b and c a - s b both meet a kink at the middle of two kinks (of one kink: at itself)
    middles = np.unique(0.5 * np.add.outer(kinks, kinks))
    places = middles[None, :] / c[:, None]
    widths = np.broadcast_to((s / c)[:, None], places.shape)
    grid = np.tile(np.arange(-8.25, 9.0, 1.5), (s.size, 1))
    a, outer = gaussian_nodes(places, widths, np.concatenate([grid, places], axis=1), level)
    total = np.empty(s.size)
    for i in range(s.size):
        centre = c[i] * a[i]
        grid = np.tile(np.arange(-8.0, 8.5, 2.0), (centre.size, 1))
        hits = (kinks[None, :] - centre[:, None]) / s[i]
        breaks = np.concatenate([grid, hits, -hits], axis=1)
        none = np.zeros((centre.size, 0))
        b, inner = gaussian_nodes(none, none, breaks, level)
        move = s[i] * b
        gap = function(centre[:, None] + move) - function(centre[:, None] - move)
        total[i] = 0.5 * outer[i] @ (inner * gap * gap).sum(axis=1)
    return total
