"""Own activations with what is narrow, steep, weak or rounded: kernels against closed forms of the bivariate normal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import erfc, log, pi, sqrt

import mpmath
import numpy as np
import pytest
from scipy.special import log_ndtr

import replica
from replica.architectures.activations import Custom

Function = Callable[[np.ndarray], np.ndarray]
AWAY = np.array([1 - 1e-6, 0.9, 0.5, 0.2, 0.03, 1e-3, 1e-5, 1e-7, 1e-9])  # 1 - q


def density(x: float, y: float, away: float) -> mpmath.mpf:
    """That of two normal variables with correlation ``1 - away``, in the numbers of mpmath."""
    x, y, away = mpmath.mpf(x), mpmath.mpf(y), mpmath.mpf(away)
    deter = away * (2 - away)
    return mpmath.exp(-((x - y) ** 2 + 2 * away * x * y) / (2 * deter)) / (2 * mpmath.pi * mpmath.sqrt(deter))


def normal(x: float) -> float:
    return float(np.exp(-x * x / 2) / sqrt(2 * pi))


@pytest.mark.parametrize(
    ("half", "height", "centre"),
    [(0.1, 2.0, 0.77), (1e-3, 5.0, 0.3137), (2e-5, 50.0, -2.9), (1e-6, 1e3, 0.0123), (1e-6, 1e3, 4.4)],
)
def test_a_pulse_of_any_width_is_found(half: float, height: float, centre: float) -> None:
    """``k'(q) = 1 + 2 sum_i J_i phi(a_i) + sum_ij J_i J_j phi_2(a_i, a_j; q)`` of x and two jumps."""
    ends, jumps = (centre - half, centre + half), (height, -height)
    own = Custom(lambda x: x + height * ((x > ends[0]) & (x < ends[1])))
    slope = own.kernel(1 - AWAY, AWAY).slope
    pairs = [(a, b, i * j) for a, i in zip(ends, jumps, strict=True) for b, j in zip(ends, jumps, strict=True)]
    single = 1 + 2 * sum(j * normal(a) for a, j in zip(ends, jumps, strict=True))
    exact = np.array([float(single + sum(c * density(a, b, e) for a, b, c in pairs)) for e in AWAY])
    assert np.all(np.abs(slope - exact) <= (own.rounding + 1e-12) * exact)
    assert own.rounding < 1e-6


def pulsed(half: float, height: float, centre: float, x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x - centre) < half, height, np.tanh(x))


def test_a_pulse_moves_the_capacity() -> None:
    """Two that one sample of places would miss, against the capacity of an RS equation of Hermite coefficients."""
    for half, height, centre, exact in ((1e-3, 5.0, 1.2345678, 0.8704602781), (2e-4, 8.0, 0.3, 0.8733202571)):
        unit = partial(pulsed, half, height, centre)
        found = replica.capacity(replica.committee(activation=unit, weights="binary"))
        assert found.converged
        assert abs(found.value - exact) <= found.error + 1e-9


@pytest.mark.parametrize(("width", "centre"), [(0.316, 0.0), (0.03, -1.1), (1e-3, 0.4321), (1e-3, 3.3), (0.1, 6.0)])
def test_a_bell_of_any_width_and_place(width: float, centre: float) -> None:
    """The Gaussian integral of ``exp(-((x-c)/w)^2)``."""
    own = Custom(lambda x: np.exp(-(((x - centre) / width) ** 2)))
    found = own.kernel(1 - AWAY, AWAY)
    a, c = 1 / mpmath.mpf(width) ** 2, mpmath.mpf(centre)

    def product(away: mpmath.mpf) -> mpmath.mpf:
        first, second = 1 + 2 * a * (2 - away), 1 + 2 * a * away
        return mpmath.exp(-2 * a * c * c / first) / mpmath.sqrt(first * second)

    with mpmath.workdps(40):
        rest = np.array([float(product(mpmath.mpf(0)) - product(mpmath.mpf(e))) for e in AWAY])
        slope = np.array([float(-mpmath.diff(product, mpmath.mpf(e), h=mpmath.mpf(e) / 10**12)) for e in AWAY])
    assert np.all(np.abs(found.rest - rest) <= (own.rounding + 1e-12) * rest)
    assert np.all(np.abs(found.slope - slope) <= (own.rounding + 1e-12) * slope)
    assert own.rounding < 1e-8


