"""The number of errors: one unit of energy for each pattern whose stability is below kappa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica._registry import column, exact, per_row
from replica.losses._enclosed import LossRing, counting_ring, margin_ring
from replica.losses._enclosed_missing import missing_above
from replica.losses._tail import count_at, error_probability, mixed_log_and_slopes, reference_tail
from replica.losses.base import Loss
from saddlepoint.enclosures import ball


@dataclass(frozen=True)
class ErrorCount(Loss):
    r"""``l(u) = 1`` if ``u < kappa`` else 0: ``Z(h, V) = e^-beta + (1 - e^-beta) H((kappa - h)/sqrt V)``.

    At ``beta = inf`` below capacity this is the hard margin; above capacity the ground state counts the fewest errors.

    When not to use it: ground states on the sphere above capacity: replica symmetry is unstable there (the status says
    so) and its energy too low. Dynamics that follow a slope find none (`Langevin` refuses it).

    Parameters
    ----------
    kappa : float
        The margin, in units of the field (any finite number).

    See Also
    --------
    Margin : No errors at all.
    Hinge : Errors weighted by their depth.
    freezing : Where the entropy of counted weights vanishes.

    References
    ----------
    E. Gardner and B. Derrida, J. Phys. A 21, 271 (1988).

    Examples
    --------
    >>> import replica
    >>> model = replica.perceptron("binary", loss=replica.ErrorCount(0.0), beta=2.0)
    >>> solution = replica.solve(model, alpha=1.0)
    >>> print(f"{solution.energy:.10f} {solution.entropy:.10f} {solution.error < 1e-12}")
    0.1560918858 0.4084771588 True
    """

    kappa: float = 0.0
    name: ClassVar[str] = "error-count"
    log_concave: ClassVar[bool] = False
    parameters: ClassVar[dict[str, str]] = {"margin": "kappa"}
    satisfiable: ClassVar[bool] = True
    even: ClassVar[bool] = False
    ground_jumps: ClassVar[bool] = True
    point_sums: ClassVar[Any] = count_at

    def __post_init__(self) -> None:
        object.__setattr__(self, "kappa", number("margin", self.kappa))

    @classmethod
    def examples(cls) -> list[ErrorCount]:
        return [cls(0.0), cls(-0.4)]

    def cost(self, u: np.ndarray) -> np.ndarray:
        return np.where(u >= column(self.kappa), 0.0, 1.0)

    def kinks(self) -> tuple[float, ...]:
        return (self.kappa,)

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """The edge, and for large beta the field at which ``H`` falls to ``e^-beta`` (zeros of Z at distance pi/x)."""
        size = variance.size
        beta = np.minimum(per_row(beta, size), 1e9)
        deviation = np.sqrt(variance)
        level = np.sqrt(2.0 * np.maximum(beta - np.log(np.sqrt(4.0 * np.pi * np.maximum(beta, 1.0))), 0.5))
        kappa = per_row(self.kappa, size)
        places = np.stack([kappa, kappa - deviation * level], axis=1)
        widths = np.stack([deviation, deviation * np.minimum(1.0, 2.0 / level)], axis=1)
        return places, np.where(beta[:, None] > 1e8, np.stack([deviation, np.full(size, np.inf)], axis=1), widths)

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return mixed_log_and_slopes(field, self.kappa, variance, beta)

    def point_numbers(self, beta: Any, size: int) -> np.ndarray:
        return np.stack([per_row(self.kappa, size), per_row(beta, size)], axis=1)

    def mean_cost(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        return error_probability(field, self.kappa, variance, beta)

    def error_rate(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        if np.all(np.asarray(self.kappa) == 0):
            return self.mean_cost(field, variance, beta)
        return super().error_rate(field, variance, beta)

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        reach = np.sqrt(2.0 * variance)[:, None]
        gap = column(self.kappa) - field
        pulled = (gap > 0) & (gap <= reach)
        envelope = np.where(pulled, gap**2 / (2.0 * variance[:, None]), np.where(gap > 0, 1.0, 0.0))
        return np.where(pulled, column(self.kappa), field), envelope

    def ground_breaks(self, variance: np.ndarray) -> np.ndarray:
        kappa = per_row(self.kappa, variance.size)
        return np.stack([kappa - np.sqrt(2.0 * variance), kappa], axis=1)

    def enclosed(self, cold: bool) -> LossRing:
        return margin_ring(ball(self.kappa)) if cold else counting_ring(ball(self.kappa))

    def enclosed_missing(self, margin: Any) -> Any:
        return missing_above(margin)

    def reference_cost(self, u: Any, mp: Any) -> Any:
        return mp.zero if u >= exact(self.kappa, mp) else mp.one

    def reference_ground(self, field: Any, variance: Any, mp: Any) -> tuple[Any, Any]:
        gap = exact(self.kappa, mp) - field
        return (field + gap, mp.one) if 0 < gap <= mp.sqrt(2 * variance) else (field, mp.zero)

    def reference_breaks(self, variance: Any, mp: Any) -> list[Any]:
        kappa = exact(self.kappa, mp)
        return [kappa - mp.sqrt(2 * variance), kappa]

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        log_tail, slope, curvature = reference_tail(mp.mpf(self.kappa), field, variance, mp)
        if mp.isinf(beta):
            return log_tail, slope, curvature
        lost = mp.exp(-beta)
        tail = (1 - lost) * mp.exp(log_tail)
        total = lost + tail
        share = tail / total
        return mp.log(total), share * slope, share * (curvature + slope**2) - (share * slope) ** 2
