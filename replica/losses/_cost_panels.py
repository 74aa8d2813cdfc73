"""A cost as a whole function: Chebyshev series on panels that end at kinks, for inner quadrature; no loss lives here.

Panels are halved until their series has converged to rounding, and wherever a probe of the cost between the nodes
disagrees with the series: a feature is seen wherever it is wider than the probes are apart, declared or not.
"""

from __future__ import annotations

import dataclasses
from copy import copy
from typing import Any

import numpy as np

from replica.losses._panel_series import AT_NODES, NODES, ORDER, TO_SERIES, Panels, probe
from replica.losses._protocol import Cost

MIDDLE, SHELLS = 8.0, 57  # half-width of the middle, and how often it may double
PROBES = 1_600_000  # of the middle, 1e-5 apart; fewer and fewer in the shells
CHUNK = 1 << 15
UNEVEN = 0.38196601125  # where `CostPanels.elsewhere` cuts
MOST = 20_000  # panels of one cost
ROUNDING = 6e-16
FORBIDDEN = 1e290  # costs above it count as infinite
_BESIDE = 0.7 * 2.0 ** -np.arange(52.0)  # of a kink, next to which a cost may bend on any scale


class CostPanels:
    """The panels of one cost, from left to right, on as wide a range as has been asked for.

    ``low``, ``high`` (P,); ``series`` and ``slopes`` (P, ORDER) in the panel's own variable and in units of the
    stability; ``degree`` (P,) of what is above rounding; ``least``, ``most`` (P,) of the cost, both infinite where it
    is; ``ends`` (P, 2) of the cost.
    """

    def __init__(self, loss: Cost) -> None:
        self.loss, self.kinks = loss, sorted({0.0, *(float(kink) for kink in loss.kinks())})
        self.features: dict[Any, np.ndarray] = {}  # of averages with this cost, for those who take them
        self._elsewhere: tuple[Panels, CostPanels] | None = None
        self.reach = [0, 0]  # shells to the left and to the right of the middle
        near = self._values(2.0 * NODES)
        near = near[np.abs(near) < FORBIDDEN]
        self.scale = min(1.0, float(np.max(np.abs(near), initial=0.0)))
        self.finest = 0.25  # half-width of the panels on which a cost may fall to nothing
        self.panels = self._between(-MIDDLE, MIDDLE, PROBES)
        self._set()

    def cover(self, low: float, high: float) -> None:
        """Widen the panels to [low, high]; no further than 2^56 times the middle."""
        for side in (0, 1):
            while self.reach[side] < SHELLS and (self.high[-1] < high if side else self.low[0] > low):
                inner = MIDDLE * 2.0 ** self.reach[side]
                ends = (inner, 2.0 * inner) if side else (-2.0 * inner, -inner)
                more = self._between(*ends, max(PROBES >> (4 + self.reach[side]), 1 << 13))
                self.panels = Panels.joined([self.panels, more])
                self._set()
                self.reach[side] += 1

    def sharpen(self, size: float) -> None:
        """Where fields of that size look, panels on which the cost falls to nothing are cut until they are as short."""
        while size < self.finest:
            self.finest = max(size, 0.5 * self.finest)
            values, half = np.abs(self.series @ AT_NODES), 0.5 * (self.high - self.low)
            fades = (self.degree > 1) & (16.0 * values.min(axis=1) < values.max(axis=1))
            near = (self.low < 64.0 * size) & (self.high > -64.0 * size)
            at = np.flatnonzero(fades & near & (half > self.finest))
            if at.size:
                self.panels = self._halved(self.panels, at)
                self._set()

    def elsewhere(self) -> CostPanels:
        """The same cost on panels cut once more, unevenly, and resolved anew: by what averages change is what its
        series do not know.
        """
        if self._elsewhere is None or self._elsewhere[0] is not self.panels:
            other, p = copy(self), self.panels
            series = (p.degree > 1) & np.isfinite(p.most)
            low, high = p.low[series], p.high[series]
            middle = low + UNEVEN * (high - low)
            pieces = np.concatenate([np.stack([low, middle], axis=1), np.stack([middle, high], axis=1)])
            parts = [self._resolved(pieces[i : i + MOST // 4]) for i in range(0, len(pieces), MOST // 4)]
            other.panels = Panels.joined([p.without(np.flatnonzero(series)), *parts])
            other._set()
            self._elsewhere = p, other
        return self._elsewhere[1]

    @property
    def tables(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the kernels take: a row of numbers for each panel, the series and those of the slopes."""
        return self.table, self.series, self.slopes

    def keep_features(self, key: Any, found: np.ndarray) -> None:
        """Remember features; only the latest few thousand."""
        while len(self.features) >= 4096:
            self.features.pop(next(iter(self.features)))
        self.features[key] = found

    def limits(self, cold: bool) -> np.ndarray:
        """The least and the largest cost of the panels that have a weight."""
        used = self.most == 0.0 if cold else np.isfinite(self.most)
        return np.array([self.least[used].min(initial=np.inf), self.most[used].max(initial=-np.inf)])

    def _set(self) -> None:
        self.low, self.high, self.series, self.slopes, *bounds = self.panels.kept()
        self.degree, self.least, self.most, self.ends = bounds
        numbers = self.low, self.high, self.degree, self.least, self.most, *self.ends.T
        self.table = np.stack(numbers, axis=1).astype(float)

    def _values(self, u: np.ndarray) -> np.ndarray:
        flat = np.ravel(u)
        with np.errstate(all="ignore"):
            cost = np.broadcast_to(np.asarray(self.loss.cost(flat[None, :]), dtype=float), (1, flat.size))[0]
        bad = np.isnan(cost)
        if np.any(bad):
            raise ValueError(f"the cost of {self.loss} is not a number at u = {flat[bad][0]:.6g}")
        return np.where(np.abs(cost) < FORBIDDEN, cost, np.inf).reshape(u.shape)

    def _between(self, low: float, high: float, probes: int) -> Panels:
        """Panels of [low, high], probed between their nodes."""
        # near a kink the cost is wanted to its own rounding, not to that of what it grows to
        beside = {kink + shift for kink in self.kinks for shift in (-0.25, 0.0, 0.25)}
        stops = np.array([low, *sorted(place for place in beside if low < place < high), high])
        done = self._resolved(np.stack([stops[:-1], stops[1:]], axis=1))
        step = (high - low) / probes
        for start in range(0, probes, CHUNK):
            # a step that no cost knows, so that the probes do not fall on its own places
            done = self._probed(done, low + step * (np.arange(start, min(start + CHUNK, probes)) + 0.38196601125))
        probed = [kink + sign * _BESIDE for kink in self.kinks for sign in (-1.0, 1.0)]
        close = np.sort(np.concatenate(probed))
        done = self._probed(done, close[(close > low) & (close < high)])
        return done

    def _probed(self, done: Panels, u: np.ndarray) -> Panels:
        """The panels with those halved, as often as it takes, whose series are not the cost at increasing ``u``."""
        if not u.size:
            return done
        values = self._values(u)
        for _ in range(60):
            missed = np.zeros(len(done.low), dtype=np.bool_)
            probe(u, values, done.low, done.high, done.series, done.degree, done.most, done.slack,
                  np.searchsorted(done.high, u[0]), missed)
            at = np.flatnonzero(missed)
            if not at.size:
                break
            done = self._halved(done, at)
        return done

    def _halved(self, done: Panels, at: np.ndarray) -> Panels:
        """The panels ``at`` cut in two and resolved again."""
        a, b = done.low[at], done.high[at]
        middle = 0.5 * (a + b)
        new = self._resolved(np.concatenate([np.stack([a, middle], axis=1), np.stack([middle, b], axis=1)]))
        return Panels.joined([done.without(at), new])

    def _resolved(self, waiting: np.ndarray) -> Panels:
        """Panels within the intervals (m, 2) on each of which the cost is its series, all costs finite or none."""
        parts, count = [], 0
        while len(waiting):
            a, b = waiting.T
            half, middle = 0.5 * (b - a), 0.5 * (a + b)
            values = self._values(middle[:, None] + half[:, None] * NODES)
            finite = np.isfinite(values)
            known = np.all(finite, axis=1)
            seen = np.where(finite, values, 0.0)
            series = (seen - seen[:, :1]) @ TO_SERIES.T  # a constant has no other terms
            series[:, 0] += seen[:, 0]
            top = np.abs(seen).max(axis=1)
            # of the cost and of u itself; below a quarter the rounding of a larger term that cancelled, which the
            # narrower panels of a noisy formula can afford
            steep = np.abs(np.diff(series[:, 1:], axis=1)).max(axis=1, initial=0.0) + np.abs(series[:, 1])
            unit = np.maximum(1.0, np.abs(middle) / 8.0)  # far out lengths are those of the place
            short = half <= 0.125 * unit
            widened = np.where(short, 1.0 + np.sqrt(0.5 * unit / half), 1.0)
            rounding = ROUNDING * widened * np.where(short, np.maximum(top, self.scale), top)
            rounding += 0.2 * ROUNDING * np.maximum(np.abs(a), np.abs(b)) * steep / half
            tail = np.abs(series[:, -3:]).max(axis=1)
            size = np.abs(values)
            with np.errstate(all="ignore"):
                least, most = size.min(axis=1), size.max(axis=1)
                fades = (half > 0.25 * unit) & known & (least > 0) & (least < 1e-3 * most)
            good = ~np.any(finite, axis=1) | (known & (tail <= rounding) & ~fades)
            narrow = (half < 4e-15 * (0.01 + np.abs(middle))) & ~good
            count += int(good.sum())
            if count + len(waiting) > MOST:
                raise ValueError(
                    f"the cost of {self.loss} varies at too many places between u = {a.min():.6g} and {b.max():.6g} "
                    "to be averaged: it needs a closed form (terms)"
                )
            if np.any(good):
                found = Panels.of(a[good], b[good], values[good], series[good], rounding[good], known[good])
                parts.append(found.anchored(self._values))
            split = ~good & ~narrow
            a, b, middle = a[split], b[split], middle[split]
            waiting = np.concatenate([np.stack([a, middle], axis=1), np.stack([middle, b], axis=1)])
        return Panels.joined(parts) if parts else Panels.none()


_known: dict[Any, tuple[CostPanels, Any]] = {}


def cost_panels(loss: Cost) -> CostPanels:
    """The panels of a cost whose parameters are numbers; kept, for the cost alone decides them."""
    key, held = _key(loss)
    if key not in _known:
        while len(_known) >= 256:
            _known.pop(next(iter(_known)))
        _known[key] = CostPanels(loss), held
    return _known[key][0]


def cost_scale(loss: Cost, reach: float) -> float:
    """Size of a cost up to a distance from 0, at most 1, for any row of a batch; without its panels."""
    with np.errstate(all="ignore"):
        rows = max((v.size for v in vars(loss).values() if isinstance(v, np.ndarray) and v.ndim == 1), default=1)
        near = np.abs(np.asarray(loss.cost(np.broadcast_to(reach * NODES, (rows, ORDER))), dtype=float))
    return float(min(1.0, np.max(near, initial=0.0, where=near < FORBIDDEN)))


def _key(loss: Cost) -> tuple[Any, list[Any]]:
    """Class and fields as something that can be looked up, with the objects that are known by their identity."""
    held: list[Any] = []

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.shape, value.dtype.str, value.tobytes()
        if isinstance(value, (list, tuple)):
            return tuple(plain(item) for item in value)
        try:
            hash(value)
        except TypeError:
            held.append(value)
            return "object", id(value)
        return type(value), value

    return (type(loss), tuple(plain(getattr(loss, f.name)) for f in dataclasses.fields(loss))), held
