"""Power means by identities: Gaussian closed forms, nesting, the limits m -> 0 and m -> inf, and mpmath."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest

from saddlepoint.quadrature import gaussian_nodes, nested_power_mean, power_mean, power_mean_slope

POWERS = [-30.0, -2.0, -0.7, -1e-3, -1e-9, 0.0, 1e-12, 1e-9, 1e-6, 1e-3, 0.1, 0.5, 1.0, 3.0, 40.0, 1e5]
SMALL = [0.0, 1e-300, 1e-200, 1e-100, 1e-15, 1e-12, 1e-9, -1e-9, 1e-6, -1e-5]


def standard(shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Nodes for functions that grow like exp(shift |z|)."""
    reach = math.sqrt(shift * (shift + 18.0))
    z, weight = gaussian_nodes(np.zeros((1, 0)), np.zeros((1, 0)), [[-reach, reach]], 2)
    return z[0], weight[0]


def draw(seed: int, size: int = 30) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return 3.0 * rng.normal(size=size) + 1.0, rng.random(size)


# --- one level ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [1e-6, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("power", [-1.0, -1e-9, 0.0, 1e-9, 0.2, 1.0, 2.0])
def test_gaussian_closed_form(spread: float, power: float) -> None:
    """Values c + s z: mean c + m s^2/2, tilted mean of z m s, slope s^2/2."""
    z, weight = standard(abs(power) * spread)
    mean, tilted = power_mean(0.4 + spread * z, weight, power)
    assert mean == pytest.approx(0.4 + power * spread**2 / 2.0, rel=1e-13, abs=1e-15)
    assert (tilted * z).sum() == pytest.approx(power * spread, abs=1e-13)
    assert (tilted * z * z).sum() == pytest.approx(1.0 + (power * spread) ** 2, rel=1e-12)
    assert tilted.sum() == pytest.approx(1.0, rel=1e-14)
    assert power_mean_slope(0.4 + spread * z, weight, power) == pytest.approx(spread**2 / 2.0, rel=1e-11)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("seed", [0, 1])
def test_against_mpmath(power: float, seed: int) -> None:
    values, weight = draw(seed)
    mean, tilted = power_mean(values, weight, power)
    slope = power_mean_slope(values, weight, power)
    with mpmath.workdps(60):
        mp = mpmath.mp
        v, w, m = [mp.mpf(x) for x in values], [mp.mpf(x) for x in weight], mp.mpf(power)
        p = [x / mp.fsum(w) for x in w]
        terms = [a * mp.exp(m * b) for a, b in zip(p, v, strict=True)]
        total = mp.fsum(terms)
        plain = mp.fsum(a * b for a, b in zip(terms, v, strict=True)) / total
        exact = mp.log(total) / m if m else plain
        variance = mp.fsum(a * (b - plain) ** 2 for a, b in zip(p, v, strict=True))
        rise = (plain - exact) / m if m else variance / 2
        assert abs(mean - exact) <= 4e-16 * max(abs(x) for x in values)
        assert abs(slope - rise) <= 2e-14 * abs(rise)
        for got, term in zip(tilted, terms, strict=True):
            assert abs(got - term / total) <= 1e-15 * (1.0 + abs(power) * 10.0) * abs(term / total) + 1e-300


@pytest.mark.parametrize("power", SMALL)
def test_limit_of_small_powers_is_the_plain_average(power: float) -> None:
    """mean = <v> + m var/2 + O(m^2), without a trace of 1/m."""
    values, weight = draw(2)
    share = weight / weight.sum()
    plain = (share * values).sum()
    variance = (share * (values - plain) ** 2).sum()
    third = (share * (values - plain) ** 3).sum()
    mean, tilted = power_mean(values, weight, power)
    assert mean == pytest.approx(plain + power * variance / 2.0 + power**2 * third / 6.0, abs=2e-15)
    assert power_mean_slope(values, weight, power) == pytest.approx(
        variance / 2.0 + power * third / 3.0, rel=1e-8
    )
    np.testing.assert_allclose(tilted, share * (1.0 + power * (values - plain)), rtol=1e-7)


