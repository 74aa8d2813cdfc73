"""Ways between solutions: against draws of the joint law, the Franz-Parisi maximum, and figures of another program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import truncnorm

import replica
from replica.ansatz.franz_parisi.minimiser_patterns import Minimiser
from replica.ansatz.franz_parisi.vertices import VectorEnd

FIGURES = json.loads((Path(__file__).parents[1] / "oracles" / "frontier.json").read_text(encoding="utf-8"))


def figures(*beginnings: str) -> list[Any]:
    return [pytest.param(one, id=one["id"]) for one in FIGURES if one["id"].startswith(beginnings)]


def agrees(found: float, figure: dict[str, Any]) -> bool:
    return abs(found - figure["value"]) <= max(5 * figure["abs_err"], 1e-9 * max(abs(figure["value"]), 0.1))


@pytest.mark.parametrize("figure", figures("star_", "pmax"))
def test_ends_and_errors_between_them(figure: dict[str, Any]) -> None:
    at, binary = figure["params"], figure["id"].startswith("star_binary")
    model = replica.perceptron("binary" if binary else "spherical", margin=at.get("kappa2", at.get("kappa")))
    ends = (at.get("kappa1", "max"), None)
    place = at.get("gamma", at.get("share", 0.5))
    found = replica.path(
        model, alpha=at["alpha"], margins=ends, position=place, along="flips" if binary else "geodesic"
    )
    overlap = "_err_" not in figure["id"]
    value = found.attrs["overlap"] if overlap else float(found["training_error"][0])
    error = found.attrs["overlap_error"] if overlap else float(found["error"][0])
    assert agrees(value, figure) and error < 1e-10
    assert found["status"].values[0].startswith("converged")


@pytest.mark.parametrize("figure", figures("kernel", "convex"))
def test_margins_of_a_star(figure: dict[str, Any]) -> None:
    verb = replica.kernel_margin if figure["id"].startswith("kernel") else replica.convex_margin
    at = figure["params"]
    found = verb(replica.perceptron("spherical", margin=at["kappa"]), alpha=at["alpha"])
    assert found.converged and agrees(found.value, figure) and found.error < 1e-12
    assert ("unstable" in found.status) == (figure["id"] == "kernel_a4.0_k-1.0")


def draws(ends: tuple[float, float], q: tuple[float, float], p: float, size: int) -> Any:
    """Fields of both ends by sampling: cavity fields, then Gaussians cut at the margins."""
    rng = np.random.default_rng(5)
    cavity = rng.multivariate_normal([0.0, 0.0], [[q[0], p], [p, q[1]]], size=size, method="cholesky").T
    return [
        truncnorm.rvs((k - o) / np.sqrt(1 - x), np.inf, loc=o, scale=np.sqrt(1 - x), random_state=rng)
        for k, x, o in zip(ends, q, cavity, strict=True)
    ]


@pytest.mark.parametrize(("weights", "along"), [("spherical", "geodesic"), ("binary", "straight"), ("binary", "flips")])
def test_errors_by_draws(weights: str, along: str) -> None:
    ends, margin, alpha = (0.1, -0.4), 0.2, 0.7
    model = replica.perceptron(weights, margin=-0.4)
    places = np.array([0.0, 0.02, 0.3, 0.7, 1.0])
    found = replica.path(model, alpha=alpha, margins=ends, position=places, along=along, margin=margin)
    q = tuple(replica.solve(model.with_parameters(margin=k), alpha=alpha)["q"] for k in ends)
    p, size = found.attrs["overlap"], 200_000
    one, two = draws(ends, q, p, size)
    noise = np.random.default_rng(6).standard_normal(size)
    for g, value in zip(places, found["training_error"].values, strict=True):
        norm = 1.0 if along == "flips" else np.sqrt((1 - g) ** 2 + g**2 + 2 * g * (1 - g) * p)
        field = ((1 - g) * one + g * two) / norm
        if along == "flips":
            field = field + np.sqrt(2 * g * (1 - g) * (1 - p)) * noise
        seen = np.mean(field < margin)
        assert abs(value - seen) < 4.5 * np.sqrt(max(seen * (1 - seen), 1e-5) / size)


def test_errors_around_a_vector_by_draws() -> None:
    """The largest margin at one end, at either side: cavity fields below the margin are moved onto it."""
    model, places = replica.perceptron("spherical", margin=-0.5), np.array([0.0, 0.25, 0.6, 1.0])
    there = replica.path(model, alpha=1.5, margins=("max", None), position=places, margin=0.3)
    back = replica.path(model, alpha=1.5, margins=(None, "max"), position=1.0 - places[::-1], margin=0.3)
    np.testing.assert_allclose(there["training_error"], back["training_error"][::-1], atol=1e-10)
    largest, q = replica.max_margin(model, alpha=1.5).value, replica.solve(model, alpha=1.5)["q"]
    p, rng, size = there.attrs["overlap"], np.random.default_rng(3), 200_000
    o1, o2 = rng.multivariate_normal([0.0, 0.0], [[1.0, p], [p, q]], size=size, method="cholesky").T
    two = truncnorm.rvs((-0.5 - o2) / np.sqrt(1 - q), np.inf, loc=o2, scale=np.sqrt(1 - q), random_state=rng)
    for g, value in zip(places, there["training_error"].values, strict=True):
        norm = np.sqrt((1 - g) ** 2 + g**2 + 2 * g * (1 - g) * p)
        seen = np.mean((1 - g) * np.maximum(o1, largest) + g * two < 0.3 * norm)
        assert abs(value - seen) < 4.5 * np.sqrt(seen * (1 - seen) / size)


@pytest.mark.parametrize("weights", ["spherical", "binary"])
def test_the_overlap_is_where_the_franz_parisi_curve_has_its_maximum(weights: str) -> None:
    model = replica.perceptron(weights, margin=-0.2)
    found = replica.path(model, alpha=0.6, margins=(0.3, None), position=0.5)
    around = replica.franz_parisi(model, alpha=0.6, distance=[0.3], reference=0.3)
    assert abs(found.attrs["overlap"] - (1 - 2 * around.attrs["typical_distance"])) < 1e-9
    least = replica.Reference(model=replica.perceptron("spherical", loss=replica.Logistic(1.0)))
    if weights == "spherical":
        found = replica.path(model, alpha=0.6, margins=(least, None), position=0.5)
        around = replica.franz_parisi(model, alpha=0.6, distance=[0.3], reference=least)
        assert abs(found.attrs["overlap"] - (1 - 2 * around.attrs["typical_distance"])) < 1e-8


def test_where_no_pattern_can_be_in_error() -> None:
    """``(1-g) k_1 + g k_2 >= k n``: exactly no error; at the kernel margin the whole way is free, short of it not."""
    model = replica.perceptron("spherical", margin=-0.5)
    kernel = replica.kernel_margin(model, alpha=1.5).value
    for shift, free in ((1e-3, True), (-1e-2, False)):
        found = replica.path(model, alpha=1.5, margins=(kernel + shift, None), position=np.linspace(0.0, 1.0, 9))
        assert (found.attrs["barrier"] == 0.0) is free
        assert not free or bool(np.all(found["training_error"] == 0.0))
    convex = replica.convex_margin(model, alpha=1.5)
    assert convex.value == pytest.approx(-0.5 * np.sqrt((1 + convex.order_parameters["overlap"]) / 2), abs=1e-14)
    found = replica.path(model, alpha=1.5, margins=(-0.5, -0.5), position=[0.25, 0.75])
    assert found.attrs["barrier_position"] == pytest.approx(0.5, abs=1e-7)
    assert abs(float(np.diff(found["training_error"])[0])) < 1e-13
    positive = replica.kernel_margin(replica.perceptron("spherical", margin=0.2), alpha=0.5)
    assert positive.value == 0.2 and "convex" in positive.status


def test_no_margin_sees_all_others_near_the_capacity() -> None:
    found = replica.kernel_margin(replica.perceptron("spherical", margin=-0.5), alpha=4.0)
    assert not found.converged and "the largest is -0.405234" in found.status
    assert not replica.kernel_margin(replica.perceptron("spherical", margin=-0.5), alpha=6.0).converged


def test_what_a_path_refuses() -> None:
    model = replica.perceptron("spherical", margin=-0.5)
    for changes, why in (
        ({"margins": 0.3}, "a pair"),
        ({"margins": (0.1, 0.2, 0.3)}, "3 of them"),
        ({"margins": ("max", "max")}, "must be a typical solution"),
        ({"margins": (replica.Reference(tilt=0.5), 0.1)}, "between solutions"),
        ({"position": 1.5}, "position must be in"),
        ({"position": [0.5, 0.2]}, "increasing grid"),
        ({"along": "flip"}, "did you mean 'flips'"),
        ({"along": "flips"}, "weights of"),
        ({"alpha": 0.0}, "alpha must be above 0"),
        ({"margin": float("nan")}, "margin must be"),
    ):
        with pytest.raises(ValueError, match=why):
            replica.path(model, **({"alpha": 1.0} | changes))
    for other, why in (
        (replica.perceptron("spherical", loss="hinge"), "hard constraint of a margin"),
        (replica.perceptron("spherical", loss=replica.Band(1.0)), "hard constraint of a margin"),
        (replica.committee(3, weights="spherical"), "perceptron"),
        (replica.perceptron("ternary"), "whole sphere"),
    ):
        for verb in (replica.path, replica.kernel_margin, replica.convex_margin):
            with pytest.raises(ValueError, match=why):
                verb(other, alpha=0.5)
    lost = replica.path(model, alpha=9.0, position=[0.2, 0.4])
    assert np.isnan(lost["training_error"]).all() and np.isnan(lost.attrs["barrier"])
    assert lost["status"].values[0].startswith("not converged: no typical reference")


def test_the_field_that_is_moved_to_a_place() -> None:
    end = VectorEnd(Minimiser(replica.Logistic(1.0), 1.3))
    field = end.field_moved_to(0.4)
    assert field + end.move(np.array([field]))[0] == pytest.approx(0.4, abs=1e-12)
