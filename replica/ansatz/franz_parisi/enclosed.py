"""Points of Franz-Parisi curves with proof: around the direction to be learned, and around a typical solution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from replica._registry import vouched
from replica.ansatz.coverage import PERCEPTRON, Covers, Demand
from replica.ansatz.rs.enclosed import BallEquations, of_root
from replica.losses._enclosed_pair import enclosed_pair_pattern
from replica.models.model import Model
from saddlepoint.enclosures import Dual, Enclosure, NotEnclosed, ball, enclosed_root

COVERS = Covers(
    "an enclosure around a typical solution",
    (
        Demand(
            "is here for weights of +-1 and for the whole sphere",
            lambda model: vouched(model.weights, "enclosed_pair", "pair", "single", "log_z", "entropic"),
            "weights",
        ),
        Demand(
            "is here for a hard margin",
            lambda model: (
                vouched(model.loss, "enclosed", "terms", "cost")
                and model.loss.enclosed(bool(np.all(np.isinf(model.beta)))).threshold is not None
            ),
            "loss",
        ),
        Demand(
            "is here for random labels",
            lambda model: model.data.unrelated and vouched(model.data, "enclosed", "channels", "law"),
            "data",
        ),
        PERCEPTRON,
    ),
)
#: digits beyond those wanted: what differences of overlaps lose, and to which the reference is known
_LOST, _BEYOND = 6, 14
#: boxes without another solution that are tried
_SHARES = 1e-4, 1e-5


def enclosed_beside_teacher(
    model: Model, alpha: Any, distance: Any, known: Mapping[str, float], digits: int
) -> Enclosure:
    """Copies at a distance from the direction to be learned: that overlap is given, and its conjugate holds it."""
    system = BallEquations(model)
    shift = {"m_hat": _beside(known["t_hat"])}
    seen = {"q_hat": known["q_hat"], "m_hat": known["t_hat"]}
    names = system.equations.names

    def equations(unknowns: list[Dual]) -> tuple[list[Any], dict[str, Any]]:
        values = {name: x + shift.get(name, 0) for name, x in zip(names, unknowns, strict=True)}
        residuals, found = system.seen(values, ball(alpha))
        along = names.index("m_hat")
        found["slope"] = 2 * residuals[along]
        residuals[along] = found["m"] - (1 - 2 * ball(distance))
        found["t_hat"] = found.pop("m_hat")
        del found["m"]
        return residuals, found

    start = [seen[name] - shift.get(name, 0) for name in names]
    return of_root(enclosed_root(equations, start, digits), "free_entropy", digits)


def _beside(value: float) -> int:
    """What leaves of a number that may be 0 one of order 1, as an unknown must be."""
    return round(value) - 1


def enclosed_beside_typical(
    model: Model, reference: Model, alpha: Any, distance: Any, start: tuple[Any, Mapping[str, float]], digits: int
) -> Enclosure:
    """Copies at a distance from a typical solution of ``reference``; ``start`` has the floating-point solution of it,
    and the point.
    """
    for one in (model, reference):
        for demand in COVERS.lacks(one)[:1]:
            raise NotEnclosed(f"not enclosed: {COVERS.what} {demand.words}, got {demand.got(one)}")
    solution, known = start
    system = BallEquations(reference)

    def alone(unknowns: list[Dual]) -> tuple[list[Any], dict[str, Any]]:
        return system.seen(system.named(unknowns), ball(alpha))

    held = enclosed_root(alone, system.start(solution), digits + _BEYOND).values
    shift = {name: _beside(known[name]) for name in ("s_hat", "t_hat")}

    def equations(unknowns: list[Dual]) -> tuple[list[Any], dict[str, Any]]:
        away, load = ball(distance), ball(alpha)
        kappa, beside = (one.loss.enclosed(True).threshold for one in (model, reference))
        q_hat, s_hat, t_hat = (x + shift.get(n, 0) for n, x in zip(("q_hat", "s_hat", "t_hat"), unknowns, strict=True))
        own = model.weights.enclosed_pair(held, away, q_hat, s_hat, t_hat)
        pattern = enclosed_pair_pattern(kappa, beside, own.rest, own.s, 1 - 2 * away, held["q"])
        found = {
            "free_entropy": own.entropic + load * pattern.log_z,
            "q": 1 - own.rest,
            "s": own.s,
            "q_hat": q_hat,
            "s_hat": s_hat,
            "t_hat": t_hat,
            "slope": 2 * (t_hat - load * pattern.pinned),
            "stability": 1 - load * pattern.rigidity * own.susceptibility,
        }
        return [q_hat - load * pattern.square, s_hat - load * pattern.shared, own.held], found

    place = [known["q_hat"], *(known[name] - shift[name] for name in ("s_hat", "t_hat"))]
    return of_root(enclosed_root(equations, place, digits + _LOST, _SHARES), "free_entropy", digits)
