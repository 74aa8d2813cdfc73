"""Leaky rectified linear units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica.architectures.activations._dual import Dual, Pair
from replica.architectures.activations._modulus import rectified_dual, rectified_kernel
from replica.architectures.activations.base import Activation, Kernel


@dataclass(frozen=True)
class LeakyReLU(Activation):
    r"""``g(x) = max(x, 0) + a min(x, 0)``: ``k(q) = a q + (1-a)^2 k_ReLU(q)``.

    When not to use it: committees of a number of units, which have `ReLU` alone of this kind: ``units=inf`` only.

    Parameters
    ----------
    leak : float
        The slope ``a`` of negative inputs, a finite number: 0 is the ReLU, -1 the modulus, 1 linear.

    See Also
    --------
    ReLU : No leak.
    Identity : A leak of 1.

    References
    ----------
    Y. Cho and L. Saul, Advances in Neural Information Processing Systems 22 (2009), eq. (6), for the ReLU, of which and
    of its mirror image this is the difference.

    Examples
    --------
    >>> import replica
    >>> from replica.architectures.activations import LeakyReLU
    >>> found = replica.capacity(replica.committee(activation=LeakyReLU(), weights="binary"))
    >>> print(f"{found:.9f}, {found.status}")
    0.887852255, converged; zero of the RS entropy
    """

    leak: float = 0.1
    name: ClassVar[str] = "leaky-relu"

    def __post_init__(self) -> None:
        leak = number("leak", self.leak)
        if isinstance(leak, np.ndarray):
            raise ValueError("leak must be one number, got an array")
        object.__setattr__(self, "leak", leak)

    @property
    def odd(self) -> bool:  # type: ignore[override]
        return self.leak == 1.0

    @property
    def even(self) -> bool:  # type: ignore[override]
        return self.leak == -1.0

    @classmethod
    def examples(cls) -> list[LeakyReLU]:
        return [cls(), cls(-1.0)]

    def function(self, x: np.ndarray) -> np.ndarray:
        return np.where(x > 0, x, self.leak * x)

    def slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(x > 0, 1.0, self.leak), np.zeros_like(x)

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        return rectified_kernel(q, variance, self.leak)

    def dual(self, pair: Pair) -> Dual:
        return rectified_dual(pair, self.leak)
