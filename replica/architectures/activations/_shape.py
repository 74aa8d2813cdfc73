"""Where a function of one Gaussian variable matters, and where it is not smooth. No kernels here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

Function = Callable[[np.ndarray], np.ndarray]
FARTHEST = 52.0  # beyond it the Gaussian's root leaves double precision
FINEST = 0.015  # of panels on which a function is smooth, for the sake of time
NARROW = 1e-3  # what is not smooth there is a kink
ORDER = 24
# with both ends, so that no kink slips between two panels
NODES = np.cos(np.pi * np.arange(ORDER) / (ORDER - 1))
TAIL = np.linalg.inv(chebyshev.chebvander(NODES, ORDER - 1))[-4:].T


@dataclass(frozen=True)
class Shape:
    """A function looked at: it matters within ``reach``, ``kinks`` are where it is not smooth, ``edges`` the panels
    on which it is, those that are short for its own sake at least ``finest``; ``jumps`` and ``singular``: whether any
    kink is a jump, or a power as ``|x|^0.7``.
    """

    reach: float
    kinks: np.ndarray
    edges: np.ndarray
    finest: float
    jumps: bool
    singular: bool


def look_at(function: Function) -> Shape:
    """The shape of a function of arrays; `ValueError` where no kernel can be computed."""
    reach = _reach(function)
    start = np.linspace(-reach - 0.0137, reach + 0.0219, int(np.ceil(2.5 * reach)) + 1)  # no edge at a round number
    low, high, kinks = _bisect(function, start)
    kinks = kinks[np.abs(kinks) < min(reach, 10.0)]  # the Gaussian is 1e-22 there
    own = np.concatenate([low, high])
    regular = np.linspace(-reach, reach, int(np.ceil(8.0 * reach)) + 1)
    edges = np.unique(np.concatenate([regular, kinks, own[np.abs(own) < reach]]))
    finest = float((high - low).min(initial=0.25))
    if finest < FINEST:
        raise ValueError(f"varies on a scale of {finest:.1g}, too short to tabulate a kernel (a jump would do)")
    return Shape(reach, kinks, edges, finest, _jumps(function, kinks), _singular(function, kinks))


def _reach(function: Function) -> float:
    """Half-line beyond which ``g^2`` times the Gaussian density is nothing, as far as the Gaussian goes."""
    x = np.arange(0.0, FARTHEST, 0.25)
    with np.errstate(all="ignore"):
        values = np.abs(np.stack([function(x), function(-x)]))
        weight = 2.0 * np.log(values) - 0.5 * x * x
    endless = np.flatnonzero(~np.isfinite(values[:, :8]).all(axis=0))
    if endless.size:
        raise ValueError(f"must be finite, which it is not at |x| = {x[endless[0]]:g}")
    weight = np.where(np.isnan(weight), np.inf, weight).max(axis=0)
    top = np.maximum.accumulate(weight)
    for small in (72.0, 44.0):  # exp(-small)
        nothing = weight < top - small
        ends = [i for i in range(36, x.size - 4) if np.isfinite(top[i]) and np.all(nothing[i : i + 4])]
        if ends:
            return float(x[ends[0]])
    raise ValueError("grows so fast that its variance under a Gaussian is infinite, or too slow to converge")


def _bisect(function: Function, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The short panels on which a Chebyshev series converges, and what never resolves: a kink or a jump."""
    low, high = edges[:-1], edges[1:]
    smooth: list[np.ndarray] = []
    found: list[tuple[float, float]] = []
    for _ in range(60):
        width, middle = high - low, 0.5 * (low + high)
        values = function(middle[:, None] + 0.5 * width[:, None] * NODES)
        if not np.all(np.isfinite(values)):
            raise ValueError("is not finite everywhere")
        span, size = np.ptp(values, axis=1), np.maximum(np.abs(low), np.abs(high))
        # x itself is rounded: a slope makes that a noise of the values
        noise = 1e-13 * span + 4e-15 * np.abs(values).max(axis=1) + 1e-15 * size * span / width
        rough = (np.abs(values @ TAIL).max(axis=1) > noise) & (width > 2e-15 * np.maximum(1.0, size))
        smooth += [low[~rough], high[~rough]]
        narrow = rough & (width < NARROW)
        found += zip(width[narrow], middle[narrow], strict=True)
        if rough.sum() > 400:
            raise ValueError("is not smooth at so many places that no kernel can be computed")
        middle = middle[rough]
        low, high = np.concatenate([low[rough], middle]), np.concatenate([middle, high[rough]])
        if not low.size:
            break
    kinks: list[float] = []
    for size, place in sorted(found):  # of each kink the narrowest panel
        if all(abs(place - other) > 1.5 * size + 1e-9 for other in kinks):
            kinks.append(0.0 if abs(place) < 1e-11 else place)
    if len(kinks) > 80:
        raise ValueError("has so many kinks or jumps that no kernel can be computed")
    places = np.sort(kinks)
    return (*_own(np.concatenate(smooth[::2]), np.concatenate(smooth[1::2]), places), places)


def _own(low: np.ndarray, high: np.ndarray, kinks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The panels that are short for the function's own sake, not because a kink is near."""
    far = np.full(low.size, np.inf)
    if kinks.size:
        far = np.abs(0.5 * (low + high)[:, None] - kinks).min(axis=1) / (high - low)
    own = (far > 3.5) & (high - low < 0.3)
    return low[own], high[own]


def _jumps(function: Function, kinks: np.ndarray) -> bool:
    """Whether the function jumps at any kink: the step over it does not shrink with its width."""
    if not kinks.size:
        return False
    wide, narrow = (np.abs(function(kinks + h) - function(kinks - h)) for h in (1e-6, 1e-10))
    return bool(np.any((narrow > 0.97 * wide) & (narrow > 1e-9)))


def _singular(function: Function, kinks: np.ndarray) -> bool:
    """Whether on a side of any kink the function is not smooth up to it."""
    if not kinks.size:
        return False
    gap = 0.05 * min(1.0, np.diff(kinks).min(initial=1.0))
    width = np.where(np.arange(2 * kinks.size) % 2, gap, -gap)
    values = function(np.repeat(kinks, 2)[:, None] + 0.5 * width[:, None] * (1.0 + 0.999 * NODES))
    tail = np.abs(values @ TAIL).max(axis=1)
    return bool(np.any(tail > 1e-9 * np.ptp(values, axis=1) + 1e-13 * np.abs(values).max(axis=1)))
