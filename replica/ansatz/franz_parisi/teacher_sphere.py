r"""Franz-Parisi saddle point on the sphere at a held overlap with the teacher, as a problem of the engine.

.. math:: S(t) = \mathrm{extr}_q\; \tfrac12 \ln(1-q) + \frac{q - t^2}{2(1-q)} + \alpha E \ln Z(q, t)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz.franz_parisi.equations import LEAST_OWN, OnSphere
from replica.ansatz.franz_parisi.teacher_weights import Taught, TaughtProblem
from replica.ansatz.franz_parisi.typical_held_norm import Reference
from replica.data import Overlaps
from replica.models.model import Model


class TaughtSphere(TaughtProblem, OnSphere):
    """The unknown is ``own_hat = q_hat``; the field that holds the overlap is ``t/(1-q)``."""

    def __init__(self, model: Model, alpha: Any, teacher: Reference, distance: np.ndarray, level: int = 1) -> None:
        super().__init__(model, alpha, teacher, distance, level, ["own_hat"])

    def weigh(self, free: np.ndarray) -> Taught:
        own, t, room = np.maximum(free[:, 0], LEAST_OWN), self.cosine, self.room
        rest = 2.0 * room / (1.0 + np.sqrt(1.0 + 4.0 * room * own))
        at = Overlaps(1.0 - rest, rest, t, own * rest**2)
        return Taught(own, at, t / rest, 0.5 * np.log(rest) + 0.5 * own * rest, rest**2)

    def start(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            pattern = self._patterns(self.weigh(np.full((self.size, 1), 1e-9)).overlaps)
        return (0.3 * self.alpha / (1.0 + self.alpha) * pattern.conjugates["q_hat"])[:, None]
