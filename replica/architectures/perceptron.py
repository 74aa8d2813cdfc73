"""The perceptron: one unit, fields overlap as weights do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from replica.architectures.base import Architecture


@dataclass(frozen=True)
class Perceptron(Architecture):
    """A single unit: the field ``w.x/sqrt(N)`` has the overlaps of the weights."""

    name: ClassVar[str] = "perceptron"
