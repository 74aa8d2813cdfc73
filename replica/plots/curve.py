"""Curves: a variable over one grid, a fan of curves over a second small grid, a map over two large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from replica.plots.lines import (
    UNTRUSTED,
    UNTRUSTED_LABEL,
    Trace,
    draw_band,
    draw_trace,
    draw_unsolved,
    remarks,
    sample,
)
from replica.plots.style import COLOURS, DASHES, GREY, MARKERS
from replica.plots.words import symbol, title, value, words

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

FAN = 8  # the largest second grid that is drawn as a fan of curves
RIM = 0.04  # share of the points of a map, at either end, that may lie beyond the colours
UNSOLVED = {"hatch": "....", "facecolor": "white", "edgecolor": "0.6"}
DOUBTFUL_HATCH = "/////"  # as in a diagram
CONTOUR = {"colors": "black", "linewidths": 0.6, "linestyles": "solid"}
LINE = COLOURS[1]  # threshold lines over a map
METASTABLE = "metastable: "  # begins the remark of a status
DOUBTS = (UNTRUSTED, METASTABLE)


def draw_curve(data: xarray.Dataset, ax: Axes) -> None:
    """Draw the main variable of a sweep over its grids."""
    main = data.attrs.get("main")
    if main is None or main not in data:
        raise ValueError(f"a curve names its variable in attrs['main']; this dataset has {main!r}")
    dims = [str(dim) for dim in data[main].dims]
    if len(dims) == 3 and np.prod(data[main].shape[:2]) <= FAN:  # curves of a fan that differ in two ways
        _draw_double_fan(ax, data, main, dims)
        return
    if len(dims) not in (1, 2):
        raise ValueError(f"a curve has one or two grids, this dataset has {len(dims)}; choose with .isel()")
    endless = [dim for dim in dims if data[dim].dtype.kind == "f" and np.isinf(data[dim].values).any()]
    if len(dims) == 1 and endless and data.sizes[dims[0]] > 1:
        _draw_limit(ax, data, main, dims[0])
    elif len(dims) == 1 and not endless:
        _draw_together(ax, data, [str(name) for name in data.attrs.get("together", [main])], dims[0])
    elif len(dims) == 2 and min(data.sizes[dim] for dim in dims) <= FAN and _along(data, dims) not in endless:
        _draw_fan(ax, data, main, dims)
    elif endless:
        raise ValueError(f"{endless[0]} = inf has no place on an axis: choose finite points with .isel()")
    else:
        _draw_map(ax, data, main, dims)


def _draw_limit(ax: Axes, data: xarray.Dataset, main: str, x: str) -> None:
    """A grid that ends at infinity: the curve of its finite part, the limit as a dotted line across."""
    end = data.isel({x: -1})
    draw_curve(data.isel({x: slice(None, -1)}), ax)
    legend = ax.get_legend()
    entries = list(legend.legend_handles) if legend is not None else []
    looks = {"colour": COLOURS[1], "dash": ":"}
    if np.isfinite(end[main]) and str(end["status"].values).startswith("converged"):
        ax.axhline(float(end[main]), color=COLOURS[1], linestyle=":")
        entries.insert(0, sample(f"{symbol(data, x) or words(x)} $= \\infty$", **looks))
    else:
        entries.insert(0, sample(f"{symbol(data, x) or words(x)} $= \\infty$: not solved", **looks))
    ax.legend(handles=entries)


def _draw_together(ax: Axes, data: xarray.Dataset, names: list[str], x: str) -> None:
    """Observables of one kind over one grid; a single one without a legend."""
    traces = [_trace(data, name, x) for name in names]
    several = len(names) > 1
    labels = [f"{words(name)} {symbol(data, name)}".strip() if several else "" for name in names]
    _draw_traces(ax, data, names[0], x, traces, labels, COLOURS[: len(names)])
    if several:
        ax.set_ylabel(data[names[0]].attrs["kind"])


def panels(data: xarray.Dataset) -> list[xarray.Dataset]:
    """The dataset once for each observable that was asked for, each time with another main variable; along one grid
    those of one kind go together.
    """
    asked = [str(name) for name in np.atleast_1d(data.attrs.get("observables", ()))]
    found = [data.attrs.get("main"), *(name for name in asked if name != data.attrs.get("main"))]
    if len(found) < 2:
        return [data]
    single = data[found[0]].ndim == 1
    groups: dict[str, list[str]] = {}
    for name in found:
        groups.setdefault(data[name].attrs.get("kind", name) if single else name, []).append(name)
    return [data.assign_attrs(main=names[0], together=names) for names in groups.values()]


def _trace(data: xarray.Dataset, main: str, x: str) -> Trace:
    def of(name: str) -> Any:
        return data[name].values if name in data else None

    own, plain = of(f"{main}_error"), of("error")
    error = plain if own is None else own
    stability = None if main == "stability" else of("stability")  # that curve shows its sign itself
    return Trace.of(data[x].values, of(main), error, of("status"), stability, DOUBTS, of("branch"))


def _along(data: xarray.Dataset, dims: list[str]) -> str:
    """The axis of a fan: numbers rather than words; the larger grid, of equal ones the first."""
    numbers = [dim for dim in dims if data[dim].dtype.kind in "fiu"]
    if len(numbers) == 1:
        return numbers[0]
    if "distance" in dims:  # a curve over it for each reference or load
        return "distance"
    return dims[0] if data.sizes[dims[1]] <= data.sizes[dims[0]] else dims[1]


def _draw_fan(ax: Axes, data: xarray.Dataset, main: str, dims: list[str]) -> None:
    """One curve per value of the smaller grid (of equal ones the second)."""
    along = _along(data, dims)
    across = dims[0] if along == dims[1] else dims[1]
    count = data.sizes[across]
    traces = [_trace(data.isel({across: i}), main, along) for i in range(count)]
    labels = [value(data, across, x.item()) for x in data[across].values]
    _draw_traces(ax, data, main, along, traces, labels, _shades(count))


def _draw_double_fan(ax: Axes, data: xarray.Dataset, main: str, dims: list[str]) -> None:
    """Curves over the last grid for each pair of values of the two others."""
    first, second, along = dims
    pairs = [(i, j) for i in range(data.sizes[first]) for j in range(data.sizes[second])]
    traces = [_trace(data.isel({first: i, second: j}), main, along) for i, j in pairs]
    names = [[value(data, dim, x.item()) for x in data[dim].values] for dim in (first, second)]
    labels = [f"{names[0][i]}, {names[1][j]}" for i, j in pairs]
    _draw_traces(ax, data, main, along, traces, labels, _shades(len(pairs)))


def _shades(count: int) -> list[Any]:
    """Colours of the curves of a fan."""
    return [matplotlib.colormaps["cividis"](x) for x in np.linspace(0.0, 0.74, count)]


def _draw_traces(
    ax: Axes,
    data: xarray.Dataset,
    main: str,
    x: str,
    traces: list[Trace],
    labels: list[str],
    colours: list[Any],
) -> None:
    shapes = ("",) if len(traces) == 1 else MARKERS
    entries = []
    for trace, label, colour, shape in zip(traces, labels, colours, shapes, strict=False):
        draw_band(ax, trace, colour=colour)
        draw_trace(ax, trace, colour=colour, marker=shape)
        if label:
            label = label if trace.solved.any() or len(traces) == 1 else f"{label}, not solved"
            entries.append(sample(label, colour=colour, marker=shape, of=trace))
    unsolved = ~np.any([trace.solved for trace in traces], axis=0)
    _draw_atoms(ax, data, traces[0])
    draw_unsolved(ax, traces[0].x, unsolved, colour=GREY)
    metastable = "status" in data and np.any(np.char.find(data["status"].values.astype(str), METASTABLE) >= 0)
    doubt = f"{UNTRUSTED_LABEL}, or metastable" if metastable else UNTRUSTED_LABEL
    entries += remarks(traces, unsolved=bool(unsolved.any()), doubt=doubt)
    ax.set(xlabel=title(data, x), ylabel=title(data, main))
    ax.set_xlim(*_ends(data[x].values))
    if _changes_sign(traces):
        ax.axhline(0.0, color="0.6", linewidth=0.6, zorder=0)
    if entries:
        ax.legend(handles=entries)


def _draw_atoms(ax: Axes, data: xarray.Dataset, trace: Trace) -> None:
    """Point masses of a distribution as arrows up from the axis, with their mass."""
    for place, mass in np.reshape(data.attrs.get("atoms", ()), (-1, 2)).astype(float):
        top = 1.12 * float(np.nanmax(trace.y)) if trace.solved.any() else 1.0
        arrow = {"arrowstyle": "-|>", "color": COLOURS[1], "linewidth": 1.3, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (place, top), (place, 0.0), arrowprops=arrow)
        beside = {"xytext": (5, 0), "textcoords": "offset points", "va": "top", "color": COLOURS[1]}
        ax.annotate(f"mass {mass:.3f}", (place, 0.96 * top), **beside)
        ax.set_ylim(0.0, 1.08 * top)


def _changes_sign(traces: list[Trace]) -> bool:
    seen = np.concatenate([trace.y[trace.solved] for trace in traces])
    return bool(seen.size and seen.min() < 0 < seen.max())


def _ends(x: np.ndarray) -> tuple[float, float]:
    """The range of a grid; a little room around a single point."""
    return (float(x[0]), float(x[-1])) if x.size > 1 else (float(x[0]) - 0.5, float(x[0]) + 0.5)


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
    for name, dash in zip(map(str, np.atleast_1d(data.attrs.get("lines", ()))), DASHES, strict=False):
        line = np.where(np.isfinite(data[name].values), data[name].values, np.nan)
        ax.plot(places, line, color=LINE, linestyle=dash, linewidth=1.8)
        entries.append(sample(f"{symbol(data, name)}  {words(name)}".strip(), colour=LINE, dash=dash))
    return entries


def _draw_map(ax: Axes, data: xarray.Dataset, main: str, dims: list[str]) -> None:
    """Colours with contours; dotted where unsolved, hatched where doubtful; dashes where the stability changes sign."""
    y = "alpha" if "alpha" in dims else dims[1]
    x = dims[0] if dims[1] == y else dims[1]
    table = data.transpose(y, x, ...)
    trace = _trace(table, main, x)
    places, heights = table[x].values, table[y].values
    ax.patch.set(**UNSOLVED)
    low, high, beyond = _colour_range(trace.y[trace.solved])
    entries: list[Any] = []
    mesh = ax.pcolormesh(places, heights, trace.y, vmin=low, vmax=high, shading="nearest", rasterized=True)
    if high > low:
        levels = [x for x in MaxNLocator(6).tick_values(low, high) if low < x < high]
        lines = ax.contour(places, heights, trace.y, levels=levels, **CONTOUR)
    if "stability" in table and main != "stability":
        edge = {"levels": [0.0], "colors": [COLOURS[1]], "linestyles": "dashed"}
        ax.contour(places, heights, table["stability"].values, **edge)
        entries.append(sample("AT line", colour=COLOURS[1], dash="--"))
    entries += _standing(ax, places, heights, trace)
    entries += _draw_lines(ax, table, places)
    if entries:
        ax.legend(handles=entries, frameon=True, framealpha=0.9, edgecolor="none", fancybox=False)
    bar = ax.figure.colorbar(mesh, ax=ax, extend=beyond)
    bar.set_label(title(data, main))
    if high > low:
        bar.add_lines(lines)
        bar.set_ticks(levels)
    bar.outline.set_linewidth(0.6)
    bar.ax.tick_params(direction="in", width=0.6)
    ax.set(xlabel=title(data, x), ylabel=title(data, y))
