"""Franz-Parisi curves over lists of loads and references: axes, the bits of single calls, doubts about references."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import replica
from replica.ansatz.franz_parisi.zeros import zero_of
from replica.cli import main

BINARY = replica.perceptron("binary")
D = [0.03, 0.1, 0.2]
FIT = replica.Reference(model=replica.perceptron("spherical", loss="logistic"), clipped=True)


def same(one: Any, other: Any) -> bool:
    """Equal to the bit in every variable of the first."""
    pairs = [(one[name].values, other[name].values) for name in one]
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs)


def test_lists_are_axes_with_the_bits_of_single_calls(tmp_path: Path) -> None:
    references = [None, 0.3, "max", FIT]
    grid = replica.franz_parisi(BINARY, alpha=[0.3, 0.5], distance=D, reference=references, checkpoint=tmp_path / "c")
    assert grid["entropy"].dims == ("alpha", "reference", "distance")
    assert grid["reference"].values.tolist() == ["typical", "0.3", "max", "logistic, clipped"]
    for name, reference in zip(grid["reference"].values, references, strict=True):
        single = replica.franz_parisi(BINARY, alpha=0.5, distance=D, reference=reference)
        part = grid.sel(alpha=0.5, reference=name)
        assert same(single, part)
        for attribute in ("typical_distance", "reference_status"):
            assert part[attribute].item() == single.attrs[attribute]
    again = replica.franz_parisi(BINARY, alpha=[0.3, 0.5], distance=D, reference=references, checkpoint=tmp_path / "c")
    assert again.identical(grid)


def test_margins_of_one_reference_are_numbers() -> None:
    grid = replica.franz_parisi(BINARY, alpha=0.5, distance=D, reference=replica.Reference(margin=[0.1, 0.25]))
    assert grid["entropy"].dims == ("reference", "distance")
    assert grid["reference"].values.tolist() == [0.1, 0.25]
    assert same(replica.franz_parisi(BINARY, alpha=0.5, distance=D, reference=0.25), grid.sel(reference=0.25))
    with pytest.raises(ValueError, match="single one here"):
        replica.isolation(BINARY, alpha=0.5, reference=replica.Reference(margin=[0.1, 0.2]))


@pytest.mark.parametrize("wrong", ["foo", True, {}, [0.1, "foo"], []])
def test_wrong_references_are_told_what_is_allowed(wrong: Any) -> None:
    with pytest.raises(ValueError, match="reference must"):
        replica.franz_parisi(BINARY, alpha=0.5, distance=D, reference=wrong)


@pytest.mark.parametrize(
    ("model", "alpha", "reference"),
    [
        (BINARY, 0.5, 0.5),  # beyond the largest margin
        (BINARY, 0.9, None),  # beyond capacity
        (BINARY, 0.5, 0.6),  # between the zero of the entropy and the end of the branch
        (replica.perceptron("binary", margin=0.15), 0.6, 0.45),
        (replica.perceptron("ternary", margin=0.1), 0.65, 0.5),
        (replica.perceptron("spherical"), 2.2, "max"),  # an unstable vector
    ],
)
def test_doubts_about_a_reference_stand_in_every_point(model: replica.Model, alpha: float, reference: Any) -> None:
    curve = replica.franz_parisi(model, alpha=alpha, distance=[0.05, 0.1], reference=reference)
    assert all("; the reference: " in text and "not to be trusted" in text for text in curve["status"].values)
    sound = replica.franz_parisi(model, alpha=0.1, distance=[0.1])
    assert "reference" not in str(sound["status"].values[0])


def test_doubtful_curves_are_pale() -> None:
    grid = replica.franz_parisi(BINARY, alpha=0.5, distance=D, reference=[0.2, 0.5])
    ax = replica.plot(grid)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert any("pale" in label for label in labels)
    double = replica.franz_parisi(BINARY, alpha=[0.3, 0.5], distance=D, reference=[None, "max"])
    assert len(replica.plot(double).get_legend().get_texts()) == 4


@pytest.mark.parametrize(
    ("model", "alpha", "lost", "reference"),
    [
        (replica.perceptron("spherical"), 0.5, 2.5, None),
        (replica.perceptron("ternary", margin=0.5), 0.3, 0.8, None),
        (replica.perceptron("binary", loss="error-count", beta=2.0), 0.5, 0.5, "zero cost"),
        (replica.perceptron("binary", labels="teacher"), 0.7, 2.0, None),
        (replica.mixture(loss=replica.Margin(0.5), weights="spherical"), 0.5, 30.0, None),
    ],
)
def test_unsolved_references_keep_every_variable(
    model: replica.Model, alpha: float, lost: float, reference: Any
) -> None:
    around = reference
    if reference is not None:
        around = replica.Reference(model=replica.perceptron("spherical", loss=replica.Hinge(0.0)))
        reference = replica.Reference(model=replica.perceptron("spherical", loss="logistic"))
    solved = replica.franz_parisi(model, alpha=alpha, distance=[0.2], reference=reference)
    curve = replica.franz_parisi(model, alpha=lost, distance=[0.2], reference=around)
    assert str(curve["status"].values[0]).startswith("not converged: no ")
    assert set(curve.data_vars) == set(solved.data_vars)
    assert all(np.isnan(curve[name].values).all() for name in curve.data_vars if curve[name].dtype.kind == "f")


def test_zeros_of_functions_without_a_value_are_not_found() -> None:
    assert zero_of(lambda x: x**3 - 0.3, 0.0, 1.0, 1e-12) == pytest.approx(0.3 ** (1 / 3), abs=1e-11)
    assert np.isnan(zero_of(lambda x: x - 0.3 if x < 0.2 or x > 0.9 else float("nan"), 0.0, 1.0, 1e-12))


def test_tolerance_is_kept() -> None:
    rough = replica.franz_parisi(BINARY, alpha=0.5, distance=D, reference=0.3, tolerance=1e-5)
    fine = replica.franz_parisi(BINARY, alpha=0.5, distance=D, reference=0.3, tolerance=1e-13)
    assert np.all(fine["error"].values < 1e-13)
    assert np.all(np.abs(rough["entropy"] - fine["entropy"]) <= rough["error"] + fine["error"])
    strict = replica.franz_parisi(BINARY, alpha=0.5, distance=D, reference=0.3, tolerance=1e-20)
    assert all(text.startswith("not converged") for text in strict["status"].values)


def test_lists_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["franz-parisi", "perceptron", "--alpha", "0.3,0.5", "--distance", "0.1,0.2", "--json", "--reference"]
    assert main([*words, "0,0.2,max", "-o", str(tmp_path / "fan.png")]) == 0
    found = json.loads(capsys.readouterr().out)
    curve = replica.franz_parisi(BINARY, alpha=[0.3, 0.5], distance=[0.1, 0.2], reference=[0, 0.2, "max"])
    assert found["entropy"] == curve["entropy"].values.tolist()
    assert found["reference"] == ["0", "0.2", "max"]
    assert (tmp_path / "fan.png").stat().st_size > 1000
    assert main([*words, "0,tipical"]) == 2
    sentence = capsys.readouterr().err
    assert "a number, typical, max, planted, hebb or a loss" in sentence
    assert "did you mean typical?" in sentence
