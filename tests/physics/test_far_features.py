"""Costs that bend far from where most of the weight of a spread is: found, or the error says so."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, log_ndtr

import replica


def squared(place: float, strength: float) -> replica.losses.Loss:
    return replica.losses.from_function(lambda u: 0.5 * strength * np.maximum(0.0, place - u) ** 2, kinks=[place])


def closed(place: float, strength: float, beta: float, q: float, variance: float) -> tuple[float, float]:
    """``E f^2`` and ``-E f'`` of ``Z = H(-x) + exp(-g (place-h)^2/2)/sqrt(k) H(x/sqrt k)``, by dense sums."""
    g = beta * strength
    k = 1.0 + g * variance
    h = np.linspace(-12.0, 12.0, 400_001) * np.sqrt(q)
    x = (place - h) / np.sqrt(variance)
    above, below = log_ndtr(-x), -0.5 * g / k * (place - h) ** 2 - 0.5 * np.log(k) + log_ndtr(x / np.sqrt(k))
    p = expit(below - above)
    # the mean force g (place - u) and its spread, of the Gaussian that is cut at the place
    mean, deviation = (place - h) / k, np.sqrt(variance / k)
    t = mean / deviation
    hazard = np.exp(-0.5 * t * t - 0.5 * np.log(2.0 * np.pi) - log_ndtr(t))
    first = g * p * (mean + deviation * hazard)
    second = g * g * p * (mean**2 + deviation**2 + mean * deviation * hazard)
    bend = second - first**2 - g * p
    weight = np.exp(-0.5 * h * h / q)
    return float((weight * first**2).sum() / weight.sum()), float(-(weight * bend).sum() / weight.sum())


@pytest.mark.parametrize(
    ("letters", "place", "strength", "beta", "alpha"),
    [((-155.5, 14.6, 213.1), 59.5, 2.8e-4, 320.0, 2.76), ((-61.0, 20.0, 70.0), -45.0, 1.1e-3, 80.0, 1.9)],
)
def test_a_kink_beyond_many_spreads_is_resolved(letters, place, strength, beta, alpha) -> None:
    model = replica.perceptron(list(letters), loss=squared(place, strength), beta=beta)
    found = replica.solve(model, alpha=alpha)
    force, bend = closed(place, strength, beta, found["q"], found["V"])
    error = 20.0 * (found.errors["q_hat"] + abs(found["q_hat"]) * found.errors["q"] / found["q"])
    assert alpha * force == pytest.approx(found["q_hat"], rel=1e-9, abs=error)
    assert alpha * bend == pytest.approx(found["q_hat"] + found["Q_hat"], rel=1e-7, abs=error)


def test_levels_that_share_a_blind_spot_do_not_vouch_for_each_other() -> None:
    """A smooth cost that bends at 600 units within 60: what finer integrals change is in the error."""
    model = replica.perceptron(
        [-242.8, -213.5, 673.1],
        loss=lambda u: np.logaddexp(0.0157 * (u - 604.9), -0.0157 * (u - 604.9)) / 0.0157,
        beta=0.282,
    )
    found = replica.solve(model, alpha=3.78)
    variance, q = found["V"], found["q"]
    h = np.linspace(-10.0, 10.0, 4_001) * np.sqrt(q)
    z = np.linspace(-20.0, 20.0, 2_001)
    u = h[:, None] + np.sqrt(variance) * z
    logs = -0.282 * np.logaddexp(0.0157 * (u - 604.9), -0.0157 * (u - 604.9)) / 0.0157 - 0.5 * z * z
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    force = -0.282 * (weight * np.tanh(0.0157 * (u - 604.9))).sum(axis=1) / weight.sum(axis=1)
    gauss = np.exp(-0.5 * h * h / q)
    right = 3.78 * float((gauss * force**2).sum() / gauss.sum())
    assert abs(found["q_hat"] - right) <= 5.0 * (found.errors["q_hat"] + right * found.errors["q"] / q)
