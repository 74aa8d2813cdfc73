"""Maps: a variable in colours over two large grids, with contours, doubts and threshold lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from replica.files.words import names, words
from replica.plots.lines import UNTRUSTED_LABEL, Trace, sample
from replica.plots.style import COLOURS, DASHES, geometric, logarithmic
from replica.plots.words import symbol, title

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

RIM = 0.04  # share of the points of a map, at either end, that may lie beyond the colours
UNSOLVED: dict[str, Any] = {"hatch": "....", "facecolor": "white", "edgecolor": "0.6"}
DOUBTFUL_HATCH = "/////"  # as in a diagram
CONTOUR: dict[str, Any] = {"colors": "black", "linewidths": 0.6, "linestyles": "solid"}
LINE = COLOURS[1]  # threshold lines over a map


def _edges(grid: np.ndarray) -> np.ndarray:
    """Borders of the cells of a map, half-way between its points as they are drawn."""
    places = np.log(grid) if geometric(grid) else grid
    middle = (places[1:] + places[:-1]) / 2.0
    first, last = places[0] - (middle[0] - places[0]), places[-1] + (places[-1] - middle[-1])
    edges = np.concatenate([[first], middle, [last]])
    return np.exp(edges) if geometric(grid) else edges


def _colour_range(values: np.ndarray) -> tuple[float, float, str]:
    """Ends of the colours, and on which side values lie beyond: a divergence must not use them all up."""
    if not values.size:
        return 0.0, 0.0, "neither"
    low, high = float(values.min()), float(values.max())
    inner_low, inner_high = (float(x) for x in np.quantile(values, [RIM, 1.0 - RIM]))
    steep = high - low > 2.0 * (inner_high - inner_low)
    if not steep or inner_high == inner_low:
        return low, high, "neither"
    below, above = inner_low - low > high - inner_high, high - inner_high > inner_low - low
    return (inner_low if below else low), (inner_high if above else high), "min" if below else "max"


def _standing(ax: Axes, places: np.ndarray, heights: np.ndarray, trace: Trace) -> list[Any]:
    """Hatch the doubtful part of a map; entries of the legend for it and for the dots of unsolved points."""
    entries = []
    if trace.doubtful.any():
        share = trace.doubtful.astype(float)
        ax.contourf(places, heights, share, levels=[0.5, 1.5], colors="none", hatches=[DOUBTFUL_HATCH])
        entries.append(Patch(facecolor="0.9", hatch=DOUBTFUL_HATCH, label=UNTRUSTED_LABEL.removeprefix("pale: ")))
    if not trace.solved.all():
        entries.append(Patch(label="not solved", **UNSOLVED))
    return entries


def _draw_lines(ax: Axes, data: xarray.Dataset, places: np.ndarray) -> list[Any]:
    """Threshold lines that the dataset carries, cut at the frame of the map; their entries of the legend."""
    entries = []
    ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())
    for name, dash in zip(names(data.attrs.get("lines", ())), DASHES, strict=False):
        line = np.where(np.isfinite(data[name].values), data[name].values, np.nan)
        ax.plot(places, line, color=LINE, linestyle=dash, linewidth=1.8)
        entries.append(sample(f"{symbol(data, name)}  {words(name)}".strip(), colour=LINE, dash=dash))
    return entries


def draw_map(ax: Axes, table: xarray.Dataset, main: str, trace: Trace) -> None:
    """Colours with contours; dotted where unsolved, hatched where doubtful; dashes where the stability changes sign."""
    y, x = (str(dim) for dim in table[main].dims)
    places, heights = table[x].values, table[y].values
    ax.patch.set(**UNSOLVED)
    low, high, beyond = _colour_range(trace.y[trace.solved])
    entries: list[Any] = []
    for axis, grid in (("x", places), ("y", heights)):
        if geometric(grid):
            logarithmic(ax, axis)
    edges = (_edges(places), _edges(heights))
    mesh = ax.pcolormesh(*edges, trace.y, vmin=low, vmax=high, shading="flat", rasterized=True)
    if high > low:
        levels = [x for x in MaxNLocator(6).tick_values(low, high) if low < x < high]
        lines = ax.contour(places, heights, trace.y, levels=levels, **CONTOUR)
    if "stability" in table and main != "stability":
        edge: dict[str, Any] = {"levels": [0.0], "colors": [COLOURS[1]], "linestyles": "dashed"}
        ax.contour(places, heights, table["stability"].values, **edge)
        entries.append(sample("AT line", colour=COLOURS[1], dash="--"))
    entries += _standing(ax, places, heights, trace)
    entries += _draw_lines(ax, table, places)
    if entries:
        ax.legend(handles=entries, frameon=True, framealpha=0.9, edgecolor="none", fancybox=False)
    bar = ax.figure.colorbar(mesh, ax=ax, extend=beyond)
    bar.set_label(title(table, main))
    if high > low:
        bar.add_lines(lines)
        bar.set_ticks(levels)
    bar.outline.set_linewidth(0.6)
    bar.ax.tick_params(direction="in", width=0.6)
    ax.set(xlabel=title(table, x), ylabel=title(table, y))
