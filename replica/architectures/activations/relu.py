"""Rectified linear units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.architectures.activations._modulus import rectified_kernel
from replica.architectures.activations.base import Activation, Kernel
from replica.architectures.few_units import FewUnits
from replica.architectures.rectified import RectifiedUnits


@dataclass(frozen=True)
class ReLU(Activation):
    r"""``g(x) = max(x, 0)``: with ``cos(theta) = q/Q``,
    ``k(q) = Q [sin(theta) + (pi - theta) cos(theta) - 1]/(2 pi)``.

    References
    ----------
    Y. Cho and L. Saul, Advances in Neural Information Processing Systems 22 (2009), eq. (6);
    C. Baldassi, E. Malatesta and R. Zecchina, Phys. Rev. Lett. 123, 170602 (2019).
    """

    name: ClassVar[str] = "relu"

    def function(self, x: np.ndarray) -> np.ndarray:
        return np.maximum(x, 0.0)

    def network(self, units: int, ties: str) -> FewUnits:
        return RectifiedUnits(units, ties == "violated")

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        return rectified_kernel(q, variance, 0.0)
