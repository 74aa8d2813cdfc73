"""Networks of a few units: stored figures, brute-force averages over outer fields, exact limits, enumeration."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

import replica
from replica.data import Overlaps
from tests.contracts.members import trapezoid

ORACLES = json.loads((Path(__file__).parents[1] / "oracles" / "committee.json").read_text(encoding="utf-8"))
FIGURES = [figure for figure in ORACLES if ".FP." not in figure["id"] and ".LE." not in figure["id"]]


def model_of(figure: dict[str, Any]) -> replica.Model:
    words, params = figure["id"].split("."), figure["params"]
    units = np.inf if words[1] == "K_inf" else int(words[1][1:])
    if words[2] == "parity":
        return replica.parity(int(units), weights=words[3])
    ties = "violated" if "ties_gt" in words else "satisfied"
    margin = params.get("kappa", 0.0)
    return replica.committee(units, activation=words[2], weights=words[3], margin=margin, ties=ties)


def found_of(figure: dict[str, Any]) -> tuple[float, float, str]:
    """Value, error and status of what a figure is about."""
    model, name = model_of(figure), figure["quantity"].split(" ")[0]
    if name.startswith("alpha") and "alpha" not in figure["params"]:
        line = replica.at_line if name == "alpha_AT" else replica.capacity
        threshold = line(model)
        return threshold.value, threshold.error, threshold.status
    solution = replica.solve(model, alpha=figure["params"]["alpha"])
    if ".AT" in figure["id"]:
        return 1.0 - solution["stability"], solution.errors["stability"], solution.status
    key = "q" if name.startswith("q_RS") else "free_entropy"
    return solution[key], solution.errors[key], solution.status


def figures() -> list[Any]:
    """The stored figures; those of averages over four fields take seconds, and a line over five many."""
    slow = {figure["id"]: [pytest.mark.slow] for figure in FIGURES if ".K4." in figure["id"]}
    slow["committee.K5.sign.spherical.alpha_AT"] = [pytest.mark.bench]
    return [pytest.param(figure, marks=slow.get(figure["id"], []), id=figure["id"]) for figure in FIGURES]


@pytest.mark.parametrize("figure", figures())
def test_agreement_with_stored_figures(figure: dict[str, Any]) -> None:
    value, error, status = found_of(figure)
    gap = abs(value - figure["value"])
    assert status.startswith("converged")
    assert gap <= max(5 * figure["abs_err"], 1e-9 * max(abs(figure["value"]), 0.1))
    assert gap <= 5 * figure["abs_err"] + error + 2e-16 * abs(value)


# -- brute force: the probability of a correct output at given outer fields, from its definition -----------------------


def majority(p: np.ndarray, need: int) -> np.ndarray:
    """Probability that at least ``need`` units are positive, summed over all sign patterns; p (K, ...)."""
    total = np.zeros(p.shape[1:])
    for signs in itertools.product((0, 1), repeat=len(p)):
        if sum(signs) >= need:
            total = total + np.prod([p[k] if on else 1 - p[k] for k, on in enumerate(signs)], axis=0)
    return total


def product_sign(p: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.prod(2 * p - 1, axis=0)


def two_rectified(a: np.ndarray, s: float, t: float, tied: bool) -> np.ndarray:
    """``P(relu(x) - relu(y) >= t)`` by a fine rule over y (its atom apart)."""
    node, weight = np.polynomial.legendre.leggauss(40)
    low, high = max(0.0, -t), 14.0
    edges = np.linspace(low, high, 15)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    y, w = (middle + half * node).ravel(), (half * weight).ravel()
    column = y.reshape(-1, *([1] * (a.ndim - 1)))
    density = np.exp(-((column - a[1]) ** 2) / (2 * s * s)) / np.sqrt(2 * np.pi) / s
    beyond = np.tensordot(w, density * ndtr((a[0] - column - t) / s), axes=1)
    off = ndtr(-a[1] / s)
    sure = ndtr((a[0] - t) / s) if t > 0 or (t == 0 and not tied) else 1.0
    early = 0.0 if t >= 0 else ndtr((-t - a[1]) / s) - off  # y < -t: any x does
    return off * sure + early + beyond


CASES: dict[str, tuple[replica.Model, Callable[[np.ndarray, float], np.ndarray]]] = {
    "sign 3": (replica.committee(3), lambda a, s: majority(ndtr(a / s), 2)),
    "sign 3, margin 1": (replica.committee(3, margin=1.0), lambda a, s: majority(ndtr(a / s), 3)),
    "sign 3, margin -1": (replica.committee(3, margin=-1.0), lambda a, s: majority(ndtr(a / s), 1)),
    "parity 2": (replica.parity(2), lambda a, s: product_sign(ndtr(a / s))),
    "parity 3": (replica.parity(3), lambda a, s: product_sign(ndtr(a / s))),
    "relu 2": (replica.committee(2, activation="relu"), lambda a, s: two_rectified(a, s, 0.0, True)),
    "relu 2, ties violated": (
        replica.committee(2, activation="relu", ties="violated"),
        lambda a, s: two_rectified(a, s, 0.0, False),
    ),
    "relu 2, margin 0.3": (
        replica.committee(2, activation="relu", margin=0.3),
        lambda a, s: two_rectified(a, s, 0.3 * np.sqrt(2), True),
    ),
    "relu 2, margin -0.3": (
        replica.committee(2, activation="relu", margin=-0.3),
        lambda a, s: two_rectified(a, s, -0.3 * np.sqrt(2), True),
    ),
}


def brute_log(model: replica.Model, chance: Callable[..., np.ndarray], q: float, norm: float = 1.0) -> float:
    """``E ln P`` on a full grid, without symmetry."""
    units = model.architecture.units
    z, weight = trapezoid(0.3 if units == 3 else 0.2)
    mesh = np.stack(np.meshgrid(*([z] * units), indexing="ij"))
    mass = np.prod(np.stack(np.meshgrid(*([weight] * units), indexing="ij")), axis=0)
    with np.errstate(divide="ignore"):
        log = np.log(chance(np.sqrt(q) * mesh, np.sqrt(norm - q)))
    return float((mass * np.where(mass > 1e-25, log, 0.0)).sum())


def averages(model: replica.Model, q: float, norm: float = 1.0, level: int = 1, whole: bool = True) -> Any:
    one = (np.array([x]) for x in (q, norm - q, 0.0, q))
    return model.architecture.patterns(model.loss, model.data, Overlaps(*one), np.inf, level, whole=whole)


@pytest.mark.parametrize("name", CASES)
def test_average_and_its_slopes_are_those_of_brute_force(name: str) -> None:
    """``E ln P``, ``q_hat = -2 dE/dq`` at fixed norm and ``curvature - q_hat = -2 dE/dQ``."""
    model, chance = CASES[name]
    q, h = 0.3, 2e-3
    found = averages(model, q)
    assert found.log_z[0] == pytest.approx(brute_log(model, chance, q), abs=2e-12)

    def slope(by: Callable[[float], float]) -> float:
        wide, narrow = ((by(s) - by(-s)) / (2 * s) for s in (h, h / 2))
        return (4 * narrow - wide) / 3

    in_q = slope(lambda s: brute_log(model, chance, q + s))
    in_norm = slope(lambda s: brute_log(model, chance, q, 1.0 + s))
    assert found.conjugates["q_hat"][0] == pytest.approx(-2 * in_q, abs=1e-9)
    quick = averages(model, q, whole=False)
    assert quick.conjugates["q_hat"][0] == pytest.approx(found.conjugates["q_hat"][0], rel=1e-12)
    for way in (quick, found):
        assert way.conjugates["curvature"][0] == pytest.approx(-2 * (in_q + in_norm), abs=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_rigidity_is_the_mean_square_of_all_second_derivatives(name: str) -> None:
    model, chance = CASES[name]
    q, units, step = 0.3, model.architecture.units, 1e-3
    z, weight = trapezoid(0.45)
    mesh = np.stack(np.meshgrid(*([z] * units), indexing="ij"))
    mass = np.prod(np.stack(np.meshgrid(*([weight] * units), indexing="ij")), axis=0)

    def log(*shifts: tuple[int, float]) -> np.ndarray:
        moved = np.sqrt(q) * mesh
        for unit, by in shifts:
            moved = moved.copy()
            moved[unit] += by
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(chance(moved, np.sqrt(1 - q)))

    total = 0.0
    for k in range(units):
        for m in range(k, units):
            corners = [log((k, a * step), (m, b * step)) * a * b for a in (1, -1) for b in (1, -1)]
            second = sum(corners) / (4 * step**2)
            share = float((mass * np.where(mass > 1e-12, second, 0.0) ** 2).sum())
            total += share if k == m else 2 * share
    assert averages(model, q).rigidity[0] == pytest.approx(total, rel=3e-5)


def test_four_rectified_units_as_sampled() -> None:
    """``E ln P`` of K = 4 at a few outer fields: the tables against a million draws."""
    rng = np.random.default_rng(3)
    from replica.architectures._rectified_tables import Contest, Group

    a = np.array([[0.4, -0.7], [-0.2, 1.1]])
    group, s = Group(a, 0.8), 0.8
    draws = np.maximum(a[:, :, None] + s * rng.standard_normal((2, 2, 1_000_000)), 0.0).sum(axis=1)
    for t in (-0.5, 0.0, 0.6):
        contest = Contest.of(group, t, False, 14.0, (20, 3.0))
        chance = contest.chance(slice(0, 2))[0, 1] if t >= 0 else contest.chance(slice(0, 2))[1, 0]
        sampled = float(np.mean(draws[0] - draws[1] >= t))
        assert abs(chance - sampled) < 5 * np.sqrt(sampled * (1 - sampled) / 1e6)


def test_slopes_of_four_units_are_differences_of_their_chances() -> None:
    from replica.architectures._rectified_tables import Contest, Group

    a, h = np.array([[0.4, -0.7], [-0.2, 1.1]]), 1e-3
    for t, strict in ((0.0, True), (0.0, False), (0.6, False), (-0.5, False)):

        def chance(row: np.ndarray, column: np.ndarray, t: float = t, strict: bool = strict) -> float:
            means = np.stack([row, column])
            return Contest.of(Group(means, 0.8), t, strict, 14.0, (20, 3.0)).chance(slice(0, 1))[0, 1]

        contest = Contest.of(Group(a, 0.8), t, strict, 14.0, (20, 3.0))
        means, eye = np.concatenate([a[0], a[1]]), np.eye(4)
        slopes = [d[0, 1] for d in contest.slopes(slice(0, 1))]
        curves = {(k, m): d[0, 1] for k, m, d in contest.curves(slice(0, 1))}

        def at(shift: np.ndarray, means: np.ndarray = means, chance: Callable[..., float] = chance) -> float:
            moved = means + shift
            return chance(moved[:2], moved[2:])

        for k in range(4):
            assert slopes[k] == pytest.approx((at(h * eye[k]) - at(-h * eye[k])) / (2 * h), abs=1e-6)
            for m in range(k, 4):
                corners = (x * y * at(h * (x * eye[k] + y * eye[m])) for x in (1, -1) for y in (1, -1))
                assert curves[k, m] == pytest.approx(sum(corners) / (4 * h * h), abs=1e-6)


def test_all_three_units_right_are_three_perceptrons() -> None:
    """A margin above 1/sqrt 3 asks all three signs: the perceptron at three times the load."""
    for weights in ("binary", "spherical"):
        asked = replica.solve(replica.committee(3, weights=weights, margin=1.2), alpha=0.2)
        single = replica.solve(replica.perceptron(weights), alpha=0.6)
        assert asked["q"] == pytest.approx(single["q"], abs=1e-12)
        assert asked.free_entropy == pytest.approx(single.free_entropy, abs=1e-12)
        assert asked["stability"] == pytest.approx(single["stability"], abs=1e-10)
    threshold = replica.capacity(replica.committee(3, weights="spherical", margin=1.2))
    assert threshold.value == pytest.approx(2 / 3, rel=1e-12)


def test_margins_of_sign_units_act_in_steps() -> None:
    inside = [replica.solve(replica.committee(3, margin=m), alpha=0.4).free_entropy for m in (-0.5, 0.0, 0.57)]
    assert np.ptp(inside) == 0.0
    edge = 1 / np.sqrt(3)
    kept, lost = (replica.committee(3, margin=edge, ties=ties) for ties in ("satisfied", "violated"))
    assert replica.solve(kept, alpha=0.3).free_entropy == pytest.approx(
        replica.solve(replica.committee(3), alpha=0.3).free_entropy, abs=1e-12
    )
    assert replica.solve(lost, alpha=0.3).free_entropy == pytest.approx(
        replica.solve(replica.committee(3, margin=1.0), alpha=0.3).free_entropy, abs=1e-12
    )


def test_the_kernel_is_the_limit_of_many_units() -> None:
    """RS free entropies at K = 3 and 5 approach infinite width like 1/K."""
    wide = replica.solve(replica.committee(), alpha=0.5).free_entropy
    three, five = (replica.solve(replica.committee(units), alpha=0.5).free_entropy for units in (3, 5))
    assert abs(five - wide) < abs(three - wide)
    assert (five - wide) * 5 == pytest.approx((three - wide) * 3, rel=0.1)


def test_energy_is_the_slope_in_beta() -> None:
    for model in (
        replica.committee(3, loss=replica.ErrorCount(0.0), beta=1.3),
        replica.committee(3, loss="logistic", beta=1.3),
        replica.committee(2, activation="relu", loss=replica.ErrorCount(0.2), beta=1.3),
    ):
        h = 1e-3
        phi = [replica.solve(model.with_parameters(beta=1.3 + s * h), alpha=0.8).free_entropy for s in (-1, 1)]
        solution = replica.solve(model, alpha=0.8)
        assert solution.energy == pytest.approx(-(phi[1] - phi[0]) / (2 * h), rel=1e-5)
        if solution.model.loss == replica.ErrorCount(0.0):
            assert solution.training_error == pytest.approx(solution.energy / 0.8, rel=1e-10)


def test_what_a_few_units_do_not_have_is_refused_in_a_sentence() -> None:
    model = replica.committee(3)
    solution = replica.solve(model, alpha=0.3)
    for asked in (
        lambda: replica.local_entropy(replica.committee(5), alpha=0.3, distance=[0.1]),
        lambda: replica.local_entropy_threshold(model),
        lambda: replica.max_margin(replica.committee(2, activation="relu"), alpha=0.3),
        lambda: solution.certify(),  # 30 digits
        lambda: replica.solve(replica.committee(2, activation="relu"), alpha=0.3).certify(digits=12),
        lambda: replica.committee(4),
        lambda: replica.committee(3, activation="relu"),
        lambda: replica.committee(3, activation="tanh"),
        lambda: replica.solve(replica.committee(7), alpha=0.3),
        lambda: replica.capacity(replica.committee(4, activation="relu", weights="spherical")),
        lambda: replica.parity(1),
    ):
        with pytest.raises(ValueError, match=r"units|K-dimensional|perceptron"):
            asked()
    far = replica.solve(replica.committee(3, weights="spherical"), alpha=4.1, on_failure="keep")
    assert "not converged" in far.status
    assert "affordable" in far.status


def test_enumeration_of_small_trees() -> None:
    """``E ln Z / N`` of K = 3 sign trees at alpha = 1/3: exact counts, extrapolated in 1/N."""
    rng = np.random.default_rng(11)
    sizes, samples = (12, 18), 300
    means, errors = [], []
    for n in sizes:
        block, patterns = n // 3, n // 3
        letters = np.array(list(itertools.product((-1, 1), repeat=block)))
        logs = np.empty(samples)
        for i in range(samples):
            right = [np.where(letters @ rng.standard_normal((block, patterns)) > 0, 1, -1) for _ in range(3)]
            fine = np.ones((len(letters),) * 3, dtype=bool)
            for mu in range(patterns):
                total = right[0][:, None, None, mu] + right[1][None, :, None, mu] + right[2][None, None, :, mu]
                fine &= total > 0
            logs[i] = np.log(fine.sum()) / n
        means.append(logs.mean())
        errors.append(logs.std() / np.sqrt(samples))
    theory = replica.solve(replica.committee(3), alpha=1 / 3).free_entropy
    slope = (means[0] - means[1]) / (1 / sizes[0] - 1 / sizes[1])
    limit = means[1] - slope / sizes[1]
    spread = np.hypot(errors[1] * (1 + 2), errors[0] * 2)
    assert abs(limit - theory) < 3 * spread
    assert spread < 0.013


def test_errors_stay_honest_where_the_rule_converges_slowly() -> None:
    """Overlaps near 0.9: the next finer sums lie within the reported errors of conjugate and free entropy."""
    from replica.ansatz.rs.equations import Equations, RSProblem

    networks = replica.committee(3, weights="spherical"), replica.parity(2, weights="spherical")
    for model, alpha in zip(networks, (3.0, 4.0), strict=True):
        solution = replica.solve(model, alpha=alpha)
        fine = RSProblem(Equations(model, 1, 4), np.array([alpha]))
        point = np.log([[solution["q_hat"]]])
        residual, jacobian = fine.residual_and_jacobian(point)
        off = abs(float(residual[0, 0] / jacobian[0, 0, 0])) * solution["q_hat"]
        assert off <= solution.errors["q_hat"]
        assert abs(float(fine.potential(point)[0]) - solution.free_entropy) < solution.error
