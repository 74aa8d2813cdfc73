"""Real weights: largest margins with their certificate, the perceptron bound, gradients, risk minimisers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy import optimize

import replica
from replica.simulate.algorithms._gradient import Descent
from replica.simulate.algorithms._pushes import push_units
from replica.simulate.algorithms.replicated_sgd import fewest_units
from replica.simulate.instances import draw, given_instance

SPHERE = replica.perceptron("spherical")


@dataclass(frozen=True)
class Majority(replica.Perceptron):
    """Three sign units, written here so that these tests need no committee of the package."""

    units: ClassVar[int] = 3

    def readout(self, hidden: np.ndarray) -> np.ndarray:
        return np.sign(hidden).sum(axis=-1) / np.sqrt(3)


def committee(weights: str) -> Any:
    return replica.Model(weights=weights, loss=replica.Margin(0.0), architecture=Majority())


def test_largest_margins_are_certified_and_those_of_the_theory():
    """Errors are duality gaps: a general solver of the same program agrees within them."""
    runs = replica.simulate(SPHERE, algorithm="max-margin", n=40, alpha=1.2, samples=3, seed=2)
    for sample in range(3):
        X, y = replica.instance(SPHERE, n=40, alpha=1.2, seed=2, sample=sample)
        F = y[:, None] * X / np.sqrt(40)
        found = optimize.minimize(
            lambda w: 0.5 * w @ w, runs["weights"].values[sample], jac=lambda w: w, method="SLSQP", tol=1e-14,
            constraints={"type": "ineq", "fun": lambda w, F=F: F @ w - 1, "jac": lambda w, F=F: F},
        )  # fmt: skip
        margin, error = float(runs["max_margin"][sample]), float(runs["max_margin_error"][sample])
        assert 0 < error < 1e-5
        assert abs(margin - np.sqrt(40) / np.linalg.norm(found.x)) < error + 1e-7
        weights = runs["weights"].values[sample]
        assert weights @ weights == pytest.approx(40)
        assert abs(np.min(F @ weights) - margin) <= error
    many = replica.simulate(SPHERE, algorithm="max-margin", n=400, alpha=1.0, samples=25, seed=3)["max_margin"]
    theory = replica.max_margin(SPHERE, alpha=1.0).value
    assert abs(float(many.mean()) - theory) < 3.5 * float(many.std(ddof=1)) / 5
    above = replica.simulate(SPHERE, algorithm="max-margin", n=100, alpha=2.6, seed=1, max_sweeps=200)
    assert str(above["status"][0].values).startswith("not converged")
    assert np.isnan(above["max_margin"][0])


def test_the_perceptron_rule_keeps_its_bound():
    """Updates of a single unit: at most ``max|x|^2/kappa^2`` from weights 0."""
    found = draw(SPHERE, n=100, alpha=0.8, seed=4)
    margin = float(replica.simulate(SPHERE, algorithm="max-margin", n=100, alpha=0.8, seed=4)["max_margin"][0])
    hidden = np.zeros(100)
    assert push_units(found.X, found.y, 0.0, False, 1, hidden, 500, np.random.default_rng(0)) > 0
    # each update adds at least the margin of x.w/|w| to the overlap with the best direction
    bound = np.max(np.sum(found.X**2, axis=1)) / margin**2
    assert np.linalg.norm(hidden) <= np.sqrt(bound * np.max(np.sum(found.X**2, axis=1))) * (1 + 1e-9)
    assert np.min(found.stabilities(hidden)) > 0


@pytest.mark.parametrize("weights", ["spherical", "binary"])
def test_least_action_on_a_committee(weights):
    model, alpha = committee(weights), 1.5 if weights == "spherical" else 0.3
    runs = replica.simulate(model, algorithm="least-action", n=303, alpha=alpha, samples=2, seed=5)
    assert bool(runs["solved"].all())
    for sample in range(2):
        X, y = replica.instance(model, n=303, alpha=alpha, seed=5, sample=sample)
        blocks = runs["weights"].values[sample].reshape(3, 101)
        fields = np.einsum("pki,ki->pk", X.reshape(-1, 3, 101), blocks)
        assert np.array_equal(np.sign(np.sign(fields).sum(axis=1)), y)
        assert np.allclose(np.sum(blocks**2, axis=1), 101)


@pytest.mark.parametrize("model", [SPHERE, committee("spherical")], ids=["unit", "committee"])
def test_gradients_are_those_of_the_cost(model):
    found = draw(model, n=30, alpha=1.0, seed=6)
    descent = Descent(found, np.random.default_rng(1), 10)
    weights, chosen = descent.start(), np.arange(10)
    gamma, bend = 1.7, 0.8

    def cost(w):
        hidden = np.einsum("kpi,ki->kp", descent.patterns[:, chosen], w) / np.sqrt(descent.size)
        delta = hidden[0] if descent.units == 1 else np.tanh(bend * hidden).sum(axis=0) / np.sqrt(descent.units)
        return np.mean(np.log1p(np.exp(-2 * gamma * delta))) / (2 * gamma)

    gradient = descent.gradient(weights, chosen, gamma, bend)
    for unit, place in ((0, 0), (descent.units - 1, 3)):
        step = np.zeros_like(weights)
        step[unit, place] = 1e-5
        slope = (cost(weights + step) - cost(weights - step)) / 2e-5
        assert gradient[unit, place] == pytest.approx(30 * slope, rel=1e-6)


@pytest.mark.parametrize("algorithm", ["gradient-descent", "entropic-sgd"])
def test_descent_solves(algorithm):
    for model, alpha in ((SPHERE, 1.2), (committee("spherical"), 0.6)):
        runs = replica.simulate(model, algorithm=algorithm, n=201, alpha=alpha, samples=2, seed=7, inputs="sign")
        assert bool(runs["solved"].all())
        assert np.all(runs["training_error"] == 0)


def test_replicas_solve_where_one_does_not():
    """The signs of a committee and of a single unit, at the same settings."""
    for model, n, alpha in ((replica.perceptron("binary"), 601, 0.5), (committee("binary"), 603, 0.4)):
        keywords = {"algorithm": "replicated-sgd", "n": n, "alpha": alpha, "samples": 1, "seed": 1, "inputs": "sign"}
        together = replica.simulate(model, **keywords)
        alone = replica.simulate(model, **keywords, replicas=1, pull=0.0, max_epochs=int(together["epochs"][0]) + 100)
        assert bool(together["solved"].all())
        assert not bool(alone["solved"].any())


def test_the_fewest_units_are_pushed():
    fields = np.array([[1.0, -3.0, -0.1, 2.0], [-2.0, -1.0, -5.0, 1.0], [-1.0, 4.0, -0.2, -9.0]])
    assert fewest_units(fields).T.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 1], [0, 0, 0]]


RISKS = [
    replica.mixture("square", balance=0.3),
    replica.mixture("square", penalty=0.01, bias=False),
    replica.mixture("logistic", balance=0.3, penalty=0.1),
    replica.mixture("hinge", balance=0.3),
    replica.mixture(replica.Hinge(0.6), bias=False),
    replica.mixture(replica.Logistic(2.0), bias=False, noise=0.5),
    replica.Model(weights=replica.Gaussian(1.0), loss=replica.Square(), data=replica.Teacher(weights="spherical")),
    replica.Model(weights=replica.Gaussian(0.5), loss=replica.Logistic(1.0)),
]


@pytest.mark.parametrize("model", RISKS, ids=str)
def test_risk_minimisers_are_stationary(model):
    """scikit-learn's minimum is that of ``sum l(h) + (penalty/2)|w|^2`` in the conventions here, within its errors."""
    n, penalty = 60, model.parameter("penalty")
    runs = replica.simulate(model, algorithm="erm", n=n, alpha=1.5, samples=2, seed=3)
    for sample in range(2):
        found = draw(model, n=n, alpha=1.5, seed=3, sample=sample)
        weights = runs["weights"].values[sample]
        bias = float(runs["bias"][sample]) if "bias" in runs else 0.0

        def risk(w, b, found=found):
            h = found.y * (found.X @ w / np.sqrt(n) + b)
            return float(np.sum(model.loss.cost(h))) + 0.5 * penalty * w @ w

        least, rng = risk(weights, bias), np.random.default_rng(0)
        for scale in (1e-1, 1e-3):
            for _ in range(10):
                moved = risk(
                    weights + scale * rng.standard_normal(n), bias + scale * bool(bias) * rng.standard_normal()
                )
                assert moved > least
        assert float(runs["energy"][sample]) == pytest.approx((least - 0.5 * penalty * weights @ weights) / n, abs=1e-9)
        assert float(runs["q"][sample]) == pytest.approx(weights @ weights / n)


