"""``replica franz-parisi``: the entropy of solutions at a distance from a reference."""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any

import numpy as np

from replica._checks import known_options
from replica.cli._answers import Curves
from replica.cli._models import Name
from replica.cli._unread import tell_unread
from replica.cli._values import Number, parse_number
from replica.cli._verb import ANSATZ, Request, model_verb, option
from replica.losses import Loss
from replica.models.model import Model
from replica.weights import Weights

HEBB, TYPICAL = "hebb", "typical"
WORDS = (TYPICAL, "max", "planted", HEBB)


@model_verb(
    "franz-parisi",
    option("--alpha", type=Number(grids=True), required=True, help="Load, patterns per weight: a number or a grid."),
    option("--distance", type=Number(grids=True), required=True, help="Distance (1-t)/2: a number or a grid."),
    option(
        "--reference",
        metavar="NUMBER|typical|max|planted|hebb|LOSS,...",
        help="Margin of a typical reference, the largest margin, the teacher itself, the Hebb vector (sum of "
        "label times pattern), or the minimiser of a loss (logistic, hinge, ...); a comma list of these is an axis "
        "[default: typical, at the model's own margin].",
    ),
    option("--reference-weights", type=Name(Weights), help="Weights of a minimiser [default: on the sphere]."),
    option("--reference-gain", type=Number(), help="Sharpness of the loss that is minimised."),
    option("--reference-margin", type=Number(), help="Margin of the loss that is minimised."),
    option("--reference-penalty", type=Number(), help="Ridge penalty of the minimiser (free norm)."),
    option("--tilt", type=Number(), default=1.0, show_default=True, help="Overlap of a minimiser with its noisy copy."),
    option("--clipped", is_flag=True, help="Measure distances from the signs of a minimiser."),
    ANSATZ,
    option("--tolerance", type=Number(), help="On the error of the entropy [default: 1e-10 or 1e-9]."),
    grids=True,
)
def command(request: Request) -> Curves:
    """Entropy of solutions around a reference.

    At a distance from it. The reference is a typical solution, one of largest margin, a minimiser of a loss, or the
    teacher.

    Example: replica franz-parisi perceptron --alpha 0.5 --distance 0.01:0.4:20 --reference 0,0.3,max -o around.png
    """
    import replica

    options = request.options
    if request.axes:
        raise ValueError(f"franz-parisi takes one model: {', '.join(request.axes)} must be a number, not a grid")
    return Curves(
        replica.franz_parisi(
            request.model,
            alpha=options["alpha"],
            distance=np.atleast_1d(options["distance"]),
            reference=_references(request),
            ansatz=request.ansatz,
            tolerance=options["tolerance"],
            **request.grid_options,
        )
    )


def _references(request: Request) -> Any:
    """The reference, or the list of references, that the words name."""
    word = request.options["reference"]
    if word is None or "," not in word:
        return _reference(request, None if word == TYPICAL else word)
    words = [part.strip() for part in word.split(",")]
    if not all(words):
        raise ValueError(f"--reference must be a comma list of {_allowed()}, got {word!r}")
    return [_reference(request, None if part == TYPICAL else part) for part in words]


def _reference(request: Request, word: str | None) -> Any:
    """The reference that a word names."""
    import replica

    options = request.options
    loss = {key: options[f"reference_{key}"] for key in ("gain", "margin") if options[f"reference_{key}"] is not None}
    own = {"weights": options["reference_weights"], "penalty": options["reference_penalty"]}
    own = {key: value for key, value in own.items() if value is not None}
    minimised = word in Loss.registry
    if loss and not minimised or own and not (minimised or word == "max"):
        given = ", ".join(f"--reference-{key}" for key in (loss | own))
        named = f"--reference {word}" if word else "none"
        raise ValueError(f"{given} belong to the minimiser of a loss: give --reference {_choices()}, got {named}")
    if word is None and options["tilt"] == 1.0 and not options["clipped"]:
        return None
    if word == "planted":
        tell_unread(("tilt", "clipped"), "the teacher is as it is")
        return word
    other = _hebb(request.model) if word == HEBB else None
    if minimised or own:
        weights = _made(Weights, own.get("weights") or _continuous("penalty" in own), own, "weights")
        cost = _made(Loss, word or "", loss, "") if minimised else request.model.loss
        other = dataclasses.replace(request.model, weights=weights, loss=cost, beta=np.inf)
    margin = None if minimised or word in (None, HEBB) else "max" if word == "max" else _margin(word)
    return replica.Reference(margin=margin, model=other, tilt=options["tilt"], clipped=options["clipped"])


def _hebb(model: Model) -> Model:
    """The model whose minimiser points along the sum of label times pattern: a parabola under an infinite penalty."""
    losses: dict[str, Any] = Loss.registry
    parabola = next(loss for loss in losses.values() if loss.quadratic)()
    weights = _made(Weights, _continuous(True), {"penalty": np.inf}, "")
    data = model.data.pinned(model.weights)  # without a bias
    return dataclasses.replace(model, weights=weights, loss=parabola, data=data, beta=np.inf)


def _choices() -> str:
    losses: dict[str, Any] = Loss.registry
    return "|".join(name for name, loss in losses.items() if not loss.hard)


def _continuous(penalised: bool) -> str:
    """The continuous weights with a penalty, or those on the whole sphere."""
    kinds: dict[str, Any] = Weights.registry
    continuous = {name: kind for name, kind in kinds.items() if not kind.discrete}
    return next(name for name, kind in continuous.items() if (kind.penalised if penalised else kind.isotropic))


def _made(family: Any, name: str, given: dict[str, Any], besides: str) -> Any:
    """A member of a family with its public parameters."""
    member = family.find(name)()
    parameters = {key: value for key, value in given.items() if key != besides}
    known_options(f"--reference {name}", parameters, member.parameters)
    return member.with_parameters(**parameters)


def _allowed() -> str:
    """What --reference takes, in words."""
    return f"a number, {', '.join(WORDS)} or a loss ({_choices().replace('|', ', ')})"


def _margin(word: str) -> float:
    """A number; a misspelt word is told the nearest one."""
    try:
        return parse_number("--reference", word)
    except ValueError:
        near = difflib.get_close_matches(word, [*WORDS, *Loss.registry], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"--reference must be {_allowed()}, got {word!r}{hint}") from None
