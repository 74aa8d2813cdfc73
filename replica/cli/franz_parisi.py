"""``replica franz-parisi``: the entropy of solutions at a distance from a reference."""

from __future__ import annotations

import numpy as np

from replica.cli._answers import Curves
from replica.cli._values import Number, parse_number
from replica.cli._verb import ALPHA, ANSATZ, Request, model_verb, option

WORDS = ("max", "planted")


@model_verb(
    "franz-parisi",
    ALPHA,
    option("--distance", type=Number(grids=True), required=True, help="Distance (1-t)/2: a number or a grid."),
    option(
        "--reference",
        metavar="NUMBER|max|planted",
        help="Margin of the reference, the largest one, or the teacher itself [default: the model's own margin].",
    ),
    ANSATZ,
    grids=True,
)
def command(request: Request) -> Curves:
    """Entropy of solutions at a distance from a typical solution (the reference)."""
    import replica

    options, word = request.options, request.options["reference"]
    if request.axes:
        raise ValueError(f"franz-parisi takes one model: {', '.join(request.axes)} must be a number, not a grid")
    around = word
    if word is not None and word != "planted":
        margin = word if word in WORDS else parse_number("--reference", word)
        around = replica.Reference(margin=margin)
    return Curves(
        replica.franz_parisi(
            request.model,
            alpha=options["alpha"],
            distance=np.atleast_1d(options["distance"]),
            reference=around,
            ansatz=request.ansatz,
            **request.grid_options,
        )
    )
