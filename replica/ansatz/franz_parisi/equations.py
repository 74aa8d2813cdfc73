"""What Franz-Parisi saddle points share: a probe at a distance that is held; no equations and no solving here."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np

from replica.ansatz.franz_parisi.pair_patterns import Side
from replica.models.model import Model
from replica.weights._pairs import LADDER
from replica.weights.base import Free, Weights
from saddlepoint import REAL, Newton, Problem, Variable, Variables
from saddlepoint._iterate import Solver

EPS = float(np.finfo(float).eps)
FROZEN = 1e-12  # share of the room between copies below which they have nothing of their own
LEAST_OWN = 1e-24  # variance below which a probe has nothing of its own; trial points may lie beyond 0
COARSE = 1e-9  # what the overlap in the strongest field is off by on a coarse mesh
FARTHEST = 16.0  # arsinh of the strongest field that is tried


class FixedOverlap(Problem):
    """A probe at overlap ``t = (1-2d) sqrt(Q)`` with a vector of norm 1, over a batch of distances d.

    The distance is kept as the small number that it may be: ``1 - t^2`` is never formed from t. ``reference`` has
    ``errors`` of its numbers, ``number(name)`` and ``varied(name, step)``.
    """

    rowwise: ClassVar[tuple[str, ...]] = ("distance", "alpha")
    reference: Any
    #: one evaluation costs little and gives its derivatives: rows that are not solved are followed in the load too, and
    #: fine meshes have Jacobians of their own
    light: ClassVar[bool] = False
    #: meshes on which averages converge slowly: what the last refinement moves is an error
    loose: bool = False
    #: how a start is solved from
    first: ClassVar[Solver] = Newton(max_step=1.0, steps=25, halvings=3)
    #: the error of the entropy that is asked for, and that with which a row is kept whose reference is known badly
    sure: ClassVar[float] = 1e-9
    known: ClassVar[float] = 1e-6

    def __init__(
        self, model: Model, alpha: Any, reference: Any, distance: np.ndarray, level: int, unknowns: list[str]
    ) -> None:
        self.model, self.alpha, self.reference = model, alpha * np.ones(distance.size), reference
        self.distance, self.size, self.level = distance, distance.size, level
        self.law = model.data.law(model.weights)
        self.free_norm = isinstance(model.weights.norm, Free)
        names = [*unknowns, *(["curvature"] if self.free_norm else [])]
        self.variables = Variables(*(Variable(name, REAL) for name in names))

    def like(self, **changes: Any) -> Self:
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__ | changes)
        copy.__dict__.pop("_repeated", None)
        copy.size = copy.distance.size
        return copy

    @property
    def cosine(self) -> np.ndarray:
        """Overlap with the vector, of weights of norm 1."""
        return 1.0 - 2.0 * self.distance

    @property
    def room(self) -> np.ndarray:
        """``1 - cosine^2``."""
        return 4.0 * self.distance * (1.0 - self.distance)

    def at_level(self, level: int) -> Self:
        return self.like(level=min(level, len(LADDER) - 1))

    def at_alpha(self, alpha: Any) -> Self:
        """The same problem with the probes at other loads (the reference stays)."""
        return self.like(alpha=alpha * np.ones(self.size))

    def at_distance(self, distance: np.ndarray) -> Self:
        """The same problem at other distances."""
        return self.like(distance=distance)

    def around(self, reference: Any) -> Self:
        """The same problem around another reference; a probe that has taken over its bias takes that of the other."""
        model, root = self.model, float(np.sqrt(self.model.architecture.scale))
        if reference.bias != self.reference.bias and model.data.held_bias == root * self.reference.bias:
            model = replace(model, data=model.data.learned({"bias": root * reference.bias}))
        return self.like(reference=reference, model=model)

    @property
    def probe(self) -> Side:
        return Side(self.model.loss, float(self.model.beta))

    @property
    def weights(self) -> Weights:
        return self.model.weights

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What is observed, the overlap ``t`` among it."""

    @abstractmethod
    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """What is described and the residual, of one evaluation."""

    @abstractmethod
    def means(self, free: np.ndarray) -> dict[str, np.ndarray]:
        """Cost and training error at a point."""

    @abstractmethod
    def sound(self, free: np.ndarray) -> np.ndarray:
        """Whether the copies are not frozen: all else is spurious."""

    def residual(self, free: np.ndarray) -> np.ndarray:
        return self.observe(free)[1]

    def describe(self, free: np.ndarray) -> dict[str, np.ndarray]:
        return self.observe(free)[0]

    def reachable(self) -> np.ndarray:
        """Whether weights of the set can have that overlap with the vector."""
        return np.ones(self.size, dtype=bool)

    def floors(self, free: np.ndarray, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Rounding of what is ``seen`` at a point; ``t`` itself is rounded, which moves the entropy by its slope."""
        scale = {name: np.abs(value) for name, value in seen.items()}
        scale["free_entropy"] = scale["free_entropy"] + scale["q_hat"] + scale["t_hat"] + scale["slope"] + self.alpha
        scale["slope"] = 4.0 * scale["t_hat"] + 4.0
        scale["stability"] = 4.0 * np.abs(1.0 - seen["stability"]) + 4.0
        return {name: 16 * EPS * (value + 1e-3) for name, value in scale.items()}


def relative(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """A residual in units of its unknown."""
    return (new - old) / np.sqrt(1.0 + old**2)


class HeldByField(FixedOverlap):
    """Unknowns are conjugates; among them is the field along the vector that holds the overlap.

    ``own_hat``, the variance of that part of a weight's field which is the probe's own, keeps every overlap that of
    real vectors.
    """

    @abstractmethod
    def _free_overlap(self, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Overlap with the vector of norm 1, and norm, of weights without patterns in a field along the reference."""

    @abstractmethod
    def _turned(self, field: np.ndarray) -> dict[str, np.ndarray]:
        """Starting values of the unknowns that are not 0, at the field that holds the distance without patterns."""

    def _without_patterns(self) -> tuple[np.ndarray, np.ndarray]:
        """The field that holds the distance where there are no patterns, by bisection, and whether there is one."""

        def gap(field: np.ndarray) -> np.ndarray:
            overlap, norm = self._free_overlap(np.sinh(field))
            return overlap - self.cosine * np.sqrt(norm)

        low, high = np.full(self.size, -FARTHEST), np.full(self.size, FARTHEST)
        held = (gap(low) < COARSE) & (gap(high) > -COARSE)
        for _ in range(20):
            middle = 0.5 * (low + high)
            over = gap(middle) > 0
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        # a free norm follows the field: more can be reached than this field alone reaches
        return np.sinh(0.5 * (low + high)), held | self.free_norm

    def reachable(self) -> np.ndarray:
        return self._without_patterns()[1]

    def start(self) -> np.ndarray:
        """One turn of the map from the probe without patterns."""
        with np.errstate(all="ignore"):
            turned = self._turned(self._without_patterns()[0])
        zero = np.zeros(self.size)
        return np.stack([turned.get(name, zero) for name in self.variables.names], axis=1)


class OnSphere(FixedOverlap):
    """Unit vectors around unit vectors: the distance is held exactly, in closed form."""

    def floors(self, free: np.ndarray, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The entropy does not round with its conjugate."""
        calm = 16 * EPS * (np.abs(seen["free_entropy"]) + self.alpha + 1.0)
        return super().floors(free, seen) | {"free_entropy": calm}


class AtMaximum(Problem):
    """Probes that choose their distance: ``turn``, its log odds, is the last unknown, where the entropy is largest."""

    rowwise = ("held",)
    light, loose, first, sure = False, False, FixedOverlap.first, FixedOverlap.sure

    def __init__(self, held: FixedOverlap) -> None:
        self.held, self.size = held, held.size
        self.reference, self.names = held.reference, held.names
        self.variables = Variables(*held.variables, Variable("turn", REAL))

    def above(self, point: np.ndarray) -> np.ndarray:
        """A point of the problem that holds the distance."""
        odds = np.log(self.held.distance) - np.log1p(-self.held.distance)
        return np.concatenate([point, odds[:, None]], axis=1)

    def _there(self, free: np.ndarray) -> tuple[FixedOverlap, np.ndarray]:
        return self.held.at_distance(1.0 / (1.0 + np.exp(-free[:, -1]))), free[:, :-1]

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        held, point = self._there(free)
        seen, residual = held.observe(point)
        slope = seen["slope"] / (1.0 + np.abs(seen["t_hat"]))
        return seen, np.concatenate([residual, slope[:, None]], axis=1)

    def residual(self, free: np.ndarray) -> np.ndarray:
        return self.observe(free)[1]

    def sound(self, free: np.ndarray) -> np.ndarray:
        held, point = self._there(free)
        return held.sound(point)

    def floors(self, free: np.ndarray, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        held, point = self._there(free)
        return held.floors(point, seen)

    def around(self, reference: Any) -> AtMaximum:
        return self.like(held=self.held.around(reference))
