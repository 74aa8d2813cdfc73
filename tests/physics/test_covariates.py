"""Structured inputs: reference figures, the isotropic teacher, limits, and plain code that shares no averages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr

import replica
from replica.data._spectra import MarchenkoPastur, listed, orthogonal

ORACLES = json.loads((Path(__file__).parents[1] / "oracles" / "structured.json").read_text(encoding="utf-8"))
FIGURES = [figure for figure in ORACLES if figure["id"].startswith(("gcm", "rf", "hmm", "kappa", "separability"))]
OMEGA = np.geomspace(0.05, 5.0, 400)


def powers(t: float = 1.5, **changes: Any) -> dict[str, Any]:
    projections = OMEGA**t
    return {"spectrum": OMEGA, "projections": projections, "rho": np.mean(projections / OMEGA) + 0.1} | changes


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure["id"])
def test_reference_figures(figure: dict[str, Any]) -> None:
    value = measured(figure)
    assert abs(value - figure["value"]) <= max(5 * figure["abs_err"], 1e-9 * max(abs(figure["value"]), 0.1))


def measured(figure: dict[str, Any]) -> float:
    """The quantity of a figure, which the end of its name says."""
    p, name = figure["params"], figure["id"]
    if name == "separability_r2_0.3":
        return replica.capacity(replica.covariates(spectrum=[1.0], projections=[p["r2"]])).value
    model = features(p) if {"activation", "student_features"} & set(p) else given(p)
    if "kappa_1" in name or "kappa_star" in name:
        return float(model.data.kappa_1 if "kappa_1" in name else model.data.kappa_star)
    if "explained" in name:
        return float(model.data.explained)
    if "separability_psi" in name:
        load = p["patterns_per_input"]
        return float(brentq(lambda r: r * replica.capacity(features(p | {"psi": r})).value - load, 0.5, 2, xtol=1e-13))
    if "separability" in name:
        return replica.capacity(model).value
    solution = replica.solve(model, alpha=p["alpha"])
    if "bayes" in name:
        return replica.generalization_error(solution, estimator="bayes").value
    kind = name.rsplit("_", 1)[1]
    if kind == "loss":
        return solution.energy / p["alpha"]
    return solution[{"q": "q", "m": "m", "V": "V"}.get(kind, "generalization_error")]


def given(p: dict[str, Any]) -> replica.Model:
    omega = OMEGA if isinstance(p["omega"], str) else np.array(p["omega"])
    t = OMEGA**1.5 if isinstance(p["t"], str) else np.array(p["t"])
    rho = np.mean(t / omega) + 0.1 if isinstance(p["rho"], str) else p.get("rho", 1.0)
    teacher = p.get("teacher", "sign")
    chance = (lambda u: 1.0 / (1.0 + np.exp(-2.0 * u))) if teacher.startswith("logistic") else teacher
    loss = replica.Huber(p["delta"]) if p.get("loss") == "huber" else p.get("loss", "square")
    own = {name: p[name] for name in ("penalty", "noise", "flips") if name in p}
    return replica.covariates(loss, spectrum=omega, projections=t, rho=rho, teacher=chance, **own)


def features(p: dict[str, Any]) -> replica.Model:
    own = {name: p[name] for name in ("penalty", "noise", "projection", "teacher") if name in p}
    if "teacher_features" in p:  # signs of a projection of their own: what is not linear in the inputs is noise
        p, own = p | {"activation": p["student_features"]}, own | {"noise": np.pi / 2 - 1}
    return replica.random_features(
        p.get("loss", "square"), activation=named(p["activation"]), ratio=p.get("psi", 1.0), **own
    )


@pytest.mark.parametrize(
    ("alpha", "kind", "value"),
    [
        (figure["params"]["alpha"], figure["id"].rsplit("_", 1)[1], figure["value"])
        for figure in ORACLES
        if figure["id"].startswith("digits_square")
    ],
)
def test_figures_of_handwritten_digits(alpha: float, kind: str, value: float) -> None:
    """200 random tanh features of scikit-learn's digits, even against odd: ridge on their own covariances."""
    from sklearn.datasets import load_digits

    images, digit = load_digits(return_X_y=True)
    images = (images - images.mean(axis=0)) / images.std()
    features = np.tanh(images @ np.random.default_rng(0).standard_normal((200, 64)).T / 8.0)
    features -= features.mean(axis=0)
    omega, vectors = np.linalg.eigh(features.T @ features / len(features))
    t = 200 * (vectors.T @ (features.T @ np.where(digit % 2 == 0, 1.0, -1.0)) / len(features)) ** 2
    model = replica.covariates("square", spectrum=omega, projections=t, teacher="linear", penalty=0.01)
    solution = replica.solve(model, alpha=alpha)
    found = solution["generalization_error"] if kind == "gen" else solution.energy / alpha
    assert found == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
