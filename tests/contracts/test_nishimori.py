"""Bayes-optimal students: the teacher is one more replica, for every set of weights (the Nishimori line)."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.weights import Weights
from tests.contracts.members import WEIGHTS, held_norm, name_of

COUNTED_OR_HELD = [weights for weights in WEIGHTS if weights.discrete or held_norm(weights)]


def size_of(weights: Weights) -> float:
    """``|w*|^2/N`` of a teacher drawn from the weights; its direction ``u`` has unit norm."""
    return float(weights.initial_norm(np.inf))


@pytest.mark.parametrize("alpha", [0.1, 0.5])
@pytest.mark.parametrize("weights", COUNTED_OR_HELD, ids=name_of)
def test_overlap_with_the_teacher_is_the_overlap_of_two_students(weights: Weights, alpha: float) -> None:
    """``w.w*/N = q``, that is ``m sqrt(Q0) = q``; the norm stays that of the teacher and needs no conjugate."""
    solution = replica.solve(replica.perceptron(weights, labels="teacher"), alpha=alpha)
    scale = np.sqrt(size_of(weights))
    assert solution["m"] * scale == pytest.approx(solution["q"], rel=1e-11)
    assert solution["m_hat"] / scale == pytest.approx(solution["q_hat"], rel=1e-10)
    assert solution["q"] + solution["V"] == pytest.approx(scale**2, rel=1e-11)
    if not held_norm(weights):
        assert solution["Q_hat"] == pytest.approx(0.0, abs=1e-11)
    overlap = solution["q"] / scale**2
    errors = {name: replica.generalization_error(solution, estimator=name) for name in ("typical", "centre", "bayes")}
    assert errors["typical"] == pytest.approx(np.arccos(overlap) / np.pi, rel=1e-11)
    assert errors["centre"] == pytest.approx(np.arccos(np.sqrt(overlap)) / np.pi, rel=1e-11)
    assert errors["bayes"] == pytest.approx(errors["centre"], rel=1e-14)
    assert errors["bayes"] < errors["typical"]
    assert replica.generalization_error(solution, estimator="oracle") == 0


def test_a_gaussian_student_on_the_sphere_line() -> None:
    """At margin 0 labels do not see the norm: the penalty only sets the scale, and the direction is the sphere's."""
    sphere = replica.solve(replica.perceptron("spherical", labels="teacher"), alpha=0.7)
    for penalty in (0.5, 2.0):
        model = replica.perceptron(replica.Gaussian(penalty), labels="teacher", beta=1.0)
        solution = replica.solve(model, alpha=0.7)
        assert solution["m"] / np.sqrt(solution["Q"]) == pytest.approx(sphere["m"], rel=1e-11)
        assert solution["Q"] == pytest.approx(1.0 / penalty, rel=1e-11)
        assert solution.free_entropy == pytest.approx(sphere.free_entropy, rel=1e-11)


@pytest.mark.parametrize("weights", ["binary", "ternary"])
def test_another_teacher_than_the_student_leaves_the_line(weights: str) -> None:
    model = replica.perceptron(weights, labels=replica.Teacher("spherical"))
    solution = replica.solve(model, alpha=0.5)
    assert abs(solution["m"] * np.sqrt(solution["q"] + solution["V"]) - solution["q"]) > 1e-3
    bayes = replica.generalization_error(solution, estimator="bayes")
    own = replica.solve(replica.perceptron("spherical", labels="teacher"), alpha=0.5)
    assert bayes == pytest.approx(replica.generalization_error(own, estimator="bayes"), rel=1e-12)
    for estimator in ("typical", "centre"):
        assert bayes < replica.generalization_error(solution, estimator=estimator)


@pytest.mark.parametrize("model", [
    replica.perceptron("spherical", labels="teacher", margin=0.3),
    replica.perceptron("binary", labels="teacher", loss="error-count", beta=1.0),
], ids=name_of)
def test_bayes_is_the_least_error_of_all_students(model: replica.Model) -> None:
    solution = replica.solve(model, alpha=0.6)
    bayes = replica.generalization_error(solution, estimator="bayes")
    assert bayes < replica.generalization_error(solution, estimator="centre")
    assert bayes < replica.generalization_error(solution, estimator="typical")


@pytest.mark.parametrize("weights", [w for w in COUNTED_OR_HELD if w.symmetric], ids=name_of)
def test_information_gain_is_the_derivative_in_alpha(weights: Weights) -> None:
    r"""``d phi/d alpha = E ln Z`` is minus the Shannon entropy of the next label given the data, ``2 E H ln H``."""
    model = replica.perceptron(weights, labels="teacher")
    alpha, step = 0.4, 2e-3
    values = [replica.solve(model, alpha=alpha + k * step).free_entropy for k in (-2, -1, 1, 2)]
    slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
    solution = replica.solve(model, alpha=alpha)
    overlap = solution["q"] / (solution["q"] + solution["V"])
    z = np.arange(-9, 9, 0.01)
    from scipy.special import log_ndtr

    log_h = log_ndtr(-np.sqrt(overlap / (1 - overlap)) * z)
    weight = np.exp(-(z**2) / 2) * 0.01 / np.sqrt(2 * np.pi)
    assert slope == pytest.approx(2 * float(weight @ (np.exp(log_h) * log_h)), abs=1e-9)


def test_errors_need_a_teacher_and_a_known_estimator() -> None:
    random = replica.solve(replica.perceptron("binary"), alpha=0.3)
    with pytest.raises(ValueError, match="needs a teacher"):
        replica.generalization_error(random)
    taught = replica.solve(replica.perceptron("binary", labels="teacher"), alpha=0.3)
    with pytest.raises(ValueError, match="did you mean 'bayes'"):
        replica.generalization_error(taught, estimator="bays")
