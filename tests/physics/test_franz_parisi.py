"""Franz-Parisi curves against stored figures, exact limits and an independently coded plain quadrature."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import log_ndtr, ndtr

import replica
from replica.ansatz.franz_parisi.pair_patterns import Side
from replica.ansatz.franz_parisi.typical_held_norm import FranzParisiProblem
from replica.ansatz.franz_parisi.typical_held_norm import Reference as Typical
from saddlepoint import check_jacobian, solve

FIGURES = json.loads((Path(__file__).parents[1] / "oracles" / "landscape.json").read_text(encoding="utf-8"))
BAND = {"rect": replica.Band, "u": replica.OutsideBand}


def figure(name: str) -> dict[str, Any]:
    return next(f for f in FIGURES if f["id"] == name)


def names(*beginnings: str) -> list[str]:
    return [f["id"] for f in FIGURES if f["id"].startswith(beginnings)]


def agree(found: float, error: float, stored: dict[str, Any]) -> None:
    """The agreement of the conventions, and an error that covers the difference up to the figure's own."""
    value, known = stored["value"], stored["abs_err"]
    assert abs(found - value) <= max(5 * known, 1e-9 * max(abs(value), 0.1))
    assert abs(found - value) <= error + 5 * known
    assert error < 1e-10


def at(curve: Any, name: str = "entropy") -> tuple[float, float]:
    assert curve["status"].values[0].startswith("converged")
    return float(curve[name][0]), float(curve[f"{name}_error"][0])


@pytest.mark.parametrize("name", names("fp_"))
def test_margins_agree_with_the_figures(name: str) -> None:
    stored = figure(name)
    params = stored["params"]
    model = replica.perceptron(name.split("_")[1], margin=params["kappa"])
    reference = replica.Reference(margin=params["kappa_ref"])
    curve = replica.franz_parisi(model, alpha=params["alpha"], distance=[(1 - params["t"]) / 2], reference=reference)
    agree(*at(curve), stored)


@pytest.mark.parametrize("name", [n for n in names("sbp_fp", "perc.sbp") if "fp_annealed" not in n])
def test_symmetric_binary_perceptron_agrees_with_the_figures(name: str) -> None:
    stored = figure(name)
    params = stored["params"]
    loss = BAND[params.get("kind", "rect")](params["kappa"])
    reference = replica.Reference(margin=params["kappa_ref"])
    curve = replica.franz_parisi(
        replica.perceptron("binary", loss=loss), alpha=params["alpha"], distance=[params["d"]], reference=reference
    )
    agree(*at(curve), stored)


@pytest.mark.parametrize("name", names("sbp_pairs", "perc.sbp.rect.fp_annealed"))
def test_first_moment_of_pairs_agrees_with_the_figures(name: str) -> None:
    stored = figure(name)
    params = stored["params"]
    model = replica.perceptron("binary", loss=replica.Band(params["kappa"]))
    reference = replica.Reference(margin=params.get("kappa_ref", params["kappa"]))
    curve = replica.franz_parisi(
        model, alpha=params["alpha"], distance=[params["d"]], reference=reference, ansatz=replica.Annealed()
    )
    value, error = at(curve)
    if name.startswith("sbp_pairs"):  # that figure counts the pairs, this verb divides by the references
        alone = np.log(2.0) + params["alpha"] * np.log(1.0 - 2.0 * ndtr(-params["kappa"]))
        value += alone
    agree(value, error, stored)
    assert "upper bound" in str(curve["status"].values[0])


def test_teacher_agrees_with_the_figures() -> None:
    model = replica.perceptron("binary", labels="teacher")
    entropy, error = figure("ts_entropy_a0.6_d0.1"), figure("ts_eps_a0.6_d0.1")
    curve = replica.franz_parisi(model, alpha=0.6, distance=[0.1])
    agree(*at(curve), entropy)
    agree(*at(curve, "generalization_error"), error)
    around = replica.franz_parisi(model, alpha=0.6, distance=[0.1], reference="planted")
    agree(*at(around), entropy)
    assert float(around["generalization_error"][0]) == pytest.approx(np.arccos(0.8) / np.pi, abs=1e-15)