def test_continuous_where_the_two_formulas_meet() -> None:
    values, weight = draw(3)
    centre = (weight * values).sum() / weight.sum()
    edge = 1.0 / np.abs(values - centre).max()
    below, above = edge * (1.0 - 1e-12), edge * (1.0 + 1e-12)
    for sign in (1.0, -1.0):
        (low, low_tilt), (high, high_tilt) = (power_mean(values, weight, sign * m) for m in (below, above))
        assert low == pytest.approx(high, rel=1e-11)
        np.testing.assert_allclose(low_tilt, high_tilt, rtol=1e-11)
        slopes = [power_mean_slope(values, weight, sign * m) for m in (below, above)]
        assert slopes[0] == pytest.approx(slopes[1], rel=1e-10)


def test_monotone_in_the_power_between_minimum_and_maximum() -> None:
    values, weight = draw(4)
    powers = np.concatenate(
        [[-np.inf], -np.geomspace(1e4, 1e-8, 60), [0.0], np.geomspace(1e-8, 1e4, 60), [np.inf]]
    )
    mean, _ = power_mean(values, weight, powers)
    assert mean.shape == powers.shape
    assert np.all(np.diff(mean) >= -1e-15)
    assert mean[0] == values.min() and mean[-1] == values.max()
    assert np.all(power_mean_slope(values, weight, powers) >= 0.0)


def test_slope_is_the_derivative() -> None:
    values, weight = draw(5)
    for power in (-2.0, -0.05, 0.01, 0.3, 4.0):
        step = 1e-4 * (abs(power) + 0.1)
        shifted = power + step * np.array([-2.0, -1.0, 1.0, 2.0])
        low2, low, high, high2 = power_mean(values, weight, shifted)[0]
        difference = (low2 - 8.0 * low + 8.0 * high - high2) / (12.0 * step)
        assert power_mean_slope(values, weight, power) == pytest.approx(difference, rel=1e-8)
        mean, tilted = power_mean(values, weight, power)
        # d(m mean)/dm = <v>
        assert (tilted * values).sum() == pytest.approx(mean + power * difference, rel=1e-8)


def test_tilted_weights_are_the_gradient() -> None:
    values, weight = draw(6, 7)
    for power in (-1.0, 1e-7, 0.4, 2.0):
        _, tilted = power_mean(values, weight, power)
        for j in range(values.size):
            moved = np.stack([values, values])
            moved[:, j] += [-1e-5, 1e-5]
            low, high = power_mean(moved, weight, power)[0]
            assert (high - low) / 2e-5 == pytest.approx(tilted[j], abs=1e-9)


@pytest.mark.parametrize("shift", [-1e4, 700.0, 1e6])
def test_shifts_and_scales(shift: float) -> None:
    values, weight = draw(7)
    mean, tilted = power_mean(values, weight, 0.7)
    moved, moved_tilted = power_mean(values + shift, 5.0 * weight, 0.7)
    assert moved - shift == pytest.approx(mean, abs=4e-15 * abs(shift))
    np.testing.assert_allclose(moved_tilted, tilted, rtol=1e-13 * max(1.0, abs(shift) / 100.0))
    scaled, scaled_tilted = power_mean(2.0 * values, weight, 0.35)
    assert scaled == pytest.approx(2.0 * mean, rel=1e-14)
    np.testing.assert_allclose(scaled_tilted, tilted, rtol=1e-14)


