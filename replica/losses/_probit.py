"""Minus the log-likelihood of a label that noise on the field may turn, for the student that knows of the noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica._registry import column, per_row
from replica.losses._tail import reference_tail, tail_log_and_slopes
from replica.losses.base import Loss
from saddlepoint.special import tail


@dataclass(frozen=True)
class Probit(Loss):
    r"""``l(u) = -ln H(-u/sqrt(spread))``: at ``beta = 1`` the student that knows how noisy its teacher is.

    There ``Z(h, V) = H(-h/sqrt(spread + V))`` in closed form; it is used at no other temperature, and is no member that
    a name would find.

    Parameters
    ----------
    spread : float
        Variance of the noise on the field, above 0.

    References
    ----------
    J.-H. Barbier, F. Krzakala, N. Macris, L. Miolane and L. Zdeborova, PNAS 116, 5451 (2019), the probit channel.
    """

    spread: float = 1.0
    log_concave: ClassVar[bool] = True
    satisfiable: ClassVar[bool] = False
    exact: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "spread", number("spread", self.spread, low=0.0, open_low=True))

    def _scaled(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        root = np.sqrt(column(self.spread))
        log_tail, hazard = tail(-u / root)
        return log_tail, hazard / root, u / root

    def cost(self, u: np.ndarray) -> np.ndarray:
        return -self._scaled(u)[0]

    def slope(self, u: np.ndarray) -> np.ndarray:
        return -self._scaled(u)[1]

    def bend(self, u: np.ndarray) -> np.ndarray:
        hazard = self._scaled(u)[1]
        return hazard * (hazard + u / column(self.spread))

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((variance.size, 1)), np.sqrt(variance + per_row(self.spread, variance.size))[:, None]

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return tail_log_and_slopes(field, 0.0, variance + self.spread)

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        return reference_tail(mp.zero, field, variance + mp.mpf(float(np.ravel(self.spread)[0])), mp)
