"""Saddle points of groups of replicas, at a finite number of replicas and in the limit of infinitely many, as problems.

Real replicas share the mutual overlap q1; with a centre they share the distance from it. No solver and no starts here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from replica.ansatz._group_kernels import cosh_groups, cosh_limit
from replica.ansatz._group_patterns import group_patterns, limit_patterns
from replica.data import Overlaps
from replica.model import Model
from saddlepoint import POSITIVE, REAL, UNIT, Problem, Variable, Variables
from saddlepoint.quadrature.fields import field_nodes
from saddlepoint.special import two_cosh

EPS = np.finfo(float).eps
NOTHING = 1e-30  # stands for q0 = 0: its square root is below any field
Named = dict[str, np.ndarray]


@dataclass(frozen=True)
class Groups:
    """What defines a batch of groups: ``power`` replicas each, at overlap ``q1`` or at ``distance`` from a centre (batch,)."""

    model: Model
    alpha: np.ndarray
    power: np.ndarray
    q1: np.ndarray | None = None
    distance: np.ndarray | None = None

    @property
    def size(self) -> int:
        return self.alpha.size

    def take(self, index: np.ndarray) -> Groups:
        rows = {
            name: None if (column := getattr(self, name)) is None else column[index]
            for name in ("alpha", "power", "q1", "distance")
        }
        return Groups(self.model.take(index), **rows)

    def with_power(self, power: np.ndarray) -> Groups:
        return replace(self, power=power)


def _apart(seen: Named, floors: Named) -> tuple[Named, Named]:
    """Observables of groups that share nothing: q0 and its conjugate are zero, not just very small."""
    zero = {name: np.zeros_like(seen[name]) for name in ("q0", "q0_hat") if name in seen}
    return seen | zero, floors | zero


class GroupProblem(Problem):
    """Base: a subclass gives ``variables``, ``equations`` (residual columns) and ``measured`` (observables and moduli).

    With ``closed`` the power is the last unknown, and the last equation says that the complexity vanishes.
    """

    own: Variables

    def __init__(self, groups: Groups, level: int = 0, closed: bool = False) -> None:
        self.groups, self.level, self.closed, self.size = groups, level, closed, groups.size
        self.variables = Variables(*self.own, Variable("power", POSITIVE)) if closed else self.own

    def take(self, index: np.ndarray) -> GroupProblem:
        return type(self)(self.groups.take(index), self.level, self.closed)

    def at_level(self, level: int) -> GroupProblem:
        return type(self)(self.groups, level, self.closed)

    def refined(self) -> GroupProblem:
        return self.at_level(self.level + 1)

    def point(self, free: np.ndarray, whole: bool = False) -> Any:
        """All averages at a point; ``power`` is the number of replicas there."""
        values = self.variables.values(free)
        return self.averages(values, values["power"] if self.closed else self.groups.power, whole)

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> Any:
        raise TypeError(f"{type(self).__name__} must define averages")

    def residual(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            point = self.point(free)
            columns = self.columns(point)
            if self.closed:
                columns.append(point.complexity() / point.power)
        return np.stack(columns, axis=1) if columns else np.zeros((self.size, 0))

    def columns(self, point: Any) -> list[np.ndarray]:
        """The equations of the unknowns, (batch,) each."""
        return point.equations()

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        with np.errstate(all="ignore"):
            point = self.point(free, whole=True)
            seen = point.measured()
            moduli = point.moduli()
        size = self.size
        seen = {name: np.broadcast_to(value, (size,)).astype(float) for name, value in seen.items()}
        floors = {name: 8 * EPS * np.abs(value) for name, value in seen.items()}
        floors["free_entropy"] = floors["entropy"] = 8 * EPS * moduli
        reach = np.where(np.isfinite(seen["parisi"]), seen["parisi"], 1.0)
        floors["complexity"] = 8 * EPS * moduli * np.maximum(reach, 1.0)
        return seen, {name: np.where(np.isfinite(floor), floor, 0.0) for name, floor in floors.items()}

    def potential(self, free: np.ndarray) -> np.ndarray:
        return self.point(free).free_entropy()

    def describe(self, free: np.ndarray) -> Named:
        return self.observe(free)[0]


@dataclass
class _Point:
    """Averages at one point, and what follows from them for every kind of group."""

    groups: Groups
    power: np.ndarray
    patterns: Any

    @property
    def alpha(self) -> np.ndarray:
        return self.groups.alpha

    def common(self) -> Named:
        """Observables whose formula does not depend on the kind."""
        phi, complexity = self.free_entropy(), self.complexity()
        internal = phi if np.all(np.isinf(self.power)) else phi - complexity / self.power
        seen = {"free_entropy": phi, "entropy": internal, "complexity": complexity, "parisi": self.power, "slope": self.slope()}
        return seen | {"energy": self.alpha * self.patterns.cost, "training_error": self.patterns.wrong}

    def free_entropy(self) -> np.ndarray:
        raise TypeError("a point must define free_entropy")

    def complexity(self) -> np.ndarray:
        raise TypeError("a point must define complexity")

    def slope(self) -> np.ndarray:
        raise TypeError("a point must define slope")


@dataclass
class _BinaryPoint(_Point):
    """Binary weights at finite power; `pull` is the field towards the centre (0 without one)."""

    rows: np.ndarray
    common_hat: np.ndarray
    gap_hat: np.ndarray
    pull: np.ndarray

    @property
    def centred(self) -> bool:
        return self.groups.distance is not None

    @cached_property
    def q1(self) -> np.ndarray:
        return 1.0 - self.rows[3]

    def equations(self) -> list[np.ndarray]:
        _, _, gap, variance, distance, _ = self.rows
        first = np.log(self.alpha * self.patterns.common / self.common_hat)
        if not self.centred:
            return [first, np.log(variance / (1.0 - self.groups.q1))]
        return [first, np.log(self.alpha * self.patterns.spread / self.gap_hat), np.log(distance / self.groups.distance)]

    def _cross(self) -> np.ndarray:
        """``q1 qh1 - q0 qh0``."""
        return self.q1 * self.gap_hat + self.rows[2] * self.common_hat

    def free_entropy(self) -> np.ndarray:
        mean, *_, variance, _, _ = self.rows
        phi = -0.5 * (self.common_hat + self.gap_hat) * variance - 0.5 * self.power * self._cross()
        phi = phi + mean + self.alpha * self.patterns.mean
        return phi - self.pull * (1.0 - 2.0 * self.rows[4]) + np.log(2.0) / self.power if self.centred else phi

    def complexity(self) -> np.ndarray:
        found = 0.5 * self.power**2 * self._cross() - self.rows[5] - self.alpha * self.patterns.relative
        return found + np.log(2.0) if self.centred else found

    def slope(self) -> np.ndarray:
        return 2.0 * self.pull if self.centred else (self.power - 1.0) * (self.gap_hat - self.alpha * self.patterns.spread)

    def measured(self) -> Named:
        hats = {"q0_hat": self.common_hat, "q1_hat": self.common_hat + self.gap_hat}
        pull = {"pull": self.pull} if self.centred else {}
        return {"q0": self.rows[1], "q1": self.q1, **hats, **pull, **self.common()}

    def moduli(self) -> np.ndarray:
        terms = 0.5 * self.power * np.abs(self._cross()), np.abs(self.rows[0]), self.alpha * np.abs(self.patterns.mean), np.abs(self.pull)
        return sum(terms)


@dataclass
class _BinaryLimitPoint(_Point):
    """Binary weights at infinite power: q0 = q1 - gap/y and qh0 = qh1 - gap_hat/y."""

    rows: np.ndarray
    strength: np.ndarray
    gap_hat: np.ndarray
    pull: np.ndarray
    gap: np.ndarray

    @property
    def centred(self) -> bool:
        return self.groups.distance is not None

    @cached_property
    def q1(self) -> np.ndarray:
        return 1.0 - self.rows[2]

    def equations(self) -> list[np.ndarray]:
        first = np.log(self.alpha * self.patterns.common / self.strength)
        if not self.centred:
            return [first, np.log(self.rows[2] / (1.0 - self.groups.q1))]
        closing = np.log(self.alpha * self.patterns.spread / self.gap_hat)
        return [first, closing, np.log(self.rows[4] / self.groups.distance)]

    def free_entropy(self) -> np.ndarray:
        phi = -0.5 * self.strength * self.rows[2] - 0.5 * (self.q1 * self.gap_hat + self.strength * self.gap)
        phi = phi + self.rows[0] + self.alpha * self.patterns.value
        return phi - self.pull * (1.0 - 2.0 * self.rows[4]) if self.centred else phi

    def complexity(self) -> np.ndarray:
        """The limit of ``F - y S``: the 1/y correction of the free entropy, with the fluctuations about the maxima."""
        found = 0.5 * self.gap * self.gap_hat - 0.5 * self.gap_hat * self.rows[3] / np.sqrt(self.strength)
        found = found - 0.5 * self.alpha * self.gap * self.patterns.along / np.sqrt(self.q1)
        return found - 0.5 * self.rows[5] - 0.5 * self.alpha * self.patterns.bending

    def slope(self) -> np.ndarray:
        return 2.0 * self.pull if self.centred else self.gap_hat - self.alpha * self.patterns.spread

    def measured(self) -> Named:
        pull = {"pull": self.pull} if self.centred else {}
        rescaled = {"gap": self.gap, "gap_hat": self.gap_hat}
        return {"q0": self.q1, "q1": self.q1, "q0_hat": self.strength, "q1_hat": self.strength, **rescaled, **pull, **self.common()}

    def moduli(self) -> np.ndarray:
        terms = self.gap_hat, self.strength * (1.0 + self.gap), self.rows[0], self.alpha * self.patterns.value, self.pull
        return sum(np.abs(term) for term in terms)


@dataclass
class _SphericalPoint(_Point):
    """Spherical weights at finite power; the conjugates are eliminated."""

    q0: np.ndarray
    q1: np.ndarray

    @cached_property
    def gap(self) -> np.ndarray:
        return self.q1 - self.q0

    @cached_property
    def c(self) -> np.ndarray:
        return 1.0 - self.q1 + self.power * self.gap

    @cached_property
    def overlap(self) -> np.ndarray | None:
        return None if self.groups.distance is None else 1.0 - 2.0 * self.groups.distance

    @cached_property
    def own(self) -> np.ndarray:
        """``1 + (y-1) q1``: the squared length of the sum of a group, over y."""
        return 1.0 + (self.power - 1.0) * self.q1

    @cached_property
    def rest(self) -> np.ndarray:
        return self.own - self.power * self.overlap**2

    def equations(self) -> list[np.ndarray]:
        first = np.log(self.alpha * self.patterns.common * self.c**2 / self.q0)
        if self.overlap is None:
            return [first]
        pulled = self.alpha * self.patterns.spread + self.overlap**2 / (self.own * self.rest)
        return [first, np.log(pulled * (1.0 - self.q1) * self.c / self.gap)]

    def free_entropy(self) -> np.ndarray:
        y = self.power
        phi = 0.5 * ((1.0 - 1.0 / y) * np.log1p(-self.q1) + np.log(self.c) / y + self.q0 / self.c)
        phi = phi + self.alpha * self.patterns.mean
        return phi if self.overlap is None else phi + 0.5 * np.log(self.rest / self.own) / y

    def complexity(self) -> np.ndarray:
        y, c = self.power, self.c
        found = 0.5 * (np.log(c / (1.0 - self.q1)) - y * self.gap / c + y**2 * self.q0 * self.gap / c**2)
        found = found - self.alpha * self.patterns.relative
        if self.overlap is None:
            return found
        return found + 0.5 * (np.log(self.rest / self.own) + y * self.overlap**2 * (1.0 - self.q1) / (self.own * self.rest))

    def slope(self) -> np.ndarray:
        if self.overlap is not None:
            return 2.0 * self.overlap / self.rest
        entropic = self.gap / ((1.0 - self.q1) * self.c)
        return (self.power - 1.0) * (entropic - self.alpha * self.patterns.spread)

    def measured(self) -> Named:
        return {"q0": self.q0, "q1": self.q1, **self.common()}

    def moduli(self) -> np.ndarray:
        return np.abs(np.log1p(-self.q1)) + self.q0 / self.c + self.alpha * np.abs(self.patterns.mean) + 1.0


@dataclass
class _SphericalLimitPoint(_Point):
    """Spherical weights at infinite power; the centre is the barycentre, so that its overlap is sqrt(q1)."""

    q1: np.ndarray
    gap: np.ndarray

    @cached_property
    def c(self) -> np.ndarray:
        return 1.0 - self.q1 + self.gap

    def equations(self) -> list[np.ndarray]:
        return [np.log(self.alpha * self.patterns.common * self.c**2 / self.q1)]

    def free_entropy(self) -> np.ndarray:
        return 0.5 * (np.log1p(-self.q1) + self.q1 / self.c) + self.alpha * self.patterns.value

    def complexity(self) -> np.ndarray:
        """As for binary weights; with a centre its own volume shrinks like ``-ln(y)/2``."""
        if self.groups.distance is not None:
            return np.full(self.gap.size, -np.inf)
        found = 0.5 * (np.log(self.c / (1.0 - self.q1)) - self.gap / self.c)
        return found - 0.5 * self.alpha * (self.gap * self.patterns.along / np.sqrt(self.q1) + self.patterns.bending)

    def slope(self) -> np.ndarray:
        own = self.gap / ((1.0 - self.q1) * self.c) - self.alpha * self.patterns.spread
        return own if self.groups.distance is None else 2.0 * np.sqrt(self.q1) * own

    def measured(self) -> Named:
        return {"q0": self.q1, "q1": self.q1, "gap": self.gap, **self.common()}

    def moduli(self) -> np.ndarray:
        return np.abs(np.log1p(-self.q1)) + self.q1 / self.c + self.alpha * np.abs(self.patterns.value)


@dataclass
class _PlateauPoint(_Point):
    """See `BinaryPlateau`."""

    rows: np.ndarray
    strength: np.ndarray
    pull: np.ndarray

    def equations(self) -> list[np.ndarray]:
        reached = np.log(self.rows[3] / (1.0 - 2.0 * self.groups.distance))
        return [np.log(self.alpha * self.patterns.conjugates["q_hat"] / self.strength), reached]

    def free_entropy(self) -> np.ndarray:
        return -0.5 * self.strength * self.rows[1] + self.rows[0] + self.alpha * self.patterns.log_z

    def complexity(self) -> np.ndarray:
        return self.rows[2] - self.pull * self.rows[3]

    def slope(self) -> np.ndarray:
        return np.zeros(self.pull.size)

    def measured(self) -> Named:
        q, zero = 1.0 - self.rows[1], np.zeros(self.pull.size)
        hats = {"q0_hat": self.strength, "q1_hat": self.strength, "gap": zero, "gap_hat": zero}
        return {"q0": q, "q1": q, **hats, "pull": zero, **self.common()}

    def moduli(self) -> np.ndarray:
        return self.strength + np.abs(self.rows[0]) + self.alpha * np.abs(self.patterns.log_z) + self.pull


class BinaryReplicas(GroupProblem):
    """Binary weights, real replicas at mutual overlap q1: unknown conjugates."""

    own = Variables(Variable("q0_hat", POSITIVE), Variable("gap_hat", POSITIVE))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> _BinaryPoint:
        pull = values.get("pull", np.zeros(self.size))
        rows = cosh_groups(values["q0_hat"], values["gap_hat"], pull, power, self.groups.distance is not None, self.level)
        patterns = group_patterns(self.groups.model, rows[1], rows[2], rows[3], power, self.level, whole=whole)
        return _BinaryPoint(self.groups, power, patterns, rows, values["q0_hat"], values["gap_hat"], pull)


class BinaryCentre(BinaryReplicas):
    """Binary weights round a centre; the field towards it is positive as long as the distance is below 1/2."""

    own = Variables(Variable("q0_hat", POSITIVE), Variable("gap_hat", POSITIVE), Variable("pull", POSITIVE))


class BinaryReplicasEven(BinaryReplicas):
    """Real replicas of an even loss whose groups are independent: q0 = 0, one unknown."""

    own = Variables(Variable("gap_hat", POSITIVE))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> _BinaryPoint:
        return super().averages(values | {"q0_hat": np.full(self.size, NOTHING)}, power, whole)

    def columns(self, point: _BinaryPoint) -> list[np.ndarray]:
        return point.equations()[1:]

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        return _apart(*super().observe(free))


class BinaryReplicasLimit(GroupProblem):
    """Binary weights, infinitely many real replicas; ``gap_hat`` is the rescaled difference of the conjugates."""

    own = Variables(Variable("q_hat", POSITIVE), Variable("gap_hat", POSITIVE))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> _BinaryLimitPoint:
        pull = values.get("pull", np.zeros(self.size))
        rows = cosh_limit(values["q_hat"], values["gap_hat"], pull, self.level)
        gap = rows[3] / np.sqrt(values["q_hat"]) - rows[2]
        gap = np.where(gap > 0, gap, np.nan)
        patterns = limit_patterns(self.groups.model, 1.0 - rows[2], gap, rows[2], self.level)
        return _BinaryLimitPoint(self.groups, power, patterns, rows, values["q_hat"], values["gap_hat"], pull, gap)


class BinaryCentreLimit(BinaryReplicasLimit):
    """Binary weights, infinitely many round a centre; the field towards it may have either sign."""

    own = Variables(Variable("q_hat", POSITIVE), Variable("gap_hat", POSITIVE), Variable("pull", REAL))


class SphericalReplicas(GroupProblem):
    """Spherical weights, real replicas at mutual overlap q1: unknown ``ratio = q0/q1``."""

    own = Variables(Variable("ratio", UNIT))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> _SphericalPoint:
        return self._at(values["ratio"], self.groups.q1, power, whole)

    def _at(self, ratio: np.ndarray, q1: np.ndarray, power: np.ndarray, whole: bool) -> _SphericalPoint:
        q0 = ratio * q1
        patterns = group_patterns(self.groups.model, q0, q1 - q0, 1.0 - q1, power, self.level, whole=whole)
        return _SphericalPoint(self.groups, power, patterns, q0, q1)


class SphericalReplicasEven(SphericalReplicas):
    """Real replicas of an even loss whose groups are independent: q0 = 0, nothing unknown."""

    own = Variables()

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> _SphericalPoint:
        return super().averages({"ratio": np.full(self.size, NOTHING)}, power, whole)

    def columns(self, point: _SphericalPoint) -> list[np.ndarray]:
        return []

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        return _apart(*super().observe(free))


class SphericalCentre(SphericalReplicas):
    """Spherical weights round a centre; ``place`` is q1 between its geometric bound and 1."""

    own = Variables(Variable("ratio", UNIT), Variable("place", UNIT))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> _SphericalPoint:
        low = lowest_overlap(power, 1.0 - 2.0 * self.groups.distance)
        return self._at(values["ratio"], low + (1.0 - low) * values["place"], power, whole)


def lowest_overlap(power: np.ndarray, overlap: np.ndarray) -> np.ndarray:
    """The least mutual overlap of ``power`` vectors that all have this overlap with a centre, and at least 0."""
    return np.maximum((power * overlap**2 - 1.0) / np.maximum(power - 1.0, 1e-300), 0.0)


class SphericalReplicasLimit(GroupProblem):
    """Spherical weights, infinitely many replicas: unknown ``gap = y (q1 - q0)``."""

    own = Variables(Variable("gap", POSITIVE))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> _SphericalLimitPoint:
        q1 = self.groups.q1 if self.groups.distance is None else (1.0 - 2.0 * self.groups.distance) ** 2
        patterns = limit_patterns(self.groups.model, q1, values["gap"], 1.0 - q1, self.level)
        return _SphericalLimitPoint(self.groups, power, patterns, q1, values["gap"])


class BinaryPlateau(GroupProblem):
    r"""Infinitely many binary replicas farther from their centre than typical solutions are from their best one.

    The local entropy is the entropy of all solutions, and a centre only has to be found: with the field ``pull/y``,
    ``1 - 2 d = E[T tanh(pull T)]``, ``T = tanh(sqrt(q_hat) z0)``; the complexity ``E ln 2cosh(pull T) - pull (1-2d)`` is its entropy.
    """

    own = Variables(Variable("q_hat", POSITIVE), Variable("pull", POSITIVE))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> _PlateauPoint:
        scale = np.sqrt(values["q_hat"])
        nothing = np.zeros((self.size, 2))
        widths = np.stack([np.ones(self.size), 1.0 / np.maximum(values["pull"], 1.0)], axis=1)  # tanh(pull T) turns fast
        _, weight, field = field_nodes(nothing, widths, np.zeros(self.size), scale, self.level + 1)
        log_cosh, mean, spread = two_cosh(field)
        pulled, aim, _ = two_cosh(values["pull"][:, None] * mean)
        rows = np.stack([np.einsum("bn,bn->b", weight, column) for column in (log_cosh, spread, pulled, mean * aim)])
        model, zero = self.groups.model, np.zeros(self.size)
        overlaps = Overlaps(1.0 - rows[1], rows[1], zero, 1.0 - rows[1])
        patterns = model.architecture.patterns(model.loss, model.data, overlaps, model.beta, self.level + 1, whole=True)
        return _PlateauPoint(self.groups, power, patterns, rows, values["q_hat"], values["pull"])
