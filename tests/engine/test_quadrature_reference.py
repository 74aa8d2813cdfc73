"""The mpmath reference of Gaussian averages: digits asked for, and float64 against it at random places."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from saddlepoint.quadrature import (
    gaussian_average,
    gaussian_average_reference,
)
from saddlepoint.special import cosh_terms
from tests.engine.integrands import MARGINS, average, bell, margin_feature, tail


def margin_terms(k: float, q: float):
    mp = mpmath.mp

    def f(z):
        u = (k - mp.sqrt(mp.mpf(q)) * z) / mp.sqrt(1 - mp.mpf(q))
        h = mp.erfc(u / mp.sqrt(2)) / 2
        return mp.log1p(-mp.erfc(-u / mp.sqrt(2)) / 2) if u < 0 else mp.log(h), mp.exp(-u * u) / (2 * mp.pi * h * h)

    return f


@pytest.mark.parametrize("number", [0, 1, 3, 4, 5])
def test_reference_has_the_stored_digits(number: int) -> None:
    k, q, log_ref, square_ref = MARGINS[number]
    terms, feature = margin_terms(k, q), margin_feature(k, q)
    values, errors = gaussian_average_reference(terms, 21, features=[feature], mp=mpmath.mp)
    with mpmath.workdps(30):
        for value, error, ref in zip(values, errors, (log_ref, square_ref), strict=True):
            exact = mpmath.mpf(ref)
            assert error <= 2 * abs(exact) * mpmath.mpf(10) ** -21
            assert abs(value - exact) <= error + abs(exact) * mpmath.mpf(10) ** -24


@pytest.mark.parametrize("digits", [5, 20, 40])
def test_reference_to_any_digits(digits: int) -> None:
    mp = mpmath.mp
    value, error = gaussian_average_reference(lambda z: 1 / (1 + z * z), digits, features=[(0, 1)], mp=mp)
    with mp.workdps(digits + 10):
        exact = mp.sqrt(mp.pi * mp.e / 2) * mp.erfc(mp.sqrt(mp.mpf(1) / 2))
        assert abs(value - exact) <= error <= mp.mpf(10) ** -digits


def test_reference_keeps_breaks_beyond_float64() -> None:
    mp = mpmath.mp
    with mp.workdps(40):
        third = mp.mpf(1) / 3
        value, error = gaussian_average_reference(lambda z: mp.mpf(z > third), 30, breaks=[third, mp.inf], mp=mp)
        exact = mp.erfc(third / mp.sqrt(2)) / 2
        assert abs(value - exact) <= error < mp.mpf(10) ** -30


def test_reference_leaves_the_precision_of_the_context_alone() -> None:
    before = mpmath.mp.dps
    gaussian_average_reference(lambda z: z * z, 12, mp=mpmath.mp)
    assert mpmath.mp.dps == before


def test_reference_says_when_the_digits_were_not_reached() -> None:
    mp = mpmath.mp
    value, error = gaussian_average_reference(lambda z: abs(z - mp.mpf("0.3")), 8, mp=mp)
    exact = 2.0 * bell(0.3) + 0.3 * (1.0 - 2.0 * tail(0.3))
    assert error > 1e-8 and abs(value - exact) < 100 * error


def test_reference_refuses_poles_and_no_digits() -> None:
    mp = mpmath.mp
    with pytest.raises(ValueError, match=r"not finite at z = [2-9]\."):
        gaussian_average_reference(lambda z: mp.inf if z > 2 else z, 10, mp=mp)
    with pytest.raises(ValueError, match="digits must be at least 1, got 0"):
        gaussian_average_reference(lambda z: z, 0, mp=mp)


# --- float64 against the reference, at random places ---------------------------------------------------


def test_random_features_against_the_reference() -> None:
    rng = np.random.default_rng(11)
    mp = mpmath.mp
    for _ in range(6):
        place, width = rng.normal() * 2.0, 10.0 ** rng.uniform(-4.0, 0.5)

        def exact(z, place=place, width=width):
            return mp.log(2 * mp.cosh((z - mp.mpf(place)) / mp.mpf(width)))

        ref, _ = gaussian_average_reference(exact, 18, features=[(place, width)], mp=mp)

        def f(z: np.ndarray, place: float = place, width: float = width) -> np.ndarray:
            h = np.ascontiguousarray((z - place) / width)
            value, slope, curvature = (np.empty_like(h) for _ in range(3))
            cosh_terms(h, value, slope, curvature)
            return value

        value, _ = average(f, (place, width))
        assert value == pytest.approx(float(ref), rel=2e-15)
        found = gaussian_average(f, features=[(place, width)])
        assert found.converged and abs(found.value - float(ref)) <= found.error
