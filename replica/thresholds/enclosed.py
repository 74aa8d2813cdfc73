"""Thresholds with proof: the saddle point with one more unknown and one more equation, folds, and closed formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._registry import vouched
from replica.ansatz.rs.enclosed import BallEquations, covered, of_root, same_number
from replica.data import Overlaps
from replica.models.model import Model, separating
from replica.solution.said import beside
from replica.weights.base import Average
from saddlepoint.enclosures import Dual, Enclosure, NotEnclosed, ball, enclosed_root, flint, plain

#: where the ansatz has thresholds with proof
METHOD, FIRST_MOMENT = "branch", "first-moment"


@dataclass(frozen=True)
class Asked:
    """The question that a threshold answers: its name, the model, the ansatz, and the load where that is given."""

    name: str
    model: Model
    ansatz: Any
    alpha: Any = None


def enclose_threshold(found: Any, asked: Asked, digits: int) -> Enclosure:
    """By the kind of the threshold; `NotEnclosed` for those that have no proof."""
    if not found.converged:
        raise NotEnclosed(f"not enclosed: {found.status}")
    if asked.ansatz.method == FIRST_MOMENT and asked.name == "capacity":
        return _checked(found, _first_moment(_cold(asked), digits, stable=False))
    if asked.ansatz.method != METHOD:
        raise NotEnclosed(f"not enclosed: enclosures are here for RS(), got {asked.ansatz}")
    if asked.name not in KINDS:
        raise NotEnclosed(f"not enclosed: nothing is proved of the threshold {asked.name}; proofs: {', '.join(KINDS)}")
    return _checked(found, KINDS[asked.name](found, asked, digits))


def _checked(found: Any, enclosed: Enclosure) -> Enclosure:
    same_number("the threshold", found.value, found.error, enclosed)
    return enclosed


def _cold(asked: Asked) -> Model:
    return separating(asked.model).with_parameters(beta=np.inf)


def _at(found: Any, system: BallEquations) -> list[float]:
    """The conjugates of the floating-point threshold."""
    known = {} if found.solution is None else found.solution.order_parameters
    if not (known.get("q_hat", 0.0) > 0 and known.get("V", 0.0) > 0):
        raise NotEnclosed(f"not enclosed: no proof covers {beside(found.status)}")
    return system.start(found.solution)


def _condition(model: Model, found: Any, name: str, digits: int) -> Enclosure:
    """The load at which a number of the saddle point vanishes."""
    system = BallEquations(model)

    def equations(unknowns: list[Dual]) -> tuple[list[Any], Mapping[str, Any]]:
        *_, alpha = unknowns
        residuals, seen = system.seen(system.named(unknowns), alpha)
        return [*residuals, seen[name]], seen | {"alpha": alpha}

    return of_root(enclosed_root(equations, [*_at(found, system), found.value], digits), "alpha", digits)


def capacity(found: Any, asked: Asked, digits: int) -> Enclosure:
    """Zero of the RS entropy; on the sphere the limit q -> 1 (lemma Q of `replica.losses._enclosed_missing`)."""
    model = _cold(asked)
    if isinstance(model.weights.norm, Average):
        with flint().ctx.workprec(_bits(digits)):
            load = 1 / _missing_share(model, asked, ball(model.margin))
        return _closed(load, "the load of the limit q -> 1, by its closed formula", digits)
    if model.loss.even:
        return _first_moment(model, digits, stable=True)
    covered(model)
    return _condition(model, found, "entropy", digits)


def _missing_share(model: Model, asked: Asked, margin: Any) -> Any:
    """``E (u - w)^2/k'(1)``, the inverse of the load at which ``q -> 1`` on the sphere."""
    if not (model.weights.isotropic and model.data.unrelated and model.architecture.closed):
        words = "perceptrons and wide committees of a closed kernel, and random labels"
        raise NotEnclosed(f"not enclosed: on the sphere {asked.name} is proved of {words}")
    norm, slope = _kernel(model, "enclosed_missing", 1)
    return model.loss.enclosed_missing(margin / norm.sqrt()) * norm / slope


def _first_moment(model: Model, digits: int, *, stable: bool) -> Enclosure:
    """``ln 2/(-ln p)`` of a band, p its mass; where asked, q = 0 is proved to be stable: ``alpha (2 kappa
    g(kappa)/p)^2 < 1``, at field variance 1.
    """
    with flint().ctx.workprec(_bits(digits)):
        mass, bend = _even_mass(model, ball(model.margin))
        load = flint().arb(2).log() / -mass.log()
        if not stable:
            return _closed(load, "the load of the first moment", digits)
        if not load * bend * bend < 1:
            raise NotEnclosed(UNSTABLE)
        return _closed(load, "the load of the first moment, at which q = 0 is locally stable", digits)


def _even_mass(model: Model, margin: Any) -> tuple[Any, Any]:
    if not (model.weights.letters == (-1.0, 1.0) and model.architecture.closed and model.data.unrelated):
        words = "+-1, random labels, perceptrons and wide committees of a closed kernel"
        raise NotEnclosed(f"not enclosed: first moments of bands are proved for {words}")
    norm, slope = _kernel(model, "enclosed_mass", 0)
    mass, bend = model.loss.enclosed_mass(margin / norm.sqrt())
    return mass, bend * slope / norm