@pytest.mark.parametrize(("alpha", "weights"), [(0.6, "binary"), (0.7, "binary")])
def test_largest_margin_is_that_of_the_figures(alpha: float, weights: str) -> None:
    stored = figure(f"kappa_max_{weights}_a{alpha}")
    curve = replica.franz_parisi(
        replica.perceptron(weights), alpha=alpha, distance=[0.05], reference=replica.Reference(margin="max")
    )
    assert abs(curve.attrs["reference_margin"] - stored["value"]) < 1e-9
    assert float(curve["entropy"][0]) > 0.03


def plain_energy(t: float, q: float, s: float, kr: float, k: float, qt: float) -> float:
    """G_E in its three-dimensional form (x, then the reference's own noise above u0, then z), uniform rules."""
    x = np.linspace(-9.0, 9.0, 181)
    u0 = (kr - np.sqrt(qt) * x) / np.sqrt(1 - qt)
    own = q - s * s / qt - (t - s) ** 2 / (1 - qt)
    node, weight = np.polynomial.legendre.leggauss(160)
    # u = u0 + v: the density e^{-u0 v - v^2/2} / (sqrt(2 pi) H(u0) e^{u0^2/2}) over v > 0
    length = 9.0 + np.maximum(-u0, 0.0)
    v = length[:, None] * (node + 1) / 2
    logs = -0.5 * (u0[:, None] + v) ** 2 - 0.5 * np.log(2 * np.pi) - log_ndtr(-u0)[:, None]
    inner = np.exp(logs) * weight * length[:, None] / 2
    z = np.linspace(-9.0, 9.0, 121)
    gauss = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    field = (s / np.sqrt(qt)) * x[:, None] + ((t - s) / np.sqrt(1 - qt)) * (u0[:, None] + v)
    arguments = (k - field[..., None] - np.sqrt(own) * z) / np.sqrt(1 - q)
    value = (log_ndtr(-arguments) * gauss).sum(axis=-1)
    outer = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
    return float((outer[:, None] * inner * value).sum())


def plain_entropic(t: float, q: float, s: float, qh: float, sh: float, th: float, qth: float) -> float:
    x = np.linspace(-9.0, 9.0, 721)[:, None]
    z = np.linspace(-9.0, 9.0, 361)[None, :]
    h, own = np.sqrt(qth) * x, np.sqrt(qh - sh * sh / qth)
    weight = np.exp(-(x * x + z * z) / 2) / (2 * np.pi) * 0.025 * 0.05 * 2 / (1 + np.exp(-2 * h))
    field = (sh / np.sqrt(qth)) * x + own * z + th - sh
    value = float((weight * np.logaddexp(field, -field)).sum())
    return -(qh / 2) * (1 - q) - th * t + sh * s + value


def plain_spherical(t: float, q: float, s: float, qt: float) -> float:
    a = (t * t - s * s) / (1 - qt) - qt * (t - s) ** 2 / (1 - qt) ** 2
    return 0.5 * (np.log(1 - q) + (q - a) / (1 - q))


