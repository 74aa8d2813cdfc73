"""Message passing: Bethe numbers against exact counts and the theory, solvers that seek flat regions, local entropy."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.simulate.algorithms._amp import System, iterate
from replica.simulate.algorithms._counting import plan, signs_of
from replica.simulate.instances import draw, given_instance
from replica.simulate.readouts import LocalEntropy

MODEL = replica.perceptron("binary")


@pytest.mark.parametrize(
    ("model", "alpha"),
    [
        (replica.perceptron("binary"), 0.5),
        (replica.perceptron("binary", margin=0.5), 0.25),
        (replica.perceptron("spherical"), 1.0),
        (replica.perceptron("ternary"), 0.5),
        (replica.perceptron("binary", labels="teacher"), 0.8),
        (replica.perceptron("spherical", labels="teacher"), 1.0),
        (replica.perceptron("binary", loss="error-count", beta=1.5), 1.0),
        (replica.perceptron("gaussian", loss="error-count", beta=1.5), 1.0),
        (replica.perceptron("binary", loss=replica.Band(1.0)), 0.5),
        (replica.mixture("hinge", weights="spherical", bias=False, noise=0.5, norm=2.0, beta=2.0), 1.5),
        (replica.mixture("square", bias=False, noise=2.0, beta=1.5), 1.5),
    ],
    ids=str,
)
def test_bethe_numbers_are_those_of_the_theory(model, alpha):
    runs = replica.simulate(model, algorithm="belief-propagation", n=800, alpha=alpha, samples=10, seed=1)
    assert all(text.startswith("converged") for text in runs["status"].values)
    report = replica.compare(replica.solve(model, alpha=alpha), runs)
    assert {"entropy", "q"} <= set(report["observable"].values)
    assert np.all(np.abs(report["z"]) < 3.5)
    assert np.all(report["standard_error"] < 0.02)


@pytest.mark.parametrize("model", [MODEL, replica.perceptron("binary", loss="error-count", beta=1.0)], ids=str)
def test_bethe_numbers_of_single_small_instances(model):
    """The same instances counted exactly: within the reported error of 1/N, and not by much less."""
    keywords = {"n": 15, "alpha": 0.4, "samples": 30, "seed": 2}
    exact = replica.simulate(model, **keywords)
    bethe = replica.simulate(model, algorithm="belief-propagation", **keywords)
    gap = (bethe["free_entropy"] - exact["free_entropy"]).values
    assert np.mean(np.abs(gap) < bethe["free_entropy_error"].values) > 0.9
    assert abs(np.mean(gap)) < 0.02


def test_the_free_entropy_is_stationary():
    """S = phi - gamma (1-2d) and d(phi)/d(gamma) = 1 - 2d: the entropy's slope in the overlap is -gamma."""
    found = draw(MODEL, n=600, alpha=0.5, seed=3)
    rng = np.random.default_rng(0)
    reference = rng.choice([-1.0, 1.0], size=600)
    phi, overlap = [], []
    for strength in (0.49, 0.5, 0.51):
        system = System.of(found, strength * reference)
        point = iterate(system, 0.01 * reference, np.zeros(found.patterns), damping=0.0, tolerance=1e-11, sweeps=400)
        assert point.settled(1e-11)
        phi.append(point.free_entropy)
        overlap.append(float(point.mean @ reference) / 600)
    # AMP for one instance leaves out terms of order 1/sqrt(N) of the variances
    assert (phi[2] - phi[0]) / 0.02 == pytest.approx(overlap[1], abs=0.01)


def test_messages_that_do_not_settle_are_no_numbers():
    runs = replica.simulate(MODEL, algorithm="belief-propagation", n=301, alpha=0.6, seed=1, max_sweeps=4)
    assert str(runs["status"][0].values).startswith("not converged: means move")
    assert np.isnan(runs["entropy"][0])
    assert np.isnan(runs["q"][0])


@pytest.mark.parametrize(
    ("algorithm", "settings"),
    [
        ("reinforced-bp", {"rate": 3e-3}),
        ("focusing-bp", {}),
        ("focusing-bp", {"protocol": "scoping"}),
        ("focusing-bp", {"full": True}),
        ("sbpi", {}),
        ("replicated-annealing", {}),
        ("annealing", {"last_beta": 2.0}),
        ("annealing", {"energy": "step", "first_beta": 0.5, "last_beta": 5.0}),
    ],
)
@pytest.mark.parametrize("inputs", ["sign", "normal"])
def test_solvers_solve(algorithm, settings, inputs):
    """Judged on the weights alone: signs that satisfy every pattern, also at a margin."""
    for margin, alpha in ((0.0, 0.4), (0.3, 0.2)):
        model = replica.perceptron("binary", margin=margin)
        keywords = {"n": 301, "alpha": alpha, "samples": 2, "seed": 4, "inputs": inputs}
        runs = replica.simulate(model, algorithm=algorithm, **keywords, **settings)
        assert bool(runs["solved"].all())
        for sample in range(2):
            X, y = replica.instance(model, n=301, alpha=alpha, seed=4, sample=sample, inputs=inputs)
            weights = runs["weights"].values[sample]
            assert set(np.unique(weights)) == {-1.0, 1.0}
            assert np.min(y * (X @ weights)) / np.sqrt(301) >= margin
            assert str(runs["status"].values[sample]).startswith("converged: solved in")


