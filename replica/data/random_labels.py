"""Random labels: the storage problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.data.base import Channel, Classes, Data, Overlaps, Patterns
from replica.weights.base import Weights


@dataclass(frozen=True)
class RandomLabels(Data):
    """Independent inputs and labels: the cavity field is ``sqrt(q) z``."""

    name: ClassVar[str] = "random"
    classes: ClassVar[Classes] = Classes.UNRELATED

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        return [Channel(1.0, np.zeros_like(overlaps.q), np.sqrt(overlaps.q), overlaps.variance)]

    def draw(
        self, rng: np.random.Generator, inputs: np.ndarray, weights: Weights, output: Callable[..., np.ndarray]
    ) -> Patterns:
        return Patterns(inputs, rng.choice(np.array([-1.0, 1.0]), size=len(inputs)))

    def reference_channels(self, overlaps: Overlaps, mp: Any) -> list[Channel]:
        return [Channel(mp.one, mp.zero, mp.sqrt(overlaps.q), overlaps.variance)]
