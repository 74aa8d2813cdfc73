"""What is left of a convex loss close to one stability: a corner of two slopes, for limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._registry import column, exact, per_row
from replica.losses._ground import below, clipped_moments
from replica.losses._protocol import Moved
from replica.losses.base import Loss


@dataclass(frozen=True)
class Corner(Loss):
    """``l(place + x) = level - weak x`` for ``x > 0`` and ``level - strong x`` below, ``weak <= strong``.

    Fields, stabilities and the proximal map are those of x; ``place`` only says which side of 0 a stability is on.
    """

    place: Any
    level: Any
    weak: Any
    strong: Any

    log_concave = True
    satisfiable = False
    exact = False

    def cost(self, u: np.ndarray) -> np.ndarray:
        """The leading order: the cost of the corner itself."""
        return np.broadcast_to(column(self.level), u.shape)

    def violated(self, u: np.ndarray) -> np.ndarray:
        place = column(self.place)
        return (place < 0) | ((place == 0) & (u < 0))

    def slope_beside(self, u: np.ndarray, side: int) -> np.ndarray:
        return np.where((u < 0) | ((u == 0) & (side < 0)), -column(self.strong), -column(self.weak))

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        reach = variance[:, None]
        best = field + np.clip(-field, reach * column(self.weak), reach * column(self.strong))
        return best, self.cost(best) + (best - field) ** 2 / (2.0 * reach)

    def ground_slope(self, field: np.ndarray, variance: np.ndarray) -> np.ndarray:
        reach = variance[:, None]
        return np.where((-field > reach * column(self.weak)) & (-field <= reach * column(self.strong)), 0.0, 1.0)

    def moved(self, field: np.ndarray, variance: np.ndarray) -> Moved:
        reach = variance[:, None]
        move = np.clip(-field, reach * column(self.weak), reach * column(self.strong))
        return Moved(field + move, move, 1.0 - self.ground_slope(field, variance))

    def ground_breaks(self, variance: np.ndarray) -> np.ndarray:
        return np.stack([-variance * per_row(side, variance.size) for side in (self.weak, self.strong)], axis=1)

    def ground_edge(self, variance: np.ndarray) -> np.ndarray:
        return -variance * per_row(self.strong, variance.size)

    def ground_features(self, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((variance.size, 0)), np.zeros((variance.size, 0))

    def reference_cost(self, u: Any, mp: Any) -> Any:
        return exact(self.level, mp)

    def reference_ground(self, field: Any, variance: Any, mp: Any) -> tuple[Any, Any]:
        weak, strong = (variance * exact(side, mp) for side in (self.weak, self.strong))
        return field + min(max(-field, weak), strong), mp.one if weak < -field <= strong else mp.zero

    def reference_breaks(self, variance: Any, mp: Any) -> list[Any]:
        return [-variance * exact(side, mp) for side in (self.weak, self.strong)]

    def ground_sums(
        self, mean: np.ndarray, deviation: np.ndarray, variance: np.ndarray, level: int, whole: bool = True
    ) -> np.ndarray:
        weak, strong, place = (per_row(x, mean.size) for x in (self.weak, self.strong, self.place))
        least = variance * weak
        one, two, held, *_ = clipped_moments((-least - mean) / deviation, variance * (strong - weak) / deviation)
        move = least + deviation * one
        square = least**2 + 2.0 * least * deviation * one + deviation**2 * two
        wrong = np.where(place == 0, below(-variance * strong, mean, deviation), (place < 0).astype(float))
        return np.stack([move, square, held, held, per_row(self.level, mean.size), wrong])
