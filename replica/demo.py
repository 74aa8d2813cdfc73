"""A first look at the library: four figures and their data. The physics and the drawing live elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from replica.models.model import Model, perceptron

#: file name, panel title, model and margins of each diagram of the first figure
_PANELS = (
    ("capacity-binary", r"binary, $w_i = \pm 1$", perceptron("binary"), (-2.0, 2.0)),
    ("capacity-ternary", r"ternary, $w_i \in \{-1, 0, 1\}$", perceptron("ternary"), (0.0, 2.0)),
    ("capacity-spherical", r"spherical, $|w|^2 = N$", perceptron("spherical"), (-2.0, 2.0)),
    ("capacity-band", r"binary, band $|\Delta| \leq \kappa$", perceptron("binary", loss="band"), (0.1, 2.0)),
)


RARE = 0.25  # share of the smaller class in the last figure


def run(directory: str | os.PathLike[str]) -> dict[str, Path]:
    """Write the figures below (.png, .pdf) and the data behind them (.nc, .csv).

    ``capacity``: capacity and AT line against the margin, for binary, ternary and spherical weights and for a
    symmetric band. ``teacher``: phases of the binary student of a binary teacher, which counts errors, in the
    plane of temperature and load. ``landscape``: entropy of the solutions of the binary perceptron around solutions of
    growing margin, and around the best centres at growing load. ``learning``: generalisation error of three learning
    rules on two Gaussian clusters.

    Parameters
    ----------
    directory : path
        Made if missing; files in it are replaced.

    Returns
    -------
    dict of Path
        The files, by their names.

    Raises
    ------
    ValueError
        Where the folder cannot be written.
    """
    from replica.files.records import save
    from replica.plots import write

    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    capacities = {name: capacity_diagram(model, ends) for name, _, model, ends in _PANELS}
    teacher, landscape, learning = teacher_diagram(), landscape_curves(), learning_curves()
    figures = {
        "capacity": draw_capacities(capacities),
        "teacher": draw_teacher(teacher),
        "landscape": draw_landscape(landscape),
        "learning": draw_learning(learning),
    }
    files = {}
    for name, figure in figures.items():
        for suffix in (".png", ".pdf"):
            files[name + suffix] = folder / (name + suffix)
            write(figure, files[name + suffix])
    for name, data in (capacities | {"teacher": teacher} | landscape | learning).items():
        for suffix in (".nc", ".csv"):
            files[name + suffix] = folder / (name + suffix)
            save(data, files[name + suffix])
    return files


def capacity_diagram(model: Model, ends: tuple[float, float]) -> Any:
    """Capacity and AT line over the margin, with more points near zero, where the spherical AT line ends."""
    from replica.sweeps.diagram import diagram

    low, high = ends
    near = [x for x in (-0.02, 0.0) if low <= x]
    margins = np.unique(np.round(np.concatenate([np.linspace(low, high, 39), near]), 12))
    return diagram(model, x=("margin", margins), lines=["capacity", "at"])


def teacher_diagram() -> Any:
    """Transition, spinodal and freezing of binary teacher and student over the temperature of errors."""
    from replica.sweeps.diagram import diagram

    model = perceptron("binary", loss="error-count", labels="teacher")
    temperatures = np.round(np.concatenate([np.linspace(0.02, 0.5, 25), np.linspace(0.55, 1.0, 10)]), 12)
    return diagram(model, x=("temperature", temperatures), lines=["transition", "spinodal", "freezing"])


def landscape_curves() -> dict[str, Any]:
    """Franz-Parisi entropies around solutions of several margins, and local entropies of centres at several loads."""
    import xarray

    from replica.landscape.franz_parisi import franz_parisi
    from replica.landscape.local_entropy import local_entropy
    from replica.landscape.references import Reference
    from replica.thresholds import max_margin

    model, largest = perceptron("binary"), float(max_margin(perceptron("binary"), alpha=0.5))
    distance = np.unique(np.round(np.concatenate([np.geomspace(1e-3, 0.02, 9), np.linspace(0.02, 0.34, 33)]), 12))
    margins = np.round(largest * np.array([0.0, 1 / 3, 2 / 3, 1.0]), 12)
    margins[-1] = largest
    fan = [franz_parisi(model, alpha=0.5, distance=distance, reference=Reference(margin=float(x))) for x in margins]
    best = local_entropy(model, alpha=[0.5, 0.7, 0.76, 0.8], distance=distance)
    pick: dict[str, Any] = {"combine_attrs": "override", "data_vars": "all", "coords": "minimal", "compat": "override"}
    curves = {
        "landscape-margins": xarray.concat(fan, xarray.Variable("reference_margin", margins), **pick),
        "landscape-centres": best,
    }
    curves["landscape-margins"]["reference_margin"].attrs["symbol"] = r"\kappa_{\mathrm{ref}}"
    return curves


def learning_curves() -> dict[str, Any]:
    """Generalisation error over the load: ridge, logistic and hinge at a small penalty, unbalanced clusters; beside
    each the least error that any rule can make.
    """
    from replica.models.mixtures import mixture
    from replica.sweeps.sweep import sweep

    loads = np.round(np.geomspace(0.2, 10.0, 41), 12)
    models = {loss: mixture(loss, penalty=0.1, balance=RARE) for loss in ("square", "logistic", "hinge")}
    return {
        f"learning-{name}": sweep(model, alpha=loads, observables=["generalization_error", "bayes_error"])
        for name, model in models.items()
    }


def draw_capacities(diagrams: dict[str, Any]) -> Any:
    """Four panels with one logarithmic axis of the load."""
    from replica.plots import house_style, logarithmic, page, plot

    figure, panels = page(2, 2, size=(7.0, 5.0))
    with house_style():
        for ax, letter, (name, title, _, _) in zip(panels.flat, "abcd", _PANELS, strict=True):
            plot(diagrams[name], ax)
            logarithmic(ax)
            ax.set_ylim(0.07, 300.0)
            ax.set_title(f"({letter}) {title}", loc="left")
        ternary, band = panels[:, 1]
        for ax in (ternary, band):
            ax.set_ylabel("")
        ternary.set_xlim(-2.0, 2.0)
        ternary.axvspan(-2.0, 0.0, color="0.95", zorder=0)
        ternary.text(-1.0, 4.0, "no capacity:\n$w = 0$ satisfies\nevery pattern", ha="center", va="center")
        band.set_xlabel(r"half-width $\kappa$")
        figure.supxlabel(
            r"Stability $\Delta$ = label $(w\cdot x)/\sqrt{N}$, in (a)$-$(c) $\Delta \geq \kappa$. Pale AT lines lie "
            r"beyond capacity; where the AT line is crossed first, the RS capacity is an upper bound.",
            fontsize=8.0, color="0.3",
        )
    return figure


def draw_teacher(data: Any) -> Any:
    """The plane of temperature and load with the names of its phases."""
    from replica.plots import house_style, page, plot

    figure, panels = page(size=(4.6, 3.5))
    with house_style():
        ax = plot(data, panels[0, 0])
        ax.set(xlim=(0.0, 1.0), ylim=(1.0, 3.0))
        middle: dict[str, Any] = {"ha": "center", "va": "center"}
        ax.text(0.36, 2.15, "perfect generalisation", **middle)
        ax.text(0.775, 2.17, "perfect stable,\npoor metastable", rotation=36, linespacing=1.4, **middle)
        ax.text(0.70, 1.35, "poor generalisation", **middle)
        ax.text(0.105, 1.375, "poor metastable,\nfrozen", fontsize=8.0, linespacing=1.1, **middle)
    return figure


def draw_landscape(curves: dict[str, Any]) -> Any:
    """Two fans over the distance: margins of the reference at one load, loads of the best centre."""
    from replica.plots import house_style, page, plot

    figure, panels = page(1, 2, size=(7.0, 2.8))
    with house_style():
        left, right = (plot(data, ax) for data, ax in zip(curves.values(), panels.flat, strict=True))
        left.set_title(r"(a) around typical solutions of margin $\kappa_{\mathrm{ref}}$, $\alpha = 0.5$", loc="left")
        right.set_title(r"(b) around the best centres, $y = \infty$", loc="left")
    return figure


def draw_learning(curves: dict[str, Any]) -> Any:
    """Three rules in one panel."""
    from replica.plots import house_style, page, plot

    figure, panels = page(size=(4.0, 3.0))
    with house_style():
        ax = panels[0, 0]
        looks = (("black", "-"), ("#D55E00", "--"), ("#0072B2", "-."))
        for data, (colour, style) in zip(curves.values(), looks, strict=True):
            plot(data, ax)
            ax.lines[-1].set(color=colour, linestyle=style)
        names = [name.removeprefix("learning-") for name in curves]
        least = next(iter(curves.values()))
        ax.plot(least["alpha"], least["bayes_error"], color="#009E73", linestyle=":")
        ax.axhline(RARE, color="0.6", linewidth=0.8, zorder=0)
        ax.legend(ax.lines[:-1], [*names, "Bayes-optimal rule"])
        ax.text(9.3, RARE + 0.002, "always the larger class", ha="right", color="0.4", fontsize=8.0)
        ax.set(ylim=(0.13, 0.31), title=f"two Gaussian clusters, {RARE:.0%} with label +1, noise 1, penalty 0.1")
    return figure
