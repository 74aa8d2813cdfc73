"""Rows of a batch on their way from solved places to others, each with its own step or along stops that are given.

Every point starts from those before it. What is solved at a place, and what counts as found there, a caller says in an
attempt; no single branches with events, which are `follow`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from saddlepoint._iterate import Solver
from saddlepoint.problem import Problem
from saddlepoint.solution import Tolerance
from saddlepoint.solve import DEFAULT_TOLERANCE, solve

QUICK = 6  # steps of a solver: where it needs fewer, the next one on the way may be longer
ROUNDS = 400  # of a march at most


class Tried(NamedTuple):
    """What an attempt came to: points, which of them are found, and after which the next step may be longer."""

    point: np.ndarray
    good: np.ndarray
    easy: Any = True


#: rows, how far they go (the number of the stop, where stops are given) and where they start -> what that comes to
Attempt = Callable[[np.ndarray, Any, np.ndarray], Tried]


def solving(
    at: Callable[[np.ndarray, Any], Problem], solver: Solver, tolerance: Tolerance = DEFAULT_TOLERANCE
) -> Attempt:
    """Attempts at the problems ``at(rows, place)``, whose errors nobody asks for on the way."""

    def attempt(rows: np.ndarray, place: Any, start: np.ndarray) -> Tried:
        found = solve(at(rows, place), start, solver, tolerance, "keep", check=False)
        return Tried(found.point, found.converged, found.steps < QUICK)

    return attempt


@dataclass(frozen=True)
class Stride:
    """Steps of a march: the first one, how they grow and shrink, and from where on they are too short.

    After a success a step is between ``least`` and ``longest``; a row whose own falls below ``shortest``,
    or below ``relative`` times the way that it has come, is lost.
    """

    first: float
    shortest: float
    longest: float = np.inf
    grows: float = 2.0
    shrinks: float = 0.4
    least: float = 0.0
    relative: float = 0.0

    def after(self, step: np.ndarray, tried: Tried) -> np.ndarray:
        """The next steps."""
        longer = np.clip(np.where(tried.easy, self.grows, 1.0) * step, self.least, self.longest)
        return np.where(tried.good, longer, self.shrinks * step)

    def bears(self, step: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Which steps are long enough to be tried."""
        return step >= np.maximum(self.shortest, self.relative * place)


class _Trail:
    """The last two points of each row, with their places."""

    def __init__(self, point: np.ndarray, place: np.ndarray) -> None:
        self.point, self.place = point.copy(), place.copy()
        self.before, self.behind = point.copy(), place.copy()

    def ahead(self, rows: np.ndarray, aim: np.ndarray, secant: bool) -> np.ndarray:
        """Where rows start that go to ``aim``: on their secant, or at their last point."""
        here = self.point[rows]
        if not secant:
            return here
        run = self.place[rows] - self.behind[rows]
        share = np.divide(aim - self.place[rows], run, out=np.zeros(rows.size), where=run != 0.0)
        return here + share[:, None] * (here - self.before[rows])

    def arrived(self, rows: np.ndarray, aim: np.ndarray, tried: Tried) -> np.ndarray:
        """Keep what was found; the rows of it."""
        good = tried.good
        rows = rows[good]
        self.before[rows], self.behind[rows] = self.point[rows], self.place[rows]
        self.point[rows], self.place[rows] = tried.point[good], aim[good]
        return rows


def march(
    attempt: Attempt, start: np.ndarray, stride: Stride, end: float = 1.0, secant: bool = False, past: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Points at the ends of paths from place 0 to ``end``, and how far each row came.

    A row whose attempt fails tries a shorter step. With ``past`` the last step is not cut, so that no step depends on
    the end that is asked for.
    """
    trail, step = _Trail(start, np.zeros(len(start))), np.full(len(start), stride.first)
    for _ in range(ROUNDS):
        rows = np.flatnonzero((trail.place < end) & stride.bears(step, trail.place))
        if not rows.size:
            break
        aim = trail.place[rows] + step[rows]
        aim = aim if past else np.minimum(end, aim)
        tried = attempt(rows, aim, trail.ahead(rows, aim, secant))
        trail.arrived(rows, aim, tried)
        step[rows] = stride.after(step[rows], tried)
    return trail.point, trail.place


def along(attempt: Attempt, path: np.ndarray, start: np.ndarray, secant: bool = True) -> np.ndarray:
    """Points at the last of the stops ``path`` (rows, stops); nan where an attempt failed on the way.

    The first stop starts from ``start``, whose rows of nan are lost at once.
    """
    trail, rows = _Trail(start, path[:, 0]), np.flatnonzero(np.isfinite(start).all(axis=1))
    reached = np.full_like(start, np.nan)
    for stop in range(path.shape[1]):
        if not rows.size:
            return reached
        aim = path[rows, stop]
        rows = trail.arrived(rows, aim, attempt(rows, stop, trail.ahead(rows, aim, secant)))
    reached[rows] = trail.point[rows]
    return reached
