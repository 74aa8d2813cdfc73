"""Stabilities of the patterns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from replica._checks import grid
from replica.simulate.instances import Instance
from replica.simulate.readouts.base import Measured, Readout


@dataclass(frozen=True)
class Margins(Readout):
    """Density of the stabilities over ``field`` (bins around the grid's points), ``margin_density``.

    Errors are those of counts in a bin, ``sqrt(max(count, 1))``.

    Parameters
    ----------
    field : increasing, even grid
    """

    field: Any = field(default_factory=lambda: np.arange(-2.0, 4.01, 0.25))
    name: ClassVar[str] = "margins"

    def __post_init__(self) -> None:
        points = grid("field", self.field)
        if points.size < 2 or not np.allclose(np.diff(points), points[1] - points[0]):
            raise ValueError(f"field must be an even grid of at least two points, got {points}")
        object.__setattr__(self, "field", tuple(points.tolist()))

    def coordinates(self) -> dict[str, np.ndarray]:
        return {"field": np.array(self.field)}

    def measure(self, instance: Instance, weights: np.ndarray, rng: np.random.Generator) -> Measured:
        points = np.array(self.field)
        width = points[1] - points[0]
        edges = np.append(points - width / 2, points[-1] + width / 2)
        counts, _ = np.histogram(instance.stabilities(weights), edges)
        scale = max(instance.patterns, 1) * width
        return {"margin_density": (counts / scale, np.sqrt(np.maximum(counts, 1)) / scale)}
