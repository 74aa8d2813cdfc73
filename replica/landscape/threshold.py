"""The local-entropy threshold: where curves of the local entropy stop growing with the distance. No equations here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from replica._checks import shown
from replica.ansatz import Ansatz
from replica.ansatz.coverage import GAUSSIAN_FIELD, HARD, RANDOM_LABELS, Covers
from replica.ansatz.replicated.ansatz import LocalEntropy
from replica.landscape.references import LARGEST, Reference, resolve
from replica.models.model import Model, require_model
from replica.thresholds import capacity, max_margin
from replica.thresholds.base import NAN, Line, Threshold
from replica.thresholds.registry import threshold_line
from replica.thresholds.tangency import Curve, first_tangency

CENTRE = "lowest slope of the local entropy of optimal centres (replicas = inf) vanishes below its maximum"
AROUND = "lowest slope of the Franz-Parisi entropy around {} vanishes below its maximum"

ISOLATED = (
    "around typical solutions of counted weights the entropy falls with the distance near d = 0 at any load: they are "
    "isolated (see replica.isolation)"
)
QUICK = Covers("local_entropy_threshold without a reference", (GAUSSIAN_FIELD,))
COVERS = Covers("local_entropy_threshold", (HARD.instead("counts solutions, of a hard constraint"), RANDOM_LABELS))


def local_entropy_threshold(model: Model, *, reference: Reference | None = None) -> Threshold:
    r"""The smallest load at which ``dS/dd`` vanishes at a distance below that of the maximum of a local-entropy curve.

    Up to that load the entropy of the solutions at a distance d grows with d all the way to its maximum: dense regions
    are connected to typical ones. At it the curve has a flat place, ``dS/dd = d^2 S/dd^2 = 0``.

    When not to use it: to set it beside a threshold of another definition, of which the literature has several.

    Parameters
    ----------
    model : Model
        Weights and loss that the curve is there for (see `local_entropy` and `franz_parisi`); random labels.
    reference : Reference, optional
        None: the curve of optimal centres, ``local_entropy(model, replicas=inf)``. A `Reference`: the Franz-Parisi
        curve around it at each load; ``Reference(margin="max")`` are solutions of the largest margin.

    Returns
    -------
    Threshold
        In alpha; ``order_parameters["distance"]`` is the place; the status says by which definition.

    Raises
    ------
    ValueError
        A model or a reference that the curve is not there for.

    See Also
    --------
    local_entropy, franz_parisi : The curves.

    Notes
    -----
    The curves are replica-symmetric. Loads are tried up to 0.985 of the capacity, distances from 1e-4.

    References
    ----------
    C. Baldassi, C. Lauditi, E. Malatesta, G. Perugini and R. Zecchina, Phys. Rev. Lett. 127, 278301 (2021).

    Examples
    --------
    >>> import replica
    >>> found = replica.local_entropy_threshold(replica.perceptron("binary"))
    >>> print(f"{found.value:.6f} {found.order_parameters['distance']:.4f} {found.converged}")
    0.755302 0.0207 True
    """
    require_model(model)
    if reference is not None and not isinstance(reference, Reference):
        raise ValueError(f"reference must be a Reference or None, got {shown(reference)}")
    COVERS.check(model)
    largest = capacity(model)
    if not largest.converged:
        return Threshold(NAN, NAN, (NAN, NAN), f"not converged: no range of loads ({largest.status})")
    if reference is None:
        return first_tangency(_centres(model), largest.value, CENTRE)
    if _typical(model, reference):
        return Threshold(NAN, NAN, (0.0, 0.0), f"not converged: {ISOLATED}")
    end = largest.value
    if isinstance(reference.margin, float):  # there must be references
        bound = capacity(model.with_parameters(**{model.architecture.margin_parameter: reference.margin}))
        end = min(end, bound.value) if bound.converged else end
    curve, drift = _around(model, reference), None
    if reference.margin == LARGEST and model.weights.discrete:  # else one vector, whose error is in the slope
        drift = _of_margin(model)
    return first_tangency(curve, end, AROUND.format(_name(reference)), drift)


def _name(reference: Reference) -> str:
    """What a curve is drawn around, in words."""
    if reference.margin == LARGEST:
        return "solutions of the largest margin"
    if reference.model is not None:
        return "the minimiser of another cost"
    return "typical solutions" if reference.margin is None else f"typical solutions of margin {reference.margin:g}"


def _typical(model: Model, reference: Reference) -> bool:
    """Whether references are typical of the counted weights themselves."""
    own = reference.model is None and reference.margin in (None, model.parameter(model.architecture.margin_parameter))
    return own and model.weights.discrete and model.loss.hard


def _centres(model: Model) -> Callable[[float, np.ndarray], Curve]:
    """The curve of optimal centres."""
    ansatz = LocalEntropy(np.inf, "free")
    ansatz.check(model)
    QUICK.check(model)

    def curve(alpha: float, distance: np.ndarray) -> Curve:
        found = ansatz.saddle_points(model, np.full(distance.size, alpha), distance)
        return Curve(found.value("entropy"), found.value("slope"), found.error("slope"))

    return curve


def _around(model: Model, reference: Reference) -> Callable[[float, np.ndarray], Curve]:
    """The Franz-Parisi curve around a reference."""

    def curve(alpha: float, distance: np.ndarray) -> Curve:
        found = resolve(model, alpha, reference, False).columns(distance)
        blank = np.full(distance.size, np.nan)
        slope, error = found.values.get("slope", blank), found.errors.get("slope", blank)
        return Curve(found.values["free_entropy"], slope, error)

    return curve


def _of_margin(model: Model) -> Callable[[float, float], float]:
    """What the error of the largest margin does to the slope."""

    def drift(alpha: float, distance: float) -> float:
        found, step = max_margin(model, alpha=alpha), 1e-6
        ends = [
            _around(model, Reference(margin=found.value + sign * step))(alpha, np.array([distance])).slope[0]
            for sign in (-1, 1)
        ]
        return float(abs(ends[1] - ends[0]) / (2.0 * step) * found.error)

    return drift


def _line(model: Model, size: int, reference: Reference | None) -> Line:
    """The threshold of each model of a batch."""
    found = [local_entropy_threshold(model.row(row), reference=reference) for row in range(size)]
    value, error, bracket = (np.array([getattr(one, name) for one in found]) for name in ("value", "error", "bracket"))
    return Line(value, error, bracket, [one.status for one in found])


@threshold_line("local-entropy", r"\alpha_{\mathrm{LE}}", cold=True, slow=True)
def centre_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """The load at which the local entropy of optimal centres stops growing with the distance."""
    return _line(model, size, None)


@threshold_line("local-entropy-max", r"\alpha_{\mathrm{LE}}^{\kappa_{\max}}", cold=True, slow=True)
def largest_margin_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """The load at which the entropy around solutions of the largest margin stops growing with the distance."""
    return _line(model, size, Reference(margin=LARGEST))
