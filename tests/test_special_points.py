"""Special points of diagrams: against closed forms, and on straight lines whose places are known."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy.optimize import brentq

import replica
from replica.cli import main
from replica.sweeps import special_points as module
from replica.sweeps.meeting import Spot
from replica.sweeps.special_points import Plane

OUTSIDE = replica.perceptron("binary", loss=replica.OutsideBand(1.0))


def outside(k: float) -> float:
    """Chance of a standard Gaussian beyond k on either side."""
    return math.erfc(k / math.sqrt(2.0))


def first_moment(k: float) -> float:
    return -math.log(2.0) / math.log(outside(k))


def instability(k: float) -> float:
    """``alpha <z^2 - 1>^2 = 1``, the mean over what is allowed."""
    return float((outside(k) / (2.0 * k * math.exp(-0.5 * k * k) / math.sqrt(2.0 * math.pi))) ** 2)


def test_where_outside_bands_lose_symmetry_before_they_are_full() -> None:
    """The crossing of two closed forms, known as 0.817 (Aubin, Perkins, Zdeborova 2019)."""
    found = replica.special_points(OUTSIDE, x=("margin", [0.4, 0.6, 0.8, 1.0, 1.2]), lines=["capacity", "at"])
    truth = float(brentq(lambda k: first_moment(k) - instability(k), 0.5, 1.2, xtol=1e-15))
    assert found["kind"].values.tolist() == ["crossing"] and found["lines"].item() == "capacity, at"
    assert abs(found["margin"].item() - truth) <= found["margin_error"].item() + 1e-14
    assert found["margin_error"].item() < 1e-11
    assert abs(found["alpha"].item() - first_moment(truth)) <= found["alpha_error"].item() + 1e-14


def test_the_at_line_of_the_sphere_ends_on_the_capacity_at_margin_0() -> None:
    found = replica.special_points(replica.perceptron("spherical"), x=("margin", [-1.0, -0.5, 0.3]))
    assert found["kind"].values.tolist() == ["end"] and found["lines"].item() == "at"
    assert abs(found["margin"].item()) <= found["margin_error"].item() < 1e-4
    assert abs(found["alpha"].item() - 2.0) <= found["alpha_error"].item() < 1e-3
    assert "on capacity: beyond, the RS branch is stable" in found["status"].item()


@dataclass(frozen=True)
class Straight(Plane):
    """Lines ``y = at + slope x``, up to ``last``; one jumps at 0.3."""

    known: ClassVar[dict[str, tuple[float, float, float]]] = {
        "capacity": (0.0, 1.0, 9.0), "at": (1.0, -1.0, 9.0), "spinodal": (0.5, 0.0, 0.7), "freezing": (2.0, 0.0, 9.0),
    }  # fmt: skip

    def along(self, name: str, places: np.ndarray) -> list[Spot]:
        start, slope, last = self.known[name]
        jump = np.where((name == "freezing") & (places < 0.3), -4.0, 0.0)
        rows = zip((start + slope * places + jump).tolist(), (places <= last).tolist(), strict=True)
        gone = Spot(math.nan, math.nan, "not converged: gone")
        return [Spot(value, 1e-13, "") if there else gone for value, there in rows]


def test_straight_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Plane", Straight)
    names = ["capacity", "at", "spinodal", "freezing"]
    found = replica.special_points(replica.perceptron("spherical"), x=("margin", [0.0, 0.4, 0.8, 1.6]), lines=names[:3])
    assert found["kind"].values.tolist() == ["triple point", "end"]
    assert np.allclose(found["margin"], [0.5, 0.7], atol=1e-9) and np.allclose(found["alpha"], 0.5, atol=1e-9)
    assert found["lines"].values.tolist() == ["capacity, at, spinodal", "spinodal"]
    assert found["status"].values[1] == "converged; end of spinodal: beyond, gone"
    two = replica.special_points(replica.perceptron("spherical"), x=("margin", [0.0, 0.4, 1.6]), lines=names[::3])
    assert "one line jumps over the other at margin = 0.3" in two["status"].item()


def test_what_is_asked_wrongly() -> None:
    with pytest.raises(ValueError, match="at least two points"):
        replica.special_points(OUTSIDE, x=("margin", [0.5]))
    with pytest.raises(ValueError, match="a number that can be moved by little, got 'units'"):
        replica.special_points(replica.committee(3), x=("units", [3, 5]))
    with pytest.raises(ValueError, match="did you mean 'capacity'"):
        replica.special_points(OUTSIDE, x=("margin", [0.5, 1.0]), lines=["capcity"])


def test_in_the_shell_and_in_files(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["special-points", "perceptron", "--loss", "outside-band", "-x", "margin=0.6:1:2", "--json"]
    assert main([*words, "-o", str(tmp_path / "points.csv")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["kind"] == ["crossing"] and abs(answer["margin"][0] - 0.8170994530782731) < 1e-11
    assert replica.load(tmp_path / "points.csv")["lines"].item() == "capacity, at"


def test_that_there_is_nothing_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["special-points", "perceptron", "-x", "margin=0:1:3", "--lines", "capacity"]) == 0
    assert "no line crosses another or ends between the points of the grid" in capsys.readouterr().err
