"""Vectors of least cost far from ordinary settings: all are found, and they solve the published equations."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest

import replica

BOUNDS = {"noise": (1e-4, 1e3), "balance": (1e-6, 0.5), "penalty": (1e-9, 1e9), "alpha": (1e-3, 1e4)}


def drawn(seed: int, size: int) -> dict[str, np.ndarray]:
    """Settings whose logarithms are uniform."""
    rng = np.random.default_rng(seed)
    return {name: np.exp(rng.uniform(*np.log(ends), size)) for name, ends in BOUNDS.items()}


@pytest.mark.parametrize("loss", ["square", pytest.param("hinge", marks=pytest.mark.bench), "logistic"])
def test_settings_over_many_decades_are_solved(loss: str) -> None:
    at = drawn(3, 200)
    found = replica.RS().solve(replica.mixture(loss).with_parameters(**{k: at[k] for k in list(at)[:3]}), at["alpha"])
    assert found.converged.all()
    assert np.all(np.isfinite(found.error("generalization_error")))


def clipped(mean: Any, deviation: Any, reach: Any) -> tuple[Any, Any, Any]:
    """``E l, E l^2, P`` of ``l = clip(1 - h, 0, reach)`` over a Gaussian field h: moments of a truncated Gaussian."""
    low, high = (1 - reach - mean) / deviation, (1 - mean) / deviation
    inside, below = mp.ncdf(high) - mp.ncdf(low), mp.ncdf(low)
    edge = mp.npdf(low) - mp.npdf(high)  # E z inside
    square = inside + low * mp.npdf(low) - high * mp.npdf(high)
    one = deviation * (high * inside - edge)
    two = deviation**2 * (high**2 * inside - 2 * high * edge + square)
    return one + reach * below, two + reach**2 * below, inside


def hinge_mismatch(at: dict[str, float], q: Any, m: Any, v: Any, b: Any) -> list[Any]:
    """The equations of Mignacco et al. (2020) for the hinge, with a bias that is learned."""
    alpha, noise, rho, penalty = (mp.mpf(at[name]) for name in ("alpha", "noise", "balance", "penalty"))
    parts = [clipped(m + sign * b, mp.sqrt(noise * q), noise * v) for sign in (1, -1)]
    one, two, inside = ([part[k] for part in parts] for k in range(3))
    push = [share * x / (noise * v) for share, x in zip((rho, 1 - rho), one, strict=True)]
    force = sum(share * x for share, x in zip((rho, 1 - rho), two, strict=True)) / (noise * v) ** 2
    stiff = alpha * sum(share * x for share, x in zip((rho, 1 - rho), inside, strict=True))
    return [
        alpha * v * sum(push) / m - 1,
        (m**2 + alpha * noise * v**2 * force) / q - 1,
        penalty * v + stiff - 1,
        push[0] / push[1] - 1,
    ]


PLACES = [
    {"alpha": 16.92, "noise": 18.79, "balance": 0.004288, "penalty": 1.018},
    {"alpha": 203.97, "noise": 4.275, "balance": 1.55e-5, "penalty": 9.80},
    {"alpha": 41.2, "noise": 0.00213, "balance": 0.170, "penalty": 0.0963},
    {"alpha": 1576.97, "noise": 0.000647231, "balance": 0.00192596, "penalty": 61.7194},
    {"alpha": 2327.35, "noise": 0.000167714, "balance": 0.00398777, "penalty": 1.17475e-07},
    {"alpha": 0.3, "noise": 0.0004, "balance": 2e-6, "penalty": 3000.0},
]


@pytest.mark.parametrize("at", PLACES, ids=str)
def test_hinge_solves_its_equations_to_fifty_digits(at: dict[str, float]) -> None:
    """A root in mpmath from the solution: it is near, and the reported errors cover the way to it."""
    model = replica.mixture("hinge", **{name: at[name] for name in ("noise", "balance", "penalty")})
    solution = replica.solve(model, alpha=at["alpha"])
    names = ("q", "m", "V", "bias")
    with mp.workdps(50):
        start = [mp.mpf(solution[name]) for name in names]
        root = mp.findroot(lambda *x: hinge_mismatch(at, *x), start, tol=1e-60, maxsteps=30)
        for name, exact in zip(names, root, strict=True):
            assert abs(solution[name] - exact) <= solution.errors[name] + abs(exact) * 1e-15, name
            assert solution.errors[name] < 1e-6 * abs(exact), name


def square_without_penalty(alpha: float, noise: float, balance: float) -> dict[str, Any]:
    """The smallest vector with every stability at 1, alpha < 1."""
    a, d, r = mp.mpf(alpha), mp.mpf(noise), 4 * mp.mpf(balance) * (1 - mp.mpf(balance))
    m = a * r / (a * r + d)
    return {"m": m, "bias": (2 * mp.mpf(balance) - 1) * (1 - m), "q": (m**2 + a * r * (1 - m) ** 2 / d) / (1 - a)}


@pytest.mark.parametrize("noise", [1e-4, 0.003, 0.05, 2.0])
@pytest.mark.parametrize("alpha", [0.2, 0.9, 0.99])
def test_smallest_interpolating_vector_of_any_noise(noise: float, alpha: float) -> None:
    solution = replica.solve(replica.mixture("square", penalty=0.0, noise=noise, balance=0.3), alpha=alpha)
    for name, exact in square_without_penalty(alpha, noise, 0.3).items():
        assert abs(solution[name] - exact) <= solution.errors[name] + abs(exact) * 1e-14, name
        assert solution.errors[name] < 1e-9 * max(abs(exact), 1), name


@pytest.mark.parametrize(("noise", "balance", "alpha"), [(0.01, 0.5, 0.5), (0.03, 0.3, 0.25), (0.001, 0.1, 2.0)])
def test_hinge_without_penalty_is_its_limit_on_separated_clusters(noise: float, balance: float, alpha: float) -> None:
    limit, near = (
        replica.solve(replica.mixture("hinge", penalty=penalty, noise=noise, balance=balance), alpha=alpha)
        for penalty in (0.0, 1e-7)
    )
    steep = replica.solve(replica.mixture("logistic", penalty=0.0, noise=noise, balance=balance), alpha=alpha)
    for name in ("q", "m", "bias"):
        assert near[name] == pytest.approx(limit[name], rel=1e-5, abs=1e-12), name
    assert steep["generalization_error"] == pytest.approx(limit["generalization_error"], rel=1e-9)


@pytest.mark.parametrize("alpha", [1.0, 1.0 + 1e-12])
def test_interpolation_threshold_says_that_q_diverges(alpha: float) -> None:
    found = replica.solve(replica.mixture("square", penalty=0.0, noise=0.4), alpha=alpha, on_failure="keep")
    assert not found.converged and "q diverges" in found.status
    sides = [replica.solve(replica.mixture("square", penalty=0.0, noise=0.4), alpha=1.0 + d) for d in (-1e-5, 1e-5)]
    assert all(side["q"] > 1e4 for side in sides)


HEBB = [
    (3051.8, 0.1543, 0.5, 2.3e9),
    (6209.77, 0.0105, 0.0031, 6.3e11),
    (43.2, 0.0121, 0.5, 2.2e10),
    (7.0, 3.0, 0.4, 1e8),
]


@pytest.mark.parametrize(("alpha", "noise", "balance", "penalty"), HEBB)
def test_large_penalty_errs_as_the_hebb_vector(alpha: float, noise: float, balance: float, penalty: float) -> None:
    """While every pattern pulls alike, a hinge learns the Hebb vector: relative accuracy however small the error."""
    model = replica.mixture("hinge", noise=noise, balance=balance, penalty=penalty, bias=False)
    solution = replica.solve(model, alpha=alpha)
    with mp.workdps(40):
        a, d = mp.mpf(alpha), mp.mpf(noise)
        exact = mp.erfc(mp.sqrt(a / (d * (a + d))) / mp.sqrt(2)) / 2
        assert abs(solution["generalization_error"] - exact) <= solution.errors["generalization_error"] + exact * 1e-14
        assert abs(solution["generalization_error"] / exact - 1) < 1e-12


def load_of_margin(noise: float, kappa: float) -> Any:
    """``1/alpha = E (a - s z)_+^2/(noise (1-R^2))`` at the best overlap R of equal clusters, a = kappa - R."""
    with mp.workdps(40):
        d = mp.mpf(noise)
        s = mp.sqrt(d)

        def excess(r: Any) -> tuple[Any, Any]:
            a = kappa - r
            below, density = mp.erfc(-a / s / mp.sqrt(2)) / 2, mp.npdf(a / s)
            return a * below + s * density, (a * a + d) * below + a * s * density

        def slope(r: Any) -> Any:
            one, two = excess(r)
            return mp.log(r * two / ((1 - r * r) * one))

        best = mp.findroot(slope, (mp.mpf("1e-3"), 1 - mp.mpf("1e-9")), solver="anderson", tol=1e-50, maxsteps=300)
        return d * (1 - best**2) / excess(best)[1]


@pytest.mark.parametrize("noise", [1.0, 0.05, 0.01, 0.002, 0.001])
def test_load_of_separability_of_clusters_far_apart(noise: float) -> None:
    found, exact = replica.capacity(replica.mixture(noise=noise)), load_of_margin(noise, 0.0)
    assert found.converged
    assert abs(found.value - exact) <= found.error + 1e-15 * exact
    assert found.error < 1e-9 * exact


@pytest.mark.parametrize(("noise", "alpha"), [(0.002, 1.0), (1e-4, 0.7), (0.001, 1e5), (0.3, 2.0)])
def test_largest_margin_of_clusters_far_apart(noise: float, alpha: float) -> None:
    found = replica.max_margin(replica.mixture(noise=noise), alpha=alpha)
    assert found.converged and found.error < 1e-11
    assert abs(load_of_margin(noise, found.value) / alpha - 1) < 5.0 * (found.error + 1e-15) / noise


def test_a_load_beyond_doubles_is_refused_in_words() -> None:
    found = replica.capacity(replica.mixture(noise=2e-4))
    assert not found.converged and "beyond 1e300" in found.status
