"""Franz-Parisi curves around references that are solved: one class per kind of reference; no settings, no equations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from replica.ansatz.franz_parisi.equations import FixedOverlap
from replica.ansatz.franz_parisi.first_moment import annealed_curve
from replica.ansatz.franz_parisi.largest_overlap import STRICT, nearest_overlap
from replica.ansatz.franz_parisi.minimiser import MinimiserProblem
from replica.ansatz.franz_parisi.pair_patterns import Side
from replica.ansatz.franz_parisi.solver import NOWHERE, Columns, curve, typical_overlap
from replica.ansatz.franz_parisi.teacher import student_curve, taught_curve, taught_problem
from replica.ansatz.franz_parisi.thermal import thermal_names
from replica.ansatz.franz_parisi.typical_free_norm import AlphabetProblem
from replica.ansatz.franz_parisi.typical_held_norm import FranzParisiProblem
from replica.ansatz.franz_parisi.typical_learned import TypicalProblem
from replica.models.model import Model
from replica.solution.said import which_converged
from replica.solution.single import Solution
from replica.verbs import solve
from saddlepoint.enclosures import Enclosure, NotEnclosed

TOO_CLOSE = "no weights without errors are that close to the reference: the largest overlap is"


def doubts(*solutions: Solution | None) -> str:
    """What is to be said against the solutions of a reference, as a clause for every point around it; empty without."""
    found = dict.fromkeys(clause for one in solutions if one is not None for clause in one.doubts)
    return f"the reference: {', '.join(found)}" if found else ""


@dataclass(frozen=True)
class Around(ABC):
    """A solved reference: ``columns`` of a curve around it; ``sentence`` says how it was found, ``doubt`` what is to be
    said against it. ``tolerance``: of the entropy, None for the usual one.
    """

    model: Model
    alpha: float
    sentence: str = ""
    margin: float | None = None
    doubt: str = ""
    tolerance: float | None = None

    solved = True

    @abstractmethod
    def columns(self, distance: np.ndarray) -> Columns:
        """Values, errors and statuses at distances."""

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What `columns` holds."""

    def curve(self, distance: np.ndarray) -> Columns:
        """`columns`, with the doubts about the reference in the status of every point."""
        found = self.columns(distance)
        if self.doubt:
            found.status = [f"{text}; {self.doubt}" for text in found.status]
        return found

    def typical(self) -> tuple[float, float]:
        """Overlap at which the curve has its maximum, with its error; NaN where there is none or it is not found."""
        return NOWHERE

    def largest(self) -> tuple[float, float]:
        """Largest overlap with the reference of weights without errors, with its error; NaN where it is not known."""
        return NOWHERE

    def proved(self, distance: float, point: Mapping[str, float], digits: int) -> Enclosure:
        """The curve at a distance with proof, from the floating-point solution there."""
        raise NotEnclosed("not enclosed: of these curves is proved what surrounds teachers and typical solutions")

    @property
    def probe(self) -> Side:
        return Side(self.model.loss, float(self.model.beta))


@dataclass(frozen=True)
class Lost(Around):
    """Around a reference that was not found; ``of`` is what it would have been."""

    of: Any = None

    solved = False

    def columns(self, distance: np.ndarray) -> Columns:
        values, errors = ({name: np.full(distance.size, np.nan) for name in self.names()} for _ in range(2))
        return Columns(values, errors, [self.sentence] * distance.size, np.full(distance.size, np.nan))

    def names(self) -> tuple[str, ...]:
        return self.of.names()


def _observed(problem: Any) -> tuple[str, ...]:
    """What a curve holds; the overlap ``t`` of its problem is the distance."""
    return tuple(name for name in problem.names if name != "t") + thermal_names(problem.probe)


HALF = np.array([0.5])  # a distance at which a problem says what it observes


@dataclass(frozen=True)
class Planted(Around):
    """Around the teacher."""

    def columns(self, distance: np.ndarray) -> Columns:
        return taught_curve(self.model, self.alpha, distance, self.tolerance)

    def names(self) -> tuple[str, ...]:
        return (*_observed(taught_problem(self.model, self.alpha, HALF)), "s")

    def proved(self, distance: float, point: Mapping[str, float], digits: int) -> Enclosure:
        from replica.ansatz.franz_parisi.enclosed import enclosed_beside_teacher

        return enclosed_beside_teacher(self.model, self.alpha, distance, point, digits)

    def typical(self) -> tuple[float, float]:
        alone = solve(self.model, alpha=self.alpha, on_failure="keep")
        return (alone["m"], alone.errors["m"]) if alone.converged else NOWHERE


