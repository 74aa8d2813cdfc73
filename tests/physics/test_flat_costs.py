"""Minimisers of costs that are flat at their least value, by values and by slopes, and the errors they claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import replica
from replica.losses import Loss
from replica.losses._ground import panel_sums
from tests.physics._values import Values

POINTS = 30
RULE = np.polynomial.legendre.leggauss(POINTS)


@dataclass(frozen=True)
class Quartic(Loss):
    def cost(self, u):
        return (1.0 - u) ** 4 / 4.0


@dataclass(frozen=True)
class QuarticWithSlope(Quartic):
    def slope(self, u):
        return -((1.0 - u) ** 3)

    def bend(self, u):
        return 3.0 * (1.0 - u) ** 2


@dataclass(frozen=True)
class WrongSlope(QuarticWithSlope):
    def slope(self, u):
        return -1.01 * (1.0 - u) ** 3


def averages(slope, bend, centre, mean, deviation, response):
    """``E (u-h)``, ``E (u-h)^2``, ``E (1-u')`` by integrals over u, along which ``h = u + V l'(u)`` is explicit."""

    def place(h):
        low, high = h - 1.0, h + 1.0
        while low + response * slope(low) > h:
            low -= 2.0 * (high - low)
        while high + response * slope(high) < h:
            high += 2.0 * (high - low)
        for _ in range(200):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if middle + response * slope(middle) < h else (low, middle)
        return low

    by_field = [place(mean + deviation * z) for z in np.linspace(-38.0, 38.0, 761)]
    near = centre + np.concatenate([sign * np.geomspace(1e-9, 1e2, 133) for sign in (-1.0, 1.0)])
    edges = np.unique([*by_field, *near[(near > by_field[0]) & (near < by_field[-1])]])
    half = 0.5 * np.diff(edges)[:, None]
    u = edges[:-1, None] + half * (1.0 + RULE[0])
    pull, stiff = response * slope(u), response * bend(u)
    density = np.exp(-0.5 * ((u + pull - mean) / deviation) ** 2) / np.sqrt(2.0 * np.pi) / deviation
    weight = half * RULE[1] * density * (1.0 + stiff)
    return [(weight * f).sum() for f in (-pull, pull**2, stiff / (1.0 + stiff))]


def tanh_squared(x):
    return 1.0 / np.cosh(x) ** 2


@pytest.mark.parametrize("mean, deviation, response", [(1.13, 0.06, 4e5), (0.2, 3.0, 1e6), (-2.0, 1.0, 1e-3)])
@pytest.mark.parametrize(
    "cost, slope, bend",
    [
        (Quartic(), lambda u: (u - 1.0) ** 3, lambda u: 3.0 * (u - 1.0) ** 2),
        (QuarticWithSlope(), lambda u: (u - 1.0) ** 3, lambda u: 3.0 * (u - 1.0) ** 2),
        (Values(lambda u: (u - 1.0) ** 6), lambda u: 6.0 * (u - 1.0) ** 5, lambda u: 30.0 * (u - 1.0) ** 4),
        (
            Values(lambda u: np.logaddexp(u - 1.0, 1.0 - u)),
            lambda u: np.tanh(u - 1.0),
            lambda u: tanh_squared(np.clip(u - 1.0, -300, 300)),
        ),
    ],
    ids=["quartic", "its-slope", "sixth", "log-cosh"],
)
def test_averages_of_the_map_are_integrals_over_stabilities(cost, slope, bend, mean, deviation, response) -> None:
    at = np.array([mean]), np.array([deviation]), np.array([response])
    found, finer = (panel_sums(cost, *at, level, False)[:3, 0] for level in (1, 2))
    off = [np.abs(panel_sums(other, *at, 2, False)[:3, 0] - finer) for other in cost.off]
    expected = np.array(averages(slope, bend, 1.0, mean, deviation, response))
    doubt = sum(off) + 1e-13 * np.abs(finer) + 1e-13 * np.abs([response * slope(mean), 0.0, 0.0])
    assert np.all(np.abs(finer - expected) <= doubt)
    assert np.all(np.abs(found - expected) <= doubt + 1e-12 * np.abs(expected))


def test_a_flat_minimum_under_a_small_load_has_the_errors_it_claims() -> None:
    """The equations of the mixture, with a bias that is held, by the integrals over stabilities."""
    penalty, noise, balance, bias, alpha = 2.787579183476917e-05, 10.513, 0.1237, 1.1311759870554547, 1.03e-3
    setting = {"penalty": penalty, "noise": noise, "balance": balance, "bias": bias}
    by_values = replica.solve(replica.mixture(Quartic(), **setting), alpha=alpha)
    by_slope = replica.solve(replica.mixture(QuarticWithSlope(), **setting), alpha=alpha)
    for name in ("V", "q", "m", "energy", "stability"):
        assert abs(by_values[name] - by_slope[name]) <= by_values.errors[name] + by_slope.errors[name], name
    assert by_values.errors["V"] < 1e-11 * by_values["V"]
    assert by_values.errors["q"] < 1e-11 * by_values["q"]
    q, m, response = (by_values[name] for name in ("q", "m", "V"))
    shares = [(balance, 1.0), (1.0 - balance, -1.0)]
    move, square, held = sum(
        share * np.array(averages(lambda u: (u - 1.0) ** 3, lambda u: 3.0 * (u - 1.0) ** 2, 1.0, mean, wide, chi))
        for share, sign in shares
        for mean, wide, chi in [(m + sign * bias, np.sqrt(noise * q), noise * response)]
    )
    assert alpha * square / noise == pytest.approx(q - m**2, rel=1e-10)
    assert alpha * move / noise == pytest.approx(m, rel=1e-10)
    assert penalty * response == pytest.approx(1.0 - alpha * held, rel=1e-12)


@pytest.mark.parametrize("penalty, alpha", [(4.7e-8, 0.04), (1e-4, 0.6)])
def test_what_rounding_hides_is_seen_in_the_errors(penalty: float, alpha: float) -> None:
    """``ln cosh`` and ``ln(1 + exp)`` as one writes them lose small values; beside forms that do not."""
    pairs = [
        (lambda u: np.log(np.cosh(u - 1.0)), lambda u: np.log1p(2.0 * np.sinh((u - 1.0) / 2.0) ** 2)),
        (lambda u: np.log(1.0 + np.exp(-u)), lambda u: np.logaddexp(0.0, -u)),
    ]
    for plain, careful in pairs:
        one, other = (
            replica.solve(replica.mixture(Values(f), penalty=penalty, noise=7.2, balance=0.02, bias=-0.2), alpha=alpha)
            for f in (plain, careful)
        )
        for name in ("V", "q", "m", "energy", "stability", "training_error"):
            assert abs(one[name] - other[name]) <= one.errors[name] + other.errors[name], name


def test_a_slope_that_is_not_that_of_the_cost_is_refused() -> None:
    with pytest.raises(ValueError, match="slope.u. of WrongSlope.* is not the derivative of its cost"):
        replica.solve(replica.mixture(WrongSlope()), alpha=1.0)