@pytest.mark.parametrize(
    ("alpha", "penalty", "noise"),
    [(0.5, 0.1, 0.0), (2.0, 0.01, 0.3), (0.3, 0.0, 0.1), (4.0, 0.0, 1.0), (2.0, np.inf, 0.3)],
)
def test_isotropic_inputs_are_the_teacher(loss: str, alpha: float, penalty: float, noise: float) -> None:
    model = replica.covariates(loss, spectrum=[1.0], projections=[1.0], noise=noise, penalty=penalty)
    known = replica.Model(weights=replica.Gaussian(penalty), loss=loss, data=replica.Teacher("gaussian", noise=noise))
    here, there = replica.solve(model, alpha=alpha), replica.solve(known, alpha=alpha)
    for name in ("q", "m", "V", "energy", "training_error", "generalization_error", "stability"):
        assert here[name] == pytest.approx(there[name], rel=2e-13, abs=1e-14), name


def test_ridge_is_kernel_regression() -> None:
    """``n = sum L + ridge/kappa`` and ``E0 [sum (1-L)^2 c^2 + noise]`` (Canatar et al. 2021)."""
    alpha, penalty, noise = 0.7, 0.03, 0.2
    kwargs = powers(teacher="linear", noise=noise, penalty=penalty)
    model = replica.covariates("square", **kwargs)
    size, n = OMEGA.size, alpha * OMEGA.size
    eta, power = OMEGA / size, kwargs["projections"] / OMEGA / size

    def left(log_kappa: float) -> float:
        kappa = np.exp(log_kappa)
        return float(np.sum(eta / (eta + kappa)) + penalty / kappa - n)

    share = eta / (eta + np.exp(brentq(left, -30, 5, xtol=1e-15)))
    rest = noise + kwargs["rho"] - power.sum()
    expected = n / (n - np.sum(share**2)) * (np.sum((1 - share) ** 2 * power) + rest)
    assert replica.solve(model, alpha=alpha)["generalization_error"] == pytest.approx(expected, rel=1e-12)


