"""Training error under random perturbations of the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import grid, number
from replica.simulate.instances import Instance, whole
from replica.simulate.readouts.base import Measured, Readout
from replica.weights.base import Pinned


@dataclass(frozen=True)
class Flatness(Readout):
    """Mean training error ``perturbed_training_error`` of weights at a distance ``noise`` from those found.

    Weights +-1 are flipped each with probability ``noise``; others become ``t w + sqrt(1 - t^2) |w| z/sqrt(N)`` with
    ``t = 1 - 2 noise`` and z standard Gaussian.

    Parameters
    ----------
    noise : increasing grid
        Distances in [0, 1].
    draws : int
        Perturbations of each.
    """

    noise: Any = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2)
    draws: int = 20
    name: ClassVar[str] = "flatness"

    def __post_init__(self) -> None:
        points = grid("noise", self.noise)
        number("noise", points, low=0.0, high=1.0)
        whole("draws", self.draws, 2)
        object.__setattr__(self, "noise", tuple(points.tolist()))

    def coordinates(self) -> dict[str, np.ndarray]:
        return {"noise": np.array(self.noise)}

    def measure(self, instance: Instance, weights: np.ndarray, rng: np.random.Generator) -> Measured:
        values, errors = np.empty((2, len(self.noise)))
        pinned = isinstance(instance.model.weights.norm, Pinned)
        for at, d in enumerate(self.noise):
            if pinned:
                moved = weights * np.where(rng.random((self.draws, weights.size)) < d, -1.0, 1.0)
            else:
                t, size = 1.0 - 2.0 * d, np.sqrt(np.mean(weights**2))
                moved = t * weights + np.sqrt(1 - t * t) * size * rng.standard_normal((self.draws, weights.size))
            violated = instance.model.loss.violated(instance.stabilities(moved))
            wrong = violated.sum(axis=1) / max(instance.patterns, 1)
            values[at], errors[at] = wrong.mean(), wrong.std(ddof=1) / np.sqrt(self.draws)
        return {"perturbed_training_error": (values, errors)}
