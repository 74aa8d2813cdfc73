"""The kernel of the modulus |x|, from which those of rectified units are made; no activations here."""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np

from replica.architectures.activations._dual import Dual, Pair
from replica.architectures.activations.base import Kernel, library

#: (-1)^k 2k/(2k+1)!, the series of theta cos(theta) - sin(theta)
_SERIES = [(-1) ** k * 2 * k / factorial(2 * k + 1) for k in range(1, 10)]


def _sine_excess(theta: Any, lib: Any) -> Any:
    """``sin(theta) - theta cos(theta)``, by its series where it cancels."""
    direct = lib.sin(theta) - theta * lib.cos(theta)
    if not isinstance(theta, np.ndarray):
        return direct  # mpmath: the digits that cancel are spare
    small = np.where(theta < 0.8, theta, 0.0)
    square, total = small * small, 0.0
    for coefficient in reversed(_SERIES):
        total = (total + coefficient) * square
    return np.where(theta < 0.8, -total * small, direct)


def rectified_kernel(q: Any, variance: Any, leak: float) -> Kernel:
    r"""Kernel of ``max(x, 0) + a min(x, 0) = (1+a)/2 x + (1-a)/2 |x|``, whose two parts are uncorrelated.

    With ``cos(theta) = q/Q`` that of the modulus is ``(2/pi) Q [sin(theta) + (pi/2 - theta) cos(theta) - 1]``.
    """
    lib = library(q)
    norm = q + variance
    area = lib.sqrt(variance * (norm + q))  # Q sin(theta)
    theta, turn = lib.atan2(area, q), lib.atan2(q, area)
    scale = 2 / lib.pi
    with np.errstate(divide="ignore"):
        bend = scale / area
    even = Kernel(
        scale * (q * turn - q * q / (area + norm)),
        variance - scale * norm * _sine_excess(theta, lib),
        scale * turn,
        bend,
        0 * q + (1 - scale),
        scale * (turn - q * q / (norm * (area + norm))),
    )
    one, zero = 0 * q + 1, 0 * q
    linear = Kernel(q, variance, one, zero, one, one)
    shares = (1 + leak) ** 2 / 4, (1 - leak) ** 2 / 4
    return Kernel(*(shares[0] * x + shares[1] * y for x, y in zip(linear, even, strict=True)))


def rectified_dual(pair: Pair, leak: float) -> Dual:
    r"""Of the same: ``F = sqrt(K_u K_v) [(1+a^2)/2 cos(t) + (1-a)^2 (sin(t) - t cos(t))/2 pi]``, t the angle."""
    theta, half = pair.angle, 0.5 * (1.0 + leak * leak)
    bent = pair.norm * (1.0 - leak) ** 2 * _sine_excess(theta, library(theta)) / (2.0 * np.pi)
    slope = half - (1.0 - leak) ** 2 * theta / (2.0 * np.pi)
    return Dual(np.maximum(half * pair.near - bent, 0.0), half * pair.far + bent, slope)
