"""Settings far from the usual ones: an answer with its standing, or one clear sentence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import log_ndtr

import replica


@pytest.mark.parametrize("margin", [-9.0, -10.0, -15.0])
def test_capacity_of_very_easy_patterns_is_the_first_moment(margin: float) -> None:
    """`q` vanishes, so that `alpha ln Phi(-margin) = -ln 2`."""
    found = replica.capacity(replica.perceptron("binary", margin=margin))
    allowed = math.log1p(-math.exp(log_ndtr(margin)))
    expected = -math.log(2.0) / (allowed if allowed else -math.exp(log_ndtr(margin)))
    assert found.converged and found.value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_patterns_that_are_never_violated_leave_no_trace(weights: str) -> None:
    solution = replica.solve(replica.perceptron(weights, margin=-28.0), alpha=1.0)
    assert solution["q"] == 0
    assert solution.free_entropy == pytest.approx(math.log(2.0) if weights == "binary" else 0.0, abs=1e-14)


@pytest.mark.parametrize("alpha", [1e-3, 1e-6])
def test_largest_margin_of_few_patterns(alpha: float) -> None:
    """`1/alpha = 1 + margin^2` up to a Gaussian tail."""
    found = replica.max_margin(replica.perceptron("spherical"), alpha=alpha)
    assert found.value == pytest.approx(math.sqrt(1.0 / alpha - 1.0), rel=1e-12)
    assert found.error < 1e-11 * found.value
    binary = replica.max_margin(replica.perceptron("binary"), alpha=1e-3)
    assert binary.converged and binary.value == pytest.approx(math.sqrt(2.0 / math.pi / 1e-3), rel=0.02)


def test_clusters_that_cannot_be_separated_say_so() -> None:
    found = replica.max_margin(replica.mixture("hinge", noise=5.0), alpha=5.0)
    assert not found.converged and "separable up to alpha = 2.26914" in found.status


@pytest.mark.parametrize("penalty", [1e4, 1e6, 1e8, 1e12])
def test_a_bias_that_rests_on_the_kink_of_the_hinge(penalty: float) -> None:
    """The limit itself while no field reaches another kink, here beside the equations at a penalty of 300."""
    model = replica.mixture("hinge", balance=0.3)
    known = replica.solve(model.with_parameters(penalty=300.0), alpha=1.0)
    found = replica.solve(model.with_parameters(penalty=penalty), alpha=1.0)
    ratio = penalty / 300.0
    for name, power in (("q", 2), ("m", 1), ("V", 1)):
        assert found[name] * ratio**power == pytest.approx(known[name], rel=1e-10)
    assert (found["bias"] + 1.0) * ratio == pytest.approx(known["bias"] + 1.0, abs=2e-15 * penalty)
    for name in ("energy", "free_entropy"):
        assert (found[name] - found["training_error"] * np.sign(found[name]) * 2.0) * ratio == pytest.approx(
            known[name] - known["training_error"] * np.sign(known[name]) * 2.0, rel=1e-9, abs=3e-15 * ratio
        )
    assert found["training_error"] == pytest.approx(0.3, rel=1e-14)


def test_few_patterns_that_push_weights_outwards_are_no_reason_to_give_up() -> None:
    """A cost with a dip away from 0 makes large weights likelier where few patterns are: a start, no more."""

    def well(u: np.ndarray) -> np.ndarray:
        return np.clip(1.0 - u, 0.0, 1.0) - 0.5 * np.exp(-(((u + 0.075) / 0.35) ** 2))

    weights = replica.Discrete(values=(-1.64, 0.0, 1.64))
    model = replica.perceptron(weights, loss=well, beta=3.7e-3)
    solution = replica.solve(model, alpha=0.09, on_failure="keep")
    assert solution.converged
    # to first order in beta the mean cost of weights without patterns
    z = np.linspace(-9.0, 9.0, 20_001)
    weight = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi) * (z[1] - z[0])
    mean = float(weight @ well(np.sqrt(2.0 / 3.0) * 1.64 * z))
    assert solution.free_entropy == pytest.approx(math.log(3.0) - 3.7e-3 * 0.09 * mean, abs=1e-7)