def test_sums_of_marchenko_pastur_against_its_density() -> None:
    for ratio, a, b, lam, k in ((0.3, 0.2, 0.7, 0.1, 3.0), (2.5, 0.01, 0.5, 1e-3, 40.0), (1.0, 0.3, 0.2, 2.0, 0.1)):
        low, high = (1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2
        atom = max(0.0, 1 - 1 / ratio)

        def mean(f: Any, low: float = low, high: float = high, ratio: float = ratio, atom: float = atom) -> float:
            def density(angle: float) -> float:
                s = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(angle)
                return f(s) * (0.5 * (high - low) * np.sin(angle)) ** 2 / (2 * np.pi * ratio * max(s, 1e-300))

            return quad(density, 0, np.pi, epsabs=1e-14, epsrel=1e-13, limit=200)[0] + atom * f(0.0)

        def omega(s: float, a: float = a, b: float = b) -> float:
            return a + b * s

        def t(s: float, b: float = b, ratio: float = ratio) -> float:
            return ratio * b * s

        def d(s: float, lam: float = lam, k: float = k) -> float:
            return lam + k * omega(s)

        found = MarchenkoPastur(*(np.array([x]) for x in (ratio, a, b)))
        sums = found.sums(np.array([lam]), np.array([k]))
        explained = mean(lambda s: t(s) / omega(s))
        assert found.explained[0] == pytest.approx(explained, rel=1e-11)
        centre = mean(lambda s: t(s) / d(s)) / explained
        expected = (
            mean(lambda s: omega(s) / d(s)),
            mean(lambda s: (omega(s) / d(s)) ** 2),
            mean(lambda s: omega(s) / d(s) ** 2),
            mean(lambda s: t(s) / d(s)),
            mean(lambda s: t(s) / d(s) ** 2),
            mean(lambda s, centre=centre: t(s) / omega(s) * (omega(s) / d(s) - centre) ** 2),
            lam * mean(lambda s: t(s) / omega(s) / d(s)),
        )
        for name, here, there in zip(sums._fields, sums, expected, strict=True):
            assert here[0] == pytest.approx(there, rel=1e-9), name
        lacks = mean(lambda s: t(s) / omega(s) / (1 + 2.0 * t(s) / omega(s)))
        assert found.unlearned(np.array([2.0]))[0] == pytest.approx(lacks, rel=1e-10)


def test_orthogonal_projections_of_the_identity_are_covariates() -> None:
    for ratio in (0.5, 2.0):
        features = replica.random_features(
            "logistic", activation="linear", ratio=ratio, projection="orthogonal", penalty=0.1, noise=0.2
        )
        seen = np.array([1.0, 1.0] if ratio < 1 else [2.0, 0.0])
        plain = replica.covariates("logistic", spectrum=seen, projections=ratio * seen, noise=0.2, penalty=0.1)
        here, there = (replica.solve(model, alpha=1.5) for model in (features, plain))
        for name in ("q", "m", "norm", "generalization_error"):
            assert here[name] == pytest.approx(there[name], rel=1e-12), name


def named(activation: str) -> Any:
    return (lambda x: np.where(x > 0, x, 0.1 * x)) if activation == "leaky" else activation


def plain_point(loss: str, omega: Any, t: Any, rho: float, noise: float, penalty: float, alpha: float) -> float:
    """Generalisation error of plain damped iterations with averages by a trapezoidal rule."""
    x = np.linspace(-9.0, 9.0, 8001)
    weight = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
    tau = rho + noise
    k, push, force = alpha * 0.3, alpha * 0.3, alpha * 0.3
    for _ in range(1500):
        d = penalty + k * omega
        v, m = np.mean(omega / d), push * np.mean(t / d)
        q = push**2 * np.mean(omega * t / d**2) + force * np.mean(omega**2 / d**2)
        h = np.sqrt(q) * x
        density = 2 * weight * ndtr(m * h / np.sqrt(q * (tau * q - m * m)))
        other = np.sqrt(q - m * m / tau) * x
        if loss == "hinge":
            g = [np.clip((1 - f) / v, 0.0, 1.0) for f in (h, other)]
            slope = ((h > 1 - v) & (h < 1)) / v
        else:
            u = [f.copy() for f in (h, other)]
            for i, f in enumerate((h, other)):
                for _ in range(30):
                    s = 1 / (1 + np.exp(u[i]))
                    u[i] -= (u[i] - f - v * s) / (1 + v * s * (1 - s))
            g = [1 / (1 + np.exp(a)) for a in u]
            slope = g[0] * (1 - g[0]) / (1 + v * g[0] * (1 - g[0]))
        new = alpha * np.sum(density * slope), alpha * np.sqrt(2 / (np.pi * tau)) * np.sum(weight * g[1])
        new = (*new, alpha * np.sum(density * g[0] ** 2))
        old, (k, push, force) = (k, push, force), (0.5 * (a + b) for a, b in zip(new, (k, push, force), strict=True))
        if np.allclose(old, (k, push, force), rtol=1e-13, atol=0):
            break
    return float(np.arccos(m / np.sqrt(q * tau)) / np.pi)


@pytest.mark.parametrize("loss", ["logistic", "hinge"])
def test_random_settings_against_plain_iterations(loss: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(4):
        omega = np.sort(10.0 ** rng.uniform(-1, 1, 12))
        t = omega ** rng.uniform(1, 2) * rng.uniform(0.2, 1.0, 12)
        rho, noise = np.mean(t / omega) * rng.uniform(1.0, 1.5), rng.uniform(0, 1)
        penalty, alpha = 10.0 ** rng.uniform(-1.5, 1), 10.0 ** rng.uniform(-0.5, 0.7)
        model = replica.covariates(loss, spectrum=omega, projections=t, rho=rho, noise=noise, penalty=penalty)
        known = plain_point(loss, omega, t, rho, noise, penalty, alpha)
        assert replica.solve(model, alpha=alpha)["generalization_error"] == pytest.approx(
            known, abs=1e-4 if loss == "hinge" else 1e-10
        )


def test_large_penalties_reach_their_limit() -> None:
    for loss, teacher in (("square", "linear"), (replica.Huber(0.5), "linear"), ("logistic", "sign")):
        weak = replica.solve(replica.covariates(loss, **powers(penalty=np.inf, teacher=teacher)), alpha=2.0)
        heavy = replica.solve(replica.covariates(loss, **powers(penalty=1e7, teacher=teacher)), alpha=2.0)
        for name, power in (("q", 2), ("m", 1), ("V", 1), ("norm", 2)):
            assert weak[name] == pytest.approx(1e7**power * heavy[name], rel=1e-5), name
        for name in ("generalization_error", "energy", "training_error"):
            assert weak[name] == pytest.approx(heavy[name], rel=1e-5), name


def test_largest_margin_is_the_smallest_vector() -> None:
    model = replica.covariates("hinge", **powers())
    found = replica.max_margin(model, alpha=0.5)
    light = replica.solve(replica.covariates("hinge", **powers(penalty=1e-6)), alpha=0.5)
    assert found.value == pytest.approx(light["norm"] ** -0.5, rel=1e-9)


def test_chances_of_a_sign_are_the_sign() -> None:
    """A step has no smooth part: its kink is found."""
    step = replica.covariates("logistic", **powers(teacher=lambda u: np.where(u > 0, 0.9, 0.1)))
    turned = replica.covariates("logistic", **powers(flips=0.1))
    here, there = replica.solve(step, alpha=1.5), replica.solve(turned, alpha=1.5)
    for name in ("q", "m", "V", "generalization_error", "generalization_error_oracle", "training_error"):
        assert here[name] == pytest.approx(there[name], rel=1e-10), name
    assert replica.capacity(step).value == pytest.approx(replica.capacity(turned).value, rel=1e-9)
    best = [replica.generalization_error(one, estimator="bayes").value for one in (here, there)]
    assert best[0] == pytest.approx(best[1], rel=1e-9)


def test_ridge_at_the_right_penalty_is_the_best_rule() -> None:
    omega = np.geomspace(0.1, 2.0, 50)
    model = replica.covariates(
        spectrum=omega, projections=omega**2, rho=np.mean(omega), noise=0.3, teacher="linear", penalty=0.3
    )
    solution = replica.solve(model, alpha=1.2)
    best = replica.generalization_error(solution, estimator="bayes")
    assert solution["generalization_error"] == pytest.approx(best.value, rel=1e-12)


def test_empty_directions_count_for_nothing() -> None:
    full = replica.covariates("hinge", spectrum=[2.0, 1.0], projections=[1.0, 0.5], rho=1.0, penalty=0.1)
    half = replica.covariates("hinge", spectrum=[2.0, 1.0, 0, 0], projections=[1.0, 0.5, 0, 0], rho=0.5, penalty=0.05)
    assert replica.capacity(half).value == pytest.approx(0.5 * replica.capacity(full).value, rel=1e-13)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"rho": 0.1}, "rho"),
        ({"spectrum": [-1.0, 1.0]}, "spectrum"),
        ({"spectrum": [1.0]}, "projections"),
        ({"spectrum": [0.0, 1.0]}, "projections"),
        ({"projections": [np.nan, 1.0]}, "projections"),
        ({"teacher": "cube"}, "teacher"),
        ({"teacher": lambda u: 2 * u}, "teacher"),
        ({"flips": 0.7}, "flips"),
        ({"flips": 0.1, "teacher": "linear"}, "flips"),
        ({"noise": -1.0}, "noise"),
        ({"penalty": -1.0}, "penalty"),
    ],
)
def test_impossible_input_is_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        replica.covariates(**({"spectrum": [2.0, 1.0], "projections": [1.0, 0.4]} | change))


