"""Convex costs that are least at one stability alone: below a capacity every pattern is an equation, as for squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import replica
from replica.losses import Loss
from replica.losses._cost_table import cost_table


@dataclass(frozen=True)
class Values(Loss):
    function: Any = None

    def cost(self, u):
        return self.function(np.asarray(u, dtype=float))


def smooth(place, least=0.0):
    return lambda u: np.log(np.cosh(u - place)) + least


def pinball(place):
    return lambda u: np.maximum(0.3 * (place - u), -0.05 * (place - u))


@pytest.mark.parametrize(
    ("function", "place"),
    [
        (smooth(1.0), 1.0),
        (smooth(-0.3), -0.3),
        (lambda u: np.abs(0.3 - u) ** 3 / 3, 0.3),
        (lambda u: (u - 0.7) ** 4, 0.7),
        (lambda u: 1.0 + (u - 0.7) ** 4, 0.7),
        (pinball(0.37), 0.37),
        (lambda u: np.where(np.abs(u - 1) < 0.5, (u - 1) ** 2 / 2, 0.5 * np.abs(u - 1) - 0.125), 1.0),
        (lambda u: np.logaddexp(0.0, -u) + 0.1 * u, np.log(9.0)),
        (np.abs, 0.0),
    ],
)
def test_where_a_cost_rests_is_known_to_its_error(function, place):
    loss = Values(function)
    found, unsure = cost_table(loss).rest
    assert loss.exact and loss.attained
    assert abs(found - place) <= unsure < 2e-4
    assert cost_table(loss).least == (found, found)


@pytest.mark.parametrize(
    "function",
    [
        lambda u: np.logaddexp(0.0, -u),
        lambda u: np.maximum(0.0, 1.0 - u),
        lambda u: np.maximum(0.0, np.abs(u) - 0.5),
        lambda u: np.maximum(0.0, 1.0 - u) ** 2,
        lambda u: np.minimum(np.abs(u), 1.0),
    ],
)
def test_costs_that_rest_on_no_single_stability(function):
    assert not Values(function).exact


@pytest.mark.parametrize(("function", "place"), [(smooth(1.0), 1.0), (smooth(0.6, 0.2), 0.6), (pinball(-0.5), -0.5)])
def test_zero_temperature_on_the_sphere(function, place):
    """Random labels: with every stability at u the equations give ``q = alpha (u^2+q)``, up to ``1/(1+u^2)``."""
    model = replica.perceptron("spherical", loss=function)
    for alpha in (0.01, 0.3):
        found = replica.solve(model, alpha=alpha)
        assert found["q"] == pytest.approx(alpha * place**2 / (1 - alpha), abs=10 * found.errors["q"] + 1e-14)
        assert found.energy == pytest.approx(alpha * float(function(place)), abs=1e-14)
    end = replica.capacity(model)
    assert end.value == pytest.approx(1 / (1 + place**2), abs=end.error + 1e-14)
    above = replica.solve(model, alpha=1.05 * end.value)
    assert above["q"] == 1.0 and above["V"] > 1.0
    below = replica.solve(replica.perceptron("spherical", loss=function, beta=1e7), alpha=0.3)
    assert below["q"] == pytest.approx(0.3 * place**2 / 0.7, abs=1e-5)


@pytest.mark.parametrize("labels", ["random", "teacher"])
def test_costs_that_ask_for_the_same_give_the_same_without_a_penalty(labels):
    """Below alpha = 1 the smallest vector that gives every pattern its stability; above it what the cost says."""
    zero = replica.Gaussian(penalty=0.0)
    square = replica.perceptron(zero, loss="square", labels=labels)
    for function in (smooth(1.0), pinball(1.0), lambda u: (1.0 - u) ** 2 / 2):
        own = replica.perceptron(zero, loss=function, labels=labels)
        one, other = replica.solve(own, alpha=0.45), replica.solve(square, alpha=0.45)
        assert one["q"] == pytest.approx(other["q"], abs=1e-12) and "pays nothing" in one.status
    beyond, known = (replica.solve(model, alpha=2.0) for model in (own, square))
    for name, value in known.order_parameters.items():
        assert beyond[name] == pytest.approx(value, abs=1e-11)
    assert beyond.energy == pytest.approx(known.energy, abs=1e-13)


def test_a_least_cost_that_is_paid_is_said():
    found = replica.solve(replica.perceptron(replica.Gaussian(penalty=0.0), loss=smooth(1.0, 0.2)), alpha=0.3)
    assert "whose patterns all cost the least" in found.status
    assert found.energy == pytest.approx(0.06, abs=1e-14)
    nothing = replica.perceptron(replica.Gaussian(penalty=0.0), loss=np.abs)
    with pytest.raises(replica.SolveFailed, match="weights of 0 cost nothing"):
        replica.solve(nothing, alpha=0.3)


def test_squares_at_their_capacity_say_where_the_branch_ends():
    with pytest.raises(replica.SolveFailed, match="ends at alpha = 0.5"):
        replica.solve(replica.perceptron("spherical", loss="square"), alpha=0.5)


def test_above_capacity_no_solutions_are_looked_for_that_pay_nothing(monkeypatch):
    """The ground state is the vector of least cost, as of the known hinge, and no branch is followed in vain."""
    from replica.ansatz.rs import ansatz as rs

    def followed(*_):
        raise AssertionError("a branch was followed")

    monkeypatch.setattr(rs, "scan_branch", followed)
    for alpha in (0.75, 6.8148):
        model = replica.perceptron("spherical", loss=lambda u: np.maximum(0.0, 1.0 - u), labels="teacher")
        known = replica.perceptron("spherical", loss=replica.Hinge(1.0), labels="teacher")
        one, other = replica.solve(model, alpha=alpha), replica.solve(known, alpha=alpha)
        assert one["m"] == pytest.approx(other["m"], abs=1e-10)
        assert "above capacity: the ground state" in one.status


@pytest.mark.parametrize("loss", [lambda u: np.maximum(0.0, 0.5 - u), replica.Hinge(0.5), smooth(1.0)])
@pytest.mark.parametrize("labels", ["random", "teacher"])
def test_loads_on_both_sides_of_a_capacity_do_not_depend_on_each_other(loss, labels):
    model = replica.perceptron("spherical", loss=loss, labels=labels)
    loads = replica.capacity(model).value * np.array([0.3, 0.9, 1.1, 1.5, 2.0, 5.0])
    curve = replica.sweep(model, alpha=loads, observables=["energy", "q"])
    for load, energy, q in zip(loads, curve["energy"].values, curve["q"].values, strict=True):
        one = replica.solve(model, alpha=load)
        assert (energy, q) == (pytest.approx(one.energy, abs=1e-13), pytest.approx(one["q"], abs=1e-12))
    cold = replica.sweep(model, alpha=loads[2], temperature=[0.0, 0.5], observables=["q"])["q"].values
    assert cold[0] == 1.0 and 0.0 < cold[1] < 1.0


@pytest.mark.parametrize(("weights", "labels"), [(1e-4, "teacher"), (1e-6, "teacher"), (1e-4, "random")])
def test_a_cost_too_small_for_a_double_is_not_known_to_be_zero(weights: float, labels: str) -> None:
    found = replica.solve(replica.perceptron(replica.Gaussian(weights), loss="hinge", labels=labels), alpha=0.5)
    assert 0.0 <= found.energy < 1e-300 and 0.0 < found.errors["energy"] < 1e-300
    assert 0.0 < found.errors["training_error"] < 1e-300
