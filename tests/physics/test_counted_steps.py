"""Steps of counted weights against brute nested integrals of the free entropy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import replica
from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.counted import counted_place

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def model(kappa: float) -> Any:
    return replica.perceptron("binary", loss=replica.OutsideBand(kappa))


def one_step(kappa: float, alpha: float, q: np.ndarray, conjugate: np.ndarray, m: float) -> float:
    """phi of one step at any overlaps and conjugates, by Gauss-Hermite sums alone."""
    outer = NODES[:, None] * np.sqrt(q[0]) + NODES * np.sqrt(q[1] - q[0])
    width = np.sqrt(1.0 - q[1])
    z = norm.cdf((outer - kappa) / width) + norm.cdf((-outer - kappa) / width)
    h = NODES[:, None] * np.sqrt(conjugate[0]) + NODES * np.sqrt(conjugate[1] - conjugate[0])
    pattern, weight = (float(WEIGHTS @ np.log(power @ WEIGHTS)) / m for power in (z**m, (2.0 * np.cosh(h)) ** m))
    held = 0.5 * (m * q[0] * conjugate[0] + (1.0 - m) * q[1] * conjugate[1]) - 0.5 * conjugate[1]
    return held + weight + alpha * pattern


def test_the_free_entropy_is_the_nested_integral() -> None:
    place = counted_place(model(1.0), Order(np.array([0.9, 0.6]), np.array([0.4])), 0.3, 1)
    brute = one_step(1.0, 0.3, np.array([0.1, 0.4]), place.conjugates, 0.4)
    assert place.value == pytest.approx(brute, abs=1e-9)


def test_a_solution_is_a_stationary_point_of_the_nested_integral() -> None:
    found = replica.solve(model(1.5), alpha=0.3, ansatz=replica.RSB(steps=1))
    q, conjugate = (np.array([found[name.format(j)] for j in (0, 1)]) for name in ("q{}", "q{}_hat"))
    at = np.concatenate([q, conjugate, [found["parisi"]]])
    assert found.free_entropy == pytest.approx(one_step(1.5, 0.3, q, conjugate, at[4]), abs=1e-8)
    for i in range(5):
        step = 1e-4 * np.eye(5)[i]
        ahead, behind = (one_step(1.5, 0.3, x[:2], x[2:4], x[4]) for x in (at + step, at - step))
        assert abs(ahead - behind) / 2e-4 < 1e-6


@pytest.mark.parametrize(("loss", "steps"), [(replica.Margin(0.0), 2), (replica.OutsideBand(0.5), 1)])
def test_where_replica_symmetry_freezes_there_are_no_steps(loss: Any, steps: int) -> None:
    one = replica.perceptron("binary", loss=loss)
    broken, plain = replica.capacity(one, ansatz=replica.RSB(steps=steps)), replica.capacity(one)
    assert float(broken) == pytest.approx(float(plain), abs=1e-11)
    assert f"0 of {steps} steps" in broken.status


def test_steps_lower_the_capacity_and_free_lowest_overlaps_too() -> None:
    held = [float(replica.capacity(model(1.5), ansatz=replica.RSB(steps=k, q0=0.0))) for k in (1, 2)]
    free = float(replica.capacity(model(1.5), ansatz=replica.RSB(steps=1)))
    assert held[0] > free > held[1] > 0.3367


@pytest.mark.bench
def test_the_limit_of_many_steps_is_one() -> None:
    ends = [replica.capacity(model(1.5), ansatz=replica.RSB(steps=np.inf, q0=q0)) for q0 in (None, 0.0)]
    assert abs(ends[0].value - ends[1].value) <= ends[0].error + ends[1].error


def test_beyond_the_capacity_there_is_nothing() -> None:
    with pytest.raises(replica.SolveFailed, match="the capacity"):
        replica.solve(model(1.5), alpha=0.34, ansatz=replica.RSB())
    with pytest.raises(ValueError, match="whole sphere|weights of"):
        replica.solve(replica.perceptron("ternary"), alpha=0.3, ansatz=replica.RSB())
@pytest.mark.parametrize("kappa", [0.9, 0.95, 1.0, 1.12, 1.33, 1.6])
def test_weak_steps_do_not_hang_on_a_rounding(kappa: float) -> None:
    """Valleys are so flat there that differences over 1e-7 told nothing of their slope."""
    found = [replica.capacity(model(kappa), ansatz=replica.RSB(steps=k, q0=0.0)) for k in (1, 2, 3)]
    assert all(one.status.startswith("converged") for one in found), [one.status for one in found]
    assert np.all(np.diff([one.value for one in found]) < 0.0)
