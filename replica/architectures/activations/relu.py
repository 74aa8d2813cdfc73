"""Rectified linear units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.architectures.activations._dual import Dual, Pair
from replica.architectures.activations._modulus import rectified_dual, rectified_kernel
from replica.architectures.activations.base import Activation, Kernel
from replica.architectures.few_units import FewUnits
from replica.architectures.rectified import RectifiedUnits


@dataclass(frozen=True)
class ReLU(Activation):
    r"""``g(x) = max(x, 0)``: ``k(q) = Q [sin(theta) + (pi - theta) cos(theta) - 1]/(2 pi)``, ``cos(theta) = q/Q``.

    When not to use it: odd numbers of units, which have no balanced output.

    See Also
    --------
    LeakyReLU : A slope for negative inputs too.
    TreeCommittee : ``ties``, where all units are off.

    References
    ----------
    Y. Cho and L. Saul, Advances in Neural Information Processing Systems 22 (2009), eq. (6);
    C. Baldassi, E. Malatesta and R. Zecchina, Phys. Rev. Lett. 123, 170602 (2019).

    Examples
    --------
    >>> import replica
    >>> from replica.architectures.activations import ReLU
    >>> found = replica.capacity(replica.committee(activation=ReLU(), weights="binary"))
    >>> print(f"{found:.9f}, {found.status}")
    0.903986281, converged; zero of the RS entropy
    """

    name: ClassVar[str] = "relu"
    closed: ClassVar[bool] = True

    def function(self, x: np.ndarray) -> np.ndarray:
        return np.maximum(x, 0.0)

    def slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(x > 0, 1.0, 0.0), np.zeros_like(x)

    def network(self, units: int, ties: str) -> FewUnits:
        return RectifiedUnits(units, ties == "violated")

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        return rectified_kernel(q, variance, 0.0)

    def dual(self, pair: Pair) -> Dual:
        return rectified_dual(pair, 0.0)
