"""Where a function of one Gaussian variable matters, and the panels on which it is smooth. No kernels here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from replica.architectures.activations._probe import CORE, STEP, Function, Probe, probe

FARTHEST = 52.0  # beyond it the Gaussian's root leaves double precision
WIDEST = 0.5  # of the panels
FINEST = 1.0 / 512.0  # of those on which bumps without edges are looked for
POINT = 1e-7  # what is not smooth on a panel of this width is a kink there
BLUR = 4e3  # times the noise of the values: where a kink in it is
COARSE = 1e-12  # values that scatter by more are replaced by series
MOST_KINKS, MOST_ROUGH = 80, 400
SO_MANY = "is not smooth at so many places that no kernel can be computed"
ORDER = 24
# with both ends, so that no kink slips between two panels
NODES = np.cos(np.pi * np.arange(ORDER) / (ORDER - 1))
FIT = np.linalg.inv(chebyshev.chebvander(NODES, ORDER - 1))
TAIL = FIT[-4:].T


@dataclass(frozen=True)
class Shape:
    """A function looked at: it matters within ``reach``, ``edges`` are those of panels on which it is smooth, ``kinks``
    the ones at which two pieces meet; ``jumps`` and ``singular``: whether any kink is a jump, or a power as
    ``|x|^0.7``. ``function`` is the function, freed from noise where that is more than the rounding of doubles.
    """

    function: Function
    reach: float
    kinks: np.ndarray
    edges: np.ndarray
    jumps: bool
    singular: bool
    probe: Probe


def look_at(function: Function) -> Shape:
    """The shape of a function of arrays; `ValueError` where no kernel can be computed."""
    reach = _reach(function)
    look = probe(function, reach)
    if look.grain > 1e-5:
        raise ValueError(f"has values that scatter by {look.grain:.1g}, too coarse for a kernel")
    count = int(np.ceil(2.0 * reach / WIDEST))
    start = np.linspace(-reach, reach, count + 1) + 0.0037 * np.sin(np.arange(count + 1))  # no edge at a round number
    edges, kinks = _bisect(function, look, np.unique(np.concatenate([start, _places(function, look, reach)])))
    core = _reach(function, (52.0, 44.0))  # beyond, g^2 times the density is 1e-22 of its top
    edges = _merge(function, look, edges, kinks[np.abs(kinks) < core])
    kinks = np.union1d(kinks, _seams(function, look, edges))
    kinks = kinks[np.abs(kinks) < core]
    singular = look.grain < COARSE and _singular(function, look, kinks)
    if singular:  # a rule that is flat at the ends of panels needs no panels graded beyond this
        far = np.abs(edges[:, None] - kinks).min(axis=1)
        edges = edges[(far > 1e-3) | (far == 0)]
    if look.grain > COARSE:
        function = _smoothed(function, edges, look.grain)
    return Shape(function, reach, kinks, edges, _jumps(function, kinks), singular, look)


def _reach(function: Function, drops: tuple[float, ...] = (72.0, 44.0)) -> float:
    """Half-line beyond which ``g^2`` times the Gaussian density is ``exp(-drop)`` of its top."""
    x = np.arange(0.0, FARTHEST, 0.25)
    with np.errstate(all="ignore"):
        values = np.abs(np.stack([function(x), function(-x)]))
        weight = 2.0 * np.log(values) - 0.5 * x * x
    endless = np.flatnonzero(~np.isfinite(values[:, :8]).all(axis=0))
    if endless.size:
        raise ValueError(f"must be finite, which it is not at |x| = {x[endless[0]]:g}")
    weight = np.where(np.isnan(weight), np.inf, weight).max(axis=0)
    top = np.maximum.accumulate(weight)
    for small in drops:
        nothing = weight < top - small
        ends = [i for i in range(36, x.size - 4) if np.isfinite(top[i]) and np.all(nothing[i : i + 4])]
        if ends:
            return float(x[ends[0]])
    if not np.any(np.isfinite(weight)):
        return CORE + 1.0  # 0 at all of these
    raise ValueError("grows so fast that its variance under a Gaussian is infinite, or too slow to converge")


def _places(function: Function, look: Probe, reach: float) -> np.ndarray:
    """Edges around what stood out, and around bumps too narrow for the nodes of wide panels."""
    aside = max(STEP, BLUR * look.grain)
    around = [look.suspects - aside, look.suspects + aside, look.suspects[: None if aside == STEP else 0]]
    width = FINEST
    while width < WIDEST:  # what the nodes of one are too far apart to see, those of another are not
        fine = np.arange(-reach, reach + width, width) + 0.0713 * width
        rough = np.concatenate([_rough(function, look, *part) for part in _parts(fine[:-1], fine[1:])])
        if rough.sum() > MOST_ROUGH:
            raise ValueError(SO_MANY)
        around += [fine[:-1][rough], fine[1:][rough]]
        width *= 2.0
    return np.concatenate(around)


def _parts(low: np.ndarray, high: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    cuts = np.arange(4096, low.size, 4096)
    return list(zip(np.split(low, cuts), np.split(high, cuts), strict=True))


def _values(function: Function, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Values at the nodes of panels."""
    values = function(0.5 * (low + high)[:, None] + 0.5 * (high - low)[:, None] * NODES)
    if not np.all(np.isfinite(values)):
        raise ValueError("is not finite everywhere")
    return values


