"""Simulations: means over samples with their standard errors, or the samples one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica.files.words import words
from replica.plots.style import COLOURS, GREY, geometric, logarithmic
from replica.plots.words import title, value
from replica.simulate.statistics import summary

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

GRIDS = ("n", "alpha")
DOTS: dict[str, Any] = {"fmt": "o", "markersize": 3, "elinewidth": 0.8}


def draw_simulation(data: xarray.Dataset, ax: Axes) -> None:
    """The main number over the load, a line of points for each size; without grids over the samples.

    Searches, whose errors are zero where they succeed, show the fraction of solved samples instead; read-outs are
    shown over their own coordinate, a line of points for each load and size.
    """
    main = data.attrs["main"]
    if main == "training_error" and "energy" not in data:
        main = "solved"
    grids = [name for name in GRIDS if name in data.dims]
    own = [str(dim) for dim in data[main].dims if dim not in (*grids, "sample")]
    if own:
        _fan(data, ax, main, own[0], grids)
    elif grids:
        x = grids[-1]
        _fan(data, ax, main, x, [name for name in grids if name != x])
    else:
        _samples(data, ax, main)


def _samples(data: xarray.Dataset, ax: Axes, main: str) -> None:
    """The samples one by one, and their mean."""
    from matplotlib.ticker import MaxNLocator

    bar = data[f"{main}_error"].values if f"{main}_error" in data else None
    ax.errorbar(data["sample"].values, data[main].values.astype(float), bar, color=COLOURS[0], **DOTS)
    ax.axhline(float(summary(data)[main]), color=GREY, linewidth=0.8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="sample", ylabel=title(data, main))


def _fan(data: xarray.Dataset, ax: Axes, main: str, x: str, across: list[str]) -> None:
    """Means over the samples along one coordinate, a colour for each place on the other grids."""
    means = summary(data)
    lines = means.stack(line=across) if across else means.expand_dims("line")
    for i in range(lines.sizes["line"]):
        one = lines.isel(line=i)
        label = ", ".join(_place(one, name) for name in across)
        bar = np.nan_to_num(one[f"{main}_error"].values)
        colour = COLOURS[i % len(COLOURS)]
        ax.errorbar(one[x].values, one[main].values, bar, label=label or None, capsize=1.5, color=colour, **DOTS)
    said = "fraction of samples solved" if main == "solved" else f"mean {words(main)}"
    ax.set(xlabel="number of weights" if x == "n" else title(data, x), ylabel=said)
    if geometric(means[x].values):
        logarithmic(ax, "x")
    if main == "solved":
        ax.set_ylim(-0.05, 1.1)
    if lines.sizes["line"] > 1:
        ax.legend()


def _place(one: Any, name: str) -> str:
    return f"n = {int(one['n'])}" if name == "n" else value(one, name, float(one[name]))
