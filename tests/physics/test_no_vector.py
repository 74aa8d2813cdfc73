"""Costs that no weights lower, limits of the penalty at the best bias, far loads of the square loss."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

import replica
from replica.ansatz.erm.no_vector import BENT, HARD, NOTHING, UNKEPT

VARIANCES = np.array([np.geomspace(0.2, 5.0, 40), np.geomspace(5.0, 0.2, 40)])
SHAPED = {"means": np.full(40, 0.12), "covariances": VARIANCES}


def said(model: replica.Model, alpha: float) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return replica.solve(model, alpha=alpha, on_failure="keep").status


@pytest.mark.parametrize("balance", [0.2, 0.5])
@pytest.mark.parametrize("penalty", [0.0, 0.1, np.inf])
@pytest.mark.parametrize(
    "loss", [replica.ErrorCount(0.0), replica.Hinge(0.0), replica.Hinge(-0.5), replica.Margin(0.0)]
)
def test_a_penalty_leaves_no_weights_that_save_nothing(loss: replica.Loss, penalty: float, balance: float) -> None:
    assert NOTHING in said(replica.mixture(loss, penalty=penalty, balance=balance), 2.0)
    if penalty == 0.1:
        assert NOTHING in said(replica.clusters(loss, penalty=penalty, balance=balance, **SHAPED), 0.5)


def test_a_bias_that_is_held_may_cost() -> None:
    """Margin -0.5: a bias of 0.3 keeps both classes at no cost, one of 1 leaves weights to be learned."""
    model = replica.mixture(replica.Hinge(-0.5), penalty=0.1)
    assert NOTHING in said(model.with_parameters(bias=0.3), 2.0)
    assert replica.solve(model.with_parameters(bias=1.0), alpha=2.0)["q"] > 0.1


def test_hard_constraints_and_limits_of_the_penalty() -> None:
    model = replica.mixture(replica.Margin(1.0), balance=0.3, penalty=0.1)
    kept = replica.solve(model, alpha=0.5)
    light = replica.solve(replica.mixture("hinge", balance=0.3, penalty=0.0), alpha=0.5)
    for name in ("q", "m", "bias"):
        assert kept[name] == pytest.approx(light[name], rel=1e-11)
    for balance in (0.3, 0.5):
        assert UNKEPT in said(model.with_parameters(balance=balance), 20.0)
        assert HARD in said(model.with_parameters(balance=balance, penalty=np.inf), 0.5)
    assert BENT in said(replica.mixture(replica.ErrorCount(1.0), penalty=np.inf), 0.5)
    sweep = replica.sweep(model.with_parameters(penalty=1.0), alpha=[0.3, 20.0], observables=["energy"])
    assert np.isfinite(sweep["energy"].values).tolist() == [True, False]


def test_counts_of_errors_are_unstable_on_any_clusters() -> None:
    assert "unstable" in said(replica.clusters(replica.ErrorCount(0.5), penalty=0.1, balance=0.3, **SHAPED), 1.0)


def test_real_data_with_a_margin_of_zero() -> None:
    rng = np.random.default_rng(3)
    label = np.where(np.arange(200) % 2, 1, -1)
    patterns = rng.normal(size=(200, 12)) + 0.6 * label[:, None]
    for covariance in ("isotropic", "general"):
        known = replica.mixture.from_data(patterns, label, covariance=covariance)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            curve = known.learning_curve([30], loss="margin")
        assert np.isnan(curve["generalization_error"].values[0]) and NOTHING in str(curve["status"].values[0])


def test_the_best_bias_at_a_large_penalty_is_that_of_the_optimal_rule() -> None:
    model = replica.mixture("logistic", balance=0.3, bias="optimal", penalty=np.inf)
    limit, near = (replica.solve(model.with_parameters(penalty=p), alpha=2.0) for p in (np.inf, 1e5))
    assert limit["generalization_error"] == pytest.approx(float(replica.generalization_error(limit, estimator="bayes")))
    for name, power in (("q", 2), ("m", 1), ("generalization_error", 0), ("training_error", 0), ("energy", 0)):
        assert near[name] * 1e5**power == pytest.approx(limit[name], rel=3e-5)
    assert limit["bias"] == 0 and limit.error < 1e-12
    mixed = replica.RS().solve(model.with_parameters(penalty=np.array([np.inf, 1.0])), np.full(2, 2.0))
    assert mixed.value("generalization_error")[0] == pytest.approx(limit["generalization_error"], rel=1e-13)
    assert mixed.value("bias")[1] < -0.3 and mixed.converged.all()


@pytest.mark.parametrize(("loss", "balance"), [("logistic", 0.3), ("hinge", 0.1)])
def test_no_penalty_is_better_than_the_optimal_rule(loss: str, balance: float) -> None:
    best = replica.optimal_penalty(replica.mixture(loss, balance=balance, bias="optimal"), alpha=2.0)
    assert np.isinf(best.value) and best.converged
    assert np.isfinite(replica.optimal_penalty(replica.mixture(loss, balance=balance), alpha=2.0).value)


def test_the_best_penalty_of_shaped_clusters_is_searched() -> None:
    best = replica.optimal_penalty(replica.clusters("square", balance=0.3, **SHAPED), alpha=2.0)
    assert best.converged and np.isfinite(best.value)


@pytest.mark.parametrize("alpha", [1e3, 1e6, 1e9, 1e12])
def test_square_loss_at_very_large_loads(alpha: float) -> None:
    """The least squares of all patterns, from the moments of the clusters alone, with corrections of 1/alpha."""
    noise, balance = 0.361, 0.4874
    solution = replica.solve(replica.mixture("square", noise=noise, balance=balance, penalty=0.00756), alpha=alpha)
    tilt = 2.0 * balance - 1.0  # minimise E (1 - label b - m)^2 + noise m^2
    spread = 1.0 - tilt**2
    m = spread / (noise + spread)
    assert solution["m"] == pytest.approx(m, rel=3.0 / alpha + 1e-10)
    assert solution["bias"] == pytest.approx(tilt * (1.0 - m), rel=30.0 / alpha + 1e-10)
    assert solution.errors["m"] < 1e-9
    if alpha < 1e12:  # where the certificate takes seconds
        certificate = solution.certify(30).values
        for name in ("q", "m", "V"):
            assert abs(float(certificate[name]) - solution[name]) <= solution.errors[name] + 1e-15


@pytest.mark.parametrize("centroid", ["gaussian", "binary", "ternary"])
def test_without_labels_nothing_is_known_below_the_threshold(centroid: str) -> None:
    """``alpha = noise^2``: the spectral threshold."""
    for alpha, blind in ((1.2, True), (4.0, True), (4.01, False)):
        solution = replica.solve(replica.mixture(noise=2.0, centroid=centroid), alpha=alpha)
        found = replica.generalization_error(solution, estimator="bayes", labelled=0.0)
        assert (float(found) == 0.5 and found.error == 0.0) if blind else 0.48 < float(found) < 0.49


def test_infinite_responses_have_no_error() -> None:
    solution = replica.solve(replica.clusters("hinge", penalty=0.0, balance=0.3, **SHAPED), alpha=0.3)
    assert np.isinf(solution["V"]) and solution.errors["V"] == 0 and solution.errors["q"] > 0
    assert_allclose(solution["energy"], 0.0, atol=1e-15)
