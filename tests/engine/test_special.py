"""The special functions against mpmath, their identities, and compiled against interpreted code."""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest

import saddlepoint.special as special

RIGHT, LEFT = np.geomspace(1e-300, 1e8, 250), -np.geomspace(1e-300, 38.4, 150)
GRID = np.concatenate([np.linspace(-38.4, 40.0, 700), RIGHT, LEFT])
BETAS = np.array([0.0, 1e-8, 1e-3, 0.1, 0.6931, 0.6932, 2.0, 20.0, 700.0, 1000.0, 1e5, np.inf])

# Run in two processes, compiled and interpreted: the outputs are then compared bit by bit.
PROBE = """
import sys
import numpy as np
import saddlepoint.special as special
ends = [0.0, 1e-300, -1e-300, 1e8, 1e200, -1e200, np.inf, -np.inf, np.nan]
x = np.concatenate([np.linspace(-39, 45, 170), ends])
beta = np.array([[0.0], [1e-8], [0.5], [3.0], [800.0], [np.inf]])
y = x + np.geomspace(1e-9, 9, x.size)
out = [*special.tail(x), *special.two_cosh(x), *special.tail_difference(x, y),
       *special.mixed_tail(x, beta), *special.mixed(-20 * abs(x), beta),
       [special.log_add(u, 1.0) for u in x.tolist()], [special.hazard_excess(u) for u in x.tolist()]]
np.savez(sys.argv[1], *out)
"""


def gauss_tail(x):
    return mp.erfc(x / mp.sqrt(2)) / 2


