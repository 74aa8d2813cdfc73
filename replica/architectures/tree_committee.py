"""Tree committees: hidden units on disjoint inputs with fixed output weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import one_of, shown, whole
from replica._registry import vouched
from replica.architectures.activations import Activation, Custom, Sign
from replica.architectures.few_units import FewUnits
from replica.architectures.wide import WideCommittee

TIES = ("satisfied", "violated")


@dataclass(frozen=True)
class TreeCommittee(WideCommittee):
    r"""Two layers: ``K^{-1/2} sum_k c_k g(lambda_k)``, units ``lambda_k = w_k.x_k/sqrt(N/K)`` with inputs of their own.

    ``c_k = 1`` for odd activations, else half of the units enter with +1 and half with -1. For infinitely many
    units the field is Gaussian with covariance ``k(q) = E[g(x)g(y)] - (E g)^2`` between replicas, and every theory
    of the perceptron holds with ``k(q)`` in the place of q in its average over patterns.

    When not to use it: units that see the same inputs; take `FullCommittee`.

    Parameters
    ----------
    units : int or inf
        Hidden units K: odd for sign units, even for activations that are not odd.
    activation : str, Activation or callable
        A registered name, an instance, or a function of numpy arrays.
    ties : {"satisfied", "violated"}
        Whether a field of exactly kappa counts as satisfied (units that can all be off: ReLU at margin 0).

    Raises
    ------
    ValueError
        Unknown activations, numbers of units that the activation excludes.

    See Also
    --------
    FullCommittee : Inputs that all units see.
    Parity : The product of the units.
    committee : A model of it.

    Notes
    -----
    The margin is not divided by the standard deviation ``sqrt(k(1))`` of the field. A teacher is a committee of the
    same kind; its labels are the signs of its fields.

    References
    ----------
    E. Barkai, D. Hansel and H. Sompolinsky, Phys. Rev. A 45, 4146 (1992); C. Baldassi, E. Malatesta and R. Zecchina,
    Phys. Rev. Lett. 123, 170602 (2019), eq. (4).

    Examples
    --------
    >>> import numpy as np
    >>> import replica
    >>> built_in = replica.capacity(replica.committee(activation="relu", weights="spherical"))
    >>> own = replica.capacity(replica.committee(activation=lambda x: np.maximum(x, 0), weights="spherical"))
    >>> print(f"{built_in.value:.9f} {own.value:.9f}")
    2.933884414 2.933884414
    """

    units: Any = np.inf
    activation: Any = Sign()
    ties: str = "satisfied"
    name: ClassVar[str] = "tree-committee"
    structure: ClassVar[tuple[str, ...]] = ("units",)
    _few: ClassVar[FewUnits | None] = None  # set per instance

    def __post_init__(self) -> None:
        object.__setattr__(self, "activation", activation_of(self.activation))
        one_of("ties", self.ties, TIES)
        object.__setattr__(self, "units", units_of(self.units, self.activation))
        network = None if self.units == np.inf else self.activation.network(self.units, self.ties)
        object.__setattr__(self, "_few", network)

    @property
    def few(self) -> FewUnits | None:
        return self._few

    def readout(self, hidden: np.ndarray) -> np.ndarray:
        return second_layer(self.activation, self.units, hidden)

    def readout_slopes(self, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return second_layer_slopes(self.activation, self.units, hidden)

    @property
    def strict(self) -> bool:  # type: ignore[override]
        return self.ties != TIES[0]

    @property
    def unread(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("ties change nothing: fields of many units have none",) if self.strict and self.few is None else ()

    @property
    def even(self) -> bool:  # type: ignore[override]
        return self.activation.even

    @property
    def closed(self) -> bool:
        own = vouched(self, "closed", "field_overlaps", "patterns")
        return own and self.few is None and self.activation.closed and vouched(self.activation, "closed", "kernel")

    @property
    def rounding(self) -> float:
        return self.activation.rounding if self.few is None else self.few.rounding

    @classmethod
    def examples(cls) -> list[TreeCommittee]:
        members = (example for member in Activation.registry.values() for example in member.examples())
        return [cls(np.inf, activation) for activation in members]


def second_layer(activation: Activation, units: int, hidden: np.ndarray) -> np.ndarray:
    """``K^{-1/2} sum_k c_k g(lambda_k)`` of fields (..., K)."""
    return activation.function(hidden) @ _signs(activation, units) / np.sqrt(units)


def second_layer_slopes(activation: Activation, units: int, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Its first and second derivatives with each of the fields."""
    signs = _signs(activation, units) / np.sqrt(units)
    slope, bend = activation.slopes(hidden)
    return slope * signs, bend * signs


def _signs(activation: Activation, units: int) -> np.ndarray:
    signs = np.ones(units)
    if not activation.odd:
        signs[units // 2 :] = -1.0
    return signs


def activation_of(given: Any) -> Activation:
    """An activation, from its name or a function too."""
    if isinstance(given, Activation):
        return given
    if isinstance(given, str):
        return Activation.find(given)()
    if callable(given):
        return Custom(given)
    raise ValueError(f"activation must be a name, an Activation or a function of arrays, got {shown(given)}")


def units_of(given: Any, activation: Activation) -> Any:
    """The number of units, checked against the symmetry of the activation."""
    units = whole("units", given, low=1, infinite=True)
    if units == np.inf:
        return units
    if not activation.odd and units % 2:
        raise ValueError(
            f"units must be even for {activation}, which is not odd (half of the units enter with -1), got {units:g}"
        )
    if units < 2:
        raise ValueError("units must be at least 2: one unit is a perceptron")
    if activation.odd and units % 2 == 0 and not activation.smooth:
        raise ValueError(f"units must be odd for {activation}, so that no majority is tied, got {units:g}")
    return units
