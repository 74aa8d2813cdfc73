"""The look of all figures: fonts, palette, dashes, sizes. Matplotlib's global settings stay as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import AutoLocator, FuncFormatter, MaxNLocator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMN, PAGE = 3.4, 7.0  # widths of a journal column and of a page, in inches

#: Okabe and Ito's colours, which colour-blind readers can tell apart; the pale yellow is left out
COLOURS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
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
GREY = "0.45"

_SETTINGS = {
    "font.family": ["STIXGeneral", "DejaVu Sans"],
    "mathtext.fontset": "stix",
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "legend.fontsize": 8.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "patch.linewidth": 0.0,
    "hatch.linewidth": 0.4,
    "axes.grid": False,
    "axes.unicode_minus": True,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "legend.labelspacing": 0.3,
    "legend.borderaxespad": 0.4,
    "image.cmap": "cividis",
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "replica",
}
_TICKS = {"direction": "in", "top": True, "right": True, "width": 0.6, "labelsize": 8.0}


@contextmanager
def house_style() -> Iterator[None]:
    """Our settings for what is drawn inside the block; the caller's come back after it."""
    with matplotlib.rc_context(_SETTINGS):
        yield


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
        figure = Figure(figsize=size or (width, 0.76 * width / columns * rows), dpi=300, layout="constrained")
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


def logarithmic(ax: Axes) -> None:
    """A logarithmic vertical axis with plain numbers where they are short."""

    def text(height: float, _: int) -> str:
        return f"{height:g}" if 1e-3 <= height <= 1e4 else f"$10^{{{np.log10(height):.0f}}}$"

    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(FuncFormatter(text))


def write(figure: Figure, target: str | os.PathLike[str] | BinaryIO, suffix: str | None = None) -> None:
    """Write a figure to a path or a stream, by suffix; the same figure gives the same bytes (no dates in them)."""
    kind = (suffix or Path(str(target)).suffix).lower()
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(kind)
    with house_style():
        figure.savefig(target, format=kind[1:], metadata=undated)
