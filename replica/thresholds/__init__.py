"""Thresholds of one model: the public verbs. Importing a file of lines here is all that makes its lines known."""

from __future__ import annotations

import numpy as np

from replica._checks import one_number
from replica.ansatz import Ansatz, ansatz_or_rs
from replica.models.model import Model, require_model, separating
from replica.thresholds import constraint as _constraint
from replica.thresholds import first_moment as _first_moment
from replica.thresholds import first_order as _first_order
from replica.thresholds import pair as _pair
from replica.thresholds import stability as _stability
from replica.thresholds import steps as _steps
from replica.thresholds.base import Line, Threshold
from replica.thresholds.crossing import threshold
from replica.thresholds.enclosed import Asked
from replica.thresholds.glass import dynamic_transition, gardner_line, static_transition
from replica.thresholds.inverse import invert
from replica.thresholds.largest_margin import margin_of_smallest, where_capacity, where_capacity_of_units
from replica.thresholds.levels import highest_step
from replica.thresholds.penalty import optimal_penalty
from replica.thresholds.registry import LINES, LineDefinition, find_line
from replica.thresholds.standing import at_line, freezing, locate, specialization, spinodal, transition
from replica.weights.base import Average

__all__ = [
    "LINES",
    "Line",
    "LineDefinition",
    "Threshold",
    "at_line",
    "capacity",
    "dynamic_transition",
    "find_line",
    "freezing",
    "gardner_line",
    "invert",
    "locate",
    "max_margin",
    "optimal_penalty",
    "specialization",
    "spinodal",
    "static_transition",
    "threshold",
    "transition",
]

_FILES = (_constraint, _first_order, _first_moment, _pair, _stability, _steps)


def capacity(model: Model, *, ansatz: Ansatz | None = None) -> Threshold:
    r"""Largest load alpha with solutions.

    Counted weights: zero of the RS entropy (exactly the first moment for symmetric bands while ``q = 0`` is stable).
    Sphere: ``q -> 1``, for the margin ``1/alpha_c = (1 + kappa^2) H(-kappa) + kappa g(kappa)``.
    `Annealed`: first moment.

    When not to use it: for the load that an algorithm reaches, which may be far below: `success_threshold`.

    Parameters
    ----------
    model : Model
    ansatz : Ansatz, optional
        ``RS()`` (default) or ``Annealed()``.

    Returns
    -------
    Threshold
        ``.value .error .bracket .status .converged .order_parameters .solution``; alpha per weight.

    Raises
    ------
    ValueError
        Where a capacity is not defined (weights of any norm, a loss that is even in the field with a teacher).

    See Also
    --------
    max_margin : The margin at which a load is the capacity.
    at_line : Up to where replica symmetry holds.
    diagram : The line over a parameter.

    Notes
    -----
    At negative margin the RS capacity of spherical weights is an upper bound only: the status says so.
    It is a property of the constraint that nothing costs anything: ``beta`` does not matter, and the status of a model
    with a finite cost says so. At finite temperature `freezing` is where the RS entropy vanishes.

    References
    ----------
    E. Gardner, J. Phys. A 21, 257 (1988); W. Krauth and M. Mezard, J. Phys. France 50, 3057 (1989).

    Examples
    --------
    >>> import replica
    >>> print(f"{replica.capacity(replica.perceptron('binary')).value:.6f}")
    0.833079
    """
    return locate("capacity", model, ansatz)


def max_margin(model: Model, *, alpha: float, ansatz: Ansatz | None = None) -> Threshold:
    r"""The margin at which ``alpha`` is the capacity (the largest margin; for a band the smallest half-width).

    When not to use it: for the margins of a typical solution: `margin_distribution`.

    Parameters
    ----------
    model : Model
        Its own margin is ignored.
    alpha : float
        Above 0.
    ansatz : Ansatz, optional
        As in `capacity`.

    Returns
    -------
    Threshold
        Value in units of the margin.

    Raises
    ------
    ValueError
        A load that is no single number above 0; models without margins or without a capacity.

    See Also
    --------
    capacity : The load at a margin.

    Notes
    -----
    As `capacity`, of the constraint that nothing costs anything, whatever ``beta``.

    The field of a few Boolean units has ``K + 1`` values: the largest margin is the highest of them at which the
    capacity is not below ``alpha``; ``bracket`` holds it and the next one, the status both capacities. Of parity
    machines with counted weights it is the largest least field ``|lambda_k|`` of every unit (`Parity`, ``guard``), of
    the first moment, an upper bound.

    References
    ----------
    E. Gardner, J. Phys. A 21, 257 (1988).

    Examples
    --------
    >>> import replica
    >>> print(f"{replica.max_margin(replica.perceptron('spherical'), alpha=1.0).value:.6f}")
    0.470655
    """
    require_model(model)
    grids = "use replica.diagram(model, x=('alpha', grid), y='margin', lines=['max-margin'])"
    load = one_number("alpha", alpha, low=0.0, open_low=True, grids=grids)
    target, chosen = np.array([load]), ansatz_or_rs(ansatz)
    asked = Asked("max-margin", model, chosen, load)
    few = model.architecture.few
    name = model.architecture.margin_parameter
    if name != "margin" and model.weights.discrete:
        return where_capacity_of_units(model, name, target, chosen)
    if few is not None and few.levels is not None:
        return highest_step(model, chosen, float(target[0]))
    if few is not None and not isinstance(model.weights.norm, Average):
        raise ValueError(
            f"max_margin of {model.architecture} is here for spherical weights, not {model.weights}: "
            "its capacity at given margins is"
        )
    if model.data.modes is not None:
        return margin_of_smallest(model, target, chosen)
    found = where_capacity(separating(model), target, chosen)
    found.asked = asked
    return found