def test_costs_of_a_residual_are_least_at_none() -> None:
    for loss in ("hinge", "logistic", replica.Margin(0.5)):
        model = replica.covariates(loss, spectrum=[1.0], projections=[1.0], teacher="linear")
        with pytest.raises(ValueError, match="residual"):
            replica.solve(model, alpha=1.0)


def test_certificates() -> None:
    for model in (
        replica.covariates("hinge", spectrum=[2.0, 0.5], projections=[1.0, 0.2], rho=1.0, noise=0.1),
        replica.random_features("square", activation="erf", ratio=1.5, teacher="linear", noise=0.2),
    ):
        solution = replica.solve(model, alpha=1.5)
        found = solution.certify(digits=20)
        assert float(found.values["q"]) == pytest.approx(solution["q"], abs=5 * solution.errors["q"] + 1e-15)


def test_listed_spectra_in_closed_form() -> None:
    sums = listed(np.array([2.0, 1.0]), np.array([1.0, 0.0])).sums(np.array([0.5]), np.array([2.0]))
    assert sums.response[0] == pytest.approx((2 / 4.5 + 1 / 2.5) / 2, rel=1e-15)
    assert sums.spread[0] == 0.0
    assert orthogonal(np.array([2.0]), np.zeros(1), np.ones(1)).rank[0] == 0.5