def _kernel(model: Model, needed: str, q: int) -> tuple[Any, Any]:
    """``k(1)`` and ``k'(q)`` of the fields, of a loss that has what is needed."""
    if not vouched(model.loss, needed, "cost", "terms", "ground"):
        raise NotEnclosed(f"not enclosed: nothing is proved of the loss {model.loss}")
    one = Dual(ball(1))
    fields, slopes = model.architecture.field_overlaps(Overlaps(q * one, (1 - q) * one, 0, q * one))
    return plain(fields.q + fields.variance), plain(slopes.q)


def _bits(digits: int) -> int:
    return int(digits * 3.33) + 40


def _closed(number: Any, what: str, digits: int) -> Enclosure:
    """By a formula without unknowns."""
    return Enclosure.of(number, digits, proved=(f"{what}, lies in this interval",), not_proved=(FORMULA,))


UNSTABLE = "not enclosed: q = 0 is not proved to be stable at the first moment"
FORMULA = "not proved: that the replica formula holds, and that no symmetry is broken"


def transition(found: Any, asked: Asked, digits: int) -> Enclosure:
    """The free entropy of the uninformed branch is that of the teacher, 0."""
    return _condition(asked.model, found, "free_entropy", digits)


def at_line(found: Any, asked: Asked, digits: int) -> Enclosure:
    """The replicon vanishes."""
    return _condition(asked.model, found, "stability", digits)


def freezing(found: Any, asked: Asked, digits: int) -> Enclosure:
    """The temperature at which the entropy vanishes: beta is the further unknown."""
    model = found.solution.model
    system = BallEquations(model.with_parameters(beta=float(1.0 / found.value)))

    def equations(unknowns: list[Dual]) -> tuple[list[Any], Mapping[str, Any]]:
        *_, beta = unknowns
        residuals, seen = system.seen(system.named(unknowns), ball(asked.alpha), beta=beta)
        return [*residuals, seen["entropy"]], seen | {"beta": beta, "temperature": 1 / beta}

    return of_root(enclosed_root(equations, [*_at(found, system), 1.0 / found.value], digits), "temperature", digits)


def max_margin(found: Any, asked: Asked, digits: int) -> Enclosure:
    """The margin at which the load is the capacity."""
    model, middle = _cold(asked), round(found.value) - 1  # the unknown is one of order 1, also at margin 0
    sphere = isinstance(model.weights.norm, Average)
    if sphere or model.loss.even:

        def alone(unknowns: list[Dual]) -> tuple[list[Any], Mapping[str, Any]]:
            margin = unknowns[0] + middle
            if sphere:
                return [ball(asked.alpha) * _missing_share(model, asked, margin) - 1], {"margin": margin}
            mass, bend = _even_mass(model, margin)
            residual = ball(asked.alpha) * mass.log() + flint().arb(2).log()
            return [residual], {"margin": margin, "stability": 1 - ball(asked.alpha) * bend * bend}

        root = enclosed_root(alone, [found.value - middle], digits)
        if not (sphere or root.values["stability"] > 0):
            raise NotEnclosed(UNSTABLE)
        return of_root(root, "margin", digits)
    covered(model)
    system = BallEquations(model)

    def equations(unknowns: list[Dual]) -> tuple[list[Any], Mapping[str, Any]]:
        margin = unknowns[-1] + middle
        shift = ball(model.margin) - margin
        residuals, seen = system.seen(system.named(unknowns), ball(asked.alpha), shift=shift)
        return [*residuals, seen["entropy"]], seen | {"margin": margin}

    return of_root(enclosed_root(equations, [*_at(found, system), found.value - middle], digits), "margin", digits)


def spinodal(found: Any, asked: Asked, digits: int) -> Enclosure:
    """A regular fold: the Jacobian F' has a null vector w, its first component held at 1; x, alpha and the rest of w
    are sought.
    """
    system = BallEquations(asked.model)
    start = _at(found, system)
    count = len(start)

    def equations(unknowns: list[Dual]) -> tuple[list[Any], Mapping[str, Any]]:
        point, alpha, along = unknowns[:count], unknowns[count], [1, *unknowns[count + 1 :]]
        moving = [Dual(x, [w], level=2) for x, w in zip(point, along, strict=True)]
        residuals, seen = system.seen(system.named(moving), alpha)
        values = {name: x.value if isinstance(x, Dual) and x.level == 2 else x for name, x in seen.items()}
        return [*(r.value for r in residuals), *(r.slopes[0] for r in residuals)], values | {"alpha": alpha}

    place = [*start, found.value, *_null(system, start, found.value)]
    return of_root(enclosed_root(equations, place, digits), "alpha", digits)


def _null(system: BallEquations, start: list[float], alpha: float) -> list[float]:
    """The null vector of the Jacobian at the floating-point fold, with first component 1 left out."""
    count = len(start)
    with flint().ctx.workprec(64):
        point = [Dual(ball(x), [int(i == j) for j in range(count)]) for i, x in enumerate(start)]
        residuals, _ = system.seen(system.named(point), ball(alpha))
        jacobian = np.array([[float(s) for s in r.slopes] for r in residuals])
    rest, *_ = np.linalg.lstsq(jacobian[:, 1:], -jacobian[:, 0], rcond=None)
    return [float(x) for x in rest]


#: threshold -> its proof
KINDS: dict[str, Callable[[Any, Asked, int], Enclosure]] = {
    "capacity": capacity,
    "max-margin": max_margin,
    "at": at_line,
    "transition": transition,
    "spinodal": spinodal,
    "freezing": freezing,
}
