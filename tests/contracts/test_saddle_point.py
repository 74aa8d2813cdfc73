r"""The RS equations against their potential, evaluated independently with overlaps and conjugates as free variables.

.. math:: \phi = -\hat q (Q-q)/2 + A Q/2 - \hat m m + E \ln \sum_w e^{hw - A w^2/2} + \alpha E \ln Z(\sqrt q z, Q - q)

``h = \hat m u + \sqrt{\hat q} z``; letters come from what the weights draw, Z from the cost alone. At a solution no
derivative is left, the value is its free entropy, and E ln Z, cost and error are its own.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import replica
from replica.losses import Loss
from tests.contracts.members import (
    LOSSES,
    held_norm,
    models,
    name_of,
    plain_entropic,
    plain_multiplier,
    plain_pattern,
)

ALPHA = 0.05
STEP = 2e-3


@cache
def solution_of(model: replica.Model) -> replica.Solution | None:
    """The solution at a small load; None where the model is refused in a sentence."""
    try:
        return replica.solve(model, alpha=ALPHA, on_failure="keep")
    except ValueError as refusal:
        assert len(str(refusal)) > 20
        return None


MODELS = models()


class Potential:
    """The potential of one solved model as a function of named, independent variables."""

    def __init__(self, solution: replica.Solution) -> None:
        self.model, self.alpha = solution.model, solution.alpha
        self.law = self.model.data.law(self.model.weights)
        found = solution.order_parameters
        self.bias = found.get("bias", 0.0)
        self.point = {"q": found["q"], "q_hat": found["q_hat"]}
        if held_norm(self.model.weights):
            a = plain_multiplier(self.model.weights, found["q_hat"], found.get("m_hat", 0.0), self.law)
            self.fixed = {"Q": 1.0, "A": a}
        else:
            self.fixed = {}
            self.point |= {"Q": found["Q"], "A": found["q_hat"] + found["Q_hat"]}
        self.point |= {"m": found["m"], "m_hat": found["m_hat"]} if self.law is not None else {}

    def entropic(self, **changed: float) -> float:
        v = {"m": 0.0, "m_hat": 0.0} | self.fixed | self.point | changed
        gauge = 0.0 if self.model.weights.discrete and self.fixed else v["A"]
        arguments = (v["q"], v["Q"], v["m"], v["q_hat"], gauge, v["m_hat"])
        return plain_entropic(self.model.weights, self.model.beta, *arguments, self.law)

    def pattern(self, **changed: float) -> tuple[float, float, float]:
        v = {"m": 0.0} | self.fixed | self.point | changed
        return plain_pattern(self.model, v["q"], v["Q"], v["m"], self.bias, step=0.05)

    def slope(self, name: str) -> float:
        """Richardson difference of the potential in one variable, relative to the size of the variable."""
        size = max(abs(self.point[name]), 1e-2)

        def value(step: float) -> float:
            at = {name: self.point[name] + step * size}
            return self.entropic(**at) + (self.alpha * self.pattern(**at)[0] if name in ("q", "Q", "m") else 0.0)

        wide, narrow = ((value(s) - value(-s)) / (2 * s) for s in (STEP, STEP / 2))
        return (4 * narrow - wide) / 3


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_a_small_load_is_solved_or_refused_in_a_sentence(model: replica.Model) -> None:
    solution = solution_of(model)
    if solution is None:
        return
    assert solution.converged, solution.status
    assert np.isfinite(solution.free_entropy)
    assert solution.error < 1e-12
    assert 0 <= solution["q"] < 1 if held_norm(model.weights) else 0 <= solution["q"] < solution["Q"]


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_solution_is_a_stationary_point_of_the_independent_potential(model: replica.Model) -> None:
    solution = solution_of(model)
    if solution is None:
        return  # that it is refused in a sentence is a test of its own
    potential = Potential(solution)
    log_z, cost, wrong = potential.pattern()
    assert potential.entropic() + ALPHA * log_z == pytest.approx(solution.free_entropy, abs=1e-11)
    if not model.loss.hard:
        assert ALPHA * cost == pytest.approx(solution.energy, abs=1e-11)
    assert wrong == pytest.approx(solution.training_error, abs=1e-9)
    if solution["q"] > 1e-12:
        slopes = {name: potential.slope(name) for name in potential.point}
        assert max(abs(slope) for slope in slopes.values()) < 1e-9, slopes
    else:  # the paramagnet: stationary in what is not at the edge of its domain
        slopes = {name: potential.slope(name) for name in set(potential.point) & {"Q", "A"}}
        assert all(abs(slope) < 1e-9 for slope in slopes.values()), slopes
        assert model.weights.symmetric


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss.even], ids=name_of)
def test_an_even_loss_learns_nothing_from_labels(loss: Loss) -> None:
    """A label multiplies the field, which an even loss does not see: m = 0 and the numbers of random labels, or
    a refusal.
    """
    blind = replica.perceptron("binary", loss=loss)
    try:
        taught = replica.solve(replica.perceptron("binary", loss=loss, labels="teacher"), alpha=0.3)
    except ValueError as refusal:
        assert "label" in str(refusal)
        return
    random = replica.solve(blind, alpha=0.3)
    assert taught["m"] == pytest.approx(0.0, abs=1e-12)
    assert taught["q"] == pytest.approx(random["q"], abs=1e-12)
    assert taught.free_entropy == pytest.approx(random.free_entropy, abs=1e-12)
