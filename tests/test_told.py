"""Arguments that contradict each other or that nothing reads are refused or told; messages show plain numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import replica

P, HALF = replica.perceptron, np.float64(0.5)
TABLE = replica.instance(replica.mixture(noise=0.5), n=10, alpha=8.0, seed=1)
VECTOR = replica.solve(replica.mixture(), alpha=2.0)
WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: replica.solve(P(), alpha=0.5, tolerance=1e-40), "tolerance must be at least 2.2e-16, the rounding"),
    (lambda: replica.sweep(P(), alpha=[0.5], tolerance=3e-17), "tolerance must be at least 2.2e-16"),
    (lambda: replica.mixture(weights=replica.Gaussian(2.0), penalty=3.0), "are two penalties: give one of them"),
    (lambda: replica.covariates(spectrum=[1.0], projections=[0.1], weights=replica.Gaussian(2.0), penalty=0.5), "two"),
    (lambda: replica.solve(P(), alpha=0.5, ansatz=replica.Annealed(), start={"q": 0.3}), "a first moment has no start"),
    (lambda: replica.diagram(P(), x=("margin", [0.0, 0.1]), lines=["capacity"], alpha=0.4), "alpha is an axis of the"),
    (lambda: replica.diagram(P(), x=("alpha", [0.3]), y="margin", lines=["max-margin"], alpha=0.4), "alpha is an axis"),
    (lambda: replica.franz_parisi(P(), alpha=0.4, distance=[0.1], ansatz="annealed", tolerance=0.1), "leave tolerance"),
    (lambda: replica.committee(connectivity="full", ties="violated"), "is for units of inputs of their own"),
    (lambda: replica.from_data(*TABLE, covariance="general", dimension="features"), "it is the number of features in"),
    (lambda: replica.generalization_error(VECTOR, estimator="oracle", labelled=0.3), "labelled=0.3 is for rules of"),
    (lambda: replica.simulate(P(), instance=(np.ones((2, 3)), [1, 1]), inputs="sign"), "inputs come with the instance"),
    (lambda: replica.save(replica.sweep(P(), alpha=[0.5]), ""), "a file to be written needs a name, got ''"),
    (lambda: P("hinge"), "weights: 'hinge' is of the family loss; Valid: binary, "),
    (lambda: P(loss="spherical"), "loss: 'spherical' is of the family weights; Valid: band, "),
    (lambda: P("non"), "did you mean 'non-negative'?"),
    (lambda: replica.solve(P(), alpha=np.array([HALF, 0.2])), "alpha must be one number, got [0.5, 0.2]"),
    (lambda: replica.solve(P(), alpha=[HALF, 0.2]), "alpha must be one number, got [0.5, 0.2]"),
    (lambda: replica.solve(P(), alpha=0.5, start=HALF), "or a dict of conjugates, got 0.5"),
    (lambda: P(HALF), "weights must be a name or a Weights, got 0.5"),
    (lambda: replica.simulate(P(), n=np.float64(3.5), alpha=0.5), "n must be a whole number of at least 1, got 3.5"),
    (lambda: replica.Discrete((HALF, HALF)), "two different finite letters, got (0.5, 0.5)"),
    (lambda: replica.committee(np.float64(2.5)), "got 2.5"),
]


@pytest.mark.parametrize("call, sentence", WRONG, ids=[sentence for _, sentence in WRONG])
def test_one_sentence_with_plain_numbers(call: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        call()
    assert sentence in str(refused.value)
    assert "np." not in str(refused.value)
    assert "array(" not in str(refused.value)


def test_constant_features_are_told() -> None:
    X, y = replica.instance(replica.mixture(noise=0.5), n=20, alpha=8.0, seed=1)
    wider = np.column_stack([X, np.full(len(y), 3.0), np.zeros(len(y))])
    for made in (replica.from_data, replica.covariates.from_data):  # type: ignore[attr-defined]
        assert "left out" not in made(X, y).status
        assert "; 2 constant features are left out" in made(wider, y).status
        assert "; 1 constant feature is left out" in made(wider[:, :-1], y).status
    assert "np." not in repr(replica.covariates.from_data(X, y).explained)  # type: ignore[attr-defined]


@pytest.mark.parametrize("start", [{"q": 0.5}, "informed", {"m_hat": 1.0}])
@pytest.mark.parametrize("loss", ["square", "hinge", "logistic"])
def test_starts_of_a_single_minimum_are_told(loss: str, start: Any) -> None:
    plain, given = (replica.solve(replica.mixture(loss=loss), alpha=2.0, start=one) for one in (None, start))
    assert given["q"] == plain["q"]
    assert given.status == f"{plain.status}; start changes nothing: there is one state"


def test_a_tolerance_without_an_equation_is_told() -> None:
    clause = "tolerance changes nothing: no equation is left to be solved"
    for alpha, model in ((0.0, P()), (0.4, replica.parity(2)), (1.6, P(labels="teacher"))):
        plain, given = (replica.solve(model, alpha=alpha, tolerance=one) for one in (1e-12, 1e-3))
        assert clause not in plain.status and clause in given.status and given.free_entropy == plain.free_entropy
    assert clause not in replica.solve(P(), alpha=0.4, tolerance=1e-3).status
    assert clause in str(replica.sweep(replica.parity(2), alpha=[0.4], tolerance=1e-3)["status"][0].values)


def test_one_branch_is_told_of_equilibrium_and_ties_of_many_units() -> None:
    assert "start changes nothing: there is one state" in replica.solve(P(), alpha=0.4, start="equilibrium").status
    wide = replica.committee(ties="violated")
    for found in (replica.solve(wide, alpha=0.4), replica.capacity(wide)):
        assert found.status.endswith("ties change nothing: fields of many units have none")
    assert "ties change nothing" in str(replica.sweep(wide, alpha=[0.4])["status"][0].values)
