"""Sign units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.architectures.activations._dual import Dual, Pair
from replica.architectures.activations.base import Activation, Kernel, library
from replica.architectures.boolean import BooleanUnits
from replica.architectures.few_units import FewUnits


@dataclass(frozen=True)
class Sign(Activation):
    r"""``g(x) = sign(x)``, ``k(q) = (2/pi) arcsin(q/Q)``, ``k'(1)`` infinite.

    When not to use it: even numbers of units, whose sum may vanish; where a slope of the units is needed (`Erf`,
    `Tanh`).

    See Also
    --------
    Erf, Tanh : Smooth ones.
    Parity : The product of signs.

    References
    ----------
    E. Barkai, D. Hansel and I. Kanter, Phys. Rev. Lett. 65, 2312 (1990).

    Examples
    --------
    >>> import replica
    >>> from replica.architectures.activations import Sign
    >>> found = replica.capacity(replica.committee(activation=Sign(), weights="binary"))
    >>> print(f"{found:.9f}, {found.status}")
    0.946952427, converged; zero of the RS entropy
    """

    name: ClassVar[str] = "sign"
    closed: ClassVar[bool] = True
    odd: ClassVar[bool] = True
    smooth: ClassVar[bool] = False
    tangent: ClassVar[bool] = False

    def function(self, x: np.ndarray) -> np.ndarray:
        return np.sign(x)

    def network(self, units: int, ties: str) -> FewUnits:
        return BooleanUnits.committee(units, ties)

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        lib = library(q)
        norm = q + variance
        area = lib.sqrt(variance * (norm + q))  # Q sin(theta), cos(theta) = q/Q
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = 2 / (lib.pi * area)
            bend = slope * q / (area * area)
        scale = 2 / lib.pi
        return Kernel(
            scale * lib.atan2(q, area),
            scale * lib.atan2(area, q),
            slope,
            bend,
            0 * q,
            scale * lib.sqrt(variance / (norm + q)) / norm,
        )

    def dual(self, pair: Pair) -> Dual:
        turn = 2.0 * pair.angle / np.pi
        return Dual(turn, 2.0 - turn, np.full_like(turn, np.nan))
