r"""Franz-Parisi saddle point at a held overlap t with the direction to be learned, as a problem of the engine.

.. math:: S(t) = \mathrm{extr}\; -\tfrac{\hat q}{2}(1-q) - \theta t + E \ln z(\sqrt{\hat q} z + \theta u)
          + \alpha E \ln Z(q, t)
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np

from replica.ansatz.franz_parisi.equations import EPS, FROZEN, LEAST_OWN, FixedOverlap, HeldByField, relative
from replica.ansatz.franz_parisi.typical_held_norm import Reference
from replica.data import Overlaps
from replica.models.model import Model
from replica.weights._pairs import Pair

KNOWN = ("free_entropy", "q", "t", "q_hat", "t_hat", "slope", "stability")


class Taught(NamedTuple):
    """Weights in their fields: overlaps, the field theta that holds t, their part of the potential and replicon."""

    q_hat: np.ndarray
    overlaps: Overlaps
    pull: np.ndarray
    potential: np.ndarray
    susceptibility: np.ndarray


class TaughtProblem(FixedOverlap):
    """What problems around the direction share: averages over patterns at the overlaps q and t."""

    @abstractmethod
    def weigh(self, free: np.ndarray) -> Taught:
        """The weights at a point."""

    def _held(self, at: Taught) -> list[np.ndarray]:
        """Residuals of what holds the overlap, where that is among the unknowns."""
        return []

    def _patterns(self, at: Overlaps) -> Any:
        model = self.model
        return model.architecture.patterns(model.loss, model.data, at, model.beta, self.level, whole=True)

    def _generalization(self, at: Overlaps) -> dict[str, np.ndarray]:
        return self.model.architecture.generalization(self.model.data, at)

    @property
    def names(self) -> tuple[str, ...]:
        one = np.ones(1)
        return (*KNOWN, *self._generalization(Overlaps(one, one, one, one)))

    def means(self, free: np.ndarray) -> dict[str, np.ndarray]:
        pattern = self._patterns(self.weigh(free).overlaps)
        return {"cost": pattern.cost, "training_error": pattern.wrong}

    def sound(self, free: np.ndarray) -> np.ndarray:
        return self.weigh(free).overlaps.variance > FROZEN * self.room

    def potential(self, free: np.ndarray) -> np.ndarray:
        at = self.weigh(free)
        return at.potential + self.alpha * self._patterns(at.overlaps).log_z

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        at = self.weigh(free)
        pattern = self._patterns(at.overlaps)
        found = {
            "free_entropy": at.potential + self.alpha * pattern.log_z,
            "q": at.overlaps.q,
            "t": self.cosine,
            "q_hat": at.q_hat,
            "t_hat": at.pull,
            "slope": 2.0 * (at.pull - self.alpha * pattern.conjugates["m"]),
            "stability": 1.0 - self.alpha * pattern.rigidity * at.susceptibility,
        } | self._generalization(at.overlaps)
        residual = relative(self.alpha * pattern.conjugates["q_hat"], free[:, 0])
        return found, np.stack([residual, *self._held(at)], axis=1)


class TaughtSigns(TaughtProblem):
    """Signs around a teacher of signs; the unknown is ``own_hat = q_hat``, the field that holds t a root of its own."""

    def __init__(self, model: Model, alpha: Any, teacher: Reference, distance: np.ndarray, level: int = 1) -> None:
        super().__init__(model, alpha, teacher, distance, level, ["own_hat"])
        self.pair = model.weights.pair(0.0, 0.0)

    def _pairs(self, own: np.ndarray) -> list[Pair]:
        free = 0.5 * (np.log1p(-self.distance) - np.log(self.distance))
        return [
            self.pair.at(d, hat, 0.0, self.level, hint) for d, hat, hint in zip(self.distance, own, free, strict=True)
        ]

    def weigh(self, free: np.ndarray) -> Taught:
        own, t = np.maximum(free[:, 0], LEAST_OWN), self.cosine
        pairs = self._pairs(own)
        rest, pull, square = (np.array([getattr(p, n) for p in pairs]) for n in ("rest", "pull", "susceptibility"))
        value = np.array([sum(self.pair.entropic(p.rest, 0.0, q, 0.0, p)) for p, q in zip(pairs, own, strict=True)])
        beside = np.maximum(self.room - rest, LEAST_OWN * self.room)
        return Taught(own, Overlaps(1.0 - rest, rest, t, beside), pull, value, square)

    def start(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            pattern = self._patterns(self.weigh(np.full((self.size, 1), 1e-9)).overlaps)
        return (0.1 * self.alpha / (1.0 + self.alpha) * pattern.conjugates["q_hat"])[:, None]

    def floors(self, free: np.ndarray, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The distance is held to all its digits: the entropy does not round with its conjugate."""
        held = 2.0 * np.minimum(self.distance, 1.0 - self.distance)
        size = np.abs(seen["t_hat"]) * held + seen["q_hat"] * (1.0 - seen["q"]) + self.alpha
        return super().floors(free, seen) | {"free_entropy": 16 * EPS * size}


class TaughtWeights(TaughtProblem, HeldByField):
    """Weights of held norm around a teacher of any law; the field ``t_hat`` that holds the overlap is an unknown."""

    def __init__(self, model: Model, alpha: Any, teacher: Reference, distance: np.ndarray, level: int = 1) -> None:
        super().__init__(model, alpha, teacher, distance, level, ["own_hat", "t_hat"])

    def weigh(self, free: np.ndarray) -> Taught:
        own, pull, zero = np.maximum(free[:, 0], LEAST_OWN), free[:, 1], np.zeros(self.size)
        single = self.weights.single(own, pull, zero, self.model.beta, self.law, self.level)
        value = self.weights.entropic(single, own, pull, zero) + pull * (single.m - self.cosine)
        at = Overlaps(single.q, single.variance, single.m, single.transverse)
        return Taught(own, at, pull, value, single.susceptibility)

    def _held(self, at: Taught) -> list[np.ndarray]:
        return [(at.overlaps.m - self.cosine) / self.room]

    def _free_overlap(self, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        zero = np.zeros(self.size)
        single = self.weights.single(zero + 1e-9, field, zero, self.model.beta, self.law, 0)
        return single.m, np.ones(self.size)

    def _turned(self, field: np.ndarray) -> dict[str, np.ndarray]:
        pattern = self._patterns(self.weigh(np.stack([np.full(self.size, 1e-9), field], axis=1)).overlaps)
        own = 0.1 * self.alpha / (1.0 + self.alpha) * pattern.conjugates["q_hat"]
        return {"own_hat": own, "t_hat": field}
