"""Rules and nodes of Gaussian averages against closed forms and the figures of mpmath's tanh-sinh rule."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest

from saddlepoint.quadrature import (
    gauss_legendre,
    gaussian_nodes,
)
from saddlepoint.quadrature.anchored import anchored_nodes
from saddlepoint.quadrature.levels import LEVELS, Grading
from saddlepoint.quadrature.panels import nodes_for_python
from tests.engine.integrands import (
    EPS,
    FIELDS,
    MARGINS,
    NONE,
    average,
    bell,
    hazard,
    log_tail,
    margin_feature,
    margin_log,
    tail,
    tanh_sinh,
)


@pytest.mark.parametrize("order", [1, 2, 3, 7, 10, 16, 20, 34, 64])
def test_rule_is_correctly_rounded(order: int) -> None:
    x, w = gauss_legendre(order)
    with mpmath.workdps(40):

        def legendre(t):
            return mpmath.legendre(order, t)

        guess, _ = np.polynomial.legendre.leggauss(order)
        roots = [mpmath.findroot(legendre, mpmath.mpf(float(g))) if abs(g) > 1e-9 else mpmath.mpf(0) for g in guess]
        # (1 - x^2) P_n' = n P_{n-1} at the roots
        below = [order * mpmath.legendre(order - 1, r) for r in roots]
        weights = [2 * (1 - r * r) / b**2 for r, b in zip(roots, below, strict=True)]
        assert x.tolist() == [float(r) for r in roots]
        assert w.tolist() == [float(v) for v in weights]


def test_rule_of_ten_points_as_published() -> None:
    """Abramowitz and Stegun, table 25.4, n = 10."""
    x, w = gauss_legendre(10)
    table_x = [0.148874338981631, 0.433395394129247, 0.679409568299024, 0.865063366688985, 0.973906528517172]
    table_w = [0.295524224714753, 0.269266719309996, 0.219086362515982, 0.149451349150581, 0.066671344308688]
    np.testing.assert_allclose(x[5:], table_x, rtol=0, atol=6e-16)
    np.testing.assert_allclose(w[5:], table_w, rtol=0, atol=6e-16)


@pytest.mark.parametrize("order", [1, 5, 12, 20])
def test_rule_is_exact_to_its_degree_and_no_further(order: int) -> None:
    x, w = gauss_legendre(order)
    for degree in range(0, 2 * order, 2):
        assert abs((w * x**degree).sum() - 2.0 / (degree + 1)) < 4 * EPS
    beyond = 2.0 / (2 * order + 1) - math.fsum(w * x ** (2 * order))
    lead = 2.0 ** (2 * order + 1) * math.factorial(order) ** 4 / ((2 * order + 1) * math.factorial(2 * order) ** 2)
    assert abs(beyond - lead) < 8 * EPS + 1e-9 * lead


def test_rule_is_shared_and_read_only() -> None:
    x, w = gauss_legendre(8)
    assert gauss_legendre(8)[0] is x
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 0.0
    with pytest.raises(ValueError, match="read-only"):
        w[0] = 0.0
    with pytest.raises(ValueError, match="at least 1, got 0"):
        gauss_legendre(0)


# --- nodes: closed forms -------------------------------------------------------------------------------

PLACES = [-9.0, -4.0, -1.3, 0.0, 0.4, 2.0, 8.0]
WIDTHS = [1e-12, 1e-9, 1e-5, 1e-2, 0.3, 1.0, 5.0]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("width", WIDTHS)
def test_moments_on_any_mesh(place: float, width: float, level: int) -> None:
    z, weight = gaussian_nodes([[place]], [[width]], None, level)
    assert np.all(np.diff(z) > 0.0) and np.all(weight > 0.0)
    exact = 1.0
    # the domain of level 1 leaves out 1e-12 of E z^8
    for degree in range(0, 5 if level == 1 else 9, 2):
        assert abs((weight * z**degree).sum() / exact - 1.0) < 1e-13
        assert abs((weight * z ** (degree + 1)).sum()) < 1e-13 * exact * (degree + 1)
        exact *= degree + 1


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("width", WIDTHS)
def test_smeared_step(place: float, width: float) -> None:
    """E H((p - z)/w) = H(p/sqrt(1 + w^2)) and E z H((p - z)/w) = bell(p/sqrt(1 + w^2))/sqrt(1 + w^2)."""
    z, weight = gaussian_nodes([[place]], [[width]])
    step = np.exp(log_tail((place - z) / width))
    root = math.hypot(1.0, width)
    # a step of width w is seen through nodes rounded to eps |p|, a change of the density by eps p^2
    rounding = 8 * EPS * (1.0 + place * place)
    assert (weight * step).sum() == pytest.approx(tail(place / root), rel=1e-13 + rounding)
    assert (weight * z * step).sum() == pytest.approx(bell(place / root) / root, rel=1e-13 + rounding)


@pytest.mark.parametrize("place", [-30.0, -20.0, -8.0, -3.7, -0.1, 0.0, 1e-9, 1.0 / 3.0, 5.0, 8.0, 20.0, 30.0])
def test_jumps_and_kinks_at_breaks(place: float) -> None:
    z, weight = gaussian_nodes(NONE, NONE, [[place]])
    above = z > place
    assert np.all(z != place)
    exact = 8 * EPS * (1.0 + place * place)
    assert (weight * above).sum() == pytest.approx(tail(place), rel=exact)
    square = (1.0 + place * place) * tail(place) - place * bell(place)
    if place < 6.0:  # beyond, the closed form itself cancels
        assert (weight * np.where(above, z - place, 0.0) ** 2).sum() == pytest.approx(square, rel=1e-13)
    assert (weight * ~above).sum() == pytest.approx(tail(-place), rel=exact)


def test_many_breaks_in_any_order_and_none() -> None:
    breaks = np.array([[2.0, np.nan, -1.0, 2.0, np.inf, 0.5, 0.5 + 1e-15, -np.inf, 50.0]])
    z, weight = gaussian_nodes(NONE, NONE, breaks)
    assert np.all(np.diff(z) >= 0.0)
    inside = (weight * ((z > -1.0) & (z < 2.0))).sum()
    assert inside == pytest.approx(tail(-1.0) - tail(2.0), rel=4 * EPS)
    plain = gaussian_nodes(NONE, NONE)
    for same in (np.full((1, 3), np.nan), np.full((1, 1), np.inf), np.zeros((1, 0))):
        for got, expected in zip(gaussian_nodes(NONE, NONE, same), plain, strict=True):
            assert np.array_equal(got, expected)


@pytest.mark.parametrize("feature", [(np.nan, 1e-6), (np.inf, 1e-6), (-np.inf, 1.0), (0.0, np.inf), (0.0, np.nan)])
def test_absent_features(feature: tuple[float, float]) -> None:
    for got, expected in zip(gaussian_nodes([[feature[0]]], [[feature[1]]]), gaussian_nodes(NONE, NONE), strict=True):
        assert np.array_equal(got, expected)


# --- nodes: figures of the replica integrands ----------------------------------------------------------


@pytest.mark.parametrize(("k", "q", "log_ref", "square_ref"), MARGINS)
def test_margin_averages(k: float, q: float, log_ref: str, square_ref: str) -> None:
    feature = margin_feature(k, q)
    for level in (1, 2, 3, 4):
        value, _ = average(margin_log(k, q), feature, level)
        assert value == pytest.approx(float(log_ref), rel=1e-13)
        value, _ = average(lambda z: hazard((k - math.sqrt(q) * z) / math.sqrt(1 - q)) ** 2, feature, level)
        assert value == pytest.approx(float(square_ref), rel=1e-13)


@pytest.mark.parametrize(("q_hat", "ref"), FIELDS)
def test_field_averages(q_hat: float, ref: str) -> None:
    root = math.sqrt(q_hat)
    for level in (1, 2, 3, 4):
        value, _ = average(lambda z: np.tanh(root * z) ** 2, (0.0, 1.0 / root), level)
        assert value == pytest.approx(float(ref), rel=1e-14)


def test_stored_figures_are_those_of_tanh_sinh() -> None:
    with mpmath.workdps(22):
        mp = mpmath.mp
        root = mp.sqrt(mp.mpf(100))
        found = tanh_sinh(lambda z: mp.tanh(root * z) ** 2, 0.0, 0.1)
        assert abs(found - mp.mpf(FIELDS[3][1])) < mp.mpf(10) ** -20
        k, q = mp.mpf(-1), mp.mpf(0.3)

        def f(z):
            return mp.log(mp.erfc((k - mp.sqrt(q) * z) / mp.sqrt(2 * (1 - q))) / 2)

        assert abs(tanh_sinh(f, -1 / 0.3**0.5, (0.7 / 0.3) ** 0.5) - mp.mpf(MARGINS[1][2])) < mp.mpf(10) ** -18


def test_sizes_of_the_meshes() -> None:
    """The node counts the levels were tuned for: a change of them is a change of the speed of everything."""
    counts = {w: gaussian_nodes([[0.5]], [[w]])[0].shape[1] for w in (np.inf, 1.0, 1e-2, 1e-5, 1e-12)}
    assert counts[np.inf] <= 100 and counts[1.0] <= 130 and counts[1e-2] <= 280
    assert counts[1e-5] <= 450 and counts[1e-12] <= 900
    by_level = [gaussian_nodes([[0.5]], [[1e-3]], None, level)[0].shape[1] for level in range(len(LEVELS))]
    assert by_level == sorted(set(by_level))
    assert len({grading.order for grading in LEVELS}) == len(LEVELS)


# --- nodes: batches ------------------------------------------------------------------------------------


def test_rows_of_a_batch_are_single_rows_bit_for_bit() -> None:
    rng = np.random.default_rng(3)
    rows = 40
    place, width = rng.normal(size=(rows, 3)) * 3.0, 10.0 ** rng.uniform(-9.0, 1.0, size=(rows, 3))
    breaks = rng.normal(size=(rows, 2)) * 2.0
    breaks[::3] = np.nan
    width[::5] = np.inf
    z, weight = gaussian_nodes(place, width, breaks)
    used = (weight > 0.0).sum(axis=1)
    assert used.min() < used.max() == z.shape[1]
    for row in range(rows):
        own_z, own_weight = gaussian_nodes(place[row : row + 1], width[row : row + 1], breaks[row : row + 1])
        n = used[row]
        assert own_z.shape == (1, n)
        assert np.array_equal(own_z[0], z[row, :n]) and np.array_equal(own_weight[0], weight[row, :n])
        assert np.all(z[row, n:] == z[row, n - 1]) and np.all(weight[row, n:] == 0.0)


def test_any_layout_of_the_arguments_gives_the_same() -> None:
    place, width = np.array([[0.3, 1.0], [0.5, -2.0]]), np.array([[0.1, 0.2], [0.3, 0.4]])
    expected = gaussian_nodes(place, width)
    frozen = place.copy()
    frozen.setflags(write=False)
    for p, w in (
        (place.T.copy().T, width),
        (frozen, width.tolist()),
        (np.repeat(place, 2, axis=1)[:, ::2], width),
    ):
        for got, wanted in zip(gaussian_nodes(p, w), expected, strict=True):
            assert np.array_equal(got, wanted)
    assert gaussian_nodes(np.zeros((0, 1)), np.zeros((0, 1)))[0].shape[0] == 0


def test_wrong_arguments_of_nodes() -> None:
    with pytest.raises(ValueError, match=r"shapes \(B, F\), \(B, F\) and \(B, K\), got"):
        gaussian_nodes([[0.0]], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="got"):
        gaussian_nodes([[0.0]], [[1.0]], [[0.0], [1.0]])
    with pytest.raises(ValueError, match="widths of features must not be negative"):
        gaussian_nodes([[0.0]], [[-1.0]])
    with pytest.raises(ValueError, match="level must be a whole number from 0 to 4, got 5"):
        gaussian_nodes([[0.0]], [[1.0]], None, 5)


def test_interpreted_nodes_have_the_same_digits() -> None:
    script = (
        "from saddlepoint.quadrature import gaussian_nodes\n"
        "z, w = gaussian_nodes([[0.3, -2.0]], [[0.01, 1.0]], [[1.0]])\n"
        "print(*[x.hex() for x in [*z[0].tolist(), *w[0].tolist()]])"
    )
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(root)}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=root, capture_output=True, text=True, check=True
    )
    interpreted = np.array([float.fromhex(x) for x in run.stdout.split()])
    z, weight = gaussian_nodes([[0.3, -2.0]], [[0.01, 1.0]], [[1.0]])
    np.testing.assert_allclose(interpreted, np.concatenate([z[0], weight[0]]), rtol=64 * EPS, atol=4 * EPS)


# --- order of convergence ------------------------------------------------------------------------------


def test_error_falls_geometrically_with_the_order_on_a_fixed_mesh() -> None:
    """E 1/(1 + z^2) = sqrt(pi e/2) erfc(1/sqrt 2); panels of length 2 have the poles at rho = 1 + sqrt 2."""
    exact = math.sqrt(math.pi * math.e / 2.0) * math.erfc(math.sqrt(0.5))
    logs, orders = [], range(4, 17, 2)
    for order in orders:
        panels = Grading(order, 2.0, 4.0, 2.0, 2.0, 80.0).arrays()
        z, weight = nodes_for_python(np.zeros((1, 1)), np.ones((1, 1)), NONE, *panels)
        logs.append(math.log(abs((weight / (1.0 + z * z)).sum() - exact)))
    slope = np.polyfit(orders, logs, 1)[0]
    assert slope < -2.0 * math.log(1.0 + math.sqrt(2.0)) * 0.9


def test_levels_refine_even_where_the_width_was_overstated() -> None:
    """Poles five times closer than declared: no level is exact, each gains a factor 10."""
    exact = 0.1 * math.sqrt(math.pi / 2.0) * math.exp(0.005) * math.erfc(math.sqrt(0.005))

    def f(z: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + (10.0 * z) ** 2)

    errors = [abs(average(f, (0.0, 0.5), level)[0] / exact - 1.0) for level in range(5)]
    assert errors[0] > 1e-2
    for before, after in zip(errors, errors[1:], strict=False):
        assert after < 0.1 * before


def test_level_zero_has_eight_digits() -> None:
    for k, q, log_ref, _ in MARGINS[:4]:
        value, _ = average(margin_log(k, q), margin_feature(k, q), 0)
        assert value == pytest.approx(float(log_ref), rel=3e-8)


@pytest.mark.parametrize("apart", [1.1e-16, 1e-12, 3e-8, 1e-6])
def test_a_layer_is_resolved_beside_every_place_near_it(apart: float) -> None:
    """Two stops next to a feature, at one of which it has its own: neither side is left to long panels."""
    width = 1e-8
    stops = np.array([0.4, 0.4 + apart])
    for place in stops:
        nodes = anchored_nodes(np.array([place]), np.array([width]), stops, (-1.0, 1.0), 0.5)
        x = (nodes.anchor - place) + nodes.offset
        layer = nodes.weight @ np.exp(-0.5 * (x / width) ** 2)
        assert layer == pytest.approx(width * np.sqrt(2.0 * np.pi), rel=1e-10)
