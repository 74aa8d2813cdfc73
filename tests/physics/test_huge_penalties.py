"""Penalties beside which nothing is left of the weights, and parameters of no size that doubles hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import replica


def of_squares(alpha: float, penalty: float, noise: float) -> dict[str, Any]:
    """Least squares on two clusters without a bias, in closed form: ``p = chi/(1+chi)``."""
    with mpmath.workdps(60):
        a, lam, d = (mpmath.mpf(x) for x in (alpha, penalty, noise))
        linear = lam + (a - 1) * d
        response = 2 / (linear + mpmath.sqrt(linear**2 + 4 * lam * d))
        share = d * response / (1 + d * response)
        m = a * share / (d + a * share)
        q = (m**2 + a * share**2 * (1 - m) ** 2 / d) / (1 - a * share**2)
        residual = ((1 - m) ** 2 + d * q) / (1 + d * response) ** 2
        return {"q": q, "m": m, "V": response, "free_entropy": -a * residual / 2 - lam * q / 2}


@pytest.mark.parametrize("penalty", [1e12, 1e14, 1e20, 1e55, 1e100])
@pytest.mark.parametrize("noise", [0.3, 40.0])
def test_least_squares_at_any_penalty(penalty: float, noise: float) -> None:
    found = replica.solve(replica.mixture(penalty=penalty, noise=noise, bias=False), alpha=1.5)
    for name, right in of_squares(1.5, penalty, noise).items():
        assert abs(found[name] - float(right)) <= found.errors[name]
    if penalty > 1e13:
        assert found.errors["q"] < 1e-10 * found["q"] and found.errors["generalization_error"] < 1e-10
        assert found.error < 1e-14


MODELS: dict[str, Callable[[float], replica.Model]] = {
    "clusters, one larger": lambda p: replica.mixture("logistic", penalty=p, balance=0.3),
    "clusters, bias held": lambda p: replica.mixture("huber", penalty=p, balance=0.3, bias=0.2),
    "random labels": lambda p: replica.perceptron(replica.Gaussian(p), loss="hinge"),
    "a teacher": lambda p: replica.perceptron(replica.Gaussian(p), loss="logistic", labels="teacher"),
    "random features": lambda p: replica.random_features("logistic", activation="tanh", ratio=0.7, penalty=p),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("of", MODELS.values(), ids=list(MODELS))
def test_huge_penalties_are_the_limit_in_its_units(of: Callable[[float], replica.Model]) -> None:
    limit = replica.solve(of(np.inf), alpha=1.5)
    for penalty in (3e14, 1e20, 1e80):
        found = replica.solve(of(penalty), alpha=1.5)
        for name, power in {"q": 2, "m": 1, "V": 1, "energy": 0, "training_error": 0, "bias": 0}.items():
            if name in found.errors:
                right, error = limit[name] / penalty**power, limit.errors[name] / penalty**power
                assert abs(found[name] - right) <= found.errors[name] + error + 1e-12 * abs(right)
                assert found.errors[name] <= 1e-9 * max(abs(right), (power == 0) * 1.0)


def test_a_bias_that_is_loose_stays_so() -> None:
    found = replica.solve(replica.mixture("hinge", penalty=1e20), alpha=1.5)
    assert "the patterns do not determine the bias, which may lie between -1 and 1" in found.status
    assert found.errors["bias"] > 0.9


def test_labels_and_perturbed_weights_at_a_huge_penalty() -> None:
    """Stabilities lie at the bias: they, not the weights, decide."""
    model = replica.mixture("logistic", penalty=1e20, balance=0.2)
    solution = replica.solve(model, alpha=1.5)
    flat = replica.flatness(solution, noise=[0.0, 0.3])
    assert np.allclose(flat["training_error"].values, 0.2, atol=1e-12)
    assert abs(solution["generalization_error"] - 0.2) <= solution.errors["generalization_error"] + 1e-15


SIZES: list[tuple[Callable[[], Any], str]] = [
    (lambda: replica.mixture(penalty=1e300), "penalty must be of a size between 1e-100 and 1e+100 (0 and inf are "),
    (lambda: replica.Gaussian(1e-200), "penalty must be of a size between 1e-100 and 1e+100"),
    (lambda: replica.mixture(noise=1e-300), "noise must be of a size between 1e-30 and 1e+30"),
    (lambda: replica.mixture(noise=1e300), "noise must be of a size between 1e-30 and 1e+30"),
    (lambda: replica.random_features(activation="relu", ratio=1.0, noise=1e300), "noise must be of a size between 0"),
    (lambda: replica.Discrete((-1e-200, 0.0, 1e-200)), "the largest letter must be of a size between"),
    (lambda: replica.perceptron([0.0, 1e200]), "the largest letter must be of a size between"),
    (lambda: replica.Hinge(1e-300), "margin must be of a size between"),
    (lambda: replica.Logistic(1e40), "gain must be of a size between"),
    (lambda: replica.mixture(weights="spherical", norm=1e100), "norm must be of a size between"),
    (lambda: replica.clusters(means=[0.1, 0.2], covariances=1e-300), "the largest of covariances must be of a size"),
    (lambda: replica.clusters(means=[1e200, 0.2], covariances=1.0), "the largest of means must be of a size between"),
    (lambda: replica.solve(replica.clusters(means=[0.1, 0.2], covariances=1.0, penalty=1e20), alpha=1.0),
     "penalty must be at most 1e+12, 1e+12 variances of the clusters, got 1e+20"),
]  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("call, sentence", SIZES, ids=[sentence for _, sentence in SIZES])
def test_sizes_without_squares_are_refused(call: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        call()
    assert str(refused.value).startswith(sentence)


@pytest.mark.filterwarnings("error")
def test_refusals_name_what_is_far_from_1() -> None:
    found = replica.solve(replica.mixture("logistic", noise=1e-25), alpha=1.5, on_failure="keep")
    assert not found.converged
    assert found.status.endswith("; noise = 1e-25 may be too far from 1 for doubles")
