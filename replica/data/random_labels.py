"""Random labels: the storage problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.data.base import Channel, Data, Overlaps


@dataclass(frozen=True)
class RandomLabels(Data):
    """Independent inputs and labels: the cavity field is ``sqrt(q) z``."""

    name: ClassVar[str] = "random"

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        return [Channel(1.0, np.zeros_like(overlaps.q), np.sqrt(overlaps.q), overlaps.variance)]

    def reference_channels(self, overlaps: Overlaps, mp: Any) -> list[Channel]:
        return [Channel(mp.one, mp.zero, mp.sqrt(overlaps.q), overlaps.variance)]
