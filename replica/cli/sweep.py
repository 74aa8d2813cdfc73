"""``replica sweep``: observables over grids of the load and of the model's arguments."""

from __future__ import annotations

import numpy as np

from replica.cli._answers import Curves
from replica.cli._values import Names, Number
from replica.cli._verb import ANSATZ, START, TOLERANCE, Request, model_verb, option


@model_verb(
    "sweep",
    option(
        "--alpha",
        type=Number(grids=True),
        required=True,
        help="Load, patterns per weight: a number or a grid.",
    ),
    option(
        "--observables",
        type=Names(),
        help="See replica list [default: entropy,q; without an entropy generalization_error,training_error,energy,q].",
    ),
    option("--lines", type=Names(), help="Thresholds to draw over a map of alpha and another argument."),
    ANSATZ,
    START,
    TOLERANCE,
    grids=True,
)
def command(request: Request) -> Curves:
    """Observables over grids.

    Grids, start:stop:count[:log] or a comma list, of alpha or any number of the model.

    Example: replica sweep perceptron --alpha 0.05:0.8:40 --observables entropy,q -o entropy.png -o entropy.csv
    """
    import replica

    options = request.options
    # one point is a grid of one point: a dataset needs an axis
    alpha = options["alpha"] if request.axes else np.atleast_1d(options["alpha"])
    return Curves(
        replica.sweep(
            request.model,
            alpha=alpha,
            **request.axes,
            observables=options["observables"],
            lines=options["lines"] or (),
            ansatz=request.ansatz,
            start=options["start"],
            tolerance=options["tolerance"],
            **request.grid_options,
        )
    )
