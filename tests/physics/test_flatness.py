"""Training error of perturbed solutions: stored figures, independent quadratures, limits, kernels and statuses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy.stats import norm

import replica
from replica.losses import Loss

FIGURES = [
    figure
    for figure in json.loads((Path(__file__).parents[1] / "oracles" / "landscape.json").read_text(encoding="utf-8"))
    if figure["id"].startswith("flat_")
]
NOISE = np.array([0.0, 0.02, 0.3, 0.5, 0.8, 1.0])


def gauss(low: float, high: float, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Composite Gauss-Legendre nodes: shares no code with the library."""
    node, weight = np.polynomial.legendre.leggauss(12)
    edges = np.linspace(low, high, count + 1)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:, None] + edges[:-1, None]) / 2
    return (middle + half * node).ravel(), (half * weight).ravel()


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure["id"])
def test_stored_figures(figure: dict[str, Any]) -> None:
    params = figure["params"]
    weights = "spherical" if "spherical" in figure["id"] else "binary"
    solution = replica.solve(replica.perceptron(weights, margin=params["kappa_ref"]), alpha=params["alpha"])
    found = replica.flatness(solution, noise=[(1 - params["t"]) / 2], margin=params["kappa"])
    assert found["status"].values[0] == "converged"
    assert abs(float(found["training_error"][0]) - figure["value"]) <= 5 * figure["abs_err"] + float(found["error"][0])
    assert float(found["error"][0]) < 1e-13


STATES = {
    "cold": (replica.perceptron("ternary", margin=0.2), 0.5),
    "warm": (replica.perceptron("binary", loss=replica.ErrorCount(0.3), beta=3.0), 0.8),
    "norm": (replica.perceptron(replica.Gaussian(0.7), loss="error-count", beta=2.0), 0.6),
    "band": (replica.perceptron("binary", loss=replica.Band(0.9)), 0.7),
    "outside": (replica.perceptron("spherical", loss=replica.OutsideBand(0.6)), 3.1),
    "taught": (replica.perceptron("spherical", margin=0.1, labels="teacher"), 1.0),
    "frozen": (replica.perceptron("binary", loss="error-count"), 1.5),
    "teacher": (replica.perceptron("binary", labels="teacher"), 2.0),
    "ground": (replica.perceptron("spherical", loss=replica.ErrorCount(0.2)), 2.5),
}


@pytest.mark.parametrize("name", STATES)
def test_average_over_the_distribution_of_the_margins(name: str) -> None:
    """Density and atoms from one verb, weighed here with the chance that a moved stability is on the wrong side."""
    model, alpha = STATES[name]
    solution = replica.solve(model, alpha=alpha)
    kinks = sorted({0.0, *model.loss.kinks()})
    if name == "ground":
        kinks = sorted({*kinks, float(model.loss.ground_breaks(np.array([solution["V"]]))[0, 0])})
    size = np.sqrt(solution["Q"] if "Q" in solution.errors else 1.0)
    pieces = [gauss(a, b, 60) for a, b in zip([-9 * size, *kinks], [*kinks, 9 * size], strict=True)]
    field, weight = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    margins = replica.margin_distribution(solution, field=field)
    masses = weight * margins["density"].values
    places = np.concatenate([field, [place for place, _ in margins.attrs["atoms"]]])
    masses = np.concatenate([masses, [mass for _, mass in margins.attrs["atoms"]]])
    found = replica.flatness(solution, noise=[0.02, 0.3, 0.8])
    for d, rate, error in zip(found["noise"], found["training_error"], found["error"], strict=True):
        t = float(1 - 2 * d)
        mean, spread = t * places, size * np.sqrt(1 - t * t)
        if model.loss.even:
            edge = model.margin
            inside = norm.cdf((edge - mean) / spread) - norm.cdf((-edge - mean) / spread)
            wrong = inside if isinstance(model.loss, replica.OutsideBand) else 1 - inside
        else:
            wrong = norm.cdf(-mean / spread)
        assert float(rate) == pytest.approx(masses @ wrong, rel=1e-9)
        assert float(error) < 1e-12


def test_limits() -> None:
    """No noise: the training error itself; half of the weights wrong: chance; all wrong: every right one is wrong."""
    for model, alpha in (STATES["warm"], STATES["taught"], STATES["ground"]):
        solution = replica.solve(model, alpha=alpha)
        rate = replica.flatness(solution, noise=NOISE)["training_error"].values
        assert rate[0] == pytest.approx(solution.training_error, abs=1e-14)
        assert rate[3] == pytest.approx(0.5, abs=1e-13)
        assert rate[-1] == pytest.approx(1 - solution.training_error, abs=1e-13)


