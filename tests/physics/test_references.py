"""What a Franz-Parisi curve may be drawn around, what is refused, and what a reference carries into every number."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.landscape.kinds import doubts

SQUARE = replica.Reference(model=replica.perceptron("gaussian", loss="square"))


def test_minimisers_of_networks_are_refused() -> None:
    network = replica.committee(np.inf, activation="relu", weights="spherical", loss="logistic")
    with pytest.raises(ValueError, match="that of a perceptron"):
        replica.franz_parisi(
            replica.perceptron("binary"), alpha=0.5, distance=[0.2], reference=replica.Reference(model=network)
        )


def test_a_free_norm_is_that_of_the_multiplied_weights() -> None:
    curves = [
        replica.franz_parisi(
            replica.Model(weights="ternary", architecture=replica.Perceptron(norm)),
            alpha=0.3,
            distance=[0.2],
            reference=SQUARE,
        )
        for norm in (1.0, 4.0)
    ]
    for name, power in (("entropy", 0), ("Q", 1), ("q", 1), ("Q_hat", -1), ("q_hat", -1)):
        one, four = (float(curve[name][0]) for curve in curves)
        assert four == pytest.approx(4.0**power * one, rel=1e-10), name


def test_a_learned_bias_of_equal_clusters_is_none() -> None:
    """Under an infinite penalty: the Hebb vector either way."""
    probe = replica.mixture(replica.ErrorCount(0.0), weights="spherical", beta=2.0, bias=False)
    found = [
        replica.franz_parisi(
            probe,
            alpha=1.0,
            distance=[0.2],
            reference=replica.Reference(model=replica.mixture("square", penalty=np.inf, bias=bias)),
        )
        for bias in (True, False)
    ]
    assert float(found[0]["free_entropy"][0]) == float(found[1]["free_entropy"][0])
    assert float(found[0]["error"][0]) < 1e-12
    with pytest.raises(ValueError, match="outgrows"):
        unequal = replica.Reference(model=replica.mixture("square", penalty=np.inf, balance=0.3))
        replica.franz_parisi(replica.mixture(replica.ErrorCount(0.0), weights="spherical", beta=2.0, balance=0.3),
                             alpha=1.0, distance=[0.2], reference=unequal)  # fmt: skip


def test_energy_is_minus_the_derivative_in_beta_within_its_error() -> None:
    """Differences of the free entropy know the energy to 1e-10; the reported errors must reach the corrected point."""
    model = replica.perceptron("binary", loss="hinge", beta=2.0)
    reference = replica.Reference(model=replica.perceptron("spherical", loss=replica.Hinge(2.0)))

    def curve(beta: float) -> float:
        found = replica.franz_parisi(
            model.with_parameters(beta=beta), alpha=0.5, distance=[0.3], reference=reference
        )
        return float(found["free_entropy"][0])

    low2, low, high, high2 = (curve(2.0 + k * 5e-3) for k in (-2, -1, 1, 2))
    slope = (low2 - 8 * low + 8 * high - high2) / 0.06
    found = replica.franz_parisi(model, alpha=0.5, distance=[0.3], reference=reference)
    assert float(found["energy"][0]) == pytest.approx(-slope, abs=2e-9)
    assert 0 < float(found["energy_error"][0]) < 1e-9


def test_margins_that_hardly_any_pattern_violates() -> None:
    for weights, free in (("binary", np.log(2)), ("spherical", 0.0)):
        solution = replica.solve(replica.perceptron(weights, margin=-20.0), alpha=0.5)
        assert solution.free_entropy == pytest.approx(free, abs=1e-15)


def test_curves_and_runs_over_different_grids_are_not_compared() -> None:
    runs = replica.simulate(replica.perceptron("binary"), n=10, alpha=[0.2, 0.4], samples=3, seed=1)
    curve = replica.sweep(replica.perceptron("binary"), margin=[0.2, 0.4], alpha=0.5, observables=["entropy"])
    with pytest.raises(ValueError, match="same grid"):
        replica.compare(curve, runs)


def test_an_unsolved_curve_is_not_one_that_grows() -> None:
    hinge = replica.Reference(model=replica.perceptron("spherical", loss="hinge"))
    found = replica.local_entropy_threshold(replica.perceptron("binary"), reference=hinge)
    assert not found.converged and "too few distances" in found.status


def test_doubts_of_a_reference_are_those_of_its_solution() -> None:
    unstable = replica.solve(replica.perceptron("spherical", margin=-1.5), alpha=20.0)
    assert unstable.doubts == ["unstable to replica symmetry breaking (AT): RS is not to be trusted"]
    assert all(clause in unstable.status for clause in unstable.doubts)
    taught = replica.solve(replica.perceptron("binary", labels="teacher"), alpha=1.3)
    assert taught.doubts[0] == "metastable: the teacher itself has the larger free entropy, 0"
    assert replica.solve(replica.perceptron("binary"), alpha=0.5).doubts == []
    assert doubts(None, unstable, taught, unstable) == f"the reference: {', '.join(unstable.doubts + taught.doubts)}"
