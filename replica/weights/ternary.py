"""Ternary weights -1, 0, +1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from replica.weights.discrete import Discrete


@dataclass(frozen=True)
class Ternary(Discrete):
    """Weights -1, 0, +1 with a free self-overlap ``Q`` (the fraction of weights that are not 0); see `Discrete`."""

    values: tuple[float, ...] = (-1.0, 0.0, 1.0)
    name: ClassVar[str] = "ternary"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.values != (-1.0, 0.0, 1.0):
            raise ValueError(f"ternary weights are -1, 0, 1; for other letters use Discrete({self.values})")
