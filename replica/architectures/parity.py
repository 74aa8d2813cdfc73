"""Parity machines: the product of the signs of hidden units on disjoint inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number, whole
from replica.architectures.base import Architecture, Slopes
from replica.architectures.boolean import BooleanUnits
from replica.architectures.few_units import FewUnits
from replica.data.base import Overlaps


@dataclass(frozen=True)
class Parity(Architecture):
    r"""Output ``prod_k sign(lambda_k)`` of K units ``lambda_k = w_k.x_k/sqrt(N/K)`` with inputs of their own.

    ``q = 0`` is a saddle point: the output does not see the sign of a unit's weights. The field is +-1, so margins
    between 0 and 1 are all the same; what plays their part is the least field ``guard`` of every unit: margins of
    references, and `max_margin` of counted weights, are values of it.

    When not to use it: capacities of spherical weights in replica symmetry are unstable, and the status says so.

    Parameters
    ----------
    units : int
        K, 2 to 5 (any number for the capacity of spherical weights).
    guard : float
        Output -1 unless ``|lambda_k| >= guard`` in every unit; at least 0. Above 0 the theory is that of ``q = 0`` and
        random labels, the first moment, which need not be exact.

    See Also
    --------
    TreeCommittee : The sum of the units.
    parity : A model of it.

    References
    ----------
    E. Barkai, D. Hansel and I. Kanter, Phys. Rev. Lett. 65, 2312 (1990).

    Examples
    --------
    >>> import replica
    >>> model = replica.Model(weights="binary", architecture=replica.Parity(2))
    >>> found = replica.capacity(model)
    >>> print(f"{found:.9f}, {found.status}")
    1.000000000, converged; exact: the first moment, q = 0 is stable
    """

    units: Any = 2
    guard: Any = 0.0
    parameters: ClassVar[dict[str, str]] = {"guard": "guard"}
    margin_parameter: ClassVar[str] = "guard"
    name: ClassVar[str] = "parity"
    even: ClassVar[bool] = True
    structure: ClassVar[tuple[str, ...]] = ("units",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", whole("units", self.units, low=2))
        object.__setattr__(self, "guard", number("guard", self.guard, low=0.0))

    @classmethod
    def examples(cls) -> list[Parity]:
        return [cls(2), cls(3)]

    @property
    def few(self) -> FewUnits:
        return BooleanUnits(tuple((-1.0) ** (self.units - n) for n in range(self.units + 1)), self.guard)

    def readout(self, hidden: np.ndarray) -> np.ndarray:
        output: np.ndarray = np.prod(np.sign(hidden), axis=-1)
        return np.where(np.abs(hidden).min(axis=-1) >= self.guard, output, -1.0)

    def field_overlaps(self, overlaps: Overlaps, level: int = 1) -> tuple[Overlaps, Slopes]:
        raise ValueError(f"the field of {self} is not Gaussian: what was asked is here for perceptrons and units=inf")
