"""Biases that hardly a pattern determines: said so, with errors that hold what other biases give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.svm import SVC

import replica

UNIT = np.linspace(-1, 1, 30) / np.linalg.norm(np.linspace(-1, 1, 30))
LOOSE = [
    (replica.mixture("hinge", penalty=20.0), 2.0),
    (replica.mixture("hinge", penalty=7.3, noise=1.79), 0.537),
    (replica.mixture("hinge", penalty=1e5, noise=0.3), 4.0),
    (replica.mixture("hinge", penalty=np.inf), 2.0),
    (replica.mixture(replica.Hinge(2.0), penalty=6.0, noise=1.5), 2.0),
    pytest.param(replica.clusters("hinge", means=UNIT, covariances=1.0, penalty=20.0), 2.0, marks=pytest.mark.bench),
    (replica.clusters("hinge", means=UNIT, covariances=[1.0, 1.2], penalty=20.0), 2.0),
]


@pytest.mark.parametrize(("model", "alpha"), LOOSE, ids=str)
def test_errors_hold_what_a_slightly_other_balance_gives(model: replica.Model, alpha: float) -> None:
    solution = replica.solve(model, alpha=alpha)
    assert solution.converged and "do not determine the bias" in solution.status
    for balance in (0.499, 0.51):
        other = replica.solve(model.with_parameters(balance=balance), alpha=alpha)
        for name in ("bias", "generalization_error", "training_error"):
            gap = abs(other.batch.value(name)[0] - solution.batch.value(name)[0])
            assert gap <= 1.05 * solution.errors[name] + 1e-12, (balance, name)
    assert solution.errors["generalization_error"] > 0.05


SURE: list[tuple[Any, float]] = [
    (replica.mixture("hinge", penalty=1.0), 2.0),
    (replica.mixture("hinge", penalty=20.0, bias=False), 2.0),
    (replica.mixture("hinge", penalty=20.0, balance=0.3), 2.0),
    (replica.mixture("square", penalty=1e4), 2.0),
    (replica.mixture("logistic", penalty=50.0), 2.0),
    (replica.mixture("logistic", penalty=np.inf), 2.0),
    (replica.mixture("hinge", penalty=0.0, noise=0.01), 0.5),
    (replica.clusters("logistic", means=UNIT, covariances=1.0, penalty=20.0), 2.0),
]


@pytest.mark.parametrize(("model", "alpha"), SURE, ids=str)
def test_biases_that_patterns_hold_keep_their_errors(model: replica.Model, alpha: float) -> None:
    solution = replica.solve(model, alpha=alpha)
    assert "determine" not in solution.status
    assert solution.errors["bias"] < 1e-8 and solution.errors["generalization_error"] < 1e-8


def test_samples_learn_biases_within_the_range_that_is_told() -> None:
    """Support vector machines at N = 200: biases of either sign and errors near one half, within the reported error."""
    model, size = replica.mixture("hinge", penalty=20.0), 200
    solution = replica.solve(model, alpha=2.0)
    biases, errors = [], []
    for sample in range(6):
        X, y = replica.instance(model, n=size, alpha=2.0, seed=4, sample=sample)
        found = SVC(kernel="linear", C=1 / 20.0, tol=1e-8).fit(X / np.sqrt(size), y)
        biases.append(float(found.intercept_[0]))
        errors.append(np.mean(np.sign(X @ found.coef_[0] / np.sqrt(size) + found.intercept_[0]) != y))
    assert max(np.abs(biases)) > 0.3
    assert max(np.abs(biases)) < solution.errors["bias"] * 1.05
    assert np.all(np.abs(np.array(errors) - solution.training_error) < solution.errors["training_error"] + 0.05)


def test_no_penalty_is_best_where_the_bias_is_not_determined() -> None:
    found = replica.optimal_penalty(replica.mixture("hinge"), alpha=2.0)
    assert not found.converged and np.isnan(found.value) and "bias" in found.status


@pytest.mark.parametrize(("alpha", "noise", "balance"), [(1e4, 1e3, 0.49), (1e3, 2e3, 0.495), (500.0, 300.0, 0.47)])
def test_best_penalty_of_wide_clusters(alpha: float, noise: float, balance: float) -> None:
    """Nearly equal clusters want a penalty near noise^2: the least of the closed form, and of its neighbours."""
    found = replica.optimal_penalty(replica.mixture("square", noise=noise, balance=balance), alpha=alpha)
    assert found.converged and found.error < 1e-6 * found.value
    assert found.value == pytest.approx(noise**2, rel=0.05)
    for factor in (0.9, 1.1, 1e3):
        model = replica.mixture("square", noise=noise, balance=balance, penalty=factor * found.value)
        other = replica.solve(model, alpha=alpha)["generalization_error"]
        assert other > found.solution["generalization_error"]


def test_best_penalty_does_not_depend_on_the_units_of_the_features() -> None:
    best = []
    for unit in (1.0, 1e-4, 1e6):
        model = replica.clusters("square", means=unit * UNIT, covariances=unit**2 * np.ones(30), balance=0.2)
        best.append(replica.optimal_penalty(model, alpha=2.0).value / unit**2)
    assert np.allclose(best, best[0], rtol=1e-9)


def test_best_penalty_among_the_smallest_errors() -> None:
    """Errors of 1e-220 are compared by their logarithms."""
    found = replica.optimal_penalty(replica.mixture("square", noise=1e-3, balance=0.3), alpha=1e4)
    assert found.converged
    assert found.value == pytest.approx(1.6806, rel=1e-4)


def test_a_bias_that_cannot_be_told_is_refused_in_its_own_words() -> None:
    """Clusters of unlike shapes at a heavy penalty: no symmetry names a bias, and no pattern does."""
    model = replica.clusters("hinge", means=UNIT, covariances=[1.0, 1.3], penalty=40.0)
    found = replica.solve(model, alpha=2.0, on_failure="keep")
    assert not found.converged and "bias" in found.status


@pytest.mark.parametrize(("balance", "beta"), [(0.1, 0.2)])
def test_a_bias_without_optimum_is_refused_in_its_own_words(balance: float, beta: float) -> None:
    """At a high temperature errors on the smaller class are cheaper than any weights: the search needs some seconds."""
    model = replica.mixture("error-count", weights="spherical", noise=0.207, balance=balance, beta=beta)
    found = replica.solve(model, alpha=0.308, on_failure="keep")
    assert not found.converged and "bias has no optimum" in found.status
    sign = np.sign(balance - 0.5)
    held = [replica.solve(model.with_parameters(bias=sign * b), alpha=0.308).free_entropy for b in (0.5, 2.0, 30.0)]
    assert held[0] < held[1] <= held[2]
    assert held[2] == pytest.approx(-beta * 0.308 * min(balance, 1 - balance), rel=1e-12)