@pytest.mark.parametrize(
    ("model", "alpha"),
    [
        (replica.perceptron(replica.Gaussian(0.5), loss="hinge"), 1.5),
        (replica.perceptron("spherical", loss="logistic"), 3.0),
        (replica.mixture(loss="logistic", penalty=0.3, balance=0.3), 2.0),
    ],
    ids=["hinge", "logistic", "mixture"],
)
def test_minimisers_of_a_loss(model: replica.Model, alpha: float) -> None:
    """Without noise the training error, with it more; the bias of a mixture stays as it is."""
    solution = replica.solve(model, alpha=alpha)
    found = replica.flatness(solution, noise=[0.0, 0.1, 0.5])
    rate = found["training_error"].values
    assert rate[0] == pytest.approx(solution.training_error, rel=1e-11)
    assert rate[0] < rate[1] < rate[2]
    assert found["error"].values.max() < 1e-12
    if model.data.trained:  # weights without direction: the classes are told apart by the bias alone
        spread = np.sqrt(solution["q"] * model.parameter("noise"))
        right, left = (norm.cdf(-label * solution["bias"] / spread) for label in (1, -1))
        assert rate[2] == pytest.approx(0.3 * right + 0.7 * left, rel=1e-11)
    else:
        assert rate[2] == pytest.approx(0.5, rel=1e-12)


def test_counted_margin_and_noise_make_it_worse() -> None:
    """The errors grow with the noise and with the margin that is asked for, and shrink with that of the solution."""
    alpha, noise = 0.5, np.linspace(0.0, 0.4, 9)

    def rate(own: float, counted: float) -> np.ndarray:
        solution = replica.solve(replica.perceptron("binary", margin=own), alpha=alpha)
        return replica.flatness(solution, noise=noise, margin=counted)["training_error"].values

    assert np.all(np.diff(rate(0.3, 0.0)) > 0)
    assert np.all(rate(0.3, 0.2)[1:] > rate(0.3, 0.0)[1:])
    assert np.all(rate(0.3, 0.0)[1:] < rate(0.0, 0.0)[1:])
    band = replica.solve(replica.perceptron("binary", loss=replica.Band(0.9)), alpha=0.5)
    own, wider = (replica.flatness(band, noise=[0.1], margin=k)["training_error"].item() for k in (0.9, 1.2))
    assert own > wider > 0
    assert own == replica.flatness(band, noise=[0.1])["training_error"].item()


def test_at_capacity_the_pinned_fields_are_an_atom() -> None:
    """``H(t kappa/s)`` from the atom of mass H(-kappa), and the unmoved fields above kappa."""
    kappa, t = 0.5, 0.8
    solution = replica.capacity(replica.perceptron("spherical", margin=kappa)).solution
    assert solution is not None
    found = replica.flatness(solution, noise=[(1 - t) / 2])["training_error"].item()
    field, weight = gauss(kappa, 9.0)
    spread = np.sqrt(1 - t * t)
    free = weight @ (norm.pdf(field) * norm.cdf(-t * field / spread))
    assert found == pytest.approx(norm.cdf(kappa) * norm.cdf(-t * kappa / spread) + free, rel=1e-12)


def test_towards_capacity_it_reaches_the_limit() -> None:
    limit = replica.flatness(replica.capacity(replica.perceptron("spherical")).solution, noise=[0.1])
    close = replica.flatness(replica.solve(replica.perceptron("spherical"), alpha=1.9999), noise=[0.1])
    assert close["training_error"].item() == pytest.approx(limit["training_error"].item(), abs=2e-4)
    assert close["status"].item() == "converged"


def test_smooth_loss_minimisers_have_no_atoms_but_a_stretched_density() -> None:
    """Quadratic violation ``(1-u)^2/2``: u = (w + chi)/(1 + chi) below 1, so that the density there is stretched."""

    @dataclass(frozen=True)
    class Quadratic(Loss):
        name: ClassVar[str] = "toy-quadratic"
        has_ground: ClassVar[bool] = True

        def cost(self, u: np.ndarray) -> np.ndarray:
            return 0.5 * np.maximum(0.0, 1.0 - u) ** 2

        def kinks(self) -> tuple[float, ...]:
            return (1.0,)

        def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            pull = variance[:, None]
            best = np.where(field > 1, field, (field + pull) / (1.0 + pull))
            return best, self.cost(best) + (best - field) ** 2 / (2 * pull)

    try:
        solution = replica.solve(replica.perceptron("spherical", loss=Quadratic()), alpha=2.0)
        below, above = gauss(-6.0, 1.0), gauss(1.0, 9.0)
        field, weight = (np.concatenate(parts) for parts in zip(below, above, strict=True))
        margins = replica.margin_distribution(solution, field=field)
        chi = solution["V"]
        moved = np.where(field < 1, (1 + chi) * field - chi, field)
        exact = norm.pdf(moved) * np.where(field < 1, 1 + chi, 1.0)
        assert margins.attrs["atoms"] == []
        assert np.all(np.abs(margins["density"].values - exact) <= margins["error"].values + 1e-15)
        assert margins["error"].values.max() < 1e-9
        found = replica.flatness(solution, noise=[0.05])["training_error"].item()
        assert found == pytest.approx(weight @ (exact * norm.cdf(-0.9 * field / np.sqrt(0.19))), rel=1e-11)
    finally:
        del Loss.registry["toy-quadratic"]


