"""Many distances at once: anchors, what lies between them, and where a branch ends; no equations and no starts here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from replica.ansatz._group_problem import GroupProblem
from replica.ansatz._group_solver import Book
from saddlepoint import Arclength, Fold, Point, follow

STRIDE = 6  # an anchor among that many distances
#: distances, as parts of the way to 1/2, at which a branch is looked for when none of the asked ones is on it
BEYOND = (0.3, 0.6, 0.9)
FOLD = "no saddle point: followed from larger distances the branch ends at {end:.6g}, in a fold"


def place_of(distance: np.ndarray) -> np.ndarray:
    """``ln(2d/(1-2d))``: solutions vary smoothly with it at either end."""
    return np.log(2.0 * distance) - np.log1p(-2.0 * distance)


def distance_of(place: float) -> float:
    return float(0.5 / (1.0 + np.exp(-place)))


@dataclass(frozen=True)
class Course:
    """How a kind of group is found along the distance, for rows that share the model and the load.

    ``starts`` give points (rows, k) for rows of the batch; ``at(distance)`` is the problem of one row, and
    ``far(distances)`` solves others of the same kind; ``smooth`` (batch, k) is added to points before they are
    interpolated. A course without ``at`` stops where the starts do.
    """

    problem: GroupProblem
    starts: Sequence[Callable[[np.ndarray], np.ndarray]]
    smooth: np.ndarray
    at: Callable[[float], GroupProblem] | None = None
    far: Callable[[np.ndarray], Book] | None = None

    def settle(self, book: Book) -> None:
        """Anchors from ``starts``, then the end of the branch if it has one, then the rows between by interpolation."""
        place = place_of(book.groups.distance)
        order = book.rows[np.argsort(place[book.rows], kind="stable")]
        anchors = np.union1d(order[::STRIDE], order[-1:])
        self._try(book, anchors)
        self._close_by_end(book, anchors)
        known, point = _solved(book, len(self.problem.variables))
        rows = book.rows
        between = interpolate(place[known], point + self.smooth[known], place[rows]) - self.smooth[rows]
        book.settle(rows, self.problem.take(rows), between)
        self._try(book, book.rows)
        self._close_by_end(book, book.rows)

    def _try(self, book: Book, rows: np.ndarray) -> None:
        for start in self.starts:
            rows = rows[book.open[rows]]
            if not rows.size:
                return
            point = start(rows)
            known = np.isfinite(point).all(axis=1)  # a start may have nothing to say about some rows
            book.settle(rows[known], self.problem.take(rows[known]), point[known])

    def _close_by_end(self, book: Book, rows: np.ndarray) -> None:
        """Rows still open: followed from larger distances; where the branch turns back before, that is the answer."""
        rows = rows[book.open[rows]]
        if not rows.size or self.at is None or self.far is None:
            return
        place = place_of(book.groups.distance)
        lowest = float(place[rows].min())
        known, point = _solved(book, len(self.problem.variables))
        spots = place[known]
        if not np.any(spots > lowest):
            reach = np.min(book.groups.distance[rows])
            other = self.far(reach + (0.5 - reach) * np.array(BEYOND))
            known, point = _solved(other, len(self.problem.variables))
            spots = place_of(other.groups.distance)[known]
        above = np.flatnonzero(spots > lowest)
        if not above.size:
            return
        first = above[np.argmin(spots[above])]
        walk, turned = _inwards(self.at, float(spots[first]), point[first], lowest)
        if turned is not None:
            sentence = FOLD.format(end=distance_of(turned))
            book.refuse(place <= turned, lambda row: f"distance {book.groups.distance[row]:g}: {sentence}")
        rows = rows[book.open[rows]]
        if rows.size and len(walk) > 1:
            trace, spots = np.array([p.free for p in walk]), np.array([p.parameter for p in walk])
            book.settle(rows, self.problem.take(rows), interpolate(spots, trace, place[rows]))


def _solved(book: Book, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Solved rows and their points."""
    parts = [part for part in book.parts if part.point.shape[1] == size]
    if not parts:
        return np.zeros(0, dtype=int), np.zeros((0, size))
    return np.concatenate([part.rows for part in parts]), np.concatenate([part.point for part in parts])


def interpolate(place: np.ndarray, point: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Polynomials through the four nearest of the solved places; nan where there are less than two."""
    found = np.full((wanted.size, point.shape[1]), np.nan)
    place, first = np.unique(place, return_index=True)
    point = point[first]
    count = min(4, place.size)
    if count < 2:
        return found
    for row, x in enumerate(wanted):
        near = np.argsort(np.abs(place - x), kind="stable")[:count]
        gaps = place[near][:, None] - place[near][None, :] + np.eye(count)
        ratio = (x - place[near])[None, :] / gaps
        np.fill_diagonal(ratio, 1.0)
        found[row] = ratio.prod(axis=1) @ point[near]
    return found


def _inwards(
    at: Callable[[float], GroupProblem], begin: float, guess: np.ndarray, stop: float
) -> tuple[list[Point], float | None]:
    """Points towards smaller distances, and the place of the fold if there is one on the way."""
    walk: list[Point] = []
    points = follow(
        lambda place: at(distance_of(place)),
        "place",
        begin,
        stop,
        0.3,
        guess=guess,
        method=Arclength(),
        events=[Fold()],
        bounds=(stop, begin + 1e-6),
        min_step=3e-3,
        max_step=1.0,
        max_points=80,
    )
    for point in points:
        if not point.converged:
            break
        if point.event is not None:
            return walk, point.event.parameter
        walk.append(point)
    return walk, None