@pytest.mark.parametrize("slope", [30.0, 1e3, 1e5])
def test_a_steep_ramp(slope: float) -> None:
    """``k''(q) = slope^2 sum +- phi_2(+-a, +-a; q)`` of two kinks, ``k'(1) = slope^2 P(|x| < a)``."""
    a = 1 / slope
    own = Custom(lambda x: np.clip(slope * x, -1, 1))
    bend = own.kernel(1 - AWAY, AWAY).bend
    with mpmath.workdps(40):
        exact = np.array([float(2 * slope**2 * (density(a, a, e) - density(a, -a, e))) for e in AWAY])
    assert bend[1:] == pytest.approx(exact[1:], rel=1e-8)
    end = own.kernel(np.ones(1), np.zeros(1)).slope[0]
    assert end == pytest.approx(slope**2 * (1 - erfc(a / sqrt(2))), rel=1e-11)


def test_many_kinks_at_any_places() -> None:
    """``k''(q) = sum_ij kappa_i kappa_j phi_2(a_i, a_j; q)``, also of two kinks that are close."""
    places, bends = [-2.2, -1.0, 0.2, 0.2003, 1.7], [1.0, -2.0, 3.0, -3.5, 0.4]
    own = Custom(lambda x: sum(k * np.maximum(x - a, 0) for a, k in zip(places, bends, strict=True)))
    pairs = [(a, b, k * m) for a, k in zip(places, bends, strict=True) for b, m in zip(places, bends, strict=True)]
    exact = np.array([float(sum(c * density(a, b, e) for a, b, c in pairs)) for e in AWAY])
    assert own.kernel(1 - AWAY, AWAY).bend == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1),
            lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        ),
        (lambda x: 1 / (1 + np.exp(-100 * x)), lambda x: 0.5 * np.tanh(50 * x)),
        (lambda x: (1 - x * x) * np.exp(-x * x / 2), lambda x: (1 - x * x) * np.exp(-x * x / 2) + 3),
        (lambda x: np.sin(20 * x), lambda x: np.sin(20 * x) + 1),
    ],
)
def test_smoothness_is_that_of_the_function_as_a_whole(one: Function, other: Function) -> None:
    """The same function written otherwise, or with a constant added, has the same kernel."""
    first, second = (Custom(f).kernel(1 - AWAY, AWAY) for f in (one, other))
    assert first.rest == pytest.approx(second.rest, rel=1e-11)
    assert first.slope == pytest.approx(second.slope, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("function", [np.tanh, lambda x: np.maximum(x, 0.3)])
def test_single_precision_is_taken_with_its_error(function: Function) -> None:
    coarse, fine = Custom(lambda x: function(x.astype(np.float32))), Custom(function)
    assert 1e-8 < coarse.rounding < 1e-6
    slopes = [own.kernel(1 - AWAY, AWAY).slope for own in (coarse, fine)]
    assert slopes[0] == pytest.approx(slopes[1], rel=coarse.rounding)


def test_a_rare_step_is_not_a_constant() -> None:
    """``k'(q) = phi_2(a, a; q)``, ``k(1) = p (1 - p)``."""
    own = Custom(lambda x: 2.0 + (x > 5.5))
    found = own.kernel(1 - AWAY, AWAY)
    assert found.slope == pytest.approx([float(density(5.5, 5.5, e)) for e in AWAY], rel=1e-10)
    p = 0.5 * erfc(5.5 / sqrt(2))
    assert found.value[0] + found.rest[0] == pytest.approx(p * (1 - p), rel=1e-9)


@pytest.mark.parametrize(
    ("function", "variance"),
    [(lambda x: x**3 - 3 * x, 6.0), (lambda x: x**4 - 6 * x**2 + 3, 24.0), (lambda x: 50 + 1e3 * (x**3 - 3 * x), 6e6)],
)
def test_without_a_linear_part_random_labels_leave_the_paramagnet(function: Function, variance: float) -> None:
    model = replica.committee(activation=function, weights="binary", margin=0.5 * sqrt(variance / 6))
    found = replica.solve(model, alpha=0.3)
    assert found["q"] == 0
    assert found.free_entropy == pytest.approx(log(2) + 0.3 * log_ndtr(-0.5 / sqrt(6)), abs=1e-13)
    assert replica.solve(replica.committee(activation=function, labels="teacher"), alpha=0.3)["q"] == 0


def test_a_small_linear_part_is_kept() -> None:
    """``q_hat = alpha k'(0) E f^2`` to first order in ``k'(0) = c_1^2``, and ``q = q_hat``."""
    for part in (1e-9, 1e-4):
        own = np.polynomial.Polynomial([0.0, part - 3, 0.0, 1.0])
        found = replica.solve(replica.committee(activation=own, weights="binary", margin=0.5), alpha=0.3)
        hazard = np.exp(-0.25 / 12 - log_ndtr(-0.5 / sqrt(6))) / sqrt(2 * pi)
        assert found["q"] == pytest.approx(0.3 * part**2 * hazard**2 / 6, rel=1e-6)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: np.sin(1e4 * x), "so many"),
        (lambda x: np.sin(2e6 * x), "scatter"),
        (lambda x: 1 / (x - 0.1), "finite|differ|fast"),
    ],
)
def test_what_no_probe_resolves_is_refused(function: Function, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replica.capacity(replica.committee(activation=function, weights="spherical"))


def test_waves_whose_hermite_series_has_a_gap() -> None:
    """``k'(q) = sum a^2 w^2 exp(-w^2) sinh(w^2 q)`` of cosines: powers of q near w^2, nothing between."""
    own = Custom(lambda x: np.cos(20 * x) + 0.1 * np.cos(45 * x))
    found = own.kernel(1 - AWAY, AWAY)
    waves = ((400.0, 1.0), (2025.0, 0.01))
    exact = sum(a * w * 0.5 * (np.exp(-w * AWAY) - np.exp(-w * (2 - AWAY))) for w, a in waves)
    assert found.slope == pytest.approx(exact, rel=1e-9, abs=1e-12)
    assert own.rounding < 1e-9


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (lambda x: np.maximum(0, x) + np.minimum(0, 2 * (np.exp(x / 2) - 1)), lambda x: np.exp(np.minimum(0, x) / 2)),
        (lambda x: np.sign(x) * np.log1p(np.abs(x)), lambda x: 1 / (1 + np.abs(x))),
    ],
)
def test_kinks_of_the_second_derivative(function: Function, slope: Function) -> None:
    """``k'(q) = E g'(x) g'(y)`` by nodes on the quarters of the plane, at whose edges ``g'`` has its kink."""
    own = Custom(function)
    assert own.rounding < 1e-11
    x, w = np.polynomial.legendre.leggauss(300)
    x, w = np.concatenate([4.5 * (x - 1), 4.5 * (x + 1)]), np.concatenate([4.5 * w, 4.5 * w])
    for away in (0.9, 0.5, 0.1):
        deter = away * (2 - away)
        mass = np.exp(-(np.subtract.outer(x, x) ** 2 + 2 * away * np.outer(x, x)) / (2 * deter))
        exact = (w * slope(x)) @ mass @ (w * slope(x)) / (2 * pi * sqrt(deter))
        assert own.kernel(np.array([1 - away]), np.array([away])).slope[0] == pytest.approx(exact, rel=1e-10)
