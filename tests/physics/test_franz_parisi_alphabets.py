"""Franz-Parisi curves of finite alphabets with a free norm: counting without patterns, the plain potential, limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import root
from scipy.special import log_ndtr, logsumexp

import replica
from replica.ansatz.franz_parisi.typical_free_norm import AlphabetProblem
from replica.landscape.references import resolve
from saddlepoint import solve

QUATERNARY = replica.Discrete((-2.0, -1.0, 1.0, 2.0))


def counted(letters: np.ndarray, cosine: float) -> float:
    """``max H(w|u)`` over joint laws with u uniform and ``E uw = cosine sqrt(E u^2 E w^2)``: a Lagrangian in scipy."""
    norm = np.mean(letters**2)

    def law(x: np.ndarray) -> np.ndarray:
        logs = x[0] * np.outer(letters, letters) - 0.5 * x[1] * letters**2
        return np.exp(logs - logsumexp(logs, axis=1)[:, None]) / letters.size

    def gaps(x: np.ndarray) -> list[float]:
        p = law(x)
        overlap, size = (p * np.outer(letters, letters)).sum(), (p * letters**2).sum()
        return [overlap - cosine * np.sqrt(norm * size), x[1] - x[0] * overlap / size]

    p = law(root(gaps, np.array([0.5, 0.2]), tol=1e-13).x) * letters.size
    return float(-(p * np.log(np.maximum(p, 1e-300))).sum() / letters.size)


@pytest.mark.parametrize("weights", [replica.Ternary(), QUATERNARY])
def test_without_patterns_pairs_are_counted(weights: replica.Discrete) -> None:
    d = np.array([0.1, 0.25, 0.4])
    curve = replica.franz_parisi(replica.perceptron(weights), alpha=1e-8, distance=d)
    wanted = [counted(np.array(weights.values), 1 - 2 * x) for x in d]
    assert np.allclose(curve["entropy"], wanted, rtol=0, atol=1e-7)


@pytest.mark.parametrize("weights", [replica.Ternary(), QUATERNARY])
def test_without_constraint_the_probe_feels_the_letters_of_the_reference(weights: replica.Discrete) -> None:
    """References of margin 0.1 use their letters unequally: close to them the entropy is that of pairs of this kind."""
    d = np.array([0.02, 0.2])
    curve = replica.franz_parisi(
        replica.perceptron(weights, margin=-60.0), alpha=0.5, distance=d, reference=replica.Reference(margin=0.1)
    )
    assert np.all(np.abs(curve["s_hat"]) < 1e-12)
    wanted = [counted(np.array(weights.values), 1 - 2 * x) for x in d]
    assert np.allclose(curve["entropy"], wanted, rtol=0, atol=0.05)


def test_ternary_pairs_of_finite_size() -> None:
    """All vectors at one cosine of a vector with 40 letters of each kind, by multinomials; the logarithm per weight."""
    from scipy.special import gammaln

    n, d = 40, 0.3
    agree, against, filled = np.meshgrid(*[np.arange(2 * n + 1)] * 2, np.arange(n + 1), indexing="ij")
    empty = 2 * n - agree - against
    inside = (empty >= 0) & (agree + against + filled > 0)
    agree, against, filled, empty = (x[inside] for x in (agree, against, filled, empty))
    logs = gammaln(2 * n + 1) - gammaln(agree + 1) - gammaln(against + 1) - gammaln(empty + 1)
    logs += gammaln(n + 1) - gammaln(filled + 1) - gammaln(n - filled + 1) + filled * np.log(2.0)
    cosine = (agree - against) / np.sqrt(2.0 * n * (agree + against + filled))
    near = np.abs(cosine - (1 - 2 * d)) < 0.01
    found = logsumexp(logs[near]) / (3 * n)
    assert found == pytest.approx(counted(np.array([-1.0, 0.0, 1.0]), 1 - 2 * d), abs=3 * np.log(n) / (3 * n) / 2)


@pytest.mark.parametrize(("weights", "kr"), [(replica.Ternary(), 0.3), (QUATERNARY, 0.3), (replica.Ternary(), 0.0)])
def test_maximum_is_the_free_entropy_of_the_probe(weights: replica.Discrete, kr: float) -> None:
    model, reference = replica.perceptron(weights), replica.Reference(margin=kr)
    h = 1e-3
    first = replica.franz_parisi(model, alpha=0.4, distance=[0.1 - h, 0.1, 0.1 + h], reference=reference)
    d = first.attrs["typical_distance"]
    top = replica.franz_parisi(model, alpha=0.4, distance=[d], reference=reference)
    alone = replica.solve(model, alpha=0.4)
    assert float(top["entropy"][0]) == pytest.approx(alone.free_entropy, abs=1e-12)
    assert float(top["Q"][0]) == pytest.approx(alone["Q"], abs=1e-9)
    assert float(top["q"][0]) == pytest.approx(alone["q"], abs=1e-9)
    assert float(top["stability"][0]) == pytest.approx(alone["stability"], abs=1e-8)
    if kr == 0.0:
        assert d == pytest.approx((1 - alone["q"] / alone["Q"]) / 2, abs=1e-12)
    values = first["entropy"].values
    assert (values[2] - values[0]) / (2 * h) == pytest.approx(float(first["slope"][1]), rel=1e-3)


def test_stationary_point_of_the_plain_potential() -> None:
    """The potential from its formula in plain rules: the same value, flat in every order parameter and conjugate."""
    letters, alpha, kappa, d = np.array([-1.0, 0.0, 1.0]), 0.6, 0.1, 0.15
    model = replica.perceptron("ternary", margin=kappa)
    around = resolve(model, alpha, replica.Reference(margin=0.3), False)
    given = around.given
    problem = AlphabetProblem(model, alpha, given, np.array([d]), 1)
    seen = {name: float(v[0]) for name, v in problem.describe(solve(problem, on_failure="keep").point).items()}
    x = np.linspace(-8.0, 8.0, 129)
    gauss = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
    node, weight = np.polynomial.legendre.leggauss(80)
    gap = given.norm - given.q

    def entropic(at: dict[str, float], t: float) -> float:
        h = np.sqrt(given.q_hat) * x
        logs = np.outer(h, letters) - 0.5 * given.curvature * letters**2
        share = np.exp(logs - logsumexp(logs, axis=1)[:, None])
        own = np.sqrt(at["q_hat"] - at["s_hat"] ** 2 / given.q_hat)
        field = at["s_hat"] / given.q_hat * h[:, None, None] + (at["t_hat"] - at["s_hat"]) * letters[None, :, None]
        field = field + own * x[None, None, :]
        curvature = at["q_hat"] + at["Q_hat"]
        value = logsumexp(field[..., None] * letters - 0.5 * curvature * letters**2, axis=-1)
        mean = np.einsum("x,xu,z,xuz->", gauss, share, gauss, value)
        held = -0.5 * at["q_hat"] * (at["Q"] - at["q"]) + 0.5 * curvature * at["Q"]
        return float(held - at["t_hat"] * t + at["s_hat"] * at["s"] + mean)

    def energy(at: dict[str, float], t: float) -> float:
        h = np.sqrt(given.q) * x
        u0 = (0.3 - h) / np.sqrt(gap)
        length = 9.0 + np.maximum(-u0, 0.0)
        v = u0[:, None] + length[:, None] * (node + 1) / 2
        inner = np.exp(-0.5 * v * v - 0.5 * np.log(2 * np.pi) - log_ndtr(-u0)[:, None]) * weight * length[:, None] / 2
        own = at["q"] - at["s"] ** 2 / given.q - (t - at["s"]) ** 2 / gap
        mean = at["s"] / given.q * h[:, None] + (t - at["s"]) / np.sqrt(gap) * v
        value = log_ndtr((mean[..., None] + np.sqrt(own) * x - kappa) / np.sqrt(at["Q"] - at["q"])) @ gauss
        return float(np.einsum("x,xv,xv->", gauss, inner, value))

    def potential(at: dict[str, float]) -> float:
        t = (1 - 2 * d) * np.sqrt(given.norm * at["Q"])
        return entropic(at, t) + alpha * energy(at, t)

    assert potential(seen) == pytest.approx(seen["free_entropy"], abs=1e-9)
    for name in ("q", "s", "Q", "q_hat", "s_hat", "t_hat", "Q_hat"):
        step = 1e-4
        up, down = (potential(seen | {name: seen[name] + sign * step}) for sign in (1, -1))
        assert abs(up - down) / (2 * step) < 2e-6, name
