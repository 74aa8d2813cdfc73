"""Franz-Parisi curves around references that are solved: one class per kind of reference; no settings, no equations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from replica.ansatz._fp_annealed import annealed_curve
from replica.ansatz._fp_patterns import Side
from replica.ansatz._fp_teacher import student_curve, taught_curve
from replica.ansatz._nearest import covers_nearest, nearest_overlap
from replica.ansatz.alphabets import alphabet_curve, alphabet_overlap
from replica.ansatz.franz_parisi import Columns, random_curve, typical_overlap
from replica.ansatz.minimiser import minimiser_curve
from replica.ansatz.minimiser import typical_overlap as minimiser_overlap
from replica.ansatz.typical import sphere_curve, sphere_overlap
from replica.model import Model
from replica.verbs import solve

TOO_CLOSE = "no weights without errors are that close to the reference: the largest overlap is"


@dataclass(frozen=True)
class Around:
    """A solved reference: ``columns`` of a curve around it; ``sentence`` says how it was found. Base: none was."""

    model: Model
    alpha: float
    sentence: str = ""
    margin: float | None = None

    solved = False

    def columns(self, distance: np.ndarray) -> Columns:
        """Values, errors and statuses at distances."""
        blank = {"free_entropy": np.full(distance.size, np.nan)}
        lost = [self.sentence] * distance.size
        return Columns(blank, {"free_entropy": np.full(distance.size, np.nan)}, lost, np.full(distance.size, np.nan))

    def typical(self) -> tuple[float, float]:
        """Overlap at which the curve has its maximum, with its error; NaN where there is none or it is not found."""
        return float("nan"), float("nan")

    def largest(self) -> tuple[float, float]:
        """Largest overlap with the reference of weights without errors, with its error; NaN where it is not known."""
        return float("nan"), float("nan")

    @property
    def probe(self) -> Side:
        return Side(self.model.loss, float(self.model.beta))


@dataclass(frozen=True)
class Planted(Around):
    """Around the teacher."""

    solved = True

    def columns(self, distance: np.ndarray) -> Columns:
        return taught_curve(self.model, self.alpha, distance)

    def typical(self) -> tuple[float, float]:
        alone = solve(self.model, alpha=self.alpha, on_failure="keep")
        return (alone["m"], alone.errors["m"]) if alone.converged else (float("nan"), float("nan"))


@dataclass(frozen=True)
class Student(Planted):
    """Around a typical Bayes-optimal student."""

    given: Any = None

    def columns(self, distance: np.ndarray) -> Columns:
        return student_curve(self.model, self.alpha, self.given, distance)


@dataclass(frozen=True)
class Quenched(Around):
    """Around a typical solution, random labels."""

    given: Any = None
    solved = True

    def columns(self, distance: np.ndarray) -> Columns:
        return random_curve(self.model, self.alpha, self.given, distance)

    def typical(self) -> tuple[float, float]:
        alone = solve(self.model, alpha=self.alpha, on_failure="keep")
        if not alone.converged or "q_hat" not in alone.batch.names:
            return float("nan"), float("nan")
        return typical_overlap(self.model, self.alpha, self.given, alone["q"])


@dataclass(frozen=True)
class Clustered(Quenched):
    """Around a typical solution on the sphere, in classes of patterns with a direction to be learned."""

    def columns(self, distance: np.ndarray) -> Columns:
        return sphere_curve(self.model, self.alpha, self.given, distance)

    def typical(self) -> tuple[float, float]:
        root = float(np.sqrt(self.model.architecture.scale))
        if self.given.side == self.probe and self.model.data.held_bias == root * self.given.bias:
            return self.given.q, self.given.q_error  # two references are typical of each other
        return sphere_overlap(self.model, self.alpha, self.given)


@dataclass(frozen=True)
class FreeNorm(Quenched):
    """Around a typical solution whose norm is solved for, random labels."""

    def columns(self, distance: np.ndarray) -> Columns:
        return alphabet_curve(self.model, self.alpha, self.given, distance)

    def typical(self) -> tuple[float, float]:
        if self.given.side == self.probe:  # two references are typical of each other
            cosine = self.given.q / self.given.norm
            return cosine, (self.given.q_error + cosine * self.given.norm_error) / self.given.norm
        return alphabet_overlap(self.model, self.alpha, self.given)


@dataclass(frozen=True)
class Pairs(Around):
    """First moment of pairs."""

    side: Any = None
    solved = True

    def columns(self, distance: np.ndarray) -> Columns:
        return annealed_curve(self.model.weights, self.alpha, self.side, self.probe, distance)


@dataclass(frozen=True)
class Lowest(Around):
    """Around a zero-temperature minimiser, or a vector made of it."""

    given: Any = None
    centre: Any = None
    solved = True

    def columns(self, distance: np.ndarray) -> Columns:
        found = minimiser_curve(self.model, self.alpha, self.given, self.centre, distance)
        lost = [row for row, text in enumerate(found.status) if not text.startswith("converged")]
        if lost:
            largest, error = self.largest()
            for row in lost:
                if 1.0 - 2.0 * distance[row] > largest + error:
                    found.status[row] = f"not converged: {TOO_CLOSE} {largest:.6g}"
        return found

    def largest(self) -> tuple[float, float]:
        return self._largest

    @cached_property
    def _largest(self) -> tuple[float, float]:
        if not covers_nearest(self.model):
            return float("nan"), float("nan")
        return nearest_overlap(self.model, self.alpha, self.given, self.centre)

    def typical(self) -> tuple[float, float]:
        return minimiser_overlap(self.model, self.alpha, self.given, self.centre)
