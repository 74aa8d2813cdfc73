"""Figures show what datasets say: values, gaps, doubts, errors, labels; nothing here judges the physics."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pytest
import xarray
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.text import Text

import replica
from replica.plots import page, write
from replica.plots.lines import faded
from replica.plots.style import COLOURS

GOOD, BAD = "converged", "not converged: the steps were spent"


def a_curve(values: Any, *, status: Any = None, **extra: Any) -> xarray.Dataset:
    """A sweep over alpha as `replica.sweep` returns it."""
    values = np.asarray(values, dtype=float)
    status = np.full(values.size, GOOD) if status is None else np.array(status)
    variables = {"entropy": values, "error": 1e-15 * np.ones(values.size)} | extra
    data = xarray.Dataset({name: ("alpha", v) for name, v in (variables | {"status": status}).items()})
    data = data.assign_coords(alpha=0.1 * np.arange(1, values.size + 1))
    data["alpha"].attrs["symbol"], data["entropy"].attrs["symbol"] = r"\alpha", "s"
    return data.assign_attrs(kind="curve", main="entropy")


def a_diagram(**lines: Any) -> xarray.Dataset:
    """A diagram over the margin; NaN is unsolved."""
    data = xarray.Dataset(attrs={"kind": "diagram", "lines": list(lines), "y": "alpha"})
    for name, values in lines.items():
        values = np.asarray(values, dtype=float)
        data[name] = ("margin", values, {"symbol": rf"\alpha_{{{name}}}"})
        data[f"{name}_error"] = ("margin", np.zeros(values.size))
        data[f"{name}_stability"] = ("margin", np.ones(values.size))
        data[f"{name}_status"] = ("margin", np.where(np.isfinite(values), GOOD, BAD))
    data = data.assign_coords(margin=np.arange(data.sizes["margin"], dtype=float), alpha=np.linspace(0, 1, 3))
    data["alpha"].attrs["symbol"], data["margin"].attrs["symbol"] = r"\alpha", r"\kappa"
    return data


def drawn(ax: Axes, colour: Any) -> list[tuple[list[float], list[float]]]:
    """Points of the lines of one colour, leaving marks and grid lines aside."""
    return [
        (list(np.round(line.get_xdata(), 12)), list(line.get_ydata()))
        for line in ax.lines
        if to_rgb(line.get_color()) == to_rgb(colour) and line.get_linestyle() != "None"
    ]


def circles(ax: Axes) -> list[float]:
    """Places of the open circles on the lower axis."""
    found = [line for line in ax.lines if line.get_transform() == ax.get_xaxis_transform()]
    return [float(x) for line in found if line.get_marker() == "o" for x in line.get_xdata()]


def legend(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else []


def test_a_curve_is_the_numbers_of_the_dataset_with_words_symbols_and_units() -> None:
    ax = replica.plot(a_curve([0.5, 0.3, 0.2]))
    assert drawn(ax, COLOURS[0]) == [([0.1, 0.2, 0.3], [0.5, 0.3, 0.2])]
    assert ax.get_xlabel() == r"load $\alpha$"
    assert ax.get_ylabel() == "entropy $s$ (nats per weight)"
    assert legend(ax) == []


def test_unsolved_points_are_gaps_with_open_circles_on_the_axis() -> None:
    data = a_curve([0.5, 0.4, 9.0, 0.2, 0.1], status=[GOOD, GOOD, BAD, GOOD, GOOD])
    ax = replica.plot(data)
    assert drawn(ax, COLOURS[0]) == [([0.1, 0.2], [0.5, 0.4]), ([0.4, 0.5], [0.2, 0.1])]
    assert circles(ax) == pytest.approx([0.3])
    assert legend(ax) == ["not solved"]


@pytest.mark.parametrize(
    ("stability", "sentence", "label"),
    [
        (-0.1, GOOD, "pale: RS not to be trusted"),
        (1.0, "converged; the entropy is negative: RS is not to be trusted", "pale: RS not to be trusted"),
        (1.0, "converged; metastable: another has more", "pale: RS not to be trusted, or metastable"),
    ],
)
def test_doubtful_parts_are_pale(stability: float, sentence: str, label: str) -> None:
    status = [GOOD, GOOD, sentence, sentence]
    data = a_curve([0.4, 0.3, 0.2, 0.1], status=status, stability=np.array([1.0, 0.5, stability, stability]))
    ax = replica.plot(data)
    assert drawn(ax, COLOURS[0]) == [([0.1, 0.2], [0.4, 0.3])]
    assert drawn(ax, faded(COLOURS[0])) == [([0.2, 0.3, 0.4], [0.3, 0.2, 0.1])]
    assert legend(ax) == [label]


def test_a_stability_of_rounding_size_is_no_doubt() -> None:
    ax = replica.plot(a_curve([0.4, 0.3], stability=np.array([1e-3, -1e-15])))
    assert drawn(ax, faded(COLOURS[0])) == []


@pytest.mark.parametrize(("error", "bands"), [(1e-9, 0), (0.05, 1)])
def test_errors_are_a_band_where_they_can_be_seen(error: float, bands: int) -> None:
    ax = replica.plot(a_curve([0.5, 0.3, 0.2], error=np.full(3, error)))
    found = [c for c in ax.collections if isinstance(c, PolyCollection)]
    assert len(found) == bands
    if bands:
        edges = found[0].get_paths()[0].vertices[:, 1]
        assert edges.max() == pytest.approx(0.55) and edges.min() == pytest.approx(0.15)


def test_a_single_solved_point_is_a_dot() -> None:
    ax = replica.plot(a_curve([np.nan, 0.3, np.nan]))
    dots = [line for line in ax.lines if line.get_marker() == "."]
    assert [list(np.round(dot.get_xdata(), 12)) for dot in dots] == [[0.2]]


def test_nothing_solved_is_an_empty_panel_with_circles() -> None:
    ax = replica.plot(a_curve([np.nan, np.nan]))
    assert circles(ax) == pytest.approx([0.1, 0.2])
    ax.figure.draw_without_rendering()


def test_point_masses_are_arrows_with_their_mass() -> None:
    data = a_curve([0.4, 0.2]).assign_attrs(atoms=[(0.15, 0.6914)])
    ax = replica.plot(data)
    assert [text.get_text() for text in ax.texts] == ["", "mass 0.691"]
    assert ax.texts[0].arrow_patch is not None and ax.texts[0].xy[0] == 0.15


def two_grids(count: int) -> xarray.Dataset:
    parts = [a_curve(np.linspace(1.0, 0.0, 12) - 0.1 * k) for k in range(count)]
    data = xarray.concat(parts, dim="margin", combine_attrs="override").transpose("alpha", "margin")
    data = data.assign_coords(margin=np.arange(count) - 1.0)
    data["margin"].attrs["symbol"] = r"\kappa"
    return data


def test_a_small_second_grid_is_a_fan() -> None:
    ax = replica.plot(two_grids(3))
    assert legend(ax) == ["$\\kappa$ = \N{MINUS SIGN}1", r"$\kappa$ = 0", r"$\kappa$ = 1"]
    heights = sorted(y[0] for _, y in (points for colour in fan_colours(ax) for points in drawn(ax, colour)))
    assert heights == pytest.approx([0.8, 0.9, 1.0])


def fan_colours(ax: Axes) -> list[Any]:
    return [handle.get_color() for handle in ax.get_legend().legend_handles]


def test_curves_of_a_fan_differ_in_brightness_and_marker() -> None:
    handles = replica.plot(two_grids(8)).get_legend().legend_handles
    brightness = [np.dot(to_rgb(handle.get_color()), [0.3, 0.59, 0.11]) for handle in handles]
    assert np.all(np.diff(brightness) > 0.02)
    assert len({handle.get_marker() for handle in handles}) == 8


def test_two_large_grids_are_a_map_with_its_scale() -> None:
    data = two_grids(12)
    data["entropy"][3, 4] = np.nan
    ax = replica.plot(data)
    (mesh,) = [c for c in ax.collections if isinstance(c, QuadMesh)]
    assert (ax.get_xlabel(), ax.get_ylabel()) == (r"margin $\kappa$", r"load $\alpha$")
    assert np.ma.getmaskarray(mesh.get_array()).sum() == 1
    assert np.ma.getdata(mesh.get_array())[2, 5] == data["entropy"].values[2, 5]
    assert ax.figure.axes[1].get_ylabel() == "entropy $s$ (nats per weight)"


def test_the_divergence_at_the_rim_of_a_map_leaves_colours_for_the_rest() -> None:
    data = two_grids(12)
    data["entropy"][0, 0] = -1e6
    mesh = next(c for c in replica.plot(data).collections if isinstance(c, QuadMesh))
    assert mesh.get_clim()[0] > -2.0 and mesh.get_clim()[1] == data["entropy"].values.max()


def test_a_diagram_hatches_between_the_at_line_and_a_larger_capacity() -> None:
    ax = replica.plot(a_diagram(capacity=[5.0, 3.0, 2.0], at=[3.0, 2.5, 2.2]))
    (area,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    heights = area.get_paths()[0].vertices
    assert area.get_hatch() and {3.0, 5.0} <= set(heights[:, 1]) and heights[:, 0].max() == 1.0
    assert legend(ax) == [r"$\alpha_{capacity}$  capacity", r"$\alpha_{at}$  AT line", "RS not to be trusted"]


def test_a_diagram_without_such_a_region_has_no_hatch() -> None:
    ax = replica.plot(a_diagram(capacity=[3.0, 2.0], at=[4.0, 2.5]))
    assert [c for c in ax.collections if isinstance(c, PolyCollection)] == []


def test_in_a_diagram_holes_are_marked_and_ends_are_not() -> None:
    nan = np.nan
    data = a_diagram(capacity=[nan, 4.0, 3.0, nan, 2.0, 1.5], at=[9.0, 8.0, 7.0, nan, nan, nan])
    ax = replica.plot(data)
    assert circles(ax) == [3.0]


def test_unstable_parts_of_a_line_keep_their_dash_and_turn_pale() -> None:
    data = a_diagram(transition=[1.0, 1.1, 1.2], spinodal=[2.0, 2.1, 2.2])
    data["spinodal_stability"][0] = -0.5
    ax = replica.plot(data)
    assert drawn(ax, faded(COLOURS[1])) == [([0.0, 1.0], [2.0, 2.1])]
    assert drawn(ax, COLOURS[1]) == [([1.0, 2.0], [2.1, 2.2])]
    others = [line for line in ax.lines if to_rgb(line.get_color()) != to_rgb(COLOURS[0])]
    others = [line for line in others if line.get_linestyle() != "None"]
    dashes = {line._unscaled_dash_pattern for line in others}
    assert len(dashes) == 1


@pytest.mark.parametrize(
    ("values", "scale"), [([0.1, 1.0, 9.0], "log"), ([1.0, 2.0, 9.0], "linear"), ([-1.0, 1.0, 90.0], "linear")]
)
def test_lines_over_decades_get_a_logarithmic_axis(values: list[float], scale: str) -> None:
    assert replica.plot(a_diagram(capacity=values)).get_yscale() == scale


def test_lines_differ_in_colour_and_in_dash() -> None:
    names = ("capacity", "at", "spinodal", "transition", "freezing")
    ax = replica.plot(a_diagram(**{name: [k, k + 1.0] for k, name in enumerate(names)}))
    handles = ax.get_legend().legend_handles
    assert len({handle.get_color() for handle in handles}) == len(names)
    assert len({handle._unscaled_dash_pattern for handle in handles}) == len(names)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (xarray.Dataset(attrs={"kind": "curv"}), "kind 'curv'; did you mean 'curve'"),
        (xarray.Dataset(), "kind None"),
        (a_curve([1.0, 0.5]).assign_attrs(main="entropi"), "attrs\\['main'\\]"),
        (a_curve([1.0]).expand_dims(margin=[0.0, 1.0, 2.0], beta=[1.0, 2.0, 3.0]), "grids, this dataset has 3"),
        (a_curve([1.0, 0.5]).isel(alpha=0), "one or two grids, this dataset has 0"),
        (a_diagram(at=[1.0]).assign_attrs(lines=["capacity"]), "attrs\\['lines'\\]"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replica.plot(data)


@pytest.mark.parametrize("given", [0.5, None, replica.perceptron(), [1.0, 2.0]])
def test_what_is_no_dataset_is_told_so(given: Any) -> None:
    with pytest.raises(TypeError, match="plot takes an xarray.Dataset, got"):
        replica.plot(given)
    with pytest.raises(TypeError, match="ax must be a matplotlib Axes"):
        replica.plot(a_curve([1.0, 0.5]), given or 1)


def test_no_global_state_of_matplotlib_changes() -> None:
    from matplotlib import pyplot

    before, open_figures = dict(matplotlib.rcParams), pyplot.get_fignums()
    replica.plot(a_curve([0.5, 0.3])).figure.draw_without_rendering()
    assert dict(matplotlib.rcParams) == before
    assert pyplot.get_fignums() == open_figures


def test_drawing_into_given_axes() -> None:
    _, panels = page(1, 2)
    assert replica.plot(a_curve([0.5, 0.3]), panels[0, 1]) is panels[0, 1]
    assert len(panels[0, 0].lines) == 0


@pytest.mark.parametrize(
    "data", [a_curve([0.5, np.nan, 0.3]), two_grids(3), two_grids(12), a_diagram(at=[0.1, 9.0])]
)
def test_at_the_width_of_a_column_no_letter_is_smaller_than_eight_points(data: xarray.Dataset) -> None:
    figure = replica.plot(data).figure
    figure.draw_without_rendering()  # outside the block of our settings, as a caller would
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert figure.get_figwidth() == pytest.approx(3.4)
    assert len(texts) > 4 and min(text.get_fontsize() for text in texts) >= 8.0
    assert {text.get_fontfamily()[0] for text in texts} == {"STIXGeneral"}


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_the_same_dataset_gives_the_same_file(suffix: str, tmp_path: Any) -> None:
    for name in ("one", "two"):
        write(replica.plot(a_diagram(capacity=[5.0, 3.0], at=[3.0, 2.0])).figure, tmp_path / (name + suffix))
    one, two = ((tmp_path / (name + suffix)).read_bytes() for name in ("one", "two"))
    assert one == two and len(one) > 1000


def test_real_datasets_are_drawn_whole() -> None:
    model = replica.perceptron("spherical")
    curve = replica.sweep(model, alpha=[0.5, 1.0, 1.5], observables=["entropy", "stability"])
    assert drawn(replica.plot(curve), COLOURS[0])[0][1] == list(curve["entropy"].values)
    diagram = replica.diagram(model, x=("margin", [-1.0, -0.5, 0.0, 0.5]), lines=["capacity", "at"])
    ax = replica.plot(diagram)
    assert drawn(ax, COLOURS[0]) == [([0.0, 0.5], list(diagram["capacity"].values[2:]))]
    assert any(c.get_hatch() for c in ax.collections)
