"""The probit loss: minus the log-likelihood of a label that noise on the field may turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica._registry import column, per_row
from replica.losses._inner import reference_moments
from replica.losses._tail import reference_tail, tail_log_and_slopes
from replica.losses.base import Loss
from saddlepoint.special import tail


@dataclass(frozen=True)
class Probit(Loss):
    r"""``l(u) = -ln H(-u/sqrt(spread))``: at ``beta = 1`` the student that knows how noisy its teacher is.

    There ``Z(h, V) = H(-h/sqrt(spread + V))`` in closed form; at other temperatures by inner quadrature.

    Parameters
    ----------
    spread : float
        Variance of the noise on the field, above 0.

    References
    ----------
    J.-H. Barbier, F. Krzakala, N. Macris, L. Miolane and L. Zdeborova, PNAS 116, 5451 (2019), the probit channel.
    """

    spread: float = 1.0
    name: ClassVar[str] = "probit"
    parameters: ClassVar[dict[str, str]] = {"spread": "spread"}
    log_concave: ClassVar[bool] = True

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
        width = np.sqrt(variance + per_row(self.spread, variance.size))
        low = np.clip(-per_row(beta, variance.size) * variance, -1e300, 0.0)
        return np.stack([0.0 * width, low], axis=1), np.stack([width, width], axis=1)

    def inner_features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        width = np.sqrt(per_row(self.spread, variance.size) / np.maximum(per_row(beta, variance.size), 1.0))
        return np.zeros((variance.size, 1)), width[:, None]

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if np.all(np.asarray(beta) == 1.0):
            return tail_log_and_slopes(field, 0.0, variance + self.spread)
        return super().terms(field, variance, beta)

    def reference_cost(self, u: Any, mp: Any) -> Any:
        return -mp.log(mp.erfc(-u / mp.sqrt(2 * mp.mpf(self.spread))) / 2)

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        if beta == 1:
            return reference_tail(mp.zero, field, variance + mp.mpf(self.spread), mp)
        return reference_moments(self, field, variance, beta, 8 * mp.sqrt(mp.mpf(self.spread)), mp)
