"""Franz-Parisi entropies in the Gaussian mixture, around Hebb, minimisers and the largest margin: stored figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import replica

FIGURES = json.loads((Path(__file__).parents[1] / "oracles" / "mixture_landscape.json").read_text(encoding="utf-8"))
MINIMISERS = [f["id"] for f in FIGURES if not f["id"].startswith(("fp_typical", "fp_tmax", "mse_replicated"))]
NAMES = {"phi": "free_entropy", "M": "m", "err": "training_error"}


def around(name: str, clusters: dict[str, Any]) -> replica.Reference:
    """The reference that a figure names."""
    if name == "maxmargin":
        return replica.Reference(margin="max")
    if name.startswith(("hebb", "bayes")):
        tilt = float(name.partition("_a")[2] or 1.0)
        hebb = replica.mixture("square", penalty=np.inf, bias=False, **clusters)
        return replica.Reference(model=hebb, tilt=tilt)
    loss, _, penalty = name.partition("_lam")
    return replica.Reference(model=replica.mixture(loss, penalty=float(penalty), **clusters))


@pytest.mark.parametrize("name", MINIMISERS)
def test_figures(name: str) -> None:
    stored = next(f for f in FIGURES if f["id"] == name)
    params = stored["params"]
    clusters = {"noise": params["Delta"], "balance": params["rho"]}
    beta = float(params["beta"])
    loss = replica.Margin(0.0) if np.isinf(beta) else replica.ErrorCount(0.0)
    bias = params["bias"] if params["ref"] == "bayes" else True  # the Bayes rule has a bias of its own
    probe = replica.mixture(loss, weights="spherical", beta=beta, bias=bias, **clusters)
    d = (1 - params["t"]) / 2
    curve = replica.franz_parisi(probe, alpha=params["alpha"], distance=[d], reference=around(params["ref"], clusters))
    quantity = name.rpartition("_")[2]
    variable = NAMES.get(quantity, quantity)
    found, error = float(curve[variable][0]), float(curve[f"{variable}_error"][0])
    value, known = stored["value"], stored["abs_err"]
    assert abs(found - value) <= max(5 * known, 1e-9 * max(abs(value), 0.1))
    assert abs(found - value) <= error + 5 * known
    assert error < 1e-10
    if "replicon" in params:
        assert 1 - float(curve["stability"][0]) == pytest.approx(params["replicon"], abs=2e-9)


def test_overlap_with_the_centroid_is_that_with_the_hebb_vector() -> None:
    """``E[w.v/N] = E[w.vh/N]`` for whatever is made of the data, as the posterior mean is along the Hebb vector."""
    probe = replica.mixture(replica.ErrorCount(0.0), weights="spherical", beta=2.0, noise=0.7, bias=False)
    hebb = replica.mixture("hinge", penalty=np.inf, noise=0.7, bias=False)
    mr = np.sqrt(1.5 / (1.5 + 0.7))
    d = np.array([0.05, 0.2, 0.4])
    curve = replica.franz_parisi(probe, alpha=1.5, distance=d, reference=replica.Reference(model=hebb))
    assert np.allclose(curve["m"], mr * (1 - 2 * d), rtol=0, atol=1e-12)
    curve = replica.franz_parisi(probe, alpha=1.5, distance=d, reference=replica.Reference(model=hebb, tilt=0.6))
    assert np.allclose(curve["m"], mr * curve["u"], rtol=0, atol=1e-12)
    ridge = replica.mixture("square", penalty=1e7, noise=0.7, bias=False)
    close = replica.franz_parisi(probe, alpha=1.5, distance=d, reference=replica.Reference(model=ridge))
    curve = replica.franz_parisi(probe, alpha=1.5, distance=d, reference=replica.Reference(model=hebb))
    assert np.allclose(close["free_entropy"], curve["free_entropy"], rtol=0, atol=1e-6)


def test_maximum_is_the_free_entropy_of_the_probe() -> None:
    """Binary probes of norm 2 with a binary centroid and a bias, around a logistic minimiser."""
    clusters = {"noise": 1.5, "balance": 0.3, "centroid": "binary"}
    probe = replica.mixture(replica.ErrorCount(0.0), weights="binary", norm=2.0, beta=1.0, bias=-0.4, **clusters)
    logistic = replica.mixture("logistic", penalty=0.3, **clusters)
    for reference in (replica.Reference(model=logistic), replica.Reference(model=logistic, clipped=True)):
        d = replica.franz_parisi(probe, alpha=1.2, distance=[0.3], reference=reference).attrs["typical_distance"]
        curve = replica.franz_parisi(probe, alpha=1.2, distance=[d], reference=reference)
        alone = replica.solve(probe, alpha=1.2)
        assert float(curve["free_entropy"][0]) == pytest.approx(alone.free_entropy, abs=1e-12)
        assert float(curve["q"][0]) == pytest.approx(alone["q"], abs=1e-11)
        assert float(curve["m"][0]) == pytest.approx(alone["m"], abs=1e-11)
        assert float(curve["training_error"][0]) == pytest.approx(alone["training_error"], abs=1e-11)
        assert float(curve["generalization_error"][0]) == pytest.approx(alone["generalization_error"], abs=1e-11)


def test_a_gaussian_centroid_is_no_centroid() -> None:
    """Data that name the law of the centroid are those that leave it out."""
    data = replica.GaussianMixture(bias=False)
    probe = replica.Model(weights="spherical", loss=replica.Margin(0.0), data=data)
    other = replica.Reference(model=replica.mixture("square", bias=False))
    curve = replica.franz_parisi(probe, alpha=1.0, distance=[0.1], reference=other)
    figure = next(f for f in FIGURES if f["id"] == "fp_square_lam1_t0.8_binf_phi")
    assert float(curve["entropy"][0]) == pytest.approx(figure["value"], abs=1e-9)
    signs = replica.Reference(model=replica.mixture("square", bias=False, centroid="binary"))
    with pytest.raises(ValueError, match="the same data"):
        replica.franz_parisi(probe, alpha=1.0, distance=[0.1], reference=signs)
