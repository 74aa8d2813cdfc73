"""Franz-Parisi entropies on two clusters around typical solutions: stored figures, the plain potential, limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import log_ndtr

import replica

FIGURES = json.loads((Path(__file__).parents[1] / "oracles" / "mixture_landscape.json").read_text(encoding="utf-8"))
TYPICAL = [f for f in FIGURES if f["id"].startswith("fp_typical")]


def probe(loss: Any = None, **clusters: Any) -> replica.Model:
    beta = clusters.pop("beta", np.inf)
    return replica.mixture(loss or replica.Margin(0.0), weights="spherical", beta=beta, **clusters)


@pytest.mark.parametrize("loss", [replica.Margin(0.0), replica.ErrorCount(0.0)])
@pytest.mark.parametrize("figure", TYPICAL, ids=[f["id"] for f in TYPICAL])
def test_figures(figure: dict[str, Any], loss: replica.Margin) -> None:
    d = (1 - figure["params"]["t"]) / 2
    curve = replica.franz_parisi(probe(loss), alpha=1.0, distance=[d])
    name = {"phi": "free_entropy", "M": "m"}[figure["id"].rpartition("_")[2]]
    off = abs(float(curve[name][0]) - figure["value"])
    assert off <= 5 * figure["abs_err"]
    assert float(curve[f"{name}_error"][0]) < 1e-12


def plain(
    x: np.ndarray, t: float, alpha: float, noise: float, balance: float, qr: float, mr: float, bias: float
) -> float:
    """The potential at q, m, s by trapezoids, probe and reference of one bias."""
    q, m, s = x
    gap, beyond = 1 - qr, qr - mr**2
    own = q - m**2 - 2 * (s - m * mr) * (t - s) / gap - (t - s) ** 2 * (gap - beyond) / gap**2
    found = 0.5 * np.log(1 - q) + own / (2 * (1 - q))
    z = np.linspace(-12, 12, 400)
    weight = np.exp(-0.5 * z**2) * (z[1] - z[0]) / np.sqrt(2 * np.pi)
    spread = q - s**2 / qr
    lean = (t - s) / np.sqrt(gap * spread)
    for sign, chance in ((1, balance), (-1, 1 - balance)):
        shift = (mr + sign * bias + np.sqrt(noise * qr) * z) / np.sqrt(noise * gap)
        tilt = log_ndtr((shift[:, None] + lean * z) / np.sqrt(1 - lean**2)) - log_ndtr(shift)[:, None]
        field = m + sign * bias + s * np.sqrt(noise / qr) * z[:, None] + np.sqrt(noise * spread) * z
        value = np.exp(tilt) * log_ndtr(field / np.sqrt(noise * (1 - q)))
        found += alpha * chance * (weight @ value @ weight)
    return float(found)


@pytest.mark.parametrize("bias", [True, 0.4])
def test_unbalanced_clusters_against_the_plain_potential(bias: Any) -> None:
    """The value, and that it is stationary in q, m and s, by differences of an integral that shares no code."""
    alpha, noise, balance, d = 1.2, 0.6, 0.3, 0.12
    model = probe(noise=noise, balance=balance, bias=bias)
    alone, curve = replica.solve(model, alpha=alpha), replica.franz_parisi(model, alpha=alpha, distance=[d])
    known = 1 - 2 * d, alpha, noise, balance, alone["q"], alone["m"], alone["bias"]
    x = np.array([float(curve[name][0]) for name in ("q", "m", "s")])
    assert plain(x, *known) == pytest.approx(float(curve["entropy"][0]), abs=1e-11)
    for step in 1e-4 * np.eye(3):
        assert abs(plain(x + step, *known) - plain(x - step, *known)) / 2e-4 < 2e-7
    h = 1e-4
    ends = [
        float(replica.franz_parisi(model, alpha=alpha, distance=[d + sign * h])["entropy"][0]) for sign in (1, -1)
    ]
    assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(float(curve["slope"][0]), abs=1e-5)


@pytest.mark.parametrize(
    ("loss", "clusters"),
    [
        (replica.Margin(0.0), {"balance": 0.2, "noise": 2.0}),
        (replica.ErrorCount(0.0), {"beta": 2.0, "balance": 0.7, "noise": 0.3, "norm": 2.5}),
        (replica.Margin(0.0), {"balance": 0.3, "bias": -0.5}),
    ],
)
def test_maximum_is_the_free_entropy(loss: replica.Margin, clusters: dict[str, Any]) -> None:
    """Two typical solutions of one measure: at t = q_r every number is that of the measure alone."""
    model = probe(loss, **clusters)
    alone, norm = replica.solve(model, alpha=0.8), clusters.get("norm", 1.0)
    curve = replica.franz_parisi(model, alpha=0.8, distance=[(1 - alone["q"] / norm) / 2])
    assert curve.attrs["typical_distance"] == pytest.approx((1 - alone["q"] / norm) / 2, abs=1e-14)
    assert float(curve["free_entropy"][0]) == pytest.approx(alone.free_entropy, abs=1e-12)
    assert float(curve["slope"][0]) == pytest.approx(0.0, abs=1e-10)
    for name in ("q", "m", "training_error", "generalization_error"):
        assert float(curve[name][0]) == pytest.approx(float(alone.batch.value(name)[0]), abs=1e-10)
    assert float(curve["s"][0]) == pytest.approx(alone["q"], abs=1e-10)


def test_references_of_another_margin() -> None:
    """The maximum is the measure of the probe, its distance that of the slope; larger margins see more around them."""
    model, reference = probe(bias=0.2), replica.Reference(margin=0.3)
    wide = replica.franz_parisi(model, alpha=0.9, distance=[0.05], reference=reference)
    place = wide.attrs["typical_distance"]
    top = replica.franz_parisi(model, alpha=0.9, distance=[place], reference=reference)
    alone = replica.solve(model, alpha=0.9)
    assert float(top["entropy"][0]) == pytest.approx(alone.free_entropy, abs=1e-12)
    assert float(top["m"][0]) == pytest.approx(alone["m"], abs=1e-9)
    assert float(wide["entropy"][0]) > float(replica.franz_parisi(model, alpha=0.9, distance=[0.05])["entropy"][0])


def test_near_and_without_patterns() -> None:
    """Hardly any pattern: the sphere alone; errors hold down to small distances."""
    d = np.array([1e-6, 1e-3, 0.3, 0.8])
    curve = replica.franz_parisi(probe(balance=0.1), alpha=1e-9, distance=d)
    off = np.abs(curve["entropy"].values - 0.5 * np.log(4 * d * (1 - d)))
    assert np.all(off < curve["error"].values + 1e-8)


def test_alphabets_are_refused() -> None:
    with pytest.raises(ValueError, match="weights on the sphere"):
        replica.franz_parisi(replica.mixture(replica.Margin(0.0), weights="binary"), alpha=0.3, distance=[0.1])