@pytest.mark.parametrize(
    ("weights", "alpha", "kr", "k", "d"), [("binary", 0.6, 0.2, 0.0, 0.1), ("spherical", 0.8, 0.3, 0.1, 0.15)]
)
def test_stationary_point_of_the_plain_potential(weights: str, alpha: float, kr: float, k: float, d: float) -> None:
    """The potential coded from the formulas in three dimensions: same value, and flat in every order parameter."""
    model, t = replica.perceptron(weights, margin=k), 1 - 2 * d
    curve = replica.franz_parisi(model, alpha=alpha, distance=[d], reference=replica.Reference(margin=kr))
    base = replica.solve(replica.perceptron(weights, margin=kr), alpha=alpha)
    qt, qth = base["q"], base["q_hat"]
    point = [float(curve[name][0]) for name in ("q", "s", "q_hat", "s_hat", "t_hat")]

    def potential(values: list[float], t: float = t) -> float:
        q, s, qh, sh, th = values
        own = plain_entropic(t, q, s, qh, sh, th, qth) if weights == "binary" else plain_spherical(t, q, s, qt)
        return own + alpha * plain_energy(t, q, s, kr, k, qt)

    assert potential(point) == pytest.approx(float(curve["entropy"][0]), abs=1e-10)
    for i in range(5 if weights == "binary" else 2):
        step = 1e-4
        up, down = ([*point[:i], point[i] + sign * step, *point[i + 1 :]] for sign in (1, -1))
        assert abs(potential(up) - potential(down)) / (2 * step) < 2e-6
    slope = (potential(point, t - 1e-4) - potential(point, t + 1e-4)) / 1e-4  # d = (1-t)/2
    assert slope == pytest.approx(float(curve["slope"][0]), abs=1e-5)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_without_constraint_the_entropy_is_that_of_the_weights(weights: str) -> None:
    d = np.array([0.01, 0.1, 0.3, 0.5, 0.8])
    t = 1 - 2 * d
    curve = replica.franz_parisi(
        replica.perceptron(weights, margin=-30.0), alpha=0.7, distance=d, reference=replica.Reference(margin=0.1)
    )
    room = -d * np.log(d) - (1 - d) * np.log(1 - d) if weights == "binary" else 0.5 * np.log(1 - t * t)
    assert np.allclose(curve["entropy"].values, room, rtol=0, atol=1e-12)
    assert np.allclose(curve["q"].values, t * t, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("weights", "kr", "k"),
    [("binary", 0.0, 0.0), ("binary", 0.3, 0.0), ("spherical", 0.2, 0.2), ("spherical", 0.4, 0.0)],
)
def test_maximum_is_the_free_entropy_of_the_probe(weights: str, kr: float, k: float) -> None:
    """At its maximum the probe does not feel the reference; for equal margins that is at two references' overlap."""
    model, reference = replica.perceptron(weights, margin=k), replica.Reference(margin=kr)
    d = replica.franz_parisi(model, alpha=0.5, distance=[0.3], reference=reference).attrs["typical_distance"]
    top = replica.franz_parisi(model, alpha=0.5, distance=[d], reference=reference)
    alone = replica.solve(model, alpha=0.5)
    assert abs(float(top["entropy"][0]) - alone.free_entropy) < 1e-11
    assert abs(float(top["slope"][0])) < 1e-9
    assert float(top["stability"][0]) == pytest.approx(alone["stability"], abs=1e-8)
    assert float(top["q"][0]) == pytest.approx(alone["q"], abs=1e-9)
    if kr == k:
        assert (1 - alone["q"]) / 2 == pytest.approx(d, abs=1e-10)


def test_typical_solutions_are_isolated_and_robust_ones_are_not() -> None:
    d = np.array([0.001, 0.002, 0.005])
    model = replica.perceptron("binary")
    alone = replica.franz_parisi(model, alpha=0.5, distance=d)
    assert np.all(alone["entropy"].values < 0)
    assert all("negative" in text for text in alone["status"].values)
    robust = replica.franz_parisi(model, alpha=0.5, distance=d, reference=replica.Reference(margin=0.4))
    free = -d * np.log(d) - (1 - d) * np.log(1 - d)
    ratio = robust["entropy"].values / free
    assert np.all((ratio > 0.5) & (ratio < 1.0))
    assert np.all(np.diff(ratio) < 0)  # h(d) is reached as d -> 0


def test_curve_round_a_typical_student_is_that_round_the_teacher() -> None:
    """Nishimori: the planted measure, with the overlap with the teacher as its own order parameter, gives S(R)."""
    model, d = replica.perceptron("binary", labels="teacher"), np.array([0.05, 0.1, 0.15, 0.25])
    curve = replica.franz_parisi(model, alpha=0.8, distance=d)
    base = replica.solve(model, alpha=0.8)
    typical = Typical(Side(replica.Margin(0.0), np.inf), base["q"], base["q_hat"])
    from replica.ansatz.franz_parisi.geometry import Geometry
    from replica.ansatz.franz_parisi.pair_patterns import pattern_sums

    for row in range(d.size):
        q, s = float(curve["q"][row]), float(curve["s"][row])
        t, qt = 1 - 2 * d[row], base["q"]
        at_point = Geometry.of_rest(t, s, 1 - q, qt)
        sums = pattern_sums(typical.side, Side(replica.Margin(0.0), np.inf), [at_point], 2, planted=True)[0]
        assert sums.weight == pytest.approx(1.0, abs=1e-12)
        q_hat, theta = float(curve["q_hat"][row]), float(curve["t_hat"][row])
        z, w = np.polynomial.hermite_e.hermegauss(120)
        own = np.log(2 * np.cosh(np.sqrt(q_hat) * z + theta)) @ w / np.sqrt(2 * np.pi)
        entropy = -(q_hat / 2) * (1 - q) - theta * t + own + 0.8 * sums.log_z
        assert entropy == pytest.approx(float(curve["entropy"][row]), abs=1e-11)
    error = curve["generalization_error"].values
    assert np.all(error < base["generalization_error"])  # closer to the teacher than a typical student
    assert curve.attrs["typical_distance"] == pytest.approx((1 - base["m"]) / 2, abs=1e-12)


