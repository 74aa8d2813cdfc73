"""Gradients of committees: against differences of outputs and costs, and beside the kernels of infinite width."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.architectures.activations import GELU, Activation, Custom, Erf, LeakyReLU
from replica.simulate.gradients import gradients, hessian
from replica.simulate.instances import draw
from replica.simulate.readouts import Hessian, TangentKernel


def model_of(activation, weights="binary", units=4, connectivity="full"):
    return replica.committee(
        units, activation=activation, connectivity=connectivity, weights=weights, loss="logistic", beta=1.0
    )


@pytest.mark.parametrize("name", [name for name, kind in Activation.registry.items() if kind.tangent is True])
def test_slopes_are_differences(name, rng):
    activation = Activation.find(name)()
    x, step = rng.uniform(0.1, 3.0, 12) * rng.choice([-1.0, 1.0], 12), 1e-4
    low, mid, high = (activation.function(x + shift) for shift in (-step, 0.0, step))
    slope, bend = activation.slopes(x)
    assert np.allclose(slope, (high - low) / (2 * step), atol=1e-7)
    assert np.allclose(bend, (high - 2 * mid + low) / step**2, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "known"), [(lambda x: Erf().function(x), Erf()), (lambda x: GELU().function(x), GELU())]
)
def test_slopes_of_functions_of_ones_own(function, known):
    x = np.linspace(-7.0, 7.0, 301)
    for found, true in zip(Custom(function).slopes(x), known.slopes(x), strict=True):
        assert np.abs(found - true).max() < 1e-9
    steep, slope = Custom(lambda x: np.tanh(300.0 * x)), 300.0 / np.cosh(300.0 * np.array([0.0, 1e-3, 0.5])) ** 2
    assert np.allclose(steep.slopes(np.array([0.0, 1e-3, 0.5]))[0], slope, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("activation", "connectivity", "weights"),
    [
        ("relu", "tree", "spherical"),
        ("gelu", "full", "spherical"),
        ("tanh", "full", "binary"),
        (LeakyReLU(0.3), "full", "spherical"),
    ],
    ids=str,
)
def test_gradients_and_hessians_are_differences(activation, connectivity, weights, rng):
    """Along straight lines; on spheres, along a great circle of each unit at a time."""
    model = model_of(activation, weights, connectivity=connectivity)
    found = draw(model, n=12, alpha=2.0, seed=1)
    w, step = model.weights.sample(rng, 12), 1e-4

    def cost(at):
        return float(np.sum(model.loss.cost(found.stabilities(at))))

    rows, axes = gradients(found, w)[0], np.eye(12)
    numeric = np.array([found.stabilities(w + step * axis) - found.stabilities(w - step * axis) for axis in axes])
    assert np.allclose(rows, found.y[:, None] * numeric.T / (2 * step), atol=1e-7)
    values = np.linalg.eigvalsh(hessian(found, w, model.loss))
    sphere = weights == "spherical"
    basis = axes
    if sphere:
        parts = [np.linalg.svd(row[None])[2][1:] for row in w.reshape(4, 3)]
        basis = np.concatenate([np.kron(np.eye(4)[k], part) for k, part in enumerate(parts)])
    assert values.size == len(basis) == (8 if sphere else 12)

    def moved(direction, s):
        if not sphere:
            return w + s * direction
        pieces, sizes = direction.reshape(4, 3), np.linalg.norm(w.reshape(4, 3), axis=1, keepdims=True)
        speed = np.maximum(np.linalg.norm(pieces, axis=1, keepdims=True), 1e-300)
        angle = s * speed / sizes
        return (np.cos(angle) * w.reshape(4, 3) + np.sin(angle) * sizes / speed * pieces).ravel()

    def second(direction):
        return (cost(moved(direction, step)) - 2 * cost(w) + cost(moved(direction, -step))) / step**2

    matrix = np.diag([second(row) for row in basis])
    for i in range(len(basis)):
        for j in range(i):
            both = second((basis[i] + basis[j]) / np.sqrt(2)) - (matrix[i, i] + matrix[j, j]) / 2
            matrix[i, j] = matrix[j, i] = both
    assert np.allclose(np.linalg.eigvalsh(matrix), values, atol=3e-5)


@pytest.mark.parametrize("activation", ["relu", "erf", "tanh", "quadratic"])
def test_the_tangent_kernel_at_random_is_that_of_infinite_width(activation):
    """Its trace and alignment are linear in it, so that there is no bias at any number of units: z-scores."""
    model, n = model_of(activation, units=40), 15
    found = draw(model, n=40 * n, alpha=12 / (40 * n), seed=2)
    theory = replica.kernel(activation, trained="first").matrix(found.X)
    expected = np.trace(theory) / 12, found.y @ theory @ found.y / 12
    rng, readout = np.random.default_rng(3), TangentKernel()
    measured = [readout.measure(found, rng.standard_normal(40 * n), rng) for _ in range(400)]
    for name, value in zip(("trace", "alignment"), expected, strict=True):
        runs = np.array([float(one[f"tangent_kernel_{name}"][0]) for one in measured])
        assert abs(runs.mean() - value) < 4 * runs.std(ddof=1) / np.sqrt(400)
        assert runs.std(ddof=1) < 0.2 * value


def test_eigenvalues_of_many_units_are_those_of_the_theory():
    n, units = 20, 4000
    model = model_of("erf", units=units)
    found = draw(model, n=units * n, alpha=10 / (units * n), seed=2)
    values = TangentKernel(quantile=np.linspace(0, 1, 10)).measure(
        found, np.random.default_rng(1).standard_normal(units * n), np.random.default_rng(0)
    )["tangent_kernel"][0]
    theory = np.linalg.eigvalsh(replica.kernel("erf", trained="first").matrix(found.X))
    assert np.allclose(values, theory, rtol=0.06)


def test_both_in_runs():
    model = model_of("erf", units=2)
    runs = replica.simulate(
        model, n=10, alpha=1.0, samples=3, seed=1, readouts=[TangentKernel(quantile=(0.0, 1.0)), "hessian"]
    )
    assert runs["tangent_kernel"].dims == ("sample", "kernel_quantile")
    assert runs["hessian"].dims == ("sample", "quantile")
    assert np.all(runs["tangent_kernel_trace"] <= runs["tangent_kernel"].sel(kernel_quantile=1.0))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (replica.committee(3, connectivity="full"), r"Sign\(\) has no slopes"),
        (replica.parity(3), "no readout_slopes"),
        (model_of(lambda x: np.maximum(x, 0.25)), "kink or jump at 0.25"),
    ],
)
def test_networks_without_gradients(model, words):
    for readout in (TangentKernel(), Hessian(loss=replica.Logistic(1.0))):
        with pytest.raises(ValueError, match=words):
            replica.simulate(model, n=12, alpha=0.2, readouts=[readout])
