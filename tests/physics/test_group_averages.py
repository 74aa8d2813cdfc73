"""Averages over groups of replicas at a temperature against dense sums: where groups turn over, and far maximisers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_ndtr, logsumexp, ndtr

import replica
from replica.ansatz.replicated.patterns import group_patterns, outer_features
from replica.ansatz.replicated.taught_tuples import TaughtTuples

#: margin, replicas, beta, q1, q0
SETTINGS = [
    (-0.2, 2.1437, 29.36, 0.68357, 0.63126),  # groups give up five deviations out
    (0.35, 8.5233, 9.25, 0.61983, 0.44897),  # maximisers lie eleven deviations off
    (0.0, 4.0, 8.3578, 0.76675, 0.61055),
    (0.6, 3.0, 40.0, 0.9, 0.85),
]


def dense(
    kappa: float, power: float, beta: float, q1: float, q0: float, overlap: float
) -> tuple[float, float, float]:
    """``E ln E_1 Z^y``, ``E<f>^2`` and the mean cost by trapezoidal sums; with an overlap beside a teacher."""
    x, y = np.arange(-11.0, 11.0, 0.01), np.arange(-30.0, 30.0, 0.04)
    outer, inner = (step * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi) for z, step in ((x, 0.01), (y, 0.04)))
    far = (kappa - np.sqrt(q0) * x[:, None] - np.sqrt(q1 - q0) * y) / np.sqrt(1.0 - q1)
    log_z = np.logaddexp(-beta, np.log(-np.expm1(-beta)) + log_ndtr(-far))
    group = logsumexp(power * log_z, b=inner, axis=1)
    tilt = inner * np.exp(power * log_z - group[:, None])
    slope = np.exp(-0.5 * far**2 - log_z) * -np.expm1(-beta) / np.sqrt(2.0 * np.pi * (1.0 - q1))
    paid = np.exp(-beta - log_z) * ndtr(far)
    seen = outer * 2.0 * ndtr(overlap * x / np.sqrt(q0 - overlap**2)) if overlap else outer
    one, two = np.sum(tilt * slope, axis=1), np.sum(tilt * paid, axis=1)
    return float(seen @ group), float(seen @ one**2), float(seen @ two)


@pytest.mark.parametrize("at", SETTINGS, ids=str)
def test_random_labels(at: tuple[float, ...]) -> None:
    kappa, power, beta, q1, q0 = at
    state = (np.array([number]) for number in (q0, q1 - q0, 1.0 - q1, power))
    found = group_patterns(replica.ErrorCount(kappa), beta, *state, 1, whole=True)
    assert found.cost is not None
    seen = found.mean[0] * power, found.common[0], found.cost[0]
    assert seen == pytest.approx(dense(*at, 0.0), rel=1e-10)


@pytest.mark.parametrize("at", [at for at in SETTINGS if at[0] == 0.0] + [(0.0, 3.0, 24.28, 0.72673, 0.67731)])
def test_beside_a_teacher(at: tuple[float, ...]) -> None:
    _, power, beta, q1, q0 = at
    model = replica.perceptron("binary", loss="error-count", beta=beta, labels="teacher")
    found = TaughtTuples(model, power, q1).averages(q0, 0.5)
    assert (found.log_z, found.square, found.cost) == pytest.approx(dense(*at, 0.5), rel=1e-10)


def test_features_are_where_groups_turn_over() -> None:
    """Where all pay or none does, ``y beta = c^2/(2 (gap + V/y))`` up to what the tails weigh."""
    power, beta, gap, variance = 6.0, 20.0, 0.3, 0.02
    state = (np.array([number]) for number in (0.95, np.log(power * gap), variance, power))
    places, widths = outer_features(replica.ErrorCount(0.0), beta, np.zeros(1), *state)
    turn = -np.sqrt(2.0 * power * beta * (gap + variance / power))
    near = np.argmin(np.abs(places[0] - turn))
    assert abs(places[0, near] - turn) < 0.25 and widths[0, near] < 0.2
