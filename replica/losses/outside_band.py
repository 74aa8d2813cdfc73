"""The u-function: stabilities must stay outside a band of half-width kappa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica._registry import column
from replica.losses._enclosed_missing import missing_outside
from replica.losses._tail import outside_log_and_slopes, reference_tail
from replica.losses.base import Loss
from saddlepoint.enclosures import Functions, flint


@dataclass(frozen=True)
class OutsideBand(Loss):
    r"""Hard constraint ``|u| >= kappa``: ``Z(h, V) = H((kappa - h)/sqrt V) + H((kappa + h)/sqrt V)``.

    While ``q = 0`` is stable the capacity of weights +-1 is that of the first moment, ``-ln 2/ln P(|z| >= kappa)``.

    When not to use it: weights +-1 above ``kappa = 0.817`` near capacity: replica symmetry is unstable there, and the
    status says so.

    Parameters
    ----------
    kappa : float
        Half-width of the forbidden band, above 0.

    See Also
    --------
    Band : The fields inside.
    Margin : A bound from one side.

    References
    ----------
    B. Aubin, W. Perkins and L. Zdeborova, J. Phys. A 52, 294003 (2019).

    Examples
    --------
    >>> import replica
    >>> found = replica.capacity(replica.perceptron("binary", loss=replica.OutsideBand(0.5)))
    >>> print(f"{found:.9f}, {found.status}")
    1.435787147, converged; exact: the first moment, q = 0 is stable
    """

    kappa: float = 0.5
    name: ClassVar[str] = "outside-band"
    log_concave: ClassVar[bool] = False
    parameters: ClassVar[dict[str, str]] = {"margin": "kappa"}
    hard: ClassVar[bool] = True
    even: ClassVar[bool] = True
    satisfiable: ClassVar[bool] = True
    ground_jumps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "kappa", number("margin (half-width of the band)", self.kappa, low=0.0, open_low=True))

    @classmethod
    def examples(cls) -> list[OutsideBand]:
        return [cls(0.5), cls(1.5)]

    def cost(self, u: np.ndarray) -> np.ndarray:
        return np.where(np.abs(u) >= column(self.kappa), 0.0, np.inf)

    def violated(self, u: np.ndarray) -> np.ndarray:
        return np.abs(u) < column(self.kappa)

    def error_rate(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        return np.zeros_like(field)

    def errorless(self) -> bool:
        return True

    def kinks(self) -> tuple[float, ...]:
        return (-self.kappa, self.kappa)

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """The two edges, and the crossing of the two tails at h = 0 (width V/kappa where the band is wide)."""
        places, widths = super().features(variance, beta)
        crossing = variance / np.maximum(np.asarray(self.kappa), np.sqrt(variance))
        return (
            np.concatenate([places, np.zeros((variance.size, 1))], axis=1),
            np.concatenate([widths, crossing[:, None]], axis=1),
        )

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return outside_log_and_slopes(field, self.kappa, variance)

    def enclosed_mass(self, margin: Any) -> tuple[Any, Any]:
        mass = (margin * flint().arb(0.5).sqrt()).erfc()
        return mass, 2 * margin * Functions.npdf(margin) / mass

    def enclosed_missing(self, margin: Any) -> Any:
        return missing_outside(margin)

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kappa = column(self.kappa)
        best = np.where(field >= 0, np.maximum(field, kappa), np.minimum(field, -kappa))
        return best, (best - field) ** 2 / (2.0 * variance[:, None])

    def ground_breaks(self, variance: np.ndarray) -> np.ndarray:
        return np.concatenate([super().ground_breaks(variance), np.zeros((variance.size, 1))], axis=1)

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        right = reference_tail(mp.mpf(self.kappa), field, variance, mp)
        left = reference_tail(mp.mpf(self.kappa), -field, variance, mp)
        a, b = mp.exp(right[0]), mp.exp(left[0])
        total = a + b
        slope = (a * right[1] - b * left[1]) / total
        second = (a * (right[2] + right[1] ** 2) + b * (left[2] + left[1] ** 2)) / total
        return mp.log(total), slope, second - slope**2
