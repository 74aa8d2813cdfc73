"""``replica diagram``: threshold lines in a plane."""

from __future__ import annotations

from typing import Any

from replica.cli._answers import Curves
from replica.cli._values import Axis, Names, Number
from replica.cli._verb import ANSATZ, Request, model_verb, option


@model_verb(
    "diagram",
    option("-x", "--x", "x", type=Axis(), required=True, help="Horizontal axis, as in margin=0:1:11."),
    option("-y", "--y", "y", default="alpha", show_default=True, help="Vertical axis."),
    option(
        "--lines",
        type=Names(),
        default="capacity,at",
        show_default=True,
        help="Thresholds, see replica list.",
    ),
    option("--alpha", type=Number(), help="The load, where neither axis is alpha."),
    ANSATZ,
    grids=True,
)
def command(request: Request) -> Curves:
    """Threshold lines in a plane: a phase diagram.

    The axes are numbers of the model or the load.

    Example: replica diagram perceptron --weights spherical -x margin=-1:1:41 --lines capacity,at -o diagram.pdf
    """
    import replica

    return Curves(replica.diagram(request.model, **plane_of(request), **request.grid_options))


def plane_of(request: Request) -> dict[str, Any]:
    """The axes and the lines that were asked for."""
    options = request.options
    for name in request.axes:
        raise ValueError(f"--{name} takes one number in a diagram; its horizontal axis is -x {name}=GRID")
    known = {name: options[name] for name in ("x", "lines", "alpha")}
    return known | {"y": options["y"].replace("-", "_"), "ansatz": request.ansatz}
