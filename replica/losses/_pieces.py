"""A function of one variable as Chebyshev series on panels, its kinks and jumps found; no losses here.

Panels are halved until the series has converged to the rounding of its values, and further where the slope falls to
nothing and shorter panels know it better. What never converges is a kink or a jump.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

Function = Callable[[np.ndarray], np.ndarray]
EPS = float(np.finfo(float).eps)
TINY = 1e-300  # values below have lost digits
ORDER = 16
NARROW = 1e-9  # width, in units of the place, at which what has not converged is a kink
SMALL = 1e-26  # of the values, what no map sees
BENT = 1e-6  # of its slope, which a narrow panel does not know: it holds a kink
NEAR = 0.1  # a place that is closer to 0 counts as that far
MOST = 20_000  # panels at a time
LOST = 1e-12  # of the values, below which the last coefficients of a series may be nothing but their rounding
NODES = -np.cos(np.pi * np.arange(ORDER) / (ORDER - 1))  # with both ends, so that no kink slips between two panels
TO_SERIES = np.linalg.inv(chebyshev.chebvander(NODES, ORDER - 1)).T
AT_NODES = chebyshev.chebvander(NODES, ORDER - 1).T
TO_SLOPE = TO_SERIES @ np.array([np.append(chebyshev.chebder(row), 0.0)[: ORDER - 1] for row in np.eye(ORDER)])


class Pieces(NamedTuple):
    """Panels in order from ``low`` to ``high``: the series of a function, that of its slope, and what the function and
    its slope may be wrong by.
    """

    low: np.ndarray
    high: np.ndarray
    series: np.ndarray
    slope: np.ndarray
    doubt: np.ndarray
    unsure: np.ndarray

    def pick(self, rows: np.ndarray) -> Pieces:
        return Pieces(*(column[rows] for column in self))

    def at(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The panel of each place, and where in it that is, from -1 to 1."""
        panel = np.clip(np.searchsorted(self.low, u, side="right") - 1, 0, self.low.size - 1)
        low, high = self.low[panel], self.high[panel]
        return panel, np.clip((2.0 * u - low - high) / (high - low), -1.0, 1.0)

    def ends(self, series: np.ndarray) -> np.ndarray:
        """A series at the left and at the right end of each panel, (panel, 2)."""
        signs = np.where(np.arange(series.shape[1]) % 2, -1.0, 1.0)
        return np.stack([series @ signs, series.sum(axis=1)], axis=1)


