"""States with closed forms of their own: first moment, freezing, ground states of a loss without jumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

import replica
from replica.losses import Loss


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_thermodynamics_of_the_first_moment(weights: str) -> None:
    """``e = -d phi/d beta`` and ``s = phi + beta e`` at finite temperature."""
    step = 1e-4

    def at(beta: float) -> replica.Solution:
        model = replica.perceptron(weights, loss=replica.ErrorCount(0.3), beta=beta)
        return replica.solve(model, alpha=0.7, ansatz=replica.Annealed())

    below, here, above = at(1.5 - step), at(1.5), at(1.5 + step)
    assert here.energy == pytest.approx((below.free_entropy - above.free_entropy) / (2 * step), rel=1e-7)
    assert here.energy > 0
    assert here.entropy == pytest.approx(here.free_entropy + 1.5 * here.energy, rel=1e-14)


def test_first_moment_transition_is_the_largest_load_with_students_expected() -> None:
    def minus_load(overlap: float) -> float:
        far = (1 - overlap) / 2
        return (far * np.log(far) + (1 - far) * np.log(1 - far)) / -np.log(1 - np.arccos(overlap) / np.pi)

    best = minimize_scalar(minus_load, bounds=(0.3, 0.95), method="bounded", options={"xatol": 1e-10})
    found = replica.transition(replica.perceptron("binary", labels="teacher"), ansatz=replica.Annealed())
    assert found.value == pytest.approx(-best.fun, rel=1e-11)
    assert found.value > replica.transition(replica.perceptron("binary", labels="teacher")).value


def test_freezing_gives_the_ground_state_and_its_own_error() -> None:
    model = replica.perceptron("binary", loss="error-count")
    threshold, ground = replica.freezing(model, alpha=1.5), replica.solve(model, alpha=1.5)
    assert ground.free_entropy == -ground.energy < 0
    assert threshold.solution is not None
    beta, error = threshold.order_parameters["beta"], threshold.solution.errors["beta"]
    assert threshold.value == pytest.approx(1 / beta, rel=1e-15)
    assert threshold.error == pytest.approx(error / beta**2, rel=1e-6, abs=0)
    assert threshold.bracket[0] <= threshold.value <= threshold.bracket[1]


def test_stability_of_a_ground_state_counts_pinned_fields_only() -> None:
    """Hinge: fields between 1 - chi and 1 are pinned, fields below are shifted and do not respond: ``1 - alpha P``."""

    @dataclass(frozen=True)
    class Hinge(Loss):
        name: ClassVar[str] = "toy-hinge"
        satisfiable: ClassVar[bool] = True

        def cost(self, u: np.ndarray) -> np.ndarray:
            return np.maximum(0.0, 1.0 - u)

        def kinks(self) -> tuple[float, ...]:
            return (1.0,)

        def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            pull = variance[:, None]
            best = np.where(field > 1, field, np.minimum(1.0, field + pull))
            return best, self.cost(best) + (best - field) ** 2 / (2 * pull)

        def ground_breaks(self, variance: np.ndarray) -> np.ndarray:
            return np.stack([1.0 - variance, np.ones_like(variance)], axis=1)

    try:
        model: Any = replica.perceptron("spherical", loss=Hinge())
        alpha = 2.0 * replica.capacity(replica.perceptron("spherical", margin=1.0)).value
        solution = replica.solve(model, alpha=alpha)
    finally:
        del Loss.registry["toy-hinge"]
    chi = solution["V"]
    pinned = norm.cdf(1.0) - norm.cdf(1.0 - chi)
    assert solution["stability"] == pytest.approx(1 - alpha * pinned, abs=1e-9)
    shifted = chi**2 * norm.cdf(1.0 - chi)
    z, weight = np.polynomial.legendre.leggauss(60)
    z = 1.0 - 0.5 * chi * (1 - z)
    square = shifted + 0.5 * chi * np.sum(weight * norm.pdf(z) * (1 - z) ** 2)
    assert alpha * square == pytest.approx(1.0, rel=1e-10)


@pytest.mark.parametrize("beta", [1.0, np.inf])
@pytest.mark.parametrize("labels", ["random", "teacher"])
def test_capacity_of_a_count_of_errors_is_that_of_its_margin(labels: str, beta: float) -> None:
    """No pattern is given up at capacity, whatever the temperature of the model."""
    count = replica.perceptron("spherical", loss=replica.ErrorCount(0.4), beta=beta, labels=labels)
    found, known = replica.capacity(count), replica.capacity(replica.perceptron("spherical", margin=0.4, labels=labels))
    assert found.value == pytest.approx(known.value, rel=1e-14)
    assert found.solution is not None
    assert found.solution["stability"] == pytest.approx(known.solution["stability"], rel=1e-12)


@pytest.mark.parametrize("alpha", [5.0, 30.0])
def test_sparse_solutions_at_negative_margin_are_reached(alpha: float) -> None:
    """Ternary weights: q_hat turns back along the branch, so that it is followed in alpha."""
    solution = replica.solve(replica.perceptron("ternary", margin=-1.0), alpha=alpha)
    certificate = solution.certify(digits=15)
    assert abs(float(certificate.potential) - solution.free_entropy) <= solution.error
    nearby = replica.solve(replica.perceptron("ternary", margin=-1.0), alpha=alpha * 1.05)
    assert 0 < nearby.entropy < solution.entropy < np.log(3)


def test_what_is_unsolved_is_nan_whatever_its_name():
    failed = replica.solve(replica.perceptron("spherical"), alpha=5.0, on_failure="keep")
    assert not failed.converged
    for name in ("q", "energy", "entropy", "free_entropy", "stability", "generalization_error"):
        assert np.isnan(failed[name])
    with pytest.raises(ValueError, match="unknown name 'enrgy'; did you mean 'energy'"):
        failed["enrgy"]
