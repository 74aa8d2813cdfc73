"""The slope of a convex cost as Chebyshev series on panels, from its values or as it is given; no loss lives here.

What slope and bend may be wrong by, from the last coefficients of the series and the rounding of the values, is kept
beside them. Whether the cost is convex is seen there.
"""

from __future__ import annotations

import dataclasses
from functools import cached_property, lru_cache

import numpy as np
from numpy.polynomial import chebyshev

from replica._registry import per_row
from replica.losses._pieces import EPS, ORDER, Pieces, clusters, fitted, joined, kinks_at, merged, missed, resolved
from replica.losses._protocol import AnyCost, Cost
from replica.losses._rest import resting_place
from saddlepoint._jit import array_kernel, scalar_kernel

FIRST, SHELLS = 2.0, 60  # half-width of the middle, and how often it may double
WIDE = 64.0, 4096.0  # how far from 0 and its kinks a cost is looked at to tell whether it is convex
ROUNDS = 8  # of kinks that are found, of features between the nodes of the panels
_GROWING = np.array([[0.0, 2.5e-3], [14.0, 2.5e-3], [14.1, 0.02], [64.0, 0.1], [4096.0, 10.0], [1e18, 1e16]])
PROBED = np.concatenate([_GROWING[:0:-1] * [-1.0, 1.0], _GROWING])  # places, distances at which series are checked
STEPS = np.geomspace(1e-8, 1.0, 97)  # from 0 and from kinks, where they are checked too
_EVEN = np.arange(0, ORDER, 2)
_TOTAL = np.zeros(ORDER)  # integrals of Chebyshev polynomials from -1 to 1
_TOTAL[::2] = 2.0 / (1.0 - _EVEN**2)
_LOOK = np.linspace(-1.0, 1.0, 17)


class NoTable(ValueError):
    """A cost that is not finite, or varies too fast for panels."""


