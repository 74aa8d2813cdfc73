"""What an activation must give: the covariance of two units as a function of the overlap. No particular one here."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from replica._registry import Member
from replica.architectures.activations._dual import Dual, Pair
from replica.architectures.few_units import FewUnits


class Kernel(NamedTuple):
    r"""Covariance ``k(q, Q) = E[g(x) g(y)] - (E g)^2`` of the outputs of one unit in two replicas, and derivatives.

    ``x, y`` are Gaussian with variances Q and covariance q. ``value = k``, ``rest = K - k`` without cancellation
    where ``K(Q) = k(Q, Q)``, ``slope = dk/dq``, ``bend = d^2 k/dq^2``, ``norm = dK/dQ``, ``shift = dk/dq + dk/dQ`` (at
    fixed Q - q).
    """

    value: Any
    rest: Any
    slope: Any
    bend: Any
    norm: Any
    shift: Any


class Library(NamedTuple):
    """The elementary functions that a closed form needs, for arrays or for mpmath numbers."""

    sqrt: Any
    asin: Any
    atan2: Any
    cos: Any
    sin: Any
    exp: Any
    cosh: Any
    sinh: Any
    pi: Any
    inf: Any


_ARRAYS = Library(
    np.sqrt, np.arcsin, np.arctan2, np.cos, np.sin, np.exp, np.cosh, np.sinh, np.pi, np.inf
)


def library(number: Any) -> Library:
    """The functions for what ``number`` is: an array, or a number of some mpmath context."""
    mp = getattr(number, "context", None)
    if mp is None:
        return _ARRAYS
    return Library(mp.sqrt, mp.asin, mp.atan2, mp.cos, mp.sin, mp.exp, mp.cosh, mp.sinh, +mp.pi, mp.inf)


def either(direct: Any, value: Any, numerator: Any, denominator: Any) -> Any:
    """``value`` where ``direct``, else a quotient that is never formed there; for arrays and mpmath numbers."""
    if isinstance(direct, np.ndarray):
        return np.where(direct, value, numerator / np.where(direct, 1.0, denominator))
    return value if direct else numerator / denominator


class Activation(Member):
    """A function ``g`` of one hidden unit, known to the theory through its `Kernel`."""

    family = "activation"
    registry: ClassVar[dict[str, type[Any]]] = {}
    #: g(-x) = -g(x): all units may enter with the sign +1
    odd: ClassVar[bool] = False
    #: no two units can cancel exactly, so that any number of them has no ties
    smooth: ClassVar[bool] = True
    #: ``E g'^2`` is finite, so that a wide network of such units has a tangent kernel
    tangent: ClassVar[bool] = True
    #: ``k'(0) = 0``, as where g(-x) = g(x): the overlap 0 is a saddle point
    even: ClassVar[bool] = False

    #: the kernel is a closed formula in the functions of `library`, for numbers of any kind
    closed: ClassVar[bool] = False

    def network(self, units: int, ties: str) -> FewUnits:
        """The average over the fields of a few units; `ValueError` where there is none."""
        raise ValueError(f"committees with {self} are here for units=inf only, got {units}")

    @property
    def rounding(self) -> float:
        """Relative accuracy of the slope of the kernel (that of double precision for closed forms)."""
        return 0.0

    def function(self, x: np.ndarray) -> np.ndarray:
        """``g(x)`` for arrays."""
        raise TypeError(f"the activation {type(self).__name__} must define function(x)")

    def slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``g'(x)`` and ``g''(x)`` for arrays, of kinked functions beside their kinks; what read-outs need."""
        raise ValueError(f"the activation {self} has no slopes(x): gradients of its networks are not known")

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        """The `Kernel` at overlap ``q`` and norm ``Q = q + variance``: arrays over the batch, or mpmath numbers.

        Written with the functions of `library` one formula does for both. A member whose kernel is itself computed
        does it more finely at a higher ``level``.
        """
        raise TypeError(f"the activation {type(self).__name__} must define kernel(q, variance)")

    def dual(self, pair: Pair) -> Dual | None:
        """What a wide layer makes of two fields, their means and any norms kept; None: computed from ``function``."""
        return None
