"""The symmetric band: stabilities must stay within a half-width kappa (symmetric binary perceptron, rectangle)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica._registry import column
from replica.losses._enclosed_missing import missing_inside
from replica.losses._tail import band_log_and_slopes
from replica.losses.base import Loss
from saddlepoint.enclosures import Functions, flint


@dataclass(frozen=True)
class Band(Loss):
    r"""Hard constraint ``|u| <= kappa``: ``Z(h, V) = H((-kappa - h)/sqrt V) - H((kappa - h)/sqrt V)``.

    While ``q = 0`` is stable the capacity of weights +-1 is that of the first moment, ``-ln 2/ln P(|z| <= kappa)``.

    When not to use it: a bound from one side only; take `Margin`.

    Parameters
    ----------
    kappa : float
        Half-width of the band, above 0.

    See Also
    --------
    OutsideBand : The fields outside in the place of those inside.
    max_margin : The smallest half-width at a load.

    References
    ----------
    B. Aubin, W. Perkins and L. Zdeborova, J. Phys. A 52, 294003 (2019).

    Examples
    --------
    >>> import replica
    >>> found = replica.capacity(replica.perceptron("binary", loss=replica.Band(1.0)))
    >>> print(f"{found:.9f}, {found.status}")
    1.815875496, converged; exact: the first moment, q = 0 is stable
    """

    kappa: float = 1.0
    name: ClassVar[str] = "band"
    parameters: ClassVar[dict[str, str]] = {"margin": "kappa"}
    hard: ClassVar[bool] = True
    log_concave: ClassVar[bool] = True
    even: ClassVar[bool] = True
    satisfiable: ClassVar[bool] = True
    tightens: ClassVar[int] = -1

    def __post_init__(self) -> None:
        object.__setattr__(self, "kappa", number("margin (half-width of the band)", self.kappa, low=0.0, open_low=True))

    @classmethod
    def examples(cls) -> list[Band]:
        return [cls(1.0), cls(0.4)]

    def cost(self, u: np.ndarray) -> np.ndarray:
        return np.where(np.abs(u) <= column(self.kappa), 0.0, np.inf)

    def violated(self, u: np.ndarray) -> np.ndarray:
        return np.abs(u) > column(self.kappa)

    def error_rate(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        return np.zeros_like(field)

    def errorless(self) -> bool:
        return True

    def kinks(self) -> tuple[float, ...]:
        return (-self.kappa, self.kappa)

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return band_log_and_slopes(field, self.kappa, variance)

    def enclosed_mass(self, margin: Any) -> tuple[Any, Any]:
        mass = 1 - (margin * flint().arb(0.5).sqrt()).erfc()
        return mass, 2 * margin * Functions.npdf(margin) / mass

    def enclosed_missing(self, margin: Any) -> Any:
        return missing_inside(margin)

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        best = np.clip(field, -column(self.kappa), column(self.kappa))
        return best, (best - field) ** 2 / (2.0 * variance[:, None])

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        kappa, spread = mp.mpf(self.kappa), mp.sqrt(variance)
        if field > 0:  # use the smaller tails
            value, slope, curvature = self.reference_terms(-field, variance, beta, mp)
            return value, -slope, curvature
        with mp.extradps(int(mp.log10(1 + (spread / kappa) ** 2 + field**2 / variance))):  # what cancels
            low, high = (-kappa - field) / spread, (kappa - field) / spread
            mass = (mp.erfc(low / mp.sqrt(2)) - mp.erfc(high / mp.sqrt(2))) / 2
            a, b = mp.npdf(low) / mass, mp.npdf(high) / mass
            slope = (a - b) / spread
            return mp.log(mass), slope, (low * a - high * b) / variance - slope**2
