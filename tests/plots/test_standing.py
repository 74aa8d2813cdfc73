"""Figures of several observables, of jumps between branches, and of points that are unsolved or doubtful in a map."""

from __future__ import annotations

import numpy as np
import xarray
from matplotlib.figure import Figure

import replica
from replica.plots.lines import jumps
from replica.plots.style import COLOURS

GOOD = "converged"
OTHER = "converged; the teacher itself (m = q = 1)"


def curve(values: list[float], status: list[str], **attributes: object) -> xarray.Dataset:
    alpha = 0.1 * np.arange(1, len(values) + 1)
    data = {"q": ("alpha", values), "entropy": ("alpha", values[::-1]), "status": ("alpha", status)}
    return xarray.Dataset(data, coords={"alpha": alpha}, attrs={"kind": "curve", "main": "q"} | attributes)


def pieces(ax: object) -> list[int]:
    joined = (line for line in ax.lines if line.get_linestyle() != "None")  # dots mark the points of sparse grids
    return [len(line.get_xdata()) for line in joined if line.get_color() == COLOURS[0]]


def dots(ax: object) -> list[int]:
    return [len(line.get_xdata()) for line in ax.lines if line.get_marker() == "." and len(line.get_xdata()) > 1]


def test_the_points_of_a_sparse_grid_are_seen() -> None:
    for size, found in ((5, [5]), (60, [])):
        grid = np.linspace(0.1, 0.5, size)
        data = replica.sweep(replica.perceptron("spherical"), alpha=grid, observables=["entropy"])
        assert dots(replica.plot(data)) == found


def test_a_line_that_is_doubtful_all_along_looks_so_in_the_legend() -> None:
    wide = replica.committee(activation="relu", weights="spherical")
    ax = replica.plot(replica.diagram(wide, x=("margin", [0.0, 0.2]), lines=["capacity", "at"]))
    legend = ax.get_legend()
    entries = zip(legend.get_texts(), legend.legend_handles, strict=True)
    assert [line.get_color() != COLOURS[0] for text, line in entries if "capacity" in text.get_text()] == [True]


def test_a_figure_of_its_own_names_the_model() -> None:
    axes = {"alpha": [0.5, 1.0], "noise": [0.5, 1.0]}
    data = replica.sweep(replica.mixture("logistic"), observables=["generalization_error"], **axes)
    ax = replica.plot(data)
    text = ax.figure.get_suptitle()
    assert text == "gaussian, perceptron, logistic, mixture(centroid=gaussian)"
    far = replica.sweep(replica.mixture("logistic", penalty=0.01848534795249737, balance=0.3), alpha=[0.5, 1.0])
    text = replica.plot(far).figure.get_suptitle()
    assert "gaussian(penalty=0.01849)" in text and "balance=0.3" in text and text.count("\n") < 2


def test_observables_of_one_kind_share_a_panel() -> None:
    asked = ["generalization_error", "bayes_error", "oracle_error", "q"]
    data = replica.sweep(replica.mixture("logistic"), alpha=[0.5, 1.0, 2.0], observables=asked)
    figure = replica.plot(data).figure
    assert [ax.get_ylabel() for ax in figure.axes] == ["error on new patterns", "squared norm $|w|^2/N$"]
    assert len(figure.axes[0].get_legend().get_texts()) == 3
    assert figure.axes[1].get_legend() is None


def test_one_curve_under_two_names_is_drawn_once() -> None:
    sphere, x = replica.perceptron("spherical"), ("margin", [0.0, 0.5, 1.0])
    both = replica.plot(replica.diagram(sphere, x=x, lines=["capacity", "max-margin"]))
    alone = replica.plot(replica.diagram(sphere, x=x, lines=["capacity"]))
    assert len(both.lines) == len(alone.lines)
    (entry,) = both.get_legend().get_texts()
    assert "capacity" in entry.get_text() and "largest margin" in entry.get_text()


def test_a_figure_of_two_grids_has_the_values_in_its_legend() -> None:
    axes = {"alpha": [0.5, 1.0], "noise": [0.5, 1.0]}
    ax = replica.plot(replica.sweep(replica.mixture("logistic"), observables=["generalization_error"], **axes))
    assert ax.get_legend().get_texts()[0].get_text() == r"$\Delta$ = 0.5"


def test_every_observable_that_was_asked_for_has_a_panel() -> None:
    data = replica.sweep(replica.perceptron("binary"), alpha=[0.2, 0.4], observables=["entropy", "q"])
    first = replica.plot(data)
    assert [ax.get_ylabel() for ax in first.figure.axes] == ["entropy $s$ (nats per weight)", "overlap $q$"]
    assert first is first.figure.axes[0]
    drawn = first.figure.axes[1].lines[0].get_ydata()
    assert list(drawn) == list(data["q"].values)


def test_axes_that_are_given_show_the_main_variable() -> None:
    data = curve([0.1, 0.2], [GOOD, GOOD], observables=["q", "entropy"])
    ax = Figure().subplots()
    assert replica.plot(data, ax) is ax
    assert len(ax.figure.axes) == 1


def test_a_line_ends_where_the_solution_jumps() -> None:
    ax = replica.plot(curve([0.1, 0.2, 0.3, 1.0, 1.0, 1.0], [GOOD] * 3 + [OTHER] * 3))
    assert pieces(ax) == [3, 3]


def test_a_line_goes_on_where_only_the_words_or_only_the_value_change() -> None:
    assert pieces(replica.plot(curve([0.1, 0.2, 0.3, 0.4, 0.5], [GOOD] * 3 + [OTHER] * 2))) == [5]
    assert pieces(replica.plot(curve([0.1, 0.2, 0.3, 1.0, 1.1], [GOOD] * 5))) == [5]
    assert not jumps(np.array([0.5, 0.5, 0.5]), np.array([GOOD, OTHER, OTHER])).any()


def test_maps_tell_unsolved_points_from_doubtful_ones() -> None:
    status = np.full((10, 12), GOOD, dtype="U60")
    status[8:, :] = "converged; the entropy is negative: RS is not to be trusted"
    status[:, :2] = "not converged"
    values = np.where(status == "not converged", np.nan, np.linspace(0.0, 1.0, 12))
    data = xarray.Dataset(
        {"q": (("alpha", "margin"), values), "status": (("alpha", "margin"), status)},
        coords={"alpha": np.arange(1, 11) / 10, "margin": np.arange(12) / 10},
        attrs={"kind": "curve", "main": "q"},
    )
    ax = replica.plot(data)
    hatches = {text.get_text(): patch.get_hatch() for text, patch in _legend(ax)}
    assert set(hatches) == {"RS not to be trusted", "not solved"}
    assert len(set(hatches.values())) == 2
    assert ax.patch.get_hatch() == hatches["not solved"]


def _legend(ax: object) -> list[tuple[object, object]]:
    box = ax.get_legend()
    return list(zip(box.get_texts(), box.get_patches(), strict=True))
