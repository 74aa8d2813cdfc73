"""Where an observable reaches a level along the load or another parameter of a model. No observable by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._checks import one_number, one_of, shown, spelled
from replica.ansatz import Ansatz, ansatz_or_rs
from replica.models.model import Model, require_model
from replica.observables import OBSERVABLES, measure
from replica.solution.batch import Solutions
from replica.solution.names import ORDER_PARAMETERS
from replica.solution.said import beside, which_converged
from replica.solution.single import Solution
from replica.thresholds.base import NAN, Threshold

LOADS = (1e-2, 1e2)
POINTS = 65  # of the scan
FINER = 17  # in a cell that is looked at again
LOOKS = 3
WIDE = 8.0  # ends of one sign whose ratio is larger are scanned in equal ratios
JUMP = 1e-6  # of the change over a cell, left where the cell is at rounding
EPS = np.finfo(float).eps
COLUMNS = ("places", "gap", "error", "status")


def threshold(
    model: Model,
    observable: str,
    *,
    level: float,
    along: str = "alpha",
    between: tuple[float, float] | None = None,
    crossing: str = "first",
    alpha: float | None = None,
    ansatz: Ansatz | None = None,
    start: Any = None,
) -> Threshold:
    r"""The value of a parameter at which an observable reaches a level.

    The root ``x`` of ``observable(x) = level`` on the solutions that `solve` gives, with ``x`` the load or any other
    parameter of the model. A scan finds the crossings, and one of them is cut down.

    When not to use it: where the observable jumps over the level, which is refused (`transition` and `spinodal` are
    where it does); for a zero of the entropy or the stability on a branch that `solve` leaves: `capacity`, `at_line`.

    Parameters
    ----------
    model : Model
        The value of its parameter ``along`` is ignored.
    observable : str
        An observable or an order parameter, see ``replica list``.
    level : float
    along : str
        ``alpha``, or a parameter of the model: ``margin``, ``beta``, ``temperature``, ``penalty``, ``noise``, ...
    between : (float, float), optional
        Where to look; needed unless along alpha, which is looked at from 0.01 to 100.
    crossing : {"first", "last"}
        Which of several, in the order of the parameter. The status tells where the others are; ``between`` chooses one.
    alpha : float, optional
        The load, along another parameter.
    ansatz, start
        As in `solve`.

    Returns
    -------
    Threshold
        The parameter; up to its error the observable is on either side of the level by more than its own error. The
        status says whether it rises or falls, and how often it crosses. ``solution`` is the one there.

    Raises
    ------
    ValueError
        Unknown names, an observable that no solution of the model has, a load that is missing or too much, ends that do
        not increase.

    See Also
    --------
    sweep : The observable over the parameter.
    capacity, at_line, transition : Thresholds with a definition of their own.

    Notes
    -----
    The scan has 65 points, and finer ones where the observable turns round near the level or its solutions end. Two
    crossings that lie closer are not seen. Where solutions are dear (networks of few units) ``between`` saves time.

    Examples
    --------
    >>> import replica
    >>> taught = replica.perceptron("spherical", labels="teacher")
    >>> found = replica.threshold(taught, "generalization_error", level=0.1)
    >>> print(f"{found:.10f} {found.error < 1e-11} {found.status}")
    5.9979899931 True converged; generalization_error falls through 0.1
    """
    require_model(model)
    chosen = ansatz_or_rs(ansatz)
    names = (*OBSERVABLES, *ORDER_PARAMETERS)
    name = one_of("observable", spelled(observable, names), names)
    level = one_number("level", level)
    one_of("crossing", crossing, ("first", "last"))
    one_of("along", along, ("alpha", *model.parameter_names))
    load = None if along == "alpha" else _load(alpha, chosen)
    if load is None and alpha is not None:
        raise ValueError("alpha is what is looked for: give along=... for a threshold at a load")
    course = Course(model, name, level, along, load, chosen, start)
    table = _scanned(course, _places(along, between, chosen))
    cells = table.crossings()
    if not cells:
        return _none(table.without_crossing(), NAN, NAN)
    return _refined(table, cells, 0 if crossing == "first" else len(cells) - 1)


def _load(alpha: float | None, ansatz: Ansatz) -> float:
    if alpha is None:
        raise ValueError("alpha is missing: the load at which another parameter is looked for")
    return one_number("alpha", alpha, low=0.0, open_low=not ansatz.empty)


def _places(along: str, between: Any, ansatz: Ansatz) -> np.ndarray:
    """The points of the scan."""
    if between is None:
        if along != "alpha":
            raise ValueError(f"between is missing: the two values of {along} between which to look")
        between = LOADS
    if np.shape(between) != (2,):
        raise ValueError(f"between must be two numbers, got {shown(between)}")
    least: dict[str, Any] = {"low": 0.0, "open_low": not ansatz.empty} if along == "alpha" else {}
    low, high = (one_number("between", end, **least) for end in between)
    if not low < high:
        raise ValueError(f"between must increase, got {low:g} and {high:g}")
    if low * high > 0 and max(low / high, high / low) > WIDE:
        return np.geomspace(low, high, POINTS)
    return np.linspace(low, high, POINTS)


@dataclass(frozen=True)
class Course:
    """An observable of the solutions of a model along a parameter, and the level that it is to reach."""

    model: Model
    observable: str
    level: float
    along: str
    load: float | None
    ansatz: Ansatz
    start: Any

    def solved(self, places: np.ndarray) -> Solutions:
        """The solutions at places."""
        model, alpha = self.model, np.ascontiguousarray(places)
        if self.load is not None:
            model, alpha = model.with_parameters(**{self.along: alpha}), np.full(places.size, self.load)
        return self.ansatz.solve(model, alpha, start=self.start)

    def table(self, places: np.ndarray) -> Table:
        """How far the observable is from the level."""
        found = self.solved(places)
        value, error = measure(found, self.observable)
        return Table(self, places, value - self.level, error + EPS * abs(self.level), np.array(found.sentences()))


@dataclass(frozen=True)
class Table:
    """The distance of an observable from the level at places, with its errors, and the standing of the solutions."""

    course: Course
    places: np.ndarray
    gap: np.ndarray
    error: np.ndarray
    status: np.ndarray

    def with_places(self, places: np.ndarray) -> Table:
        """With further rows."""
        more = self.course.table(np.setdiff1d(places, self.places))
        columns = [np.concatenate([getattr(self, name), getattr(more, name)]) for name in COLUMNS]
        order = np.argsort(columns[0])
        return Table(self.course, *(column[order] for column in columns))

    @property
    def sides(self) -> np.ndarray:
        """+1 above the level, -1 below it, 0 where the error does not tell, NaN without a solution."""
        with np.errstate(invalid="ignore"):
            sure = np.where(np.abs(self.gap) > self.error, np.sign(self.gap), 0.0)
        return np.where(np.isfinite(self.gap) & np.isfinite(self.error), sure, np.nan)

    def crossings(self) -> list[tuple[int, int]]:
        """Neighbours on either side of the level; between them there may be places where the error does not tell."""
        sides, before = self.sides, -1
        found: list[tuple[int, int]] = []
        for i, side in enumerate(sides):
            if np.isnan(side):
                before = -1
            elif side:
                if before >= 0 and side != sides[before]:
                    found.append((before, i))
                before = i
        return found

    def unclear(self) -> list[tuple[int, int]]:
        """Cells where a finer look may find more: where the observable turns round on its way to the level, and where
        its solutions end.
        """
        sides, gap = self.sides, np.abs(self.gap)
        known = np.isfinite(sides)
        ends = [(i, i + 1) for i in np.flatnonzero(known[1:] != known[:-1]).tolist()]
        with np.errstate(invalid="ignore"):
            clear = self.error[1:-1] + np.maximum(self.error[:-2], self.error[2:])
            turns = gap[1:-1] + clear < np.minimum(gap[:-2], gap[2:])
            turns &= (sides[1:-1] == sides[:-2]) & (sides[1:-1] == sides[2:]) & (sides[1:-1] != 0)
        return ends + [(i, i + 2) for i in np.flatnonzero(turns).tolist()]

    def without_crossing(self) -> str:
        """Why there is none."""
        course, known = self.course, np.isfinite(self.sides)
        span = f"for {course.along} in [{self.places[0]:g}, {self.places[-1]:g}]"
        if not known.any():
            return f"{course.observable} is not known {span} ({_reason(self.status[0])})"
        near = np.flatnonzero(known)[np.argmin(np.abs(self.gap[known]))]
        text = (
            f"{course.observable} does not cross {course.level:.10g} {span}: nearest, by {abs(self.gap[near]):.3g}, at "
        )
        text += f"{self.places[near]:.6g}"
        if (touched := self.places[self.sides == 0]).size:
            text += f"; it is at the level, to its error, between {touched[0]:.6g} and {touched[-1]:.6g}"
        if (lost := np.flatnonzero(~known)).size:
            first, last = self.places[lost[[0, -1]]]
            text += f"; it is not known from {first:.6g} to {last:.6g} ({_reason(self.status[lost[0]])})"
        return text


def _scanned(course: Course, places: np.ndarray) -> Table:
    """The course at places, and at finer ones where it may hide a crossing."""
    table = course.table(places)
    solved = which_converged(table.status)
    if solved.any() and np.isnan(table.gap[solved]).all():
        raise ValueError(f"the observable {course.observable!r} is not defined for {course.model} in {course.ansatz}")
    for _ in range(LOOKS):
        if cells := table.unclear():
            ends = table.places[np.array(cells)]
            table = table.with_places(np.linspace(ends[:, 0], ends[:, 1], FINER)[1:-1].ravel())
    return table


def _refined(table: Table, cells: list[tuple[int, int]], which: int) -> Threshold:
    """The crossing in one of the cells, cut down until the error of the observable, or rounding, stops it."""
    course, cell = table.course, cells[which]
    wide = float(np.ptp(table.gap[list(cell)]))
    low, high = (float(table.places[end]) for end in cell)
    least = EPS * float(np.ptp(table.places))
    while True:
        fine = course.table(np.unique(np.linspace(low, high, FINER)))
        inside = fine.crossings()
        if not inside:
            lost = _reason(fine.status[np.isnan(fine.sides)][0])
            return _none(f"the solutions are lost between {low:.9g} and {high:.9g} ({lost})", low, high)
        ends = inside[0 if which == 0 else -1]
        before, (low, high) = high - low, (float(fine.places[end]) for end in ends)
        rounded = high - low <= 8.0 * EPS * max(abs(low), abs(high), least)
        if rounded or high - low > 0.5 * before:
            break
    gap, unsure, name = fine.gap[list(ends)], float(fine.error[list(ends)].sum()), course.observable
    if rounded and np.ptp(gap) > max(JUMP * wide, 4.0 * unsure):
        sides = " to ".join(f"{one + course.level:.6g}" for one in gap)
        return _none(f"{name} jumps over {course.level:.10g}, from {sides} at {course.along} = {low:.9g}", low, high)
    place = low + (high - low) * float(gap[0] / (gap[0] - gap[1]))
    found = course.solved(np.array([place]))
    if not found.converged[0]:
        return _none(_reason(found.sentence(0)), low, high)
    words = [f"converged; {name} {'rises' if gap[1] > 0 else 'falls'} through {course.level:.10g}"]
    if len(cells) > 1:
        rest = ", ".join(f"{table.places[list(other)].mean():.3g}" for other in cells if other != cell)
        words.append(
            f"the {'last' if which else 'first'} of {len(cells)} crossings (others near {course.along} = {rest})"
        )
    words += [facts] if (facts := beside(found.sentence(0))) else []
    return Threshold(place, high - low, (low, high), "; ".join(words), Solution(found))


def _none(sentence: str, low: float, high: float) -> Threshold:
    return Threshold(NAN, NAN, (low, high), f"not converged: {sentence}")


def _reason(status: str) -> str:
    return beside(status)
