"""The limit q -> 1 in which a branch without a fold ends: closed formulas, and solutions on its near side only."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import replica


@pytest.mark.parametrize("margin", [0.0, 0.5, -0.7])
def test_signs_in_closed_form(margin: float) -> None:
    """``alpha = (2/pi) / int_{h < kappa} Dh (kappa - h)^2``: 4/pi at margin 0."""
    found = replica.spinodal(replica.perceptron("binary", margin=margin))
    square, _ = quad(lambda h: norm.pdf(h) * (margin - h) ** 2, -12.0, margin, epsabs=1e-13, epsrel=1e-13)
    assert found.converged and "without a fold" in found.status
    assert found.value == pytest.approx(2 / np.pi / square, rel=1e-12)
    assert found.error < 1e-13
    assert found.order_parameters["q"] == 1.0
    if margin == 0:
        assert abs(found.value - 4 / np.pi) <= found.error


@pytest.mark.parametrize("loss", [replica.Margin(0.5), replica.OutsideBand(0.8), replica.ErrorCount(0.2)])
def test_on_the_sphere_it_is_the_capacity(loss: replica.Margin) -> None:
    model = replica.perceptron("spherical", loss=loss)
    assert replica.spinodal(model).value == pytest.approx(replica.capacity(model).value, rel=1e-12)


@pytest.mark.parametrize(
    "model",
    [
        replica.perceptron("ternary", margin=0.3),
        replica.perceptron(replica.Discrete((-2.0, -1.0, 1.0, 2.0)), margin=0.4),
        replica.perceptron(replica.Discrete((0.0, 1.0)), margin=0.2),
        replica.perceptron("binary", loss=replica.Band(0.8)),
    ],
    ids=["ternary", "four", "half", "band"],
)
def test_there_are_solutions_up_to_the_end_and_none_beyond(model: replica.Model) -> None:
    found = replica.spinodal(model)
    assert found.converged and found.error < 1e-12
    before = replica.solve(model, alpha=found.value * (1 - 1e-4), on_failure="keep")
    beyond = replica.solve(model, alpha=found.value * (1 + 1e-4), on_failure="keep")
    assert before.converged and not beyond.converged
    assert before["V"] < 2e-3
    assert before["q"] == pytest.approx(found.order_parameters["q"], rel=2e-3)


def test_a_finite_temperature_has_no_such_end() -> None:
    found = replica.spinodal(replica.perceptron("binary", loss="error-count", beta=2.0))
    assert np.isnan(found.value) and "no fold" in found.status
