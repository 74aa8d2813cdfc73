"""``replica threshold``: where an observable reaches a level along a parameter."""

from __future__ import annotations

import click

from replica.cli._answers import Point
from replica.cli._values import Number
from replica.cli._verb import ANSATZ, START, Request, model_verb, option
from replica.cli.thresholds import threshold_point


@model_verb(
    "threshold",
    option("--observable", metavar="NAME", required=True, help="See replica list."),
    option("--level", type=Number(), required=True, help="What the observable is there."),
    option("--along", metavar="NAME", default="alpha", show_default=True, help="The parameter that is looked for."),
    option("--between", type=Number(grids=True), metavar="LOW,HIGH", help="Where to look [default: alpha 0.01,100]."),
    option("--crossing", type=click.Choice(["first", "last"]), default="first", show_default=True, help="Of several."),
    option("--alpha", type=Number(), help="Load, along another parameter."),
    ANSATZ,
    START,
)
def command(request: Request) -> Point:
    """Where an observable reaches a level.

    Along the load or another parameter of the model; jumps and several crossings are told.

    Example: replica threshold perceptron --labels teacher --observable generalization_error --level 0.3
    """
    import replica

    options = dict(request.options) | {"ansatz": request.ansatz}
    return threshold_point(request, replica.threshold(request.model, options.pop("observable"), **options))
