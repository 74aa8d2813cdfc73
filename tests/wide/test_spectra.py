"""Eigenvalues on the sphere, regression and descent against closed forms, mpmath and finite matrices."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.linalg

import replica


def test_circle_in_closed_form() -> None:
    """``cos(t) (pi - t)/(2 pi)`` on the circle."""
    hidden = replica.kernel("relu", trained="first")
    found = hidden.eigenvalues(dimension=2, degrees=list(range(61)))
    exact = np.array([1 / np.pi**2 if k == 0 else 0.125 if k == 1 else 0.0 for k in range(61)])
    even = np.arange(2, 61, 2)
    exact[even] = (even**2 + 1) / (np.pi**2 * (even**2 - 1.0) ** 2)
    assert np.all(np.abs(found["eigenvalue"] - exact) <= found["error"])
    assert np.all(found["error"] < 1e-14)
    assert str(found["status"].values[3]) == "converged; not told from 0"


@pytest.mark.parametrize(("dimension", "degree"), [(3, 8), (10, 20), (50, 4), (1000, 4)])
def test_eigenvalues_in_mpmath(dimension: int, degree: int) -> None:
    tangent = replica.kernel("relu", weight_variance=2.0)
    found = tangent.eigenvalues(dimension=dimension, degrees=[degree])
    with mp.workdps(60):
        exact = float(funk_hecke(dimension, degree))
    assert abs(float(found["eigenvalue"][0]) - exact) <= float(found["error"][0])
    assert float(found["error"][0]) < 1e-6 * exact


def funk_hecke(dimension: int, degree: int) -> Any:
    d = mp.mpf(dimension)

    def polynomial(t: Any) -> Any:
        before, now = mp.mpf(0), mp.mpf(1)
        for k in range(degree):
            before, now = now, t if k == 0 else ((2 * k + d - 2) * t * now - k * before) / (k + d - 2)
        return now

    def kernel(angle: Any) -> Any:
        c = mp.cos(angle)
        return 2 * ((mp.sin(angle) + (mp.pi - angle) * c) + c * (mp.pi - angle)) / mp.pi

    width = 12 / mp.sqrt(d)
    marks = [mp.pi / 2 + x * width for x in (-1, -0.5, 0, 0.5, 1) if 0 < mp.pi / 2 + x * width < mp.pi]
    marks = [mp.mpf(0), *marks, mp.pi]
    top = mp.quad(lambda a: kernel(a) * polynomial(mp.cos(a)) * mp.sin(a) ** (d - 2), marks)
    return top / mp.quad(lambda a: mp.sin(a) ** (d - 2), marks)


def test_what_learns_is_conserved() -> None:
    """``sum N L = n`` without a ridge, and ``n - ridge/kappa`` with one."""
    tangent = replica.kernel("erf", layers=3, weight_variance=1.5)
    for ridge in (0.0, 0.2):
        learner = replica.kernel_regression(tangent, [0.0, 1.0], dimension=5, ridge=ridge)
        curve = learner.learning_curve(samples=[30, 90])
        learned = (curve["learnability"] * curve["multiplicity"]).sum("mode")
        missing = curve["samples"] - learned - ridge / curve["kappa"]
        assert np.all(missing >= -1e-9)
        assert np.all(missing < 1e-3)  # what is beyond the last degree


def test_a_list_is_what_its_kernel_is() -> None:
    spectrum = replica.kernel("linear", bias_variance=0.5, kind="nngp").eigenvalues(dimension=12, degrees=[0, 1])
    linear = replica.kernel("linear", bias_variance=0.5, kind="nngp")
    options: dict[str, Any] = {"ridge": 0.3, "noise": 0.2}
    one = replica.kernel_regression(linear, [0.5, 1.0], dimension=12, **options).learning_curve(samples=[4, 40])
    counts = spectrum["multiplicity"].values
    other = replica.kernel_regression(spectrum["eigenvalue"].values, [0.5, 1.0], multiplicities=counts, **options)
    found = other.learning_curve(samples=[4, 40])
    for name in ("generalization_error", "training_error", "kappa"):
        assert np.allclose(one[name], found[name], rtol=1e-12)


def test_more_samples_than_modes_without_a_ridge() -> None:
    """Least squares in M dimensions: noise n/(n - M) on new patterns, noise (n - M)/n on the old ones."""
    curve = replica.kernel_regression([0.3, 2.0], [1.0, 1.0], multiplicities=[4, 6], noise=0.7).learning_curve(
        samples=[10, 25]
    )
    assert str(curve["status"].values[0]).startswith("not converged")
    assert float(curve["generalization_error"][1]) == pytest.approx(0.7 * 25 / 15, rel=1e-13)
    assert float(curve["training_error"][1]) == pytest.approx(0.7 * 15 / 25, rel=1e-13)


def test_random_spectra_in_mpmath(rng: np.random.Generator) -> None:
    """Thirty settings over many decades: within their own errors, which are small."""
    for _ in range(30):
        size = int(rng.integers(1, 40))
        eta = 10.0 ** rng.uniform(-12.0, 3.0, size)
        power = rng.exponential(size=size) * (rng.random(size) < 0.7)
        counts = 10.0 ** rng.uniform(0.0, 6.0, size)
        ridge, noise = 10.0 ** rng.uniform(-8.0, 3.0) * (rng.random() < 0.7), rng.random() * (rng.random() < 0.7)
        n = 10.0 ** rng.uniform(-2.0, 7.0)
        learner = replica.kernel_regression(eta, power, multiplicities=counts, ridge=ridge, noise=noise)
        curve = learner.learning_curve(samples=[n])
        if not str(curve["status"].values[0]).startswith("converged"):
            assert abs(n - counts.sum()) < 1e-6 * n
            continue
        with mp.workdps(50):
            exact = [float(x) for x in regression(eta, power, counts, ridge, noise, n)]
        for name, value in zip(("kappa", "generalization_error", "training_error"), exact, strict=True):
            assert abs(float(curve[name][0]) - value) <= float(curve[f"{name}_error"][0]) + 1e-15 * abs(value), name
        assert float(curve["error"][0]) <= 1e-9 * max(exact[1], 1e-3)


def regression(eta: Any, power: Any, counts: Any, ridge: float, noise: float, n: float) -> tuple[Any, Any, Any]:
    eta, power, counts = ([mp.mpf(float(x)) for x in column] for column in (eta, power, counts))

    def count(kappa: Any) -> Any:
        return sum(c * e / (e + kappa) for c, e in zip(counts, eta, strict=True)) + mp.mpf(ridge) / kappa

    kappa = mp.mpf(0)
    if ridge or n < float(sum(counts)):
        low, high = mp.mpf("1e-40"), mp.mpf("1e20")
        for _ in range(240):
            middle = mp.sqrt(low * high)
            low, high = (middle, high) if count(middle) > n else (low, middle)
        kappa = mp.sqrt(low * high)
    share = [e / (e + kappa) for e in eta]
    free = n - sum(c * x * x for c, x in zip(counts, share, strict=True))
    test = n / free * (sum((1 - x) ** 2 * p for x, p in zip(share, power, strict=True)) + noise)
    gap = mp.mpf(ridge) / kappa if kappa else n - sum(counts)
    return kappa, test, (gap / n) ** 2 * test


def test_least_eigenvalue_of_finite_matrices(rng: np.random.Generator) -> None:
    """The edge lies a few parts in a hundred below the mean of 200 inputs, and nearer for 800."""
    tangent, gaps = replica.kernel("relu", weight_variance=2.0), []
    for n in (100, 400):
        edge = tangent.least_eigenvalue(samples=n, dimension=2 * n)
        found = []
        for _ in range(4):
            X = rng.standard_normal((n, 2 * n))
            found.append(float(tangent.rate(X / np.linalg.norm(X, axis=1)[:, None] * np.sqrt(2.0 * n))))
        gaps.append(np.mean(found) - edge)
        assert edge.converged
    assert 0.0 < gaps[1] < 0.7 * gaps[0] < 0.05


def test_descent_of_a_kernel_step_by_step(rng: np.random.Generator) -> None:
    X, y = rng.standard_normal((8, 5)), rng.standard_normal(8)
    tangent = replica.kernel("gelu", layers=3, bias_variance=0.1)
    table, f, losses = tangent.matrix(X), np.zeros(8), []
    for _ in range(31):
        losses.append(0.5 * np.sum((f - y) ** 2))
        f = f - 0.2 * table @ (f - y)
    curve = tangent.descent(X, y, steps=np.arange(31), step_size=0.2)
    assert np.allclose(curve["loss"], losses, rtol=1e-11)
    flow = tangent.descent(X, y, time=[0.0, 2.0, 50.0])
    left = [scipy.linalg.expm(-t * table) @ y for t in (0.0, 2.0, 50.0)]
    assert np.allclose(flow["loss"], [0.5 * np.sum(one**2) for one in left], rtol=1e-10)
    assert curve.attrs["rate"] == pytest.approx(float(tangent.rate(X)), rel=1e-12)
    fast = tangent.descent(X, y, steps=[1, 10_000], step_size=50.0)
    assert "diverge" in str(fast["status"].values[0])
    assert str(fast["status"].values[1]).startswith("not converged")
    assert np.isnan(float(fast["loss"][1]))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: replica.kernel_regression([1.0, -1.0], [1.0, 1.0]), "eigenvalues must be at least 0"),
        (lambda: replica.kernel_regression([1.0, 2.0], [1.0]), "coefficients must be as many"),
        (lambda: replica.kernel_regression([1.0], [-1.0]), "coefficients must be at least 0"),
        (lambda: replica.kernel_regression([1.0], [1.0], multiplicities=[0.0]), "multiplicities"),
        (lambda: replica.kernel_regression([0.0], [1.0]), "must not all vanish"),
        (lambda: replica.kernel_regression([1.0], [1.0], ridge=-1.0), "ridge must be"),
        (lambda: replica.kernel_regression([1.0], [1.0], noise=np.nan), "noise must be"),
        (lambda: replica.kernel_regression([1.0], [1.0], dimension=3), "dimension is for a kernel"),
        (lambda: replica.kernel_regression(replica.kernel("relu"), [1.0]), "dimension is missing"),
        (lambda: replica.kernel_regression("relu", [1.0]), "eigenvalues must be a list"),
        (lambda: replica.kernel_regression([1.0], [1.0]).learning_curve(samples=[0.0]), "samples must be above 0"),
        (lambda: replica.kernel_regression([1.0], [1.0]).learning_curve(samples=[2.0, 1.0]), "samples must increase"),
    ],
)
def test_refused(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize(("alpha", "penalty"), [(0.4, 0.1), (1.0, 1e-4), (3.0, 2.0)])
def test_ridge_regression_on_covariates_is_kernel_regression(alpha: float, penalty: float) -> None:
    """The linear kernel of N inputs: ``eta = omega/N``, ``c^2 = t/(N omega)``, ``n = alpha N``, to twelve digits."""
    omega = np.geomspace(0.05, 5.0, 60)
    t, size, rho, noise = omega**1.5, 60, float(np.mean(omega**0.5)) + 0.1, 0.3
    model = replica.covariates(
        "square", spectrum=omega, projections=t, rho=rho, noise=noise, penalty=penalty, teacher="linear"
    )
    solution = replica.solve(model, alpha=alpha)
    whole = noise + rho - float(np.mean(t / omega))
    learner = replica.kernel_regression(omega / size, t / omega / size, ridge=penalty, noise=whole)
    curve = learner.learning_curve(samples=[alpha * size])
    assert float(curve["generalization_error"][0]) == pytest.approx(solution["generalization_error"], rel=1e-12)
    assert float(curve["training_error"][0]) == pytest.approx(2.0 * solution.energy / alpha, rel=1e-12)
