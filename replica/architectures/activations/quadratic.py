"""Quadratic units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.architectures.activations._dual import Dual, Pair
from replica.architectures.activations.base import Activation, Kernel


@dataclass(frozen=True)
class Quadratic(Activation):
    """``g(x) = x^2``, ``k(q) = 2 q^2``: the overlap 0 is a saddle point.

    When not to use it: near capacity replica symmetry is unstable (the status says so). Committees of a number of
    units: ``units=inf`` only.

    See Also
    --------
    ReLU : Neither odd nor even.
    Parity : Another output that does not see signs of weights.

    Examples
    --------
    >>> import replica
    >>> from replica.architectures.activations import Quadratic
    >>> found = replica.capacity(replica.committee(activation=Quadratic(), weights="binary"))
    >>> print(f"{found:.9f}, {found.status}")
    0.999410485, converged; zero of the RS entropy; unstable to replica symmetry breaking (AT): RS is not to be trusted
    """

    name: ClassVar[str] = "quadratic"
    closed: ClassVar[bool] = True
    even: ClassVar[bool] = True

    def function(self, x: np.ndarray) -> np.ndarray:
        return x**2

    def slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 2.0 * x, np.full_like(x, 2.0)

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        norm = q + variance
        return Kernel(2 * q * q, 2 * variance * (norm + q), 4 * q, 0 * q + 4, 4 * norm, 4 * q)

    def dual(self, pair: Pair) -> Dual:
        square = pair.near * pair.far
        return Dual(2.0 * square, 4.0 * square + 6.0 * pair.covariance**2, 4.0 * pair.covariance)
