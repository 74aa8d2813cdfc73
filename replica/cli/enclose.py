"""``replica enclose``: an interval with a proof, of a solution or of a threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from replica import thresholds
from replica._checks import nearest, one_of, spelled
from replica.cli._answers import NAN, Point
from replica.cli._unread import tell_unread
from replica.cli._values import Count, Number, parse_number
from replica.cli._verb import ANSATZ, START, Request, model_verb, option
from replica.solution.said import beside, joint
from replica.solution.single import Solution
from replica.thresholds.enclosed import METHOD
from saddlepoint.enclosures import Enclosure, NotEnclosed, NotInstalled

#: thresholds with proofs, and whether they are at a load
THRESHOLDS = {
    "capacity": False, "max-margin": True, "at-line": False, "transition": False, "spinodal": False, "freezing": True,
}
#: a point of a curve, at a load and a distance
CURVE = "franz-parisi"
MOST_DIGITS = 500

QUANTITY = option(
    "--quantity",
    metavar="NAME",
    default="free-entropy",
    show_default=True,
    help=f"A number of the solution (q, entropy, stability, ...), {CURVE}, or {', '.join(THRESHOLDS)}.",
)
ALPHA = option("--alpha", type=Number(), help=f"Load: of solutions, {CURVE}, max-margin and freezing.")
DISTANCE = option("--distance", type=Number(), help=f"Of {CURVE}: distance (1-t)/2 from the reference.")
REFERENCE = option(
    "--reference", metavar="NUMBER|typical|planted", help=f"Of {CURVE}: margin of a typical reference, or the teacher."
)
DIGITS = option(
    "--digits", type=Count(), default=20, show_default=True, help=f"Decimal digits, 1 to {MOST_DIGITS}."
)


@model_verb("enclose", ALPHA, QUANTITY, DISTANCE, REFERENCE, DIGITS, ANSATZ, START)
def command(request: Request) -> Point:
    """Prove digits of a solution or a threshold.

    An interval that contains the number, by interval arithmetic; decimals are taken as they are written.

    Example: replica enclose perceptron --weights binary --quantity capacity --digits 30
    """
    options = request.options
    if options["digits"] > MOST_DIGITS:
        raise ValueError(f"--digits must be at most {MOST_DIGITS}, got {options['digits']}")
    quantity = spelled(options["quantity"], [*THRESHOLDS, CURVE])
    if quantity != CURVE and (options["distance"] is not None or options["reference"] is not None):
        raise ValueError(f"--distance and --reference belong to --quantity {CURVE}")
    try:
        if quantity == CURVE:
            return _answer(request, quantity, _of_curve(request))
        if quantity in THRESHOLDS:
            return _answer(request, quantity, _threshold(request, quantity).enclose(options["digits"]))
        solution = _solution(request)
        found = solution.enclose(options["digits"])
        name = one_of("--quantity", spelled(options["quantity"], found.values), found.values)
        told = _answer(request, name, replace(found.values[name], values=found.values))
        return replace(told, status=joint(told.status, beside(solution.status)))
    except NotInstalled as refusal:
        raise ValueError(str(refusal)) from None
    except NotEnclosed as refusal:
        return Point(
            quantity.replace("-", "_"), NAN, NAN, f"not converged: {refusal}", {}, request.settings, more=_NOTHING
        )


_NOTHING: dict[str, Any] = {"lower": None, "upper": None, "values": {}}


def _threshold(request: Request, quantity: str) -> Any:
    given = request.options["alpha"]
    verb = getattr(thresholds, quantity.replace("-", "_"))
    tell_unread(("start",), f"{quantity} finds its own")
    if not THRESHOLDS[quantity]:
        tell_unread(("alpha",), f"{quantity} is a load")
        return verb(request.model, ansatz=request.ansatz)
    if given is None:
        raise ValueError(f"--quantity {quantity} needs --alpha")
    return verb(request.model, alpha=given, ansatz=request.ansatz)


def _of_curve(request: Request) -> Enclosure:
    import replica

    options, word = request.options, request.options["reference"]
    for name in ("alpha", "distance"):
        if options[name] is None:
            raise ValueError(f"--quantity {CURVE} needs --{name}")
    if request.ansatz.method != METHOD:
        raise NotEnclosed(f"not enclosed: enclosures are here for RS(), got {request.ansatz}")
    reference = None if word in (None, "typical") else word if word == "planted" else parse_number("--reference", word)
    settings = {"alpha": options["alpha"], "distance": options["distance"], "digits": options["digits"]}
    return replica.proved_franz_parisi(request.model, reference=reference, **settings)


def _solution(request: Request) -> Solution:
    import replica

    options = request.options
    if options["alpha"] is None:
        near = nearest(options["quantity"], [*THRESHOLDS, CURVE], 0.7)
        other = f"did you mean {near!r}?" if near else "or ask for --quantity capacity"
        raise ValueError(f"--quantity {options['quantity']} is a number of a solution and needs --alpha; {other}")
    model, alpha = request.model, options["alpha"]
    return replica.solve(model, alpha=alpha, ansatz=request.ansatz, start=options["start"], on_failure="keep")


def _answer(request: Request, name: str, found: Enclosure) -> Point:
    bounds = {key: {"lower": x.lower, "upper": x.upper} for key, x in found.values.items()}
    return Point(
        name=name.replace("-", "_"),
        value=float(found),
        error=found.width + 2.0**-52 * abs(float(found)),  # value is a float: its rounding is the larger error
        status=f"converged; {found.status}",
        order_parameters={},
        settings=request.settings,
        more={
            "lower": found.lower,
            "upper": found.upper,
            "values": bounds,
            "uniqueness_radius": found.uniqueness_radius,
            "proved": list(found.proved),
            "not_proved": list(found.not_proved),
        },
        notes={"enclosure": str(found)} | {f"enclosed {key}": str(x) for key, x in found.values.items()},
    )
