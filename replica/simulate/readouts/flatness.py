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
    margin : float, optional
        Count patterns that the loss at this margin does not satisfy (a loss without a margin: those with a stability
        below it). None: the fraction of patterns on the wrong side, as in ``training_error``.

    Notes
    -----
    What the theory's `flatness` calls ``training_error``: `compare` sets them side by side (they agree where
    ``noise N`` flips are many). Errors: of the mean over the draws, at least one pattern of all of them.
    """

    noise: Any = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2)
    draws: int = 20
    margin: float | None = None
    name: ClassVar[str] = "flatness"
    meanings: ClassVar[dict[str, dict[str, str]]] = {
        "perturbed_training_error": {"theory": "training_error", "error": "independent"}
    }

    def __post_init__(self) -> None:
        points = grid("noise", self.noise)
        number("noise", points, low=0.0, high=1.0)
        whole("draws", self.draws, 2)
        if self.margin is not None:
            number("margin", self.margin)
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
            wrong = self._wrong(instance, moved).sum(axis=1) / max(instance.patterns, 1)
            least = 1.0 / (max(instance.patterns, 1) * self.draws)
            values[at], errors[at] = wrong.mean(), max(wrong.std(ddof=1) / np.sqrt(self.draws), least)
        return {"perturbed_training_error": (values, errors)}

    def _wrong(self, instance: Instance, weights: np.ndarray) -> np.ndarray:
        """Patterns that count as errors of each row of weights."""
        loss, stability = instance.model.loss, instance.stabilities(weights)
        if self.margin is None:
            return loss.violated(stability)
        if "margin" in loss.parameters:
            return loss.with_parameters(margin=self.margin).cost(stability) > 0
        return stability < self.margin
