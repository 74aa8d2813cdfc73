"""What a Franz-Parisi curve is drawn around, solved as the theory needs it; words are read in `named_references`."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from replica.ansatz.coverage import LINEAR, NORM_ON_AVERAGE, Covers
from replica.ansatz.franz_parisi.minimiser import PROBE
from replica.ansatz.franz_parisi.minimiser_patterns import Minimiser
from replica.ansatz.franz_parisi.minimiser_weights import Centre
from replica.ansatz.franz_parisi.network import FIRST_MOMENT, TYPICAL
from replica.ansatz.franz_parisi.pair_patterns import Side
from replica.ansatz.franz_parisi.typical_held_norm import Reference as Typical
from replica.data import Classes
from replica.landscape.kinds import Around, Clustered, FreeNorm, Lost, Lowest, Pairs, Planted, Quenched, Student, doubts
from replica.landscape.named_references import LARGEST, PLANTED, Reference, named
from replica.losses._linear import LinearCost
from replica.models.directions import direction
from replica.models.model import Model, bayes_student
from replica.solution.said import beside
from replica.verbs import solve
from replica.weights.base import Average, Free

__all__ = ["LARGEST", "PLANTED", "Reference", "resolve"]

CLUSTERED = Covers(
    "franz_parisi on two clusters",
    (NORM_ON_AVERAGE.instead("is here for weights on the sphere, or around a minimiser (Reference(model=...))"),),
)
VECTOR = Covers("the minimiser of Reference(model=...)", (LINEAR.instead("must be that of a perceptron"),))


def resolve(model: Model, alpha: float, given: Any, first_moment: bool, tolerance: float | None = None) -> Around:
    """Check what is asked for and solve the reference."""
    found = _resolved(model, alpha, named(model, given), first_moment)
    return dataclasses.replace(found, tolerance=tolerance)


def resolve_end(model: Model, alpha: float, given: Any) -> Around:
    """The same of an end of a path."""
    return resolve(model, alpha, given, False)


def taught_typical(model: Model, alpha: float, given: Reference) -> Around:
    """A typical student of a teacher at a margin of its own, as an end of a path."""
    if given.model is not None or given.margin == LARGEST:
        raise ValueError(f"with a teacher the ends of a path are typical solutions at margins, got {given}")
    base = model if given.margin is None else _at_margin(model, given.margin)
    solution = solve(base, alpha=alpha, on_failure="keep")
    side = Side(base.loss, float(base.beta))
    of = Student(model, alpha, given=Typical(side, 0.5, 1.0))
    if not solution.converged or "q_hat" not in solution.batch.names:
        return Lost(model, alpha, f"not converged: no typical solution ({beside(solution.status)})", of=of)
    names = ("q", "q_hat", "m", "m_hat")
    found: dict[str, Any] = {name: solution[name] for name in names}
    known = Typical(side, **found, **{f"{name}_error": solution.errors[name] for name in names})
    return Student(model, alpha, solution.status, _margin_of(base), doubts(None, solution), given=known)


def _resolved(model: Model, alpha: float, given: Reference | str, first_moment: bool) -> Around:
    if first_moment and model.data.overlaps:
        raise ValueError("the first moment of pairs is here for random labels; use ansatz=RS() with a teacher")
    if not isinstance(given, Reference):
        TYPICAL.check(model)
        return Planted(model, alpha, "converged; the teacher")
    single = given.model is not None or (given.margin == LARGEST and not model.weights.discrete)
    if single:
        if first_moment:
            raise ValueError("the first moment of pairs is here for typical references; use ansatz=RS() for minimisers")
        return _lowest(model, alpha, given)
    if not given.plain:
        raise ValueError(
            "tilt and clipped are here for references that are one vector, a minimiser: give Reference(model=...)"
        )
    (FIRST_MOMENT if first_moment else TYPICAL).check(model)
    return _typical(model, alpha, given, first_moment)


def _kind(model: Model) -> Any:
    """What a typical solution of these weights and data is."""
    if model.data.classes is Classes.GAUSSIAN:
        return Clustered
    if model.data.classes is Classes.REWEIGHTED:
        return Student
    return FreeNorm if isinstance(model.weights.norm, Free) else Quenched


def _typical(model: Model, alpha: float, given: Reference, first_moment: bool) -> Around:
    """A typical solution of the same model at another margin."""
    base, kind, widest = model, _kind(model), None
    of = kind(model, alpha, given=Typical(Side(model.loss, float(model.beta)), 0.5, 1.0))
    if given.margin == LARGEST:
        from replica.thresholds import max_margin

        found = max_margin(model, alpha=alpha)
        if not found.converged:
            why = beside(found.status)
            return Lost(model, alpha, f"not converged: no largest margin ({why})", of=of)
        base, widest = _at_margin(model, found.value), found.solution
    elif given.margin is not None:
        base = _at_margin(model, given.margin)
    side = Side(base.loss, float(base.beta), guard=float(base.architecture.guard))
    margin = _margin_of(base)
    if model.data.overlaps:
        _check_covered(base)
    solution = solve(base, alpha=alpha, on_failure="keep")
    if first_moment:
        return Pairs(model, alpha, "converged; first moment", margin, doubts(widest, solution), side=side)
    if not solution.converged or "q_hat" not in solution.batch.names:
        why = beside(solution.status)
        hint = "; give reference='planted'" if solution.converged and model.data.overlaps else ""
        return Lost(model, alpha, f"not converged: no typical reference ({why}){hint}", margin, of=of)
    names = ("q", "q_hat")
    known = Typical(side, *(solution[name] for name in names), *(solution.errors[name] for name in names))
    doubt = doubts(widest, solution)
    if kind is Clustered:
        return _clustered(model, alpha, solution, margin, known, doubt)
    if kind is FreeNorm:
        curvature, error = solution["q_hat"] + solution["Q_hat"], solution.errors["q_hat"] + solution.errors["Q_hat"]
        norm: dict[str, Any] = {"norm": solution["Q"], "norm_error": solution.errors["Q"]}
        known = dataclasses.replace(known, curvature=curvature, curvature_error=error, **norm)
    return kind(model, alpha, solution.status, margin, doubt, given=known)


def _at_margin(model: Model, margin: float) -> Model:
    """The model at another margin: of its field, or of every unit."""
    return model.with_parameters(**{model.architecture.margin_parameter: margin})


def _margin_of(model: Model) -> float | None:
    name = model.architecture.margin_parameter
    return float(model.parameter(name)) if name in model.parameter_names else None


def _clustered(model: Model, alpha: float, solution: Any, margin: float | None, known: Typical, doubt: str) -> Around:
    """Order parameters in units of weights of norm 1; the probe follows the bias of the reference."""
    root = float(np.sqrt(model.architecture.scale))
    found: dict[str, Any] = {"q": known.q / root**2, "q_error": known.q_error / root**2}
    for name in ("m", "bias"):
        found |= {name: solution[name] / root, f"{name}_error": solution.errors[name] / root}
    known = dataclasses.replace(known, **found)
    return Clustered(_beside(model, known.bias), alpha, solution.status, margin, doubt, given=known)


def _check_covered(base: Model) -> None:
    """References with a teacher must be typical as the teacher is: only then its overlap with the probe is known."""
    if base.data.classes is Classes.GAUSSIAN:
        return CLUSTERED.check(base)
    if bayes_student(base) != base or not (base.weights.discrete or isinstance(base.weights.norm, Average)):
        raise ValueError(
            "with a teacher, references must be Bayes-optimal students, binary or on the sphere (the teacher's "
            "weights, margin 0, beta = inf): "
            f"give reference=Reference(margin=0.0), Reference(model=...) or 'planted', got {base}"
        )


def _lowest(model: Model, alpha: float, given: Reference) -> Around:
    """The minimiser of another model, or the maximum-margin vector."""
    PROBE.check(model)
    other = _on_same_data(model, given.model or model)
    other.require_single()
    if other.weights.discrete:
        raise ValueError(
            f"Reference(model=...): the minimiser must be one vector of continuous weights, got {other.weights}; "
            "use weights='spherical' or 'gaussian' (and clipped=True for its binary version)"
        )
    VECTOR.check(other)
    if given.margin == LARGEST:
        return _largest(model, alpha, given, other)
    if other.loss.hard or not np.isinf(other.beta):
        raise ValueError(
            "Reference(model=...) must be a finite cost at beta = inf, whose minimiser is one vector, got "
            f"{other.loss} at beta = {other.beta:g}; for a hard margin give margin='max'"
        )
    if "penalty" in other.parameter_names and np.isinf(other.parameter("penalty")):
        other = _vanishing(other)
    solution = solve(other, alpha=alpha, on_failure="keep")
    if not solution.converged:
        return _no_vector(model, alpha, given, f"no minimiser ({beside(solution.status)})")
    if solution["q"] == 0.0:
        why = beside(solution.status)
        return _no_vector(model, alpha, given, f"no direction is left to measure from ({why})")
    if np.isinf(solution["q"]):
        return _largest(model, alpha, given, direction(other))
    return _around_minimiser(model, alpha, given, other, solution)


def _no_vector(model: Model, alpha: float, given: Reference, why: str) -> Around:
    """Around a vector that is not there."""
    nothing = Minimiser(model.loss, 1.0)
    of = Lowest(_beside(model, 0.0), alpha, given=nothing, centre=Centre(given.tilt, given.clipped))
    return Lost(model, alpha, f"not converged: {why}", of=of)


def _vanishing(other: Model) -> Model:
    """Of weights under an infinite penalty a direction remains: without bias the sum of the patterns, each with the
    slope of its cost at field 0.
    """
    if other.data.trained and other.data.symmetric(1)[0]:  # what is learned is 0 by symmetry
        other = dataclasses.replace(other, data=other.data.pinned(other.weights))
    if other.data.trained or other.data.held_bias != 0.0:
        raise ValueError(
            "Reference(model=...): under an infinite penalty a bias outgrows the weights; give bias=False, or a large "
            "finite penalty"
        )
    if not other.loss.slope(np.zeros((1, 1)))[0, 0] < 0.0:
        raise ValueError(
            f"Reference(model=...): under an infinite penalty {other.loss} pulls no pattern, no vector is left"
        )
    return dataclasses.replace(other, loss=LinearCost()).with_parameters(penalty=1.0)


def _around_minimiser(model: Model, alpha: float, given: Reference, other: Model, solution: Any) -> Around:
    names = solution.batch.names
    if "V" not in names or "q_hat" in names:  # solutions of zero cost: many of them
        text = "no single minimiser: the cost vanishes on many solutions; give margin='max' for the maximum-margin one"
        return _no_vector(model, alpha, given, text)
    norm, error = float(solution["q"]), solution.errors["q"]
    root, scale = np.sqrt(norm), {"m": 0.0, "bias": other.data.held_bias}
    errors = [("response", solution.errors["V"]), ("norm", error)]
    for name in scale:
        if name in names:
            scale[name] = float(solution[name])
            errors.append((name, solution.errors[name] / root + 0.5 * abs(scale[name]) / root * error / norm))
    m, bias = scale["m"] / root, scale["bias"] / root
    known = Minimiser(other.loss, float(solution["V"]), norm, m, bias, tuple(errors))
    centre, doubt = Centre(given.tilt, given.clipped, m), doubts(solution)
    return Lowest(_beside(model, bias), alpha, solution.status, None, doubt, given=known, centre=centre)


def _beside(model: Model, bias: float) -> Model:
    """The probe with the reference's bias, unless its own is imposed."""
    return dataclasses.replace(model, data=model.data.follow(bias * float(np.sqrt(model.architecture.scale))))


def _largest(model: Model, alpha: float, given: Reference, other: Model) -> Around:
    from replica.thresholds import max_margin

    found = max_margin(other, alpha=alpha)
    if not found.converged:
        return _no_vector(model, alpha, given, f"no largest margin ({beside(found.status)})")
    at: Any = found.solution
    names = [name for name in ("m", "bias") if name in found.order_parameters]
    known = {"m": 0.0, "bias": other.data.held_bias} | {name: float(at[name]) for name in names}
    errors = (("margin", found.error), *((name, at.errors[name]) for name in names))
    reference = Minimiser(at.model.loss, np.inf, 1.0, known["m"], known["bias"], errors)
    centre = Centre(given.tilt, given.clipped, known["m"])
    probe, doubt = _beside(model, known["bias"]), doubts(found.solution)
    return Lowest(probe, alpha, found.status, found.value, doubt, given=reference, centre=centre)


def _on_same_data(model: Model, other: Model) -> Model:
    if other.data.pinned(model.weights) != model.data.pinned(model.weights):
        raise ValueError(f"Reference(model=...) must be a model on the same data, got {other.data} beside {model.data}")
    return other
