"""Errors on new patterns of either label: closed forms, estimators, limits, clusters of any shape, real data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import replica

RULES = ("typical", "centre", "bayes", "oracle", "hebb")


def parts(solution: replica.Solution, estimator: str) -> list[float]:
    labels: tuple[Any, ...] = (None, 1, -1, "balanced")
    return [replica.generalization_error(solution, estimator=estimator, label=label) for label in labels]


@pytest.mark.parametrize("loss", ["square", "hinge", "logistic"])
@pytest.mark.parametrize("penalty", [0.3, np.inf])
def test_closed_form_of_either_label(loss: str, penalty: float) -> None:
    solution = replica.solve(replica.mixture(loss, balance=0.2, penalty=penalty, noise=0.8, bias=True), alpha=2.0)
    if penalty == np.inf:  # the bias decides alone
        assert [solution[name] for name in ("error_positive", "error_negative", "balanced_error")] == [1.0, 0.0, 0.5]
        return
    root = np.sqrt(0.8 * solution["q"])
    up, down = (norm.cdf(-(solution["m"] + sign * solution["bias"]) / root) for sign in (1, -1))
    assert solution["error_positive"] == pytest.approx(up, rel=1e-12)
    assert solution["error_negative"] == pytest.approx(down, rel=1e-12)
    assert up > solution["balanced_error"] > solution["generalization_error"] > down
    assert 0 < solution.errors["balanced_error"] < 1e-11


@pytest.mark.parametrize("estimator", RULES)
def test_the_whole_is_made_of_its_parts(estimator: str) -> None:
    solution = replica.solve(replica.mixture("logistic", balance=0.2, penalty=0.3, noise=0.8), alpha=2.0)
    whole, up, down, balanced = parts(solution, estimator)
    assert whole == pytest.approx(0.2 * up + 0.8 * down, rel=1e-14)
    assert balanced == pytest.approx(0.5 * (up + down), rel=1e-14)
    bias = {"oracle": 0.5 * 0.8 * np.log(0.2 / 0.8)}.get(estimator)
    if bias is not None:
        assert up == pytest.approx(norm.cdf(-(1 + bias) / 0.8**0.5), rel=1e-13)


def test_clusters_of_one_shape_are_the_mixture() -> None:
    direction = np.ones(50) / 50**0.5
    model = replica.clusters("logistic", means=direction, covariances=0.5 * np.ones((2, 50)), balance=0.3, penalty=0.4)
    shaped = replica.solve(model, alpha=1.5)
    plain = replica.solve(replica.mixture("logistic", noise=0.5, balance=0.3, penalty=0.4), alpha=1.5)
    for name in ("error_positive", "error_negative", "balanced_error"):
        assert shaped[name] == pytest.approx(plain[name], rel=1e-10)


def test_sweeps_and_simulations_know_them() -> None:
    model = replica.mixture("square", noise=0.8, balance=0.25, penalty=1.0)
    names = ["error_positive", "error_negative", "balanced_error"]
    curve = replica.sweep(model, alpha=[1.0, 3.0], observables=names)
    assert np.all(curve["error_positive"] > curve["error_negative"])
    runs = replica.simulate(model, algorithm="erm", n=200, alpha=3.0, samples=40, seed=3)
    report = replica.compare(replica.solve(model, alpha=3.0), runs, observables=names)
    assert np.all(np.abs(report["theory"] - report["simulation"]) < 0.02)
    assert report["theory"].values == pytest.approx([curve[name].values[1] for name in names])


def test_where_labels_do_not_differ() -> None:
    solution = replica.solve(replica.perceptron("binary", labels="teacher"), alpha=0.5)
    for estimator in ("typical", "centre", "bayes", "oracle"):
        with pytest.raises(ValueError, match="errors of one label are here for two clusters"):
            replica.generalization_error(solution, estimator=estimator, label=1)
    for label in (2, True, "x", [1]):
        with pytest.raises(ValueError, match="label must be 1, -1, 'balanced' or None"):
            replica.generalization_error(solution, label=label)


def test_learning_curves_of_two_classes() -> None:
    clusters = replica.mixture("square", noise=0.8, balance=0.25)
    data = replica.mixture.from_data(*replica.instance(clusters, n=40, alpha=10, seed=1))
    curve = data.learning_curve([60], loss="square", penalty=5.0)
    whole = data.balance * curve["error_positive"] + (1 - data.balance) * curve["error_negative"]
    assert float(curve["generalization_error"][0]) == pytest.approx(float(whole[0]), rel=1e-12)
    assert float(curve["balanced_error_error"][0]) > 0
