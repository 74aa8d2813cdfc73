"""Theory beside simulation: the curve with points and bars, and the residuals in standard errors below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica.files.words import words
from replica.plots.style import COLOURS, GREY, MARKERS, dress, geometric, logarithmic
from replica.plots.words import title

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

SIGNIFICANT = 2.0  # standard errors: the shaded strip of the residuals
SHARE = 0.32  # of the height, for the residuals


def draw_comparison(data: xarray.Dataset, ax: Axes) -> None:
    """The observables of a report over its grid, or side by side where it has none; residuals in the lower third."""
    axis = next((str(dim) for dim in data["z"].dims if dim != "observable"), None)
    names = [str(name) for name in data["observable"].values]
    above = ax.inset_axes((0.0, SHARE, 1.0, 1.0 - SHARE), sharex=ax)  # inside, so that the layout knows all labels
    dress(above)
    above.tick_params(labelbottom=False)
    reach = max(3.0, 1.1 * float(np.nanmax(np.abs(np.append(data["z"].values, 0.0)))))
    ax.axhspan(-SIGNIFICANT, SIGNIFICANT, color="0.92", linewidth=0)
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    looks: dict[str, Any] = {"linestyle": "none", "markersize": 3.2}
    for i, name in enumerate(names):
        part = data.sel(observable=name)
        x = np.array([float(i)]) if axis is None else data[axis].values
        keys = ("theory", "simulation", "standard_error", "z")
        theory, value, bar, z = (np.atleast_1d(part[key].values) for key in keys)
        own: dict[str, Any] = {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)]}
        mark: dict[str, Any] = {"linestyle": "none", "marker": "_", "markersize": 14} if axis is None else {}
        above.plot(x, theory, color=own["color"], **mark)
        above.errorbar(x, value, np.nan_to_num(bar), label=words(name), elinewidth=0.8, capsize=1.5, **own, **looks)
        ax.plot(x, z, **own, **looks)
    above.set_ylabel(", ".join(words(name) for name in names[:3]) + ", ..." * (len(names) > 3))
    ax.set_ylim(-reach, -reach + 2.0 * reach / SHARE)
    ax.set_yticks([-SIGNIFICANT, 0.0, SIGNIFICANT] if reach < 4 * SIGNIFICANT else [-reach / 1.1, 0.0, reach / 1.1])
    ax.yaxis.set_major_formatter("{x:.3g}")
    ax.set_ylabel("z", y=SHARE / 2)
    if axis is None:
        ax.set_xticks(range(len(names)), [words(name) for name in names], rotation=20, ha="right")
        ax.set_xlim(-0.5, len(names) - 0.5)
    else:
        if geometric(data[axis].values):
            logarithmic(ax, "x")
        ax.set_xlabel(title(data, axis))
        if len(names) > 1:
            above.legend()