def density(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def exact_tail(x):
    """(ln H, G, G - x), beyond 30 through the continued fraction, as erfc would need too many digits."""
    x = mp.mpf(float(x))
    if x > 30:
        fraction = x
        for k in range(120, 1, -1):
            fraction = x + k / fraction
        slope = x + 1 / fraction
        return -x * x / 2 - mp.log(mp.sqrt(2 * mp.pi) * slope), slope, 1 / fraction
    slope = density(x) / gauss_tail(x)
    return (mp.log1p(-gauss_tail(-x)) if x < 0 else mp.log(gauss_tail(x))), slope, slope - x


def worst(values, exact):
    """Largest distance in units of the last place of the exact value."""
    places = [mp.mpf(float(np.spacing(abs(float(t))))) for t in exact]
    distances = [abs(mp.mpf(float(v)) - t) / place for v, t, place in zip(values, exact, places, strict=True)]
    return float(max(distances))


@pytest.fixture(autouse=True)
def many_digits():
    with mp.workdps(50):
        yield


def test_tail_against_mpmath():
    log_tail, slope = special.tail(GRID)
    exact = [exact_tail(x) for x in GRID]
    assert worst(log_tail, [e[0] for e in exact]) < 5
    assert worst(slope, [e[1] for e in exact]) < 4
    assert worst([special.hazard_excess(x) for x in GRID], [e[2] for e in exact]) < 7


def test_cosh_against_mpmath():
    far, small = np.linspace(-374.0, 374.0, 1501), -np.geomspace(1e-310, 1e8, 300)
    h = np.concatenate([far, np.linspace(-6, 6, 600), small])
    value, slope, curvature = special.two_cosh(h)
    points = [mp.mpf(float(x)) for x in h]
    decays = [mp.exp(-2 * abs(x)) for x in points]
    assert worst(value, [abs(x) + mp.log1p(e) for x, e in zip(points, decays, strict=True)]) < 1.5
    exact = [-mp.sign(x) * mp.expm1(-2 * abs(x)) / (1 + e) for x, e in zip(points, decays, strict=True)]
    assert worst(slope, exact) < 5
    assert worst(curvature, [4 * e / (1 + e) ** 2 for e in decays]) < 5


def test_difference_against_mpmath():
    rng = np.random.default_rng(5)
    a = rng.normal(size=1500) * 10 ** rng.uniform(-2, 1.2, size=1500)
    b = a + np.concatenate([10 ** rng.uniform(-14, 1.4, size=1000), rng.uniform(0.01, 3.0, size=500)])
    value, first, second = special.tail_difference(a, b)
    logs, firsts, seconds = [], [], []
    with mp.workdps(350):  # H(a) - H(b) cancels in the far tails
        for u, v in zip(a, b, strict=True):
            u, v = mp.mpf(float(u)), mp.mpf(float(v))
            mass = gauss_tail(u) - gauss_tail(v)
            logs.append(mp.log(mass))
            firsts.append(density(u) / mass)
            seconds.append(density(v) / mass)
    assert worst(value, logs) < 5
    assert worst(first, firsts) < 6
    assert worst(second, seconds) < 6


def test_difference_at_the_ends():
    x = np.linspace(-30.0, 30.0, 61)
    log_tail, slope = special.tail(x)
    value, first, second = special.tail_difference(x, np.inf)
    np.testing.assert_allclose(value, log_tail, rtol=1e-15)
    np.testing.assert_allclose(first, slope, rtol=2e-15)
    assert not second.any()
    mirrored = special.tail_difference(-np.inf, -x)
    np.testing.assert_array_equal(mirrored, (value, second, first))
    assert special.log_tail_difference(-np.inf, np.inf) == 0.0
    assert special.difference_triple(2.0, 2.0) == (-np.inf, np.inf, np.inf)
    assert np.isnan(special.difference_triple(2.0, 1.0)).all()
    neighbour = np.nextafter(1e8, np.inf)
    product = special.difference_triple(1e8, neighbour)[1] * (neighbour - 1e8)
    step = (neighbour - 1e8) * 1e8
    assert product == pytest.approx(step / -np.expm1(-step), rel=1e-14)


@pytest.mark.parametrize("beta", BETAS)
def test_mixed_tail_against_mpmath(beta):
    x = np.concatenate([np.linspace(-38.0, 46.0, 190), np.geomspace(1e-10, 1e4, 40)])
    value, slope = special.mixed_tail(x, beta)
    floor = mp.exp(-mp.mpf(float(beta)))
    share = -mp.expm1(-mp.mpf(float(beta)))
    logs, slopes = [], []
    for point in map(mp.mpf, map(float, x)):
        total = floor + share * gauss_tail(point)
        logs.append(mp.log1p(-share * gauss_tail(-point)) if total > 0.5 else mp.log(total))
        slopes.append(share * density(point) / total)
    assert worst(value, logs) < 6
    assert worst(slope, slopes) < 6


@pytest.mark.parametrize("beta", BETAS)
def test_mixed_against_mpmath(beta):
    log_p = -np.geomspace(1e-20, 3000.0, 250)
    value, weight = special.mixed(log_p, beta)
    floor = mp.exp(-mp.mpf(float(beta)))
    share = -mp.expm1(-mp.mpf(float(beta)))
    logs, weights = [], []
    for point in map(mp.mpf, map(float, log_p)):
        total = floor + share * mp.exp(point)
        logs.append(mp.log1p(share * mp.expm1(point)) if total > 0.5 else mp.log(total))
        weights.append(share * mp.exp(point) / total)
    assert worst(value, logs) < 3
    for v, w, point in zip(weight, weights, log_p, strict=True):
        assert worst([v], [w]) < 3 * (1 + abs(point))


def test_limits_and_nan():
    ends = np.array([-np.inf, np.inf, np.nan, -1e200, 1e200])
    log_tail, slope = special.tail(ends)
    np.testing.assert_array_equal(log_tail, [0.0, -np.inf, np.nan, 0.0, -np.inf])
    np.testing.assert_array_equal(slope, [0.0, np.inf, np.nan, 0.0, 1e200])
    assert special.hazard_excess(np.inf) == 0.0 and np.isnan(special.hazard_excess(np.nan))
    value, slope, curvature = special.two_cosh(ends)
    np.testing.assert_array_equal(value, [np.inf, np.inf, np.nan, 1e200, 1e200])
    np.testing.assert_array_equal(slope, [-1.0, 1.0, np.nan, -1.0, 1.0])
    np.testing.assert_array_equal(curvature, [0.0, 0.0, np.nan, 0.0, 0.0])
    value, slope = special.mixed_tail(ends, 2.0)
    np.testing.assert_allclose(value, [0.0, -2.0, np.nan, 0.0, -2.0], rtol=1e-15)
    np.testing.assert_array_equal(slope, [0.0, 0.0, np.nan, 0.0, 0.0])
    value, slope = special.mixed_tail(ends, np.inf)
    np.testing.assert_array_equal(value, special.tail(ends)[0])
    np.testing.assert_array_equal(slope, special.tail(ends)[1])
    impossible = np.array([-np.inf, np.nan])
    np.testing.assert_array_equal(special.mixed(impossible, np.inf), [[-np.inf, np.nan], [1.0, np.nan]])
    np.testing.assert_array_equal(special.mixed(impossible, 3.0), [[-3.0, np.nan], [0.0, np.nan]])


def test_derivative_identities():
    step = 1e-4
    x = np.linspace(-8.0, 30.0, 77)
    stencil = np.array([1.0, -8.0, 8.0, -1.0]) / (12 * step)
    around = x + step * np.array([[-2.0], [-1.0], [1.0], [2.0]])
    log_tail, slope = special.tail(around)
    excess = np.array([special.hazard_excess(u) for u in x])
    centre = special.tail(x)[1]
    np.testing.assert_allclose(stencil @ log_tail, -centre, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(stencil @ slope, centre * excess, rtol=1e-8, atol=1e-10)
    value, tanh, _ = special.two_cosh(around)
    np.testing.assert_allclose(stencil @ value, special.two_cosh(x)[1], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(stencil @ tanh, special.two_cosh(x)[2], atol=1e-10)
    mixed = special.mixed_tail(around, 5.0)[0]
    np.testing.assert_allclose(stencil @ mixed, -special.mixed_tail(x, 5.0)[1], rtol=1e-8, atol=1e-10)
    moved = special.tail_difference(around, x + 1.0)[0]
    np.testing.assert_allclose(stencil @ moved, -special.tail_difference(x, x + 1.0)[1], rtol=1e-7)


def test_log_add():
    for a, b in [(0.3, -2.0), (-1000.0, -1001.5), (700.0, 700.0), (5.0, -1e4)]:
        exact = mp.log(mp.exp(mp.mpf(a)) + mp.exp(mp.mpf(b)))
        assert worst([special.log_add(a, b), special.log_add(b, a)], [exact, exact]) < 2
    assert special.log_add(-np.inf, -np.inf) == -np.inf
    assert special.log_add(-np.inf, 3.0) == 3.0 and special.log_add(np.inf, -np.inf) == np.inf
    assert np.isnan(special.log_add(np.nan, 1.0)) and np.isnan(special.log_add(1.0, np.nan))


def test_scalars_equal_arrays():
    x = np.random.default_rng(11).normal(size=(7, 13)) * 6
    log_tail, slope = np.full_like(x, np.nan), np.full_like(x, np.nan)
    special.tail_terms(x, log_tail, slope)
    value, tanh, sech2 = np.full_like(x, np.nan), np.full_like(x, np.nan), np.full_like(x, np.nan)
    special.cosh_terms(x, value, tanh, sech2)
    beta = np.geomspace(0.01, 100.0, 7)
    mixed, mixed_slope = np.full_like(x, np.nan), np.full_like(x, np.nan)
    special.mixed_tail_terms(x, beta, mixed, mixed_slope)
    single = np.vectorize(special.log_gauss_tail), np.vectorize(special.hazard)
    np.testing.assert_array_max_ulp(log_tail, single[0](x), 2)
    np.testing.assert_array_max_ulp(slope, single[1](x), 2)
    np.testing.assert_array_max_ulp(value, np.vectorize(special.log_two_cosh)(x), 2)
    np.testing.assert_array_max_ulp(tanh, np.vectorize(special.tanh)(x), 2)
    np.testing.assert_array_max_ulp(mixed, np.vectorize(special.log_mixed_tail)(x, beta[:, None]), 2)
    np.testing.assert_array_max_ulp(mixed_slope, np.vectorize(special.mixed_hazard)(x, beta[:, None]), 2)
    np.testing.assert_array_equal(special.tail(x[::2, ::3])[0], log_tail[::2, ::3])


def run_probe(path, **environment):
    command = [sys.executable, "-W", "error", "-c", PROBE, str(path)]
    place, surroundings = Path(special.__file__).parents[2], {**os.environ, **environment}
    return subprocess.run(command, cwd=place, env=surroundings, capture_output=True, text=True, check=True)


def test_interpreted_equals_compiled_and_the_disk_cache_hits(tmp_path):
    run_probe(tmp_path / "first.npz")
    report = run_probe(tmp_path / "compiled.npz", NUMBA_DEBUG_CACHE="1").stdout
    assert "data loaded from" in report and "data saved to" not in report
    run_probe(tmp_path / "plain.npz", NUMBA_DISABLE_JIT="1")
    with np.load(tmp_path / "compiled.npz") as compiled, np.load(tmp_path / "plain.npz") as plain:
        for name in compiled:
            places = 10 if name == "arr_13" else 3  # the last is hazard_excess: two long Horner sums
            finite = np.isfinite(compiled[name])
            np.testing.assert_array_equal(compiled[name][~finite], plain[name][~finite])
            np.testing.assert_array_max_ulp(compiled[name][finite], plain[name][finite], places)


@pytest.mark.parametrize("name", sorted(set(special.__all__)))
def test_examples(name):
    text = getattr(special, name).__doc__
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    result = doctest.DocTestRunner().run(example)
    assert result.failed == 0
    assert result.attempted > 0 or name.endswith(("_pair", "_triple"))
