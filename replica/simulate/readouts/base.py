"""What a read-out must give: arrays measured on weights of one instance. No particular one lives here."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from replica._registry import Member
from replica.models.model import Model
from replica.simulate.instances import Instance

#: variable name -> values and errors over the read-out's coordinates
Measured = dict[str, tuple[np.ndarray, np.ndarray]]


class Readout(Member):
    """Measures weights. Members are frozen dataclasses whose fields are the settings."""

    family = "readout"
    registry: ClassVar[dict[str, type[Any]]] = {}
    parameters: ClassVar[dict[str, str]] = {}
    #: attributes of its variables: ``theory``, what a theory calls them where it has another word for it, and
    #: ``error="independent"`` where errors are noise that differs from sample to sample
    meanings: ClassVar[dict[str, dict[str, str]]] = {}

    def check(self, model: Model) -> None:
        """`ValueError` unless the read-out covers the model."""

    def coordinates(self) -> dict[str, np.ndarray]:
        """The grids that the arrays are over, in order."""
        return {}

    def measure(self, instance: Instance, weights: np.ndarray, rng: np.random.Generator) -> Measured:
        """Arrays over the coordinates (or single numbers), with errors; NaN where there is no number."""
        raise TypeError(f"the readout {type(self).__name__} must define measure(instance, weights, rng)")

    def remark(self, row: dict[str, np.ndarray]) -> str:
        """What the status of the run must say of its arrays (``NAME:coordinate``), beside their errors."""
        return ""