@pytest.mark.parametrize(("loss", "settings", "alpha"), [
    ("hinge", {"activation": "erf", "ratio": 2.3, "penalty": 3.6e3}, 0.01),  # hardly a pattern on the kink
    ("logistic", {"activation": "linear", "ratio": 30.6, "penalty": 92.0, "noise": 0.002}, 0.147),  # empty directions
    ("hinge", {"activation": "gelu", "ratio": 0.1, "penalty": 1e-6, "noise": 0.3}, 0.5),
    ("square", {"activation": "tanh", "ratio": 1.0, "penalty": 1e-9, "noise": 0.1, "projection": "orthogonal"}, 1.0),
])  # fmt: skip
def test_far_settings_of_features_against_certificates(loss: str, settings: dict[str, Any], alpha: float) -> None:
    solution = replica.solve(replica.random_features(loss, **settings), alpha=alpha)
    known = solution.certify(digits=16).values
    for name in ("q", "m", "generalization_error"):
        slack = 5 * solution.errors[name] + 1e-15 * abs(solution[name])
        assert abs(float(known[name]) - solution[name]) <= slack, name


def test_far_settings_of_ridge_against_a_plain_root() -> None:
    """Spectra of five kinds, loads 1e-3 to 1e3, penalties 1e-10 to 1e10, in mpmath."""
    rng = np.random.default_rng(11)
    for _ in range(12):
        n = int(rng.choice([1, 3, 20]))
        omega = [np.ones(n), np.arange(1.0, n + 1) ** -2, np.append(np.ones(n), 0.0), np.append(np.ones(n), 1e6)]
        omega = omega[rng.integers(4)]
        t = omega**1.5
        alpha, penalty, noise = 10.0 ** rng.uniform(-3, 3), 10.0 ** rng.uniform(-10, 10), 10.0 ** rng.uniform(-4, 1)
        rho = 1.1 * float(np.sum(t[omega > 0] / omega[omega > 0])) / omega.size
        own = {"rho": rho, "noise": noise, "penalty": penalty, "teacher": "linear"}
        model = replica.covariates(spectrum=omega, projections=t, **own)
        solution = replica.solve(model, alpha=alpha)
        expected = float(plain_ridge(omega, t, rho, noise, penalty, alpha))
        error = solution.errors["generalization_error"]
        assert abs(solution["generalization_error"] - expected) <= 5 * error <= 1e-6 * expected


def plain_ridge(omega: Any, t: Any, rho: float, noise: float, penalty: float, alpha: float) -> Any:
    mp = mpmath.mp.clone()
    mp.dps = 50
    w, p = ([mp.mpf(float(x)) for x in one] for one in (omega, t))
    low, high = mp.mpf(-100), mp.log(alpha)
    for _ in range(180):
        middle = (low + high) / 2
        k = mp.exp(middle)
        response = sum(x / (penalty + k * x) for x in w) / len(w)
        low, high = (low, middle) if k * (1 + response) > alpha else (middle, high)
    parts = [(x, y, penalty + k * x) for x, y in zip(w, p, strict=True)]
    fixed = rho + noise - 2 * k * sum(y / d for _, y, d in parts) / len(w)
    fixed += k**2 * sum(x * y / d**2 for x, y, d in parts) / len(w)
    return fixed / (1 - alpha / (1 + response) ** 2 * sum(x**2 / d**2 for x, _, d in parts) / len(w))