def test_jacobian_is_the_derivative_of_the_residual() -> None:
    for weights, loss, beta in (("binary", replica.Margin(0.2), np.inf), ("spherical", replica.ErrorCount(0.1), 1.5)):
        base = replica.solve(replica.Model(weights=weights, loss=loss, beta=beta), alpha=0.7)
        typical = Typical(Side(loss, beta), base["q"], base["q_hat"])
        distance = np.array([1e-9, 0.05, 0.2, 0.45])
        problem = FranzParisiProblem(base.model, 0.7, typical, distance, 2)
        point = problem.start() + np.array([[0.05, 0.02], [0.03, -0.02], [0.1, 0.04], [0.1, 0.08]])
        assert check_jacobian(problem, point).ok


def test_soft_losses_join_the_hard_one_at_low_temperature() -> None:
    hard = replica.franz_parisi(replica.perceptron("binary"), alpha=0.5, distance=[0.1, 0.3])
    cold = replica.franz_parisi(
        replica.perceptron("binary", loss="error-count", beta=40.0), alpha=0.5, distance=[0.1, 0.3]
    )
    assert cold.attrs["main"] == "free_entropy"
    assert np.allclose(cold["free_entropy"].values, hard["entropy"].values, rtol=0, atol=1e-9)
    warm = replica.franz_parisi(
        replica.perceptron("binary", loss="error-count", beta=1.0), alpha=0.5, distance=[0.1, 0.3]
    )
    assert np.all(warm["training_error"].values > 0.01)
    assert np.allclose(warm["entropy"], warm["free_entropy"] + 1.0 * warm["energy"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
@pytest.mark.parametrize(("alpha", "margin"), [(0.1, None), (0.5, 0.2), (0.8, None)])
def test_every_distance_is_solved(weights: str, alpha: float, margin: float | None) -> None:
    low = 0.01 if alpha == 0.8 and weights == "binary" else 0.001  # closer, the equations end at a smaller load
    d = np.array([low, 3 * low, 0.04, 0.11, 0.2, 0.27, 0.36, 0.43, 0.5, 0.55])
    curve = replica.franz_parisi(
        replica.perceptron(weights), alpha=alpha, distance=d, reference=replica.Reference(margin=margin)
    )
    assert all(text.startswith("converged") for text in curve["status"].values)
    assert np.all(curve["error"].values < 1e-10)


def test_distances_without_solution_say_at_which_load_the_equations_end() -> None:
    """The end is a fact: at a smaller load of the probe there is a solution with q close to 1, at a larger one none."""
    curve = replica.franz_parisi(replica.perceptron("binary"), alpha=0.8, distance=[0.001, 0.05])
    lost, kept = (str(text) for text in curve["status"].values)
    assert lost.startswith("not converged: the replica-symmetric equations have no solution at this distance")
    assert np.isnan(curve["entropy"][0])
    assert kept.startswith("converged")
    end = float(lost.split("alpha = ")[2].split(" ")[0])
    base = replica.solve(replica.perceptron("binary"), alpha=0.8)
    hard = Side(replica.Margin(0.0), np.inf)
    problem = FranzParisiProblem(base.model, 0.98 * end, Typical(hard, base["q"], base["q_hat"]), np.array([0.001]), 1)
    below = solve(problem, on_failure="keep")
    assert below.converged[0]
    deeper = np.array([[depth, 0.0] for depth in (3.0, 5.0, 7.0, 9.0)])
    above = problem.at_alpha(1.1 * end).take(np.zeros(4, dtype=int)).residual(deeper)[:, 0]
    assert np.all(above > 0)  # the map always asks for more
