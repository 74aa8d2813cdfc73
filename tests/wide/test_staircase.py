"""Kernel regression in infinitely many dimensions: power series, stairs in mpmath, the limit of large dimensions."""

from __future__ import annotations

from math import comb, factorial

import mpmath as mp
import numpy as np
import pytest

import replica
from replica.wide.series import power_series


def test_power_series_in_closed_form() -> None:
    """``t (pi - arccos t)/(2 pi)`` and ``(2/pi) arcsin(2 t/3)``, whose coefficients are those of the arcsine."""
    arcsine = np.array([0.0 if k % 2 == 0 else comb(k - 1, k // 2) / (2.0 ** (k - 1) * k) for k in range(9)])
    first = np.append([0.0, 0.25], arcsine[1:8] / (2.0 * np.pi))
    erf = 2.0 / np.pi * arcsine * (2.0 / 3.0) ** np.arange(9)
    cases = (replica.kernel("relu", trained="first"), first), (replica.kernel("erf", kind="nngp"), erf)
    for kernel, exact in cases:
        found = power_series(kernel, 8)
        assert np.all(np.abs(found.value - exact) <= found.error)
        assert np.all(found.error[:4] < 1e-9)
        assert np.all(found.error < 1e-4)


def test_power_series_of_deep_networks_are_the_limit_of_the_sphere() -> None:
    """Richardson's extrapolation of the eigenvalues in two dimensions."""
    kernel = replica.kernel("tanh", layers=3, weight_variance=1.5, bias_variance=0.2)
    found = power_series(kernel, 2)
    parts = []
    for d in (2000, 4000, 8000):
        modes = kernel.eigenvalues(dimension=d, degrees=[0, 1, 2])
        parts.append(modes["eigenvalue"].values * modes["multiplicity"].values)
    limit = (8.0 * parts[2] - 6.0 * parts[1] + parts[0]) / 3.0
    assert np.allclose(found.value, limit, rtol=1e-7)


class Exponential:
    def of_angles(self, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = np.exp(-2.0 * np.sin(angle / 2.0) ** 2)
        return value, 4e-16 * value

    def settings(self) -> dict[str, str]:
        return {}


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_stairs_in_mpmath(level: int, ridge: float) -> None:
    """The root of the equation of kappa, and the errors, of ``exp(t - 1)``."""
    power, noise = [0.1, 1.0, 0.5, 0.25, 0.125], 0.1
    learner = replica.kernel_regression(Exponential(), power, dimension=np.inf, ridge=ridge, noise=noise)
    for load in (0.1, 1.0, 30.0):
        found = learner.learning_curve(samples=[load], level=level)
        with mp.workdps(40):
            a = [mp.exp(-1) / factorial(k) for k in range(40)]
            above = ridge + mp.fsum(a[level + 1 :])

            def lack(k: object, a: object = a[level], above: object = above, load: float = load) -> object:
                return a / (a + k) + above / k - load  # type: ignore[operator]

            kappa = mp.findroot(lack, (above / load, (above + a[level]) / load), solver="anderson", tol=1e-30)
            share = a[level] / (a[level] + kappa)
            left = (1 - share) ** 2 * power[level] + sum(power[level + 1 :]) + noise
            test = load / (load - share**2) * left
            train = (ridge / (kappa * load)) ** 2 * test
            exact = {"kappa": kappa, "generalization_error": test, "training_error": train}
        for name, value in exact.items():
            assert abs(float(found[name][0]) - float(value)) <= float(found[f"{name}_error"][0]) + 1e-15
        assert float(found["error"][0]) < 2e-9
        assert float(found["learnability"][0, 0]) == pytest.approx(float(share), rel=1e-9)


def test_large_dimensions_come_nearer() -> None:
    tangent = replica.kernel("relu", weight_variance=2.0)
    limit = replica.kernel_regression(tangent, [0.0, 1.0, 0.5, 0.25], dimension=np.inf, noise=0.1)
    stair = limit.learning_curve(samples=[0.5, 2.0], level=1)["generalization_error"].values
    gaps = []
    for d in (500, 2000):
        finite = replica.kernel_regression(tangent, [0.0, 1.0, 0.5, 0.25], dimension=d, noise=0.1)
        curve = finite.learning_curve(samples=[0.5 * d, 2.0 * d])["generalization_error"].values
        gaps.append(np.abs(curve - stair))
    assert np.allclose(gaps[0] / gaps[1], 4.0, rtol=0.05)


def test_a_kernel_without_higher_degrees() -> None:
    """The linear kernel: without a ridge its one stair diverges where all of it is learned."""
    learner = replica.kernel_regression(replica.kernel("linear"), [0.0, 1.0], dimension=np.inf, noise=0.1)
    curve = learner.learning_curve(samples=[0.5, 1.0, 2.0], level=1)
    assert np.allclose(curve["generalization_error"].values[[0, 2]], [0.7, 0.2], rtol=1e-12)
    assert np.isnan(curve["generalization_error"].values[1])
    assert "infinite" in str(curve["status"].values[1])


def test_refused() -> None:
    kernel = replica.kernel("erf")
    limit = replica.kernel_regression(kernel, [0.0, 1.0], dimension=np.inf)
    with pytest.raises(ValueError, match="level is for dimension=inf"):
        limit.learning_curve(samples=[1.0])
    with pytest.raises(ValueError, match="level is for dimension=inf"):
        replica.kernel_regression(kernel, [0.0, 1.0], dimension=5).learning_curve(samples=[1.0], level=1)
    with pytest.raises(ValueError, match="level must be at least 1"):
        limit.learning_curve(samples=[1.0], level=0)
    with pytest.raises(ValueError, match="flow is for a finite dimension"):
        limit.flow(time=[1.0])
