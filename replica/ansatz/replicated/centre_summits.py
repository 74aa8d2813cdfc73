"""Where the curve of optimal centres has its maxima, and which distances beyond them they decide; no equations here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from replica.ansatz.replicated.centre_summit import BinarySummit, SphericalSummit
from replica.ansatz.replicated.equations import Groups
from replica.ansatz.replicated.over_distance import distance_of, place_of
from replica.ansatz.replicated.solver import GroupLedger

#: distances at which every curve is looked at, whatever is asked for: its maxima must not depend on that
SCAN = np.geomspace(1e-6, 0.499, 64)
ROUGHLY = np.geomspace(0.01, 0.45, 9)  # where averages take long
AGAIN = 9  # places between neighbours of SCAN where the slope is lowest
SURE = 1e-13  # by how much a maximum must be above a saddle point at a larger distance
RAISED = "the local entropy is that of distance {:.6g}, the largest at smaller distances, with the centre displaced"


@dataclass(frozen=True)
class Summit:
    """A maximum of the curve: its distance and entropy as interpolated, where a solution of it starts, and the largest
    distance up to which no saddle point is known to have more (unsolved ones may lie below it).
    """

    distance: float
    entropy: float
    start: np.ndarray
    kind: type[BinarySummit] | type[SphericalSummit]
    covers: float


@dataclass(frozen=True)
class _Scan:
    """Solved distances in order, with free entropies, slopes and points of saddle points."""

    distance: np.ndarray
    entropy: np.ndarray
    slope: np.ndarray
    point: np.ndarray

    @classmethod
    def of(cls, ledgers: list[GroupLedger], width: int) -> _Scan:
        columns: list[tuple[np.ndarray, ...]] = []
        for ledger in ledgers:
            for part in ledger.parts:
                seen = part.problem.observe(part.point)[0]
                wide = np.full((part.rows.size, width), np.nan)
                wide[:, : part.point.shape[1]] = part.point
                plateau = part.problem.plateau
                slope = np.zeros(part.rows.size) if plateau else seen["slope"]
                columns.append((ledger.groups.distance[part.rows], seen["free_entropy"], slope, wide))
        joined = [np.concatenate(parts) for parts in zip(*columns, strict=True)]
        order = np.argsort(joined[0], kind="stable")
        return cls(*(column[order] for column in joined))


def find_summits(curve: Callable[[np.ndarray], GroupLedger], pinned: bool, dear: bool = False) -> list[Summit]:
    """Scan the curve, look closer where its slope is lowest (not if points are `dear`), and interpolate to where it
    changes its sign.
    """
    width = 3 if pinned else 1
    ledgers = [curve(ROUGHLY if dear else SCAN)]
    if not ledgers[0].parts:
        return []
    seen = _Scan.of(ledgers, width)
    low = [
        i
        for i in range(1, seen.slope.size - 1)
        if 0.0 < seen.slope[i] <= min(seen.slope[i - 1], seen.slope[i + 1])
    ]
    if low and not dear:
        places = place_of(seen.distance)
        near = [np.linspace(places[i - 1], places[i + 1], AGAIN + 2)[1:-1] for i in low]
        ledgers.append(curve(np.unique(distance_of(np.concatenate(near)))))
        seen = _Scan.of(ledgers, width)
    falls = (seen.slope[:-1] > 0.0) & (seen.slope[1:] < 0.0)
    found = [_summit(seen, int(i), pinned) for i in np.flatnonzero(falls)]
    return [summit for summit in found if np.isfinite(summit.start).all()]


def _summit(seen: _Scan, i: int, pinned: bool) -> Summit:
    pair = slice(i, i + 2)
    share = seen.slope[i] / (seen.slope[i] - seen.slope[i + 1])
    places = place_of(seen.distance[pair])
    distance = float(distance_of(places[0] + share * (places[1] - places[0])))
    # the slope is about linear between the two
    entropy = float(seen.entropy[i] + 0.5 * seen.slope[i] * (distance - seen.distance[i]))
    point = seen.point[i] + share * (seen.point[i + 1] - seen.point[i])
    q1 = (1.0 - 2.0 * distance) ** 2
    start = point[:2] if pinned else np.append(point, np.log(q1 / (1.0 - q1)))
    above = np.flatnonzero((seen.distance > seen.distance[i + 1]) & (seen.entropy > entropy))
    before = seen.distance[above[0] - 1] if above.size else 0.5
    kind = BinarySummit if pinned else SphericalSummit
    return Summit(distance, entropy, start, kind, float(before))


def _settled(groups: Groups, rows: np.ndarray, summit: Summit, tolerance: float) -> GroupLedger:
    """Rows that have the group of a maximum."""
    start, distance = np.tile(summit.start, (rows.size, 1)), groups.distance[rows]
    if summit.kind is BinarySummit:
        away = np.maximum((distance - summit.distance) / (1.0 - 2.0 * summit.distance), 1e-12)
        start = np.column_stack([start, np.log(0.5 * np.log((1.0 - away) / away))])
    found = GroupLedger(groups, tolerance)
    found.settle(rows, summit.kind(groups.take(rows)), start)
    return found


def rise(ledger: GroupLedger, summit: Summit) -> None:
    """Give rows beyond a maximum its group where their saddle point has less, or has none below it."""
    distance = ledger.groups.distance
    rows = np.flatnonzero(distance > summit.distance)
    if not rows.size:
        return
    other = _settled(ledger.groups, rows, summit, ledger.tolerance)
    # the group is one and the same: its own point, at a distance of the summit's, so that a plateau has one height
    middle = replace(ledger.groups.take(rows[:1]), distance=np.array([0.5 * (summit.distance + 0.5)]))
    for alone in _settled(middle, np.zeros(1, dtype=int), summit, ledger.tolerance).parts:
        for part in other.parts:
            part.point[:, : summit.start.size] = alone.point[0, : summit.start.size]
    now, height = ledger.observed("free_entropy"), other.observed("free_entropy")
    place = other.observed("summit")
    with np.errstate(invalid="ignore"):
        lost = np.isnan(now) & (distance <= summit.covers)
        higher = (height > now + SURE) | lost
    higher &= np.isfinite(height) & (place < distance)
    raised = np.flatnonzero(higher)
    ledger.adopt(other, raised)
    ledger.remarks[raised] = [RAISED.format(far) for far in place[raised]]
