"""``replica path|kernel-margin|convex-margin``: errors on the way between solutions, and margins without any."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from replica.cli._answers import Curves, Point
from replica.cli._unread import AT_ONCE, GRID, tell_unread
from replica.cli._values import Number, parse_number
from replica.cli._verb import ALPHA, Request, model_verb, option
from replica.cli.thresholds import threshold_point


def _ends(word: str | None) -> Any:
    """Two margins, each a number or max."""
    if word is None:
        return None, None
    parts = [part.strip() for part in word.split(",")]
    try:
        found = tuple(part if part == "max" else parse_number("--margins", part) for part in parts)
    except ValueError:
        found = ()
    if len(found) != 2:
        raise ValueError(f"--margins must be two numbers or max, as in 0.1,max, got {word!r}")
    return found


@model_verb(
    "path",
    ALPHA,
    option("--margins", metavar="K1,K2", help="Margins of both ends, numbers or max [default: the model's own]."),
    option(
        "--position", type=Number(grids=True), default="0:1:21", show_default=True, help="0 is one end, 1 the other."
    ),
    option(
        "--along",
        type=click.Choice(["geodesic", "straight", "flips"]),
        default="geodesic",
        show_default=True,
        help="The way; flips of the weights that differ are for binary ones.",
    ),
    option("--error-margin", type=Number(), help="Count stabilities below it [default: below the model's margin]."),
    grids=True,
)
def path(request: Request) -> Curves:
    """Training error on the way between solutions.

    Two typical solutions of the same patterns, or one and that of largest margin.

    Example: replica path perceptron --weights spherical --margin -0.5 --alpha 1 --margins 0,-0.5
    """
    import replica

    if request.axes:
        raise ValueError(f"path takes one model: {', '.join(request.axes)} must be a number, not a grid")
    tell_unread(GRID, AT_ONCE)
    options = request.options
    found = replica.path(
        request.model,
        alpha=options["alpha"],
        margins=_ends(options["margins"]),
        position=np.atleast_1d(options["position"]),
        along=options["along"],
        margin=options["error_margin"],
    )
    return Curves(found)


@model_verb("kernel-margin", ALPHA)
def kernel(request: Request) -> Point:
    """The margin from which solutions see all others.

    From it on the geodesic to every typical solution is free of errors.

    Example: replica kernel-margin perceptron --weights spherical --margin -0.5 --alpha 1
    """
    import replica

    return threshold_point(request, replica.kernel_margin(request.model, alpha=request.options["alpha"]))


@model_verb("convex-margin", ALPHA)
def convex(request: Request) -> Point:
    """The margin from which solutions see each other.

    From it on the geodesic between two typical solutions of that margin is free of errors.

    Example: replica convex-margin perceptron --weights spherical --margin -0.5 --alpha 1
    """
    import replica

    return threshold_point(request, replica.convex_margin(request.model, alpha=request.options["alpha"]))
