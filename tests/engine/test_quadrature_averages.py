"""Averages with an error, in one and two dimensions: the true error lies below the reported one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from saddlepoint.quadrature import (
    gaussian_average,
    gaussian_average_2d,
    gaussian_nodes,
)
from tests.engine.integrands import EPS, MARGINS, bell, hazard, margin_feature, margin_log, tail


def step_at_third(z: np.ndarray) -> np.ndarray:
    return 1.0 * (z > 1.0 / 3.0)


def ramp(z: np.ndarray) -> np.ndarray:
    return np.maximum(z - 1.0, 0.0) ** 2


def narrow_hazard(z: np.ndarray) -> np.ndarray:
    return hazard((0.5 - math.sqrt(0.9999) * z) / math.sqrt(1 - 0.9999)) ** 2


INTEGRALS = [
    (lambda z: np.ones_like(z), {}, 1.0),
    (lambda z: z**8, {}, 105.0),
    (lambda z: np.cos(3.0 * z), {}, math.exp(-4.5)),
    (lambda z: np.exp(2.0 * z), {}, math.exp(2.0)),
    (lambda z: np.tanh(z / 1e-7), {"features": [(0.0, 1e-7)]}, 0.0),
    (lambda z: np.abs(z), {"breaks": [0.0]}, math.sqrt(2.0 / math.pi)),
    (step_at_third, {"breaks": [1.0 / 3.0]}, tail(1.0 / 3.0)),
    (ramp, {"breaks": [1.0]}, 2.0 * tail(1.0) - bell(1.0)),
    (narrow_hazard, {"features": [margin_feature(0.5, 0.9999)]}, float(MARGINS[3][3])),
    (margin_log(-8.0, 0.5), {"features": [margin_feature(-8.0, 0.5)]}, float(MARGINS[4][2])),
    # kink and step not told, growth of the Gaussian's own rate: must not converge, must say so, error still
    # above
    (lambda z: np.abs(z - 0.3), {}, 2.0 * bell(0.3) + 0.3 * (1.0 - 2.0 * tail(0.3))),
    (lambda z: np.sign(z + 0.71), {}, 1.0 - 2.0 * tail(0.71)),
    (lambda z: np.exp(0.4 * z * z), {}, math.sqrt(5.0)),
]
HOPELESS = range(len(INTEGRALS) - 3, len(INTEGRALS))


@pytest.mark.parametrize("number", range(len(INTEGRALS)))
@pytest.mark.parametrize("tolerance", [1e-5, 1e-8, 1e-12])
def test_true_error_is_below_the_reported(number: int, tolerance: float) -> None:
    f, known, exact = INTEGRALS[number]
    found = gaussian_average(f, tolerance=tolerance, **known)
    assert abs(found.value - exact) <= found.error
    assert found.converged == (found.error <= tolerance * max(1.0, abs(found.value)))
    assert found.converged is (number not in HOPELESS)


def test_a_looser_tolerance_costs_less() -> None:
    feature = [(0.5, 1e-3)]
    counts = []
    for tolerance in (1e-6, 1e-10):
        found = gaussian_average(lambda z: np.tanh((z - 0.5) / 1e-3) ** 2, features=feature, tolerance=tolerance)
        levels = (0, 1) if tolerance == 1e-6 else (1, 2)
        assert found.evaluations == sum(gaussian_nodes([[0.5]], [[1e-3]], None, n)[0].size for n in levels)
        counts.append(found.evaluations)
    assert counts[0] < counts[1]


def test_several_values_at_once() -> None:
    found = gaussian_average(lambda z: np.stack([[z, z**2], [np.abs(z - 0.3), np.cos(z)]]), tolerance=1e-10)
    assert found.value.shape == found.error.shape == found.converged.shape == (2, 2)
    assert found.converged.tolist() == [[True, True], [False, True]]
    exact = np.array([[0.0, 1.0], [INTEGRALS[-3][2], math.exp(-0.5)]])
    assert np.all(np.abs(found.value - exact) <= found.error)


def test_rounding_is_the_floor_of_the_error() -> None:
    found = gaussian_average(lambda z: 1e6 * z, tolerance=1e-12)
    assert not found.converged and 1e-11 < found.error < 1e-8
    assert abs(found.value) <= found.error


def test_bad_integrands_and_tolerances() -> None:
    with pytest.raises(ValueError, match=r"not finite at z = -\d"), np.errstate(invalid="ignore"):
        gaussian_average(lambda z: np.sqrt(z))
    with pytest.raises(ValueError, match=r"not finite at z = [3-9]\.\d"):
        gaussian_average(lambda z: np.stack([z, np.where(z > 3.0, np.inf, z)]))
    with pytest.raises(ValueError, match=r"returned the shape \(\) for points of shape \(\d+,\)"):
        gaussian_average(lambda z: 1.0)
    with pytest.raises(ValueError, match="tolerance must be positive, got 0"):
        gaussian_average(np.cos, tolerance=0.0)
    with pytest.raises(ValueError, match=r"not finite at x = .*, y = [1-9]"):
        gaussian_average_2d(lambda x, y: np.where(y > 1.0, np.nan, x))


# --- two dimensions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [-0.999, -0.5, 0.0, 0.3, 0.9])
def test_orthant_probability(rho: float) -> None:
    """P(x > 0, rho x + sqrt(1 - rho^2) y > 0) = 1/4 + arcsin(rho)/(2 pi) (Sheppard)."""
    slope = rho / math.sqrt(1.0 - rho * rho)
    found = gaussian_average_2d(
        lambda x, y: 1.0 * ((x > 0.0) & (y > -slope * x)),
        features_x=[(0.0, 1.0 / abs(slope))] if slope else [],
        breaks_x=[0.0],
        breaks_y=lambda x: [-slope * x],
    )
    exact = 0.25 + math.asin(rho) / (2.0 * math.pi)
    assert found.converged and found.error < 1e-12
    assert abs(found.value - exact) <= found.error + EPS / 4  # the closed form is a difference from 1/4


@pytest.mark.parametrize("width", [1.0, 1e-2, 1e-4])
def test_moving_feature(width: float) -> None:
    """x - y is a Gaussian of variance 2: the double average is a single one."""
    found = gaussian_average_2d(
        lambda x, y: np.tanh((x - y) / width) ** 2, features_y=lambda x: [(x, width)], tolerance=1e-11
    )
    single = gaussian_average(
        lambda z: np.tanh(math.sqrt(2.0) * z / width) ** 2, features=[(0.0, width / math.sqrt(2.0))]
    )
    assert found.converged and abs(found.value - single.value) <= found.error + single.error


def test_double_average_of_several_values_and_constant_features() -> None:
    found = gaussian_average_2d(
        lambda x, y: np.stack([np.abs(x) * np.abs(y), x**2 * y**4, (x + y) ** 2]),
        features_x=[(0.0, 0.5)],
        features_y=[(0.0, 0.1)],
        breaks_x=[0.0],
        breaks_y=[0.0],
    )
    assert np.all(np.abs(found.value - [2.0 / math.pi, 3.0, 2.0]) <= found.error) and np.all(found.converged)
    z, outer = gaussian_nodes([[0.0]], [[0.5]], [[0.0]])
    assert found.evaluations > z.shape[1] ** 2 and np.all(outer > 0.0)


def test_undeclared_jump_in_two_dimensions_is_not_converged() -> None:
    found = gaussian_average_2d(lambda x, y: 1.0 * (y > x + 0.1))
    exact = tail(0.1 / math.sqrt(2.0))
    assert not found.converged and found.error > 1e-9
    assert abs(found.value - exact) < 0.02
