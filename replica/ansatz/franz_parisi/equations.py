"""What Franz-Parisi saddle points in the conjugates share: the overlap with a vector is held; no equations here."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np

from replica.ansatz.franz_parisi.pair_patterns import Side
from replica.models.model import Model
from replica.weights._pairs import LADDER
from replica.weights.base import Free, Weights
from saddlepoint import REAL, Problem, Variable, Variables

EPS = float(np.finfo(float).eps)
FROZEN = 1e-12  # share of the room between copies below which they have nothing of their own
LEAST_OWN = 1e-24  # variance below which a probe has nothing of its own; trial points may lie beyond 0
COARSE = 1e-9  # what the overlap in the strongest field is off by on a coarse mesh
FARTHEST = 16.0  # arsinh of the strongest field that is tried


class HeldProblem(Problem):
    """A probe at overlap ``t = (1-2d) sqrt(Q)`` with a vector of norm 1; unknowns are the conjugates of its overlaps.

    The distance d is kept as the small number that it may be: ``1 - t^2`` is never formed from t.

    ``own_hat``, the variance of that part of a weight's field which is the probe's own, keeps every overlap that of
    real vectors. ``reference`` has ``errors`` of its numbers, ``number(name)`` and ``varied(name, step)``.
    """

    rowwise = ("distance", "alpha")
    reference: Any
    light = False  # one evaluation costs much: rows that are not solved are followed in the load only as a last resort

    def __init__(self, model: Model, alpha: Any, distance: np.ndarray, level: int, unknowns: list[str]) -> None:
        self.model, self.alpha = model, alpha * np.ones(distance.size)
        self.distance, self.size, self.level, self.held = distance, distance.size, level, True
        self.law = model.data.law(model.weights)
        self.free_norm = isinstance(model.weights.norm, Free)
        names = ["own_hat", *unknowns, *(["curvature"] if self.free_norm else [])]
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

    def at_alpha(self, alpha: np.ndarray) -> Self:
        """The same problem with the probes at other loads (the reference stays)."""
        return self.like(alpha=alpha)

    def at_distance(self, distance: np.ndarray) -> Self:
        """The same problem at other distances."""
        return self.like(distance=distance)

    def around(self, reference: Any) -> Self:
        """The same problem around another reference; a probe that has taken over its bias takes that of the other."""
        model, root = self.model, float(np.sqrt(self.model.architecture.scale))
        if reference.bias != self.reference.bias and model.data.held_bias == root * self.reference.bias:
            model = replace(model, data=model.data.learned({"bias": root * reference.bias}))
        return self.like(reference=reference, model=model)

    def unheld(self, point: np.ndarray) -> tuple[Self, np.ndarray]:
        """The same probes free to choose their distance, where the curve has its maximum, and their point there."""
        return self.like(held=False), point

    @property
    def probe(self) -> Side:
        return Side(self.model.loss, float(self.model.beta))

    @property
    def weights(self) -> Weights:
        return self.model.weights

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What is observed."""

    @abstractmethod
    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """What is described and the residual, of one evaluation."""

    @abstractmethod
    def _free_overlap(self, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Overlap with the vector of norm 1, and norm, of weights without patterns in a field along the reference."""

    @abstractmethod
    def _turned(self, field: np.ndarray) -> dict[str, np.ndarray]:
        """Starting values of the unknowns that are not 0, at the field that holds the distance without patterns."""

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
        """Whether weights of the set can have that overlap with the vector."""
        return self._without_patterns()[1]

    def start(self) -> np.ndarray:
        """One turn of the map from the probe without patterns."""
        with np.errstate(all="ignore"):
            turned = self._turned(self._without_patterns()[0])
        zero = np.zeros(self.size)
        columns = [turned.get(name, zero) for name in self.variables.names]
        return np.stack(columns, axis=1)

    def floors(self, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Rounding of `describe`; ``t`` itself is rounded, which moves the entropy by its slope."""
        scale = {name: np.abs(value) for name, value in seen.items()}
        scale["free_entropy"] = scale["free_entropy"] + scale["q_hat"] + scale["t_hat"] + scale["slope"] + self.alpha
        scale["slope"] = 4.0 * scale["t_hat"] + 4.0
        return {name: 16 * EPS * (value + 1e-3) for name, value in scale.items()}


def relative(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """A residual in units of its unknown."""
    return (new - old) / np.sqrt(1.0 + old**2)


class HeldOnSphere(HeldProblem):
    """Unit vectors around unit vectors: the field that holds an overlap is known in closed form."""

    def _free_overlap(self, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 2.0 * field / (1.0 + np.sqrt(1.0 + 4.0 * field**2)), np.ones(self.size)

    def _turned(self, field: np.ndarray) -> dict[str, np.ndarray]:
        return {}

    def reachable(self) -> np.ndarray:
        return np.ones(self.size, dtype=bool)

    def floors(self, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The distance is held exactly, in closed form: the entropy does not round with its conjugate."""
        calm = 16 * EPS * (np.abs(seen["free_entropy"]) + self.alpha + 1.0)
        return super().floors(seen) | {"free_entropy": calm}