@dataclass(frozen=True)
class Student(Planted):
    """Around a typical Bayes-optimal student."""

    given: Any = None

    def columns(self, distance: np.ndarray) -> Columns:
        return student_curve(self.model, self.alpha, self.given, distance, self.tolerance)

    def proved(self, distance: float, point: Mapping[str, float], digits: int) -> Enclosure:
        """The copies' overlap with the teacher, and what follows from it, is left out."""
        found = super().proved(distance, point, digits)
        kept = {name: x for name, x in found.values.items() if not name.startswith("generalization")}
        return replace(found, values=kept)


@dataclass(frozen=True)
class Vector(Around):
    """Around a vector that an earlier solution describes: a curve of saddle points at fixed overlap with it."""

    given: Any = None

    equations: ClassVar[Any] = FranzParisiProblem

    def problem(self, distance: np.ndarray) -> FixedOverlap:
        """The equations at distances."""
        found: FixedOverlap = self.equations(self.model, self.alpha, self.given, distance)
        return found

    def columns(self, distance: np.ndarray) -> Columns:
        return curve(self.problem(distance), self.tolerance)

    def names(self) -> tuple[str, ...]:
        return _observed(self.problem(HALF))


@dataclass(frozen=True)
class Quenched(Vector):
    """Around a typical solution, random labels."""

    def proved(self, distance: float, point: Mapping[str, float], digits: int) -> Enclosure:
        from replica.ansatz.franz_parisi.enclosed import enclosed_beside_typical

        reference = replace(self.model, loss=self.given.side.loss)
        solution = solve(reference, alpha=self.alpha, on_failure="keep")
        return enclosed_beside_typical(self.model, reference, self.alpha, distance, (solution, point), digits)

    def typical(self) -> tuple[float, float]:
        if self.given.side == self.probe:  # two references are typical of each other
            return self.given.q, self.given.q_error
        if self.model.architecture.few is not None and self.model.architecture.few.dear:
            return NOWHERE  # not sought: it would take minutes
        alone = solve(self.model, alpha=self.alpha, on_failure="keep")
        if not alone.converged or "q_hat" not in alone.batch.names:
            return NOWHERE
        guess = np.sqrt(self.given.q * alone["q"])
        return typical_overlap(self.problem(np.array([(1.0 - (guess or 0.1)) / 2.0])))


@dataclass(frozen=True)
class Clustered(Vector):
    """Around a typical solution on the sphere, in classes of patterns with a direction to be learned."""

    equations: ClassVar[Any] = TypicalProblem

    def typical(self) -> tuple[float, float]:
        root = float(np.sqrt(self.model.architecture.scale))
        if self.given.side == self.probe and self.model.data.held_bias == root * self.given.bias:
            return self.given.q, self.given.q_error  # two references are typical of each other
        return typical_overlap(self.problem(np.array([(1.0 - self.given.q) / 2.0])))


@dataclass(frozen=True)
class FreeNorm(Vector):
    """Around a typical solution whose norm is solved for, random labels: its overlaps are cosines ``t/sqrt(Q_t Q)``."""

    equations: ClassVar[Any] = AlphabetProblem

    def typical(self) -> tuple[float, float]:
        cosine = self.given.q / self.given.norm
        if self.given.side == self.probe:  # two references are typical of each other
            return cosine, (self.given.q_error + cosine * self.given.norm_error) / self.given.norm
        return typical_overlap(self.problem(np.array([(1.0 - max(cosine, 0.05)) / 2.0])))


@dataclass(frozen=True)
class Pairs(Around):
    """First moment of pairs."""

    side: Any = None

    def columns(self, distance: np.ndarray) -> Columns:
        return annealed_curve(self.model, self.alpha, self.side, self.probe, distance)

    def names(self) -> tuple[str, ...]:
        return ("free_entropy",)


@dataclass(frozen=True)
class Lowest(Vector):
    """Around a zero-temperature minimiser, or a vector made of it."""

    centre: Any = None

    def problem(self, distance: np.ndarray) -> FixedOverlap:
        return MinimiserProblem(self.model, self.alpha, self.given, self.centre, distance)

    def columns(self, distance: np.ndarray) -> Columns:
        found = super().columns(distance)
        lost = np.flatnonzero(~which_converged(found.status))
        if lost.size:
            largest, error = self.largest()
            for row in lost:
                if 2.0 * distance[row] < 1.0 - largest - error:
                    found.status[row] = f"not converged: {TOO_CLOSE} {largest:.6g}"
        return found

    def largest(self) -> tuple[float, float]:
        return self._largest

    @cached_property
    def _largest(self) -> tuple[float, float]:
        if not STRICT(self.model):
            return NOWHERE
        return nearest_overlap(self.model, self.alpha, self.given, self.centre)

    def typical(self) -> tuple[float, float]:
        return typical_overlap(self.problem(np.array([0.35])))