def test_infinite_powers_and_values() -> None:
    values, weight = [1.0, 3.0, 3.0, -2.0, 9.0], [0.1, 0.2, 0.6, 0.1, 0.0]
    mean, tilted = power_mean(values, weight, [np.inf, -np.inf])
    assert mean.tolist() == [3.0, -2.0]
    np.testing.assert_allclose(tilted, [[0.0, 0.25, 0.75, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0]])
    empty = [np.log(2.0), -np.inf]
    mean, tilted = power_mean(empty, [0.5, 0.5], [1.0, 2.0, 0.0, -1.0, np.inf])
    np.testing.assert_allclose(mean, [0.0, math.log(2.0) / 2.0, -np.inf, -np.inf, math.log(2.0)], atol=1e-16)
    assert tilted.tolist() == [[1.0, 0.0], [1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [1.0, 0.0]]
    assert power_mean([-np.inf, -np.inf], [0.5, 0.5], 1.0)[0] == -np.inf
    assert power_mean_slope(empty, [0.5, 0.5], [0.0, np.inf]).tolist() == [np.inf, 0.0]


def test_nan_is_seen_where_it_counts_and_only_there() -> None:
    values = np.array([[1.0, np.nan, 2.0], [1.0, 2.0, np.nan]])
    mean, tilted = power_mean(values, [0.5, 0.5, 0.0], 0.8)
    assert np.isnan(mean[0]) and np.all(np.isnan(tilted[0]))
    assert mean[1] == power_mean([1.0, 2.0], [0.5, 0.5], 0.8)[0]
    assert tilted[1, 2] == 0.0
    assert np.isnan(power_mean([1.0, 2.0], [0.5, 0.5], np.nan)[0])


# --- shapes ------------------------------------------------------------------------------------------------


def test_rows_powers_and_weights_of_every_shape() -> None:
    rng = np.random.default_rng(8)
    values, powers = rng.normal(size=(4, 3, 6)), np.array([-1.0, 0.0, 0.3, 50.0])
    for weight in (rng.random(6), rng.random((4, 6)), rng.random((4, 3, 6)), rng.random((1, 6))):
        mean, tilted = power_mean(values, weight, powers)
        slope = power_mean_slope(values, weight, powers)
        assert mean.shape == slope.shape == (4, 3) and tilted.shape == (4, 3, 6)
        for b in range(4):
            for j in range(3):
                own = weight if weight.ndim == 1 else weight[b % weight.shape[0]]
                own = own if own.ndim == 1 else own[j]
                single, single_tilted = power_mean(values[b, j], own, powers[b])
                assert mean[b, j] == single and np.array_equal(tilted[b, j], single_tilted)
                assert slope[b, j] == power_mean_slope(values[b, j], own, powers[b])
    assert power_mean(values, rng.random(6), np.repeat(powers[:, None], 3, axis=1))[0].shape == (4, 3)


def test_arguments_are_left_alone_and_may_be_views() -> None:
    values, weight = np.asfortranarray(np.arange(12.0).reshape(3, 4)), np.full(4, 0.25)
    kept = values.copy()
    frozen = values.copy()
    frozen.setflags(write=False)
    expected = power_mean(values.copy(order="C"), weight, 0.5)
    for given in (values, frozen, np.repeat(values, 2, axis=1)[:, ::2]):
        mean, tilted = power_mean(given, weight, 0.5)
        assert np.array_equal(mean, expected[0]) and np.array_equal(tilted, expected[1])
    assert np.array_equal(values, kept) and np.array_equal(weight, np.full(4, 0.25))


def test_wrong_shapes() -> None:
    with pytest.raises(ValueError, match=r"got the shapes \(2,\) and \(3,\)"):
        power_mean([1.0, 2.0], [1.0, 1.0, 1.0], 1.0)
    with pytest.raises(ValueError, match=r"at least 1, got the shapes \(0,\) and \(0,\)"):
        power_mean([], [], 1.0)
    with pytest.raises(
        ValueError, match="need as many weights and powers as axes after the first, got 1 and 2"
    ):
        nested_power_mean(np.zeros((1, 2, 2)), [np.ones(2)], [0.0, 1.0])
    with pytest.raises(ValueError, match="broadcast"):
        power_mean(np.zeros((3, 2)), np.ones(2), np.zeros(4))


# --- nesting -----------------------------------------------------------------------------------------------


def test_nested_gaussians() -> None:
    """Values a x + b y + c z with powers m_0 <= m_1 <= m_2: the mean is (m_0 a^2 + m_1 b^2 + m_2 c^2)/2."""
    z, weight = standard()
    a, b, c = 0.6, 0.5, 0.3
    powers = [0.0, 0.4, 1.0]
    values = (a * z[:, None, None] + b * z[:, None] + c * z)[None]
    mean, tilted = nested_power_mean(values, [weight] * 3, powers)
    assert mean == pytest.approx([(powers[1] * b * b + powers[2] * c * c) / 2.0], abs=1e-13)
    assert [t.shape for t in tilted] == [(1,) + (z.size,) * n for n in (1, 2, 3)]
    average = np.broadcast_to(z, values.shape)
    for t in reversed(tilted):
        average = (t * average).sum(-1)
    assert average == pytest.approx([powers[2] * c], abs=1e-13)


@pytest.mark.parametrize("power", [-1.0, 0.0, 1e-9, 0.6, 3.0])
def test_equal_powers_collapse(power: float) -> None:
    """At equal powers a nested mean is one mean over all pairs; for sums of Gaussians over the sum."""
    rng = np.random.default_rng(9)
    values, outer, inner = rng.normal(size=(2, 5, 7)), rng.random(5), rng.random((2, 5, 7))
    inner /= inner.sum(-1, keepdims=True)
    mean, (tilt_outer, tilt_inner) = nested_power_mean(values, [outer, inner], [power, power])
    joint = (outer[:, None] * inner).reshape(2, -1)
    flat, flat_tilted = power_mean(values.reshape(2, -1), joint, power)
    np.testing.assert_allclose(mean, flat, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose((tilt_outer[..., None] * tilt_inner).reshape(2, -1), flat_tilted, rtol=1e-12)
    z, weight = standard(abs(power))
    both, _ = nested_power_mean((0.8 * z[:, None] + 0.6 * z)[None], [weight, weight], [power, power])
    assert both == pytest.approx([power_mean(z, weight, power)[0]], abs=1e-12)


def test_nested_rows_have_their_own_powers_and_weights() -> None:
    rng = np.random.default_rng(10)
    values, outer, inner = rng.normal(size=(3, 4, 5)), rng.random((3, 4)), rng.random((3, 5))
    low, high = np.array([0.0, 0.1, -0.5]), np.array([0.3, np.inf, 2.0])
    mean, tilted = nested_power_mean(values, [outer, inner], [low, high])
    for b in range(3):
        row = slice(b, b + 1)
        single, parts = nested_power_mean(values[row], [outer[b], inner[b]], [low[b], high[b]])
        assert single[0] == mean[b]
        assert all(np.array_equal(part[0], whole[b]) for part, whole in zip(parts, tilted, strict=True))
    assert mean[1] == power_mean(values[1].max(-1), outer[1], 0.1)[0]


def test_nested_mean_grows_with_each_power() -> None:
    rng = np.random.default_rng(12)
    values, weights = rng.normal(size=(1, 6, 8)), [rng.random(6), rng.random(8)]
    base = nested_power_mean(values, weights, [0.2, 0.5])[0]
    assert nested_power_mean(values, weights, [0.3, 0.5])[0] > base
    assert nested_power_mean(values, weights, [0.2, 0.6])[0] > base


# --- compiled and interpreted ------------------------------------------------------------------------------

PROBE = """
import numpy as np
from saddlepoint.quadrature import power_mean, power_mean_slope
rng = np.random.default_rng(13)
values, weight = rng.normal(size=(6, 9)), rng.random(9)
values[4, 2] = -np.inf
powers = np.array([-3.0, 0.0, 1e-9, 0.2, 0.0, np.inf])
mean, tilted = power_mean(values, weight, powers)
out = [*mean, *tilted.ravel(), *power_mean_slope(values, weight, powers)]
print(*[float(x).hex() for x in out])
"""


def test_interpreted_means_have_the_same_digits() -> None:
    root = Path(__file__).resolve().parents[2]
    found = []
    for off in ("0", "1"):
        environment = os.environ | {"NUMBA_DISABLE_JIT": off}
        run = subprocess.run(
            [sys.executable, "-c", PROBE],
            env=environment,
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(np.array([float.fromhex(x) for x in run.stdout.split()]))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)
