"""Samplers at a temperature, and Monte Carlo on the local entropy."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.simulate.algorithms import Algorithm
from replica.simulate.algorithms.langevin import _Chain
from replica.simulate.instances import draw

MODELS = [
    replica.Model(weights=replica.Gaussian(1.0), loss=replica.Logistic(1.0), beta=3.0),
    replica.Model(weights=replica.Spherical(), loss=replica.Square(), beta=2.0),
    replica.Model(weights=replica.Spherical(), loss=replica.Hinge(1.0), beta=2.0, data="teacher"),
]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_langevin_samples_what_the_theory_says(model):
    keywords = {"n": 60, "alpha": 1.0, "samples": 8, "seed": 2, "moves": 500}
    runs = replica.simulate(model, algorithm="langevin", **keywords)
    assert all(text.startswith("converged") for text in runs["status"].values)
    report = replica.compare(replica.solve(model, alpha=1.0), runs, observables=["energy", "q", "training_error"])
    assert np.all(np.abs(report["z"]) < 3.5)
    assert np.all(report["standard_error"] < 0.05)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"leaps": 1, "moves": 15000}, marks=pytest.mark.bench),
        {"leaps": 6, "moves": 4000},
        pytest.param({"leaps": 1, "moves": 12000, "persistence": 0.8}, marks=pytest.mark.bench),
        pytest.param({"leaps": 4, "moves": 4000, "curl": 2.0}, marks=pytest.mark.bench),
        {"leaps": 1, "moves": 10000, "curl": 3.0, "persistence": 0.7},
    ],
    ids=str,
)
def test_a_gaussian_posterior_in_closed_form(settings):
    """Square cost and penalty: energy and means of a Gaussian measure; overdamped, underdamped, with curl."""
    model = replica.Model(weights=replica.Gaussian(0.7), loss=replica.Square(), beta=1.5)
    found = draw(model, n=12, alpha=1.5, seed=4)
    F = found.y[:, None] * found.X / np.sqrt(12)
    precision = 1.5 * (F.T @ F + 0.7 * np.eye(12))
    mean = np.linalg.solve(precision, 1.5 * F.sum(axis=0))
    spread = np.linalg.inv(precision)
    energy = 0.5 * (np.sum((1 - F @ mean) ** 2) + np.trace(F @ spread @ F.T)) / 12
    runs = replica.simulate(model, algorithm="langevin", instance=(found.X, found.y), samples=2, seed=1, **settings)
    for name, exact in (("energy", energy), ("q", mean @ mean / 12)):
        for value, error in zip(runs[name].values, runs[f"{name}_error"].values, strict=True):
            assert abs(value - exact) < 5 * error
            assert error < 0.1 * exact


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_moves_conserve_energy_to_second_order(model):
    """And keep the sphere: a smaller step makes four times fewer errors at half its length."""
    chain = _Chain(draw(model, n=50, alpha=1.0, seed=1), np.random.default_rng(0), 1)
    norm = chain.weights @ chain.weights
    misses = []
    for step in (0.02, 0.01):
        start = chain.weights, chain.energy, chain.force
        momentum = chain._tangent(np.random.default_rng(5).standard_normal(50), chain.weights)
        flown, p = chain._drift(chain.weights, momentum + 0.5 * step * chain.force, step)
        energy, force = chain._evaluate(flown)
        p = p + 0.5 * step * force
        misses.append(abs(energy + 0.5 * p @ p - start[1] - 0.5 * momentum @ momentum))
        if chain.sphere:
            assert flown @ flown == pytest.approx(norm, rel=1e-12)
            assert abs(p @ flown) < 1e-9 * norm
    assert misses[1] < 0.3 * misses[0]


def test_turning_momenta_run_along_arcs_and_back():
    """The free flight with a curl against small steps; reversed momenta and turns lead back."""
    chain = _Chain(draw(MODELS[0], n=5, alpha=1.0, seed=1), np.random.default_rng(0), 1, 0.0, 1.7)
    rng = np.random.default_rng(1)
    w, p = rng.standard_normal((2, 5))
    flown, turned = chain._drift(w, p, 0.9)
    turn = np.zeros((5, 5))
    for i in (0, 2):
        turn[i, i + 1], turn[i + 1, i] = -1.7, 1.7
    slow_w, slow_p, count = w.copy(), p.copy(), 20000
    for _ in range(count):
        half = slow_p + 0.45 / count * turn @ slow_p
        slow_w, slow_p = slow_w + 0.9 / count * half, slow_p + 0.9 / count * turn @ half
    assert np.allclose(flown, slow_w, atol=1e-6)
    assert np.allclose(turned, slow_p, atol=1e-6)
    chain.curl = -chain.curl
    back, momentum = chain._drift(flown, -turned, 0.9)
    assert np.allclose(back, w)
    assert np.allclose(momentum, -p)
    with pytest.raises(ValueError, match="penalised"):
        replica.simulate(MODELS[1], algorithm="langevin", n=10, alpha=1.0, curl=1.0)


def test_chains_that_disagree_are_no_numbers():
    runs = replica.simulate(MODELS[0], algorithm="langevin", n=300, alpha=1.0, samples=6, seed=3, moves=40, leaps=1)
    wrong = np.array([text.startswith("not converged") for text in runs["status"].values])
    assert wrong.any()
    assert np.array_equal(np.isnan(runs["energy"]), wrong)


@pytest.mark.parametrize("inputs", ["sign", "normal"])
def test_monte_carlo_on_the_local_entropy_solves(inputs):
    model = replica.perceptron("binary")
    runs = replica.simulate(model, algorithm="entropy-driven-mc", n=101, alpha=0.5, samples=2, seed=1, inputs=inputs)
    assert bool(runs["solved"].all())
    assert np.all(runs["flips"] > 0)


@pytest.mark.parametrize("name", sorted(Algorithm.registry))
def test_tiny_systems_and_no_patterns(name):
    """Every algorithm takes what it covers down to one weight and no pattern, with an error for each number."""
    short = {
        "annealing": {"sweeps": 30}, "replicated-annealing": {"sweeps": 30}, "sbpi": {"max_sweeps": 20},
        "least-action": {"max_sweeps": 20}, "reinforced-bp": {"rate": 0.05}, "replicated-sgd": {"max_epochs": 5},
        "gradient-descent": {"epochs": 5}, "entropic-sgd": {"epochs": 5}, "langevin": {"moves": 60},
        "entropy-driven-mc": {"rounds": 2, "flips": 5}, "max-margin": {"max_sweeps": 50},
        "population-annealing": {"population": 20, "sweeps": 1}, "max-sum": {"max_sweeps": 20},
        "min-over": {"max_steps": 500},
    }  # fmt: skip
    models = [
        replica.perceptron("binary"), replica.perceptron("spherical"), replica.mixture("square"),
        replica.mixture(replica.Margin(0.0), weights="binary", bias=False, norm=0.5),
        replica.perceptron("spherical", loss="hinge", beta=1.0, labels="teacher"),
    ]  # fmt: skip
    covered = 0
    for model in models:
        try:
            Algorithm.find(name)(**short.get(name, {})).check(model)
        except ValueError:
            continue
        if model.data.trained and not Algorithm.find(name).biased:
            continue
        covered += 1
        for n, alpha in ((1, 0.1), (1, 1.0), (2, 0.1), (7, 0.3), (9, 3.0)):
            keywords = {"n": n, "alpha": alpha, "samples": 2, "seed": 1, "readouts": ["flatness", "margins"]}
            keywords["inputs"] = "sign" if name == "max-sum" else "normal"
            runs = replica.simulate(model, algorithm=name, **keywords, **short.get(name, {}))
            assert all(text.startswith(("converged", "not converged")) for text in runs["status"].values)
            for key in runs.data_vars:
                if f"{key}_error" in runs:
                    value, error = runs[key].values, runs[f"{key}_error"].values
                    assert np.all((error >= 0) | ~np.isfinite(value)), key
    assert covered
