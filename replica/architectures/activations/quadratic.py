"""Quadratic units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.architectures.activations.base import Activation, Kernel


@dataclass(frozen=True)
class Quadratic(Activation):
    """``g(x) = x^2``, ``k(q) = 2 q^2``: the overlap 0 is a saddle point."""

    name: ClassVar[str] = "quadratic"
    even: ClassVar[bool] = True

    def function(self, x: np.ndarray) -> np.ndarray:
        return x**2

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        norm = q + variance
        return Kernel(2 * q * q, 2 * variance * (norm + q), 4 * q, 0 * q + 4, 4 * norm, 4 * q)
