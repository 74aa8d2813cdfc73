"""The replica-symmetric equations over balls, with what they give at a solution; for which models they are proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._registry import vouched
from replica.ansatz.cavity import exact_scale, rescaled
from replica.ansatz.coverage import Covers, Demand
from replica.ansatz.erm.enclosed import BallRisk, minimises
from replica.ansatz.rs.equations import Equations
from replica.architectures._enclosed import enclosed_patterns
from replica.data import Overlaps
from replica.models.model import Model
from replica.solution.single import Solution
from saddlepoint.enclosures import Dual, Enclosure, Functions, NotEnclosed, Root, ball, enclosed_root

UNIQUE = "the stated equations have exactly one solution within {radius:.1e} of this one, which lies in these intervals"
NOT_PROVED = (
    "not proved: that no other solution lies farther away, that this is the relevant one, "
    "that the replica formula holds",
)

def _proved(part: str, *names: str) -> Callable[[Model], bool]:
    """Whether the class that a member's equations come from is one whose bounds are proved."""
    return lambda model: vouched(getattr(model, part), *names)


COVERS = Covers(
    "an enclosure",
    (
        Demand(
            "is here for weights with proved bounds (binary, spherical, alphabets)",
            _proved("weights", "enclosed_single", "log_z", "single", "entropic"),
            "weights",
        ),
        Demand(
            "is here for losses with proved bounds (margin, error-count)",
            _proved("loss", "enclosed", "terms", "cost"),
            "loss",
        ),
        Demand("is here for random labels and for teachers", _proved("data", "enclosed", "channels", "law"), "data"),
        Demand(
            "is here for perceptrons and for wide committees whose kernel is a closed formula",
            lambda model: model.architecture.closed,
            "architecture",
        ),
    ),
)


def covered(model: Model) -> None:
    """`NotEnclosed` with the first thing that a model lacks."""
    for demand in COVERS.lacks(model)[:1]:
        raise NotEnclosed(f"not enclosed: an enclosure {demand.words}, got {demand.got(model)}")


@dataclass(frozen=True)
class BallEquations:
    """The equations of `Equations` for one model: unknowns are its conjugates, in the same order."""

    model: Model

    def __post_init__(self) -> None:
        covered(self.model)

    @property
    def equations(self) -> Equations:
        return Equations(self.model, 1)

    def seen(
        self, values: Mapping[str, Any], alpha: Any, *, beta: Any = None, shift: Any = 0
    ) -> tuple[list[Any], dict[str, Any]]:
        """Residuals ``x - alpha C(x)`` of the conjugates, and all that a solution reports; ``beta`` and a ``shift``
        of all fields may be
        unknowns too.
        """
        equations, own = self.equations, self.model
        curvature, m_hat = values.get("curvature", 0), values.get("m_hat", 0)
        single = own.weights.enclosed_single(values["q_hat"], m_hat, curvature, equations.law)
        taught = bool(own.data.overlaps)
        m, transverse = (single.m, single.transverse) if taught else (0, single.q)
        overlaps = Overlaps(single.q, single.variance, m, transverse)
        cold = beta is None and bool(np.all(np.isinf(own.beta)))
        heat = None if cold else ball(own.beta) if beta is None else beta
        pattern = enclosed_patterns(own.architecture, own.loss, own.data, overlaps, heat, shift)
        residuals = [values[name] - alpha * equations.conjugate(pattern, name) for name in equations.names]
        phi = own.weights.entropic(single, values["q_hat"], m_hat, curvature) + alpha * pattern.log_z
        found = {"q": single.q, "V": single.variance} | {n: x for n, x in values.items() if n != "curvature"}
        if equations.free_norm:
            found |= {"Q": single.norm, "Q_hat": curvature - values["q_hat"]}
        found |= {"free_entropy": phi, "entropy": phi}
        if pattern.cost is not None:
            found["energy"] = alpha * pattern.cost
            found["entropy"] = phi + heat * found["energy"]
        found["stability"] = 1 - alpha * pattern.rigidity * single.susceptibility
        if taught:
            found["m"] = m
            fields = own.architecture.field_overlaps(overlaps)[0]
            found |= own.data.reference_generalization(fields, Functions)
        return residuals, rescaled(found, exact_scale(own, Functions))

    def start(self, solution: Solution) -> list[float]:
        """The conjugates of a floating-point solution."""
        known = rescaled(dict(solution.order_parameters), 1.0 / self.model.architecture.scale)
        seen = known | {"curvature": known.get("Q_hat", 0.0) + known["q_hat"]}
        return [seen[name] for name in self.equations.names]

    def named(self, unknowns: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(self.equations.names, unknowns, strict=False))


def enclose_solution(solution: Solution, digits: int) -> Enclosure:
    """The saddle point nearest to a floating-point solution."""
    if not solution.converged:
        raise NotEnclosed(f"not enclosed: {solution.status}")
    if minimises(solution.model):
        risk = BallRisk(solution)
        return _same(solution, of_root(enclosed_root(risk, risk.start, digits), "free_entropy", digits))
    system = BallEquations(solution.model)
    if not solution.order_parameters.get("q_hat", 0.0) > 0:
        raise NotEnclosed("not enclosed: a state without overlap, or without fluctuations, is no such zero")

    def equations(unknowns: list[Dual]) -> tuple[list[Any], dict[str, Any]]:
        return system.seen(system.named(unknowns), ball(solution.load))

    return _same(solution, of_root(enclosed_root(equations, system.start(solution), digits), "free_entropy", digits))


def _same(solution: Solution, found: Enclosure) -> Enclosure:
    """What was proved, if it is of the solution that was given."""
    for name, x in found.values.items():
        if name in solution.errors:
            same_number(name, solution[name], solution.errors[name], x)
    return found


def same_number(name: str, value: float, error: float, found: Enclosure) -> None:
    """Refuse what is proved of other equations than those that the floating-point number came from."""
    if not abs(value - float(found)) <= 1e3 * error + 1e-7 * abs(value):
        raise NotEnclosed(f"not enclosed: {name} = {value:.9g} solves other equations than those of the proof")


def of_root(root: Root, main: str, digits: int) -> Enclosure:
    """The enclosure of one of the numbers at a zero, with those of all others."""
    if not root.radius > 0:
        unique = "the stated equations have exactly one solution in these intervals"
    else:
        unique = UNIQUE.format(radius=root.radius)
    words = {"uniqueness_radius": root.radius, "proved": (unique,), "not_proved": NOT_PROVED}
    values = {name: Enclosure.of(x, digits, **words) for name, x in root.values.items()}
    return Enclosure.of(root.values[main], digits, values=values, **words)
