"""Bands of any width: ln Z with its slopes against derivatives in mpmath, capacities against the first moment."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import replica
from replica.losses import Band, OutsideBand


def log_z(h, half, root):
    near, far = mpmath.erfc((abs(h) - half) / root), mpmath.erfc((abs(h) + half) / root)
    return mpmath.log((near - far) / 2)


@pytest.mark.parametrize("width", [1e-100, 1e-15, 1e-9, 1e-6, 1e-3, 0.3, 0.9, 2.0])
@pytest.mark.parametrize("field", [1e-9, -0.4, 2.05, -3.9, 40.0, 7e3])
def test_log_and_slopes_in_a_band(width, field):
    """At V = 1 and 4; the references are Taylor coefficients, with digits for all that cancels."""
    for variance in (1.0, 4.0):
        with mpmath.workdps(90 + int(-3 * np.log10(width / 10))):
            half = mpmath.mpf(width)
            root = mpmath.sqrt(2 * mpmath.mpf(variance))

            step = half / 100 * mpmath.mpf(10) ** -15
            h = mpmath.mpf(field)
            low, middle, high = (log_z(h + k * step, half, root) for k in (-1, 0, 1))
            exact = [float(x) for x in (middle, (high - low) / (2 * step), (high - 2 * middle + low) / step**2)]
        found = [float(x[0, 0]) for x in Band(width).terms(np.array([[field]]), np.array([variance]), np.inf)]
        assert found == pytest.approx(exact, rel=1e-13, abs=1e-300)


@pytest.mark.parametrize("width", [1e-290, 1e-12, 1e-9, 3e-8, 1e-4])
def test_capacity_of_narrow_bands(width):
    """Binary: the first moment, ``ln 2/-ln(2 kappa/sqrt(2 pi))``; weights that may be 0 have none."""
    found = replica.capacity(replica.perceptron("binary", loss=Band(width)))
    moment = np.log(2.0) / -np.log(2.0 * width / np.sqrt(2.0 * np.pi))
    assert found.value == pytest.approx(moment, rel=max(width, 1e-14))
    assert "w = 0 satisfies every pattern" in replica.capacity(replica.perceptron("ternary", loss=Band(width))).status
    state = replica.solve(replica.perceptron("binary", loss=Band(width)), alpha=0.5 * moment)
    assert state["q"] == 0.0
    assert float(state.certify(25).potential) == pytest.approx(state.free_entropy, abs=1e-13)


@pytest.mark.parametrize("width", [1e-12, 1e-3, 0.06, 0.9, 3.0])
@pytest.mark.parametrize("field", [0.0, 0.02, -2.5, 4.5, 9.0])
def test_what_an_outside_band_takes_away_keeps_its_digits(width, field):
    """``ln[1 - mass of the band]`` where the mass is small: of the width, or of a far tail."""
    with mpmath.workdps(60):
        root, half = mpmath.sqrt(2), mpmath.mpf(width)
        away = (mpmath.erfc((abs(field) - half) / root) - mpmath.erfc((abs(field) + half) / root)) / 2
        exact = float(mpmath.log1p(-away))
    found = OutsideBand(width).terms(np.array([[field]]), np.ones(1), np.inf)[0][0, 0]
    assert found == pytest.approx(exact, rel=1e-13, abs=0.0)
