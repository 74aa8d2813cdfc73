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
    return [len(line.get_xdata()) for line in ax.lines if line.get_color() == COLOURS[0]]


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
