"""``replica dynamic-transition|static-transition|gardner-line|complexity``: what one step of symmetry breaking says."""

from __future__ import annotations

import numpy as np

from replica import thresholds
from replica.cli._answers import Curves, Point
from replica.cli._unread import AT_ONCE, GRID, tell_unread
from replica.cli._values import Number
from replica.cli._verb import ALPHA, Request, model_verb, option
from replica.cli.thresholds import threshold_point

LOAD = option("--alpha", type=Number(), help="Of a loss that is paid: the load at which the temperature is sought.")


@model_verb("dynamic-transition", LOAD)
def dynamic(request: Request) -> Point:
    """The load at which solutions fall into states.

    With --alpha the temperature.

    Example: replica dynamic-transition perceptron --weights spherical --margin -2.5
    """
    return threshold_point(request, thresholds.dynamic_transition(request.model, alpha=request.options["alpha"]))


@model_verb("static-transition", LOAD)
def static(request: Request) -> Point:
    """The load above which few states dominate.

    With --alpha the temperature.

    Example: replica static-transition perceptron --weights spherical --margin -2.5
    """
    return threshold_point(request, thresholds.static_transition(request.model, alpha=request.options["alpha"]))


@model_verb("gardner-line", LOAD)
def gardner(request: Request) -> Point:
    """The load at which states break up.

    With --alpha the temperature.

    Example: replica gardner-line perceptron --weights spherical --margin -2.5
    """
    return threshold_point(request, thresholds.gardner_line(request.model, alpha=request.options["alpha"]))


@model_verb(
    "complexity",
    ALPHA,
    option("--parisi", type=Number(grids=True), required=True, help="Parisi parameters: a number or a grid."),
    grids=True,
)
def states(request: Request) -> Curves:
    """The number of states over the Parisi parameter.

    Its logarithm per weight, with the entropy (ground states: the energy) inside a state.

    Example: replica complexity perceptron --weights spherical --margin -1 --alpha 11 --parisi 0.02:0.3:15
    """
    import replica

    if request.axes:
        raise ValueError(f"complexity takes one model: {', '.join(request.axes)} must be a number, not a grid")
    tell_unread(GRID, AT_ONCE)
    parisi = np.atleast_1d(request.options["parisi"])
    return Curves(replica.complexity(request.model, alpha=request.options["alpha"], parisi=parisi))
