"""What a Franz-Parisi curve is drawn around: references as users name them, solved as the theory needs them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._checks import number
from replica.ansatz._fp_network import check
from replica.ansatz._fp_patterns import Side
from replica.ansatz._fp_problem import Reference as Typical
from replica.ansatz._minimiser_patterns import Minimiser
from replica.ansatz._minimiser_weights import Centre
from replica.ansatz.minimiser import check_probe
from replica.around import Around, Clustered, FreeNorm, Lowest, Pairs, Planted, Quenched, Student
from replica.losses._linear import LinearCost
from replica.model import Model, bayes_student, direction, require_model
from replica.verbs import solve
from replica.weights.base import Average, Free

PLANTED = "planted"  # the teacher itself as the reference
LARGEST = "max"


@dataclass(frozen=True)
class Reference:
    """What a Franz-Parisi curve is drawn around.

    Parameters
    ----------
    margin : float, "max" or None
        A typical solution of the same model at that margin (bands: that half-width); ``"max"`` the largest margin at
        that load (bands: the smallest half-width), which on the sphere is the one maximum-margin vector; None the
        model's own margin.
    model : Model, optional
        The zero-temperature minimiser of another model (spherical or Gaussian weights, a finite cost) on the same
        data; with ``margin="max"`` the maximum-margin vector of that model. A square loss without bias under
        ``penalty=inf`` gives the Hebb vector ``sum label x``:
        ``Reference(model=replica.mixture("square", penalty=inf, bias=False))`` on two clusters of the same
        noise and balance, ``replica.perceptron(replica.Gaussian(inf), loss="square")`` on random labels.
    tilt : float
        Overlap in (0, 1] of such a vector with the one distances are measured from: ``tilt`` times it plus
        ``sqrt(1-tilt^2)`` times independent noise.
    clipped : bool
        Measure distances from the signs of such a vector, its binary version.

    Raises
    ------
    ValueError
        For values outside these domains and combinations that mean nothing.

    Examples
    --------
    >>> import replica
    >>> replica.Reference(margin=0.3)
    Reference(margin=0.3, model=None, tilt=1.0, clipped=False)
    >>> around = replica.Reference(model=replica.perceptron("spherical", loss=replica.Logistic(gain=2.0)), clipped=True)
    """

    margin: Any = None
    model: Any = None
    tilt: float = 1.0
    clipped: bool = False

    def __post_init__(self) -> None:
        if self.model is not None and not isinstance(self.model, Model):
            raise ValueError(f"Reference(model=...) must be a Model or None, got {self.model!r}")
        if self.margin is not None and self.margin != LARGEST:
            if isinstance(self.margin, str):
                raise ValueError(f"Reference(margin=...) must be a number, 'max' or None, got {self.margin!r}")
            object.__setattr__(self, "margin", number("margin of the reference", self.margin))
            if self.model is not None:
                raise ValueError(
                    f"Reference(margin={self.margin:g}, model=...): with a model the margin is 'max' or None; "
                    "put a number into the loss of that model"
                )
        object.__setattr__(self, "tilt", number("tilt", self.tilt, low=0.0, high=1.0, open_low=True))
        if not isinstance(self.clipped, bool):
            raise ValueError(f"clipped must be True or False, got {self.clipped!r}")

    @property
    def plain(self) -> bool:
        """Whether distances are measured from the reference itself."""
        return self.tilt == 1.0 and not self.clipped

    def settings(self) -> dict[str, Any]:
        """For records."""
        model = None if self.model is None else self.model.settings()
        return {"margin": self.margin, "model": model, "tilt": self.tilt, "clipped": self.clipped}


def resolve(model: Model, alpha: float, given: Any, first_moment: bool) -> Around:
    """Check what is asked for and solve the reference."""
    taught = bool(require_model(model).data.overlaps)
    if given is not None and not isinstance(given, Reference) and not (taught and given == PLANTED):
        allowed = "a Reference, 'planted' or None" if taught else "a Reference or None"
        raise ValueError(f"reference must be {allowed}, got {given!r}")
    if first_moment and taught:
        raise ValueError("the first moment of pairs is here for random labels; use ansatz=RS() with a teacher")
    if given == PLANTED:
        check(model)
        return Planted(model, alpha, "converged; the teacher")
    given = given or Reference()
    single = given.model is not None or (given.margin == LARGEST and not model.weights.discrete)
    if single:
        if first_moment:
            raise ValueError("the first moment of pairs is here for typical references; use ansatz=RS() for minimisers")
        return _lowest(model, alpha, given)
    if not given.plain:
        raise ValueError(
            "tilt and clipped are here for references that are one vector, a minimiser: give Reference(model=...)"
        )
    check(model, first_moment)
    if first_moment and not model.architecture.plain:
        raise ValueError(f"the first moment of pairs is here for the perceptron, got {model.architecture}")
    return _typical(model, alpha, given, first_moment)


def _typical(model: Model, alpha: float, given: Reference, first_moment: bool) -> Around:
    """A typical solution of the same model at another margin."""
    base = model
    if given.margin == LARGEST:
        from replica.thresholds import max_margin

        found = max_margin(model, alpha=alpha)
        if not found.converged:
            return Around(model, alpha, f"not converged: no largest margin ({found.status})")
        base = model.with_parameters(margin=found.value)
    elif given.margin is not None:
        base = model.with_parameters(margin=given.margin)
    side, margin = Side(base.loss, float(base.beta)), _margin_of(base)
    if first_moment:
        return Pairs(model, alpha, "converged; first moment", margin, side)
    if model.data.overlaps:
        _check_covered(base)
    solution = solve(base, alpha=alpha, on_failure="keep")
    if not solution.converged or "q_hat" not in solution.batch.names:
        why = solution.status.removeprefix("converged; ")
        hint = "; give reference='planted'" if solution.converged and model.data.overlaps else ""
        return Around(model, alpha, f"not converged: no typical reference ({why}){hint}", margin)
    names = ("q", "q_hat")
    known = Typical(side, *(solution[name] for name in names), *(solution.errors[name] for name in names))
    kind = Student if model.data.overlaps else Quenched
    if model.data.gaussian_classes:
        return _clustered(model, alpha, solution, margin, known)
    if isinstance(model.weights.norm, Free):
        curvature, error = solution["q_hat"] + solution["Q_hat"], solution.errors["q_hat"] + solution.errors["Q_hat"]
        norm = {"norm": solution["Q"], "norm_error": solution.errors["Q"]}
        known = dataclasses.replace(known, curvature=curvature, curvature_error=error, **norm)
        kind = FreeNorm
    return kind(model, alpha, solution.status, margin, known)


def _margin_of(model: Model) -> float | None:
    return float(model.margin) if "margin" in model.parameter_names else None


def _clustered(model: Model, alpha: float, solution: Any, margin: float | None, known: Typical) -> Around:
    """Order parameters in units of weights of norm 1; the probe follows the bias of the reference."""
    root = float(np.sqrt(model.architecture.scale))
    found = {"q": known.q / root**2, "q_error": known.q_error / root**2}
    for name in ("m", "bias"):
        found |= {name: solution[name] / root, f"{name}_error": solution.errors[name] / root}
    known = dataclasses.replace(known, **found)
    return Clustered(_beside(model, known.bias), alpha, solution.status, margin, known)


def _check_covered(base: Model) -> None:
    """References with a teacher must be typical as the teacher is: only then its overlap with the probe is known."""
    if base.data.gaussian_classes:
        if isinstance(base.weights.norm, Average):
            return
        raise ValueError(
            f"typical references on two clusters are here for weights on the sphere, got {base.weights}; give "
            "reference=Reference(model=...), a minimiser"
        )
    if bayes_student(base) != base or not (base.weights.discrete or isinstance(base.weights.norm, Average)):
        raise ValueError(
            "with a teacher, references must be Bayes-optimal students, binary or on the sphere (the teacher's "
            "weights, margin 0, beta = inf): "
            f"give reference=Reference(margin=0.0), Reference(model=...) or 'planted', got {base}"
        )


def _lowest(model: Model, alpha: float, given: Reference) -> Around:
    """The minimiser of another model, or the maximum-margin vector."""
    check_probe(model)
    other = _on_same_data(model, given.model or model)
    other.require_single()
    if other.weights.discrete:
        raise ValueError(
            f"Reference(model=...): the minimiser must be one vector of continuous weights, got {other.weights}; "
            "use weights='spherical' or 'gaussian' (and clipped=True for its binary version)"
        )
    if not other.architecture.linear:
        raise ValueError(f"Reference(model=...): the minimiser must be that of a perceptron, got {other.architecture}")
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
        return Around(model, alpha, f"not converged: no minimiser ({solution.status})")
    if solution["q"] == 0.0:
        why = solution.status.removeprefix("converged; ")
        return Around(model, alpha, f"not converged: no direction is left to measure from ({why})")
    if np.isinf(solution["q"]):
        return _largest(model, alpha, given, direction(other))
    return _around_minimiser(model, alpha, given, other, solution)


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
        text = "not converged: no single minimiser: the cost vanishes on many solutions; give margin='max' for the "
        return Around(model, alpha, text + "maximum-margin one")
    norm, error = float(solution["q"]), solution.errors["q"]
    root, scale = np.sqrt(norm), {"m": 0.0, "bias": other.data.held_bias}
    errors = [("response", solution.errors["V"]), ("norm", error)]
    for name in scale:
        if name in names:
            scale[name] = float(solution[name])
            errors.append((name, solution.errors[name] / root + 0.5 * abs(scale[name]) / root * error / norm))
    m, bias = scale["m"] / root, scale["bias"] / root
    known = Minimiser(other.loss, float(solution["V"]), norm, m, bias, tuple(errors))
    return Lowest(_beside(model, bias), alpha, solution.status, None, known, Centre(given.tilt, given.clipped, m))


def _beside(model: Model, bias: float) -> Model:
    """The probe with the reference's bias, unless its own is imposed."""
    return dataclasses.replace(model, data=model.data.follow(bias * float(np.sqrt(model.architecture.scale))))


def _largest(model: Model, alpha: float, given: Reference, other: Model) -> Around:
    from replica.thresholds import max_margin

    found = max_margin(other, alpha=alpha)
    if not found.converged:
        return Around(model, alpha, f"not converged: no largest margin ({found.status})")
    at: Any = found.solution
    names = [name for name in ("m", "bias") if name in found.order_parameters]
    known = {"m": 0.0, "bias": other.data.held_bias} | {name: float(at[name]) for name in names}
    errors = (("margin", found.error), *((name, at.errors[name]) for name in names))
    reference = Minimiser(at.model.loss, np.inf, 1.0, known["m"], known["bias"], errors)
    centre = Centre(given.tilt, given.clipped, known["m"])
    return Lowest(_beside(model, known["bias"]), alpha, found.status, found.value, reference, centre)


def _on_same_data(model: Model, other: Model) -> Model:
    if other.data.pinned(model.weights) != model.data.pinned(model.weights):
        raise ValueError(f"Reference(model=...) must be a model on the same data, got {other.data} beside {model.data}")
    return other
