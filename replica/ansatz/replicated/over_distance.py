"""Where a branch ends that is followed along the distance; no equations and no starts here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from replica.ansatz.replicated.equations import GroupProblem, Groups
from replica.ansatz.replicated.solver import GroupLedger
from saddlepoint import Arclength, Fold, Point, follow

#: distances from which a branch is followed, whatever is asked for
BEYOND = np.array([0.01, 0.02, 0.04, 0.07, 0.11, 0.16, 0.22, 0.3, 0.38, 0.45])
FOLD = "no saddle point: followed from larger distances the branch ends at {end:.6g}, in a fold"


def place_of(distance: np.ndarray) -> np.ndarray:
    """``ln(2d/(1-2d))``: solutions vary smoothly with it at either end."""
    return np.log(2.0 * distance) - np.log1p(-2.0 * distance)


def distance_of(place: Any) -> Any:
    return 0.5 / (1.0 + np.exp(-place))


def close_by_end(
    ledger: GroupLedger, width: int, make: Callable[[Groups], GroupProblem], far: Callable[[np.ndarray], GroupLedger]
) -> None:
    """Rows still open: the branch, of ``width`` unknowns, is followed to them from the nearest of `BEYOND` that is on
    it; where it turns back before a row, that is the answer for it.

    ``make`` gives the problem of some groups, ``far(distances)`` solves others of the same kind; rows share the model
    and the load.
    """
    rows, place = ledger.rows, place_of(ledger.groups.distance)
    if not rows.size:
        return
    one, other = ledger.groups.take(np.array([0])), far(BEYOND)
    known, point = _solved(other, width)
    spots = place_of(BEYOND)[known]
    order = np.argsort(spots)
    spots, point = spots[order], point[order]
    nearest = np.searchsorted(spots, place[rows], side="right")

    def at(distance: float) -> GroupProblem:
        return make(replace(one, distance=np.array([distance])))

    for anchor in np.unique(nearest[nearest < spots.size]):
        some = rows[nearest == anchor]
        walk, turned = _inwards(at, float(spots[anchor]), point[anchor], float(place[some].min()))
        if turned is not None:
            sentence, ended = FOLD.format(end=distance_of(turned)), some[place[some] <= turned]
            ledger.refuse(ended, [f"distance {far:g}: {sentence}" for far in ledger.groups.distance[ended]])
        some = some[ledger.open[some]]
        if some.size and len(walk) > 1:
            trace, along = np.array([p.free for p in walk]), np.array([p.parameter for p in walk])
            ledger.settle(some, make(ledger.groups.take(some)), interpolate(along, trace, place[some]))


def _solved(ledger: GroupLedger, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Solved rows and their points."""
    parts = [part for part in ledger.parts if part.point.shape[1] == size]
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
