"""The kernel of any function at norm 1: its Hermite series, and near q = 1 a table where that converges slowly."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev, polynomial

from replica.architectures.activations._probe import STEP
from replica.architectures.activations._shape import WIDEST, Shape
from replica.architectures.activations._smoothing import Rule, slope_at

CLOSE = 0.125  # s = sqrt((1-q)/2) from which on the Hermite series has converged
TOP = 0.5  # and up to which a table replaces it (q = 1/2)
FEW = 72  # terms that do for |q| <= 1/2
LOWEST = -0.96  # overlaps down to here are covered
NEAREST = 1e-11  # features nearer than this are not resolved
MOST_PANELS = 120


class KernelTable:
    r"""``k(q) = sum_n c_n^2 q^n``; where that converges slowly ``k'(q)`` near q = 1 as ``T(s)``, ``s^2 = (1-q)/2``.

    T is a Chebyshev series on panels of ln s, and of s in the last one, from averages over a Gaussian of variance
    1 - q; with a jump it is ``s k'(q)``. ``F(q) = k(1) - k(q)`` is its integral from q to 1, kept as ``F/s^2``
    (``F/s``): that the two meet the series at q = 1/2 is a check (``gap``) of both. Where g has a power singularity T
    does not become smooth: below the last panel it is ``a + b s^gamma``; with gamma <= 0 ``k'(1) = E g'^2`` diverges.
    """

    def __init__(self, shape: Shape, level: int) -> None:
        self.shape, self.level = shape, level
        self.power = 1 if shape.jumps else 2
        self.complete, self.gap = False, 0.0
        for count in (1100 + 100 * level, 4000 + 600 * level)[: 1 if shape.kinks.size else 2]:
            self._expand(count)
            if self.complete:
                break
        self.first, self.second = polynomial.polyder(self.square), polynomial.polyder(self.square, 2)
        self.above = np.cumsum(self.square[::-1])[::-1][1:]  # sum of c_m^2, m > n
        if not self.complete:
            self._panels()

    def _expand(self, count: int) -> None:
        """The squares ``c_n^2`` and the variance ``k(1)``; ``complete`` where the first say all of the second."""
        rule = Rule.of(24 + 4 * self.level, self.shape.singular)
        x, w = rule.on(self.shape.edges[:-1], self.shape.edges[1:])
        root = np.exp(-0.25 * x * x) / (2.0 * np.pi) ** 0.25
        g = self.shape.function(x)
        c = _hermite(g * root * w, root, x, count)
        self.mean = float(c[0])
        self.total = float(w @ ((g - c[0]) * root) ** 2)
        #: what a coefficient is known to: the rounding of the values
        noise = 50.0 * self.shape.probe.grain * np.sqrt(self.total + c[0] ** 2)
        self.signed = np.where(np.abs(c) > noise, c, 0.0)
        self.square = self.signed**2
        self.square[0] = 0.0
        for part in (self.square[1::2], self.square[::2]):  # an even or odd function, exactly
            part *= part.sum() > 1e-26 * self.total
        n = np.arange(count)
        weight = n * n * self.square
        missing = abs(self.square.sum() - self.total)  # a periodic function has more after a gap
        self.complete = bool(weight[-count // 6 :].max() < 1e-16 * weight.sum() and missing < 1e-10 * self.total)
        if self.complete:
            self.square = self.square[: 2 + int(np.flatnonzero(weight > 1e-18 * weight.sum())[-1])]
            self.total = float(self.square.sum())

    def _panels(self) -> None:
        """Chebyshev series on panels of ln s, in which a power is smooth, and of s at the end, until they converge."""
        order = 14 + 2 * self.level
        self.at = np.cos(np.pi * (np.arange(order) + 0.5) / order)
        self.fit = np.linalg.inv(chebyshev.chebvander(self.at, order - 1))
        singular = self.shape.singular
        nearest, noise = 2.0 ** -(15 + 2 * min(self.level, 3)), 1e-9 if singular else 1e-12
        noise = max(noise, (100.0 if self.shape.kinks.size else 10.0) * self.shape.probe.grain)
        short = np.diff(self.shape.edges) < 0.4 * WIDEST
        farthest = float(np.abs(np.concatenate([[1.0], self.shape.kinks, self.shape.edges[:-1][short]])).max())
        marks = [*self._first_marks(nearest), 2 * CLOSE, TOP]
        todo = list(zip(marks[:-1], marks[1:], strict=True))
        done: list[tuple[float, float, np.ndarray]] = []
        while todo:
            low, high = todo.pop()
            series = self.fit @ self._scaled_slopes(_places(low, high, self.at))
            size = np.abs(series)
            # the rounding of x is a noise of differences over s
            if size[-3:].max() <= (noise + 4e-16 * farthest / high) * size.max() or low > 0 and high < 1.02 * low:
                done.append((low, high, series))
            else:
                middle = 0.25 * high if low == 0 else np.sqrt(low * high)
                todo += [(low, middle), (middle, high)]
            if len(done) > MOST_PANELS or low == 0 and high < NEAREST:
                raise ValueError("varies so fast that its kernel cannot be tabulated")
        done.sort(key=lambda panel: panel[0])
        self.edges = np.array([panel[0] for panel in done] + [done[-1][1]])
        self.t = np.stack([panel[2] for panel in done], axis=1)
        rate = np.array([np.log(high / low) if low > 0 else high for low, high, _ in done])
        self.t1 = chebyshev.chebder(self.t) * (2.0 / rate)
        if singular:
            self._end(nearest)
        self._integrate()

    def _first_marks(self, nearest: float) -> list[float]:
        """Ends of panels to begin with, down to the distance of kinks."""
        if self.shape.singular:
            return [nearest, 32 * nearest, CLOSE / 4, CLOSE]
        gaps = np.diff(self.shape.kinks)
        marks = [CLOSE]
        while marks[0] > 0.25 * gaps[gaps > 1e-9].min(initial=1.0):
            marks.insert(0, 0.3 * marks[0])
        return [0.0, *marks]

    def _scaled_slopes(self, s: np.ndarray) -> np.ndarray:
        """``k'`` (``s k'``) at some s: from the series, or where that converges slowly from averages."""
        if s.min() >= CLOSE:
            slope = polynomial.polyval(1.0 - 2.0 * s * s, self.first)
        else:
            slope = np.array([slope_at(self.shape, float(x), self.level) for x in s])
        return slope * s ** (2 - self.power)

    def _integrate(self) -> None:
        """``F/s^2`` (``F/s``) on the same panels, from ``dF = 4 s^power T d(ln s)``."""
        x, w = Rule.of(24, False)
        so_far, parts = self._before(), []
        for low, high, series in zip(self.edges[:-1], self.edges[1:], self.t.T, strict=True):
            s = _places(low, high, self.at)
            if low == 0:
                share, weight = np.outer(np.append(s, high) / high, x), 4.0 * w * x ** (self.power - 1)
                *value, whole = chebyshev.chebval(2.0 * share - 1.0, series) @ weight
                so_far = float(whole) * high**self.power
            else:
                rate = 4.0 * s**self.power * chebyshev.chebval(self.at, series)
                area = chebyshev.chebint(self.fit @ rate, lbnd=-1) * (0.5 * np.log(high / low))
                value = (so_far + chebyshev.chebval(self.at, area)) / s**self.power
                so_far += float(area.sum())
            parts.append(self.fit @ value)
        self.p = np.stack(parts, axis=1)
        rest = self.total - polynomial.polyval(1.0 - 2.0 * TOP**2, self.square)
        self.gap = float(abs(so_far - rest) / self.total)

    def _before(self) -> float:
        """``F`` below the panels."""
        if not self.shape.singular:
            return 0.0
        return float(self._law(np.array([self.nearest]))[2][0]) * self.nearest**self.power

    def _end(self, nearest: float) -> None:
        """``T = a + b s^gamma`` below the first panel, from T at three distances (``gamma = 0``: a logarithm)."""
        self.nearest, self.law = nearest, (0.0, 0.0, 1.0)
        far, middle, near = self._panel(nearest * np.array([16.0, 4.0, 1.0]))[0]
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

    def _law(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``T``, ``s T'`` and ``F/s^power`` below the first panel."""
        a, b, gamma = self.law
        ratio = np.maximum(s, 1e-300) / self.nearest
        step = b * (ratio**gamma if gamma else np.log(ratio))
        drift = gamma * step if gamma else b * np.ones_like(s)
        deficit = a + (step * self.power / (self.power + gamma) if gamma else step - b / self.power)
        ends = (a + step, drift, 4.0 / self.power * deficit)
        if gamma > 0:
            return ends
        # what diverges, without inf - inf
        return tuple(np.where(s > 0, end, bound) for end, bound in zip(ends, (np.inf, 0.0, np.inf), strict=True))  # type: ignore[return-value]

    def rest(self, q: np.ndarray, half: np.ndarray) -> np.ndarray:
        """``k(1) - k(q)`` at q and ``half = (1-q)/2``, each with its own digits."""
        if self.complete:
            return 2.0 * half * self._series(q, self.above)
        near = half <= TOP**2
        s = np.sqrt(np.where(near, half, TOP**2))
        table = self._table(np.maximum(s, 1e-150))[2] * s**self.power
        return table if near.all() else np.where(near, table, self.total - self._series(q, self.square))

    def slopes(self, q: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``k'(q)`` and ``k''(q)``."""
        if self.complete:
            return self._series(q, self.first), self._series(q, self.second)
        near = half <= TOP**2
        s = np.sqrt(np.where(near, half, TOP**2))
        t, drift, _ = self._table(s)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = t if self.power == 2 else t / s
            bend = -drift / (4.0 * s * s) if self.power == 2 else (t - drift) / (4.0 * s**3)
        bend = np.where(s > 0, bend, self._last_bend())
        if near.all():
            return slope, bend
        far = self._series(q, self.first), self._series(q, self.second)
        return np.where(near, slope, far[0]), np.where(near, bend, far[1])

    def value(self, q: np.ndarray, half: np.ndarray) -> np.ndarray:
        """``k(q)``; small overlaps keep their digits."""
        if self.complete:
            return self._series(q, self.square)
        far = self.total - self.rest(q, half)
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
        s = self.edges[1] * np.array([1.0, 0.1, 0.01])
        bend = -self._table(s)[1] / (4.0 * s * s)
        settled = abs(bend[2] - bend[1]) < 0.5 * abs(bend[1] - bend[0])
        return float(bend[2]) if settled else np.inf

    def _panel(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Panel of each s, the place in it from -1 to 1, and ds/dv of its variable v over s: ``T``, ``s T'``, ``F``."""
        panel = np.clip(np.searchsorted(self.edges, s, side="right") - 1, 0, self.edges.size - 2)
        low, high = self.edges[panel], self.edges[panel + 1]
        linear = low == 0
        low = np.where(linear, 1.0, low)
        with np.errstate(divide="ignore"):
            share = np.where(linear, s / high, np.log(s / low) / np.log(np.where(linear, 2.0, high / low)))
        share = 2.0 * share - 1.0
        found = [_clenshaw(series[:, panel], share) for series in (self.t, self.t1)]
        last = _clenshaw(self.p[:, panel], share) if hasattr(self, "p") else found[0]
        return found[0], np.where(linear, s, 1.0) * found[1], last

    def _table(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``T``, ``s T'`` and ``F/s^power``."""
        if not self.shape.singular:
            return self._panel(s)
        inside = self._panel(np.maximum(s, self.nearest))
        return tuple(np.where(s < self.nearest, end, x) for end, x in zip(self._law(s), inside, strict=True))  # type: ignore[return-value]


def discrepancy(first: KernelTable, second: KernelTable) -> float:
    """Largest relative difference of the slopes of two tables, on overlaps from 0 to nearly 1."""
    half = 0.5 * np.concatenate([np.linspace(1.0, 0.02, 60), np.geomspace(0.02, 1e-12, 60), [1e-16, 1e-24]])
    slopes = [table.slopes(1.0 - 2.0 * half, half)[0] for table in (first, second)]
    scale = np.maximum(np.abs(slopes[1]), 2e-3 * first.total)
    return float(np.max(np.abs(slopes[0] - slopes[1]) / scale))


def unexplained(table: KernelTable) -> float:
    """Relative difference of ``E g^2`` from that of the probes, beyond what these make of jumps between two of them."""
    shape = table.shape
    sides = [shape.function(shape.kinks + h) ** 2 for h in (-1e-10, 1e-10)]
    jumps = float(np.sum(np.abs(sides[1] - sides[0]) * np.exp(-0.5 * shape.kinks**2))) * STEP
    square = table.total + table.mean**2
    return max(0.0, abs(shape.probe.square - square) - jumps - 1e-12 * square) / table.total


def _places(low: float, high: float, at: np.ndarray) -> np.ndarray:
    """Distances s of the nodes of a panel."""
    share = 0.5 * (1.0 + at)
    return high * share if low == 0 else low * (high / low) ** share


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
