"""``replica flatness``: the training error of perturbed solutions."""

from __future__ import annotations

import numpy as np

from replica.cli._answers import Curves
from replica.cli._unread import AT_ONCE, GRID, tell_unread
from replica.cli._values import Number
from replica.cli._verb import ALPHA, ANSATZ, START, TOLERANCE, Request, model_verb, option
from replica.cli.solve import solve_request


@model_verb(
    "flatness",
    ALPHA,
    option(
        "--perturbation",
        "--noise",
        "perturbation",
        type=Number(grids=True),
        required=True,
        help="Distance (1-t)/2 of the perturbed weights (--noise too, where the model has none of its own).",
    ),
    option(
        "--error-margin",
        type=Number(),
        help="Count stabilities that this margin does not allow [default: those on the wrong side].",
    ),
    ANSATZ,
    START,
    TOLERANCE,
    grids=True,
)
def command(request: Request) -> Curves:
    """Training error of perturbed solutions.

    The weights of a typical solution, at the model's own margin, are perturbed at random.

    Example: replica flatness perceptron --alpha 0.5 --margin 0.3 --perturbation 0:0.2:21 -o flatness.png
    """
    import replica

    if request.axes:
        raise ValueError(f"flatness takes one model: {', '.join(request.axes)} must be a number, not a grid")
    tell_unread(GRID, AT_ONCE)
    solution, options = solve_request(request), request.options
    noise = np.atleast_1d(options["perturbation"])
    return Curves(replica.flatness(solution, noise=noise, margin=options["error_margin"]))
