"""Diagrams: threshold lines in a plane, each with its standing, and a hatch where RS is not to be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica.files.words import names as names_in
from replica.files.words import words
from replica.plots.lines import UNTRUSTED_LABEL, Trace, draw_band, draw_trace, draw_unsolved, remarks, sample
from replica.plots.style import COLOURS, DASHES, GREY, geometric, logarithmic
from replica.plots.words import symbol, title

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

LOGARITHMIC = 30.0  # ratio of the largest to the smallest value beyond which a positive axis is logarithmic
HATCH: dict[str, Any] = {"facecolor": "0.93", "edgecolor": "0.62", "hatch": "/////", "linewidth": 0.0}


def draw_diagram(data: xarray.Dataset, ax: Axes) -> None:
    """Draw the lines of a diagram."""
    names = names_in(data.attrs.get("lines", ()))
    if not names or any(name not in data for name in names):
        raise ValueError(f"a diagram names its lines in attrs['lines']; this dataset has {names}")
    x, y = str(data[names[0]].dims[0]), str(data.attrs["y"])
    traces = {name: _trace(data, name, x) for name in names}
    entries: list[Any] = []
    looks = []
    for name, colour, dash in zip(names, COLOURS * 3, DASHES * 3, strict=False):
        looks.append({"colour": colour, "dash": dash})
        same = [other for other in names if np.array_equal(traces[other].y, traces[name].y, equal_nan=True)]
        if name != same[0] and traces[name].solved.any():
            continue  # one curve under two names, as the capacity and the load of a largest margin
        draw_band(ax, traces[name], colour=colour)
        draw_trace(ax, traces[name], colour=colour, dash=dash)
        if traces[name].solved.any():
            label = ", ".join(f"{symbol(data, one)}  {words(one)}".strip() for one in same)
            entries.append(sample(label, colour=colour, dash=dash, pale=traces[name].doubtful_throughout))
    holes = np.any([_holes(trace) & ~np.isinf(data[name].values) for name, trace in traces.items()], axis=0)
    draw_unsolved(ax, data[x].values, holes, colour=GREY)
    broken = _hatch_broken(ax, traces)
    doubt = "" if broken else UNTRUSTED_LABEL
    entries += broken + remarks(list(traces.values()), looks, unsolved=bool(holes.any()), doubt=doubt)
    _limits(ax, list(traces.values()), data[x].values)
    ax.set(xlabel=title(data, x), ylabel=title(data, y))
    if entries:
        ax.legend(handles=entries)


def _trace(data: xarray.Dataset, name: str, x: str) -> Trace:
    def of(suffix: str) -> Any:
        return data[f"{name}_{suffix}"].values if f"{name}_{suffix}" in data else None

    return Trace.of(data[x].values, data[name].values, of("error"), of("status"), of("stability"))


def _holes(trace: Trace) -> np.ndarray:
    """Unsolved points between solved ones. Towards the ends of the grid a line simply does not exist."""
    found = np.flatnonzero(trace.solved)
    holes = ~trace.solved
    if found.size:
        holes[: found[0]] = False
        holes[found[-1] :] = False
    return holes if found.size else np.zeros_like(holes)


def _hatch_broken(ax: Axes, traces: dict[str, Trace]) -> list[Any]:
    """Hatch between the AT line and the capacity where the first lies below; its entry of the legend."""
    if not {"at", "capacity"} <= traces.keys():
        return []
    at, capacity = traces["at"], traces["capacity"]
    with np.errstate(invalid="ignore"):
        broken = at.y < capacity.y
    if not broken.any():
        return []
    area = ax.fill_between(at.x, at.y, capacity.y, where=broken, zorder=0, **HATCH)
    area.set_label(UNTRUSTED_LABEL.removeprefix("pale: "))
    return [area]


def _limits(ax: Axes, traces: list[Trace], x: np.ndarray) -> None:
    """The grid from end to end; upwards from zero, or logarithmic when the lines span decades."""
    if x.size > 1:
        if geometric(x):
            logarithmic(ax, "x")
        ax.set_xlim(float(x[0]), float(x[-1]))
    seen = np.concatenate([trace.y[trace.solved] for trace in traces])
    if seen.size and seen.min() > 0:
        if seen.max() > LOGARITHMIC * seen.min():
            logarithmic(ax)
        else:
            ax.set_ylim(0.0, 1.06 * seen.max())
