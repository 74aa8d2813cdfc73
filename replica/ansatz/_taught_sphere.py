r"""Franz-Parisi saddle point on the sphere at a held overlap with the teacher, as a problem of the engine.

.. math:: S(t) = \mathrm{extr}_q\; \tfrac12 \ln(1-q) + \frac{q - t^2}{2(1-q)} + \alpha E \ln Z(q, t)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz._fp_problem import Reference
from replica.ansatz._held_problem import FROZEN, LEAST_OWN, HeldOnSphere, relative
from replica.data import Overlaps
from replica.model import Model


class TaughtSphere(HeldOnSphere):
    """The unknown is ``own_hat = q_hat``; the field that holds the overlap is ``t/(1-q)``."""

    names = ("free_entropy", "q", "t", "q_hat", "t_hat", "slope", "stability")

    def __init__(self, model: Model, alpha: Any, teacher: Reference, distance: np.ndarray, level: int = 1) -> None:
        super().__init__(model, alpha, distance, level, [])
        self.reference: Reference = teacher

    def _single(self, free: np.ndarray) -> tuple[np.ndarray, Overlaps]:
        own, t, room = np.maximum(free[:, 0], LEAST_OWN), self.cosine, self.room
        rest = 2.0 * room / (1.0 + np.sqrt(1.0 + 4.0 * room * own))
        return own, Overlaps(1.0 - rest, rest, t, own * rest**2)

    def _patterns(self, at: Overlaps) -> Any:
        model = self.model
        return model.architecture.patterns(model.loss, model.data, at, model.beta, self.level, whole=True)

    def means(self, free: np.ndarray) -> dict[str, np.ndarray]:
        pattern = self._patterns(self._single(free)[1])
        return {"cost": pattern.cost, "training_error": pattern.wrong}

    def start(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            pattern = self._patterns(self._single(np.full((self.size, 1), 1e-9))[1])
        return (0.3 * self.alpha / (1.0 + self.alpha) * pattern.conjugates["q_hat"])[:, None]

    def sound(self, free: np.ndarray) -> np.ndarray:
        return self._single(free)[1].variance > FROZEN * self.room

    def potential(self, free: np.ndarray) -> np.ndarray:
        own, at = self._single(free)
        return 0.5 * np.log(at.variance) + 0.5 * own * at.variance + self.alpha * self._patterns(at).log_z

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        own, at = self._single(free)
        pattern, rest = self._patterns(at), at.variance
        pull = self.cosine / rest
        found = {
            "free_entropy": 0.5 * np.log(rest) + 0.5 * own * rest + self.alpha * pattern.log_z,
            "q": at.q,
            "t": self.cosine,
            "q_hat": own,
            "t_hat": pull,
            "slope": 2.0 * (pull - self.alpha * pattern.conjugates["m"]),
            "stability": 1.0 - self.alpha * pattern.rigidity * rest**2,
        }
        return found, relative(self.alpha * pattern.conjugates["q_hat"], free[:, 0])[:, None]
