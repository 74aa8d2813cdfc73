"""Simulations: means over samples with their standard errors, or the samples one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from replica.plots.style import COLOURS, GREY
from replica.plots.words import title, words
from replica.simulate.statistics import summary

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def draw_simulation(data: xarray.Dataset, ax: Axes) -> None:
    """The main number over the load, a line of points for each size; without grids over the samples."""
    main = data.attrs["main"]
    if "alpha" not in data.dims and "n" not in data.dims:
        values, bar = data[main].values, data[f"{main}_error"].values
        ax.errorbar(data["sample"].values, values, bar, fmt="o", markersize=3, color=COLOURS[0], elinewidth=0.8)
        mean = summary(data)
        ax.axhline(float(mean[main]), color=GREY, linewidth=0.8)
        ax.set(xlabel="sample", ylabel=title(data, main))
        return
    means = summary(data)
    x = "alpha" if "alpha" in data.dims else "n"
    fan = means.expand_dims("n") if "n" not in means.dims else means
    for i in range(fan.sizes["n"]):
        one = fan.isel(n=i) if x == "alpha" else means
        label = f"n = {int(one['n'])}" if x == "alpha" and "n" in means.dims else ""
        ax.errorbar(
            one[x].values,
            one[main].values,
            np.nan_to_num(one[f"{main}_error"].values),
            label=label or None,
            fmt="o",
            markersize=3,
            capsize=1.5,
            elinewidth=0.8,
            color=COLOURS[i % len(COLOURS)],
        )
        if x == "n":
            break
    ax.set(xlabel=title(data, x) if x == "alpha" else "number of weights", ylabel=f"mean {words(main)}")
    if fan.sizes["n"] > 1 and x == "alpha":
        ax.legend()
