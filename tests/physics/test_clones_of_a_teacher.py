"""Clones that learn from a teacher: another solver's loads, the free entropy is stationary, energies by differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

import replica
from replica.ansatz.replicated.taught_tuples import TaughtTuples
from tests.physics.test_paths import agrees, figures

QUICK = ("clones_teacher_m2_b7.0", "clones_teacher_m3_b10.0")


def counting(beta: float) -> replica.Model:
    return replica.perceptron("binary", loss="error-count", beta=beta, labels="teacher")


@pytest.mark.parametrize(
    "figure", [
        pytest.param(*one.values, id=one.id, marks=() if one.id in QUICK else pytest.mark.bench)
        for one in figures("clones_teacher")
    ]
)  # fmt: skip
def test_loads_of_another_program(figure: dict[str, Any]) -> None:
    found = replica.overlap_gap(counting(figure["params"]["beta"]), clones=figure["params"]["m"])
    assert found.converged and agrees(found.value, figure) and found.error < 1e-9
    at = found.order_parameters
    assert at["training_error"] == pytest.approx(at["energy"] / found.value, rel=1e-12)
    assert abs(found.value - figure["value"]) <= found.error + figure["abs_err"]


def potential(tuples: TaughtTuples, x: np.ndarray, alpha: float) -> float:
    """``phi`` at order parameters that need not be a saddle point."""
    q0, overlap, low, gap, pull = x
    m, q1, high = tuples.clones, tuples.q1, low + gap
    entropic = tuples.weights(low, gap, pull)[0]
    log_z = tuples.patterns(q0, overlap)[0]
    own = -0.5 * high * (1 - q1) - 0.5 * m * (q1 * high - q0 * low) - pull * overlap
    return own + (entropic + alpha * log_z) / m


def test_the_free_entropy_is_stationary_and_its_slope_the_energy() -> None:
    tuples = TaughtTuples(counting(5.0), 2, 0.95)
    point = tuples.solve((0.7, 0.0, 2.0, 0.18))
    assert point is not None
    residual, seen = tuples.at(point)
    assert np.abs(residual).max() < 1e-12
    x = np.array([seen["q0"], seen["m"], seen["q0_hat"], seen["q1_hat"] - seen["q0_hat"], seen["m_hat"]])
    assert potential(tuples, x, seen["alpha"]) == pytest.approx(seen["free_entropy"], abs=1e-13)
    for unit in np.eye(5):
        above, below = (potential(tuples, x + side * 1e-4 * unit, seen["alpha"]) for side in (1, -1))
        assert abs(above - below) / 2e-4 < 1e-6
    warmer, colder = (TaughtTuples(counting(5.0 + side), 2, 0.95) for side in (-1e-4, 1e-4))
    slope = (potential(colder, x, seen["alpha"]) - potential(warmer, x, seen["alpha"])) / 2e-4
    assert -slope == pytest.approx(seen["energy"], rel=1e-6)


def test_what_is_not_here_is_refused() -> None:
    for refused, why in (
        (lambda: replica.overlap_gap(counting(5.0), clones=2.5), "whole number"),
        (lambda: replica.overlap_gap(replica.perceptron("spherical", labels="teacher"), clones=2), "of \\+-1"),
        (lambda: replica.overlap_gap(replica.committee(3, labels="teacher"), clones=2), "perceptron"),
        (lambda: replica.overlap_gap(counting(5.0)), "random labels"),
    ):
        with pytest.raises(ValueError, match=why):
            refused()


def by_sums(m: int, beta: float, alpha: float, x: np.ndarray) -> float:
    """``phi`` at ``q1, q0, R, q_hat1, q_hat0, R_hat`` by trapezoidal sums over both fields: no code of the solver."""
    q1, q0, overlap, high, low, pull = x
    (z, outer), (y, inner) = ((t, np.exp(-t * t / 2)) for t in (np.linspace(-9, 9, 1601), np.linspace(-14, 14, 1601)))
    outer, inner = outer / outer.sum(), inner / inner.sum()
    h = pull + np.sqrt(low) * z[:, None] + np.sqrt(high - low) * y
    u = np.sqrt(q0) * z[:, None] + np.sqrt(q1 - q0) * y
    seen = np.exp(-beta) + (1 - np.exp(-beta)) * ndtr(u / np.sqrt(1 - q1))
    rule = 2 * ndtr(overlap * z / np.sqrt(q0 - overlap**2))
    averages = outer @ np.log((2 * np.cosh(h)) ** m @ inner) + alpha * (outer * rule) @ np.log(seen**m @ inner)
    return float(-high / 2 * (1 - q1) - m / 2 * (q1 * high - q0 * low) - pull * overlap + averages / m)


@pytest.mark.parametrize("clones", [2, pytest.param(3, marks=pytest.mark.bench)])
def test_close_groups_of_warm_students_have_a_load(clones: int) -> None:
    found, beta = replica.overlap_gap(counting(2.75), clones=clones), 2.75
    at, step = found.order_parameters, 1e-5
    x = np.array([at[name] for name in ("q1", "q0", "m", "q1_hat", "q0_hat", "m_hat")])
    assert 0.99 < at["q1"] < 0.999
    for unit in np.eye(6)[1:]:
        sides = (by_sums(clones, beta, found.value, x + side * step * unit) for side in (1, -1))
        assert abs(float(np.subtract(*sides))) / (2 * step) < 1e-7

    def number(x: np.ndarray) -> float:
        warm, cold = (by_sums(clones, beta + side * 1e-4, found.value, x) for side in (-1, 1))
        return by_sums(clones, beta, found.value, x) + beta * (warm - cold) / 2e-4

    assert abs(number(x)) < 1e-9
    for side in (-0.2, 0.2):  # more groups at overlaps beside: it is the lowest load
        near = replica.RSB(m=float(clones), q1=float(x[0] + side * (1 - x[0])))
        assert replica.solve(counting(beta), alpha=found.value, ansatz=near)["tuple_entropy"] > 1e-6
