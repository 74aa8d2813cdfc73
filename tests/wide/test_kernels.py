"""Kernels of wide networks against quadrature, mpmath and identities; what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy.special import erf, ndtr

import replica
from replica.architectures.activations import Activation, LeakyReLU
from replica.architectures.activations._dual import Pair
from replica.wide.layers import dual_of

Function = Callable[[np.ndarray], np.ndarray]

#: function, slope, and where they are not smooth
UNITS: dict[str, tuple[Function, Function, bool]] = {
    "relu": (lambda x: np.maximum(x, 0.0), lambda x: (x > 0) * 1.0, True),
    "leaky-relu": (lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, 1.0, 0.1), True),
    "linear": (lambda x: x, np.ones_like, False),
    "quadratic": (lambda x: x * x, lambda x: 2.0 * x, False),
    "erf": (erf, lambda x: 2.0 / np.sqrt(np.pi) * np.exp(-x * x), False),
    "tanh": (np.tanh, lambda x: np.cosh(x) ** -2.0, False),
    "gelu": (lambda x: x * ndtr(x), lambda x: ndtr(x) + x * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi), False),
}


def plane(function: Function, a: float, b: float, cosine: float, kinked: bool) -> float:
    """``E f(u) f(v)`` in polar coordinates of their plane, on sectors between the lines where a sign changes."""
    angle = np.arccos(cosine)
    breaks = [0.5 * np.pi, 1.5 * np.pi, (angle + 0.5 * np.pi), (angle + 1.5 * np.pi) % (2.0 * np.pi)]
    marks = np.unique([0.0, *breaks, *(np.arange(1, 16) * np.pi / 8), 2.0 * np.pi])
    x, w = np.polynomial.legendre.leggauss(48)
    r, wr = np.polynomial.legendre.leggauss(200)
    r, wr = 6.0 * (r + 1.0), 6.0 * wr
    total = 0.0
    for low, high in zip(marks, marks[1:], strict=False):
        phi = 0.5 * (low + high) + 0.5 * (high - low) * x
        u = np.sqrt(a) * r[:, None] * np.cos(phi)
        v = np.sqrt(b) * r[:, None] * np.cos(phi - angle)
        radial = (wr * r * np.exp(-0.5 * r * r)) @ (function(u) * function(v))
        total += 0.5 * (high - low) * float(w @ radial)
    return total / (2.0 * np.pi)


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize(("a", "b", "cosine"), [(1.0, 1.0, 0.3), (0.4, 2.3, -0.7), (1.5, 0.2, 0.97), (2.0, 2.0, -0.2)])
def test_one_layer_of_any_two_norms(name: str, a: float, b: float, cosine: float) -> None:
    function, slope, kinked = UNITS[name]
    norm = np.sqrt(a * b)
    one, other = np.array([a]), np.array([b])
    near, far = np.array([norm * (1.0 - cosine)]), np.array([norm * (1.0 + cosine)])
    found = dual_of(Activation.find(name)(), Pair(one, other, near, far))
    value = 0.5 * float(found.far[0] - found.near[0])
    assert value == pytest.approx(plane(function, a, b, cosine, kinked), abs=1e-12)
    assert float(found.slope[0]) == pytest.approx(plane(slope, a, b, cosine, kinked), abs=1e-12)
    own = plane(function, a, a, 1.0, kinked) * plane(function, b, b, 1.0, kinked)
    assert 0.5 * float(found.far[0] + found.near[0]) == pytest.approx(np.sqrt(own), abs=1e-12)


@pytest.mark.parametrize(("name", "kind"), [("relu", "ntk"), ("tanh", "nngp")])
def test_a_function_of_ones_own_is_what_it_is_called(name: str, kind: str) -> None:
    """The same unit by its values alone: one norm and two, both ends of the angle."""
    function = UNITS[name][0]
    options: dict[str, Any] = {"layers": 3, "weight_variance": 1.7, "bias_variance": 0.1, "kind": kind}
    own, known = replica.kernel(function, **options), replica.kernel(name, **options)
    for cosine in (1.0, 1.0 - 1e-9, 0.5, -0.97, -1.0):
        found = own(cosine)
        assert abs(found - known(cosine)) <= found.error + 1e-14
        assert found.error < 1e-9
    X = np.array([[1.0, 0.2], [0.5, 0.1000001], [0.4, -0.9], [-2.0, 0.3]])
    table, error = own.matrix_with_error(X)
    assert np.abs(table - known.matrix(X)).max() <= error < 1e-8


def test_deep_relu_networks_in_mpmath() -> None:
    """Ten layers at small angles, where ``arccos`` of a double has half of the digits."""
    with mp.workdps(60):
        for step in ("1e-14", "1e-6", "0.3", "1.7"):
            cosine = 1 - mp.mpf(float(step))
            exact = deep_relu(mp.mpf(float(cosine)), 10)
            found = replica.kernel("relu", layers=10, weight_variance=2.0, bias_variance=0.1)(float(cosine))
            assert abs(found - float(exact)) <= found.error < 2e-12


def deep_relu(cosine: Any, layers: int) -> Any:
    weights, bias = mp.mpf(2), mp.mpf(0.1)
    norm, c = weights + bias, weights * cosine + bias
    tangent = c
    for _ in range(layers - 1):
        theta = mp.acos(min(c / norm, mp.mpf(1)))
        value = norm * (mp.sin(theta) + (mp.pi - theta) * mp.cos(theta)) / (2 * mp.pi)
        norm, c = weights * norm / 2 + bias, weights * value + bias
        tangent = c + weights * tangent * (mp.pi - theta) / (2 * mp.pi)
    return tangent


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_known_values(layers: int) -> None:
    assert replica.kernel("relu", layers=layers, weight_variance=2.0)(1.0) == pytest.approx(2.0 * layers, rel=1e-14)
    linear = replica.kernel("linear", layers=layers, weight_variance=1.3)
    assert linear(0.4) == pytest.approx(layers * 1.3**layers * 0.4, rel=1e-14)
    one = replica.kernel(LeakyReLU(1.0), layers=layers, weight_variance=1.3)
    assert one(0.4) == pytest.approx(linear(0.4), rel=1e-14)


def test_matrices_are_what_their_pairs_are(rng: np.random.Generator) -> None:
    X = rng.standard_normal((12, 7))
    X *= np.sqrt(7.0) / np.linalg.norm(X, axis=1)[:, None]
    tangent = replica.kernel("erf", layers=3, bias_variance=0.2)
    table = tangent.matrix(X)
    assert np.array_equal(table, table.T)
    for i, j in ((0, 0), (0, 1), (3, 8)):
        cosine = min(float(X[i] @ X[j]) / 7.0, 1.0)
        assert table[i, j] == pytest.approx(float(tangent(cosine)), rel=1e-13)


def test_nearly_equal_rows_keep_the_digits_of_their_angle() -> None:
    """Two inputs an angle of 1e-9 apart: the tangent kernel of kinked units falls by the angle itself."""
    X = np.array([[1.0, 0.0], [1.0, 1e-9]]) * np.sqrt(2.0)
    table = replica.kernel("relu", weight_variance=2.0).matrix(X)
    assert table[0, 0] - table[0, 1] == pytest.approx(2e-9 / np.pi, rel=1e-6)


def test_the_kernel_of_a_network_at_random(rng: np.random.Generator) -> None:
    """Gradients of finite networks, averaged: unbiased for two layers."""
    width, X = 400, rng.standard_normal((3, 5))
    found = []
    for _ in range(300):
        W, a, b = rng.standard_normal((width, 5)), rng.standard_normal(width), rng.standard_normal(width)
        h = X @ W.T * np.sqrt(1.5 / 5.0) + np.sqrt(0.3) * b
        active = 1.5 / width * (1.0 - np.tanh(h) ** 2) * a
        back = active @ (a[:, None] * (1.0 - np.tanh(h.T) ** 2))
        found.append(back * (1.5 * X @ X.T / 5.0 + 0.3) + 1.5 * np.tanh(h) @ np.tanh(h).T / width + 0.3)
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(300.0)
    table = replica.kernel("tanh", weight_variance=1.5, bias_variance=0.3).matrix(X)
    assert np.all(np.abs(mean - table) < 4.0 * error)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: replica.kernel("sign"), "no tangent kernel"),
        (lambda: replica.kernel(np.sign)(0.5), "no tangent kernel"),
        (lambda: replica.kernel("rel"), "did you mean"),
        (lambda: replica.kernel("relu", layers=0), "layers must be"),
        (lambda: replica.kernel("relu", weight_variance=0.0), "weight_variance must be above 0"),
        (lambda: replica.kernel("relu", bias_variance=-1.0), "bias_variance must be"),
        (lambda: replica.kernel("relu", weight_variance=[1.0, 2.0]), "weight_variance must be one number"),
        (lambda: replica.kernel("relu", kind="ntl"), "did you mean 'ntk'"),
        (lambda: replica.kernel("relu", kind="nngp", trained="first"), "trained"),
        (lambda: replica.kernel("relu")(1.5), "cos must be"),
        (lambda: replica.kernel("relu").matrix([[1.0, np.nan]]), "row 0"),
        (lambda: replica.kernel("relu").matrix([1.0, 2.0]), "shape"),
        (lambda: replica.kernel("relu").matrix([[1e200, 1.0]]), "modulus"),
        (lambda: replica.kernel(np.tanh).matrix([[0.0], [1.0]]), "norm 0"),
        (lambda: replica.kernel("relu").eigenvalues(dimension=3, degrees=[10**6]), r"degrees must be in \[0, 20000\]"),
        (lambda: replica.kernel("relu").descent([[1.0]], [1.0, 2.0], time=[1.0]), "y must have the shape"),
        (lambda: replica.kernel("relu").descent([[1.0]], [1.0], steps=[0.5], step_size=0.1), "whole"),
        (lambda: replica.kernel("relu").descent([[1.0]], [1.0], steps=[1]), "step_size"),
        (lambda: replica.kernel("relu").eigenvalues(dimension=1), "dimension must be"),
        (lambda: replica.kernel("relu").eigenvalues(dimension=3, degrees=[2, 1]), "degrees must increase"),
        (lambda: replica.kernel("relu").eigenvalues(dimension=3, degrees=4), "degrees must be"),
        (lambda: replica.kernel("relu").least_eigenvalue(samples=0, dimension=4), "samples must be"),
    ],
)
def test_refused(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
