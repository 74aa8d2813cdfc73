"""The look of all figures: fonts, palette, dashes, sizes. Matplotlib's global settings stay as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import AutoLocator, FuncFormatter, MaxNLocator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMN, PAGE = 3.4, 7.0  # widths of a journal column and of a page, in inches

#: the style sheet, which users may give matplotlib too
SHEET = Path(__file__).with_name("paper.mplstyle")
_SETTINGS: dict[Any, Any] = dict(matplotlib.rc_params_from_file(SHEET, use_default_template=False))
COLOURS: tuple[str, ...] = tuple(_SETTINGS["axes.prop_cycle"].by_key()["color"])
#: dashes beside the colours, so that lines differ in grey print; the plain dash is kept for doubtful parts
DASHES = (
    "-",
    (0, (6, 1.5, 1, 1.5)),
    (0, (1, 1.2)),
    (0, (6, 1.5, 1, 1.5, 1, 1.5)),
    (0, (9, 2)),
    (0, (2, 2)),
    (0, (1, 3)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DOUBTFUL_DASH = (0, (3.2, 2.0))
FEW_DECADES = 2.2  # on a logarithmic axis of fewer, 2 and 5 are labelled too
DECADE = 9.999  # the ratio of the ends of a grid from which a logarithmic axis is worth it
UNEVEN = 4.0  # ratios of neighbours in a geometric grid, as 1, 3, 10, 100, differ by less
GREY = "0.45"

# of axes that were made elsewhere, as the sheet has them
_TICKS: dict[str, Any] = {name: _SETTINGS[f"xtick.{name}"] for name in ("direction", "top", "labelsize")}
_TICKS |= {"right": _SETTINGS["ytick.right"], "width": _SETTINGS["xtick.major.width"]}


@contextmanager
def house_style() -> Iterator[None]:
    """Our settings (``paper.mplstyle``) for what is drawn inside the block; the caller's come back after it."""
    with matplotlib.rc_context(_SETTINGS):
        yield


class Page(Figure):
    """A figure that is written with our settings, whoever writes it: journals want the TrueType fonts of a pdf."""

    def savefig(self, *args: Any, **keywords: Any) -> None:
        """As `matplotlib.figure.Figure.savefig`."""
        with house_style():
            super().savefig(*args, **keywords)


def page(
    rows: int = 1, columns: int = 1, *, size: tuple[float, float] | None = None
) -> tuple[Figure, np.ndarray]:
    """A figure with a grid of panels, outside pyplot's list of open figures.

    Parameters
    ----------
    rows, columns : int
    size : (width, height), optional
        Inches; by default a column wide for one panel, a page wide for several.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : array of Axes, shape (rows, columns)
    """
    width = COLUMN if columns == 1 else PAGE
    with house_style():
        figure = Page(figsize=size or (width, 0.76 * width / columns * rows), dpi=300, layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False)
        for ax in panels.flat:
            dress(ax)
    return figure, panels


def dress(ax: Axes) -> None:
    """Ticks inward on all sides; labels and title in the fonts of the house."""
    family, fontset = _SETTINGS["font.family"][0], _SETTINGS["mathtext.fontset"]
    for text in (ax.xaxis.label, ax.yaxis.label, ax.title):  # made with the axes, perhaps elsewhere
        text.set(fontfamily=family, fontsize=_SETTINGS["axes.labelsize"], math_fontfamily=fontset)
    for axis in (ax.xaxis, ax.yaxis):
        if isinstance(axis.get_major_locator(), AutoLocator):
            axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    ax.tick_params(which="both", labelfontfamily=family, **_TICKS)
    ax.tick_params(which="major", length=3.5)
    ax.tick_params(which="minor", length=2.0)
    for spine in ax.spines.values():
        spine.set_linewidth(0.6)


def logarithmic(ax: Axes, which: str = "y") -> None:
    """A logarithmic axis: plain numbers where they are short, also at 2 and 5 between few decades."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    ax.set(**{f"{which}scale": "log"})

    def decade(place: float, _: int) -> str:
        ends = axis.get_view_interval()
        return f"{place:g}" if min(ends) >= 5e-4 and max(ends) <= 2e4 else f"$10^{{{np.log10(place):.0f}}}$"

    def between(place: float, _: int) -> str:
        ends = np.log10(axis.get_view_interval())
        digit = round(place / 10.0 ** np.floor(np.log10(place)))
        return f"{place:g}" if np.ptp(ends) < FEW_DECADES and digit in (2, 5) else ""

    axis.set_major_formatter(FuncFormatter(decade))
    axis.set_minor_formatter(FuncFormatter(between))


def geometric(grid: np.ndarray) -> bool:
    """Whether the steps of a positive grid are more even as ratios, over at least a decade."""
    if grid.size < 3 or grid[0] <= 0 or grid[-1] < DECADE * grid[0]:
        return False
    ratios, steps = np.diff(np.log(grid)), np.diff(grid)
    return bool(ratios.max() < min(UNEVEN, steps.max() / steps.min()) * ratios.min())


def write(figure: Figure, target: str | os.PathLike[str] | BinaryIO, suffix: str | None = None) -> None:
    """Write a figure to a path or a stream, by suffix; the same figure gives the same bytes (no dates in them)."""
    kind = (suffix or Path(str(target)).suffix).lower()
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(kind)
    with house_style():
        figure.savefig(target, format=kind[1:], metadata=undated)