@pytest.mark.parametrize("model", [RISKS[0], RISKS[2], RISKS[4], RISKS[6]], ids=str)
def test_risk_minimisers_are_those_of_the_theory(model):
    runs = replica.simulate(model, algorithm="erm", n=[75, 150, 300], alpha=2.0, samples=16, seed=4)
    report = replica.compare(replica.solve(model, alpha=2.0), runs)
    assert {"q", "energy", "m", "generalization_error"} <= set(report["observable"].values)
    assert np.all(np.abs(report["z"]) < 3.5)


def test_entropic_descent_moves_with_few_batches():
    """An epoch of fewer batches than a round has steps is a round of its own."""
    runs = replica.simulate(SPHERE, algorithm="entropic-sgd", n=60, alpha=0.8, samples=2, seed=1, batch=20)
    assert bool(runs["solved"].all())


def test_wrong_models_are_refused():
    for algorithm, model, words in (
        ("erm", SPHERE, "Gaussian weights"),
        ("erm", replica.mixture("square", penalty=np.inf), "finite penalty"),
        ("max-margin", replica.perceptron("binary"), "on the sphere"),
        ("least-action", replica.perceptron("binary", margin=0.1), "margin 0"),
        ("gradient-descent", replica.perceptron("binary"), "on the sphere"),
        ("replicated-sgd", SPHERE, "weights"),
        ("focusing-bp", SPHERE, "weights"),
        ("sbpi", replica.perceptron("binary", loss=replica.Band(1.0)), "one margin"),
        ("enumeration", replica.mixture("square", weights="binary", bias=0.5), "no bias"),
        ("sbpi", committee("binary"), "single unit"),
        ("max-margin", committee("spherical"), "single unit"),
    ):
        with pytest.raises(ValueError, match=words):
            replica.simulate(model, algorithm=algorithm, n=9, alpha=1.0)
    with pytest.raises(ValueError, match="multiple of the number of hidden units"):
        replica.simulate(committee("binary"), n=10, alpha=0.2)


def test_enumeration_of_a_committee():
    """Any network is counted through its read-out: all signs of three units of three weights."""
    model = committee("binary")
    X, y = replica.instance(model, n=9, alpha=0.5, seed=1)
    weights = 2.0 * ((np.arange(512)[:, None] >> np.arange(9)) & 1) - 1.0
    fields = np.einsum("pki,wki->wpk", X.reshape(-1, 3, 3), weights.reshape(-1, 3, 3))
    good = np.all(y * np.sign(fields).sum(axis=-1) >= 0, axis=1).sum()
    runs = replica.simulate(model, instance=(X, y))
    assert float(runs["entropy"][0]) == pytest.approx(np.log(good) / 9)
    assert given_instance(model, (X, y)).violations(runs["weights"].values[0]) == 0
