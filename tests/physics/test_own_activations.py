"""Activations given as functions: kernels known in closed form, powers, jumps, and what has no kernel."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import gamma, pi, sqrt

import numpy as np
import pytest

import replica
from replica.architectures.activations import Custom, Erf, Kernel, ReLU, Sign
from replica.architectures.activations.base import library

Function = Callable[[np.ndarray], np.ndarray]


def power_moment(p: float) -> float:
    """``E |x|^p``."""
    return 2 ** (p / 2) * gamma((p + 1) / 2) / sqrt(pi)


def sphere(function: Function) -> replica.thresholds.base.Threshold:
    """The capacity ``2 k'(1)/k(1)``."""
    return replica.capacity(replica.committee(activation=function, weights="spherical"))


@pytest.mark.parametrize("a", [0.1, 0.2, 0.24])
def test_growth_up_to_the_edge_of_finite_variance(a: float) -> None:
    found = sphere(lambda x: np.exp(a * x * x))
    variance = (1 - 4 * a) ** -0.5 - 1 / (1 - 2 * a)
    exact = 2 * 4 * a * a * (1 - 4 * a) ** -1.5 / variance
    assert found.converged
    assert abs(found.value - exact) <= found.error + 1e-13 * exact
    assert found.error < 1e-9 * exact


@pytest.mark.parametrize("b", [0.55, 0.7, 0.9, 1.5])
def test_powers_at_a_kink(b: float) -> None:
    found = sphere(lambda x: np.sign(x) * np.abs(x) ** b)
    exact = 2 * b * b * power_moment(2 * b - 2) / power_moment(2 * b)
    assert found.converged
    assert abs(found.value - exact) <= found.error
    assert found.error < 1e-6 * exact


@pytest.mark.parametrize("b", [0.3, 0.5])
def test_a_slope_that_is_not_square_integrable_has_no_finite_capacity(b: float) -> None:
    found = sphere(lambda x: np.abs(x) ** b)
    assert np.isnan(found.value)
    assert "no finite capacity" in found.status


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: np.exp(0.26 * x * x), "variance"),
        (lambda x: np.exp(x * x), "variance"),
        (lambda x: 1j * x, "complex"),
        (lambda x: x / 0.0, "finite"),
        (np.log, "finite"),
        (lambda x: np.log(np.abs(x)), "finite"),
        (lambda x: np.floor(40 * x), "so many"),
        (lambda x: np.sin(1e4 * x), "so many"),
        (lambda x: np.abs(x) ** 0.503, "infinite"),
        (lambda x: 0.0 * x, "constant"),
        (lambda x: 1 / 0, "must take arrays .*ZeroDivisionError"),
        (lambda x: x.no_such_method(), "must take arrays .*AttributeError"),
    ],
)
def test_what_has_no_kernel_is_refused_in_a_sentence(function: Function, words: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=words):
            sphere(function)


def test_shifted_kinks() -> None:
    """``E g'^2`` and the variance of ``max(x - c, 0)`` and of ``| |x| - 1 |`` in closed form."""
    from scipy.special import ndtr

    c = 0.5
    density = np.exp(-c * c / 2) / sqrt(2 * pi)
    mean = density - c * ndtr(-c)
    second = (1 + c * c) * ndtr(-c) - c * density
    found = sphere(lambda x: np.maximum(x - c, 0))
    assert found.value == pytest.approx(2 * ndtr(-c) / (second - mean**2), rel=1e-11)
    one = np.exp(-0.5) / sqrt(2 * pi)
    mean = 2 * (one - ndtr(-1.0)) + (1 - 2 * ndtr(-1.0)) - 2 * (1 / sqrt(2 * pi) - one)
    found = sphere(lambda x: np.abs(np.abs(x) - 1))
    assert found.value == pytest.approx(2 / (2 - 2 * sqrt(2 / pi) - mean**2), rel=1e-10)


