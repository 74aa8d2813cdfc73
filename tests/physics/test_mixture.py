"""Vectors of least cost on two clusters and with teachers: published numbers, identities, limits, scikit-learn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy.special import ndtr
from sklearn.svm import SVC

import replica
from replica.losses import Loss

FIGURES = json.loads((Path(__file__).parents[1] / "oracles" / "mixture.json").read_text(encoding="utf-8"))
NAMES = {
    "gen": "generalization_error", "eps": "generalization_error", "gen_bary": "generalization_error_centre",
    "V": "V",
    "q": "q", "M": "m", "m": "m", "b": "bias",
    "train_err": "training_error", "phi": "free_entropy", "lam": "multiplier",
}  # fmt: skip


def model_of(figure: dict[str, Any]) -> replica.Model:
    """The model of a figure, from its own parameters."""
    p, kind = figure["params"], figure["id"].split("_")[0]
    if figure["id"].startswith("perc."):
        return replica.perceptron(replica.Gaussian(p["lam"]), loss=p["loss"], labels="teacher")
    common = {"noise": p["Delta"], "balance": p.get("rho", 0.5)}
    if kind == "erm":
        return replica.mixture(p["loss"], penalty=p["lam"], bias=p["bias"] == "trained", **common)
    if kind == "err":
        free = {"bias": p["bias"] == "stationary", "weights": "spherical", "beta": float(p["beta"])}
        return replica.mixture(replica.ErrorCount(0.0), **free, **common)
    if kind == "mse":
        bias = {"stationary": True, "0": False}.get(p.get("bias", "stationary"), p.get("bias"))
        bias = "optimal" if "bestb" in figure["id"] else bias
        weights = "binary" if "binary" in figure["id"] else "spherical"
        centroid = {"ising": "binary"}.get(p.get("v", ""), "gaussian")
        more = {"bias": bias, "weights": weights, "norm": p["Q"], "beta": float(p["beta"]), "centroid": centroid}
        return replica.mixture("square", **more, **common)
    if kind == "lam":
        limit = {"penalty": np.inf} if figure["id"].startswith("lam_inf") else {}
        loose = p["loss"] == "hinge" and common["balance"] == 0.5  # 0 by symmetry, but the patterns do not say so
        return replica.mixture(p["loss"], bias=not loose, **limit, **common)
    return replica.mixture(**common)


def answer(figure: dict[str, Any]) -> tuple[float, float]:
    """The number of a figure and its error."""
    kind, last, p = figure["id"].split("_")[0], figure["id"].replace(".erm.", "_").rsplit("_", 1)[1], figure["params"]
    model = model_of(figure)
    if kind == "alpha":
        found = replica.capacity(model)
        return found.value, found.error
    if figure["id"].startswith("lam_opt"):
        best = replica.optimal_penalty(model, alpha=p["alpha"])
        assert best.solution is not None
        return (
            (best.solution["generalization_error"], best.solution.errors["generalization_error"])
            if last == "gen"
            else (best.value, best.error)
        )
    solution = replica.solve(model, alpha=p["alpha"])
    if kind in {"bayes", "unsup"}:
        value = replica.generalization_error(solution, estimator="bayes", labelled=p.get("eta", 1.0))
        return value.value, value.error
    if "_R_" in figure["id"]:
        return solution["m"] / np.sqrt(solution["q"]), solution.errors["m"] + solution.errors["q"]
    if "loss" in figure["id"].split("rho")[-1] or ".loss." in figure["id"]:
        per = 1.0 if figure["id"].startswith("perc.") else p["alpha"]
        return solution.energy / per, solution.errors["energy"]
    words = figure["id"].replace(".", "_").split("_")
    name = next((n for key, n in NAMES.items() if key == "_".join(words[-2:])), None)
    name = name or next((NAMES[w] for w in reversed(words) if w in NAMES), "generalization_error")
    return solution[name], solution.errors[name]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure["id"])
def test_reference_figures(figure: dict[str, Any]) -> None:
    value, error = answer(figure)
    assert abs(value - figure["value"]) <= max(5 * figure["abs_err"], 1e-9 * max(abs(figure["value"]), 0.1))
    assert abs(value - figure["value"]) <= 5 * figure["abs_err"] + error
    assert error < 1e-9


DATA = [replica.GaussianMixture(0.7, 0.3), replica.Teacher(), replica.Teacher(noise=0.4), replica.RandomLabels()]


@pytest.mark.parametrize("data", DATA, ids=str)
@pytest.mark.parametrize("loss", ["square", "hinge", "logistic"])
def test_slope_of_the_cost_with_the_penalty_is_half_the_norm(loss: str, data: Any) -> None:
    """``d/dpenalty [energy + penalty q/2] = q/2``: at a minimum nothing else moves to first order."""
    model = replica.Model(weights=replica.Gaussian(0.5), loss=loss, data=data)
    solution = replica.solve(model, alpha=2.2)
    values = [
        replica.solve(model.with_parameters(penalty=0.5 + k * 1e-3), alpha=2.2).free_entropy for k in (-2, -1, 1, 2)
    ]
    slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / 12e-3
    assert -slope == pytest.approx(solution["q"] / 2, abs=3e-11)


@pytest.mark.parametrize("noise", [0.0, 0.6])
@pytest.mark.parametrize("loss", ["square", "logistic"])
def test_held_norm_is_the_penalty_of_its_multiplier(loss: str, noise: float) -> None:
    teacher, small = replica.Teacher(noise=noise), replica.Perceptron(norm=0.2)
    held = replica.solve(replica.Model(weights="spherical", loss=loss, architecture=small, data=teacher), alpha=2.5)
    free = replica.solve(replica.perceptron(replica.Gaussian(held["multiplier"]), loss=loss, labels=teacher), alpha=2.5)
    for name in ("q", "m", "V", "energy", "training_error", "stability"):
        assert free[name] == pytest.approx(held[name], rel=1e-11)


def test_random_settings_are_solved() -> None:
    """Loads, penalties, noises and balances over the whole range, all at once."""
    rng, size = np.random.default_rng(5), 60
    grid = {"penalty": np.exp(rng.uniform(-13.8, 9.2, size)), "noise": np.exp(rng.uniform(-3, 3, size))}
    grid["balance"] = rng.uniform(0.02, 0.98, size)
    alpha = np.exp(rng.uniform(-3, 3, size))
    for loss in ("square", "hinge", "logistic"):
        found = replica.RS().solve(replica.mixture(loss).with_parameters(**grid), alpha)
        assert found.converged.all()
        for name in ("q", "m", "V", "bias", "generalization_error", "training_error", "energy"):
            scale = np.maximum(np.abs(found.value(name)), 0.1)
            assert np.all(found.error(name) <= 1e-8 * scale), name


@pytest.mark.parametrize("loss", ["square", "hinge", "logistic"])
def test_clusters_may_change_their_names(loss: str) -> None:
    one, two = (replica.solve(replica.mixture(loss, balance=rho), alpha=1.7) for rho in (0.2, 0.8))
    assert one["bias"] == pytest.approx(-two["bias"], rel=1e-12)
    assert one["q"] == pytest.approx(two["q"], rel=1e-12)


@pytest.mark.parametrize("loss", ["square", "hinge", "logistic"])
@pytest.mark.parametrize("balance", [0.5, 0.2])
def test_a_large_penalty_tends_to_its_limit(loss: str, balance: float) -> None:
    limit = replica.solve(replica.mixture(loss, penalty=np.inf, balance=balance), alpha=2.0)
    near = replica.solve(replica.mixture(loss, penalty=1e5, balance=balance), alpha=2.0)
    assert 1e10 * near["q"] == pytest.approx(limit["q"], rel=1e-4)
    assert 1e5 * near["m"] == pytest.approx(limit["m"], rel=1e-4)
    assert 1e5 * near["V"] == pytest.approx(limit["V"], rel=1e-4)
    assert near["bias"] == pytest.approx(limit["bias"], abs=1e-4)
    assert near["generalization_error"] == pytest.approx(limit["generalization_error"], rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "alpha"), [("square", 0.5), ("square", 2.0), ("hinge", 2.0), ("hinge", 8.0), ("logistic", 8.0)]
)
def test_a_small_penalty_tends_to_its_limit(loss: str, alpha: float) -> None:
    limit = replica.solve(replica.mixture(loss, penalty=0.0, balance=0.3), alpha=alpha)
    near = replica.solve(replica.mixture(loss, penalty=1e-6, balance=0.3), alpha=alpha)
    for name in ("q", "m", "bias", "generalization_error"):
        assert near[name] == pytest.approx(limit[name], rel=1e-4), name


def test_separable_clusters_without_a_penalty() -> None:
    """Hinge: the largest margin, ``q = 1/kappa^2``; logistic: the same direction, without bounds."""
    hinge, logistic = (
        replica.solve(replica.mixture(loss, penalty=0.0, balance=0.2), alpha=2.0) for loss in ("hinge", "logistic")
    )
    margin = replica.max_margin(replica.mixture(balance=0.2), alpha=2.0)
    assert hinge["q"] == pytest.approx(1 / margin.value**2, rel=1e-12)
    assert hinge["bias"] == pytest.approx(margin.order_parameters["bias"] / margin.value, rel=1e-11)
    assert logistic["q"] == np.inf
    assert logistic["generalization_error"] == pytest.approx(hinge["generalization_error"], rel=1e-13)
    assert "separab" not in hinge.status and "largest margin" in logistic.status
    assert not replica.max_margin(replica.mixture(balance=0.2), alpha=6.0).converged


def test_a_rare_class_may_leave_no_weights() -> None:
    """With a bias of its own the larger class rests on the kink of the hinge: no direction lowers the cost."""
    solution = replica.solve(replica.mixture("hinge", penalty=0.08, noise=17.0, balance=0.06), alpha=12.0)
    assert solution["q"] == solution["m"] == 0
    assert solution["bias"] == -1
    assert solution["generalization_error"] == pytest.approx(0.06)
    assert "vanish" in solution.status
    X, y = replica.instance(replica.mixture(noise=17.0, balance=0.06), n=40, alpha=12.0, seed=1)
    found = SVC(kernel="linear", C=1 / 0.08).fit(X / np.sqrt(40), y)
    assert np.sum(found.coef_**2) / 40 < 1e-3


@dataclass(frozen=True)
class Soft(Loss):
    """The logistic cost as a user would write it: values alone."""

    gain: float = 1.0
    log_concave: ClassVar[bool] = True

    def cost(self, u: np.ndarray) -> np.ndarray:
        return np.logaddexp(0.0, -self.gain * u) / self.gain


@dataclass(frozen=True)
class Bent(Loss):
    """A convex cost with a kink: the hinge plus a parabola below it."""

    log_concave: ClassVar[bool] = True
    satisfiable: ClassVar[bool] = True

    def cost(self, u: np.ndarray) -> np.ndarray:
        return np.where(u < 1, (1 - u) + 0.5 * (1 - u) ** 2, 0.0)

    def kinks(self) -> tuple[float, ...]:
        return (1.0,)


def test_a_convex_cost_known_by_its_values() -> None:
    for gain in (3.0,):
        mine, known = (
            replica.solve(replica.mixture(loss, balance=0.3), alpha=1.5)
            for loss in (Soft(gain), replica.Logistic(gain))
        )
        for name in ("q", "m", "V", "bias", "energy", "training_error"):
            assert mine[name] == pytest.approx(known[name], rel=1e-9), name
    field, chi = np.linspace(-6, 4, 41)[None, :], np.array([0.8])
    best, _ = Bent().ground(field, chi)
    exact = np.where(field > 1, field, np.where(field > 1 - 0.8, 1.0, (field + 2 * 0.8) / 1.8))
    assert np.max(np.abs(best - exact)) < 1e-12
    solution = replica.solve(replica.mixture(Bent(), penalty=0.3), alpha=1.5)
    grid = [replica.solve(replica.mixture(Bent(), penalty=0.3 + k * 1e-3), alpha=1.5).free_entropy for k in (-1, 1)]
    assert (grid[0] - grid[1]) / 2e-3 == pytest.approx(solution["q"] / 2, rel=1e-5)


def test_the_best_bias_is_the_best() -> None:
    best = replica.solve(replica.mixture("logistic", balance=0.2, bias="optimal"), alpha=2.0)
    error = best["generalization_error"]
    for shift in (-1e-2, 1e-2):
        other = replica.solve(replica.mixture("logistic", balance=0.2, bias=best["bias"] + shift), alpha=2.0)
        assert other["generalization_error"] > error
    trained = replica.solve(replica.mixture("logistic", balance=0.2), alpha=2.0)
    assert trained["generalization_error"] > error > replica.generalization_error(best, estimator="bayes")


def test_the_best_penalty_of_balanced_clusters_has_no_bound() -> None:
    best = replica.optimal_penalty(replica.mixture("logistic"), alpha=2.0)
    assert best.value == np.inf
    assert best.solution is not None
    bayes = replica.generalization_error(best.solution, estimator="bayes")
    assert best.solution["generalization_error"] == pytest.approx(bayes.value, rel=1e-13)


def test_a_noisy_teacher_and_its_bayes_rule() -> None:
    """On the Nishimori line the overlap with the teacher is that of two students; noise -> 0 is the clean teacher."""
    noisy = replica.perceptron("spherical", labels=replica.Teacher(noise=0.3))
    solution = replica.solve(replica.perceptron(replica.Gaussian(0.5), loss="logistic", labels=noisy.data), alpha=3.0)
    errors = [replica.generalization_error(solution, estimator=name).value for name in ("typical", "bayes", "oracle")]
    assert errors[0] > errors[1] > errors[2]
    from replica.models.model import bayes_student

    student = replica.solve(bayes_student(noisy), alpha=3.0)
    assert student["m"] == pytest.approx(student["q"], rel=1e-11)
    clean, nearly = (
        replica.solve(replica.perceptron("spherical", margin=0.1, labels=replica.Teacher(noise=x)), alpha=1.0)
        for x in (0.0, 1e-9)
    )
    assert nearly["m"] == pytest.approx(clean["m"], rel=1e-7)
    assert replica.capacity(noisy).value < np.inf


LEARNED = [
    ("square", 0.5, {"alpha": 1.5, "penalty": 0.5}), ("square", 0.2, {"alpha": 0.7, "penalty": 0.2}),
    ("logistic", 0.5, {"alpha": 2.0, "penalty": 0.3}), ("logistic", 0.25, {"alpha": 1.0, "penalty": 0.1}),
    ("hinge", 0.3, {"alpha": 1.5, "penalty": 0.5}),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "balance", "at"), LEARNED, ids=str)
def test_against_scikit_learn(loss: str, balance: float, at: dict[str, float]) -> None:
    """Means over samples within four standard errors, at a size where what is left of 1/N is smaller."""
    size, samples = 300, 12
    model = replica.mixture(loss, penalty=at["penalty"], balance=balance, bias=True)
    theory, seen = replica.solve(model, alpha=at["alpha"]), []
    for sample in range(samples):
        X, y = replica.instance(model, n=size, alpha=at["alpha"], seed=3, sample=sample)
        estimator, scale = model.loss.learner(at["penalty"], True)
        found = estimator.fit(X / np.sqrt(size), y)
        weights, bias = scale * np.ravel(found.coef_), scale * float(np.ravel(found.intercept_)[0])
        h = y * (X @ weights / np.sqrt(size) + bias)
        cost = float(np.sum(model.loss.cost(h[None, :]))) / size
        seen.append((weights @ weights / size, cost, np.mean(h < 0)))
    mean, deviation = np.mean(seen, axis=0), np.std(seen, axis=0, ddof=1) / np.sqrt(samples)
    expected = np.array([theory["q"], theory.energy, theory.training_error])
    assert np.all(np.abs(mean - expected) < 4 * deviation + 2.0 / size * np.abs(expected) + [0, 0, 1e-4])


@pytest.mark.parametrize(("loss", "bias"), [("square", True), ("logistic", True), ("hinge", False)])
def test_two_clusters_of_one_size_want_an_infinite_penalty(loss: str, bias: bool) -> None:
    found = replica.optimal_penalty(replica.mixture(loss, bias=bias), alpha=2.0)
    assert found.value == np.inf and found.converged
    assert found.solution["generalization_error"] == pytest.approx(ndtr(-np.sqrt(2.0 / 3.0)), abs=1e-9)
