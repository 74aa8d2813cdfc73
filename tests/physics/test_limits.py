"""Limits and closed forms of `replica.exact` against the solver: small load, high temperature, capacity, large load."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import replica
from replica import exact

#: weights -> (phi without patterns, <w^2>, Var(w^2)) of a free weight
FREE = {
    "ternary": (np.log(3), 2 / 3, 2 / 9),
    "five": (np.log(5), 2.0, 34 / 5 - 4.0),
    "gaussian": (0.0, 1 / 0.8, 2 / 0.8**2),
}
MEMBERS = {
    "binary": replica.Binary(),
    "spherical": replica.Spherical(),
    "ternary": replica.Ternary(),
    "five": replica.Discrete((-2.0, -1.0, 0.0, 1.0, 2.0)),
    "gaussian": replica.Gaussian(0.8),
}
HELD = {"binary": (np.log(2), 1.0, 0.0), "spherical": (0.0, 1.0, 0.0)}
LOADS = np.array([0.004, 0.002, 0.001])


def fall_of(errors: list[float]) -> list[float]:
    """Exponents with which errors fall when the small quantity is halved."""
    return [float(np.log2(a / b)) for a, b in itertools.pairwise(errors)]


@pytest.mark.parametrize("margin", [-0.6, 0.0, 0.5])
@pytest.mark.parametrize("name", [*FREE, *HELD])
def test_small_load_random_labels(name: str, margin: float) -> None:
    """The rest of the expansion falls as alpha^3 in phi and alpha^2 in the overlaps; the orders are measured."""
    bare, norm, spread = (FREE | HELD)[name]
    model = replica.perceptron(MEMBERS[name], margin=margin, beta=1.0 if name == "gaussian" else np.inf)
    rest: dict[str, list[float]] = {"phi": [], "q": [], "Q": []}
    for alpha in LOADS:
        solution = replica.solve(model, alpha=alpha)
        expected = exact.small_load(alpha, margin, bare=bare, norm=norm, spread=spread)
        rest["phi"].append(abs(solution.free_entropy - expected.free_entropy))
        rest["q"].append(abs(solution["q"] - expected.q))
        rest["Q"].append(abs(solution["q"] + solution["V"] - expected.norm))
    assert np.allclose(fall_of(rest["phi"]), 3.0, atol=0.1)
    assert np.allclose(fall_of(rest["q"]), 2.0, atol=0.1)
    assert max(rest["Q"]) < 1e-14 or min(fall_of(rest["Q"])) > 1.9


@pytest.mark.parametrize("name", ["binary", "spherical", "ternary", "five"])
def test_small_load_teacher(name: str) -> None:
    bare, norm, _ = (FREE | HELD)[name]
    model = replica.perceptron(MEMBERS[name], labels="teacher")
    solutions = [replica.solve(model, alpha=alpha) for alpha in LOADS]
    expected = [exact.small_load_teacher(alpha, bare=bare, norm=norm) for alpha in LOADS]
    phi = [abs(s.free_entropy - e.free_entropy) for s, e in zip(solutions, expected, strict=True)]
    q = [abs(s["q"] - e.q) for s, e in zip(solutions, expected, strict=True)]
    assert np.allclose(fall_of(phi), 3.0, atol=0.1)
    assert np.allclose(fall_of(q), 2.0, atol=0.1)


@pytest.mark.parametrize("name", list(HELD))
@pytest.mark.parametrize("margin", [-0.5, 0.0, 0.4])
def test_high_temperature(name: str, margin: float) -> None:
    """What is left out falls as beta^3 (beta^4 at margin 0, where the third cumulant of a fair coin vanishes)."""
    model = replica.perceptron(MEMBERS[name], loss=replica.ErrorCount(margin))
    phi, energy = [], []
    for beta in (0.02, 0.01, 0.005):
        solution = replica.solve(model.with_parameters(beta=beta), alpha=1.7)
        expected = exact.high_temperature(1.7, beta, margin, bare=HELD[name][0])
        phi.append(abs(solution.free_entropy - expected[0]))
        energy.append(abs(solution.energy - expected[1]))
    order = 4.0 if margin == 0 else 3.0
    assert np.allclose(fall_of(phi), order, atol=0.25)
    assert np.allclose(fall_of(energy), order - 1, atol=0.25)


def test_low_temperature_of_a_satisfiable_problem_is_the_hard_margin() -> None:
    """``phi(beta) -> phi(inf)`` from above, as e^-beta below capacity."""
    hard = replica.solve(replica.perceptron("binary", margin=0.2), alpha=0.4)
    gaps = []
    for beta in (14.0, 15.0, 16.0):
        model = replica.perceptron("binary", loss=replica.ErrorCount(0.2), beta=beta)
        gaps.append(replica.solve(model, alpha=0.4).free_entropy - hard.free_entropy)
    assert np.allclose(np.log(np.divide(gaps[:-1], gaps[1:])), 1.0, atol=0.03)
    limit = replica.solve(replica.perceptron("binary", loss=replica.ErrorCount(0.2)), alpha=0.4)
    assert limit.free_entropy == pytest.approx(hard.free_entropy, abs=1e-14)
    assert limit.energy == 0.0


@pytest.mark.parametrize("margin", [-1.5, -0.3, 0.0, 0.4, 1.7])
def test_capacity_of_the_sphere(margin: float) -> None:
    threshold = replica.capacity(replica.perceptron("spherical", margin=margin))
    assert threshold.value == pytest.approx(exact.spherical_capacity(margin), rel=1e-13)
    assert threshold.solution is not None
    stability = replica.stability(threshold.solution)
    assert stability == pytest.approx(exact.spherical_capacity_stability(margin), abs=1e-12)
    field = np.array([margin - 0.5, margin + 0.2, margin + 1.5])
    found = replica.margin_distribution(threshold.solution, field=field)
    densities, atoms = zip(*(exact.spherical_capacity_density(delta, margin) for delta in field), strict=True)
    assert np.allclose(found["density"], densities, rtol=1e-13)
    ((place, mass),) = found.attrs["atoms"]
    assert place == margin
    assert mass == pytest.approx(atoms[0], rel=1e-12)


@pytest.mark.parametrize("margin", [-0.8, 0.0, 0.9])
def test_end_of_the_binary_branch(margin: float) -> None:
    threshold = replica.spinodal(replica.perceptron("binary", margin=margin))
    expected = exact.binary_existence(margin)
    assert abs(threshold.value - expected) <= threshold.error + 1e-14
    assert threshold.value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("kappa", [0.2, 0.6, 1.0, 1.8])
@pytest.mark.parametrize(("shape", "loss"), [("band", replica.Band), ("outside-band", replica.OutsideBand)])
def test_first_moment_of_even_constraints(shape: str, loss: type, kappa: float) -> None:
    model = replica.perceptron("binary", loss=loss(kappa))
    bound = exact.first_moment_capacity(kappa, shape)
    assert replica.capacity(model, ansatz=replica.Annealed()).value == pytest.approx(bound, rel=1e-13)
    assert replica.at_line(model).value == pytest.approx(exact.paramagnet_stability_limit(kappa, shape), rel=1e-12)
    is_exact = shape == "band" or kappa < exact.u_function_margin()
    typical = replica.capacity(model)
    if is_exact:
        assert typical.value == pytest.approx(bound, rel=1e-13)
        entropy = exact.annealed_entropy(0.5 * bound, kappa, shape)
        assert replica.solve(model, alpha=0.5 * bound).entropy == pytest.approx(entropy, rel=1e-13)
    else:
        assert typical.value < bound * (1 - 1e-6)


def test_the_margin_of_the_u_function_separates_the_two_regimes() -> None:
    kappa = exact.u_function_margin()
    assert kappa == pytest.approx(0.81709945, abs=5e-9)
    below, above = (replica.perceptron("binary", loss=replica.OutsideBand(kappa + d)) for d in (-1e-3, 1e-3))
    assert "first moment" in replica.capacity(below).status
    assert "first moment" not in replica.capacity(above).status


@pytest.mark.parametrize("estimator", ["typical", "bayes"])
def test_large_load_on_the_sphere(estimator: str) -> None:
    """The product of error and load tends to its limit as 1/alpha^2."""
    model = replica.perceptron("spherical", labels="teacher")
    gaps = []
    for alpha in (100.0, 200.0, 400.0):
        error = replica.generalization_error(replica.solve(model, alpha=alpha), estimator=estimator)
        gaps.append(abs(error / exact.large_load_error(alpha, estimator) - 1))
    assert gaps[-1] < 1e-5
    assert np.allclose(fall_of(gaps), 2.0, atol=0.01)


@pytest.mark.parametrize("margin", [0.0, 0.8])
def test_near_capacity_the_volume_shrinks_as_the_logarithm_of_1_minus_q(margin: float) -> None:
    """Sphere: ``phi = (1 + alpha_c H(-kappa)) ln(1-q)/2 + O(1)``, and ``1 - q`` vanishes linearly in the distance.

    The first half is the sphere's own, the second comes from the tails ``ln H(x) = -x^2/2 - ln x`` of pinned patterns.
    """
    model = replica.perceptron("spherical", margin=margin)
    capacity = exact.spherical_capacity(margin)
    distances = np.array([1e-3, 1e-5, 1e-7])
    solutions = [replica.solve(model, alpha=capacity * (1 - d)) for d in distances]
    gaps = np.log([s["V"] for s in solutions])
    assert np.allclose(np.diff(gaps) / np.diff(np.log(distances)), 1.0, atol=0.02)
    coefficient = 0.5 * (2.0 - exact.spherical_capacity_stability(margin))
    rest = [s.free_entropy - coefficient * gap for s, gap in zip(solutions, gaps, strict=True)]
    steps = np.abs(np.diff(rest))  # a wrong coefficient would leave equal steps, a multiple of ln 100
    assert steps[1] < 0.3 * steps[0]
    assert steps[1] < 0.01
    assert all(s.converged and s.error < 1e-6 for s in solutions)  # phi is what is left of terms 1/(1-q)