def test_many_jumps() -> None:
    """``k'(q) = sum_ij phi_2(a_i, a_j; q)`` of the round numbers."""
    q, places = np.array([0.2, 0.8, 0.97, 0.9999]), np.arange(-9.5, 10.0)
    x, y = np.meshgrid(places, places)
    exact = [
        np.sum(np.exp(-(x * x - 2 * r * x * y + y * y) / (2 * (1 - r * r)))) / (2 * pi * sqrt(1 - r * r)) for r in q
    ]
    assert Custom(np.round).kernel(q, 1 - q).slope == pytest.approx(np.array(exact), rel=1e-10)


@pytest.mark.parametrize(("function", "member"), [(lambda x: np.maximum(x, 0), ReLU()), (np.sign, Sign())])
def test_kernels_near_overlap_one(function: Function, member: ReLU | Sign) -> None:
    variance = np.geomspace(1.3, 1e-18, 60)
    own, exact = (kind.kernel(1 - variance, variance) for kind in (Custom(function), member))
    assert own.rest == pytest.approx(exact.rest, rel=1e-12, abs=0)
    assert own.slope == pytest.approx(exact.slope, rel=1e-12)
    assert own.bend == pytest.approx(exact.bend, rel=1e-9, abs=1e-9)
    small = np.geomspace(1e-15, 1e-3, 9)
    assert Custom(np.abs).kernel(small, 1 - small).slope == pytest.approx(2 / pi * small, rel=1e-6)


def test_a_function_freezes_onto_its_teacher_as_the_member_does() -> None:
    known, own = (
        replica.transition(replica.committee(activation=a, weights="binary", labels="teacher"))
        for a in ("relu", lambda x: np.maximum(x, 0))
    )
    assert abs(own.value - known.value) <= own.error + known.error
    for function in (lambda x: np.clip(x, -0.4, 1), lambda x: x * (x > 0.5)):
        model = replica.committee(activation=function, weights="binary", labels="teacher")
        assert 1.0 < replica.transition(model).value < 1.25
    frozen = replica.solve(replica.committee(activation=np.abs, weights="binary", labels="teacher"), alpha=1.5)
    assert "the teacher itself" in frozen.status


def test_an_even_function_keeps_small_overlaps() -> None:
    own, known = (
        replica.capacity(replica.committee(activation=a, weights="binary"))
        for a in (np.abs, replica.architectures.activations.LeakyReLU(-1.0))
    )
    assert abs(own.value - known.value) <= own.error + known.error
    assert known.value < 1


def sine_kernel(exp: Function, sinh: Function, q: object, variance: object) -> Kernel:
    """``E[sin x sin y] = exp(-Q) sinh q``, the norm held."""
    norm = q + variance  # type: ignore[operator]
    value, slope = exp(-norm) * sinh(q), exp(-norm) * (exp(q) + exp(-q)) / 2
    return Kernel(value, exp(-norm) * sinh(norm) - value, slope, value, exp(-2 * norm), slope - value)


def test_a_kernel_written_for_arrays_only_has_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the functions of `library` the same formula has one."""
    kernels = {
        "numpy": lambda self, q, variance, level=1: sine_kernel(np.exp, np.sinh, q, variance),
        "library": lambda self, q, variance, level=1: sine_kernel(library(q).exp, library(q).sinh, q, variance),
    }
    for name, kernel in kernels.items():
        monkeypatch.setattr(Erf, "kernel", kernel)
        found = replica.solve(replica.committee(activation="erf", weights="binary", margin=0.3), alpha=0.3)
        if name == "numpy":
            with pytest.raises(ValueError, match="does not take mpmath numbers"):
                found.certify()
        else:
            assert found.certify() is not None
    own = replica.solve(replica.committee(activation=np.sin, weights="binary", margin=0.3), alpha=0.3)
    assert abs(own.free_entropy - found.free_entropy) <= own.error + found.error
