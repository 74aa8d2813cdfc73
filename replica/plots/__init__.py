"""Figures of datasets: one file per kind; nothing is computed here. Only this package imports matplotlib."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from replica._checks import require_dataset, suggest
from replica.files.records import restored
from replica.plots.comparison import draw_comparison
from replica.plots.curve import draw_curve, panels
from replica.plots.diagram import draw_diagram
from replica.plots.simulation import draw_simulation
from replica.plots.style import GREY, dress, house_style, logarithmic, page, write
from replica.plots.words import caption

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

__all__ = ["KINDS", "house_style", "logarithmic", "page", "plot", "write"]

#: what draws a dataset, by its ``attrs["kind"]``
KINDS = {
    "curve": draw_curve,
    "diagram": draw_diagram,
    "simulation": draw_simulation,
    "comparison": draw_comparison,
}

CAPTION = 78  # characters of a caption in a line, a column wide


def plot(dataset: xarray.Dataset, ax: Axes | None = None) -> Axes:
    """Draw a dataset that `sweep` or `diagram` returned.

    A curve shows its observables, a panel for each, over one grid, as a fan over a second grid of at most 8 values, or
    as a map over two larger ones. Parts that are unstable, metastable or otherwise not to be trusted are pale and
    dashed (in a map: hatched); unsolved points are gaps, with open circles on the axis (in a map: dotted); a line ends
    where a solution jumps to another branch. In a diagram the region between the AT
    line and a capacity above it is hatched; where a line merely ends there is no circle.

    Parameters
    ----------
    dataset : xarray.Dataset
        As it was returned, loaded, or opened from its file by xarray, with ``attrs["kind"]``: ``curve``, ``diagram``,
        ``simulation`` (means over samples with standard errors) or
        ``comparison`` (theory and simulation with residuals below).
    ax : matplotlib Axes, optional
        Where to draw, the main variable alone; by default a new figure one journal column wide, outside pyplot's list
        of open figures, with all observables and the model in small print above.

    Returns
    -------
    matplotlib.axes.Axes
        That of the main variable; ``.figure.savefig(path)`` writes it.

    Raises
    ------
    ValueError
        A dataset of another kind, or with more than two grids.
    TypeError
        Anything but a dataset.

    See Also
    --------
    sweep, diagram, compare : What makes such datasets.
    save : The numbers.

    Examples
    --------
    >>> import replica
    >>> curve = replica.sweep(replica.perceptron("binary"), alpha=[0.2, 0.4, 0.6], observables=["entropy"])
    >>> replica.plot(curve).get_xlabel()
    'load $\\\\alpha$'
    """
    dataset = restored(dataset) if hasattr(dataset, "data_vars") else dataset
    kind = require_dataset("plot", dataset).attrs.get("kind")
    if kind not in KINDS:
        raise ValueError(f"plot cannot draw a dataset of kind {kind!r}; {suggest(str(kind), KINDS)}")
    if ax is not None and not hasattr(ax, "get_xaxis_transform"):
        raise TypeError(f"ax must be a matplotlib Axes, got a {type(ax).__name__}")
    parts = [dataset] if ax is not None else panels(dataset)
    places = [ax] if ax is not None else list(page(rows=len(parts))[1][:, 0])
    with house_style():
        for part, place in zip(parts, places, strict=True):
            dress(place)
            KINDS[kind](part, place)
            for axis in (place.xaxis, place.yaxis):
                axis.get_major_ticks(1)  # later ticks copy the fonts of the first, which is made here
        if ax is None and (text := caption(dataset)):
            places[0].figure.suptitle("\n".join(textwrap.wrap(text, CAPTION, max_lines=2)), fontsize=6.5, color=GREY)
    return places[0]