def _allowed(look: Probe, values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Departures from a smooth function that are noise, or nothing beside the function as a whole."""
    span, size = np.ptp(values, axis=1), np.maximum(np.abs(low), np.abs(high))
    nearest = np.where(low * high < 0, 0.0, np.minimum(np.abs(low), np.abs(high)))
    # x itself is rounded: a slope makes that a noise of the values
    steep = 5.0 * look.grain * size * span / np.maximum(high - low, 1e-300)
    largest = np.abs(values).max(axis=1)
    return 1e-13 * span + 20.0 * look.grain * largest + steep + 1e-15 * look.size(nearest)


def _rough(function: Function, look: Probe, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Panels on which a Chebyshev series does not converge."""
    values = _values(function, low, high)
    return np.abs(values @ TAIL).max(axis=1) > _allowed(look, values, low, high)


def _bisect(function: Function, look: Probe, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges of panels on which the function is smooth, and its kinks: what never becomes so."""
    low, high = start[:-1], start[1:]
    found: list[tuple[float, float]] = []
    edges = [start]
    for _ in range(60):
        width, middle = high - low, low + 0.4871 * (high - low)  # no kink at an edge by symmetry
        size = np.maximum(1.0, np.maximum(np.abs(low), np.abs(high)))
        rough = _rough(function, look, low, high)
        narrow = rough & (width < np.maximum(POINT, BLUR * look.grain * size))
        found += zip(width[narrow], middle[narrow], strict=True)
        rough &= width > 2e-15 * size
        if rough.sum() > MOST_ROUGH:
            rough &= _counts(function, look, low, high)
            if rough.sum() > MOST_ROUGH:
                raise ValueError(SO_MANY)
        low, high, middle = low[rough], high[rough], middle[rough]
        if not low.size:
            break
        edges.append(middle)
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    kinks: list[float] = []
    for size, place in sorted(found):  # of each kink the narrowest panel
        if all(abs(place - other) > 1.5 * size + 1e-11 for other in kinks):
            kinks.append(0.0 if abs(place) < max(1e-11, 2.0 * size) else place)
    if len(kinks) > MOST_KINKS:
        raise ValueError("has so many kinks or jumps that no kernel can be computed")
    return np.unique(np.concatenate(edges)), np.sort(kinks)


def _counts(function: Function, look: Probe, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Panels on which the departure from a smooth function is seen in an average."""
    values = _values(function, low, high)
    nearest = np.where(low * high < 0, 0.0, np.minimum(np.abs(low), np.abs(high)))
    return np.ptp(values, axis=1) * (high - low) > 1e-13 * look.size(nearest)


def _merge(function: Function, look: Probe, edges: np.ndarray, kinks: np.ndarray) -> np.ndarray:
    """Fewer edges: those with which panels were graded towards a kink that is now an edge are not needed."""
    if kinks.size:
        near = np.abs(edges[:, None] - kinks).min(axis=1)
        edges = edges[near > 1e-13 * np.maximum(1.0, np.abs(edges))]
    edges = np.unique(np.concatenate([edges, kinks]))
    fixed = np.isin(edges, kinks)
    idle = 0
    while idle < 2:
        dropped = np.zeros(edges.size, dtype=bool)
        for first in (1, 2):
            middle = np.arange(first, edges.size - 1, 2)
            middle = middle[~fixed[middle] & ~dropped[middle - 1] & ~dropped[middle + 1]]
            middle = middle[edges[middle + 1] - edges[middle - 1] < 1.3 * WIDEST]
            if middle.size:
                dropped[middle[_joins(function, look, *(edges[middle + k] for k in (-1, 0, 1)))]] = True
        idle = idle + 1 if not dropped.any() else 0
        edges, fixed = edges[~dropped], fixed[~dropped]
    return edges


def _joins(function: Function, look: Probe, low: np.ndarray, middle: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Pairs of panels of which one series says all: it meets the values at the nodes of both."""
    ends = 4e-15 * np.maximum(1.0, np.abs(np.stack([low, high])))  # a kink is where it is but for rounding
    low, high = low + ends[0], high - ends[1]
    values = _values(function, low, high)
    allowed = _allowed(look, values, low, high)
    good = np.abs(values @ TAIL).max(axis=1) <= allowed
    series = (values @ FIT.T).T
    for left, right in ((low, middle), (middle, high)):
        x = 0.5 * (left + right)[:, None] + 0.5 * (right - left)[:, None] * NODES
        share = (2.0 * x - (low + high)[:, None]) / (high - low)[:, None]
        off = np.abs(chebyshev.chebval(share.T, series[:, None, :], tensor=False).T - function(x))
        good &= off.max(axis=1) <= 8.0 * allowed
    return good


def _seams(function: Function, look: Probe, edges: np.ndarray) -> np.ndarray:
    """Edges across which the function is not smooth: weak kinks, as of the second derivative."""
    width = np.diff(edges)
    half, middle = 0.5 * np.minimum(width[:-1], width[1:]), edges[1:-1]
    half, middle = half[half > 3e-5], middle[half > 3e-5]  # what is shorter is seen by its width
    return middle[_rough(function, look, middle - half, middle + half)]


def _smoothed(function: Function, edges: np.ndarray, grain: float) -> Function:
    """The function as its Chebyshev series on panels, cut where only noise is left."""
    low, high = edges[:-1], edges[1:]
    series = (_values(function, low, high) @ FIT.T).T
    series[np.abs(series) < 4.0 * grain * np.abs(series).max(axis=0)] = 0.0

    def smooth(x: np.ndarray) -> np.ndarray:
        panel = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, low.size - 1)
        share = np.clip((2.0 * x - low[panel] - high[panel]) / (high - low)[panel], -1.0, 1.0)
        last = later = np.zeros_like(share)
        for row in series[:0:-1]:
            last, later = row[panel] + 2.0 * share * last - later, last
        return series[0][panel] + share * last - later

    return smooth


def _jumps(function: Function, kinks: np.ndarray) -> bool:
    """Whether the function jumps at any kink: the step over it does not shrink with its width."""
    if not kinks.size:
        return False
    wide, narrow = (np.abs(function(kinks + h) - function(kinks - h)) for h in (1e-8, 1e-11))
    return bool(np.any((narrow > 0.97 * wide) & (narrow > 1e-9)))


def _singular(function: Function, look: Probe, kinks: np.ndarray) -> bool:
    """Whether on a side of any kink the function is not smooth up to it."""
    if not kinks.size:
        return False
    gap = 0.05 * min(1.0, np.diff(kinks).min(initial=1.0))
    width = np.where(np.arange(2 * kinks.size) % 2, gap, -gap)
    values = function(np.repeat(kinks, 2)[:, None] + 0.5 * width[:, None] * (1.0 + 0.999 * NODES))
    tail = np.abs(values @ TAIL).max(axis=1)
    allowed = 1e-13 * np.abs(values).max(axis=1) + 1e-12 * look.size(np.repeat(kinks, 2))
    return bool(np.any(tail > 1e-9 * np.ptp(values, axis=1) + allowed))
