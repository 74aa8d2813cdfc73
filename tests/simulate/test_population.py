"""Population annealing: against sums over all configurations, theory, and Franz-Parisi curves at a temperature."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import replica
from replica.simulate.algorithms._counting import all_configurations
from replica.simulate.algorithms._walkers import Walkers
from replica.simulate.instances import draw

COUNTED = replica.perceptron("binary", loss="error-count", beta=1.5)
MODELS = [
    (COUNTED, 13, 1.0),
    (replica.perceptron("binary", margin=0.2), 17, 0.4),
    (replica.perceptron("ternary", loss="error-count", beta=1.5, labels="teacher"), 8, 1.0),
    (replica.perceptron("binary", loss="error-count", labels="teacher"), 13, 0.7),
    (dataclasses.replace(COUNTED, beta=8.0), 11, 3.0),  # all walkers in one state, the true mean just beside it
    (replica.committee(units=3, activation="sign", weights="binary"), 12, 0.4),
    (replica.committee(units=2, activation="relu", weights="binary", ties="violated"), 12, 0.17),
]


@pytest.mark.parametrize(("model", "n", "alpha"), MODELS, ids=str)
def test_thermal_means_are_those_of_all_configurations(model, n, alpha):
    """Differences in reported errors: about 1 in the mean square."""
    keywords = {"n": n, "alpha": alpha, "samples": 4, "seed": 2}
    exact = replica.simulate(model, **keywords)
    runs = replica.simulate(model, algorithm="population-annealing", population=300, **keywords)
    assert all(text.startswith("converged") for text in runs["status"].values)
    scores = []
    for name in ("free_entropy", "entropy", "energy", "training_error", "q", "m"):
        if name in runs and name in exact:
            gap, error = (runs[name] - exact[name]).values, runs[f"{name}_error"].values
            assert np.all(np.abs(gap) <= 6 * error), name
            assert np.median(error) < 0.03
            scores += [z for z, e in zip(gap / np.maximum(error, 1e-13), error, strict=True) if e > 1e-12]
    assert np.sqrt(np.mean(np.square(scores))) < 1.8


@pytest.mark.parametrize(
    ("model", "n"),
    [
        (COUNTED, 60),
        (replica.perceptron("spherical", loss="error-count", beta=1.5), 50),
        (replica.Model(weights=replica.Gaussian(0.5), loss=replica.Logistic(1.0), beta=2.0), 40),
        (replica.committee(units=3, activation="sign", weights="spherical", loss="error-count", beta=1.0), 48),
    ],
    ids=str,
)
def test_states_at_a_temperature_are_those_of_the_theory(model, n):
    runs = replica.simulate(
        model, algorithm="population-annealing", n=n, alpha=0.5, samples=8, seed=3, population=200, sweeps=3
    )
    names = ["free_entropy", "energy", "q"]
    report = replica.compare(replica.solve(model, alpha=0.5), runs, observables=names)
    assert np.all(np.abs(report["z"]) < 4.5)
    assert np.all(report["standard_error"] < 0.04)


def test_around_an_equilibrium_configuration():
    """The reference is among the weights: the same sums over all configurations at that distance from it."""
    n, distance = 10, [0.2, 0.5]
    runs = replica.simulate(
        COUNTED, algorithm="population-annealing", n=n, alpha=1.0, samples=4, seed=5, distance=distance
    )
    every = all_configurations((-1.0, 1.0), n)
    for sample in range(4):
        found = draw(COUNTED, n=n, alpha=1.0, seed=5, sample=sample)
        cost = np.sum(found.stabilities(every) < 0, axis=1)
        flips = np.rint((n - every @ runs["weights"].values[sample]) / 2)
        for at, d in enumerate(distance):
            weight = np.exp(-1.5 * cost[flips == round(d * n)])
            shell = -d * np.log(d) - (1 - d) * np.log(1 - d)
            row = runs.isel(sample=sample, distance=at)
            free = shell + np.log(weight.mean()) / n
            energy = weight @ cost[flips == round(d * n)] / weight.sum() / n
            assert abs(float(row["free_entropy"]) - free) < 5 * float(row["free_entropy_error"])
            assert abs(float(row["energy"]) - energy) < 5 * float(row["energy_error"]) + 1e-12


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_franz_parisi_at_a_temperature(weights):
    model = replica.perceptron(weights, loss="error-count", beta=1.5)
    keywords = {"population": 60, "sweeps": 3, "distance": [0.2, 0.4]}
    runs = replica.simulate(model, algorithm="population-annealing", n=40, alpha=0.5, samples=6, seed=3, **keywords)
    report = replica.compare(replica.franz_parisi(model, alpha=0.5, distance=[0.2, 0.4]), runs)
    assert set(report["observable"].values) == {"free_entropy", "energy", "training_error"}
    assert np.all(np.abs(report["z"]) < 4)
    assert np.all(report["standard_error"] < 0.04)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_moves_hold_the_overlap_and_the_measure(weights):
    """At infinite temperature: the overlap exactly, the norm, and variances of fields across the shell."""
    model = replica.perceptron(weights, loss="error-count", beta=1.0)
    found, rng = draw(model, n=20, alpha=0.5, seed=1), np.random.default_rng(3)
    reference = model.weights.sample(rng, 20)
    walkers = Walkers(found, rng, 4000, reference, 0.3)
    start = walkers.positions().copy()
    for _ in range(8):
        walkers.sweep(0.0)
    moved, hidden = walkers.positions(), walkers.hidden.copy()
    walkers.refresh()
    assert np.allclose(hidden, walkers.hidden, atol=1e-10)
    assert np.allclose(moved @ reference / 20, 0.4, atol=1e-12)
    assert np.allclose(np.sum(moved**2, axis=1), 20)
    assert np.mean(np.sum(moved * start, axis=1) / 20) == pytest.approx(0.16, abs=0.02)
    fields = moved @ found.X.T
    along = found.X @ reference / 20
    spread = np.sum(found.X**2, axis=1) - 20 * along**2
    assert np.allclose(fields.mean(axis=0), 0.4 * 20 * along, atol=0.3)
    factor = 1 - 0.16 if weights == "spherical" else 0.84
    assert fields.var(axis=0) / spread == pytest.approx(factor * 20 / 19, rel=0.12)


def test_what_walkers_cannot_cross_is_said():
    """No solution exists, or too few families: no number."""
    model = replica.perceptron("binary", margin=2.0)
    runs = replica.simulate(model, algorithm="population-annealing", n=10, alpha=2.0, seed=1, population=20)
    assert str(runs["status"][0].values).startswith("not converged: no walker meets the constraint")
    assert np.isnan(runs["entropy"][0])
    cold = dataclasses.replace(COUNTED, beta=30.0)
    runs = replica.simulate(cold, algorithm="population-annealing", n=60, alpha=2.0, seed=1, population=20, sweeps=1)
    assert str(runs["status"][0].values).startswith("not converged")


def test_wrong_settings():
    for words, settings in (
        ("multiple of 10", {"population": 105}), ("must be whole", {"distance": [0.11]}), ("keep", {"keep": 1.0}),
        ("distance", {"distance": [0.4, 0.2]}),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            replica.simulate(COUNTED, algorithm="population-annealing", n=10, alpha=0.5, **settings)
    for model in (replica.perceptron("spherical", loss="hinge"), replica.mixture("square")):
        with pytest.raises(ValueError, match="give beta|a temperature"):
            replica.simulate(model, algorithm="population-annealing", n=10, alpha=0.5)
