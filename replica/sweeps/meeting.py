"""Where lines over an axis cross, where they end and where three meet; what the lines are is not known here."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from replica.solution.said import beside

EPS = float(np.finfo(float).eps)
CLOSE = 1e-10  # of a cell of the grid: how closely an end is bracketed
INWARDS = 2.5  # what is left of a line at its end, a root in the distance to it, in units of its last change
STEP = 1e-3  # of a cell: for slopes
NEAR = 1e-6  # of the difference at the ends of a cell: a crossing, where a line is not found closer


@dataclass(frozen=True)
class Spot:
    """A place on a line: its value and error there, NaN with a reason where the line is not known."""

    value: float
    error: float
    status: str

    @property
    def known(self) -> bool:
        """Whether the line is there."""
        return bool(np.isfinite(self.value) and np.isfinite(self.error))


@dataclass(frozen=True)
class Special:
    """One special point: place and height with their errors."""

    kind: str
    lines: tuple[str, ...]
    x: float
    x_error: float
    y: float
    y_error: float
    status: str


def apart(above: Spot, below: Spot) -> Spot:
    """The difference of two lines at a place."""
    lost = next((one.status for one in (above, below) if not one.known), "")
    return Spot(above.value - below.value, above.error + below.error, lost)


class Lines(Protocol):
    """Lines over the axis ``x``, each located at any place."""

    @property
    def x(self) -> str:
        """The name of the axis."""

    @property
    def lines(self) -> Mapping[str, object]:
        """The lines by name."""

    def along(self, name: str, places: np.ndarray) -> list[Spot]:
        """A line at places."""


def at(plane: Lines, name: str, place: float) -> Spot:
    """A line at one place."""
    return plane.along(name, np.array([place]))[0]


def gap_of(plane: Lines, pair: tuple[str, str], place: float) -> Spot:
    """By how much the first line is above the second."""
    return apart(*(at(plane, name, place) for name in pair))


def special(plane: Lines, places: np.ndarray) -> list[Special]:
    """All special points, ordered along the axis."""
    seen = {name: plane.along(name, places) for name in plane.lines}
    ends = [(name, *end) for name in plane.lines for end in _ends(plane, name, places, seen[name])]
    # up to its end a line may cross others
    more = np.setdiff1d([known for _, known, _, _ in ends], places)
    if more.size:
        places = np.concatenate([places, more])
        order = np.argsort(places)
        seen = {name: [(spots + plane.along(name, more))[i] for i in order] for name, spots in seen.items()}
        places = places[order]
    met = [one for pair in itertools.combinations(plane.lines, 2) for one in _crossings(plane, pair, places, seen)]
    found = _merged(met, tuple(plane.lines)) + [_end(plane, *end) for end in ends]
    return sorted(found, key=lambda one: one.x)


def _crossings(
    plane: Lines, pair: tuple[str, str], places: np.ndarray, seen: dict[str, list[Spot]]
) -> list[Special]:
    """Crossings of two lines: neighbours where one is surely above, then surely below; one place between them may be
    too close to tell.
    """
    gaps = [apart(*both) for both in zip(*(seen[name] for name in pair), strict=True)]
    found, before = [], -1
    for i, gap in enumerate(gaps):
        if not gap.known:
            before = -1
        elif abs(gap.value) > gap.error:
            if before >= 0 and i - before <= 2 and gap.value * gaps[before].value < 0.0:
                cell = float(places[before]), float(places[i])
                found.append(_crossing(plane, pair, cell, (gaps[before].value, gap.value)))
            before = i
    return found


def _crossing(plane: Lines, pair: tuple[str, str], cell: tuple[float, float], gaps: tuple[float, float]) -> Special:
    """The zero of the difference in a cell, by the rule of false position that halves what stays."""
    (low, high), (left, right) = cell, gaps
    best, done = (np.nan, Spot(np.inf, np.inf, "")), False
    for _ in range(100):
        place = (low * right - high * left) / (right - left)
        place = place if low < place < high else 0.5 * (low + high)
        gap = gap_of(plane, pair, place)
        if not gap.known:
            break
        best = min(best, (place, gap), key=lambda one: abs(one[1].value))
        done = abs(gap.value) <= gap.error
        if done or high - low <= 4.0 * EPS * max(abs(low), abs(high)):
            break
        if gap.value * left < 0.0:
            high, right, left = place, gap.value, 0.5 * left
        else:
            low, left, right = place, gap.value, 0.5 * right
    near = abs(best[1].value) < NEAR * max(map(abs, gaps))  # what is left is in the error
    if not gap.known and not near:
        return _lost(pair, cell, f"a line is not known at {plane.x} = {place:.9g} between them ({beside(gap.status)})")
    if not done and not near:
        return _lost(pair, cell, f"one line jumps over the other at {plane.x} = {place:.9g}")
    place, gap = best
    step = STEP * (cell[1] - cell[0])
    sides = max(cell[0], place - step), min(cell[1], place + step)
    height = at(plane, pair[0], place)
    ends = [(gap_of(plane, pair, side), at(plane, pair[0], side)) for side in sides]
    slope, steepness = (float(ends[1][k].value - ends[0][k].value) / (sides[1] - sides[0]) for k in (0, 1))
    error = (abs(gap.value) + gap.error) / max(abs(slope), EPS**4) + 4.0 * EPS * abs(place)
    if not error < cell[1] - cell[0]:
        return _lost(pair, cell, f"the lines cannot be told apart around {plane.x} = {place:.9g}")
    way = "above" if gaps[1] > 0.0 else "below"
    status = f"converged; crossing of {' and '.join(pair)}: beyond, {pair[0]} is {way}"
    return Special("crossing", pair, place, error, height.value, height.error + abs(steepness) * error, status)


def _lost(pair: tuple[str, str], cell: tuple[float, float], why: str) -> Special:
    status = f"not converged: the lines change sides between {cell[0]:.6g} and {cell[1]:.6g}, but {why}"
    return Special("crossing", pair, np.nan, np.nan, np.nan, np.nan, status)


def _merged(met: list[Special], names: tuple[str, ...]) -> list[Special]:
    """Three crossings at one place are a triple point."""
    for three in itertools.combinations(names, 3):
        pairs = [[one for one in met if one.lines == pair] for pair in itertools.combinations(three, 2)]
        for trio in itertools.product(*pairs):
            if np.ptp([one.x for one in trio]) <= 2.0 * sum(one.x_error for one in trio):
                best = min(trio, key=lambda one: one.x_error)
                met = [one for one in met if one not in trio]
                status = f"converged; triple point of {', '.join(three)}, to the errors of their crossings"
                met.append(Special("triple point", three, best.x, best.x_error, best.y, best.y_error, status))
    return met


def _ends(plane: Lines, name: str, places: np.ndarray, seen: list[Spot]) -> list[tuple[float, float, float]]:
    """Between neighbours of which one knows the line and one does not: the last place where it is known, the first
    where it is not, and how far the neighbours are apart.
    """
    found = []
    for i, (one, other) in enumerate(itertools.pairwise(seen)):
        if one.known != other.known:
            cell = float(places[i]), float(places[i + 1])
            known, lost = cell if one.known else cell[::-1]
            wide = abs(known - lost)
            while abs(known - lost) > max(CLOSE * wide, 4.0 * EPS * max(abs(known), abs(lost))):
                middle = 0.5 * (known + lost)
                known, lost = (middle, lost) if at(plane, name, middle).known else (known, middle)
            found.append((known, lost, wide))
    return found


def _end(plane: Lines, name: str, known: float, lost: float, wide: float) -> Special:
    """The end of a line, and the lines on which it ends."""
    inner = known + (known - lost)

    def left(line: str) -> tuple[float, float]:
        """Height at the end and what may be missing there."""
        last, before = at(plane, line, known), at(plane, line, inner)
        return last.value, last.error + INWARDS * abs(last.value - before.value) + EPS * abs(last.value)

    height, error = left(name)
    beside_it = [other for other in plane.lines if other != name]
    on = [other for other in beside_it if abs(left(other)[0] - height) <= left(other)[1] + error]
    merged = max((_merged_over(plane, (name, other), known, lost, wide) for other in on), default=0.0)
    if merged:
        error += abs(at(plane, name, known + merged * np.sign(known - lost)).value - height)
    where = f", on {', '.join(on)}" if on else ""
    status = f"converged; end of {name}{where}: beyond, {beside(at(plane, name, lost).status)}"
    return Special("end", (name,), 0.5 * (known + lost), 0.5 * abs(known - lost) + merged, height, error, status)


def _merged_over(plane: Lines, pair: tuple[str, str], known: float, lost: float, wide: float) -> float:
    """By how much the end of a line on another may be off: the way inwards on which their distance doubles tells how
    far outwards it vanishes.
    """
    way, side = abs(known - lost), float(np.sign(known - lost))
    last = abs(gap_of(plane, pair, known).value)
    while way < wide:
        gap = gap_of(plane, pair, known + way * side)
        if abs(gap.value) > 2.0 * last + 10.0 * gap.error:
            break
        way *= 2.0
    return min(INWARDS * way, wide)
