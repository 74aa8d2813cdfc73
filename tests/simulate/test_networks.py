"""Networks of finite width: their gradients, and what they say of infinite ones."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.simulate.networks import Network, Shape


@pytest.mark.parametrize(("layers", "first_only"), [(2, True), (3, False)])
def test_the_tangent_kernel_is_that_of_the_gradients(rng: np.random.Generator, layers: int, first_only: bool) -> None:
    """Gradients by differences of the output in every weight."""
    shape, X = Shape(np.tanh, layers, 5, 1.3, 0.2, first_only), rng.standard_normal((3, 4))
    network = Network(shape, 4, rng)
    rows = []
    for part in [network.W[0], network.b[0]] if first_only else [*network.W, *network.b]:
        flat = part.reshape(-1)
        for k in range(flat.size):
            old, ends = flat[k], []
            for step in (1e-5, -1e-5):
                flat[k] = old + step
                ends.append(network.output(X))
            flat[k] = old
            rows.append((ends[0] - ends[1]) / 2e-5)
    gradients = np.array(rows)
    assert np.allclose(network.tangent(X), gradients.T @ gradients, rtol=1e-6)


def test_a_small_step_moves_the_outputs_by_the_tangent_kernel(rng: np.random.Generator) -> None:
    X, y = rng.standard_normal((3, 4)), rng.standard_normal(3)
    network = Network(Shape(np.tanh, 3, 6, 1.3, 0.2), 4, rng)
    before, table = network.output(X), network.tangent(X)
    network.descend(X, before - y, 1e-6)
    assert np.allclose((network.output(X) - before) / 1e-6, -table @ (before - y), rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "options", "width"),
    [("tanh", {"weight_variance": 2.0, "bias_variance": 0.3}, 400), ("erf", {"layers": 3, "kind": "nngp"}, 300)],
)
def test_kernels_at_random(name: str, options: dict[str, object], width: int) -> None:
    X = np.random.default_rng(3).standard_normal((3, 12))
    found = replica.kernel(name, **options).finite_width(X, width=width, samples=200, seed=1)  # type: ignore[arg-type]
    assert np.abs(found["z"]).max() < 4.0
    again = replica.kernel(name, **options).finite_width(X, width=width, samples=200, seed=1)  # type: ignore[arg-type]
    assert again["simulation"].equals(found["simulation"])


def test_descent_of_wide_networks_comes_nearer_with_the_width() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 20)), rng.standard_normal(12)
    hidden, gaps = replica.kernel("relu", trained="first"), []
    for width in (100, 6400):
        found = hidden.finite_descent(X, y, width=width, step_size=0.3, steps=[0, 5, 10], samples=6)
        assert float(found["simulation"][0]) == pytest.approx(0.5 * float(y @ y), rel=1e-12)
        gaps.append(float(np.abs(found["simulation"] / found["theory"] - 1.0).max()))
    assert gaps[1] < 0.5 * gaps[0]
    assert np.all(found["least_ratio"] > 0.9 * found.attrs["rate"])


def test_refused() -> None:
    with pytest.raises(ValueError, match="width must be"):
        replica.kernel("relu").finite_width([[1.0]], width=0)
    with pytest.raises(ValueError, match="steps"):
        replica.kernel("relu").finite_descent([[1.0]], [1.0], width=3, step_size=0.1, steps=[0.5])
    with pytest.raises(ValueError, match="samples must be"):
        replica.kernel("relu").finite_width([[1.0]], width=2, samples=1)
