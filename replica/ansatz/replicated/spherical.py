"""Saddle points of groups of spherical weights: real replicas, round a centre, and the limit of infinitely
many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from replica.ansatz.replicated.equations import NOTHING, GroupProblem, Groups, Named, Point, apart
from replica.ansatz.replicated.network import group_patterns, limit_patterns
from replica.data import Overlaps
from saddlepoint import REAL, UNIT, Variable, Variables


@dataclass
class SphericalPoint(Point):
    """Spherical weights at finite power; the conjugates are eliminated. ``apart = 1 - q1`` and, round a centre, the
    length ``rest`` of what a group's sum has beside it, keep their digits where replicas are close.
    """

    q0: np.ndarray
    q1: np.ndarray
    gap: np.ndarray
    apart: np.ndarray
    rest: np.ndarray

    @cached_property
    def c(self) -> np.ndarray:
        return self.apart + self.power * self.gap

    @cached_property
    def overlap(self) -> np.ndarray | None:
        return None if self.groups.distance is None else 1.0 - 2.0 * self.groups.distance

    @cached_property
    def own(self) -> np.ndarray:
        """``1 + (y-1) q1``: the squared length of the sum of a group, over y."""
        return 1.0 + (self.power - 1.0) * self.q1

    def equations(self) -> list[np.ndarray]:
        first = np.log(self.alpha * self.patterns.common * self.c**2 / self.q0)
        if self.overlap is None:
            return [first]
        pulled = self.alpha * self.patterns.spread + self.overlap**2 / (self.own * self.rest)
        return [first, np.log(pulled * self.apart * self.c / self.gap)]

    def free_entropy(self) -> np.ndarray:
        y = self.power
        phi = 0.5 * ((1.0 - 1.0 / y) * np.log(self.apart) + np.log(self.c) / y + self.q0 / self.c)
        phi = phi + self.alpha * self.patterns.mean
        return phi if self.overlap is None else phi + 0.5 * np.log(self.rest / self.own) / y

    def complexity(self) -> np.ndarray:
        y, c = self.power, self.c
        found = 0.5 * (np.log(c / self.apart) - y * self.gap / c + y**2 * self.q0 * self.gap / c**2)
        found = found - self.alpha * self.patterns.relative
        if self.overlap is None:
            return found
        return found + 0.5 * (
            np.log(self.rest / self.own) + y * self.overlap**2 * self.apart / (self.own * self.rest)
        )

    def slope(self) -> np.ndarray:
        if self.overlap is not None:
            return 2.0 * self.overlap / self.rest
        entropic = self.gap / (self.apart * self.c)
        return (self.power - 1.0) * (entropic - self.alpha * self.patterns.spread)

    def measured(self) -> Named:
        return {"q0": self.q0, "q1": self.q1, **self.common()}

    def moduli(self) -> np.ndarray:
        return np.abs(np.log(self.apart)) + self.q0 / self.c + self.alpha * np.abs(self.patterns.mean) + 1.0


@dataclass
class SphericalLimitPoint(Point):
    """Spherical weights at infinite power; the centre is the barycentre, so that its overlap is sqrt(q1). ``apart`` is
    ``1 - q1`` with all its digits.
    """

    q1: np.ndarray
    apart: np.ndarray
    log_gap: np.ndarray

    @cached_property
    def share(self) -> np.ndarray:
        """``gap/(1 - q1 + gap)``."""
        return 1.0 / (1.0 + self.apart * np.exp(-self.log_gap))

    @cached_property
    def left(self) -> np.ndarray:
        """``1/(1 - q1 + gap)``."""
        return np.exp(-self.log_gap) * self.share

    def equations(self) -> list[np.ndarray]:
        return [np.log(self.alpha * self.patterns.moved / (self.q1 * self.share**2))]

    def free_entropy(self) -> np.ndarray:
        return 0.5 * (np.log(self.apart) + self.q1 * self.left) + self.alpha * self.patterns.value

    def complexity(self) -> np.ndarray:
        """As for binary weights; with a centre its own volume shrinks like ``-ln(y)/2``."""
        if self.groups.distance is not None:
            return np.full(self.q1.size, -np.inf)
        found = self.log_gap - np.log(self.share) - np.log(self.apart) - self.share
        return 0.5 * found - 0.5 * self.alpha * (self.patterns.drawn / np.sqrt(self.q1) + self.patterns.bending)

    def slope(self) -> np.ndarray:
        own = self.share / self.apart - self.alpha * self.patterns.stiff * np.exp(-self.log_gap)
        return own if self.groups.distance is None else 2.0 * np.sqrt(self.q1) * own

    def measured(self) -> Named:
        return {"q0": self.q1, "q1": self.q1, "gap": np.exp(self.log_gap), "log_gap": self.log_gap, **self.common()}

    def moduli(self) -> np.ndarray:
        own = np.abs(np.log(self.apart)) + self.q1 * self.left + np.abs(self.log_gap)
        return own + self.alpha * (np.abs(self.patterns.value) + np.abs(self.patterns.drawn))


class SphericalReplicas(GroupProblem):
    """Spherical weights, real replicas at mutual overlap q1: unknown ``odds = ln(q0/(q1-q0))``."""

    own = Variables(Variable("odds", REAL))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> SphericalPoint:
        q1, apart = self.groups.q1, self.groups.apart
        return self._at(values["odds"], q1, apart, np.zeros(q1.size), power, whole)

    def _at(
        self, odds: np.ndarray, q1: np.ndarray, apart: np.ndarray, rest: np.ndarray, power: np.ndarray, whole: bool
    ) -> SphericalPoint:
        q0, gap = q1 / (1.0 + np.exp(-odds)), q1 / (1.0 + np.exp(odds))
        patterns = group_patterns(self.groups.model, q0, gap, apart, power, self.level, whole=whole)
        return SphericalPoint(self.groups, power, patterns, q0, q1, gap, apart, rest)


class SphericalReplicasEven(SphericalReplicas):
    """Real replicas of an even loss whose groups are independent: q0 = 0, nothing unknown."""

    own = Variables()

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> SphericalPoint:
        return super().averages({"odds": np.full(self.size, np.log(NOTHING))}, power, whole)

    def columns(self, point: SphericalPoint) -> list[np.ndarray]:
        return []

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        return apart(*super().observe(free))


class SphericalCentre(SphericalReplicas):
    """Spherical weights round a centre; ``place`` is q1 between its geometric bound and 1."""

    own = Variables(Variable("odds", REAL), Variable("place", UNIT))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> SphericalPoint:
        d, y, place = self.groups.distance, power, values["place"]
        low = lowest_overlap(y, 1.0 - 2.0 * d)
        bound = low > 0.0
        room = np.where(bound, y * 4.0 * d * (1.0 - d) / np.maximum(y - 1.0, 1e-300), 1.0)  # 1 - low
        apart = room * (1.0 - place)
        q1 = np.where(bound, 1.0 - apart, place)
        rest = np.where(bound, (y - 1.0) * room * place, 1.0 + (y - 1.0) * q1 - y * (1.0 - 2.0 * d) ** 2)
        return self._at(values["odds"], q1, apart, rest, y, whole)


def lowest_overlap(power: np.ndarray, overlap: np.ndarray) -> np.ndarray:
    """The least mutual overlap of ``power`` vectors that all have this overlap with a centre, and at least
    0."""
    return np.maximum((power * overlap**2 - 1.0) / np.maximum(power - 1.0, 1e-300), 0.0)


def few_on_the_sphere(groups: Groups, log_gap: np.ndarray, q1: np.ndarray, power: np.ndarray) -> np.ndarray:
    """A start of `SphericalCentre` from the limit of infinitely many replicas."""
    low, gap = lowest_overlap(power, 1.0 - 2.0 * groups.distance), np.exp(np.minimum(log_gap, 300.0)) / power
    q1 = np.clip(q1, low + 1e-3 * (1.0 - low) / power, None)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(np.column_stack([np.where(gap < q1, q1 / gap - 1.0, np.nan), (q1 - low) / (1.0 - q1)]))


class SphericalReplicasLimit(GroupProblem):
    """Spherical weights, infinitely many replicas: unknown the logarithm of ``gap = y (q1 - q0)``."""

    own = Variables(Variable("log_gap", REAL))

    def fewer(self, point: np.ndarray, power: np.ndarray) -> np.ndarray:
        """A start of `SphericalCentre`."""
        return few_on_the_sphere(self.groups, point[:, 0], (1.0 - 2.0 * self.groups.distance) ** 2, power)

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> SphericalLimitPoint:
        q1, apart, d = self.groups.q1, self.groups.apart, self.groups.distance
        if d is not None:
            q1, apart = (1.0 - 2.0 * d) ** 2, 4.0 * d * (1.0 - d)
        patterns = limit_patterns(self.groups.model, q1, values["log_gap"], apart, self.level)
        return SphericalLimitPoint(self.groups, power, patterns, q1, apart, values["log_gap"])


@dataclass
class SphericalPlateauPoint(Point):
    """See `SphericalPlateau`."""

    q: np.ndarray

    def equations(self) -> list[np.ndarray]:
        return [np.log(self.alpha * self.patterns.conjugates["q_hat"] * (1.0 - self.q) ** 2 / self.q)]

    def free_entropy(self) -> np.ndarray:
        return 0.5 * (np.log1p(-self.q) + self.q / (1.0 - self.q)) + self.alpha * self.patterns.log_z

    def complexity(self) -> np.ndarray:
        return np.full(self.q.size, -np.inf)

    def slope(self) -> np.ndarray:
        return np.zeros(self.q.size)

    def measured(self) -> Named:
        nothing = {"gap": np.zeros(self.q.size), "log_gap": np.full(self.q.size, -np.inf)}
        return {"q0": self.q, "q1": self.q, **nothing, **self.common()}

    def moduli(self) -> np.ndarray:
        return np.abs(np.log1p(-self.q)) + self.q / (1.0 - self.q) + self.alpha * np.abs(self.patterns.log_z)


class SphericalPlateau(GroupProblem):
    """Infinitely many replicas farther from their centre than typical solutions are from their barycentre.

    Nothing is gained by groups closer than typical solutions, so q1 = q of the replica-symmetric solution: a centre
    between the barycentre and the origin has all of them at its distance.
    """

    own = Variables(Variable("q", UNIT))
    plateau = True

    def fewer(self, point: np.ndarray, power: np.ndarray) -> np.ndarray:
        """Not a start of few replicas."""
        return np.full((power.size, 2), np.nan)

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> SphericalPlateauPoint:
        q, zero, model = values["q"], np.zeros(self.size), self.groups.model
        overlaps = Overlaps(q, 1.0 - q, zero, q)
        patterns = model.architecture.patterns(model.loss, model.data, overlaps, model.beta, self.finer, whole=True)
        return SphericalPlateauPoint(self.groups, power, patterns, q)