class CostTable:
    """Slopes of one cost on as wide a range as has been asked for."""

    def __init__(self, loss: Cost) -> None:
        self.loss, self.kinks = loss, sorted({float(kink) for kink in loss.kinks()})
        self.reach, self.ended = [0, 0], [False, False]  # doublings to the left and to the right
        sizes = (np.abs(self.values(reach * _LOOK)) for reach in (FIRST, *WIDE))
        typical = [float(value) for size in sizes for value in (np.median(size), size.max()) if np.isfinite(value)]
        self.scale = next((value for value in typical if value > 0.0), 1e-280)
        self.shells = [self._between(np.array([-FIRST, FIRST]))]
        self._join()

    def cover(self, low: float, high: float) -> None:
        """Widen the table to [low, high] in shells that double, as far as the cost is finite."""
        known = len(self.shells)
        for side, place in enumerate((-low, high)):
            wanted = 0 if place <= FIRST else min(SHELLS, int(np.ceil(np.log2(place / FIRST))))
            if self.ended[side] or wanted <= self.reach[side]:
                continue
            stops = FIRST * 2.0 ** np.arange(self.reach[side], wanted + 1) * (1.0 if side else -1.0)
            finite = np.cumprod(np.isfinite(self.values(stops))).sum()
            self.ended[side] = finite < stops.size or wanted == SHELLS
            if finite > 1:
                self.shells.append(self._between(np.sort(stops[:finite])))
            self.reach[side] += int(finite) - 1
        if len(self.shells) > known:
            self._join()

    def values(self, u: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(self.loss.cost(u[None, :]), dtype=float)[0]

    def _given(self, u: np.ndarray) -> np.ndarray:
        """What is tabulated: the slope where it is given, else the cost."""
        if not self.loss.gives_slope:
            return self.values(u)
        with np.errstate(all="ignore"):
            return np.asarray(self.loss.slope(u[None, :]), dtype=float)[0]

    def _between(self, stops: np.ndarray) -> Pieces:
        """Panels between places, with kinks that were not declared and features between the nodes found."""
        low, high = float(stops[0]), float(stops[-1])
        stops = np.unique([*stops, *(kink for kink in self.kinks if low < kink < high)])
        probes = self._probes(low, high)
        for _ in range(ROUNDS):
            try:
                found, rough = resolved(self._given, stops, self.scale)
            except ValueError as reason:
                raise NoTable(f"the cost of {self.loss} {reason}") from reason
            if rough.low.size and not np.all(np.isfinite(rough.doubt)):
                raise NoTable(f"the cost of {self.loss} is not finite everywhere between {low:g} and {high:g}")
            new = np.array(kinks_at(self._given, clusters(rough), low, high))
            self.kinks += [float(kink) for kink in new if kink not in stops]
            whole = joined([found, rough])
            more = np.unique([*stops, *new, *missed(self._given, whole, probes)])
            if more.size == stops.size:
                break
            stops = more
        if self.loss.gives_slope:
            self._check_slope(whole)
        return whole

    def _probes(self, low: float, high: float) -> np.ndarray:
        """Places between the nodes: everywhere, and ever closer to 0 and to kinks."""
        edges = np.unique(np.clip(PROBED[:, 0], low, high))
        steps = np.interp(0.5 * (edges[1:] + edges[:-1]), *PROBED.T)
        counts = np.ceil(np.diff(edges) / steps).astype(int)
        even = [a + (b - a) * (np.arange(n) + 0.381966) / n for a, b, n in zip(edges, edges[1:], counts, strict=False)]
        near = [place + sign * STEPS for place in (0.0, *self.kinks) for sign in (-1.0, 1.0)]
        every = np.concatenate([*even, *near])
        return every[(every > low) & (every < high)]

    def _check_slope(self, found: Pieces) -> None:
        """Refuse a slope whose integral over a panel is not what the cost gains over it."""
        with np.errstate(all="ignore"):
            ends = self.values(np.stack([np.nextafter(found.low, np.inf), np.nextafter(found.high, -np.inf)]).ravel())
            gain, half = np.diff(ends.reshape(2, -1), axis=0)[0], 0.5 * (found.high - found.low)
            total = half * (found.series @ _TOTAL)
            slack = 1e-6 * half * np.abs(found.series).sum(axis=1) + 1e-9 * np.abs(ends.reshape(2, -1)).max(axis=0)
            wrong = np.flatnonzero(np.abs(gain - total) > slack)
        if wrong.size:
            low, high = found.low[wrong[0]], found.high[wrong[0]]
            raise ValueError(f"slope(u) of {self.loss} is not the derivative of its cost between {low:g} and {high:g}")

    def _join(self) -> None:
        whole = merged(self._given, joined(self.shells), np.array(self.kinks))
        given = self.loss.gives_slope
        self.pieces, self.kinks = whole, sorted(self.kinks)
        self._rounding: np.ndarray | None = None
        self.edges = np.append(whole.low, whole.high[-1])
        smooth = merged(self._given, whole, np.array(self.kinks), self.scale)
        half = 0.5 * (whole.high - whole.low)
        self.slope: np.ndarray = whole.series if given else whole.slope
        self.doubt: np.ndarray = 4.0 * whole.doubt if given else whole.unsure
        self.bend = chebyshev.chebder(self.slope, axis=1) / half[:, None]
        self.bend_doubt = ORDER**2 * self.doubt / half
        ends = whole.ends(self.slope)
        self.ends = np.maximum.accumulate(ends.ravel()).reshape(ends.shape)  # slopes of a convex cost grow
        self._stretch(np.append(smooth.low, smooth.high[-1]))

    def _stretch(self, places: np.ndarray) -> None:
        """What is between stretches that a rule for polynomials resolves: ``kinked`` (2, K), kinks with the slopes on
        their sides, and ``smooth`` (3, J), other places with slope and bend; of the ``stretches`` (4, S) themselves the
        ends, the least and the largest bend.
        """
        joints = np.searchsorted(self.edges, places)
        left, right = joints[:-1], joints[1:] - 1  # the panels of a stretch
        bends, turned = np.maximum(self.pieces.ends(self.bend), 0.0), np.isin(places, self.kinks)
        before, after = right[:-1], left[1:]  # the panels beside a joint
        jump = self.ends[after, 0] - self.ends[before, 1]
        turned[1:-1] |= jump > 64.0 * (self.doubt[after] + self.doubt[before]) + 8.0 * EPS * np.abs(self.ends[after, 0])
        below, above = turned[1:], turned[:-1]
        kinks = [(places[1:][below], self.ends[right[below], 1]), (places[:-1][above], self.ends[left[above], 0])]
        self.kinked = np.concatenate(kinks, axis=1)
        even = ~turned[1:-1]
        both = np.maximum(bends[before, 1], bends[after, 0])
        self.smooth = np.stack([places[1:-1], self.ends[before, 1], both])[:, even]
        bend = np.maximum(chebyshev.chebval(_LOOK, self.bend.T), 0.0)
        least = np.minimum.reduceat(bend.min(axis=1), left)
        most = np.maximum.reduceat(bend.max(axis=1), left)
        self.stretches = np.stack([places[:-1], places[1:], least, most])

    def slopes(self, u: np.ndarray, side: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """First and second derivative; at a kink ``side`` (-1, 1) says on which side of it."""
        finite = u[np.isfinite(u)]
        if finite.size:
            self.cover(float(finite.min()), float(finite.max()))
        first, second = np.empty(u.shape), np.empty(u.shape)
        flat = np.ascontiguousarray(u, dtype=float).ravel()
        _slope_kernel(flat, side, self.edges, self.slope, self.bend, first.reshape(-1), second.reshape(-1))
        return first, second

    def rounding(self, u: np.ndarray) -> np.ndarray:
        """What the cost itself may be wrong by at places of the table, which are rounded too."""
        if self._rounding is None:
            given = self.loss.gives_slope
            self._rounding = (fitted(self.values, *self.pieces[:2])[0] if given else self.pieces).doubt
        return self._rounding[self.pieces.at(u)[0]] + EPS * np.abs(u * self.slopes(u)[0])

    @property
    def least(self) -> tuple[float, float]:
        """The interval of least cost: between panels that fall and that rise, or the one place where it rests."""
        if np.isfinite(self.rest[0]):
            return self.rest[0], self.rest[0]
        low, high = self.bottom()
        return (self.edges[low] if low else -np.inf), (self.edges[high] if high < self.edges.size - 1 else np.inf)

    @property
    def unsure(self) -> float:
        """What the one place of least cost may be wrong by; 0 where there are others."""
        return self.rest[1] if np.isfinite(self.rest[0]) else 0.0

    def bottom(self) -> tuple[int, int]:
        """The panels, as a range, that neither fall nor rise."""
        self.cover(-WIDE[0], WIDE[0])
        middle = chebyshev.chebval(0.0, self.slope.T)  # at the end of a panel the slope may be rounding
        rises, falls = np.flatnonzero(middle > self.doubt), np.flatnonzero(middle < -self.doubt)
        low = int(falls[-1]) + 1 if falls.size else 0
        return low, max(low, int(rises[0]) if rises.size else middle.size)

    @cached_property
    def rest(self) -> tuple[float, float]:
        """The only stability of least cost, and what it may be wrong by; nan where there are others."""
        return resting_place(self, *self.bottom())

    @cached_property
    def convex(self) -> bool:
        """Whether the slopes never decrease, beyond what they may be wrong by, as far as the cost is finite."""
        for reach in WIDE:
            try:
                self.cover(min([-reach, *(4.0 * k for k in self.kinks)]), max([reach, *(4.0 * k for k in self.kinks)]))
            except NoTable:
                return reach > WIDE[0]  # as far as it can be seen
            if not self._grows():
                return False
        return True

    def _grows(self) -> bool:
        beyond = self.values(2.0 * self.edges[[0, -1]])
        slope = chebyshev.chebval(_LOOK, self.slope.T)
        ends, edges = slope[:, [0, -1]], self.edges[1:-1]
        bend = np.abs(chebyshev.chebval(_LOOK, self.bend.T)).max(axis=1)
        place = np.maximum(np.abs(self.edges[1:]), np.abs(self.edges[:-1]))
        least = 8.0 * self.doubt + 8.0 * EPS * (place * bend + np.median(np.abs(ends)))
        left, right = self.values(np.nextafter(edges, -np.inf)), self.values(np.nextafter(edges, np.inf))
        steep = np.maximum(np.abs(ends[1:, 0]), np.abs(ends[:-1, 1]))
        slack = 64.0 * EPS * (np.abs(left) + np.abs(right) + steep * np.abs(edges)) + 1e-12 * self.scale
        return bool(
            not np.any(np.isnan(beyond))
            and np.all(np.diff(slope, axis=1) >= -least[:, None])
            and np.all(ends[1:, 0] - ends[:-1, 1] >= -least[1:] - least[:-1])
            and np.all(np.abs(left - right) <= slack)
        )


@scalar_kernel
def panel_of(u, side, edges):  # type: ignore[no-untyped-def]
    """The panel of a place: at an edge that to its left, or (``side = 1``) to its right."""
    low, high = 0, edges.size - 2
    while low < high:
        middle = (low + high) // 2
        if edges[middle + 1] > u or edges[middle + 1] == u and side <= 0:
            high = middle
        else:
            low = middle + 1
    return low


@scalar_kernel
def two_series(x, slope, bend, panel):  # type: ignore[no-untyped-def]
    """Two Chebyshev series of a panel, the second shorter by one term, in one pass so that they overlap."""
    last, twice = bend.shape[1] - 1, 2.0 * x
    one, two, three, four = slope[panel, last + 1], 0.0, 0.0, 0.0
    for k in range(last, 0, -1):  # what is in brackets does not wait for the term before
        one, two = twice * one + (slope[panel, k] - two), one
        three, four = twice * three + (bend[panel, k] - four), three
    return x * one + (slope[panel, 0] - two), x * three + (bend[panel, 0] - four)


@array_kernel
def _slope_kernel(u, side, edges, slope, bend, first, second):  # type: ignore[no-untyped-def]
    """Two series at places: of the panel to the left of an edge, or (``side = 1``) to the right."""
    for k in range(u.size):
        if not np.isfinite(u[k]):
            first[k], second[k] = np.nan, np.nan
            continue
        low = panel_of(u[k], side, edges)
        x = (2.0 * u[k] - edges[low] - edges[low + 1]) / (edges[low + 1] - edges[low])
        first[k], second[k] = two_series(-1.0 if x < -1.0 else 1.0 if x > 1.0 else x, slope, bend, low)


@lru_cache(maxsize=1024)
def _known_table(loss: Cost) -> CostTable:
    return CostTable(loss)


def cost_table(loss: Cost) -> CostTable:
    """The table of a cost whose parameters are numbers: one for all that are equal, or its own where none can tell."""
    try:
        return _known_table(loss)
    except TypeError:
        if "_table" not in vars(loss):
            object.__setattr__(loss, "_table", CostTable(loss))
        return vars(loss)["_table"]


def single_rows(loss: AnyCost, size: int) -> list[AnyCost]:
    """The cost of each row, with numbers for parameters."""
    names = [f.name for f in dataclasses.fields(loss) if isinstance(getattr(loss, f.name), np.ndarray)]
    columns = {name: per_row(getattr(loss, name), size) for name in names}
    if not names:
        return [loss] * size
    return [dataclasses.replace(loss, **{n: float(c[row]) for n, c in columns.items()}) for row in range(size)]