def test_a_norm_other_than_one_stretches_the_margin():
    """Weights sqrt(Q) times signs at margin kappa: the solutions are those of signs at kappa/sqrt(Q)."""
    stretched = replica.Model(architecture=replica.Perceptron(0.25), loss=replica.Margin(0.2))
    plain = replica.perceptron("binary", margin=0.4)
    keywords = {"n": 101, "alpha": 0.2, "samples": 1, "seed": 4}
    for algorithm in ("reinforced-bp", "focusing-bp", "sbpi", "replicated-annealing", "annealing", "entropy-driven-mc"):
        runs = [replica.simulate(model, algorithm=algorithm, **keywords) for model in (stretched, plain)]
        assert np.array_equal(2 * runs[0]["weights"], runs[1]["weights"]), algorithm
        assert bool(runs[0]["solved"][0])
    for algorithm in ("enumeration", "belief-propagation"):
        runs = [replica.simulate(m, algorithm=algorithm, **keywords | {"n": 15}) for m in (stretched, plain)]
        assert float(runs[0]["entropy"][0]) == pytest.approx(float(runs[1]["entropy"][0]), abs=1e-6)
        assert 4 * float(runs[0]["q"][0]) == pytest.approx(float(runs[1]["q"][0]), abs=1e-5)


@pytest.mark.parametrize("algorithm", ["reinforced-bp", "focusing-bp", "sbpi", "replicated-annealing", "annealing"])
def test_solvers_say_how_much_is_left(algorithm):
    quick = {"sbpi": {"max_sweeps": 20}, "reinforced-bp": {"rate": 0.05}, "focusing-bp": {"sweeps_per_step": 1}}
    settings = quick.get(algorithm, {"sweeps": 50})
    runs = replica.simulate(MODEL, algorithm=algorithm, n=101, alpha=1.5, seed=1, **settings)
    assert not bool(runs["solved"][0])
    assert "patterns violated" in str(runs["status"][0].values)
    X, y = replica.instance(MODEL, n=101, alpha=1.5, seed=1)
    assert float(runs["training_error"][0]) == np.mean(y * (X @ runs["weights"].values[0]) < 0) > 0


def test_flat_seekers_find_flatter_solutions():
    """The order and the size of the gaps: focusing to the end > at its first solution > pushes >> annealing."""
    keywords = {"n": 501, "alpha": 0.4, "samples": 3, "seed": 5, "inputs": "sign"}
    readouts = [LocalEntropy((0.02, 0.1)), "flatness", "margins"]
    found = {
        name: replica.simulate(MODEL, algorithm=name.split()[0], readouts=readouts, **keywords, **settings)
        for name, settings in {
            "focusing-bp full": {"full": True},
            "focusing-bp": {},
            "sbpi": {},
            "annealing": {"sweeps": 30000, "last_beta": 2.0},
        }.items()
    }
    near = [float(runs["local_entropy"].sel(distance=0.02).mean()) for runs in found.values()]
    assert near == sorted(near, reverse=True)
    bound = -0.02 * np.log(0.02) - 0.98 * np.log(0.98)
    assert near[0] < bound
    far = {name: float(runs["local_entropy"].sel(distance=0.1).mean()) for name, runs in found.items()}
    assert far["focusing-bp"] - far["annealing"] == pytest.approx(0.062, abs=0.012)
    wrong = [float(runs["perturbed_training_error"].sel(noise=0.02).mean()) for runs in found.values()]
    assert wrong == sorted(wrong)
    density = found["focusing-bp full"]["margin_density"]
    assert np.allclose(density.sum("field") * 0.25, 1.0, atol=0.05)
    assert float(density.sel(field=0.0).max()) == 0.0


def test_local_entropy_by_messages_and_by_counting():
    """Around the same solutions at N = 21, the Legendre transform of the exact sum over solutions: within about 1/N."""
    X, y = replica.instance(MODEL, n=21, alpha=0.4, seed=8)
    runs = replica.simulate(MODEL, instance=(X, y), samples=6, seed=3, readouts=[LocalEntropy((2 / 21, 4 / 21))])
    words = replica.simulate(MODEL, instance=(X, y), references=1)
    assert int(words["solutions"][0]) > 50
    every = signs_of(plan(given_instance(MODEL, (X, y)), MODEL.loss).search(0, 1 << 20)[1], 21)
    for row in range(6):
        overlap = every @ runs["weights"].values[row]
        for at in range(2):
            value = float(runs["local_entropy"].values[row, at])
            if np.isfinite(value):
                d = float(runs["distance"][at])
                tilted = [np.log(np.sum(np.exp(g * (overlap - 21 * (1 - 2 * d))))) for g in np.linspace(0.1, 4, 400)]
                assert value == pytest.approx(min(tilted) / 21, abs=1.2 / 21)
