"""Huber's local partition function over its whole domain, beside its closed form in 60 digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import replica


def settings(number: int, seed: int) -> list[tuple[float, float, float, float]]:
    """delta, V, beta and a field: somewhere, or where the parabola passes into a line, or where the sign changes."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(number):
        delta, variance, beta = 10.0 ** rng.uniform((-2, -12, -3), (1, 3, 4))
        stiff = 1.0 + beta * variance
        place = rng.choice([0.0, 1.0 + delta * stiff, 1.0 - delta * stiff, -beta * variance * min(1.0, delta)])
        width = 3.0 if place == 0.0 else rng.choice([1.0, stiff**0.5]) * 3.0 * variance**0.5
        found.append((delta, variance, beta, place + width * rng.standard_normal()))
    return found


@pytest.mark.parametrize(("delta", "variance", "beta", "field"), settings(60, 3))
def test_averages_are_those_of_sixty_digits(delta: float, variance: float, beta: float, field: float) -> None:
    """``ln Z``, its differences in the field and in beta; the conditioning of a field far away is allowed for."""
    loss = replica.Huber(delta)
    found = np.array(loss.averages(np.array([[field]]), np.array([variance]), beta))[:, 0, 0]
    with mpmath.workdps(60):
        h, v, b = map(mpmath.mpf, (field, variance, beta))
        step, warmer = mpmath.sqrt(v) * mpmath.mpf(10) ** -15, b * mpmath.mpf(10) ** -15
        low, log_z, high = (loss.reference(h + k * step, v, b, mpmath.mp) for k in (-1, 0, 1))
        slope, bend = (high - low) / (2 * step), (high - 2 * log_z + low) / step**2
        costs = [loss.reference(h, v, b + k * warmer, mpmath.mp) for k in (-1, 1)]
        cost = (costs[0] - costs[1]) / (2 * warmer)
    loose = 1e-13 * (1.0 + abs(field) / (delta + np.sqrt(variance)))
    assert found[0] == pytest.approx(float(log_z), rel=1e-13, abs=1e-15 + loose * abs(float(log_z)))
    assert found[1] == pytest.approx(float(slope), abs=loose * beta * min(delta, 1.0 + abs(field)))
    assert found[2] == pytest.approx(float(bend), abs=10.0 * loose * beta / (1.0 + beta * variance))
    assert found[3] == pytest.approx(float(cost), rel=10.0 * loose)
    assert 0.0 <= found[4] <= 1.0 + 1e-13
