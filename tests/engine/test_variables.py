"""Charts and named vectors: round trips, slopes, domains, mpmath, messages."""

from __future__ import annotations

import pickle

import mpmath
import numpy as np
import pytest

from saddlepoint import POSITIVE, REAL, UNIT, OneSign, Variable, Variables

CHARTS = [REAL, POSITIVE, UNIT]
DOWN = OneSign(-1.0)
FREE = np.concatenate([np.linspace(-30, 30, 121), [-600.0, -1e-9, 1e-300]])


@pytest.mark.parametrize("chart", [*CHARTS, DOWN], ids=str)
def test_round_trip(chart):
    # the value of UNIT next to 1 holds the free coordinate to eps / (1 - value)
    spread = np.exp(np.maximum(FREE, 0.0)) if chart is UNIT else np.ones_like(FREE)
    back = chart.to_free(chart.to_value(FREE))
    assert np.all(np.abs(back - FREE) <= 4e-16 * np.maximum(np.abs(FREE), 1.0) + 3e-16 * spread)
    assert np.all(chart.contains(chart.to_value(FREE)))


@pytest.mark.parametrize("chart", [*CHARTS, DOWN], ids=str)
def test_values_and_slopes_against_mpmath(chart):
    with mpmath.workdps(40):
        for x in [-700.0, -37.5, -2.0, 0.0, 1e-5, 3.0, 36.0]:
            exact = chart.to_value(mpmath.mpf(x), mpmath.mp)
            slope = chart.slope(mpmath.mpf(x), mpmath.mp)
            assert abs(chart.to_value(np.array([x]))[0] / exact - 1 if exact else 0) < 1e-15
            assert abs(chart.slope(np.array([x]))[0] / slope - 1) < 1e-15
            assert abs(chart.to_free(exact, mpmath.mp) - x) < 1e-20
            assert abs(mpmath.diff(lambda t: chart.to_value(t, mpmath.mp), x) / slope - 1) < 1e-12


def test_charts_stay_single_objects():
    for chart in CHARTS:
        assert pickle.loads(pickle.dumps(chart)) is chart
    assert pickle.loads(pickle.dumps(Variable("q", UNIT))).chart is UNIT
    assert pickle.loads(pickle.dumps(DOWN)).sign == -1.0


@pytest.mark.parametrize(
    ("chart", "bad"), [(REAL, np.inf), (POSITIVE, 0.0), (UNIT, 1.0), (UNIT, -0.1), (REAL, np.nan), (DOWN, 0.5)]
)
def test_values_outside_the_domain_are_named(chart, bad):
    variables = Variables(Variable("ok", REAL), Variable("bad", chart))
    with pytest.raises(ValueError, match="variable 'bad' must be .*, got"):
        variables.free({"ok": 1.0, "bad": np.array([0.5, bad])}, 2)


def test_names():
    variables = Variables(Variable("q_hat", POSITIVE), Variable("m", UNIT))
    assert variables.names == ("q_hat", "m") and len(variables) == 2
    assert variables.index("m") == 1 and variables[0].chart is POSITIVE
    with pytest.raises(ValueError, match="unknown variable 'q_hta'; did you mean 'q_hat'"):
        variables.free({"q_hta": 1.0, "m": 0.5}, 1)
    with pytest.raises(ValueError, match="variable 'm' has no value"):
        variables.free({"q_hat": 1.0}, 1)
    with pytest.raises(ValueError, match="different names"):
        Variables(Variable("a"), Variable("a"))
    with pytest.raises(ValueError, match="must be REAL, POSITIVE or UNIT"):
        Variable("a", "positive")
