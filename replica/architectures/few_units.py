"""What a network of a few units must give, whose field is not one Gaussian. No particular network here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from replica.architectures.base import PatternAverage
from replica.data.base import Data, Overlaps
from replica.losses.base import Loss


class FewUnits(ABC):
    """Averages over the K outer fields of a network with K units of equal overlap."""

    #: relative accuracy of the K-dimensional sums, their rounding included
    rounding: float

    @abstractmethod
    def patterns(
        self, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, level: int, whole: bool
    ) -> PatternAverage:
        """`Architecture.patterns`; NaN for rows whose average would take too long."""

    @property
    def levels(self) -> tuple[float, ...] | None:
        """The values of the field in increasing order; None where it takes any."""
        return None

    def attainable(self, loss: Loss) -> bool:
        """Whether some fields satisfy the loss; its parameters are those of one row."""
        return True

    def bayes_error(self, q: float) -> tuple[float, float]:
        """``E min(P, 1 - P)``, P the probability of an output at overlap q of each unit, and its error."""
        raise ValueError(f"the optimal rule of {self} is not here")

    def reference_patterns(
        self, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, mp: Any, digits: int
    ) -> PatternAverage:
        """`Architecture.reference_patterns`; `ValueError` where the sums cannot be had to so many digits."""
        raise ValueError(f"{self} has a K-dimensional average over patterns, which is not certified")

    @abstractmethod
    def nearest(self, loss: Loss, level: int) -> tuple[float, float]:
        """``E D^2``, D the distance of K standard Gaussian fields to the nearest allowed ones, and ``E |H|^2`` of the
        Hessian H of ``D^2/2`` (inf where the allowed set is not convex: replica symmetry is broken).
        """

    @abstractmethod
    def error_rate(self, disagreement: np.ndarray) -> np.ndarray:
        """Probability of different outputs when each unit of two networks disagrees with a given probability."""
