"""``replica optimal-penalty``: the penalty that makes the fewest errors on new patterns."""

from __future__ import annotations

from replica.cli._answers import Point
from replica.cli._verb import ALPHA, ANSATZ, Request, model_verb
from replica.cli.thresholds import threshold_point


@model_verb("optimal-penalty", ALPHA, ANSATZ)
def command(request: Request) -> Point:
    """The penalty with the fewest errors.

    On new patterns, at a load; inf and 0 where a limit is best.

    Example: replica optimal-penalty mixture --loss logistic --balance 0.3 --alpha 2
    """
    import replica

    alpha = request.options["alpha"]
    return threshold_point(request, replica.optimal_penalty(request.model, alpha=alpha, ansatz=request.ansatz))
