"""Real replicas on two clusters with any loss: one replica, derivatives, the closed form of squares, random labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import replica

SETTINGS: list[tuple[Any, float, dict[str, Any]]] = [
    (replica.Margin(0.0), 1.0, {"bias": False}),
    (replica.Margin(0.1), 1.2, {"balance": 0.3, "noise": 0.6}),
    (replica.ErrorCount(0.0), 1.2, {"balance": 0.3, "beta": 2.0, "bias": -0.2}),
]


class Unseen(replica.Square):
    """A square loss that says nothing of its being a parabola, with a bend for the mesh."""

    quadratic = False

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((variance.size, 1)), np.full((variance.size, 1), 3.0)


def group(loss: Any, alpha: float, m: float, q1: float, **clusters: Any) -> replica.Solution:
    model = replica.mixture(loss, weights="spherical", **clusters)
    return replica.solve(model, alpha=alpha, ansatz=replica.RSB(m=m, q1=q1))


@pytest.mark.parametrize(("loss", "alpha", "clusters"), SETTINGS)
def test_one_replica_and_derivatives(loss: Any, alpha: float, clusters: dict[str, Any]) -> None:
    """One replica does not feel q1; local entropy and slope are derivatives in y and q1."""
    alone = replica.solve(replica.mixture(loss, weights="spherical", **clusters), alpha=alpha)
    q1, h = 0.5 * (1 + alone["q"]), 1e-4

    def phi(m: float, overlap: float) -> float:
        return group(loss, alpha, m, overlap, **clusters).free_entropy

    assert phi(1.0, q1) == pytest.approx(alone.free_entropy, abs=1e-12)
    found = group(loss, alpha, 3.0, q1, **clusters)
    grown = ((3 + h) * phi(3 + h, q1) - (3 - h) * phi(3 - h, q1)) / (2 * h)
    assert grown == pytest.approx(found.entropy, abs=1e-8)
    change = (phi(3.0, q1 + h) - phi(3.0, q1 - h)) / (2 * h)
    assert -2 * change == pytest.approx(float(found.batch.value("slope")[0]), abs=1e-5)


def test_squares_by_nested_integrals() -> None:
    """The closed form of centre and differences, by equations and integrals that do not know it."""
    clusters = {"beta": 1.5, "balance": 0.3, "noise": 0.8}
    nested = group(Unseen(), 1.2, 3.0, 0.75, **clusters)
    closed = group("square", 1.2, 3.0, 0.75, **clusters)
    for name in closed.batch.names:
        if name != "stability":
            assert float(nested.batch.value(name)[0]) == pytest.approx(float(closed.batch.value(name)[0]), abs=1e-11)


def test_far_clusters_are_random_labels() -> None:
    found = group(replica.Margin(0.0), 1.0, 3.0, 0.8, noise=1e8, bias=False)
    other = replica.solve(replica.perceptron("spherical"), alpha=1.0, ansatz=replica.RSB(m=3.0, q1=0.8))
    assert found.free_entropy == pytest.approx(other.free_entropy, abs=1e-7)
    assert found.complexity == pytest.approx(other.complexity, abs=1e-7)


def test_curves_and_what_is_refused() -> None:
    model = replica.mixture(replica.Margin(0.0), weights="spherical", balance=0.3)
    curve = replica.local_entropy(model, alpha=1.0, distance=[0.02, 0.45], centre=None, replicas=2)
    at = group(replica.Margin(0.0), 1.0, 2.0, 0.96, balance=0.3)
    assert float(curve["local_entropy"][0]) == pytest.approx(at.entropy, abs=1e-13)
    assert float(curve["m"][0]) == pytest.approx(at["m"], abs=1e-13)
    assert "is not above the replica-symmetric overlap" in curve["status"].values[1]
    with pytest.raises(ValueError, match="finite number"):
        replica.local_entropy(model, alpha=1.0, distance=[0.1], centre=None)
    with pytest.raises(ValueError, match="random labels"):
        replica.local_entropy(model, alpha=1.0, distance=[0.1])
