"""Costs of a user's own that give their values alone, and what is refused for clusters of general covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import replica
from replica.losses import Loss
from tests.physics._values import Values


@dataclass(frozen=True)
class MovedHinge(Loss):
    """A hinge with its margin as a parameter."""

    kappa: float = 1.0
    parameters: ClassVar[dict[str, str]] = {"margin": "kappa"}

    def cost(self, u):
        kappa = self.kappa[:, None] if isinstance(self.kappa, np.ndarray) else self.kappa
        return np.maximum(kappa - u, 0.0)

    def kinks(self):
        return (self.kappa,)


HINGE = Values(lambda u: np.maximum(1.0 - u, 0.0), (1.0,))
LOGISTIC = Values(lambda u: np.log(1.0 + np.exp(-u)))
SAVAGE = Values(lambda u: (1.0 + np.exp(u)) ** -2.0)


@pytest.mark.parametrize(
    ("cost", "convex", "free"),
    [
        (HINGE, True, True),
        (LOGISTIC, True, False),
        (Values(np.abs), True, False),
        (Values(lambda u: np.exp(-u)), True, False),
        (Values(lambda u: np.maximum(1.0 - u, 0.0) ** 2, (1.0,)), True, True),
        (Values(lambda u: np.maximum(1.0 - u, 0.0) + 0.2 * np.maximum(u - 1.0, 0.0), (1.0,)), True, False),
        (SAVAGE, False, False),
        (Values(lambda u: np.clip(1.0 - u, 0.0, 1.0), (0.0, 1.0)), False, True),
        (Values(lambda u: (u < 0.3).astype(float), (0.3,)), False, True),
        (Values(lambda u: np.sqrt(np.abs(u))), False, False),
        (Values(lambda u: 0.0 - np.minimum(u, 0.0) - 0.01 * np.maximum(u - 30.0, 0.0), (0.0, 30.0)), False, True),
    ],
)
def test_convexity_and_zero_cost_are_seen_from_values(cost, convex, free):
    assert (cost.log_concave, cost.satisfiable) == (convex, free)


@pytest.mark.parametrize(("own", "known"), [(HINGE, "hinge"), (LOGISTIC, "logistic")])
def test_own_costs_give_what_the_known_ones_do(own, known):
    for solved in (
        lambda loss: replica.solve(replica.mixture(loss, balance=0.3), alpha=2.0),
        lambda loss: replica.solve(replica.perceptron("spherical", loss=loss), alpha=3.0),
        lambda loss: replica.solve(replica.perceptron("binary", loss=loss, beta=2.0), alpha=0.5),
    ):
        one, other = solved(own), solved(replica.Hinge(1.0) if known == "hinge" else known)
        for name, value in other.order_parameters.items():
            assert one[name] == pytest.approx(value, abs=10 * (one.errors[name] + other.errors[name]) + 1e-12)
    assert replica.capacity(replica.mixture(own)).value == replica.capacity(replica.mixture(known)).value


def test_a_cost_that_is_not_convex_is_told_what_it_lacks():
    with pytest.raises(ValueError, match="not convex: at beta = inf it must give its proximal map"):
        replica.solve(replica.mixture(SAVAGE), alpha=2.0)


def test_general_clusters_refuse_what_is_for_round_ones():
    spectra = np.array([np.geomspace(0.1, 5, 30), np.geomspace(5, 0.1, 30)])
    model = replica.clusters("logistic", means=np.full(30, 0.1), covariances=spectra)
    solution = replica.solve(model, alpha=2.0)
    with pytest.raises(ValueError, match="'bayes' of the data is here for clusters of one variance"):
        replica.generalization_error(solution, estimator="bayes")
    with pytest.raises(ValueError, match="'bayes' of the data is here for clusters of one variance"):
        replica.sweep(model, alpha=[1.0, 2.0], observables=["generalization_error", "bayes_error"])
    for threshold in (replica.capacity, lambda m: replica.max_margin(m, alpha=2.0)):
        with pytest.raises(ValueError, match="inputs of one variance, not (for )?Clusters"):
            threshold(model)


def test_a_limit_without_fields_says_so():
    solution = replica.solve(replica.mixture("logistic", penalty=np.inf), alpha=2.0)
    try:
        found = replica.margin_distribution(solution, field=[0.0, 1.0])
    except ValueError as refusal:
        assert "gives no field of a pattern" in str(refusal)
    else:
        assert np.all(np.isfinite(found["density"]))


@pytest.mark.parametrize("kappa", [-0.5, -0.3, 0.05, 0.7])
@pytest.mark.parametrize("power", [1, 2])
def test_what_a_cost_asks_for_at_capacity_is_its_constraint(kappa, power):
    """And above it the least cost grows from 0, with a response that falls from infinity."""
    cost = Values(lambda u: np.maximum(kappa - u, 0.0) ** power / power, (kappa,))
    expected = replica.capacity(replica.perceptron("spherical", margin=kappa))
    for declared in (cost, Values(cost.function)):
        found = replica.capacity(replica.perceptron("spherical", loss=declared))
        assert found.value == pytest.approx(expected.value, abs=found.error + expected.error)
    loads = expected.value * np.array([1.05, 1.5])
    low, high = (replica.solve(replica.perceptron("spherical", loss=cost), alpha=load) for load in loads)
    assert low.energy < 0.2 * high.energy
    assert low["V"] > high["V"] > 0.0


@pytest.mark.parametrize("kappa, alpha", [(-0.5, 7.0), (-1.1, 30.0), (0.4, 2.0)])
def test_harmonic_ground_states_on_the_sphere(kappa, alpha):
    """The closed map of ``max(0, kappa-u)^2/2``: ``alpha (V/(1+V))^2 E (kappa-z)_+^2 = 1``, energy ``1/(2 V^2)``."""
    from scipy.stats import norm

    cost = Values(lambda u: np.maximum(kappa - u, 0.0) ** 2 / 2.0, (kappa,))
    found = replica.solve(replica.perceptron("spherical", loss=cost), alpha=alpha)
    square = (1.0 + kappa**2) * norm.cdf(kappa) + kappa * norm.pdf(kappa)
    share = 1.0 / np.sqrt(alpha * square)
    response = share / (1.0 - share)
    assert found["V"] == pytest.approx(response, rel=1e-11)
    assert found.energy == pytest.approx(0.5 / response**2, rel=1e-11)
    assert found["stability"] == pytest.approx(1.0 - alpha * share**2 * norm.cdf(kappa), abs=1e-11)


@pytest.mark.parametrize("kappa", [9.0, 19.0])
def test_margins_far_out_of_reach_of_the_sphere(kappa):
    """Near ``q = 1`` the stabilities that cost nothing are 1e7 deviations away: rounding is no feature."""
    found = replica.solve(replica.perceptron("spherical", loss=Values(lambda u: np.maximum(kappa - u, 0.0))), alpha=1.0)
    known = replica.solve(replica.perceptron("spherical", loss=replica.Hinge(kappa)), alpha=1.0)
    assert found.energy == pytest.approx(known.energy, abs=found.errors["energy"] + known.errors["energy"])


def test_a_parameter_of_ones_own_cost_is_an_axis_at_zero_temperature() -> None:
    """One row that is an array of one number, and several."""
    for margins in ([0.3], [0.3, 0.5]):
        own, known = (
            replica.sweep(replica.perceptron("spherical", loss=loss), alpha=3.0, margin=margins, observables=["energy"])
            for loss in (MovedHinge(), replica.Hinge())
        )
        assert np.allclose(own["energy"], known["energy"], rtol=1e-9, atol=0.0)


@pytest.mark.parametrize(
    ("weights", "start", "noise", "alpha"),
    [("binary", None, 0.0, 0.1), ("spherical", "equilibrium", 0.3, 1.0), (replica.Gaussian(0.5), None, 0.3, 1.0)],
    ids=str,
)
def test_a_cost_that_pays_for_wrong_answers_learns_the_opposite_of_the_teacher(weights, start, noise, alpha):
    """Labels and costs turned over together are the same problem, with the other sign of m."""

    def asked(sign):
        cost = Values(lambda u: 0.5 * (1.0 - sign * u) ** 2 + np.logaddexp(0.0, -sign * u))
        model = replica.perceptron(weights, loss=cost, beta=3.0, labels=replica.Teacher(noise=noise))
        return replica.solve(model, alpha=alpha, start=start)

    right, wrong = asked(1.0), asked(-1.0)
    for name in ("q", "q_hat", "free_entropy", "energy", "stability"):
        assert wrong[name] == pytest.approx(right[name], rel=1e-12)
    for name in ("m", "m_hat"):
        assert wrong[name] == pytest.approx(-right[name], rel=1e-12)
    assert wrong["generalization_error"] == pytest.approx(1.0 - right["generalization_error"], rel=1e-12)
    assert all(wrong.errors[name] == pytest.approx(right.errors[name], rel=0.5) for name in ("m_hat", "m", "q"))


@pytest.mark.parametrize(
    ("below", "above", "penalty", "noise"),
    [(0.6661389312913607, 1.4995422042958522, 0.0136, 11.57), (-2.047958329991255, 1.3667899230652778, 5.6e-4, 2.85)],
)
def test_a_place_declared_a_kink_where_slopes_agree_holds_no_atom(below, above, penalty, noise):
    """Slopes on its sides agree up to their rounding, which a large V must not make an atom."""

    def huber(u):
        far = (above - below) * (above - u) - 0.5 * (above - below) ** 2
        return np.where(u > above, 0.0, np.where(u > below, 0.5 * (above - u) ** 2, far))

    fit = replica.solve(replica.mixture(Values(huber, (below, above)), penalty=penalty, noise=noise), alpha=0.35)
    assert replica.margin_distribution(fit, field=[0.0]).attrs["atoms"] == []
