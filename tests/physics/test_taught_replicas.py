"""Real replicas that learn from a teacher: replica symmetry at m = 1, differences in m, q1 and beta, loads of gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import replica


def model(beta: float = np.inf) -> replica.Model:
    loss: dict[str, Any] = {} if np.isinf(beta) else {"loss": "error-count", "beta": beta}
    return replica.perceptron("binary", labels="teacher", **loss)


def solved(beta: float, alpha: float, m: float, q1: float) -> replica.Solution:
    return replica.solve(model(beta), alpha=alpha, ansatz=replica.RSB(m=m, q1=q1))


@pytest.mark.parametrize("beta", [np.inf, 2.0])
def test_one_replica_is_replica_symmetric(beta: float) -> None:
    found, known = solved(beta, 0.6, 1.0, 0.7), replica.solve(model(beta), alpha=0.6)
    for name, other in (("free_entropy",) * 2, ("q0", "q"), ("m",) * 2, ("energy",) * 2, ("training_error",) * 2):
        assert found[name] == pytest.approx(known[other], abs=1e-11), name
        assert found.errors[name] < 1e-11


@pytest.mark.parametrize(
    ("beta", "alpha", "m", "q1"),
    [pytest.param(np.inf, 1.1, 2.0, 0.9, marks=pytest.mark.bench), (3.0, 0.6, 2.5, 0.8)],
)
def test_what_is_told_are_derivatives_of_the_free_entropy(beta: float, alpha: float, m: float, q1: float) -> None:
    """Total derivatives of solutions, at whose saddle points those in the order parameters vanish."""
    at = solved(beta, alpha, m, q1)

    def slope(change: Any, h: float = 1e-3) -> float:
        ends = [change(side * h) for side in (-2.0, -1.0, 1.0, 2.0)]
        return (ends[0] - 8.0 * ends[1] + 8.0 * ends[2] - ends[3]) / (12.0 * h)

    in_m = slope(lambda s: (m + s) * solved(beta, alpha, m + s, q1).free_entropy)
    assert at.entropy == pytest.approx(in_m, abs=1e-9)
    assert at.complexity == pytest.approx(m * (at.free_entropy - at.entropy), abs=1e-13)
    in_distance = slope(lambda s: solved(beta, alpha, m, q1 - 2.0 * s).free_entropy, 2e-4)
    assert at["slope"] == pytest.approx(in_distance, abs=1e-8)
    if np.isfinite(beta):
        assert at.energy == pytest.approx(-slope(lambda s: solved(beta + s, alpha, m, q1).free_entropy), abs=1e-9)
        assert at["tuple_entropy"] == pytest.approx(at.free_entropy + beta * at.energy, abs=1e-13)
        assert at["training_error"] == pytest.approx(at.energy / alpha, rel=1e-11)


@pytest.mark.bench
def test_groups_cease_at_the_overlap_gap() -> None:
    gap = replica.overlap_gap(model(7.0), clones=2)
    found = solved(7.0, gap.value, 2.0, gap.order_parameters["q1"])
    assert abs(found["tuple_entropy"]) < 1e-10
    for name in ("q0", "m", "m_hat", "energy"):
        assert found[name] == pytest.approx(gap.order_parameters[name], abs=1e-9)


def test_curves_and_what_is_refused() -> None:
    curve = replica.local_entropy(model(), alpha=0.6, distance=[0.05, 0.1], replicas=2.0, centre=None)
    assert float(curve["free_entropy"][1]) == pytest.approx(solved(np.inf, 0.6, 2.0, 0.8).free_entropy, abs=1e-12)
    with pytest.raises(replica.SolveFailed, match="not above the replica-symmetric overlap"):
        solved(np.inf, 0.6, 2.0, 0.2)
    for other, word in (
        (replica.perceptron("binary", labels=replica.Teacher(noise=0.1)), "noise-free"),
        (replica.perceptron("spherical", labels="teacher"), "of \\+-1"),
    ):
        with pytest.raises(ValueError, match=word):
            replica.solve(other, alpha=0.6, ansatz=replica.RSB(m=2.0, q1=0.8))
    with pytest.raises(ValueError, match="finite number"):
        replica.solve(model(), alpha=0.6, ansatz=replica.RSB(m=np.inf, q1=0.8))
