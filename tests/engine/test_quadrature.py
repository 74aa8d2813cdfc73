"""Gaussian averages against closed forms and the figures of mpmath's tanh-sinh rule, which shares no code."""

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
    gaussian_average,
    gaussian_average_2d,
    gaussian_average_reference,
    gaussian_nodes,
)
from saddlepoint.quadrature.panels import LEVELS, nodes_for_python
from saddlepoint.special import cosh_terms, tail_terms

EPS = np.finfo(float).eps
NONE = np.zeros((1, 0))


def tail(x: float) -> float:
    """H(x) of the C library."""
    return 0.5 * math.erfc(x / math.sqrt(2.0))


def bell(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def log_tail(u: np.ndarray) -> np.ndarray:
    value, slope = np.empty_like(u), np.empty_like(u)
    tail_terms(np.ascontiguousarray(u), value, slope)
    return value


def hazard(u: np.ndarray) -> np.ndarray:
    value, slope = np.empty_like(u), np.empty_like(u)
    tail_terms(np.ascontiguousarray(u), value, slope)
    return slope


def margin_feature(k: float, q: float) -> tuple[float, float]:
    return k / math.sqrt(q), math.sqrt((1.0 - q) / q)


def margin_log(k: float, q: float):
    return lambda z: log_tail((k - math.sqrt(q) * z) / math.sqrt(1.0 - q))


def average(f, feature: tuple[float, float], level: int = 1) -> tuple[float, float]:
    """Sum at a level without error estimate, and the sum of the moduli."""
    z, weight = gaussian_nodes([[feature[0]]], [[feature[1]]], None, level)
    values = f(z)
    return float((weight * values).sum()), float((weight * np.abs(values)).sum())


# --- rules ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2, 3, 7, 10, 16, 20, 34, 64])
def test_rule_is_correctly_rounded(order: int) -> None:
    x, w = gauss_legendre(order)
    with mpmath.workdps(40):

        def legendre(t):
            return mpmath.legendre(order, t)

        guess, _ = np.polynomial.legendre.leggauss(order)
        roots = [
            mpmath.findroot(legendre, mpmath.mpf(float(g))) if abs(g) > 1e-9 else mpmath.mpf(0) for g in guess
        ]
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
    lead = (
        2.0 ** (2 * order + 1)
        * math.factorial(order) ** 4
        / ((2 * order + 1) * math.factorial(2 * order) ** 2)
    )
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


@pytest.mark.parametrize(
    "place", [-30.0, -20.0, -8.0, -3.7, -0.1, 0.0, 1e-9, 1.0 / 3.0, 5.0, 8.0, 20.0, 30.0]
)
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


@pytest.mark.parametrize(
    "feature", [(np.nan, 1e-6), (np.inf, 1e-6), (-np.inf, 1.0), (0.0, np.inf), (0.0, np.nan)]
)
def test_absent_features(feature: tuple[float, float]) -> None:
    for got, expected in zip(
        gaussian_nodes([[feature[0]]], [[feature[1]]]), gaussian_nodes(NONE, NONE), strict=True
    ):
        assert np.array_equal(got, expected)


# --- nodes: figures of the replica integrands ----------------------------------------------------------

# : k, q, E ln H(u), E G(u)^2 with u = (k - sqrt(q) z)/sqrt(1 - q), and q_hat, E tanh^2(sqrt(q_hat) z): 25
# digits by : `tanh_sinh` below at 32 digits or more (k = -8 and 2: 60). The first is exact: H is uniform when
# u is standard Gaussian.
MARGINS = [
    (0.0, 0.5, "-1.0", "1.191271193694715463812779"),
    (-1.0, 0.3, "-0.1914146748326765154963115", "0.1280998500067399081838616"),
    (2.0, 0.9, "-27.14318793239905900211734", "50.81467735784689401606624"),
    (0.5, 0.9999, "-5205.047238937809820381823", "10404.2906725636747020087"),
    (-8.0, 0.5, "-6.220969523301906967087112e-16", "2.715440442416806684131494e-20"),
    (0.0, 1 - 1e-12, "-250005530559.1753480656671", "500011061105.2514146475507"),
]
FIELDS = [
    (1e-6, "0.000000999998000005666600748385"),
    (0.01, "0.009805468755532405842467359"),
    (1.0, "0.3942944903978411744164598"),
    (100.0, "0.9205368634305166712145567"),
    (10000.0, "0.9920214824805130433040264"),
    (1e10, "0.999992021154392299463315"),
]


def tanh_sinh(f, place: float, width: float):
    """E f(z) by mpmath's tanh-sinh rule between points that spread geometrically from the feature."""
    mp = mpmath.mp
    spread = [mp.mpf(4) ** j * width for j in range(60) if 4.0**j * width < 2.0]
    points = {mp.mpf(j) for j in range(-20, 21)} | {mp.mpf(place) + s for s in spread + [-s for s in spread]}
    inside = sorted(x for x in points | {mp.mpf(place)} if -20 <= x <= 20)
    return mp.quad(lambda z: mp.exp(-z * z / 2) * f(z), inside) / mp.sqrt(2 * mp.pi)


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

        assert (
            abs(tanh_sinh(f, -1 / 0.3**0.5, (0.7 / 0.3) ** 0.5) - mp.mpf(MARGINS[1][2])) < mp.mpf(10) ** -18
        )


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
    grading, logs, orders = np.array([2.0, 4.0, 2.0, 2.0, 80.0]), [], range(4, 17, 2)
    for order in orders:
        z, weight = nodes_for_python(
            np.zeros((1, 1)), np.ones((1, 1)), NONE, np.array(gauss_legendre(order)), grading
        )
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


# --- averages with an error ----------------------------------------------------------------------------


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
        found = gaussian_average(
            lambda z: np.tanh((z - 0.5) / 1e-3) ** 2, features=feature, tolerance=tolerance
        )
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


# --- the mpmath reference ------------------------------------------------------------------------------


def margin_terms(k: float, q: float):
    mp = mpmath.mp

    def f(z):
        u = (k - mp.sqrt(mp.mpf(q)) * z) / mp.sqrt(1 - mp.mpf(q))
        h = mp.erfc(u / mp.sqrt(2)) / 2
        return mp.log1p(-mp.erfc(-u / mp.sqrt(2)) / 2) if u < 0 else mp.log(h), mp.exp(-u * u) / (
            2 * mp.pi * h * h
        )

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
        value, error = gaussian_average_reference(
            lambda z: mp.mpf(z > third), 30, breaks=[third, mp.inf], mp=mp
        )
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
