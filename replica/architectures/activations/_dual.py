"""Two units of an infinitely wide layer, of any norms: what an activation makes of their covariance. No member here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BLUR = 3e-16  # of a difference of two numbers of order 1


class Pair(NamedTuple):
    r"""Two Gaussian fields u, v of variances ``first``, ``second`` (arrays) and covariance c.

    ``near = sqrt(K_u K_v) - c`` and ``far = sqrt(K_u K_v) + c`` keep the digits of an angle next to 0 and next to pi,
    which c itself loses.
    """

    first: np.ndarray
    second: np.ndarray
    near: np.ndarray
    far: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        return 0.5 * (self.far - self.near)

    @property
    def norm(self) -> np.ndarray:
        """``sqrt(K_u K_v)``."""
        return 0.5 * (self.far + self.near)

    @property
    def angle(self) -> np.ndarray:
        """The angle between the two, in [0, pi]."""
        return 2.0 * np.arctan2(np.sqrt(self.near), np.sqrt(self.far))


class Dual(NamedTuple):
    r"""Of ``F = E g(u) g(v)``: ``near = sqrt(F_u F_v) - F``, ``far = sqrt(F_u F_v) + F`` with ``F_u = E g(u)^2``.

    ``slope = E g'(u) g'(v)``. Beyond rounding, ``error`` is relative to ``sqrt(F_u F_v)`` and to the slope on the
    diagonal, and ``near`` is known to ``blur`` times ``sqrt(F_u F_v)``.
    """

    near: np.ndarray
    far: np.ndarray
    slope: np.ndarray
    error: float = 0.0
    blur: float = 0.0


def dual(value: np.ndarray, first: np.ndarray, second: np.ndarray, slope: np.ndarray, error: float = 0.0) -> Dual:
    """From F, ``F_u``, ``F_v`` and the slope, where F is smooth enough for the digits that the differences leave."""
    norm = np.sqrt(first * second)
    return Dual(np.maximum(norm - value, 0.0), np.maximum(norm + value, 0.0), slope, error, BLUR + error)