def rectified(x: float) -> float:
    """Covariance of rectified Gaussians of overlap x."""
    return float((np.sqrt(1 - x * x) + x * (np.pi - np.arccos(x)) - 1) / (2 * np.pi))


@pytest.mark.parametrize(
    ("activation", "k", "t"),
    [("sign", lambda x: 2 * np.arcsin(x) / np.pi, 0.9), ("relu", rectified, 0.3), ("relu", rectified, -1.0)],
)
def test_nonlinear_kernel_against_the_three_gaussian_fields(activation: str, k: Any, t: float) -> None:
    """The cavity field, the solution's and the perturbed one drawn together, from their covariances alone; rectified
    fields of weights turned round are others.
    """
    model = replica.committee(units=np.inf, activation=activation, weights="binary", margin=0.2)
    solution = replica.solve(model, alpha=0.4)
    q = solution["q"]
    whole, near, kt, ktq = k(1.0), k(q), k(t), k(t * q)
    h, outer = gauss(-7.0, 7.0, 80)
    h, outer = np.sqrt(near) * h, outer * norm.pdf(h)
    cross = np.linalg.solve([[near, near], [near, whole]], [ktq, kt])
    spread, own = np.sqrt(whole - cross @ [ktq, kt]), np.sqrt(whole - near)
    total = 0.0
    for field, mass in zip(h, outer, strict=True):
        u, weight = gauss(0.2, max(field, 0.2) + 8 * own, 40)
        density = norm.pdf(u, field, own) / norm.sf(0.2, field, own)
        total += mass * weight @ (density * norm.cdf(-(cross[0] * field + cross[1] * u) / spread))
    found = replica.flatness(solution, noise=[(1 - t) / 2])
    assert found["training_error"].item() == pytest.approx(total, rel=1e-9)
    assert found["error"].item() < 1e-12


@pytest.mark.parametrize("activation", ["sign", "erf", "gelu", "tanh"])
def test_units_of_weights_turned_round(activation: str) -> None:
    """Odd units turn every field round; others tend to their values there."""
    model = replica.committee(units=np.inf, activation=activation, weights="spherical", margin=0.1)
    close, there = replica.flatness(replica.solve(model, alpha=0.3), noise=[1 - 1e-7, 1.0])["training_error"].values
    if activation == "gelu":
        assert there == pytest.approx(close, abs=1e-6)
    else:
        assert there == pytest.approx(1.0, abs=1e-12)


def test_unsolved_and_wrong_input() -> None:
    lost = replica.solve(replica.perceptron("spherical"), alpha=2.5, on_failure="keep")
    found = replica.flatness(lost, noise=[0.1, 0.2])
    assert np.all(np.isnan(found["training_error"])) and np.all(np.isnan(found["error"]))
    assert all(text.startswith("not converged: no replica-symmetric") for text in found["status"].values)
    margins = replica.margin_distribution(lost, field=[0.1])
    assert np.isnan(margins["density"].item()) and margins.attrs["status"].startswith("not converged")
    solution = replica.solve(replica.perceptron("binary"), alpha=0.5)
    with pytest.raises(ValueError, match="noise must be in"):
        replica.flatness(solution, noise=[-0.1, 0.1])
    with pytest.raises(ValueError, match="margin"):
        replica.flatness(replica.solve(STATES["band"][0], alpha=0.5), noise=[0.1], margin=-1.0)
    broken = replica.solve(replica.perceptron("binary"), alpha=0.5, ansatz=replica.RSB(m=2.0, q1=0.8))
    with pytest.raises(ValueError, match="flatness is not available for this solution"):
        replica.flatness(broken, noise=[0.1])


def test_reported_error_holds_the_error_of_the_point() -> None:
    """A solution known to 1e-6 only: its flatness and its margins must say so."""
    solution = replica.solve(replica.perceptron("binary"), alpha=0.5)
    part = solution.batch.parts[0]
    part.error[:] = 1e-6
    assert 1e-9 < replica.flatness(solution, noise=[0.1])["error"].item() < 1e-5
    assert 1e-9 < replica.margin_distribution(solution, field=[0.5])["error"].item() < 1e-5
