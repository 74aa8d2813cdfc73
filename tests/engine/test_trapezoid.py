"""The trapezoidal rule with one or two features: against mpmath, and its refusal of what it does not serve."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from saddlepoint.quadrature.fields import field_nodes
from saddlepoint.quadrature.levels import LEVELS, rule_and_grading
from saddlepoint.quadrature.panels import lay_panels

ONE = np.ones(1)


def laid(places: list[float], widths: list[float], breaks: list[float] | None = None) -> int:
    """What is laid for a row at level 1: nodes of the trapezoidal rule, negative, or panels."""
    edges, count, stops = np.empty((400, 1)), np.zeros(1, dtype=np.int64), np.array([breaks or []])
    grading = rule_and_grading(1)[1]
    lay_panels(np.array([places]), np.array([widths]), stops, grading, np.empty(stops.size + 1), edges, count)
    return int(count[0])


def bells(z: np.ndarray, places: list[float], widths: list[float]) -> np.ndarray:
    return np.prod([1.0 / (1.0 + ((z - p) / w) ** 2) for p, w in zip(places, widths, strict=True)], axis=0)


@pytest.mark.parametrize(
    "places, widths",
    [
        ([0.0], [1.0]),
        ([1.3], [1e-3]),
        ([-2.4], [0.2]),  # the Gaussian is a feature too
        ([0.5], [40.0]),  # wider than the Gaussian: none
        ([0.3, -1.1], [1e-6, 0.5]),
        ([1.0, 1.0], [1e-2, 1.0]),
        ([2.3, 2.4], [0.3, 0.1]),  # both on one side
        ([-0.7, 2.0], [1e-9, 1e-4]),
        ([np.inf, 0.4], [0.1, 0.3]),  # one is nowhere
    ],
)
def test_levels_have_the_digits_they_claim(places: list[float], widths: list[float]) -> None:
    assert laid(places, widths) < 0
    real = [(p, w) for p, w in zip(places, widths, strict=True) if np.isfinite(p)]

    def exact(z: mpmath.mpf) -> mpmath.mpf:
        lines = [1 / (1 + ((z - mpmath.mpf(p)) / mpmath.mpf(w)) ** 2) for p, w in real]
        return mpmath.npdf(z) * mpmath.fprod(lines)

    with mpmath.workdps(30):
        steps = [p + s * 4.0**k * w for p, w in real for s in (-1, 1) for k in range(-1, 24) if 4.0**k * w < 12]
        truth = float(mpmath.quad(exact, sorted({-14.0, *steps, *(p for p, _ in real), 14.0})))
    finite = [p for p, _ in real], [w for _, w in real]
    rounding = 0.1 * max(2e-16 * abs(p) / w for p, w in real)  # of the nodes
    for level, digits in ((0, 1e-6), (1, 3e-12), (2, 1e-14), (3, 1e-14), (4, 1e-14)):
        z, weight, _ = field_nodes(np.array([places]), np.array([widths]), 0.0 * ONE, ONE, level)
        assert abs((weight * bells(z, *finite)).sum() / truth - 1.0) < digits + rounding


def test_neighbouring_levels_share_no_node() -> None:
    for level in range(1, len(LEVELS) - 1):
        below, above = (field_nodes(ONE[None], 0.3 * ONE[None], 0.0 * ONE, ONE, n)[0] for n in (level, level + 1))
        assert np.abs(below[0][:, None] - above[0]).min() > 1e-9


def test_panels_where_it_does_not_serve() -> None:
    assert laid([0.3], [0.1], [1.0]) > 0  # a kink
    assert laid([0.3], [0.1], [np.nan]) < 0  # none
    assert laid([3.0], [0.1]) > 0  # relative digits of a tail
    assert laid([0.3, 0.4, 0.5], [0.1, 0.2, 0.3]) > 0
    with pytest.raises(ValueError, match="widths of features must not be negative"):
        laid([0.3], [-0.1])


def test_moments_and_symmetry() -> None:
    z, weight, _ = field_nodes(np.zeros((1, 1)), np.full((1, 1), 0.2), 0.0 * ONE, ONE, 1)
    moments = [float((weight * z**n).sum()) for n in range(9)]
    np.testing.assert_allclose(moments[::2], [1.0, 1.0, 3.0, 15.0, 105.0], rtol=1e-12)
    assert max(map(abs, moments[1::2])) < 1e-13
