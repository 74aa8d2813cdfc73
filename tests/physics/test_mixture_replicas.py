"""Replicas of the square loss at a held overlap: stored figures, derivatives, nested integrals, limits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import replica
from replica.ansatz.replicated.real import real_replicas

FIGURES = json.loads((Path(__file__).parents[1] / "oracles" / "mixture_landscape.json").read_text(encoding="utf-8"))
FIGURES = [f for f in FIGURES if f["id"].startswith("mse_replicated")]
SETTINGS: list[dict[str, Any]] = [
    {"alpha": 2.0, "m": 3.0, "q1": 0.7, "beta": 1.0},
    {"alpha": 0.6, "m": 2.5, "q1": 0.3, "beta": 20.0, "balance": 0.2, "noise": 0.4},
    {"alpha": 3.0, "m": 4.0, "q1": 0.6, "beta": 30.0, "norm": 2.0, "noise": 2.0, "bias": 0.3},
    {"alpha": 1.3, "m": 0.5, "q1": 0.8, "beta": 2.0, "balance": 0.7},
]


def group(alpha: float, m: float, q1: float, **clusters: Any) -> replica.Solution:
    model = replica.mixture("square", weights="spherical", **clusters)
    return replica.solve(model, alpha=alpha, ansatz=replica.RSB(m=m, q1=q1))


@pytest.mark.parametrize("figure", FIGURES, ids=[f["id"] for f in FIGURES])
def test_figures(figure: dict[str, Any]) -> None:
    params, name = figure["params"], figure["id"].partition("_q1")[2].partition("_")[2]
    clusters = {"noise": params["Delta"], "norm": params["Q"], "balance": params["rho"], "beta": params["beta"]}
    found = group(params["alpha"], params["y"], params["q1"], bias=False, **clusters)
    quantity = found.quantity({"phi": "free_entropy", "gen_centre": "generalization_error_centre"}[name])
    assert abs(quantity - figure["value"]) <= 5 * figure["abs_err"]
    assert quantity.error < 1e-12


@pytest.mark.parametrize("at", SETTINGS)
def test_derivatives_of_the_free_entropy(at: dict[str, Any]) -> None:
    """Energy, local entropy, complexity and slope by differences; the third setting is condensed."""
    found, h = group(**at), 1e-5

    def moved(name: str, sign: int) -> float:
        power = (at["m"] + sign * h) if name == "m" else 1.0
        return power * group(**(at | {name: at[name] + sign * h})).free_entropy

    change = {name: (moved(name, 1) - moved(name, -1)) / (2 * h) for name in ("beta", "m", "q1")}
    assert -change["beta"] == pytest.approx(found.energy, abs=1e-8)
    assert change["m"] == pytest.approx(found.entropy, abs=1e-8 * at["m"])
    assert found.complexity == pytest.approx(at["m"] * (found.free_entropy - found.entropy), abs=1e-11)
    norm = at.get("norm", 1.0)
    assert -2 * norm * change["q1"] == pytest.approx(float(found.batch.value("slope")[0]), abs=1e-7)
    condensed = "condensed" in found.status
    assert condensed == (float(found.batch.value("stability")[0]) < 0) == (at["alpha"] == 3.0)


def test_groups_without_the_decomposition() -> None:
    """On random labels the equations of groups of any loss, by nested integrals, hold them too."""
    model = replica.perceptron("spherical", loss="square", beta=1.5)
    found = replica.solve(model, alpha=0.8, ansatz=replica.RSB(m=3.0, q1=0.6))
    nested = replica.perceptron("spherical", loss=replica.Square(), beta=1.5)
    other = nested_groups(nested, 0.8, 3.0, 0.6)
    for name in ("free_entropy", "entropy", "complexity", "energy", "q0", "slope", "training_error"):
        assert float(found.batch.value(name)[0]) == pytest.approx(other[name], abs=1e-9), name


def nested_groups(model: replica.Model, alpha: float, power: float, q1: float) -> dict[str, float]:
    """`real_replicas` of a square loss that says nothing of its being a parabola, with a bend for the mesh."""

    @dataclass(frozen=True)
    class Plain(replica.Square):
        quadratic = False

        def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
            return np.zeros((variance.size, 1)), np.full((variance.size, 1), 3.0)

    plain = replica.Model(weights="spherical", loss=Plain(), beta=model.beta)
    book = real_replicas(plain, np.array([alpha]), power, np.array([q1]), 1e-12)
    seen = book.solutions(replica.RSB(m=power, q1=q1))
    return {name: float(seen.value(name)[0]) for name in seen.names}


@pytest.mark.bench
def test_differences_are_those_of_a_random_matrix() -> None:
    """``ln E exp(-beta |X w|^2/2)`` over the sphere by the eigenvalues of one matrix, free and condensed."""
    rng, n, alpha = np.random.default_rng(5), 3000, 3.0
    eigen = np.linalg.eigvalsh(np.cov(rng.standard_normal((n, int(alpha * n))), bias=True)) * alpha
    for beta, far in ((0.3, False), (8.0, True)):
        edge = beta * eigen[0]
        low, high = -edge + 1e-12, -edge + n
        for _ in range(200):  # the multiplier of |w|^2 = n/2
            middle = 0.5 * (low + high)
            over = np.mean(1 / (beta * eigen + middle)) > 0.5
            low, high = (middle, high) if over else (low, middle)
        whole = 0.5 * middle * 0.5 - 0.5 * np.mean(np.log(beta * eigen + middle)) - 0.5
        at = group(alpha, 2.0, 0.5, beta=beta)
        centre = replica.mixture("square", weights="spherical", beta=2 * beta, norm=0.75)
        inner = replica.solve(centre, alpha=alpha).free_entropy + 0.5 * np.log(1.5)
        assert ("condensed" in at.status) is far
        assert 2 * at.free_entropy - inner == pytest.approx(whole, abs=4e-3)


@pytest.mark.parametrize("alpha", [0.5, 2.0])
def test_cold_and_many(alpha: float) -> None:
    """The limits beta = inf (free entropy over beta) and y = inf join what is near them."""
    near, cold = group(alpha, 3.0, 0.6, beta=1e6, balance=0.3), group(alpha, 3.0, 0.6, beta=np.inf, balance=0.3)
    assert near.free_entropy / 1e6 == pytest.approx(cold.free_entropy, abs=2e-5)
    for name in ("energy", "m", "q0", "bias", "training_error", "generalization_error"):
        assert float(near.batch.value(name)[0]) == pytest.approx(float(cold.batch.value(name)[0]), abs=2e-5), name
    many, limit = group(alpha, 1e6, 0.6, beta=2.0), group(alpha, np.inf, 0.6, beta=2.0)
    for name in ("free_entropy", "entropy", "energy", "m", "q0", "slope", "training_error"):
        assert float(many.batch.value(name)[0]) == pytest.approx(float(limit.batch.value(name)[0]), abs=3e-5), name
    assert many.complexity == pytest.approx(limit.complexity, abs=1e-3)


def test_flatness_is_a_centre_of_lower_norm() -> None:
    """The verb over distances; a pair at distance 0 is one vector at twice beta."""
    model = replica.mixture("square", weights="spherical", beta=2.0, norm=1.5)
    curve = replica.local_entropy(model, alpha=1.2, distance=[1e-9, 0.1, 0.3], centre=None, replicas=2)
    assert all(text == "converged" for text in curve["status"].values)
    one = replica.mixture("square", weights="spherical", beta=4.0, norm=1.5)
    assert float(curve["q0"][0]) == pytest.approx(replica.solve(one, alpha=1.2)["q"], abs=1e-7)
    at = replica.solve(model, alpha=1.2, ansatz=replica.RSB(m=2.0, q1=1.5 * 0.8))
    assert float(curve["free_entropy"][1]) == pytest.approx(at.free_entropy, abs=1e-14)


def test_overlaps_beyond_the_norm_are_refused() -> None:
    with pytest.raises(ValueError, match="q1 must be below the norm 1"):
        group(1.0, 2.0, 1.2, beta=1.0)


def test_curves_hold_what_is_learned() -> None:
    """The centroid and the errors on new patterns go with the distance, as for one solution."""
    model = replica.mixture("square", weights="spherical", beta=2.0, balance=0.3)
    curve = replica.local_entropy(model, alpha=1.2, distance=[0.1], centre=None, replicas=3)
    at = group(1.2, 3.0, 0.8, beta=2.0, balance=0.3)
    for name in ("m", "bias", "training_error", "generalization_error", "generalization_error_centre"):
        assert float(curve[name][0]) == pytest.approx(float(at.batch.value(name)[0]), abs=1e-14)
        assert 0.0 < float(curve[f"{name}_error"][0]) < 1e-12


@pytest.mark.parametrize("loss", [replica.Margin(0.0), "square"])
def test_the_error_of_the_centre_is_that_of_its_norm(loss) -> None:
    """y unit vectors at mutual overlap q1 have a barycentre of squared norm (1 + (y-1) q1)/y."""
    y, q1, noise, rho = 3.0, 0.8, 1.5, 0.3
    beta = 2.0 if loss == "square" else np.inf
    model = replica.mixture(loss, weights="spherical", noise=noise, balance=rho, bias=0.2, beta=beta)
    found = replica.solve(model, alpha=0.7, ansatz=replica.RSB(m=y, q1=q1))
    deviation = np.sqrt(noise * (1.0 + (y - 1.0) * q1) / y)
    m = found["m"]
    error = rho * norm.sf((m + 0.2) / deviation) + (1.0 - rho) * norm.sf((m - 0.2) / deviation)
    assert found["generalization_error_centre"] == pytest.approx(error, abs=1e-13)
