"""Local entropy round centres that are solutions: limits, pairs, differences, an independent potential."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

import replica

BINARY, SPHERE = replica.perceptron("binary"), replica.perceptron("spherical", margin=-0.3)


def around(model: replica.Model, distance: Any, replicas: float, alpha: float = 0.5) -> Any:
    return replica.local_entropy(model, alpha=alpha, distance=distance, replicas=replicas, centre="solution")


@pytest.mark.parametrize("model", [BINARY, SPHERE])
def test_hardly_any_replica_sees_a_typical_solution(model: replica.Model) -> None:
    distance = [0.08, 0.15]
    typical = replica.franz_parisi(model, alpha=0.5, distance=distance)
    curves = [around(model, distance, y)["local_entropy"].values for y in (0.01, 0.005)]
    assert np.abs(2 * curves[1] - curves[0] - typical["entropy"]).max() < 1e-6
    assert np.all(curves[0] > typical["entropy"])


@pytest.mark.parametrize("model", [BINARY, SPHERE])
def test_one_replica_makes_a_pair(model: replica.Model) -> None:
    found = around(model, 0.1, 1.0)
    pair = replica.solve(model, alpha=0.5, ansatz=replica.RSB(m=2.0, q1=0.8))
    assert abs(float(found["free_entropy"][0]) - 2 * pair.free_entropy) < 1e-10
    assert abs(float(found["slope"][0]) - 2 * pair["slope"]) < 1e-9
    assert abs(float(found["q0"][0]) - pair["q0"]) < max(1e-9, 5 * float(found["q0_error"][0]))


def test_derivatives_with_number_and_distance() -> None:
    def total(distance: float, y: float) -> float:
        return y * float(around(BINARY, distance, y)["free_entropy"][0])

    found, h = around(BINARY, 0.1, 2.0), 0.02
    inner = (8 * (total(0.1, 2 + h) - total(0.1, 2 - h)) - (total(0.1, 2 + 2 * h) - total(0.1, 2 - 2 * h))) / (12 * h)
    assert abs(inner - float(found["local_entropy"][0])) < 1e-8
    places = 0.1 + 2e-3 * np.arange(-2, 3)
    phi = around(BINARY, places, 2.0)["free_entropy"].values
    assert abs((8 * (phi[3] - phi[1]) - (phi[4] - phi[0])) / 24e-3 - float(found["slope"][0])) < 1e-7
    assert abs(2 * (phi[2] - found["local_entropy"][0]) - found["complexity"][0]) < 1e-12


def plain_potential(x: dict[str, float], y: float, alpha: float) -> float:
    """F of binary weights at margin 0 with the centre's own noise as a field of its own, by plain rules."""
    z = np.linspace(-7.0, 7.0, 41)
    weight = np.exp(-0.5 * z**2) * (z[1] - z[0]) / np.sqrt(2 * np.pi)
    plane = np.outer(weight, weight)
    inner = np.linspace(-7.0, 7.0, 57)
    log_inner = -0.5 * inner**2 + np.log((inner[1] - inner[0]) / np.sqrt(2 * np.pi))
    # weights
    own = np.sqrt(x["q_hat"]) * z[:, None]
    field = x["s_hat"] / np.sqrt(x["q_hat"]) * z[:, None] + np.sqrt(x["q0_hat"] - x["s_hat"] ** 2 / x["q_hat"]) * z
    terms = []
    for w in (1, -1):
        h = field[..., None] + np.sqrt(x["q1_hat"] - x["q0_hat"]) * inner + w * (x["t_hat"] - x["s_hat"])
        terms.append(w * own + special.logsumexp(y * np.logaddexp(h, -h) + log_inner, axis=2))
    site = float(np.sum(plane * np.logaddexp(*terms)))
    # patterns: u above its bound by Gauss-Legendre, the replicas' common noise by the trapezoidal rule
    lever = (x["t"] - x["s"]) / np.sqrt(1 - x["q"])
    rest = np.sqrt(x["q1"] - x["q0"] - lever**2)
    nodes, masses = np.polynomial.legendre.leggauss(50)
    pattern = 0.0
    for i, a in enumerate(z):
        low = -np.sqrt(x["q"]) * a / np.sqrt(1 - x["q"])
        high = max(low + 2.0, 8.5)
        low = max(low, -8.5)
        u = low + 0.5 * (high - low) * (1 + nodes)
        log_u = np.log(0.5 * (high - low) * masses) - 0.5 * u**2 - 0.5 * np.log(2 * np.pi)
        mean = x["s"] / np.sqrt(x["q"]) * a + np.sqrt(x["q0"] - x["s"] ** 2 / x["q"]) * z
        omega = mean[:, None, None] + lever * u[:, None] + rest * inner
        exponent = y * special.log_ndtr(omega / np.sqrt(1 - x["q1"])) + log_u[:, None] + log_inner
        pattern += weight[i] * float(weight @ special.logsumexp(exponent, axis=(1, 2)))
    own_part = -0.5 * x["q_hat"] * (1 - x["q"]) - 0.5 * y * x["q1_hat"] * (1 - x["q1"])
    own_part += 0.5 * y**2 * (x["q0"] * x["q0_hat"] - x["q1"] * x["q1_hat"])
    return own_part - y * x["t_hat"] * x["t"] + y * x["s_hat"] * x["s"] + site + alpha * pattern


def test_stationary_under_a_plain_quadrature() -> None:
    y, alpha = 2.0, 0.5
    ansatz = replica.ansatz.replicated.ansatz.LocalEntropy(y, "solution")
    found = ansatz.curve(BINARY, np.array([alpha]), np.array([0.1]))
    names = ("q", "s", "q0", "q1", "q_hat", "s_hat", "q0_hat", "q1_hat", "t_hat")
    point = {name: float(found.value(name)[0]) for name in names} | {"t": 0.8}
    assert abs(plain_potential(point, y, alpha) / y - found.value("free_entropy")[0]) < 1e-9
    for name in names:
        step = (
            1e-6 if name in ("s", "s_hat", "q0", "q0_hat") else 1e-4
        )  # two replicas are nearly a pair with its double
        ends = [plain_potential(point | {name: point[name] + sign * step}, y, alpha) for sign in (1, -1)]
        assert abs(ends[0] - ends[1]) / (2 * step) < 1e-6, name
    ends = [plain_potential(point | {"t": 0.8 + sign * 1e-4}, y, alpha) for sign in (1, -1)]
    assert abs((ends[0] - ends[1]) / 2e-4 + 0.5 * y * found.value("slope")[0]) < 1e-6


def test_wrong_numbers() -> None:
    with pytest.raises(ValueError, match="replicas must be"):
        around(BINARY, 0.1, np.inf)
    with pytest.raises(ValueError, match="needs centre='free'"):
        replica.local_entropy(BINARY, alpha=0.5, distance=0.1, replicas="zero-complexity", centre="solution")
