"""Groups of real replicas at a temperature: how many there are, and the load at which they cease to be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import special

import replica


def counting(beta: float) -> replica.Model:
    return replica.perceptron("binary", loss=replica.ErrorCount(0.0), beta=beta)


def plain(at: Any, m: int, beta: float, q1: float, alpha: float) -> tuple[float, float]:
    """``phi`` and ``beta e`` of m clones by the trapezoidal rule and a binomial sum, at given order parameters."""
    q0, qh0, qh1 = (at[name] for name in ("q0", "q0_hat", "q1_hat"))
    z = np.linspace(-12.0, 12.0, 2401)
    log_weight = -0.5 * z**2 + math.log((z[1] - z[0]) / math.sqrt(2 * math.pi))
    outer = np.exp(log_weight)
    letters = np.array([m - 2 * k for k in range(m + 1)])
    counts = np.log([math.comb(m, k) for k in range(m + 1)])
    site = special.logsumexp(
        counts + letters * np.sqrt(qh0) * z[:, None] + 0.5 * letters**2 * (qh1 - qh0), axis=1
    )
    floor = math.exp(-beta)
    seen = [], []
    for x in z:
        omega = (np.sqrt(q0) * x + np.sqrt(q1 - q0) * z) / np.sqrt(1 - q1)
        right = special.ndtr(omega)
        local = floor + (1 - floor) * right
        exponent = m * np.log(local) + log_weight
        total = special.logsumexp(exponent)
        seen[0].append(total)
        seen[1].append(np.exp(exponent - total) @ (floor * special.ndtr(-omega) / local))
    pattern, cost = (float(outer @ np.array(column)) for column in seen)
    phi = -0.5 * qh1 * (1 - q1) - 0.5 * m * (q1 * qh1 - q0 * qh0) + (float(outer @ site) + alpha * pattern) / m
    return phi, beta * alpha * cost


@pytest.mark.parametrize(
    ("m", "beta", "q1", "alpha"), [(2, 5.0, 0.9913, 0.82), (3, 4.0, 0.992, 0.8), (2, 2.0, 0.9, 1.0)]
)
def test_number_of_groups_by_a_plain_rule(m: int, beta: float, q1: float, alpha: float) -> None:
    """Also where most of what a pattern gives comes from a turn of the mean far out in the common field."""
    found = replica.solve(counting(beta), alpha=alpha, ansatz=replica.RSB(m=float(m), q1=q1))
    phi, heat = plain(found, m, beta, q1, alpha)
    assert abs(found.free_entropy - phi) < 1e-11
    assert abs(found["tuple_entropy"] - phi - heat) < 1e-11
    assert found.errors["tuple_entropy"] < 1e-11


def test_at_zero_temperature_the_free_entropy_counts() -> None:
    found = replica.solve(replica.perceptron("binary"), alpha=0.5, ansatz=replica.RSB(m=2.0, q1=0.9))
    assert found["tuple_entropy"] == found.free_entropy


@pytest.mark.parametrize(
    ("m", "beta", "known"),
    [(2, 5.0, 0.8210202304468851), pytest.param(4, 4.0, 0.7943275996935839, marks=pytest.mark.bench)],
)
def test_groups_cease_to_be_at_their_energy(m: int, beta: float, known: float) -> None:
    """Against another solver's loads; the entropy, not the free entropy, vanishes there and is lowest in q1."""
    gap = replica.overlap_gap(counting(beta), clones=m)
    assert gap.converged and abs(gap.value - known) < 1e-10 and gap.error < 1e-11
    q1 = gap.order_parameters["q1"]
    near = [
        replica.solve(counting(beta), alpha=gap.value, ansatz=replica.RSB(m=float(m), q1=x))["tuple_entropy"]
        for x in (q1 - 2e-3, q1, q1 + 2e-3)
    ]
    assert abs(near[1]) < 1e-11 and near[0] > 0 and near[2] > 0
    assert gap.order_parameters["training_error"] == pytest.approx(gap.order_parameters["energy"] / gap.value, rel=1e-9)


@pytest.mark.bench
def test_mild_temperatures_have_no_lowest_load_below_overlap_one() -> None:
    """The entropy of pairs falls up to q1 = 1, where it is half of that of one vector at twice the beta."""
    gap = replica.overlap_gap(counting(2.0), clones=2)
    assert not gap.converged and "none is lowest below 1" in gap.status
    pairs = [
        replica.solve(counting(2.0), alpha=1.1, ansatz=replica.RSB(m=2.0, q1=1.0 - x))["tuple_entropy"]
        for x in (1e-2, 1e-3, 1e-4)
    ]
    one = replica.solve(counting(4.0), alpha=1.1).entropy
    assert pairs[0] > pairs[1] > pairs[2] > one / 2 and abs(pairs[2] - one / 2) < 1e-3


def test_what_has_no_meaning_at_a_temperature_is_refused() -> None:
    with pytest.raises(ValueError, match="needs clones"):
        replica.overlap_gap(counting(5.0))
    with pytest.raises(ValueError, match="counts solutions"):
        replica.local_entropy_threshold(counting(5.0))
    with pytest.raises(ValueError, match="hard constraint"):
        replica.isolation(counting(5.0), alpha=0.5)
