"""How finitely many replicas round a free centre are found: from the limit, along the distance; no equations here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from replica.ansatz._group_along import STRIDE, Course, place_of
from replica.ansatz._group_binary import BinaryCentre, BinaryCentreEven
from replica.ansatz._group_centre import Centre
from replica.ansatz._group_problem import GroupProblem, Groups
from replica.ansatz._group_solver import NEWTON, Book, along
from replica.ansatz._group_spherical import SphericalCentre, lowest_overlap
from saddlepoint import solve

#: numbers of replicas from which the physical one is sought
STARTS = (10.0, 4.0, 40.0)
#: a physical number above it is not sought: where the complexity of the limit is above minus `NEARLY`
LARGEST, NEARLY = 1e5, 3e-4
NEAR = 5e-9  # of the limit: so close that it is taken
#: logarithms of the numbers of replicas on the way to a large one
HEIGHTS = np.linspace(np.log(10.0), np.log(LARGEST), 5)
#: logarithm of the gap above which few replicas are far from the limit; a number of replicas that is not few
STEEP, MANY = 4.0, 300.0
VERY_MANY = "the physical number of replicas is large: this is the limit of infinitely many, near as the errors say"
ENDLESS = "the complexity is positive for any number of replicas: this is the limit of infinitely many"


class Finite:
    """Groups of finitely many replicas round a free centre; rows share the model and the load."""

    def __init__(self, centre: Centre) -> None:
        self.centre, self.groups = centre, centre.groups
        self.model, self.typical, self.pinned = centre.model, centre.typical, centre.pinned
        self.even = self.pinned and bool(np.all(self.typical.q == 0.0))
        binary = BinaryCentreEven if self.even else BinaryCentre
        self.kind: type[GroupProblem] = binary if self.pinned else SphericalCentre

    def with_number(self, power: float, ends: bool = True) -> Book:
        """``power`` replicas; with ``ends`` rows without a solution are followed to the end of their branch."""
        groups = self.groups.with_power(np.full(self.groups.size, power))
        book = Book(groups, self.centre.tolerance)
        starts = self._binary_starts(power) if self.pinned else self._spherical_starts(groups.power)
        Course(
            self.kind(groups),
            starts,
            np.zeros((groups.size, len(self.kind.own))),
            self._at(power) if ends else None,
            lambda distance: self._elsewhere(distance).with_number(power, ends=False),
        ).settle(book)
        for row in book.rows:
            nothing = f"no saddle point of {power:g} replicas was found at distance {groups.distance[row]:g}"
            book.remarks[row] = book.remarks[row] or nothing
        return book

    def physical(self, ends: bool = True) -> Book:
        """As many replicas as make the complexity vanish (binary weights); where it never does, infinitely many."""
        book, limit = Book(self.groups, self.centre.tolerance), self.centre.limit()
        last = observed(limit, "complexity")
        book.adopt(limit, last >= 0.0, ENDLESS)
        closing, bound = self._many(book, limit, last)
        near = (bound > np.log(LARGEST)) | (-last * np.exp(-bound) < NEAR)
        self._adopt_limit(book, limit, last, bound, near)
        problem = BinaryCentre(self.groups, closed=True)
        starts = [lambda rows: closing[rows], *(self._closing(limit, last, power) for power in STARTS)]
        # the number grows like the inverse of the limit's complexity where that vanishes
        smooth = np.zeros((self.groups.size, len(problem.variables)))
        smooth[:, -1] = np.log(np.where(last < 0.0, -last, 1.0))
        at = self._at(np.nan, closed=True) if ends else None
        Course(problem, starts, smooth, at, lambda d: self._elsewhere(d).physical(ends=False)).settle(book)
        self._adopt_limit(book, limit, last, bound, bound > np.log(MANY))
        for row in book.rows:
            nothing = "no number of replicas was found at which the complexity vanishes "
            nothing += f"at distance {self.groups.distance[row]:g}"
            book.remarks[row] = book.remarks[row] or nothing
        return book

    def _many(self, book: Book, limit: Book, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows whose physical number may be large: starts for some, lower bounds of ln y for all of them.

        F/y is convex in 1/y with the slope of the complexity, so it falls by less than ``-complexity/y`` from its limit
        to the physical y; half of the way in ln y to where that is expected is taken for a lower bound.
        """
        starts = np.full((self.groups.size, 4), np.nan)
        steep = observed(limit, "log_gap") > STEEP
        rows = np.flatnonzero(book.open & (last < 0.0) & ((last > -NEARLY) | steep))
        if not rows.size:
            return starts, np.full(self.groups.size, np.nan)
        place = place_of(self.groups.distance[rows])
        order = np.argsort(place)
        anchors = np.union1d(order[::STRIDE], order[-1:])
        climb = self._subset(rows[anchors])._climb(last[rows[anchors]], steep[rows[anchors]])
        sort = np.argsort(place[anchors])
        anchors, climb = anchors[sort], climb[sort]
        # expected logarithm of the number
        known = np.isfinite(climb[:, 3])
        goal = np.interp(place, place[anchors][known], climb[known, 3]) if known.any() else np.full(rows.size, np.nan)
        starts[rows[anchors]] = np.where(np.isnan(climb[:, 4:]), climb[:, :4], np.nan)
        bound = np.full(self.groups.size, np.nan)
        bound[rows] = np.where(steep[rows], 0.5 * (goal + np.log(LARGEST)), goal - np.log(2.0))
        return starts, bound

    def _adopt_limit(self, book: Book, limit: Book, last: np.ndarray, bound: np.ndarray, rows: np.ndarray) -> None:
        fall = -last * np.exp(-bound)
        book.adopt(limit, rows & book.open, VERY_MANY, {"free_entropy": fall, "entropy": fall, "complexity": -last})

    def _climb(self, last: np.ndarray, steep: np.ndarray) -> np.ndarray:
        """Independent solutions followed to more and more replicas: (batch, 5), a start at the physical y, the last y.

        Where the complexity has not changed its sign at `LARGEST` the start is not one, but its number is expected: the
        complexity falls with ln y where the gap of the limit is large, else with 1/y towards its limit ``last``.
        """
        rows, found = np.arange(self.groups.size), np.full((self.groups.size, 5), np.nan)
        low = high = np.concatenate([self._cold(), np.zeros((rows.size, 1)), np.full((rows.size, 1), np.nan)], axis=1)
        for height in HEIGHTS:
            guess = high[:, :3] if height == HEIGHTS[0] else 2.0 * high[:, :3] - low[:, :3]
            low, high = high, self._probe(rows, guess, np.full(rows.size, height))
            crossed = high[:, 4] <= 0.0
            found[rows[crossed], :4] = self._secant(rows[crossed], low[crossed], high[crossed])
            rows, low, high = (kept[high[:, 4] > 0.0] for kept in (rows, low, high))
            if not rows.size:
                return found
        with np.errstate(all="ignore"):
            far = np.log((high[:, 4] - last[rows]) / -last[rows])
            ahead = np.where(steep[rows], high[:, 4] * (high[:, 3] - low[:, 3]) / (low[:, 4] - high[:, 4]), far)
        found[rows, 3], found[rows, 4] = high[:, 3] + ahead, high[:, 3]
        return found

    def _probe(self, rows: np.ndarray, guess: np.ndarray, height: np.ndarray) -> np.ndarray:
        """Point, ln y and complexity at ``y = exp(height)``: (rows, 5), nan where it was not found."""
        groups = self.groups.take(rows).with_power(np.exp(height))
        solved = solve(BinaryCentre(groups), start=guess, solver=NEWTON, on_failure="keep", check=False)
        found = np.concatenate([solved.point, height[:, None], solved["complexity"][:, None]], axis=1)
        found[~solved.converged] = np.nan
        return found

    def _secant(self, rows: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Between two numbers of replicas to the one where the complexity vanishes: (rows, 4)."""
        for _ in range(4):
            share = np.nan_to_num(low[:, 4] / (low[:, 4] - high[:, 4]), nan=0.5)[:, None]
            guess = low + share * (high - low)
            if not rows.size:
                break
            there = self._probe(rows, guess[:, :3], guess[:, 3])
            past = (there[:, 4] <= 0.0)[:, None]
            low, high = np.where(past, low, there), np.where(past, there, high)
        return np.where(np.isfinite(there), there, guess)[:, :4] if rows.size else guess[:, :4]

    def _at(self, power: float, closed: bool = False) -> Callable[[float], GroupProblem]:
        one = self.groups.take(np.array([0]))

        def problem(distance: float) -> GroupProblem:
            groups = Groups(one.model, one.alpha, np.array([power]), distance=np.array([distance]))
            return self.kind(groups, closed=closed)

        return problem

    def _elsewhere(self, distance: np.ndarray) -> Finite:
        """The same model and load at other distances."""
        rows = np.zeros(distance.size, dtype=int)
        return Finite(Centre(self.model.take(rows), self.groups.alpha[rows], distance, self.centre.tolerance))

    def _subset(self, rows: np.ndarray) -> Finite:
        groups = self.groups.take(rows)
        return Finite(Centre(groups.model, groups.alpha, groups.distance, self.centre.tolerance))

    def _closing(self, limit: Book, last: np.ndarray, power: float) -> Callable[[np.ndarray], np.ndarray]:
        """From solutions at one number and in the limit to the number where the complexity vanishes."""

        def start(rows: np.ndarray) -> np.ndarray:
            near = self._subset(rows).with_number(power, ends=False)
            complexity, point = observed(near, "complexity"), np.full((rows.size, 3), np.nan)
            for part in near.parts:
                point[part.rows] = part.point
            # linear in 1/y between the two, as the complexity is at large y
            share = np.clip(-last[rows] / (complexity - last[rows]), 1e-7, 0.8 * power)
            share = np.where(np.isfinite(share), share, 1.0)
            there = _positive_pull(self.centre.limit_point(limit)[rows])
            mixed = there + np.minimum(share, 1.0)[:, None] * (point - there)
            mixed = np.where(np.isfinite(mixed), mixed, np.where(np.isfinite(point), point, self._cold()[rows]))
            return np.concatenate([mixed, np.log(power / share)[:, None]], axis=1)

        return start

    def _binary_starts(self, power: float) -> list[Callable[[np.ndarray], np.ndarray]]:
        """From the limit where it is near, and from independent solutions, of this number or of fewer."""

        def limit(rows: np.ndarray) -> np.ndarray:
            part = self._subset(rows)
            book = part.centre.limit()
            near = ~(observed(book, "log_gap") > np.log(power) + STEEP)
            return np.where(near[:, None], _positive_pull(part.centre.limit_point(book)), np.nan)

        def fewer(rows: np.ndarray) -> np.ndarray:
            groups, path = self.groups.take(rows), np.linspace(HEIGHTS[0], np.log(power), 12)
            heights = np.tile(path, (rows.size, 1))

            def make(at: np.ndarray, height: np.ndarray) -> GroupProblem:
                return BinaryCentre(groups.take(at).with_power(np.exp(height)))

            return along(make, np.arange(rows.size), heights, self._cold()[rows])

        def cold(rows: np.ndarray) -> np.ndarray:
            return self._cold()[rows]

        def loose(rows: np.ndarray) -> np.ndarray:
            return self._cold()[rows] + np.array([0.0, -7.0, 0.0])

        if self.even:  # groups share nothing
            return [lambda rows: cold(rows)[:, 1:], lambda rows: loose(rows)[:, 1:]]
        if not self.model.loss.log_concave:
            return [cold, loose]
        return [limit, fewer] if power > MANY else [limit, cold, loose]

    def _cold(self) -> np.ndarray:
        """Independent solutions of binary weights."""
        pull = 0.8 * np.arctanh(1.0 - 2.0 * self.groups.distance)
        reach = np.full(pull.size, np.log(0.5))
        strength = np.log(np.where(self.even, 1.0, 0.8 * self.typical.q_hat))
        return np.stack([strength, reach, np.log(pull)], axis=1)

    def _spherical_starts(self, power: np.ndarray) -> list[Callable[[np.ndarray], np.ndarray]]:
        q = self.typical.q
        q1 = np.maximum((1.0 - 2.0 * self.groups.distance) ** 2, q + 0.1 * (1.0 - q))
        ratio, found = np.minimum(q / q1, 0.95), []
        for place in (np.minimum(0.5 / power, 0.5), np.minimum(0.1 / power, 0.5), np.full(power.size, 0.3)):
            found.append(np.stack([np.log(ratio / (1.0 - ratio)), np.log(place / (1.0 - place))], axis=1))
        t = 1.0 - 2.0 * self.groups.distance  # far from the centre groups are hardly closer than typical solutions
        low, q1 = lowest_overlap(power, t), q + t**2 * (1.0 - q)
        odds = q / (q1 - q), (q1 - low) / (1.0 - q1)
        found.append(np.log(np.stack(odds, axis=1)))
        return [lambda rows, start=start: start[rows] for start in found]  # type: ignore[misc]


def _positive_pull(point: np.ndarray) -> np.ndarray:
    """Points of the limit as points of finitely many replicas, whose field towards the centre is positive."""
    return np.concatenate([point[:, :2], np.log(np.maximum(point[:, 2:], 0.03))], axis=1)


def observed(book: Book, name: str) -> np.ndarray:
    """An observable of the solved rows as the solver saw it; nan elsewhere."""
    found = np.full(book.groups.size, np.nan)
    for part in book.parts:
        found[part.rows] = part.problem.observe(part.point)[0].get(name, np.nan)
    return found
