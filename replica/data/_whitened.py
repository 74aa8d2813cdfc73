"""Isotropic inputs whose labels follow a given rule: how structured inputs look where their covariance is no matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.data._labels import Labels
from replica.data.base import Channel, Classes, Data, Overlaps


@dataclass(frozen=True)
class Whitened(Data):
    """Labels by a rule whose field is known from isotropic inputs up to a share of its variance."""

    rule: Labels
    share: Any
    overlaps: ClassVar[tuple[str, ...]] = ("m",)
    classes: ClassVar[Classes] = Classes.REWEIGHTED

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        root = np.sqrt(self.share)
        at = overlaps._replace(m=root * overlaps.m, transverse=overlaps.transverse + (1.0 - self.share) * overlaps.m**2)
        found = []
        for channel in self.rule.channels(at):
            seen = channel.density
            assert seen is not None

            def density(z: np.ndarray, seen: Any = seen) -> tuple[np.ndarray, dict[str, np.ndarray]]:
                weight, scores = seen(z)
                return weight, {name: np.reshape(root, (-1, 1)) * score for name, score in scores.items()}

            found.append(channel._replace(density=density))
        return found

    def generalization(self, overlaps: Overlaps) -> dict[str, np.ndarray]:
        return {}

    def settings(self) -> dict[str, Any]:
        return {"name": "whitened", "share": np.asarray(self.share).tolist()}
