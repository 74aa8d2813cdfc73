r"""The stability as what it means: two replicas of one sample whose overlap is disturbed must come back together.

For two replicas with fields of covariance c the equations give, with the same disorder,

.. math:: \hat c = \alpha E f(h_1) f(h_2), \qquad c' = E \langle w \rangle_1 \langle w \rangle_2,

a map whose fixed point is c = q. Its slope there is the replicon ``alpha E f'^2 E(var w)^2``; here it is measured by
differences of double Gaussian integrals that contain no second derivative at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

import replica
from tests.contracts.members import LOSSES, WEIGHTS, beta_for, name_of, plain_multiplier, sparing, trapezoid

ALPHA = 0.05
MODELS = [
    replica.Model(weights=weights, loss=loss, beta=beta_for(weights, loss))
    for weights, loss in itertools.product(WEIGHTS, LOSSES)
    if sparing(weights, loss)
]


def pair_average(function: Callable[[np.ndarray], np.ndarray], covariance: float, total: float) -> float:
    """``E[F(h1) F(h2)]`` for two fields of variance ``total`` with a common part of variance ``covariance``."""
    z, chance = trapezoid(0.06)
    field = np.sqrt(covariance) * z[:, None] + np.sqrt(max(total - covariance, 0.0)) * z[None, :]
    return float(chance @ (function(field) @ chance) ** 2)


def two_replica_map(solution: replica.Solution, covariance: float) -> float:
    """Overlap of two replicas after one step from ``covariance``."""
    model, q, q_hat, spread = solution.model, solution["q"], solution["q_hat"], solution["V"]
    free = "Q_hat" in solution.order_parameters
    curvature = q_hat + solution["Q_hat"] if free else plain_multiplier(model.weights, q_hat, 0.0, None)

    def force(field: np.ndarray) -> np.ndarray:
        return model.loss.terms(field, np.full(len(field), spread), model.beta)[1]

    def mean(field: np.ndarray) -> np.ndarray:
        return model.weights.log_z(field, np.full(len(field), curvature), model.beta)[1]

    return pair_average(mean, solution.alpha * pair_average(force, covariance, q), q_hat)


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_stability_is_one_minus_the_slope_of_the_two_replica_map(model: replica.Model) -> None:
    solution = replica.solve(model, alpha=ALPHA)
    q = solution["q"]
    if q < 1e-12:
        return  # the paramagnet has a test of its own
    assert two_replica_map(solution, q) == pytest.approx(q, rel=1e-9)
    step = 5e-4 * q
    slopes = [(q - two_replica_map(solution, q - step * part)) / (step * part) for part in (1.0, 0.5, 0.25)]
    once = [2 * b - a for a, b in itertools.pairwise(slopes)]
    slope = (4 * once[1] - once[0]) / 3
    assert replica.stability(solution) == pytest.approx(1.0 - slope, abs=1e-6)


@pytest.mark.parametrize("model", [m for m in MODELS if m.loss.even and m.weights.symmetric], ids=name_of)
def test_stability_of_the_paramagnet_is_the_slope_of_the_overlap_at_zero(model: replica.Model) -> None:
    """From a small q the equations give ``slope q`` back (second order in q extrapolated away)."""
    solution = replica.solve(model, alpha=0.02)
    assert solution["q"] < 1e-12
    norm = solution["V"]
    curvature = np.array([solution.order_parameters.get("Q_hat", 1.0 / norm)])

    def back(q: float) -> float:
        z, chance = trapezoid(0.05)
        force = model.loss.terms(np.sqrt(q) * z[None, :], np.array([norm - q]), model.beta)[1][0]
        q_hat = 0.02 * float(chance @ force**2)
        mean = model.weights.log_z(np.sqrt(q_hat) * z[None, :], curvature, model.beta)[1][0]
        return float(chance @ mean**2) / q

    first, second = back(1e-4 * norm), back(5e-5 * norm)
    assert replica.stability(solution) == pytest.approx(1.0 - (2 * second - first), abs=1e-6)


def test_stability_changes_sign_at_the_at_line() -> None:
    for weights, margin in (("spherical", -1.0), ("binary", 0.0)):
        model = replica.perceptron(weights, margin=margin)
        line = replica.at_line(model)
        below, above = (replica.solve(model, alpha=factor * line.value) for factor in (0.999, 1.001))
        assert replica.stability(below) > 0 > replica.stability(above)
        assert "unstable" in above.status
        assert "unstable" not in below.status
        assert above.converged
