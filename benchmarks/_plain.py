"""The binary perceptron as a user of scipy would write it, in three ways: the yardstick of `speed`."""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import log_ndtr

ROOT_TAU = math.sqrt(2 * math.pi)


def average(f) -> float:  # type: ignore[no-untyped-def]
    """``int Dz f(z)`` by adaptive quadrature."""
    return quad(
        lambda z: math.exp(-z * z / 2) / ROOT_TAU * f(z), -12, 12, epsabs=1e-13, epsrel=1e-13, limit=200
    )[0]


def log_two_cosh(h: float) -> float:
    return abs(h) + math.log1p(math.exp(-2 * abs(h)))


def overlap(q_hat: float) -> float:
    root = math.sqrt(q_hat)
    return average(lambda z: math.tanh(root * z) ** 2)


def conjugate(q: float, alpha: float, kappa: float) -> float:
    root, spread = math.sqrt(q), math.sqrt(1 - q)

    def square(z: float) -> float:
        x = (kappa + root * z) / spread
        return math.exp(-x * x - 2 * log_ndtr(-x)) / (2 * math.pi)

    return alpha / (1 - q) * average(square)


def free_entropy(q: float, q_hat: float, alpha: float, kappa: float) -> float:
    root, field, spread = math.sqrt(q), math.sqrt(q_hat), math.sqrt(1 - q)
    weights = average(lambda z: log_two_cosh(field * z))
    patterns = average(lambda z: float(log_ndtr(-(kappa + root * z) / spread)))
    return -q_hat / 2 * (1 - q) + weights + alpha * patterns


def solve_by_iteration(
    alpha: float, kappa: float = 0.0, tolerance: float = 1e-13
) -> tuple[float, float, float]:
    """``(q, q_hat, free entropy)`` by plain iteration."""
    q_hat = alpha
    while True:
        q = overlap(q_hat)
        new = conjugate(q, alpha, kappa)
        if abs(new - q_hat) < tolerance * new:
            return q, new, free_entropy(q, new, alpha, kappa)
        q_hat = new


def solve_by_bracket(alpha: float, kappa: float = 0.0) -> tuple[float, float, float]:
    """``(q, q_hat, free entropy)`` by a bracketed root in ``ln q_hat``."""

    def gap(t: float) -> float:
        return math.log(conjugate(overlap(math.exp(t)), alpha, kappa)) - t

    q_hat = math.exp(brentq(gap, math.log(1e-6), math.log(50.0), xtol=1e-13))
    q = overlap(q_hat)
    return q, q_hat, free_entropy(q, q_hat, alpha, kappa)


def capacity(kappa: float = 0.0) -> float:
    """Zero of the entropy, a solve for each trial load."""
    return brentq(lambda alpha: solve_by_bracket(alpha, kappa)[2], 0.5, 1.0, xtol=1e-13)


Z = np.linspace(-9.0, 9.0, 721)
DENSITY = np.exp(-Z * Z / 2) / ROOT_TAU * (Z[1] - Z[0])


def solve_with_arrays(alpha: float, kappa: float = 0.0) -> tuple[float, float, float]:
    """The same with a fixed trapezoidal rule on arrays and `brentq`: right while q is not near 1."""

    def halves(q_hat: float) -> tuple[float, float, np.ndarray]:
        q = float(DENSITY @ np.tanh(math.sqrt(q_hat) * Z) ** 2)
        x = (kappa + math.sqrt(q) * Z) / math.sqrt(1 - q)
        log_tail = log_ndtr(-x)
        return q, alpha / (1 - q) * float(DENSITY @ np.exp(-x * x - 2 * log_tail)) / (2 * math.pi), log_tail

    q_hat = math.exp(
        brentq(lambda t: math.log(halves(math.exp(t))[1]) - t, math.log(1e-6), math.log(50.0), xtol=1e-13)
    )
    q, _, log_tail = halves(q_hat)
    h = np.abs(math.sqrt(q_hat) * Z)
    phi = -q_hat / 2 * (1 - q) + DENSITY @ (h + np.log1p(np.exp(-2 * h))) + alpha * (DENSITY @ log_tail)
    return q, q_hat, float(phi)
