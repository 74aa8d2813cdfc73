"""The hard margin: a pattern must have a stability of at least kappa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica._registry import column, exact, per_row
from replica.losses._enclosed import LossRing, margin_ring
from replica.losses._enclosed_missing import missing_above
from replica.losses._ground import below, clipped_moments
from replica.losses._optimal import optimal_margin
from replica.losses._tail import margin_at, margin_sums, reference_tail, tail_log_and_slopes
from replica.losses.base import Loss
from saddlepoint.enclosures import ball


@dataclass(frozen=True)
class Margin(Loss):
    r"""Hard constraint ``u >= kappa``: ``Z(h, V) = H((kappa - h)/sqrt V)``, H the Gaussian tail.

    When not to use it: above capacity nothing satisfies it; `ErrorCount` and `Hinge` have ground states there.

    Parameters
    ----------
    kappa : float
        The margin, in units of the field ``w.x/sqrt(N)`` (any finite number; negative allowed).

    See Also
    --------
    ErrorCount : Errors are paid for.
    Band : A bound from both sides.
    capacity : Up to which load it can be satisfied.

    References
    ----------
    E. Gardner, J. Phys. A 21, 257 (1988), eq. (8).

    Examples
    --------
    >>> import replica
    >>> found = replica.capacity(replica.Model(weights="spherical", loss=replica.Margin(0.5)))
    >>> print(f"{found:.9f}, {found.status}")
    0.961205053, converged; the limit q -> 1
    """

    kappa: float = 0.0
    name: ClassVar[str] = "margin"
    parameters: ClassVar[dict[str, str]] = {"margin": "kappa"}
    hard: ClassVar[bool] = True
    log_concave: ClassVar[bool] = True
    satisfiable: ClassVar[bool] = True
    even: ClassVar[bool] = False
    point_sums: ClassVar[Any] = margin_at

    def __post_init__(self) -> None:
        object.__setattr__(self, "kappa", number("margin", self.kappa))

    @classmethod
    def examples(cls) -> list[Margin]:
        return [cls(0.0), cls(0.7), cls(-1.2)]

    def cost(self, u: np.ndarray) -> np.ndarray:
        return np.where(u >= column(self.kappa), 0.0, np.inf)

    def errorless(self) -> bool:
        return bool(np.all(np.asarray(self.kappa) >= 0))

    def kinks(self) -> tuple[float, ...]:
        return (self.kappa,)

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        return per_row(self.kappa, variance.size)[:, None], np.sqrt(variance)[:, None]

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return tail_log_and_slopes(field, self.kappa, variance)

    def optimal(self, field: np.ndarray, log_gap: np.ndarray, variance: np.ndarray, beta: Any) -> Any:
        return optimal_margin(field, self.kappa, variance, log_gap)

    def plain_sums(
        self, mean: np.ndarray, deviation: np.ndarray, variance: np.ndarray, beta: Any, level: int
    ) -> np.ndarray:
        return margin_sums(mean, deviation, self.kappa, variance, level)

    def point_numbers(self, beta: Any, size: int) -> np.ndarray:
        return per_row(self.kappa, size)[:, None]

    def error_rate(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        if self.errorless():
            return np.zeros_like(field)
        allowed = tail_log_and_slopes(field, np.minimum(self.kappa, 0.0), variance)[0]
        return -np.expm1(tail_log_and_slopes(field, 0.0, variance)[0] - allowed)

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        best = np.maximum(field, column(self.kappa))
        return best, (best - field) ** 2 / (2.0 * variance[:, None])

    def ground_slope(self, field: np.ndarray, variance: np.ndarray) -> np.ndarray:
        return np.where(field < column(self.kappa), 0.0, 1.0)

    def ground_sums(
        self, mean: np.ndarray, deviation: np.ndarray, variance: np.ndarray, level: int, whole: bool = True
    ) -> np.ndarray:
        kappa = per_row(self.kappa, mean.size)
        upper = (kappa - mean) / deviation
        one, two, held, _, cost = clipped_moments(upper, np.full(mean.size, np.inf))
        wrong = np.where(kappa < 0, below(0.0, mean, deviation), 0.0) if whole else 0.0 * mean
        return np.stack([deviation * one, deviation**2 * two, held, held, 0.0 * cost, wrong])

    def enclosed(self, cold: bool) -> LossRing:
        return margin_ring(ball(self.kappa))

    def enclosed_missing(self, margin: Any) -> Any:
        return missing_above(margin)

    def reference_cost(self, u: Any, mp: Any) -> Any:
        return mp.zero if u >= exact(self.kappa, mp) else mp.inf

    def reference_ground(self, field: Any, variance: Any, mp: Any) -> tuple[Any, Any]:
        kappa = exact(self.kappa, mp)
        return (field, mp.zero) if field >= kappa else (kappa, mp.one)

    def reference_breaks(self, variance: Any, mp: Any) -> list[Any]:
        return [exact(self.kappa, mp)]

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        return reference_tail(mp.mpf(self.kappa), field, variance, mp)
