"""The overlap gap on the way: from a few clones to many, and from one overlap at which groups are few to others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from replica.ansatz.replicated.binary import BinaryReplicas
from replica.ansatz.replicated.equations import Groups
from replica.ansatz.replicated.gap import GapProblem
from replica.ansatz.replicated.solver import NEWTON, Typical
from replica.models.model import Model
from saddlepoint import solve
from saddlepoint.continuation.march import Stride, Tried, march, solving

CLONES = Stride(first=0.1, shortest=1e-3, longest=0.5)  # of the logarithm of their number
OVERLAPS = Stride(first=0.1, shortest=1e-3, longest=0.4)  # of ln (q1 - q)/(1 - q1), q that of typical solutions
FARTHEST, NEAREST = -4.0, 6.0  # of these; from the latter on groups of two are all but one solution
LEVELS = 3  # of the integrals
ROUNDS = 4  # from one overlap to another
BELOW = 1e-8  # of the free entropy per clone that is taken for zero
ONE = np.array([0])


@dataclass(frozen=True)
class Start:
    """Unknowns of `GapProblem` near which a gap is looked for, the kind of groups and how many clones they are of."""

    point: np.ndarray
    kind: type[BinaryReplicas]
    clones: float

    def problem(self, model: Model, clones: np.ndarray, level: int = 0, closed: bool = False) -> GapProblem:
        """The equations of the gap of so many clones (1,)."""
        return GapProblem(Groups(model.take(ONE), np.array([np.nan]), clones), level, closed, self.kind)

    def settled(self, model: Model) -> Start | None:
        """The gap itself, on finer integrals where the coarsest are not enough; None where there is none near."""
        for level in range(LEVELS):
            problem = self.problem(model, np.array([self.clones]), level)
            found = solve(problem, start=self.point[None], solver=NEWTON, on_failure="keep")
            if found.converged[0]:
                return replace(self, point=found.point[0])
        return None

    def of(self, model: Model, clones: float) -> Start | None:
        """Followed to another number of clones; None where the gap was lost on the way."""

        def at(rows: np.ndarray, place: np.ndarray) -> GapProblem:
            return self.problem(model, self.clones * np.exp(place))

        attempt, end = solving(at, NEWTON), float(np.log(clones / self.clones))
        first = attempt(ONE, np.zeros(1), self.point[None])
        if not first.good[0]:
            return None
        point, reached = march(attempt, first.point, CLONES, end, secant=True)
        return replace(self, point=point[0], clones=clones) if reached[0] == end else None


@dataclass(frozen=True)
class Profile:
    """The free entropy over the overlap at one load: places ``ln (q1 - q)/(1 - q1)``, values, points of the gap."""

    place: np.ndarray
    phi: np.ndarray
    point: np.ndarray

    @classmethod
    def round(cls, model: Model, start: Start) -> Profile | None:
        """Followed to either side from the gap ``start``; None where groups were lost on the way."""
        alpha, apart = np.exp(start.point[-2:-1]), 1.0 / (1.0 + np.exp(-start.point[-1:]))
        typical = 1.0 - Typical.of(model.take(ONE), alpha).q  # how far apart those are
        own = np.log((typical - apart) / apart)
        last = max(own[0] + 4.0, 2.0 * np.log(start.clones) + NEAREST)
        found = [(float(own[0]), 0.0, start.point)]
        for side, end in ((-1.0, own[0] - FARTHEST), (1.0, last - own[0])):

            def attempt(rows: np.ndarray, way: np.ndarray, first: np.ndarray, side: float = side) -> Tried:
                near = typical / (1.0 + np.exp(own + side * way))
                groups = Groups(model.take(rows), alpha, np.array([start.clones]), 1.0 - near, apart=near)
                problem = start.kind(groups)
                tried = solving(lambda *_: problem, NEWTON)(rows, way, first)
                if tried.good[0]:
                    free = np.concatenate([tried.point[0], np.log(alpha), np.log(near / (1.0 - near))])
                    found.append((float(own[0] + side * way[0]), float(problem.potential(tried.point)[0]), free))
                return tried

            if end > 0.0 and march(attempt, start.point[None, :-2], OVERLAPS, end, secant=True)[1][0] < end:
                return None
        found.sort(key=lambda one: one[0])
        return cls(*(np.array(column) for column in zip(*found, strict=True)))

    def minima(self) -> list[np.ndarray]:
        """Points of places that are lower than their neighbours."""
        inner = self.phi[1:-1]
        return list(self.point[1:-1][(inner < self.phi[:-2]) & (inner < self.phi[2:])])


def lowest(model: Model, start: Start) -> Start | None:
    """The gap from ``start``, or from other overlaps at which groups are fewer at its load, until there are none.

    None where it was lost, or where groups at another overlap have ceased to exist before.
    """
    here = start.settled(model)
    for _ in range(ROUNDS):
        profile = None if here is None else Profile.round(model, here)
        if here is None or profile is None:
            return None
        others = (replace(here, point=point).settled(model) for point in profile.minima())
        lower = [other for other in others if other is not None and other.point[-2] < here.point[-2] - BELOW]
        if not lower:
            return here if profile.phi.min() > -BELOW else None
        here = min(lower, key=lambda other: other.point[-2])
    return None
