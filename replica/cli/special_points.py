"""``replica special-points``: where threshold lines cross, end and meet."""

from __future__ import annotations

from replica.cli._answers import Curves
from replica.cli._values import Axis, Names, Number
from replica.cli._verb import ANSATZ, Request, model_verb, option
from replica.cli.diagram import plane_of


class Points(Curves):
    """Special points, of which there may be none: that is an answer too."""

    @property
    def solved(self) -> bool:
        """Whether there is nothing to be found, or anything is."""
        return not self.dataset.sizes["point"] or super().solved

    @property
    def complaint(self) -> str:
        """What was not found."""
        none = "no line crosses another or ends between the points of the grid"
        return super().complaint if self.dataset.sizes["point"] else none


@model_verb(
    "special-points",
    option("-x", "--x", "x", type=Axis(), required=True, help="Horizontal axis, as in margin=0:1:11."),
    option("-y", "--y", "y", default="alpha", show_default=True, help="Vertical axis."),
    option("--lines", type=Names(), default="capacity,at", show_default=True, help="Thresholds, see replica list."),
    option("--alpha", type=Number(), help="The load, where neither axis is alpha."),
    ANSATZ,
)
def command(request: Request) -> Points:
    """Where threshold lines cross, end and meet.

    Changes are looked for between the points of the grid on the horizontal axis.

    Example: replica special-points perceptron --loss outside-band -x margin=0.4:1.2:5 --lines capacity,at
    """
    import replica

    return Points(replica.special_points(request.model, **plane_of(request)))
