"""A noise-free teacher perceptron gives the labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from replica._checks import one_of
from replica.data.base import Channel, Data, Overlaps, PairChannel, PairDensity, PairOverlaps, Patterns
from replica.weights.base import Law, Weights
from saddlepoint.special import tail


@dataclass(frozen=True)
class Teacher(Data):
    r"""Labels ``sign(u.x)`` of a teacher u with ``|u|^2 = N``.

    With ``m = w.u/N`` the field ``omega`` (multiplied by the label) has the density
    ``N(omega; 0, q) 2H(-eta)``, ``eta = (m/q) omega / sqrt(1 - m^2/q)``, and
    ``d E ln Z/dm = 2 int Dz f g(eta)/sqrt(1 - m^2/q)``.

    Parameters
    ----------
    weights : str, Weights or None
        What the teacher is drawn from; None: the student's own set (Bayes-optimal when the student only demands
        agreement, margin 0).
    """

    weights: Any = None
    name: ClassVar[str] = "teacher"
    overlaps: ClassVar[tuple[str, ...]] = ("m",)
    imitates: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if isinstance(self.weights, str):
            one_of("teacher weights", self.weights, Weights.registry)
            object.__setattr__(self, "weights", Weights.registry[self.weights]())
        if self.weights is not None and not isinstance(self.weights, Weights):
            raise ValueError(f"teacher weights must be None, a name or Weights, got {self.weights!r}")

    def law(self, weights: Weights) -> Law:
        return (weights if self.weights is None else self.weights).law()

    def pinned(self, weights: Weights) -> Teacher:
        return self if self.weights is not None else replace(self, weights=weights)

    def generalization(self, overlaps: Overlaps) -> dict[str, np.ndarray]:
        """``arccos(m/sqrt Q)/pi`` for one student, ``arccos(m/sqrt q)/pi`` for the barycentre (angles, no
        cancellation).
        """
        typical = np.arctan2(np.sqrt(overlaps.variance + overlaps.transverse), overlaps.m) / np.pi
        centre = np.arctan2(np.sqrt(overlaps.transverse), overlaps.m) / np.pi
        return {"generalization_error": typical, "generalization_error_centre": centre}

    def draw(
        self, rng: np.random.Generator, inputs: np.ndarray, weights: Weights, output: Callable[..., np.ndarray]
    ) -> Patterns:
        """A teacher drawn from its set, scaled to ``|u|^2 = N``; a vanishing field counts as +1."""
        drawn, source = np.zeros(inputs.shape[1]), weights if self.weights is None else self.weights
        while not np.any(drawn):  # an alphabet with 0 may draw nothing at all
            drawn = source.sample(rng, drawn.size)
        teacher = drawn * np.sqrt(drawn.size / np.sum(drawn**2))
        return Patterns(inputs, np.where(output(teacher, inputs) >= 0, 1.0, -1.0), teacher)

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        q, m = overlaps.q, overlaps.m
        rest = np.sqrt(overlaps.transverse / q)  # sqrt(1 - m^2/q)
        slope = (m / np.sqrt(overlaps.transverse))[:, None]

        def density(z: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
            log_tail, _ = tail(-slope * z)
            gauss = np.exp(-0.5 * (slope * z) ** 2) / np.sqrt(2.0 * np.pi)
            return 2.0 * np.exp(log_tail), {"m": 2.0 * gauss / rest[:, None]}

        deviation = np.sqrt(q)
        with np.errstate(divide="ignore"):
            width = deviation[:, None] / np.abs(slope)
        return [Channel(1.0, np.zeros_like(q), deviation, overlaps.variance, density, np.zeros_like(width), width)]

    def pair_channels(self, reference_m: float, at: PairOverlaps) -> list[PairChannel]:
        """The teacher's field given both others is Gaussian: ``eta`` in its deviations, weight ``2 H(-eta)``."""
        own = np.sqrt(np.maximum(at.q - at.t**2, 1e-30))
        known = np.sqrt(1.0 - reference_m**2)
        lean = np.clip((at.m - at.t * reference_m) / own, -known, known)  # covariance with the probe's own noise
        rest = np.sqrt(np.maximum(known**2 - lean**2, 1e-30))

        def weigh(h: np.ndarray, y: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            eta = (reference_m * h + lean[rows, None] * y) / rest[rows, None]
            gauss = np.exp(-0.5 * eta**2) / np.sqrt(2.0 * np.pi)
            return 2.0 * np.exp(tail(-eta)[0]), 2.0 * gauss / rest[rows, None], reference_m - lean * at.t / own

        def inner(h: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            with np.errstate(divide="ignore", invalid="ignore"):
                return -reference_m * h / lean[rows], rest[rows] / np.abs(lean[rows])

        outer = 0.0, known / max(abs(reference_m), 1e-300)
        return [PairChannel(1.0, 0.0, np.zeros_like(at.q), 1.0, PairDensity(weigh, outer, inner))]

    def reference_channels(self, overlaps: Overlaps, mp: Any) -> list[Channel]:
        rest = mp.sqrt(overlaps.transverse / overlaps.q)
        slope = overlaps.m / mp.sqrt(overlaps.transverse)

        def density(z: Any) -> tuple[Any, dict[str, Any]]:
            eta = slope * z
            return mp.erfc(-eta / mp.sqrt(2)), {"m": 2 * mp.npdf(eta) / rest}

        deviation = mp.sqrt(overlaps.q)
        width = np.array([[float(deviation / abs(slope))]]) if slope else np.array([[np.inf]])
        return [Channel(mp.one, mp.zero, deviation, overlaps.variance, density, np.zeros((1, 1)), width)]
