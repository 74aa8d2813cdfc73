"""How a point of a Franz-Parisi curve is reached: from its own start, from few patterns, from other distances.

Other distances are those of a fixed table, so that no point depends on which others are asked for; no equations here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from saddlepoint import Newton, Tolerance, solve
from saddlepoint.continuation.march import Stride, Tried, march

ROUGH = Tolerance(absolute=1e-7)  # finer meshes do the rest
STEADY = Newton(max_step=1.0, steps=8, halvings=1)
UNBOUND = "the replica-symmetric equations have no solution at this distance"
UNREACHED = "no weights of the set are that close to the reference"
FEW = 1e-3  # of the load: where a row that is not solved at once is followed from
IN_LOAD = Stride(first=FEW, shortest=5e-4 * FEW, relative=5e-3, least=0.02, longest=0.25)
#: distances of which the first that is solved is where paths to others begin
ANCHORS = (0.15, 0.3, 0.05, 0.45, 0.01, 0.001)
ROUNDED = 1e-8  # where a path ends so close to the reference, digits are missing rather than solutions
IN_DISTANCE = Stride(first=1.0, longest=1.0, shortest=0.02)  # along a path, in ln d/(1-d)
BEYOND = 0.1  # so far behind the end of a path a row is still tried from it


def reached(problem: Any) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
    """Points on the coarse mesh, which rows are solved, and why the others are not."""
    point, done = solved_from(problem, problem.start())
    remarks: dict[int, str] = {}
    close = problem.reachable()
    for row in np.flatnonzero(~done & ~close):
        remarks[int(row)] = f"not converged: {UNREACHED}"
    rows = np.flatnonzero(~done & close)
    if not rows.size:
        return point, done, remarks
    point[rows], done[rows], ends = _along_paths(problem, rows)
    places = dict(zip(rows.tolist(), ends, strict=True))
    loads = dict.fromkeys(rows.tolist(), 0.0)
    rows = rows[~done[rows] & np.array([problem.light or place is None for place in ends])]
    if rows.size:
        point[rows], share = follow(problem.take(rows))
        done[rows] = share >= 1.0
        loads |= dict(zip(rows.tolist(), share.tolist(), strict=True))
    for i, place in places.items():
        if not done[i]:
            remarks[i] = _ended(float(problem.alpha[i]), loads[i], place)
    return point, done, remarks


def solved_from(problem: Any, start: np.ndarray, solver: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Points, and which are solutions that copies can have.

    A copy is solved: how far it came together with others, before rows were taken out, is of no use afterwards.
    """
    found = solve(problem.like(), start, solver or problem.first, ROUGH, "keep", check=False)
    return found.point.copy(), found.converged & problem.sound(found.point)


def _ended(alpha: float, share: float, place: tuple[float, float] | None) -> str:
    """Where the two paths end: at which load of the probe, and from which distance at which."""
    paths = [f"from alpha = 0 they end at alpha = {share * alpha:.3g} of the probe"] if share > 0.0 else []
    if place is not None and min(place[1], 1.0 - place[1]) < ROUNDED:
        return "not converged: followed from distance {:.4g} the solution is lost to rounding at {:.4g}".format(*place)
    paths += ["from distance {:.4g} they end at {:.4g}".format(*place)] if place is not None else []
    if not paths:
        return "not converged: no replica-symmetric solution was found at this distance, not even for few patterns"
    return f"not converged: {UNBOUND}: followed {', '.join(paths)}"


def _log_odds(distance: Any) -> Any:
    return np.log(distance) - np.log1p(-distance)


def _along_paths(problem: Any, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[Any]]:
    """Rows reached along the paths from a distance of the table; points, which arrive, and where paths end."""
    found = np.zeros((rows.size, len(problem.variables)))
    ends: list[Any] = [None] * rows.size
    arrived = np.zeros(rows.size, dtype=bool)
    one = problem.take(rows[:1])
    for anchor in ANCHORS:
        origin = one.at_distance(np.array([anchor]))
        point, done = solved_from(origin, origin.start())
        if done[0]:
            break
    else:
        return found, arrived, ends
    aims = _log_odds(problem.distance[rows])
    for side in (-1.0, 1.0):
        beyond = np.flatnonzero(side * (aims - _log_odds(anchor)) >= 0.0)
        if beyond.size:
            places, points, whole = _path(one, _log_odds(anchor), point, side, float(np.abs(aims[beyond]).max()))
            for i in beyond:
                found[i], arrived[i] = _between(problem.take(rows[i : i + 1]), places, points, side, whole)
                end = places[-1] if side * (aims[i] - places[-1]) > 0.0 else aims[i]
                ends[i] = anchor, 1.0 / (1.0 + np.exp(-end))
    return found, arrived, ends


def _path(
    one: Any, place: float, point: np.ndarray, side: float, farthest: float
) -> tuple[np.ndarray, np.ndarray, bool]:
    """From a solved distance to one side: places (ln d/(1-d)), points, and whether it goes on as far as is asked for.

    The steps do not depend on what is asked for.
    """
    places, points = [place], [point[0]]

    def attempt(_: np.ndarray, far: np.ndarray, start: np.ndarray) -> Tried:
        there = place + side * far
        found, done = solved_from(one.at_distance(1.0 / (1.0 + np.exp(-there))), start, STEADY)
        if done[0]:
            places.append(float(there[0]))
            points.append(found[0])
        return Tried(found, done)

    end = farthest - side * place
    _, far = march(attempt, point, IN_DISTANCE, end, past=True)
    return np.array(places), np.array(points), bool(far[0] >= end)


def _between(one: Any, places: np.ndarray, points: np.ndarray, side: float, whole: bool) -> tuple[np.ndarray, bool]:
    """A single row from the places of a path beside it: the one before, else the one after."""
    aim = float(_log_odds(one.distance[0]))
    before = max(int(np.searchsorted(side * places, side * aim)) - 1, 0)
    if not whole and side * (aim - places[-1]) > BEYOND:
        return points[-1], False  # the path ends before
    for near in range(before, min(before + 2, len(places))):
        point, done = solved_from(one, points[near][None], STEADY)
        if done[0]:
            return point[0], True
    return points[before], False


def follow(problem: Any) -> tuple[np.ndarray, np.ndarray]:
    """All rows from a small load to theirs, each with its own step; points and the share of the load reached."""
    full = problem.alpha

    def part(index: np.ndarray, share: np.ndarray) -> Any:
        return problem.take(index).at_alpha(share * full[index])

    few = problem.at_alpha(FEW * full)
    start = few.start()
    point, done = solved_from(few, start)
    return approach(part, np.where(done[:, None], point, start))


def approach(
    part: Callable[[np.ndarray, np.ndarray], Any], start: np.ndarray, stride: Stride = IN_LOAD
) -> tuple[np.ndarray, np.ndarray]:
    """Solve ``part(rows, share)`` for shares from 0 to 1: points, and the shares reached."""

    def attempt(rows: np.ndarray, share: np.ndarray, start: np.ndarray) -> Tried:
        return Tried(*solved_from(part(rows, share), start, STEADY))

    return march(attempt, start, stride)
