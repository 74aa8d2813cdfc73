"""Curves: a variable over one grid, or a fan of curves over a second small grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

from replica.files.words import names as names_in
from replica.files.words import words
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
from replica.plots.map import draw_map
from replica.plots.style import COLOURS, GREY, MARKERS, geometric, logarithmic
from replica.plots.words import symbol, title, value
from replica.solution.said import converged, kinds

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

FAN = 8  # the largest second grid that is drawn as a fan of curves
METASTABLE = "metastable: "  # begins the remark of a status
BEYOND = "beyond the physical number"  # of replicas: centres that are not there
DOUBTS = (UNTRUSTED, METASTABLE, BEYOND)
EDGE = 0.07  # of the width of a panel, for the limit of a curve of a fan
LIMIT_COLOURS = {"0": COLOURS[2], r"\infty": COLOURS[1]}


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
    if len(dims) == 1 and data.attrs.get("scale") == "log" and bool((data[main] > 0).any()):
        data = data.isel({dims[0]: ~(data[main].values <= 0)})  # what is 0 has no place on the axis
    endless = [dim for dim in dims if data[dim].dtype.kind == "f" and np.isinf(data[dim].values).any()]
    if len(dims) == 1 and data.sizes[dims[0]] > len(endless):
        _draw_together(ax, data, [str(name) for name in data.attrs.get("together", [main])], dims[0])
    elif len(dims) == 2 and min(data.sizes[dim] for dim in dims) <= FAN and data.sizes[_along(data, dims)] > 1:
        _draw_fan(ax, data, main, dims)
    elif endless:
        raise ValueError(f"{endless[0]} = inf has no place on an axis: choose finite points with .isel()")
    else:
        y = "alpha" if "alpha" in dims else dims[1]
        x = dims[0] if dims[1] == y else dims[1]
        table = data.transpose(y, x, ...)
        draw_map(ax, table, main, _trace(table, main, x))


def _limits(data: xarray.Dataset, x: str) -> tuple[xarray.Dataset, dict[str, xarray.Dataset]]:
    """What of a dataset has a place on its axis, and its points without one: infinity, 0 below a logarithmic axis."""
    grid = data[x].values
    last = grid.size - (1 if grid[-1] == np.inf else 0)
    first = 1 if grid[0] == 0 and geometric(grid[1:last]) else 0
    ends = {"0": data.isel({x: 0})} if first else {}
    ends |= {r"\infty": data.isel({x: -1})} if last < grid.size else {}
    return data.isel({x: slice(first, last)}), ends


def _draw_limits(ax: Axes, name: str, ends: dict[str, list[tuple[float, Any]]]) -> list[Any]:
    """Values in limits, each with the colour of its curve, as dotted lines: across for a single curve, else at that end
    of the panel. Entries of the legend.
    """
    entries = []
    for limit, values in ends.items():
        single = len(values) == 1
        near = (0.0, 1.0) if single else (0.0, EDGE) if limit == "0" else (1.0 - EDGE, 1.0)
        looks = LIMIT_COLOURS[limit] if single else GREY
        for value_there, colour in values:
            if np.isfinite(value_there):
                ax.axhline(value_there, *near, color=looks if single else colour, linestyle=":")
        known = any(np.isfinite(value_there) for value_there, _ in values)
        entries.append(sample(f"{name} $= {limit}$" + ("" if known else ": not solved"), colour=looks, dash=":"))
    return entries


def _reached(point: xarray.Dataset, main: str) -> float:
    """The value at one point; NaN where it is not solved."""
    solved = "status" not in point or converged(point["status"].values)
    return float(point[main]) if solved else float("nan")


def _draw_together(ax: Axes, data: xarray.Dataset, names: list[str], x: str) -> None:
    """Observables of one kind over one grid; a single one without a legend."""
    finite, ends = _limits(data, x)
    traces = [_trace(finite, name, x) for name in names]
    several = len(names) > 1
    labels = [f"{words(name)} {symbol(data, name)}".strip() if several else "" for name in names]
    colours = list(COLOURS[: len(names)])
    there = {
        limit: [(_reached(end, name), colour) for name, colour in zip(names, colours, strict=True)]
        for limit, end in ends.items()
    }
    limits = _draw_limits(ax, symbol(data, x) or words(x), there)
    _draw_traces(ax, finite, names[0], x, traces, labels, colours, limits)
    if several:
        ax.set_ylabel(data[names[0]].attrs["kind"])


def panels(data: xarray.Dataset) -> list[xarray.Dataset]:
    """The dataset once for each observable that was asked for, each time with another main variable; along one grid
    those of one kind go together.
    """
    asked = names_in(data.attrs.get("observables", ()))
    found: list[Any] = [data.attrs.get("main"), *(name for name in asked if name != data.attrs.get("main"))]
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
    colours = _shades(count)
    finite, ends = _limits(data, along)
    traces = [_trace(finite.isel({across: i}), main, along) for i in range(count)]
    labels = [value(data, across, x.item()) for x in data[across].values]
    there = {
        limit: [(_reached(end.isel({across: i}), main), colours[i]) for i in range(count)]
        for limit, end in ends.items()
    }
    limits = _draw_limits(ax, symbol(data, along) or words(along), there)
    _draw_traces(ax, finite, main, along, traces, labels, colours, limits)


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
    limits: Sequence[Any] = (),
) -> None:
    shapes = ("",) if len(traces) == 1 else MARKERS
    entries = []
    for trace, label, colour, shape in zip(traces, labels, colours, shapes, strict=False):
        draw_band(ax, trace, colour=colour)
        draw_trace(ax, trace, colour=colour, marker=shape)
        if label:
            label = label if trace.solved.any() or len(traces) == 1 else f"{label}, not solved"
            entries.append(sample(label, colour=colour, marker=shape, pale=trace.doubtful_throughout))
    unsolved = ~np.any([trace.solved for trace in traces], axis=0)
    _draw_atoms(ax, data, traces[0])
    draw_unsolved(ax, traces[0].x, unsolved, colour=GREY)
    doubt = _doubt(kinds(data["status"].values)[0]) if "status" in data else UNTRUSTED_LABEL
    looks = [{"colour": colour} for colour in colours[: len(traces)]]
    entries += [*limits, *remarks(traces, looks, unsolved=bool(unsolved.any()), doubt=doubt)]
    ax.set(xlabel=title(data, x), ylabel=title(data, main))
    if geometric(data[x].values):
        logarithmic(ax, "x")
    if data.attrs.get("scale") == "log" and any(np.any(trace.y[trace.solved] > 0) for trace in traces):
        logarithmic(ax)
    ax.set_xlim(*_ends(data[x].values))
    if _changes_sign(traces):
        ax.axhline(0.0, color="0.6", linewidth=0.6, zorder=0)
    if entries:
        ax.legend(handles=entries)


def _doubt(said: Any) -> str:
    """What a pale line means in this figure."""
    meant = [
        (UNTRUSTED, UNTRUSTED_LABEL.removeprefix("pale: ")),
        (METASTABLE, "metastable"),
        (BEYOND, "complexity below 0, no such centres"),
    ]
    found = [label for words, label in meant if np.any(np.char.find(said, words) >= 0)]
    if found == ["metastable"]:
        found = [meant[0][1], *found]
    return f"pale: {', or '.join(found)}" if found else UNTRUSTED_LABEL


def _draw_atoms(ax: Axes, data: xarray.Dataset, trace: Trace) -> None:
    """Point masses of a distribution as arrows up from the axis, with their mass."""
    for place, mass in np.reshape(data.attrs.get("atoms", ()), (-1, 2)).astype(float):
        top = 1.12 * float(np.nanmax(trace.y)) if trace.solved.any() else 1.0
        arrow = {"arrowstyle": "-|>", "color": COLOURS[1], "linewidth": 1.3, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (place, top), (place, 0.0), arrowprops=arrow)
        beside: dict[str, Any] = {"xytext": (5, 0), "textcoords": "offset points", "va": "top", "color": COLOURS[1]}
        ax.annotate(f"mass {mass:.3f}", (place, 0.96 * top), **beside)
        ax.set_ylim(0.0, 1.08 * top)


def _changes_sign(traces: list[Trace]) -> bool:
    seen = np.concatenate([trace.y[trace.solved] for trace in traces])
    return bool(seen.size and seen.min() < 0 < seen.max())


def _ends(x: np.ndarray) -> tuple[float, float]:
    """The range of a grid; a little room around a single point."""
    return (float(x[0]), float(x[-1])) if x.size > 1 else (float(x[0]) - 0.5, float(x[0]) + 0.5)
