"""Fully connected committees: hidden units that all see the same inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from replica._checks import one_of
from replica.architectures.activations import Kernel, Sign
from replica.architectures.base import UNIT_SLOPES, Slopes
from replica.architectures.tree_committee import activation_of, second_layer, second_layer_slopes, units_of
from replica.architectures.wide import WideCommittee
from replica.data.base import Data, Overlaps

_PLACES = np.array([-30.0, -2.0, -0.7, -1e-3, 1e-3, 0.7, 2.0, 30.0])
NEAR = 0.3  # overlaps below which the kernel without its linear part is an integral of its second derivative
_NODES, _WEIGHTS = (0.5 * (x + shift) for x, shift in zip(np.polynomial.legendre.leggauss(24), (1.0, 0.0), strict=True))


@dataclass(frozen=True)
class FullCommittee(WideCommittee):
    r"""Two layers: ``K^{-1/2} sum_k c_k g(lambda_k)``, units ``lambda_k = w_k.x/sqrt(n)`` on the same n inputs.

    ``N = K n`` counts all weights, so that ``alpha = P/N`` and X has N/K columns. Units that see the same inputs are
    correlated, and the order in which they stand does not matter.

    For infinitely many units and loads per weight the sum of all units, n directions out of N, is pinned: to 0 by
    random labels, to that of the teacher by its labels. With it goes the linear part of the activation: the field is
    Gaussian with ``k_0(q) = k(q) - k'(0) q`` (plus ``k'(0)`` with a teacher), where a `TreeCommittee` has ``k(q)``. The
    overlap ``q = 0`` of units that have not told each other apart is a solution at every load.

    Two sign units have three outputs, as a tie is seen. Students drawn as their teacher have an overlap ``q`` of the
    same unit and ``q_cross`` of different ones, which up to the load `specialization` are equal; ``alpha`` is P/n, per
    input, and free entropies are per weight.

    With ``per="input"`` loads are those of few data, P/n for infinitely many units. Random labels then teach the sum of
    all units alone: ``C`` is K times the overlap of two units of a network, ``p`` that of any unit of one network with
    any of another; free entropies are per input and relative to all weights.

    When not to use it: for theory of other numbers of units; these are simulated.

    Parameters
    ----------
    units : int or inf
        Hidden units K: odd for sign units, even for activations that are not odd; theory is of ``inf``, and of 2 sign
        units.
    activation : str, Activation or callable
        As in `TreeCommittee`.
    per : {"weight", "input"}
        Of ``units=inf``, what loads count patterns per.

    See Also
    --------
    TreeCommittee : Inputs of its own for each unit.
    specialization : Where two units begin to tell each other apart.
    simulate : Runs of algorithms.

    References
    ----------
    E. Barkai, D. Hansel and H. Sompolinsky, Phys. Rev. A 45, 4146 (1992); R. Urbanczik, J. Phys. A 30, L387 (1997);
    S. Nishiyama and M. Ohzeki (2024); C. Baldassi et al., PNAS 113, E7655 (2016).

    Examples
    --------
    >>> import replica
    >>> model = replica.committee(5, connectivity="full")
    >>> X, y = replica.instance(model, n=105, alpha=0.4, seed=1)
    >>> X.shape
    (42, 21)
    >>> two = replica.committee(2, connectivity="full", labels="teacher", weights="gaussian")
    >>> print(f"{replica.solve(two, alpha=3.0)['q']:.10f} {replica.specialization(two):.10f}")
    0.6529156405 2.0523824297
    >>> found = replica.capacity(replica.committee(activation="relu", weights="spherical", connectivity="full"))
    >>> print(f"{found:.10f}")
    5.5038767878
    """

    units: Any = 3
    activation: Any = Sign()
    per: str = "weight"
    name: ClassVar[str] = "full-committee"
    shared_inputs: ClassVar[bool] = True
    even: ClassVar[bool] = True
    _pinned: ClassVar[float] = 0.0  # share of its largest value at which labels pin the sum of all units

    def __post_init__(self) -> None:
        object.__setattr__(self, "activation", activation_of(self.activation))
        object.__setattr__(self, "units", 2 if self.joint else units_of(self.units, self.activation))
        one_of("per", self.per, ("weight", "input"))
        if np.isfinite(self.units) and self.summed:
            raise ValueError(f"per='input' is for units=inf, got units={self.units:g}")
        if np.isfinite(self.units) or self.summed:
            return
        none, one = np.zeros(1), np.ones(1)
        if self._kernel(one, none, 1).value[0] <= 1e-9 * self.activation.kernel(one, none).value[0]:
            raise ValueError(
                f"activation must not be linear: of units=inf on the same inputs nothing is left, got {self.activation}"
            )

    @classmethod
    def examples(cls) -> list[FullCommittee]:
        return []  # of theories at any margin

    @property
    def joint(self) -> bool:  # type: ignore[override]
        """Two units of signs."""
        if isinstance(self.units, bool) or np.shape(self.units) or self.units != 2:
            return False
        return bool(np.all(self.activation.function(_PLACES) == np.sign(_PLACES)))

    @property
    def summed(self) -> bool:  # type: ignore[override]
        return self.per == "input"

    @property
    def answers(self) -> int:  # type: ignore[override]
        return 3 if self.joint else 2

    def beside(self, data: Data) -> FullCommittee:
        """What labels tell of the sum of all units: nothing, or (a teacher of the same kind) all of it."""
        pinned = 1.0 if data.imitates else 0.0
        if pinned == self._pinned:
            return self
        copy = replace(self)
        object.__setattr__(copy, "_pinned", pinned)
        return copy

    def readout(self, hidden: np.ndarray) -> np.ndarray:
        return second_layer(self.activation, self.units, hidden)

    def readout_slopes(self, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return second_layer_slopes(self.activation, self.units, hidden)

    def require_theory(self) -> None:
        if np.isfinite(self.units) and not self.joint:
            raise ValueError(
                f"{self} has no theory here (its units are correlated by their common inputs): simulate it, or take a "
                "tree, units=inf, or two sign units of a teacher"
            )

    @property
    def few(self) -> None:
        self.require_theory()

    @property
    def rounding(self) -> float:
        return self.activation.rounding

    def parts_of_one(self) -> tuple[float, float]:
        """The variance of one unit's output, and the part of it that is linear in the unit's field."""
        kernel = super()._kernel(np.array([0.0, 1.0]), np.array([1.0, 0.0]), 2)
        return float(kernel.value[1]), float(kernel.slope[0])

    def _kernel(self, q: Any, variance: Any, level: int) -> Kernel:
        """Without its linear part, which the labels pin, at weights of norm 1."""
        kernel, zero = super()._kernel(q, variance, level), 0 * q
        linear = super()._kernel(zero, zero + 1, level).slope
        value, slope = kernel.value - linear * q, kernel.slope - linear
        if isinstance(q, np.ndarray) and (near := np.abs(q) < NEAR).any():
            value[near], slope[near] = self._bent(q[near], level)
        rest, norm, shift = kernel.rest - linear * variance, kernel.norm - linear, kernel.shift - linear
        return Kernel(value + self._pinned * linear, rest, slope, kernel.bend, norm, shift)

    def _bent(self, q: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray]:
        """``k(q) - k'(0) q`` and its derivative as integrals of ``k''`` from 0 to q, so that nothing cancels."""
        at = np.outer(q, _NODES)
        bend = super()._kernel(at.ravel(), 1.0 - at.ravel(), level).bend.reshape(at.shape) * _WEIGHTS
        return q * q * (bend @ (1.0 - _NODES)), q * bend.sum(axis=1)

    def field_overlaps(self, overlaps: Overlaps, level: int = 1) -> tuple[Overlaps, Slopes]:
        self.require_theory()
        if self.joint:
            raise ValueError(f"the field of {self} is not one Gaussian: what was asked is here for units=inf only")
        if self.summed:
            return overlaps, UNIT_SLOPES
        if not self._pinned:
            return super().field_overlaps(overlaps, level)
        kernel = self._kernel(overlaps.q, overlaps.variance, level)
        return self._taught(overlaps, kernel, Slopes(kernel.slope, kernel.norm, 1.0, kernel.bend, kernel.shift), level)
