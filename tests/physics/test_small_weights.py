"""Weights whose norm is free: where small ones err less, the state of the largest free entropy is the one given."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from benchmarks import _second, _second_local

WIDE = replica.Discrete((-2.0, -0.1, 0.1, 2.0))


@pytest.mark.parametrize("alpha", [1.2, 2.0])
@pytest.mark.parametrize("beta", [np.inf, 6.0])
def test_more_letters_have_no_smaller_free_entropy(alpha: float, beta: float) -> None:
    """The letters -0.1, 0.1 alone are binary weights with a margin ten times as low."""
    few, all_ = (
        replica.solve(
            replica.perceptron(weights, loss=replica.Margin(m) if np.isinf(beta) else replica.ErrorCount(m), beta=beta),
            alpha=alpha,
        )
        for weights, m in ((replica.Binary(), -2.0), (WIDE, -0.2))
    )
    assert all_["free_entropy"] >= few["free_entropy"] - 1e-12


@pytest.mark.parametrize("alpha", [1.0, 5.0, 5.5, 10.0, 50.0])
def test_ternary_weights_are_no_worse_than_zero(alpha: float) -> None:
    """Weights of 0 make no error at a negative margin: ln Z is at least 0; another set of equations agrees."""
    place, beta = -0.3734152329264449, 0.9063774885626691
    model = replica.perceptron(replica.Ternary(), loss=replica.ErrorCount(place), beta=beta)
    found = replica.solve(model, alpha=alpha)
    assert found["free_entropy"] >= 0
    cost = _second_local.Cost(lambda u: np.where(u < place, 1.0, 0.0), (place,))
    setting = _second.Setting(alpha, beta, cost, (-1.0, 0.0, 1.0))
    start = {"q_hat": found["q_hat"], "curvature": found["Q_hat"] + found["q_hat"]}
    with np.errstate(all="ignore"):
        right = _second.solve(setting, start, steps=3)
    for name in ("Q", "free_entropy", "energy"):
        assert found[name] == pytest.approx(right[name], rel=1e-10)


def test_hard_margins_have_small_weights_beyond_the_branch_of_few_patterns() -> None:
    found = replica.solve(replica.perceptron(replica.Ternary(), margin=-0.1), alpha=2.0)
    assert 0 < found["free_entropy"] < 0.01
    assert found["Q"] < 1e-2
    assert "small weights" in found.status


def test_capacity_is_not_that_of_large_weights() -> None:
    found = replica.capacity(replica.perceptron(WIDE, margin=-0.2))
    assert not found.converged
    assert "the capacity is larger" in found.status
    whole = replica.Discrete((-1.0, -0.2, 0.2, 1.0))
    assert replica.capacity(replica.perceptron(whole, margin=-0.2)).value >= 3.7946  # of its small letters alone


@pytest.mark.parametrize(
    "model",
    [
        replica.perceptron("ternary", margin=-0.1),
        replica.perceptron(WIDE, margin=-0.2),
        replica.perceptron("ternary", loss=replica.ErrorCount(-0.1), beta=3.0),
    ],
)
def test_lines_belong_to_the_state_that_is_given(model: replica.Model) -> None:
    line = replica.at_line(model)
    assert np.isnan(line.value)
    assert "becomes unstable, small weights have the larger free entropy" in line.status
    place = float(line.status.split("at alpha = ")[1].split(",")[0])
    state = replica.solve(model, alpha=place)
    assert f"larger free entropy {state['free_entropy']:.4g}"[:-1] in line.status
    end = replica.spinodal(model)
    assert end.converged and "metastable: small weights have the larger free entropy" in end.status


def test_lines_of_the_one_state_stand() -> None:
    model = replica.perceptron("ternary", margin=0.4)
    assert replica.at_line(model).converged
    assert "metastable: small" not in replica.spinodal(model).status
