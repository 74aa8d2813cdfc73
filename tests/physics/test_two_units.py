"""Two units of common inputs and their teacher: figures, quadratures in the plane, differences, exact counting."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize, special
from scipy.stats import multivariate_normal

import replica
from replica.ansatz.pair.equations import PairProblem
from replica.ansatz.pair.outputs import outputs, quadrants, telling
from replica.ansatz.pair.weights import bend_of_signs, gaussian, signs
from tests.physics.test_paths import agrees, figures


def two(weights: str = "gaussian", **others: Any) -> replica.Model:
    return replica.committee(2, connectivity="full", labels="teacher", weights=weights, **others)


def one(x: float) -> np.ndarray:
    return np.array([x])


@pytest.mark.parametrize("figure", figures("fc2_sym", "fc2_gauss"))
def test_overlaps(figure: dict[str, Any]) -> None:
    at = figure["params"]
    solution = replica.solve(two(at["weights"]), alpha=at["alpha"])
    name = "q_cross" if "_qo_" in figure["id"] else "q"
    assert agrees(solution[name], figure) and solution.errors[name] < 1e-11
    if "_sym_" in figure["id"]:
        assert solution["q"] == solution["q_cross"] and "not told apart" in solution.status
    else:
        assert solution["q"] > solution["q_cross"] and "units are told apart" in solution.status


@pytest.mark.parametrize("figure", figures("fc2_spec"))
def test_the_stored_specialisation_is_that_of_a_finite_difference(figure: dict[str, Any]) -> None:
    """The figure is the load at which ``q - q_cross = 1e-4`` neither grows nor decays; the threshold that of none."""
    counted, size = figure["params"]["weights"] == "binary", 1e-4

    def growth(conjugate: float) -> tuple[float, float]:
        """Logarithm of the growth of that difference where the sum is a fixed point, and the load."""
        pair = (signs if counted else gaussian)(one(conjugate), one(0.0), 2)
        flat = outputs(pair.plus, one(0.0), 2)
        load = conjugate / float(flat.plus[0])
        back = load * float(outputs(pair.plus, one(size), 2).minus[0])
        moved = (signs if counted else gaussian)(one(conjugate), one(back), 2)
        return float(np.log(moved.minus[0] / size)), load

    def load() -> float:
        return growth(optimize.brentq(lambda c: growth(c)[0], 0.5, 2.0, xtol=1e-13))[1]

    assert agrees(load(), figure)
    found = replica.specialization(two(figure["params"]["weights"]))
    assert found.converged and found.error < 1e-12 and 1e-4 < figure["value"] - found.value < 2e-4
    size = 1e-6
    assert load() == pytest.approx(found.value, abs=3e-6)


def test_thresholds() -> None:
    """Where specialised solutions begin, the published 1.54 and the end of the branch (published 1.99)."""
    for weights, begins in (("gaussian", 2.0523824297), ("binary", 1.5893224763)):
        found = replica.specialization(two(weights))
        assert found.value == pytest.approx(begins, abs=1e-9)
        beside = replica.solve(two(weights), alpha=found.value * (1.0 + 1e-6))
        apart = beside["q"] - beside["q_cross"]
        assert 1e-7 < apart < 1e-5 and beside["q"] == pytest.approx(found.order_parameters["q"], abs=1e-5)
    assert float(replica.specialization(two("spherical"))) == float(replica.specialization(two()))
    jump, end = replica.transition(two("binary")), replica.spinodal(two("binary"))
    assert jump.value == pytest.approx(1.546091, abs=1e-6) and jump.error < 1e-11
    assert abs(jump.solution.free_entropy) < 1e-12 and "unstable" not in jump.status
    assert end.value == pytest.approx(1.977062, abs=1e-6) and end.error < 1e-10
    assert end.order_parameters["q"] == pytest.approx(0.73342, abs=1e-5)
    assert replica.solve(two("binary"), alpha=0.99999 * end.value)["q"] < end.order_parameters["q"]
    assert replica.solve(two("binary"), alpha=1.00001 * end.value)["q"] == 1.0
    for verb in (replica.transition, replica.spinodal):
        assert not verb(two()).converged


def test_chances_of_quadrants() -> None:
    for s, t, lean in ((0.7, -0.4, -0.6), (0.0, 0.0, -0.3), (0.0, 0.8, 0.2), (-1.2, -0.5, 0.9), (0.5, 0.5, -0.8)):
        normal = multivariate_normal(mean=[0.0, 0.0], cov=[[1.0, lean], [lean, 1.0]], allow_singular=True)
        plain = normal.cdf([s, t]), normal.cdf([-s, -t])
        found = [float(x[0]) for x in quadrants(one(s), one(t), lean)]
        assert found == pytest.approx([*plain, 1.0 - sum(plain)], abs=1e-9)


def test_averages_over_a_pattern_in_the_plane() -> None:
    """The outer field integrated adaptively, the inner one along the half lines ``u > |w|``."""
    plus, minus = 0.55, 0.2

    def chance(a: float, b: float) -> float:
        def along(w: float) -> float:
            return special.ndtr((a - abs(w)) / np.sqrt(1 - plus)) * np.exp(-((w - b) ** 2) / 2 / (1 - minus))

        x, weight = np.polynomial.legendre.leggauss(24)
        total = 0.0
        for low, high in itertools.pairwise(np.sort([-8.0 + b, 0.0, b, b + 8.0])):
            half = 0.5 * (high - low)
            total += half * sum(u * along(half * v + 0.5 * (high + low)) for v, u in zip(x, weight, strict=True))
        return total / np.sqrt(2 * np.pi * (1 - minus))

    x, weight = np.polynomial.hermite_e.hermegauss(24)
    weight = weight / weight.sum()
    total = same = 0.0
    for (y, p), (z, r) in itertools.product(zip(x, weight, strict=True), repeat=2):
        if p * r < 1e-14:
            continue
        a, b = np.sqrt(plus) * y, np.sqrt(minus) * z
        up, down = chance(a, b), chance(-a, b)
        chances = np.array([up, down, 1.0 - up - down])
        total += p * r * float(special.xlogy(chances, np.maximum(chances, 1e-300)).sum())
        same += p * r * float(np.sum(chances**2))
    found = outputs(one(plus), one(minus), 2)
    assert found.log_z[0] == pytest.approx(total, abs=2e-6)
    assert found.disagreement[0] == pytest.approx(1.0 - same, abs=2e-6)


@pytest.mark.parametrize(("plus", "minus"), [(0.5, 0.1), (0.9, 0.6), (0.3, 0.85)])
def test_derivatives_of_both_halves(plus: float, minus: float) -> None:
    step, found = 1e-4, outputs(one(plus), one(minus), 2)
    for index, name in enumerate(("plus", "minus")):
        ends = [outputs(one(plus + h * (1 - index)), one(minus + h * index), 2).log_z[0] for h in (step, -step)]
        assert (ends[0] - ends[1]) / step == pytest.approx(float(getattr(found, name)[0]), rel=3e-7)
    for weights in (gaussian, signs):
        pair = weights(one(plus), one(minus), 2)
        for index, name in enumerate(("plus", "minus")):
            ends = [weights(one(plus + h * (1 - index)), one(minus + h * index), 2).log_z[0] for h in (step, -step)]
            assert (ends[0] - ends[1]) / step == pytest.approx(float(getattr(pair, name)[0]), rel=3e-7)
    small = 1e-6
    assert outputs(one(plus), one(small), 2).minus[0] / small == pytest.approx(telling(one(plus), 2)[0], rel=1e-5)
    assert signs(one(plus), one(small), 2).minus[0] / small == pytest.approx(bend_of_signs(one(plus), 2)[0], rel=1e-4)


@pytest.mark.parametrize("weights", ["gaussian", "binary"])
def test_levels_agree_and_errors_hold(weights: str) -> None:
    """Against an integral twice as fine, also near the teacher."""
    for alpha in (0.3, 1.8, 2.5) if weights == "gaussian" else (0.3, 1.8):
        solution = replica.solve(two(weights), alpha=alpha)
        problem = solution.problem
        assert isinstance(problem, PairProblem)
        fine = problem.at_level(4).observe(solution.point[None])[0]
        for name in ("q", "q_cross", "free_entropy", "generalization_error"):
            assert abs(float(fine[name][0]) - solution[name]) <= solution.errors[name] < 1e-11
        # the total derivative of the free entropy in the load is the partial one
        step = 1e-3
        ends = [replica.solve(two(weights), alpha=alpha + h).free_entropy for h in (step, -step)]
        slope = 0.5 * float(problem.halves(solution.point[None])[1].log_z[0])
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(slope, rel=1e-5)


def test_starts_batches_and_refusals() -> None:
    model = two("binary")
    curve = replica.sweep(model, alpha=[0.0, 1.0, 1.8, 2.5], observables=["q", "q_cross", "generalization_error"])
    assert curve["q"].values[[0, 3]].tolist() == [0.0, 1.0]
    assert float(curve["q_cross"][2]) == pytest.approx(replica.solve(model, alpha=1.8)["q_cross"], abs=1e-12)
    assert replica.solve(model, alpha=1.8, start="informed")["q"] == 1.0
    alike = replica.solve(model, alpha=1.8, start={"q": 0.3, "q_cross": 0.3})
    assert alike["q"] == alike["q_cross"] and "a difference of the units grows" in alike.status
    assert "between the specialised state" in replica.solve(model, alpha=1.8, start={"q": 0.9}).status
    with pytest.raises(ValueError, match="at least 0"):
        replica.solve(model, alpha=1.8, start={"q": 0.3, "q_cross": 0.4})
    for wrong in (model, replica.committee(connectivity="full", labels="teacher", weights="spherical")):
        with pytest.raises(ValueError, match="must be one number"):
            replica.solve(wrong, alpha=1.8, start={"q": [0.3, 0.4]})
    with pytest.raises(ValueError, match="'equilibrium'|equilibrium"):
        replica.solve(model, alpha=1.8, start="uninformed")
    with pytest.raises(ValueError, match="unknown variable 'qq'"):
        replica.solve(model, alpha=1.8, start={"qq": 0.3})


@pytest.mark.parametrize(
    ("ask", "word"),
    [
        (lambda: replica.solve(replica.committee(2, connectivity="full"), alpha=1.0), "needs a teacher"),
        (lambda: replica.solve(two("ternary"), alpha=1.0), r"weights of \+-1"),
        (lambda: replica.solve(two(margin=0.2), alpha=1.0), "margin 0"),
        (lambda: replica.solve(two("binary"), alpha=1.0, ansatz=replica.RSB()), "inputs of their own"),
        (lambda: replica.at_line(two()), "one overlap"),
        (lambda: replica.franz_parisi(two("binary"), alpha=1.0, distance=[0.1]), "inputs of their own"),
        (lambda: replica.specialization(replica.committee(connectivity="full", labels="teacher")), "two sign units"),
        (lambda: replica.specialization(replica.perceptron(labels="teacher")), "two sign units"),
        (lambda: replica.simulate(replica.committee(2, connectivity="full"), n=8, alpha=0.5, seed=1), "two answers"),
        (lambda: replica.instance(replica.committee(2, connectivity="full"), n=8, alpha=0.5, seed=1), "two answers"),
    ],
)
def test_what_is_not_here_is_refused(ask: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        ask()


@pytest.mark.bench
def test_exact_posteriors_of_small_systems() -> None:
    """All pairs of vectors +-1 that give the teacher's three outputs, n = 6, 8, 10: their number, and the overlap of
    the sums of both units.
    """
    rng, alpha, seen = np.random.default_rng(5), 1.0, {}
    for n in (6, 8, 10):
        vectors = np.array(list(itertools.product((-1.0, 1.0), repeat=n)))
        rows = []
        for _ in range(600):
            x = rng.standard_normal((n, int(alpha * n)))
            teacher = rng.choice([-1.0, 1.0], size=(2, n))
            up = vectors @ x > 0
            first, second = (teacher @ x > 0).astype(int)
            both = np.ones((len(vectors), len(vectors)), dtype=bool)
            for k in range(x.shape[1]):
                both &= (up[:, k][:, None].astype(int) + up[:, k]) == first[k] + second[k]
            count = both.sum()
            mean = (both.sum(axis=1) @ vectors + both.sum(axis=0) @ vectors) / count
            rows.append((np.log(count) / (2 * n), float(mean @ mean) / (2 * n)))
        seen[n] = np.mean(rows, axis=0), np.std(rows, axis=0) / np.sqrt(len(rows))
    theory = replica.solve(two("binary"), alpha=alpha)
    expected = np.array([theory.free_entropy, theory["q"] + theory["q_cross"]])
    inverse = 1.0 / np.array(sorted(seen))
    for k, limit in enumerate(expected):
        means, errors = (np.array([seen[n][j][k] for n in sorted(seen)]) for j in (0, 1))
        fit, covariance = np.polyfit(inverse, means, 1, w=1.0 / errors, cov="unscaled")
        assert abs(fit[1] - limit) < 4.0 * np.sqrt(covariance[1, 1]) + 0.01


def test_owens_formula_beside_an_integral() -> None:
    """``telling`` from the density of the weights alone, at one place."""
    q = 0.4

    def inside(a: float) -> float:
        return np.exp(-(a**2) / 2 / q) / np.sqrt(2 * np.pi * q) * sum(bend**2 / z for z, bend in _bends(a, q))

    value = integrate.quad(inside, -6.0, 6.0, epsabs=1e-10, limit=200)[0]
    assert telling(one(q), 2)[0] == pytest.approx(value, abs=1e-8)


def _bends(a: float, q: float) -> list[tuple[float, float]]:
    """Chances of the three outputs at ``b = 0`` and their second derivatives in b, by quadrature over w."""
    w, weight = np.polynomial.legendre.leggauss(60)
    w, weight = 4.5 * (w + 1.0), 4.5 * weight

    def both(sign: float) -> tuple[float, float]:
        inside = special.ndtr((sign * a - w) / np.sqrt(1 - q)) * np.exp(-(w**2) / 2) / np.sqrt(2 * np.pi)
        return 2.0 * float(weight @ inside), 2.0 * float(weight @ (inside * (w**2 - 1.0)))

    up, down = both(1.0), both(-1.0)
    return [up, down, (1.0 - up[0] - down[0], -up[1] - down[1])]
