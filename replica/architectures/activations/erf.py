"""Error-function units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.architectures.activations._dual import Dual, Pair, dual
from replica.architectures.activations.base import Activation, Kernel, either, library


@dataclass(frozen=True)
class Erf(Activation):
    r"""``g(x) = erf(x)``, ``k(q) = (2/pi) arcsin(2q/(1+2Q))``.

    When not to use it: units ``erf(x/sqrt 2)``, a function of their own (give a callable); committees of a number of
    units: ``units=inf`` only.

    See Also
    --------
    Tanh : Another sigmoid.
    Sign : Its steep limit.

    References
    ----------
    C. Williams, Advances in Neural Information Processing Systems 9 (1997), eq. (11); D. Saad and S. Solla, Phys. Rev.
    E 52, 4225 (1995) (there with ``erf(x/sqrt 2)``).

    Examples
    --------
    >>> import replica
    >>> from replica.architectures.activations import Erf
    >>> found = replica.capacity(replica.committee(activation=Erf(), weights="binary"))
    >>> print(f"{found:.9f}, {found.status}")
    0.869814196, converged; zero of the RS entropy
    """

    name: ClassVar[str] = "erf"
    closed: ClassVar[bool] = True
    odd: ClassVar[bool] = True

    def function(self, x: np.ndarray) -> np.ndarray:
        from scipy.special import erf

        return erf(x)

    def slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slope = 2.0 / np.sqrt(np.pi) * np.exp(-x * x)
        return slope, -2.0 * x * slope

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        lib = library(q)
        norm = q + variance
        total = 1 + 2 * norm
        a, b = 2 * norm / total, 2 * q / total
        cos_a, cos_b = lib.sqrt(1 - a * a), lib.sqrt((1 - b) * (1 + b))
        # of arcsin(a) - arcsin(b): nothing cancels in the one or the other
        sine = either(b < 0, a * cos_b - b * cos_a, 2 * variance / total * (a + b), a * cos_b + b * cos_a)
        scale = 2 / lib.pi
        slope = 2 * scale / (total * cos_b)
        return Kernel(
            scale * lib.asin(b),
            scale * lib.atan2(sine, cos_a * cos_b + a * b),
            slope,
            slope * 2 * b / (total * cos_b * cos_b),
            2 * scale / (total * total * cos_a),
            slope * (1 + 2 * variance) / total,
        )

    def dual(self, pair: Pair) -> Dual:
        a, b, scale = pair.first, pair.second, 2.0 / np.pi
        root = np.sqrt(1.0 + 2.0 * (a + b) + 4.0 * pair.near * pair.far)
        first, second = (scale * np.arctan(2.0 * norm / np.sqrt(1.0 + 4.0 * norm)) for norm in (a, b))
        return dual(scale * np.arctan2(2.0 * pair.covariance, root), first, second, 2.0 * scale / root)
