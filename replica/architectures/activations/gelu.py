"""Gaussian error linear units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.architectures.activations._dual import Dual, Pair, dual
from replica.architectures.activations.base import Activation, Kernel, either, library


@dataclass(frozen=True)
class GELU(Activation):
    r"""``g(x) = x Phi(x)``, Phi the Gaussian distribution function.

    With ``S = sqrt((1+Q)^2 - q^2)`` and ``n = Q^2 + q^2 (1-Q)/(1+Q)`` partial integration gives
    ``k(q) = q/4 + [q arcsin(q/(1+Q)) + n/S - Q^2/(1+Q)]/(2 pi)``.

    When not to use it: the approximation by tanh that some libraries call GELU (give a callable); committees of a
    number of units: ``units=inf`` only.

    See Also
    --------
    ReLU : Its steep limit.

    References
    ----------
    R. Tsuchida, T. Pearce, C. van der Heide, F. Roosta and M. Gallagher, AAAI Conference on Artificial Intelligence 35
    (2021): the same average with the mean kept.

    Examples
    --------
    >>> import replica
    >>> from replica.architectures.activations import GELU
    >>> found = replica.capacity(replica.committee(activation=GELU(), weights="binary"))
    >>> print(f"{found:.9f}, {found.status}")
    0.903670879, converged; zero of the RS entropy
    """

    name: ClassVar[str] = "gelu"

    def function(self, x: np.ndarray) -> np.ndarray:
        from scipy.special import ndtr

        return x * ndtr(x)

    def slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from scipy.special import ndtr

        density = np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)
        return ndtr(x) + x * density, (2.0 - x * x) * density

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        lib = library(q)
        norm = q + variance
        total, two_pi = 1 + norm, 2 * lib.pi
        tilt = (1 - norm) / total
        s, s_norm = lib.sqrt((total - q) * (total + q)), lib.sqrt(1 + 2 * norm)
        n, n_norm = norm**2 + tilt * q**2, norm**2 + tilt * norm**2
        turn, turn_norm = lib.asin(q / total), lib.asin(norm / total)
        step = variance * (norm + q)  # Q^2 - q^2
        # arcsin(a) - arcsin(b) from the sine and cosine of the difference
        sine = either(q < 0, (norm * s - q * s_norm) / total**2, step, norm * s + q * s_norm)
        gap = lib.atan2(sine, (s * s_norm + q * norm) / total**2)
        value = q / 4 + (q * turn + tilt * q**2 / s + norm**2 * q**2 / (total * s * (total + s))) / two_pi
        rest = (
            variance / 4
            + (variance * turn_norm + q * gap + tilt * step / s_norm + n * step / (s_norm * s * (s_norm + s))) / two_pi
        )
        slope = _slope(q, norm, s, turn, lib)
        return Kernel(
            value,
            rest,
            slope,
            (2 / s + 2 * tilt / s + (q**2 + 4 * tilt * q**2 + n) / s**3 + 3 * n * q**2 / s**5) / two_pi,
            _slope(norm, norm, s_norm, turn_norm, lib) + _cross(norm, norm, s_norm, n_norm, lib),
            slope + _cross(q, norm, s, n, lib),
        )

    def dual(self, pair: Pair) -> Dual:
        value, slope = _moments(pair.first, pair.second, pair.covariance, pair.near * pair.far)
        first, second = (_moments(norm, norm, norm, 0.0)[0] for norm in (pair.first, pair.second))
        return dual(value, first, second, slope)


def _slope(q: Any, norm: Any, s: Any, turn: Any, lib: Any) -> Any:
    """``dk/dq``."""
    tilt = (1 - norm) / (1 + norm)
    n = norm**2 + tilt * q**2
    return (turn + q / s * (1 + 2 * tilt + n / s**2)) / (2 * lib.pi) + 0.25


def _cross(q: Any, norm: Any, s: Any, n: Any, lib: Any) -> Any:
    """``dk/dQ``."""
    total = 1 + norm
    rise = 2 * norm - 2 * q**2 / total**2
    flat = (norm**2 + 2 * norm) / total**2
    return (-(q**2) / (total * s) + rise / s - n * total / s**3 - flat) / (2 * lib.pi)


def _moments(a: Any, b: Any, c: Any, area: Any) -> tuple[Any, Any]:
    """``E g(u) g(v)`` and ``E g'(u) g'(v)`` by partial integration; ``area = a b - c^2``."""
    determinant = 1.0 + a + b + area
    density = 1.0 / (2.0 * np.pi * np.sqrt(determinant))
    both = 0.25 + np.arctan2(c, np.sqrt(determinant)) / (2.0 * np.pi)
    first, second = c * density / (1.0 + a), c * density / (1.0 + b)
    value = density * a * (b + area) / (1.0 + a) + c * (both + second)
    return value, both + first + second + density * c / determinant
