"""Flatness on two clusters: local entropies relative to the sphere, and the nearest weights without errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import replica

FIGURES = json.loads((Path(__file__).parents[1] / "oracles" / "mixture_landscape.json").read_text(encoding="utf-8"))
NEAREST = [f for f in FIGURES if f["id"].startswith("fp_tmax")]
HEBB = replica.mixture("square", penalty=np.inf, bias=False)
PROBE = replica.mixture(replica.Margin(0.0), weights="spherical", bias=False)


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        (replica.Reference(model=HEBB), -0.242),
        (replica.Reference(model=HEBB, tilt=0.9), -0.290),
        (replica.Reference(model=HEBB, tilt=0.8), -0.347),
        (replica.Reference(model=HEBB, tilt=0.5), -0.602),
        (replica.Reference(model=replica.mixture("logistic", penalty=0.1)), -0.138),
        (replica.Reference(margin="max"), -0.143),
        (None, -0.255),
    ],
)
def test_flatness_by_reference(reference: replica.Reference | None, value: float) -> None:
    """Closer to the Bayes-optimal direction is flatter, but references with margins are flatter still."""
    curve = replica.franz_parisi(PROBE, alpha=1.0, distance=[0.1], reference=reference)
    found, error = float(curve["normalised_entropy"][0]), float(curve["normalised_entropy_error"][0])
    assert found == pytest.approx(value, abs=5.1e-4)
    assert found == pytest.approx(float(curve["entropy"][0]) - 0.5 * np.log(1 - 0.8**2), abs=1e-14)
    assert 0.0 < error < 1e-11


def test_normalised_entropies_of_soft_costs_and_of_alphabets() -> None:
    """Without patterns there is nothing but the sphere; binary weights have none."""
    soft = replica.perceptron("spherical", loss="logistic", beta=1e-6)
    curve = replica.franz_parisi(soft, alpha=0.5, distance=[0.01, 0.3])
    assert np.all(np.abs(curve["normalised_entropy"]) < 1e-6)
    assert "normalised_entropy" not in replica.franz_parisi(replica.perceptron("binary"), alpha=0.5, distance=[0.1])


@pytest.mark.parametrize("figure", NEAREST, ids=[f["id"] for f in NEAREST])
def test_nearest_weights_without_errors(figure: dict[str, Any]) -> None:
    tilt = float(figure["params"]["ref"].partition("_a")[2] or 1.0)
    reference = replica.Reference(model=HEBB, tilt=tilt)
    beyond = (1 - figure["value"]) / 2 * 0.9
    curve = replica.franz_parisi(PROBE, alpha=1.0, distance=[beyond, 0.1], reference=reference)
    assert abs(curve.attrs["largest_overlap"] - figure["value"]) <= 5 * figure["abs_err"]
    assert curve.attrs["largest_overlap_error"] < 1e-12
    text = curve["status"].values[0]
    assert text.startswith("not converged: no weights without errors are that close to the reference: the largest")
    assert f"{figure['value']:.6g}" in text
    assert np.isnan(curve["entropy"][0]) and curve["status"].values[1] == "converged"


def test_nearest_weights_by_projection() -> None:
    """The nearest solution at finite N, a convex program: unequal clusters, a held bias, a tilted minimiser."""
    bias = -0.4
    clusters = {"noise": 0.8, "balance": 0.3, "bias": bias}
    learner = replica.mixture("square", penalty=1.0, **clusters)
    probe = replica.mixture(replica.Margin(0.0), weights="spherical", **clusters)
    reference = replica.Reference(model=learner, tilt=0.9)
    curve = replica.franz_parisi(probe, alpha=1.2, distance=[0.3], reference=reference)
    found, rng, n = [], np.random.default_rng(0), 200
    for seed in range(12):
        X, y = replica.instance(learner, n=n, alpha=1.2, seed=seed)
        inputs = y[:, None] * X / np.sqrt(n)
        w = np.linalg.solve(inputs.T @ inputs + np.eye(n), inputs.T @ (1 - y * bias))
        centre = 0.9 * w / np.linalg.norm(w) + np.sqrt(0.19 / n) * rng.standard_normal(n)
        centre *= np.sqrt(n) / np.linalg.norm(centre)
        # the largest c.w at |w|^2 = n and inputs w >= -y b: the projection of a multiple of c that has this norm
        low, high = 1e-2, 1e2
        for _ in range(25):
            scale = np.sqrt(low * high)
            w = projected(inputs, centre * scale, -y * bias)
            low, high = (scale, high) if np.linalg.norm(w) < np.sqrt(n) else (low, scale)
        found.append(w @ centre / n)
    mean, error = np.mean(found), np.std(found) / np.sqrt(len(found))
    assert abs(mean - curve.attrs["largest_overlap"]) < 3 * error + 2e-3


def projected(inputs: np.ndarray, target: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """The vector nearest to ``target`` with ``inputs w >= floor``, by its dual: nonnegative least squares."""
    from scipy.optimize import nnls

    rows = np.vstack([inputs.T, (floor - inputs @ target)[None]])
    dual, _ = nnls(rows, np.append(np.zeros(inputs.shape[1]), 1.0))
    residual = np.append(np.zeros(inputs.shape[1]), 1.0) - rows @ dual
    return target + inputs.T @ (dual / residual[-1])


def test_references_without_errors_touch() -> None:
    """The maximum-margin vector is a solution itself; no solutions are left at all above the capacity."""
    curve = replica.franz_parisi(PROBE, alpha=1.0, distance=[1e-6, 0.1], reference=replica.Reference(margin="max"))
    assert curve.attrs["largest_overlap"] == 1.0 and curve.attrs["largest_overlap_error"] == 0.0
    above = replica.franz_parisi(PROBE, alpha=4.0, distance=[0.1], reference=replica.Reference(model=HEBB))
    assert "largest_overlap" not in above.attrs and np.isnan(above["entropy"][0])
