"""``replica capacity|max-margin|at-line|spinodal|transition|specialization|freezing``: one threshold each."""

from __future__ import annotations

from replica import thresholds
from replica.cli._answers import Point
from replica.cli._verb import ALPHA, ANSATZ, Request, model_verb
from replica.thresholds import Threshold


def threshold_point(request: Request, found: Threshold) -> Point:
    errors = {} if found.solution is None else found.solution.errors
    return Point(
        name=request.verb.replace("-", "_"),
        value=found.value,
        error=found.error,
        status=found.status,
        order_parameters=found.order_parameters,
        settings=request.settings,
        errors=errors,
        more={"bracket": found.bracket},
    )


@model_verb("capacity", ANSATZ)
def capacity(request: Request) -> Point:
    """The largest load alpha with solutions.

    Example: replica capacity perceptron --weights spherical --margin 0.5
    """
    return threshold_point(request, thresholds.capacity(request.model, ansatz=request.ansatz))


@model_verb("max-margin", ALPHA, ANSATZ)
def max_margin(request: Request) -> Point:
    """The largest margin at a load.

    For a band the smallest half-width.

    Example: replica max-margin perceptron --weights binary --alpha 0.5
    """
    alpha = request.options["alpha"]
    return threshold_point(request, thresholds.max_margin(request.model, alpha=alpha, ansatz=request.ansatz))


@model_verb("at-line", ANSATZ)
def at_line(request: Request) -> Point:
    """The load where replica symmetry becomes unstable.

    The de Almeida-Thouless line.

    Example: replica at-line perceptron --weights spherical --margin -1
    """
    return threshold_point(request, thresholds.at_line(request.model, ansatz=request.ansatz))


@model_verb("spinodal", ANSATZ)
def spinodal(request: Request) -> Point:
    """The load at which the uninformed branch ends.

    Example: replica spinodal perceptron --labels teacher
    """
    return threshold_point(request, thresholds.spinodal(request.model, ansatz=request.ansatz))


@model_verb("transition", ANSATZ)
def transition(request: Request) -> Point:
    """The load from which the teacher is typical.

    The first-order transition to perfect generalisation.

    Example: replica transition perceptron --labels teacher
    """
    return threshold_point(request, thresholds.transition(request.model, ansatz=request.ansatz))


@model_verb("specialization", ANSATZ)
def specialization(request: Request) -> Point:
    """The load from which two units differ.

    Of common inputs, in patterns per input.

    Example: replica specialization committee --units 2 --connectivity full --labels teacher --weights gaussian
    """
    return threshold_point(request, thresholds.specialization(request.model, ansatz=request.ansatz))


@model_verb("freezing", ALPHA, ANSATZ)
def freezing(request: Request) -> Point:
    """The temperature at which the entropy vanishes.

    Of counted weights, at a load.

    Example: replica freezing perceptron --loss error-count --alpha 1.5
    """
    alpha = request.options["alpha"]
    return threshold_point(request, thresholds.freezing(request.model, alpha=alpha, ansatz=request.ansatz))
