"""Franz-Parisi and local entropies of infinitely wide committees: stored figures, limits, slopes by differences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import replica

ORACLES = json.loads((Path(__file__).parents[1] / "oracles" / "committee.json").read_text(encoding="utf-8"))
PAIRS = [figure for figure in ORACLES if ".FP." in figure["id"]]
GROUPS = [figure for figure in ORACLES if ".LE." in figure["id"]]


def wide(activation: Any = "relu", weights: str = "binary", margin: float = 0.0) -> replica.Model:
    return replica.committee(activation=activation, weights=weights, margin=margin)


def agrees(value: float, error: float, figure: dict[str, Any]) -> bool:
    gap = abs(value - figure["value"])
    return gap <= max(5 * figure["abs_err"], 1e-9 * max(abs(figure["value"]), 0.1)) and (
        gap <= 5 * figure["abs_err"] + error + 2e-16
    )


@pytest.mark.parametrize("figure", PAIRS, ids=lambda figure: figure["id"])
def test_franz_parisi_figures(figure: dict[str, Any]) -> None:
    params = figure["params"]
    curve = replica.franz_parisi(
        wide(figure["id"].split(".")[2], margin=params["kappa"]),
        alpha=params["alpha"],
        distance=[params["d"]],
        reference=replica.Reference(margin=params["kappa_ref"]),
    )
    assert agrees(float(curve["entropy"][0]), float(curve["error"][0]), figure)
    assert float(curve["q"][0]) == pytest.approx(params["q"], abs=1e-9)
    assert float(curve["s"][0]) == pytest.approx(params["s"], abs=1e-9)


@pytest.mark.parametrize("figure", GROUPS, ids=lambda figure: figure["id"])
def test_local_entropy_figures(figure: dict[str, Any]) -> None:
    params = figure["params"]
    curve = replica.local_entropy(
        wide(figure["id"].split(".")[2]),
        alpha=params["alpha"],
        distance=[(1 - params["q1"]) / 2],
        replicas=params.get("y", np.inf),
        centre=None,
    )
    assert agrees(float(curve["free_entropy"][0]), float(curve["free_entropy_error"][0]), figure)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_linear_units_are_the_perceptron(weights: str) -> None:
    """The kernel k(q) = q takes the other way through the code and must change nothing."""
    network, single = wide("linear", weights), replica.perceptron(weights)
    distance = [0.03, 0.2]
    around = [replica.franz_parisi(model, alpha=0.4, distance=distance)["free_entropy"] for model in (network, single)]
    assert np.allclose(*around, rtol=0, atol=1e-14)
    for settings in ({"replicas": 6.0}, {}, {"replicas": 6.0, "centre": None}, {"centre": None}):
        pair = [replica.local_entropy(model, alpha=0.4, distance=distance, **settings) for model in (network, single)]
        for name in ("free_entropy", "local_entropy"):
            assert np.allclose(pair[0][name], pair[1][name], rtol=0, atol=1e-13)


@pytest.mark.parametrize("activation", ["relu", "sign", np.tanh], ids=str)
def test_the_maximum_of_the_curve_is_the_replica_symmetric_entropy(activation: Any) -> None:
    model = wide(activation)
    solution = replica.solve(model, alpha=0.5)
    found = replica.franz_parisi(model, alpha=0.5, distance=[0.1], reference=replica.Reference(margin=0.25))
    there = float(found.attrs["typical_distance"])
    top = replica.franz_parisi(model, alpha=0.5, distance=[there], reference=replica.Reference(margin=0.25))
    assert float(top["entropy"][0]) == pytest.approx(solution.entropy, abs=1e-10)


@pytest.mark.parametrize(
    "settings", [{"replicas": 8.0}, {}, {"replicas": 8.0, "centre": None}, {"centre": None}], ids=str
)
def test_slopes_are_differences_of_the_free_entropy(settings: dict[str, Any]) -> None:
    """The overlap is extremised or held: the terms with k'' must be there in both."""
    h = 2e-4
    ends = replica.local_entropy(wide(), alpha=0.5, distance=[0.05 - h, 0.05, 0.05 + h], **settings)
    slope = (float(ends["free_entropy"][2]) - float(ends["free_entropy"][0])) / (2 * h)
    assert float(ends["slope"][1]) == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("centre", ["free", None])
def test_many_replicas_approach_the_limit_as_its_complexity_says(centre: str | None) -> None:
    """``F/y = limit + complexity/y``: in the limit of infinitely many the complexity is the next order."""
    limit = replica.local_entropy(wide(), alpha=0.5, distance=[0.05], centre=centre)
    gaps = []
    for y in (400.0, 800.0):
        many = replica.local_entropy(wide(), alpha=0.5, distance=[0.05], centre=centre, replicas=y)
        gaps.append(y * float(many["free_entropy"][0] - limit["free_entropy"][0]))
    assert 2 * gaps[1] - gaps[0] == pytest.approx(float(limit["complexity"][0]), rel=1e-2)


def test_stability_of_the_copies_becomes_that_of_typical_solutions() -> None:
    """At the typical distance the probe is one more typical solution, with its replicon (and the term in k'')."""
    model = wide()
    solution = replica.solve(model, alpha=0.6)
    there = 0.5 * (1.0 - solution["q"])
    curve = replica.franz_parisi(model, alpha=0.6, distance=[there * (1 - 1e-5)])
    assert float(curve["stability"][0]) == pytest.approx(solution["stability"], abs=1e-4)


def test_relu_minima_are_flatter_than_those_of_sign_units() -> None:
    """At half the capacity typical ReLU solutions have more of others around them."""
    found = {}
    for activation in ("relu", "sign"):
        model = wide(activation)
        load = 0.5 * replica.capacity(model).value
        found[activation] = float(replica.franz_parisi(model, alpha=load, distance=[0.05])["entropy"][0])
    assert found["relu"] == pytest.approx(0.0941, abs=1e-4)
    assert found["sign"] == pytest.approx(0.0271, abs=1e-4)


def test_what_is_not_here_is_refused() -> None:
    for asked in (
        lambda: replica.franz_parisi(replica.committee(labels="teacher"), alpha=0.5, distance=[0.1]),
        lambda: replica.franz_parisi(wide(), alpha=0.5, distance=[0.1], ansatz=replica.Annealed()),
        lambda: replica.local_entropy(replica.committee(5), alpha=0.5, distance=[0.1]),
    ):
        with pytest.raises(ValueError, match=r"perceptron|random labels"):
            asked()
