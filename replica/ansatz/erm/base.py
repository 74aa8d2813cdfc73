"""What the equations of all vectors of least cost share; no equation here."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from replica.ansatz.differences import astray
from replica.models.model import Model
from saddlepoint import Problem


class LeastCost(Problem):
    """A batch of models, loads and a level of the integrals; ``interpolates``: the limit ``lambda -> 0`` of vectors
    that pay nothing.
    """

    #: variables that approach their solution by damped steps, the others by roots; None: all settle by themselves
    damped: ClassVar[tuple[str, ...] | None] = None

    rowwise = ("model", "alpha")

    def __init__(self, model: Model, alpha: np.ndarray, level: int = 1, interpolates: bool = False) -> None:
        self.model, self.alpha, self.level, self.size = model, alpha, level, alpha.size
        self.interpolates = interpolates

    def on(self, model: Model) -> Self:
        """The equations of another model."""
        return type(self)(model, self.alpha, self.level, self.interpolates)

    def astray(self) -> list[Any]:
        return astray(self)

    def row_of(self, name: str) -> int:
        """The residual that fixes one variable when the others are known."""
        return self.variables.names.index(name)
