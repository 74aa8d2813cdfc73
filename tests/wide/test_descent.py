"""Gradient descent of least squares against the law of Marchenko and Pastur, ridge regression and finite matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import replica
from replica.data.linear_labels import LinearLabels
from replica.wide.contour import Bulk, largest
from replica.wide.gradient import Asked
from replica.wide.least_squares import Filter


def taught(penalty: float = 0.0, noise: float = 0.3) -> replica.Model:
    return replica.perceptron(replica.Gaussian(penalty=penalty), loss="square", labels=replica.Teacher(noise=noise))


def square(weights: str, labels: str) -> replica.Model:
    return replica.perceptron(weights, loss="square", labels=labels)


def marchenko_pastur(function: Callable[[np.ndarray], np.ndarray], alpha: float) -> float:
    """An average over the bulk of the spectrum, by the midpoint rule in the angle."""
    phi = (np.arange(20_000) + 0.5) * np.pi / 20_000
    s = 1.0 + alpha + 2.0 * np.sqrt(alpha) * np.cos(phi)
    return float(np.mean(2.0 * alpha * np.sin(phi) ** 2 / s * function(s)))


@pytest.mark.parametrize("alpha", [0.3, 2.5])
@pytest.mark.parametrize("penalty", [0.0, 0.7])
@pytest.mark.parametrize("time", [1e-6, 0.8, 300.0])
def test_isotropic_inputs(alpha: float, penalty: float, time: float) -> None:
    noise, atom = 0.4, max(0.0, 1.0 - alpha)
    labels = LinearLabels(np.ones(1), np.ones(1), 1.0 + noise, None)
    asked = Asked(Bulk.of(np.ones(1), np.ones(1)), labels, alpha, Filter(penalty))
    columns = asked.columns(np.array([time]))

    def f(s: np.ndarray) -> np.ndarray:
        return -np.expm1(-(s + penalty) * time) / (s + penalty)

    bias = marchenko_pastur(lambda s: (1.0 - s * f(s)) ** 2, alpha) + atom
    square = bias + noise * (1.0 + marchenko_pastur(lambda s: s * f(s) ** 2, alpha))
    left = marchenko_pastur(lambda s: s * (1.0 - s * f(s)) ** 2, alpha) + noise * (bias - 1.0)
    q = marchenko_pastur(lambda s: (s * f(s)) ** 2, alpha) + noise * marchenko_pastur(lambda s: s * f(s) ** 2, alpha)
    m = marchenko_pastur(lambda s: s * f(s), alpha)
    exact = {"generalization_error": square, "training_loss": 0.5 * (left / alpha + noise), "q": q, "m": m}
    for name, value in exact.items():
        assert abs(columns[name][0] - value) <= columns[f"{name}_error"][0] + 1e-14 * abs(value), name
        assert columns[f"{name}_error"][0] < 1e-11


@pytest.mark.parametrize(("alpha", "penalty"), [(0.4, 0.2), (3.0, 0.05), (1.0, 2.0)])
def test_descent_ends_at_ridge_regression(alpha: float, penalty: float) -> None:
    model = taught(penalty)
    curve = replica.descent(model, alpha=alpha, time=[0.0, 1e4])
    end, solution = curve.isel(time=1), replica.solve(model, alpha=alpha)
    assert float(end["generalization_error"]) == pytest.approx(solution["generalization_error"], rel=1e-12)
    assert float(end["q"]) == pytest.approx(solution["q"], rel=1e-12)
    assert float(end["m"]) == pytest.approx(np.sqrt(2 / np.pi / 1.3) * solution["m"], rel=1e-12)
    assert float(end["training_loss"]) * alpha == pytest.approx(solution.energy, rel=1e-11)
    assert float(curve["generalization_error"][0]) == 0.5
    assert float(curve["training_loss"][0]) == pytest.approx(0.5, rel=1e-12)


SPECTRUM = np.geomspace(0.05, 5.0, 40)
STRUCTURED: dict[str, Callable[[], replica.Model]] = {
    "flips": lambda: replica.covariates("square", spectrum=SPECTRUM, projections=0.1 * SPECTRUM, noise=0.3, flips=0.1),
    "linear": lambda: replica.covariates("square", spectrum=SPECTRUM, projections=0.1 * SPECTRUM, teacher="linear"),
    "chances": lambda: replica.covariates(
        "square", spectrum=SPECTRUM, projections=0.1 * SPECTRUM, teacher=lambda u: 1.0 / (1.0 + np.exp(-2.0 * u))
    ),
    "many features": lambda: replica.random_features("square", activation="relu", ratio=2.0, teacher="linear"),
    "few features": lambda: replica.random_features("square", activation="tanh", ratio=0.5, noise=0.2),
    "orthogonal": lambda: replica.random_features("square", activation="erf", ratio=1.5, projection="orthogonal"),
}


@pytest.mark.parametrize("name", STRUCTURED)
def test_descent_on_structured_inputs_ends_at_ridge_regression(name: str) -> None:
    model = STRUCTURED[name]()
    curve, solution = replica.descent(model, alpha=1.5, time=[0.0, 1e3]), replica.solve(model, alpha=1.5)
    end = curve.isel(time=1)
    assert float(end["generalization_error"]) == pytest.approx(solution["generalization_error"], rel=1e-11)
    assert float(end["q"]) == pytest.approx(solution["q"], rel=1e-11)
    assert float(end["training_loss"]) * 1.5 == pytest.approx(solution.energy, rel=1e-11)
    assert float(curve["q"][0]) == pytest.approx(0.0, abs=1e-14)


def test_nodes_of_a_continuous_spectrum_are_many_enough_or_their_lack_is_told() -> None:
    """Linear features as many as inputs and patterns: a spectrum that reaches 0, which long times see."""
    model = replica.random_features("square", activation="linear", ratio=1.0, penalty=0.0, noise=0.1, teacher="linear")
    curve = replica.descent(model, alpha=1.0, time=[10.0, 1e7])
    assert float(curve["error"][0]) < 1e-11
    assert str(curve["status"].values[1]).startswith("not converged: the spectrum")


def test_finite_inputs_of_any_covariance(rng: np.random.Generator) -> None:
    """Four hundred weights, a spectrum over two decades with empty directions, a labelled rest; flow and steps."""
    n, alpha, noise = 400, 0.8, 0.3
    omega = np.where(np.arange(n) < 100, 0.0, np.geomspace(0.05, 5.0, n))
    direction = rng.standard_normal(n)
    t = omega**2 * direction**2
    labels = LinearLabels(omega, t, float(np.mean(omega * direction**2)) + noise, None)
    bulk, found = Bulk.of(omega, t), []
    eta = 1.9 / largest(bulk, alpha)
    for _ in range(40):
        X = rng.standard_normal((int(alpha * n), n)) * np.sqrt(omega)
        y = X @ direction / np.sqrt(n) + np.sqrt(noise) * rng.standard_normal(len(X))
        U, s, V = np.linalg.svd(X / np.sqrt(n), full_matrices=False)
        row = []
        for done in (-np.expm1(-(s**2) * 6.0), 1.0 - (1.0 - eta * s**2) ** 25):
            w = V.T @ (done * (U.T @ y) / s)
            row += [np.mean(omega * (w - direction) ** 2) + noise, 0.5 * np.mean((y - X @ w / np.sqrt(n)) ** 2)]
        found.append(row)
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(40.0)
    theory: list[float] = []
    for filters, when in ((Filter(0.0), 6.0), (Filter(0.0, eta), 25.0)):
        columns = Asked(bulk, labels, alpha, filters).columns(np.array([when]))
        theory += [float(columns[name][0]) for name in ("generalization_error", "training_loss")]
    assert np.all(np.abs(mean - theory) < 4.0 * error)


def test_random_questions_keep_their_errors(rng: np.random.Generator) -> None:
    """Spectra of many kinds, loads and times over decades: two more contours agree within what the first two say."""
    for _ in range(12):
        size = int(rng.integers(1, 30))
        omega = 10.0 ** rng.uniform(-4.0, 2.0, size) * (rng.random(size) < 0.9)
        if not omega.any():
            continue
        t = omega**2 * rng.exponential(size=size)
        power = float(np.mean(np.divide(t, omega, out=np.zeros(size), where=omega > 0))) + rng.exponential()
        alpha, time = 10.0 ** rng.uniform(-2.0, 2.0), 10.0 ** rng.uniform(-4.0, 4.0)
        filters = Filter(rng.random() * (rng.random() < 0.5))
        asked = Asked(Bulk.of(omega, t), LinearLabels(omega, t, power, None), alpha, filters)
        columns = asked.columns(np.array([time]))
        wider = asked.columns(np.array([time, 7.0 * time]))
        for name in ("generalization_error", "training_loss", "q", "m"):
            error = columns[f"{name}_error"][0] + wider[f"{name}_error"][0]
            assert abs(columns[name][0] - wider[name][0]) <= error
            assert error < 1e-9 * max(power, columns["generalization_error"][0])


def test_the_best_time_and_the_best_step() -> None:
    model = taught()
    curve = replica.descent(model, alpha=1.5, time=[1.0])
    best = curve.attrs["best_time"]
    beside = replica.descent(model, alpha=1.5, time=[0.98 * best, best, 1.02 * best])["generalization_error"].values
    assert beside[1] < min(beside[0], beside[2])
    assert curve.attrs["best_time_error"] < 1e-7
    steps = replica.descent(model, alpha=1.5, steps=np.arange(30), step_size=0.1)
    assert steps.attrs["best_time"] == int(np.argmin(steps["generalization_error"].values))
    assert replica.descent(taught(5.0), alpha=1.5, time=[1.0]).attrs["best_time"] == np.inf


def test_steps_that_diverge_say_so() -> None:
    curve = replica.descent(taught(), alpha=1.0, steps=[1, 100_000], step_size=0.6)
    assert "2/(s_max + penalty) = 0.5" in str(curve["status"].values[0])
    assert str(curve["status"].values[1]).startswith("not converged")
    assert np.isnan(curve["generalization_error"].values[1])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: replica.descent(replica.perceptron("binary"), alpha=1.0, time=[1.0]), "square loss"),
        (lambda: replica.descent(square("gaussian", "random"), alpha=1.0, time=[1.0]), "labels of a teacher"),
        (lambda: replica.descent(square("spherical", "teacher"), alpha=1.0, time=[1.0]), "penalised"),
        (lambda: replica.descent(taught(np.inf), alpha=1.0, time=[1.0]), "penalty = inf"),
        (lambda: replica.descent(taught(), alpha=0.0, time=[1.0]), "alpha must be above 0"),
        (lambda: replica.descent(taught(), alpha=[1.0, 2.0], time=[1.0]), "alpha must be one number"),
        (lambda: replica.descent(taught(), alpha=1.0), "grid of steps"),
        (lambda: replica.descent(taught(), alpha=1.0, time=[1.0], steps=[1], step_size=0.1), "not both"),
        (lambda: replica.descent(taught(), alpha=1.0, time=[1.0], step_size=0.1), "step_size belongs"),
        (lambda: replica.descent(taught(), alpha=1.0, time=[-1.0]), "time must be at least 0"),
        (lambda: replica.critical_points(layers=1, singular_values=[1.0]), "layers must be"),
        (lambda: replica.critical_points(layers=2, singular_values=[-1.0]), "singular_values must be at least 0"),
        (lambda: replica.critical_points(layers=2, singular_values=np.ones(17)), "at most 16"),
        (lambda: replica.critical_points(layers=2, singular_values=[1.0], width=0), "width must be"),
        (lambda: replica.critical_points(layers=2, singular_values="many"), "must be a list"),
    ],
)
def test_refused(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize(("layers", "width"), [(2, 2), (2, 4), (3, 3), (4, 3)])
def test_critical_points_by_their_exact_hessians(layers: int, width: int) -> None:
    """Every point: the gradient vanishes, the Hessian (differences of the gradient) has that index and least value."""
    values = np.array([2.0, 0.0, 0.7])
    target, shapes = np.diag(values), [(width, 3), *[(width, width)] * (layers - 2), (3, width)]
    points = replica.critical_points(layers=layers, singular_values=values, width=width)
    assert points.sizes["point"] == 4
    for place in range(4):
        one = points.isel(point=place)
        factors = balanced(values, one["kept"].values, layers, width)
        flat = np.concatenate([W.ravel() for W in factors])
        assert np.abs(gradient(flat, shapes, target)).max() < 1e-12
        ends = [[gradient(flat + h * e, shapes, target) for e in np.eye(flat.size)] for h in (1e-5, -1e-5)]
        spectrum = np.linalg.eigvalsh(np.subtract(*ends) / 2e-5)
        assert int(np.sum(spectrum < -1e-4)) == int(one["index"])
        assert spectrum[0] == pytest.approx(float(one["lowest"]), abs=1e-6)
        assert 0.5 * np.sum((product(factors) - target) ** 2) == pytest.approx(float(one["loss"]), abs=1e-12)


def balanced(values: np.ndarray, kept: np.ndarray, layers: int, width: int) -> list[np.ndarray]:
    """Layers that share each singular value alike, a hidden unit for each."""
    factors = [np.zeros((width, 3)), *[np.zeros((width, width)) for _ in range(layers - 2)], np.zeros((3, width))]
    for unit, mode in enumerate(np.flatnonzero(kept)):
        for index, W in enumerate(factors):
            W[mode if index == layers - 1 else unit, mode if index == 0 else unit] = values[mode] ** (1.0 / layers)
    return factors


def product(factors: list[np.ndarray]) -> np.ndarray:
    found = factors[0]
    for W in factors[1:]:
        found = W @ found
    return found


def gradient(flat: np.ndarray, shapes: list[tuple[int, int]], target: np.ndarray) -> np.ndarray:
    ends = np.cumsum([a * b for a, b in shapes])[:-1]
    factors = [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]
    error, parts = product(factors) - target, []
    for index in range(len(factors)):
        before = product(factors[:index]) if index else np.eye(3)
        after = product(factors[index + 1 :]) if index + 1 < len(factors) else np.eye(3)
        parts.append((after.T @ error @ before.T).ravel())
    return np.concatenate(parts)


def test_kinds_of_critical_points() -> None:
    narrow = replica.critical_points(layers=2, singular_values=[3.0, 2.0, 1.0], width=1)
    assert list(narrow["kind"].values) == ["global minimum", "strict saddle", "strict saddle", "strict saddle"]
    assert np.allclose(narrow["loss"], [2.5, 5.0, 6.5, 7.0])
    deep = replica.critical_points(layers=3, singular_values=[3.0, 2.0, 1.0])
    assert [str(kind) for kind in deep["kind"].values].count("saddle that is not strict") == 3


@pytest.mark.parametrize("layers", [1, 2, 3, 5])
def test_modes_are_learned_as_the_matrices_are(layers: int) -> None:
    """The flow of all matrices, balanced and small at the start, by Runge and Kutta; a mode of value 0 fades."""
    from scipy.integrate import solve_ivp

    values, start, time = np.array([2.0, 0.0, 0.7]), 0.05, [0.0, 0.4, 1.5, 6.0]
    shapes = [(3, 3)] * layers
    first = np.concatenate([(start ** (1.0 / layers) * np.eye(3)).ravel()] * layers)

    def pull(t: float, flat: np.ndarray) -> np.ndarray:
        return -gradient(flat, shapes, np.diag(values))

    flow = solve_ivp(pull, (0.0, 6.0), first, "DOP853", time, rtol=1e-12, atol=1e-14)
    found = replica.mode_learning(layers=layers, singular_values=values, start=start, time=time)
    for k in range(4):
        whole = product([part.reshape(3, 3) for part in np.split(flow.y[:, k], layers)])
        assert np.allclose(np.diag(whole), found["strength"][k], rtol=1e-10, atol=1e-12)
        loss = 0.5 * np.sum((whole - np.diag(values)) ** 2)
        assert loss == pytest.approx(float(found["loss"][k]), rel=1e-9, abs=1e-14)


def test_modes_of_tiny_starts_are_learned_late() -> None:
    found = replica.mode_learning(layers=3, singular_values=[1.0], start=1e-12, time=[0.0, 3e3, 1e6])
    assert found["strength"].values[0, 0] == pytest.approx(1e-12, rel=1e-13)
    assert found["strength"].values[1, 0] < 0.1
    assert found["strength"].values[2, 0] == 1.0
    with pytest.raises(ValueError, match="start must be below"):
        replica.mode_learning(layers=3, singular_values=[1.0, 0.5], start=0.5, time=[1.0])
