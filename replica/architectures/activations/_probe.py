"""A dense look at a function of one Gaussian variable: its moments, its parity, its noise, and where to look closer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]
STEP = 1.87e-6  # whatever is wider has a probe of its own
CORE = 8.2  # half-width of the dense look: the Gaussian is 1e-15 there
BLOCK = 32768  # probes at a time
RUN = 4096  # probes among which one stands out
OUTER = 40_000  # probes beyond, on each side
MANY = 4000  # places that stand out


class Probe(NamedTuple):
    """Moments ``E g`` and ``E g^2`` from the probes alone; ``grain``: the relative noise of the values (the rounding
    of doubles or more); ``suspects``: probes that stand out from their neighbours; ``odd``, ``even``: at all pairs.
    """

    mean: float
    square: float
    grain: float
    suspects: np.ndarray
    odd: bool
    even: bool

    def size(self, x: np.ndarray) -> np.ndarray:
        """What values at x are small against: they count as their square times the density."""
        return np.sqrt(self.square) * np.exp(np.minimum(0.25 * x * x, 300.0))


def probe(function: Function, reach: float) -> Probe:
    """Values at every ``STEP`` within `CORE`, fewer up to ``reach``; `ValueError` where one is not finite."""
    index = np.arange(-0.5, BLOCK + 1.0)
    moments, peak = np.zeros(2), np.zeros(2)
    lowest, highest = np.inf, -np.inf
    found: list[np.ndarray] = []
    scatter: list[tuple[float, float]] = []
    for start in range(0, int(CORE / STEP), BLOCK):
        x: np.ndarray = (index + start) * STEP
        density = np.exp(-0.5 * x[1:-1] ** 2) * (STEP / np.sqrt(2.0 * np.pi))
        sides = [_finite(function(side), side) for side in (x, -x)]
        for side, g in zip((x, -x), sides, strict=True):
            inner = g[1:-1]
            mass = inner * density
            moments += mass.sum(), (mass * inner).sum()
            lowest, highest = min(lowest, inner.min()), max(highest, inner.max())
            size = max(float(np.abs(inner).max()), 1e-300)
            scatter.append((_scatter(g), size))
            found.append(_outstanding(g, side, size))
        top = np.max(np.abs(sides[0]))
        peak = np.maximum(peak, [np.max(np.abs(sides[0] + sign * sides[1])) / max(top, 1e-300) for sign in (1, -1)])
    end = float(x[-2]) + 0.5 * STEP
    x = end + (np.arange(OUTER) + 0.5) * ((reach - end) / OUTER)
    for side in (x, -x):
        g = _finite(function(side), side)
        root = np.exp(-0.25 * x * x) * np.sqrt((reach - end) / OUTER / np.sqrt(2.0 * np.pi))
        moments += (g * root * root).sum(), ((g * root) ** 2).sum()
        lowest, highest = min(lowest, g.min()), max(highest, g.max())
    if lowest == highest:
        raise ValueError("is constant")
    # of most places where there is something: where a formula cancels, the noise is not that of the function
    noise, sizes = np.array(scatter[: int(6.0 / (STEP * BLOCK))]).T
    seen = sizes > 1e-3 * np.sqrt(moments[1])
    grain = float(np.quantile(noise[seen] / sizes[seen], 0.8)) if seen.any() else 0.0
    grain = max(grain, 2e-16)
    place, height, size = np.concatenate(found, axis=1)
    counts = height > np.maximum(40.0 * grain * size, 1e-15 * np.sqrt(moments[1]) * np.exp(0.25 * place**2))
    suspects = np.sort(place[counts])
    if suspects.size > MANY:
        raise ValueError("is not smooth at so many places that no kernel can be computed")
    parity = peak <= max(1e-13, 20.0 * grain)
    return Probe(moments[0], moments[1], grain, suspects, bool(parity[0]), bool(parity[1]))


def _finite(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    if not np.all(np.isfinite(g)):
        raise ValueError(f"must be finite, which it is not at x = {x[~np.isfinite(g)][0]:g}")
    return g


def _outstanding(g: np.ndarray, x: np.ndarray, size: float) -> np.ndarray:
    """Probes with second differences far above the mean of their run, as no smooth function has; these; the size."""
    second = np.abs(g[2:] - 2.0 * g[1:-1] + g[:-2]).reshape(-1, RUN)
    bound = 25.0 * second.mean(axis=1) + 1e-14 * size
    runs = np.flatnonzero(second.max(axis=1) > bound)
    out = second[runs] > bound[runs, None]
    return np.stack([x[1:-1].reshape(-1, RUN)[runs][out], second[runs][out], np.full(out.sum(), size)])


def _scatter(g: np.ndarray) -> float:
    """Typical noise of neighbouring values, from fourth differences."""
    part = g[:256]
    return float(np.median(np.abs(part[4:] - 4.0 * part[3:-1] + 6.0 * part[2:-2] - 4.0 * part[1:-3] + part[:-4]))) / 5.0
