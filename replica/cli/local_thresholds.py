"""``replica local-entropy-threshold|isolation``: where curves round a reference stop growing, and where they vanish."""

from __future__ import annotations

from typing import Any

from replica.cli._answers import Point
from replica.cli._values import parse_number
from replica.cli._verb import ALPHA, ANSATZ, Request, model_verb, option
from replica.cli.thresholds import threshold_point

REFERENCE = option(
    "--reference",
    metavar="NUMBER|max",
    help="Margin of the reference, or the largest one [default: see replica VERB --help].",
)


def _reference(word: str | None) -> Any:
    import replica

    if word is None:
        return None
    try:
        return replica.Reference(margin=word if word == "max" else parse_number("--reference", word))
    except ValueError:
        raise ValueError(f"--reference must be a number or max, got {word!r}") from None


@model_verb("local-entropy-threshold", REFERENCE)
def threshold(request: Request) -> Point:
    """The load at which local entropies cease to grow.

    Of optimal centres (with --reference: of the Franz-Parisi curve), with the distance, below its maximum.

    Example: replica local-entropy-threshold perceptron --reference max
    """
    import replica

    around = _reference(request.options["reference"])
    return threshold_point(request, replica.local_entropy_threshold(request.model, reference=around))


@model_verb("isolation", ALPHA, REFERENCE, ANSATZ)
def isolated(request: Request) -> Point:
    """The distance without another solution.

    Around a typical solution, or around --reference.

    Example: replica isolation perceptron --alpha 0.5
    """
    import replica

    alpha, around = request.options["alpha"], _reference(request.options["reference"])
    return threshold_point(
        request, replica.isolation(request.model, alpha=alpha, reference=around, ansatz=request.ansatz)
    )