def joined(parts: list[Pieces]) -> Pieces:
    """All panels of several, in order."""
    whole = Pieces(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return whole.pick(np.argsort(whole.low))


def fitted(function: Function, low: np.ndarray, high: np.ndarray) -> tuple[Pieces, np.ndarray, np.ndarray]:
    """The series on given panels; the size of its last coefficients, and of the rounding of its values."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    u = middle[:, None] + half[:, None] * NODES
    # at a jump the panels on either side see their own values
    u[:, 0], u[:, -1] = np.nextafter(low, high), np.nextafter(high, low)
    values = function(u.ravel()).reshape(u.shape)
    with np.errstate(invalid="ignore", over="ignore"):
        # what the rounding of a place does to its value is known from the slope
        away = (middle[:, None] - u) + half[:, None] * NODES
        values = values + away * ((values @ TO_SLOPE) @ AT_NODES[: ORDER - 1]) / half[:, None]
        series, slope = values @ TO_SERIES, (values @ TO_SLOPE) / half[:, None]
        tail, top = np.abs(series[:, -3:]).max(axis=1), np.abs(values).max(axis=1)
        doubt = np.maximum(tail, 0.5 * EPS * top + TINY)
        unsure = ORDER**2 * doubt / half
        # a function that calculates with its argument rounds that too
        place = np.maximum(np.abs(low), np.abs(high))
        rounding = 2.0 * EPS * (top + place * np.abs(slope).max(axis=1)) + TINY
    return Pieces(low, high, series, slope, doubt, unsure), tail, rounding


def resolved(function: Function, stops: np.ndarray, scale: float) -> tuple[Pieces, Pieces]:
    """Panels between ``stops`` on which the series has converged, and narrow ones on which it never does.

    ``scale`` is the size of terms beside which values may be lost in rounding, as in ``ln(1 + exp(-u))``. A panel that
    is known only to such rounding stays whole where its halves know the slope no better.
    """
    found, tail, rounding = fitted(function, stops[:-1], stops[1:])
    done, rough = [], []
    while True:
        place = np.maximum(np.abs(found.low), np.abs(found.high))
        clean = tail <= 4.0 * rounding
        lost = clean | (tail <= LOST * np.maximum(scale, np.abs(found.series).sum(axis=1)))
        sharp = (found.unsure <= 1e-30 * scale) | ~_fades(found.slope, 0.1)
        narrow = found.high - found.low <= NARROW * np.maximum(place, NEAR)
        stop = clean & sharp | narrow | ~np.isfinite(tail)
        bent = narrow & ~clean & _bent(found) | ~np.isfinite(tail)
        done.append(found.pick(stop & ~bent))
        rough.append(found.pick(bent))
        parents, lost, rounded = found.pick(~stop), lost[~stop], clean[~stop]
        if not parents.low.size:
            return joined(done), joined(rough)
        if parents.low.size > MOST:
            raise ValueError("varies so fast that it cannot be tabulated")
        middle = 0.5 * (parents.low + parents.high)
        edges = np.stack([parents.low, middle, parents.high], axis=1)
        found, tail, rounding = fitted(function, edges[:, :2].ravel(), edges[:, 1:].ravel())
        better = (found.unsure.reshape(-1, 2) < 0.4 * parents.unsure[:, None]).any(axis=1)
        # a value that falls to nothing is known ever better towards its zero
        better |= ((tail <= 4.0 * rounding) & _fades(found.series, 0.05)).reshape(-1, 2).any(axis=1)
        kept = lost & ~better
        place = np.maximum(np.maximum(np.abs(parents.low), np.abs(parents.high)), NEAR)
        kinked = kept & ~rounded & _bent(parents) & (parents.high - parents.low <= 1e3 * NARROW * place)
        done.append(parents.pick(kept & ~kinked))
        rough.append(parents.pick(kinked))
        going = np.repeat(~lost | better, 2)
        found, tail, rounding = found.pick(going), tail[going], rounding[going]


def merged(function: Function, found: Pieces, kinks: np.ndarray, scale: float = 0.0) -> Pieces:
    """Panels as long as they may be: neighbours made one where that knows the slope at least as well as either.

    With a ``scale`` of values: where a rule of some more nodes resolves the function over both, in parts of any size.
    """
    fixed = np.isin(found.high, kinks)
    start, tried = 0, 0
    while tried < 2 and found.low.size > 1:
        left = np.arange(start, found.low.size - 1, 2)
        left = left[~fixed[left] & (found.high[left] == found.low[left + 1])]
        one, two = found.pick(left), found.pick(left + 1)
        whole, tail, rounding = fitted(function, one.low, two.high)
        good, coarse = tail <= 4.0 * rounding, np.zeros(tail.size)
        if scale:
            coarse = 1e-6 * np.abs(whole.series[:, 2:]).max(axis=1, initial=0.0) + SMALL * scale
            good |= tail <= 0.1 * coarse
        else:
            good &= whole.unsure <= np.minimum(one.unsure, two.unsure)
        for part in (one, two):
            u = 0.5 * (part.low + part.high)[:, None] + 0.5 * (part.high - part.low)[:, None] * NODES
            x = (2.0 * u - (whole.low + whole.high)[:, None]) / (whole.high - whole.low)[:, None]
            off = _apart(whole.series, x, part.series)
            good &= off <= 64.0 * (part.doubt + np.minimum(whole.doubt, rounding)) + coarse
            # beside values of 1e10 what bends beside 0 is rounding: the slope knows it
            off, reach = _apart(whole.slope, x, part.slope), 0.5 * (part.high - part.low)
            good &= off <= 64.0 * (part.unsure + whole.unsure) + ORDER**2 * coarse / reach
        tried = 0 if good.any() else tried + 1
        start = 1 - start
        gone = np.zeros(found.low.size, dtype=bool)
        gone[left[good]] = gone[left[good] + 1] = True
        ends = joined([found.pick(~gone), whole.pick(good)])
        fixed, found = np.isin(ends.high, kinks), ends
    return found


def _apart(series: np.ndarray, x: np.ndarray, part: np.ndarray) -> np.ndarray:
    """The largest difference of a series at places x of its panel from that of a part, whose nodes these are."""
    values = chebyshev.chebval(x, np.moveaxis(series[:, None, :], -1, 0), tensor=False)
    return np.abs(values - part @ AT_NODES[: part.shape[1]]).max(axis=1, initial=0.0)


def _bent(found: Pieces) -> np.ndarray:
    """Panels that do not know their slope."""
    return ~(found.unsure <= BENT * np.abs(found.slope).max(axis=1, initial=1e-300))


def _fades(series: np.ndarray, share: float) -> np.ndarray:
    """Whether a series is much smaller at some place of its panel than at another, or 0 in between."""
    values = series @ AT_NODES[: series.shape[1]]
    size = np.abs(values)
    return (size.min(axis=1) < share * size.max(axis=1)) | (values.min(axis=1) < 0.0) & (values.max(axis=1) > 0.0)


def located(function: Function, low: float, high: float, room: tuple[float, float]) -> float:
    """The kink or jump within [low, high], where the function is smooth over ``room`` to its left and right.

    Where the continuations of the function from both sides meet; where they do not, it jumps, which is bisected.
    """
    sides = []
    for end, sign, free in ((low, -1.0, room[0]), (high, 1.0, room[1])):
        for halving in range(40):
            far = end + sign * min(free, 0.5) * 0.5**halving
            part, tail, rounding = fitted(function, np.array([min(end, far)]), np.array([max(end, far)]))
            if tail[0] <= 4.0 * rounding[0]:
                break
        sides.append(part)
    left, right = sides
    middle = 0.5 * (low + high)

    def gap(u: float, order: int) -> float:
        """Right less left continuation at u: of the function or its slope."""
        values = []
        for part in (left, right):
            x = (2.0 * u - part.low[0] - part.high[0]) / (part.high[0] - part.low[0])
            values.append(float(chebyshev.chebval(x, (part.series, part.slope)[order][0])))
        return values[1] - values[0]

    noise = left.doubt[0] + right.doubt[0]
    turn, reach = gap(middle, 1), high - low
    if abs(gap(middle, 0)) > 4.0 * abs(turn) * reach + 64.0 * noise + LOST * abs(left.series[0, 0]):
        return _bisected(function, low, high)
    order = 0 if abs(turn) * reach > 64.0 * noise else 1
    for _ in range(4):
        step = 1e-3 * reach
        bend = (gap(middle + step, order) - gap(middle - step, order)) / (2.0 * step)
        move = gap(middle, order) / bend if bend else 0.0
        middle = float(np.clip(middle - move, low, high))
    near = float(f"{middle:.9g}")
    slack = 64.0 * noise / abs(turn) if order == 0 else 1e-3 * reach
    if abs(middle) <= slack:
        return 0.0
    return near if abs(near - middle) <= slack + 4.0 * EPS * abs(middle) else middle


def _bisected(function: Function, low: float, high: float) -> float:
    """The first place with the value of the right-hand side of a jump."""
    left, right = function(np.array([low, high]))
    while True:
        middle = 0.5 * (low + high)
        if not low < middle < high:
            return high
        value = function(np.array([middle]))[0]
        low, high = (middle, high) if abs(value - left) < abs(value - right) else (low, middle)


def clusters(rough: Pieces) -> list[tuple[float, float]]:
    """Intervals that adjacent panels make together."""
    found: list[tuple[float, float]] = []
    for low, high in zip(rough.low, rough.high, strict=True):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], float(high))
        else:
            found.append((float(low), float(high)))
    return found


def kinks_at(function: Function, spots: list[tuple[float, float]], low: float, high: float) -> list[float]:
    """The kink or jump in each of some intervals in order, within [low, high]; those of no width are their own."""
    places = []
    for k, (left, right) in enumerate(spots):
        before, after = spots[k - 1][1] if k else low, spots[k + 1][0] if k + 1 < len(spots) else high
        inside = right > left and left > before and right < after
        room = (left - before, after - right)
        places.append(located(function, left, right, room) if inside else 0.5 * (left + right))
    return places


def broken_edges(found: Pieces, scale: float) -> np.ndarray:
    """Edges of panels at which a function of size ``scale`` jumps or turns."""
    value, slope = found.ends(found.series), found.ends(found.slope)
    apart = np.abs(value[1:, 0] - value[:-1, 1]) > 64.0 * (found.doubt[1:] + found.doubt[:-1]) + LOST * scale
    turned = np.abs(slope[1:, 0] - slope[:-1, 1])
    apart |= turned > 64.0 * (found.unsure[1:] + found.unsure[:-1]) + 1e-7 * np.abs(slope[1:, 0]) + LOST * scale
    return found.low[1:][apart & (found.high[:-1] == found.low[1:])]


def missed(function: Function, found: Pieces, u: np.ndarray) -> np.ndarray:
    """Places, of one panel the worst, at which the function is not what its series says."""
    with np.errstate(invalid="ignore", over="ignore"):
        panel, x = found.at(u)
        values = function(u)
        off = np.abs(values - chebyshev.chebval(x, found.series[panel].T, tensor=False))
        slack = 64.0 * found.doubt[panel] + 64.0 * EPS * np.abs(values)
        excess = np.where(off > slack, off, 0.0)
    order = np.lexsort((-excess, panel))
    first = order[np.append(True, np.diff(panel[order]) > 0)] if u.size else order
    return u[first[excess[first] > 0]]
