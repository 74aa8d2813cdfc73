"""Messages of sign committees: derivatives, exact counts, theory, and solutions."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.simulate.algorithms._amp import System
from replica.simulate.algorithms._majority_amp import MajoritySystem
from replica.simulate.instances import draw


def committee(units=3, **keywords):
    return replica.committee(units=units, activation="sign", weights="binary", **keywords)


@pytest.mark.parametrize("units", [3, 5])
def test_terms_are_derivatives_of_the_chance_of_a_majority(units):
    """By differences, at fields from sure to hopeless; Z by drawing the signs."""
    system = MajoritySystem.of(draw(committee(units), n=20 * units, alpha=0.5, seed=1))
    rng = np.random.default_rng(1)
    mean, step = 0.7 * rng.standard_normal(20 * units).clip(-1.2, 1.2), 1e-5
    count = len(system.F)

    def terms(shift):
        """The fields are moved by the reaction term."""
        return system.patterns(mean, 0.5, shift)

    base = terms(np.zeros((units, count)))
    for k in range(units):
        shift = np.zeros((units, count))
        shift[k] = step / np.broadcast_to(base.variance, (units, count))[k]
        below, above = terms(shift), terms(-shift)
        assert np.allclose((above.log_z - below.log_z) / (2 * step), base.g[k], atol=1e-6)
    drawn = base.omega + np.sqrt(base.variance) * rng.standard_normal((20000, units, count))
    chance = np.mean(np.sign(drawn).sum(axis=1) > 0, axis=0)
    assert np.allclose(np.exp(base.log_z), chance, atol=0.02)
    far = system.patterns(np.sign(mean) * (1 - 1e-9), 0.5, np.zeros((units, count)))
    assert np.all(np.isfinite(far.g))
    assert np.all(np.isfinite(far.log_z))


def test_one_unit_is_the_perceptron():
    """The sweep of a majority of one: the same messages."""
    found = draw(replica.perceptron("binary"), n=50, alpha=0.6, seed=2)
    single, majority = System.of(found), MajoritySystem.of(found)
    mean = np.random.default_rng(1).uniform(-0.9, 0.9, 50)
    one = single.patterns(mean, 1.0 - float(np.mean(mean**2)), np.zeros(30))
    same = majority.patterns(mean, 1.0, np.zeros(30))
    assert np.allclose(one.g, same.g[0], rtol=1e-12)
    assert one.curvature == pytest.approx(same.curvature[0], rel=1e-12)
    assert np.allclose(single.field(one, mean), majority.field(same, mean), rtol=1e-12)


@pytest.mark.parametrize(("units", "n"), [(3, 600), (5, 600)])
def test_bethe_entropies_are_those_of_the_theory(units, n):
    runs = replica.simulate(committee(units), algorithm="belief-propagation", n=n, alpha=0.5, samples=10, seed=1)
    report = replica.compare(replica.solve(committee(units), alpha=0.5), runs, observables=["entropy", "q"])
    assert np.all(np.abs(report["z"]) < 3.5)
    assert np.all(report["standard_error"] < 0.01)


def test_bethe_entropies_of_small_committees_and_students():
    for labels in ("random", "teacher"):
        model = committee(labels=labels)
        keywords = {"n": 15, "alpha": 0.4, "samples": 20, "seed": 2}
        exact = replica.simulate(model, **keywords)
        runs = replica.simulate(model, algorithm="belief-propagation", damping=0.3, **keywords)
        gap = (runs["entropy"] - exact["entropy"]).values
        assert abs(np.nanmean(gap)) < 0.02
        assert np.mean(np.abs(gap) < runs["entropy_error"].values) > 0.8


@pytest.mark.parametrize("algorithm", ["reinforced-bp", "focusing-bp"])
def test_committees_are_solved(algorithm):
    model = committee()
    settings = {"rate": 5e-3} if algorithm == "reinforced-bp" else {}
    runs = replica.simulate(model, algorithm=algorithm, n=303, alpha=0.5, samples=3, seed=1, **settings)
    assert bool(runs["solved"].all())
    for sample in range(3):
        found = draw(model, n=303, alpha=0.5, seed=1, sample=sample)
        weights = runs["weights"].values[sample].reshape(3, 101)
        votes = np.sign(np.einsum("pki,ki->pk", found.X.reshape(-1, 3, 101), weights)).sum(axis=1)
        assert np.all(found.y * votes > 0)


def test_committees_that_share_inputs():
    """Messages against exact counts, solutions judged from the weights, walkers beside sums over all configurations."""
    model = committee(connectivity="full")
    runs = replica.simulate(model, algorithm="reinforced-bp", n=303, alpha=0.4, samples=2, seed=1, rate=5e-3)
    assert bool(runs["solved"].all())
    for sample in range(2):
        X, y = replica.instance(model, n=303, alpha=0.4, seed=1, sample=sample)
        fields = X @ runs["weights"].values[sample].reshape(3, 101).T
        assert np.all(y * np.sign(fields).sum(axis=1) > 0)
    keywords = {"n": 12, "alpha": 0.25, "samples": 4, "seed": 2}
    exact = replica.simulate(model, **keywords)["entropy"].values
    walkers = replica.simulate(model, algorithm="population-annealing", **keywords)
    assert np.all(np.abs(walkers["entropy"].values - exact) < 5 * walkers["entropy_error"].values)


def test_other_networks_are_refused():
    for model, words in (
        (committee(margin=0.2), "hard margin 0"),
        (replica.committee(units=2, activation="relu", weights="binary"), "sign units"),
        (replica.committee(units=3, activation="sign", weights="spherical"), "weights"),
    ):
        with pytest.raises(ValueError, match=words):
            replica.simulate(model, algorithm="belief-propagation", n=12, alpha=0.5)
