"""``replica descent``: gradient descent of least squares in the limit of many weights."""

from __future__ import annotations

from replica.cli._answers import Curves
from replica.cli._unread import AT_ONCE, GRID, tell_unread
from replica.cli._values import Number
from replica.cli._verb import ALPHA, Request, model_verb, option


@model_verb(
    "descent",
    ALPHA,
    option("--time", type=Number(grids=True), help="Times of gradient flow: a number or a grid."),
    option("--steps", type=Number(grids=True), help="Numbers of steps instead, with --step-size."),
    option("--step-size", type=Number(), help="Of the steps."),
    grids=True,
)
def command(request: Request) -> Curves:
    """Errors of gradient descent over time.

    Least squares from weights 0, for the cost summed over the patterns.

    Example: replica descent perceptron --weights gaussian --loss square --labels teacher --alpha 2
    --time 0.1:100:31:log -o descent.png
    """
    import replica

    if request.axes:
        raise ValueError(f"descent takes one model: {', '.join(request.axes)} must be a number, not a grid")
    tell_unread(GRID, AT_ONCE)
    names = "alpha", "time", "steps", "step_size"
    return Curves(replica.descent(request.model, **{name: request.options[name] for name in names}))
