"""Signs and codings once more, in plain numpy and scipy: the second way of `frontier`.

Averages are trapezoidal sums in the plain variable or Gauss-Legendre rules between the ends of an interval, whole
meshes at a time; nothing here is graded, batched or shared with the packages, and formulas were written from the
theory alone. Good to about 1e-10 as long as `1 - q` is above 0.02.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import erfcx, log_ndtr, ndtr

Array = np.ndarray
ROOT = np.sqrt(2.0 * np.pi)
GL = np.polynomial.legendre.leggauss(48)


def density(x: Any) -> Any:
    return np.exp(-0.5 * x * x) / ROOT


def mills(x: Any) -> Any:
    """The Gaussian density over its tail beyond x."""
    return np.sqrt(2.0 / np.pi) / erfcx(x / np.sqrt(2.0))


def plain(step: float, far: float = 9.5) -> tuple[Array, Array]:
    """Nodes and weights of a standard Gaussian."""
    z = step * np.arange(-int(far / step), int(far / step) + 1)
    return z, step * density(z)


def fine(width: float) -> tuple[Array, Array]:
    """The same for functions that vary over that width."""
    return plain(min(0.1, 0.12 * width))


def between(low: Any, high: Any) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights between ends, along a new last axis."""
    half = 0.5 * (np.asarray(high) - low)[..., None]
    return np.asarray(low)[..., None] + half * (1.0 + GL[0]), half * GL[1]


def first_root(gap: Callable[[float], float], places: Array) -> float:
    """The first change of sign along the places."""
    before = gap(places[0])
    for low, high in pairwise(places):
        here = gap(high)
        if before * here <= 0.0:
            return float(brentq(gap, low, high, xtol=1e-14, rtol=1e-14, maxiter=300))
        before = here
    raise ValueError("no change of sign")


# --- weights that keep a sign -------------------------------------------------------------------------------------


def ramp(t: Any) -> tuple[Any, Any]:
    """``E (t+z)_+`` and ``E (t+z)_+^2``."""
    return t * ndtr(t) + density(t), (1.0 + t * t) * ndtr(t) + t * density(t)


def non_negative(alpha: float, kappa: float, coding: float, bias: bool) -> dict[str, float]:
    """Overlap, threshold, free entropy and stability of non-negative weights."""
    shares = ((1.0, coding), (-1.0, 1.0 - coding))

    def own(s: float) -> tuple[float, float, tuple[Array, Array, Array]]:
        z, weight = fine(1.0 / max(s, 1.0))
        x = s * z
        mu = x + mills(-x)
        curvature = weight @ (1.0 + x * mu)
        return curvature, float(weight @ mu**2) / curvature, (weight, x, mu)

    def fields(q: float, b: float) -> list[tuple[float, float, Array, Array]]:
        z, weight = fine(np.sqrt((1.0 - q) / q))
        return [(sign, p, weight, (kappa - sign * b + np.sqrt(q) * z) / np.sqrt(1.0 - q)) for sign, p in shares]

    def threshold(q: float) -> float:
        if not bias:
            return 0.0

        def pull(b: float) -> float:
            return float(sum(sign * p * (weight @ mills(x)) for sign, p, weight, x in fields(q, b)))

        return float(brentq(pull, -40.0, 40.0, xtol=1e-14, rtol=1e-14))

    def load(log_s: float) -> float:
        s = np.exp(log_s)
        curvature, q, _ = own(s)
        square = sum(p * (weight @ mills(x) ** 2) for _, p, weight, x in fields(q, threshold(q)))
        return float(curvature * s * s * (1.0 - q) / square)

    s = np.exp(first_root(lambda x: np.log(load(x) / alpha), np.linspace(-9.0, 4.0, 53)))
    curvature, q, (weight, x, mu) = own(s)
    b, q_hat = threshold(q), curvature * s * s
    log_z = np.log(ROOT) - 0.5 * np.log(curvature) + 0.5 * x * x + log_ndtr(x)
    phi = 0.5 * curvature - 0.5 * q_hat * (1.0 - q) - 0.5 * np.log(2.0 * np.pi * np.e) + weight @ log_z
    phi += alpha * sum(p * (w @ log_ndtr(-y)) for _, p, w, y in fields(q, b))
    bend = sum(p * (w @ (mills(y) * (mills(y) - y)) ** 2) for _, p, w, y in fields(q, b))
    variance = (1.0 + x * mu - mu * mu) / curvature
    stability = 1.0 - alpha * bend / (1.0 - q) ** 2 * (weight @ variance**2)
    return {"q": q, "free_entropy": float(phi), "stability": float(stability)} | ({"bias": b} if bias else {})


def saturated(kappa: float, coding: float, bias: bool) -> dict[str, float]:
    """Capacity of non-negative weights, half of that of the sphere."""

    def spread(b: float) -> tuple[float, float]:
        up, down = ramp(kappa - b), ramp(kappa + b)
        return coding * up[0] - (1.0 - coding) * down[0], coding * up[1] + (1.0 - coding) * down[1]

    b = float(brentq(lambda b: spread(b)[0], -40.0, 40.0, xtol=1e-15)) if bias else 0.0
    return {"value": 0.5 / spread(b)[1]}


def of_both_signs(kappa: float, coding: float, excitatory: float) -> dict[str, float]:
    """Capacity and silent share of weights of prescribed signs on inputs of a mean."""

    def at(b_weights: float) -> tuple[float, ...]:
        up, down = ramp(b_weights), ramp(-b_weights)
        alive = excitatory * ndtr(b_weights) + (1.0 - excitatory) * ndtr(-b_weights)
        mean = excitatory * up[0] - (1.0 - excitatory) * down[0]
        square = excitatory * up[1] + (1.0 - excitatory) * down[1]
        k = kappa * mean / np.sqrt(square)

        def pull(c: float) -> float:
            return float(coding * ramp(k - c)[0] - (1.0 - coding) * ramp(k + c)[0])

        c = float(brentq(pull, -60.0, 60.0, xtol=1e-15))
        bent = coding * ramp(k - c)[1] + (1.0 - coding) * ramp(k + c)[1]
        held = coding * ndtr(k - c) + (1.0 - coding) * ndtr(k + c)
        return alive, mean, square, bent, held

    def gap(b_weights: float) -> float:
        alive, _, square, bent, held = at(b_weights)
        return float(np.log(alive * held / (square * bent)))

    b_weights = first_root(gap, np.linspace(0.5, -6.0, 261))
    alive, mean, square, _, held = at(b_weights)
    return {"value": alive / held, "silent": 1.0 - alive, "norm": square / mean**2}
