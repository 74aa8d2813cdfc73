"""The linear unit: the committee is a perceptron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.architectures.activations._dual import Dual, Pair
from replica.architectures.activations.base import Activation, Kernel


@dataclass(frozen=True)
class Identity(Activation):
    """``g(x) = x``, ``k(q) = q``: a perceptron, for comparison.

    When not to use it: a perceptron itself; `Perceptron` has more verbs. Committees of a number of units: ``units=inf``
    only.

    See Also
    --------
    Perceptron : The single unit.

    Examples
    --------
    >>> import replica
    >>> from replica.architectures.activations import Identity
    >>> found = replica.capacity(replica.committee(activation=Identity(), weights="binary"))
    >>> print(f"{found:.9f}, {found.status}")
    0.833078600, converged; zero of the RS entropy
    """

    name: ClassVar[str] = "linear"
    closed: ClassVar[bool] = True
    odd: ClassVar[bool] = True

    def function(self, x: np.ndarray) -> np.ndarray:
        return x

    def slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.ones_like(x), np.zeros_like(x)

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        zero, one = 0 * q, 0 * q + 1
        return Kernel(q, variance, one, zero, one, one)

    def dual(self, pair: Pair) -> Dual:
        return Dual(pair.near, pair.far, np.ones_like(pair.near))
