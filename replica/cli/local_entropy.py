"""``replica local-entropy|overlap-gap``: the entropy of solutions round optimal centres; groups that cease to be."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.cli._answers import Curves, Point
from replica.cli._values import Number, is_grid, parse_grid, parse_number
from replica.cli._verb import Request, model_verb, option
from replica.cli.thresholds import threshold_point

WORDS = ("inf", "zero-complexity")
CENTRES = ("free", "solution", "none")


@model_verb(
    "local-entropy",
    option("--alpha", type=Number(grids=True), required=True, help="Load, patterns per weight: a number or a grid."),
    option(
        "--distance",
        type=Number(grids=True),
        required=True,
        help="From the centre, or without one half of one minus the mutual overlap: a number or a grid.",
    ),
    option(
        "--replicas",
        metavar="NUMBER|GRID|inf|zero-complexity",
        default="inf",
        show_default=True,
        help="How many share a centre; zero-complexity: the largest physical number.",
    ),
    option(
        "--centre",
        metavar="free|solution|none",
        default="free",
        show_default=True,
        help="Any weights, a solution, or no centre: replicas at mutual distances.",
    ),
    grids=True,
)
def command(request: Request) -> Curves:
    """Entropy of solutions around the best centres.

    The local entropy: how many solutions lie at a distance from centres that are chosen for having many.

    Example: replica local-entropy perceptron --alpha 0.7 --distance 0.01:0.2:20 --replicas zero-complexity
    """
    import replica

    options = request.options
    if request.axes:
        raise ValueError(f"local-entropy takes one model: {', '.join(request.axes)} must be a number, not a grid")
    word, centre = options["replicas"], options["centre"]
    if centre not in CENTRES:
        raise ValueError(f"--centre must be one of {', '.join(CENTRES)}, got {centre!r}")
    replicas = word if word == WORDS[1] else _numbers(word)
    return Curves(
        replica.local_entropy(
            request.model,
            alpha=options["alpha"],
            distance=np.atleast_1d(options["distance"]),
            replicas=replicas,
            centre=None if centre == "none" else centre,
            **request.grid_options,
        )
    )


def _numbers(word: str) -> Any:
    """A number or a grid; a misspelt word is told which there are."""
    try:
        return parse_grid("--replicas", word) if is_grid(word) else parse_number("--replicas", word)
    except ValueError as error:
        raise ValueError(f"{error}; or {' or '.join(WORDS)}") from None


@model_verb(
    "overlap-gap",
    option("--clones", type=Number(), help="Solutions at a mutual overlap [default: those with the lowest load]."),
)
def gap(request: Request) -> Point:
    """The load without groups at some mutual overlap.

    Above it there are no --clones solutions that have it.

    Example: replica overlap-gap perceptron --clones 2
    """
    import replica

    return threshold_point(request, replica.overlap_gap(request.model, clones=request.options["clones"]))
