"""What every cost becomes for weights that vanish: the sum of the patterns. Not a member: it has no lower bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.losses.base import Loss


@dataclass(frozen=True)
class LinearCost(Loss):
    """``l(u) = -u``: with any penalty its minimiser is the Hebb vector, the sum of all patterns with their labels."""

    log_concave: ClassVar[bool] = True
    satisfiable: ClassVar[bool] = False
    exact: ClassVar[bool] = False

    def cost(self, u: np.ndarray) -> np.ndarray:
        return -u

    def slope(self, u: np.ndarray) -> np.ndarray:
        return -np.ones_like(u)

    def bend(self, u: np.ndarray) -> np.ndarray:
        return np.zeros_like(u)

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        reach = variance[:, None]
        return field + reach, -field - 0.5 * reach

    def ground_slope(self, field: np.ndarray, variance: np.ndarray) -> np.ndarray:
        return np.ones_like(field)

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return beta * field + 0.5 * beta**2 * variance[:, None], beta * np.ones_like(field), np.zeros_like(field)
