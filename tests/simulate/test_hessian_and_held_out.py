"""The Hessian against differences of the cost and the law of Marchenko and Pastur; patterns that are not learned."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.simulate.instances import draw
from replica.simulate.readouts import Hessian
from replica.simulate.readouts.hessian import eigenvalues


def cost(found, weights, loss, penalty):
    return float(np.sum(loss.cost(found.stabilities(weights)))) + penalty / 2 * float(weights @ weights)


@pytest.mark.parametrize(
    "model",
    [
        replica.mixture("logistic", penalty=0.3, bias=False, noise=0.7),
        replica.perceptron("spherical", loss="logistic", beta=2.0),
        replica.perceptron("spherical", loss="square", beta=2.0),
    ],
    ids=str,
)
def test_eigenvalues_are_second_differences(model):
    """Along straight lines, or on the sphere along great circles: quadratic forms of the Hessian."""
    n, step, rng = 8, 1e-4, np.random.default_rng(0)
    found = draw(model, n=n, alpha=2.0, seed=1)
    weights = model.weights.sample(rng, n)
    sphere = not model.weights.penalised
    penalty = 0.0 if sphere else 0.3
    values = eigenvalues(found, weights, model.loss)
    assert values.size == n - sphere
    basis = np.linalg.svd(weights[None])[2][1:] if sphere else np.eye(n)

    def moved(direction, s):
        if not sphere:
            return weights + s * direction
        size = np.linalg.norm(weights)
        return np.cos(s / size) * weights + np.sin(s / size) * size * direction

    def second(direction):
        here, above, below = (cost(found, moved(direction, s), model.loss, penalty) for s in (0.0, step, -step))
        return (above - 2 * here + below) / step**2

    matrix = np.diag([second(row) for row in basis])
    for i in range(len(basis)):
        for j in range(i):
            mixed = second((basis[i] + basis[j]) / np.sqrt(2)) - (matrix[i, i] + matrix[j, j]) / 2
            matrix[i, j] = matrix[j, i] = mixed
    assert np.allclose(np.linalg.eigvalsh(matrix), values, atol=2e-5)


def test_the_square_loss_has_the_spectrum_of_marchenko_and_pastur():
    penalty, alpha = 0.5, 3.0
    model = replica.Model(weights=replica.Gaussian(penalty), loss="square")
    runs = replica.simulate(model, algorithm="erm", n=300, alpha=alpha, samples=3, seed=1, readouts=["hessian"])
    low, high = (1 - np.sqrt(alpha)) ** 2, (1 + np.sqrt(alpha)) ** 2  # of F^T F with alpha N rows of variance 1/N
    x = np.linspace(low, high, 200001)[1:-1]
    density = np.sqrt((high - x) * (x - low)) / (2 * np.pi * x)
    mass = np.cumsum(density) * (x[1] - x[0])
    assert mass[-1] == pytest.approx(1, abs=1e-4)
    mean = runs["hessian"].mean("sample")
    for quantile in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert float(mean.sel(quantile=quantile)) == pytest.approx(penalty + np.interp(quantile, mass, x), rel=0.02)
    assert float(mean.sel(quantile=0.0)) == pytest.approx(penalty + low, abs=0.08)
    assert float(runs["hessian_trace"].mean()) == pytest.approx(penalty + alpha, rel=0.01)
    assert np.all(runs["hessian_negative"] == 0)


def test_solutions_of_a_constraint_are_measured_by_another_loss():
    model = replica.perceptron("spherical")
    readout = Hessian(loss=replica.Logistic(2.0), quantile=(0.0, 1.0))
    runs = replica.simulate(
        model, algorithm="max-margin", n=60, alpha=0.7, samples=2, seed=1, readouts=[readout, "flatness"]
    )
    assert runs["hessian"].dims == ("sample", "quantile")
    assert runs["hessian_trace"].dims == ("sample",)
    with pytest.raises(ValueError, match="without kinks"):
        replica.simulate(model, algorithm="max-margin", n=60, alpha=0.7, readouts=["hessian"])


def test_patterns_that_are_not_learned():
    """With a teacher their error is the generalisation error; splits differ between samples and repeat."""
    model = replica.perceptron("spherical", labels="teacher")
    found = draw(model, n=40, alpha=60.0, seed=3)
    keywords = {"algorithm": "max-margin", "instance": (found.X, found.y), "samples": 4, "seed": 1}
    runs = replica.simulate(replica.perceptron("spherical"), held_out=0.975, **keywords)
    for sample in range(4):
        w = runs["weights"].values[sample]
        overlap = w @ found.direction / np.linalg.norm(w) / np.linalg.norm(found.direction)
        error = np.arccos(overlap) / np.pi
        assert abs(float(runs["held_out_error"][sample]) - error) < 4 * float(runs["held_out_error_error"][sample])
    assert len(np.unique(runs["weights"].values[:, 0])) == 4
    again = replica.simulate(replica.perceptron("spherical"), held_out=0.975, workers=2, **keywords)
    assert runs.equals(again)


def test_a_learned_bias_is_used_on_held_out_digits():
    """Three against eight: a bias for classes of unequal size, and few errors."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    chosen = (digits.target == 3) | ((digits.target == 8) & (np.arange(len(digits.target)) % 3 == 0))
    X, y = digits.data[chosen] / 16.0, np.where(digits.target[chosen] == 8, 1.0, -1.0)
    runs = replica.simulate(
        replica.mixture("logistic", penalty=0.1), algorithm="erm", instance=(X, y), held_out=0.5, samples=3, seed=1
    )
    assert np.all(runs["held_out_error"] < 0.15)
    assert np.all(runs["held_out_error_error"] > 0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n": 9, "alpha": 0.5, "held_out": 0.5}, "instance of your own"),
        ({"instance": (np.ones((4, 3)), np.ones(4)), "held_out": 1.0}, "held_out must be"),
        ({"instance": (np.ones((4, 3)), np.ones(4)), "held_out": 0.01}, "none to learn or none to test"),
    ],
)
def test_wrong_shares(settings, words):
    with pytest.raises(ValueError, match=words):
        replica.simulate(replica.perceptron("binary"), **settings)
