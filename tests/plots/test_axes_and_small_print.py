"""Axes of geometric grids with their limits, what the small print holds, and figures as journals take them."""

from __future__ import annotations

import io
import re
import zlib
from typing import Any

import matplotlib
import numpy as np
import pytest
import xarray
from matplotlib.collections import QuadMesh

import replica
from replica.plots import words as plain_words
from replica.plots.lines import faded
from replica.plots.style import COLOURS, geometric

CLUSTERS = replica.mixture("logistic", balance=0.3)


def text_of(ax: Any) -> list[str]:
    return [entry.get_text() for entry in ax.get_legend().get_texts()]


@pytest.mark.parametrize(
    ("grid", "found"),
    [
        (np.geomspace(1e-4, 1e4, 20), True),
        ([0.01, 0.03, 0.1, 0.3, 1.0], True),
        ([101, 1001, 10001], True),
        (np.linspace(0.1, 30.0, 40), False),
        (np.linspace(-1.0, 1.0, 9), False),
        (np.linspace(0.0, 5.0, 9), False),
        ([0.1, 10.0], False),
        ([1.0, 2.0, 4.0, 8.0], False),
    ],
)
def test_which_grids_are_geometric(grid: Any, found: bool) -> None:
    assert geometric(np.asarray(grid, dtype=float)) is found


def test_a_geometric_grid_has_a_logarithmic_axis_and_its_ends_are_dotted_lines() -> None:
    grid = [0.0, *np.geomspace(1e-3, 1e3, 7), np.inf]
    curve = replica.sweep(CLUSTERS, alpha=2.0, penalty=grid, observables=["generalization_error"])
    ax = replica.plot(curve)
    assert ax.get_xscale() == "log" and ax.get_xlim() == (1e-3, 1e3)
    levels = [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == ":"]
    assert levels == [float(curve["generalization_error"][0]), float(curve["generalization_error"][-1])]
    assert text_of(ax) == [r"$\lambda$ $= 0$", r"$\lambda$ $= \infty$"]


def test_limits_of_a_fan_are_dotted_at_the_end_where_they_belong() -> None:
    grid = [0.0, *np.geomspace(1e-3, 1e3, 7), np.inf]
    curve = replica.sweep(CLUSTERS, alpha=[1.0, 2.0], penalty=grid, observables=["generalization_error"])
    ax = replica.plot(curve)
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert [line.get_xdata()[0] == 0.0 for line in dotted] == [True, True, False, False]
    levels = curve["generalization_error"].values
    assert [line.get_ydata()[0] for line in dotted] == [*levels[:, 0], *levels[:, -1]]
    assert len({line.get_color() for line in dotted}) == 2


def test_a_map_over_ratios_has_cells_around_its_points() -> None:
    loads, penalties = np.geomspace(0.5, 8.0, 9), np.geomspace(1e-3, 1e3, 9)
    curve = replica.sweep(CLUSTERS, alpha=loads, penalty=penalties, observables=["generalization_error"])
    ax = replica.plot(curve)
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    edges = mesh.get_coordinates()[0, :, 0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert np.sqrt(np.asarray(edges[1:] * edges[:-1])) == pytest.approx(penalties)


def test_the_small_print_says_all_that_is_held() -> None:
    curve = replica.sweep(CLUSTERS, alpha=2.0, penalty=[0.1, 1.0], observables=["q"])
    said = replica.plot(curve).figure.get_suptitle().replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")
    assert said.endswith("alpha = 2") and "penalty" not in said and "balance=0.3" in said
    held = replica.sweep(CLUSTERS, alpha=[1.0, 2.0], penalty=0.25, observables=["q"])
    said = replica.plot(held).figure.get_suptitle().replace("\N{NO-BREAK SPACE}", " ")
    assert said.count("penalty") == 1 and "penalty = 0.25" in said and "alpha" not in said
    binary = replica.perceptron("binary")
    local = replica.local_entropy(binary, alpha=0.5, distance=[0.1, 0.2], replicas=3)
    around = replica.franz_parisi(binary, alpha=0.4, distance=[0.1, 0.2], reference=0.25)
    for data, words in ((local, ["alpha = 0.5", "replicas = 3"]), (around, ["alpha = 0.4", "reference = margin 0.25"])):
        said = replica.plot(data).figure.get_suptitle().replace("\N{NO-BREAK SPACE}", " ")
        assert all(word in said for word in words)


def test_the_squared_norm_of_a_penalised_vector_is_no_overlap() -> None:
    at_zero = replica.sweep(CLUSTERS, alpha=[1.0, 2.0], observables=["q"])
    assert replica.plot(at_zero).get_ylabel() == "squared norm $|w|^2/N$"
    sphere = replica.sweep(replica.perceptron("spherical"), alpha=[0.5, 1.0], observables=["q"])
    assert replica.plot(sphere).get_ylabel() == "overlap $q$"


def test_whoever_writes_a_pdf_gets_truetype_fonts() -> None:
    curve = replica.sweep(replica.perceptron("spherical"), alpha=[0.5, 1.0])
    stream, before = io.BytesIO(), dict(matplotlib.rcParams)
    replica.plot(curve).figure.savefig(stream, format="pdf")
    content = stream.getvalue()
    parts = [zlib.decompress(part) for part in re.findall(rb"stream\r?\n(x.*?)\r?\nendstream", content, re.DOTALL)]
    everything = b"".join([content, *parts])
    assert b"/Type3" not in everything and b"/FontFile2" in everything
    assert dict(matplotlib.rcParams) == before


def test_the_sample_of_what_is_pale_looks_like_the_pale_line() -> None:
    binary = replica.perceptron("binary")
    ax = replica.plot(replica.diagram(binary, x=("margin", [0.0, 0.5, 1.0]), lines=["capacity", "at"]))
    pale = ax.get_legend().legend_handles[-1]
    line = next(line for line in ax.lines if line.get_color() == faded(COLOURS[1]))
    assert pale.get_color() == line.get_color()
    assert pale._unscaled_dash_pattern == line._unscaled_dash_pattern


def test_a_doubtful_part_too_short_to_be_seen_has_no_sample() -> None:
    grid = np.linspace(0.001, 0.4, 60)
    around = replica.franz_parisi(replica.perceptron("binary"), alpha=0.5, distance=grid)
    assert around["stability"].values[0] < 0 < around["stability"].values[5]
    assert replica.plot(around).get_legend() is None


def test_legends_write_powers_of_ten_and_the_ansatz_of_a_line():
    data = xarray.Dataset(coords={"penalty": ("penalty", [1.0], {"symbol": r"\lambda"})})
    shown = {number: plain_words.value(data, "penalty", number) for number in (1e-5, -2.5e-7, 0.01, -3.0, 1e20)}
    assert shown[1e-5] == r"$\lambda$ = $10^{-5}$" and shown[1e20] == r"$\lambda$ = $10^{20}$"
    assert shown[-2.5e-7] == "$\\lambda$ = \N{MINUS SIGN}2.5\N{MULTIPLICATION SIGN}$10^{-7}$"
    assert shown[0.01] == r"$\lambda$ = 0.01" and shown[-3.0] == "$\\lambda$ = \N{MINUS SIGN}3"
    said = [plain_words.words(f"capacity:{one}") for one in ("1rsb", "full")]
    assert said == ["capacity, 1RSB", "capacity, full RSB"]
