"""What a network of a few units must give, whose field is not one Gaussian. No particular network here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from replica.architectures.base import PatternAverage
from replica.data.base import Data, Overlaps
from replica.losses.base import Loss

#: what a network does with a field: a loss and its inverse temperature; and the least field of every unit
Plain = tuple[Loss, Any]
Guarded = tuple[Loss, Any, float]


class Joint(NamedTuple):
    """Law of the two fields of one unit: the reference's cavity field has variance ``qt`` and leaves ``gap = 1 - qt``;
    the probe's is ``shared`` times that plus a Gaussian of variance ``spread``, with which the reference's moves by
    ``lever``; ``own`` of the spread is the probe's alone, ``rest = 1 - q`` its thermal variance.
    """

    qt: float
    gap: float
    shared: float
    lever: float
    spread: float
    own: float
    rest: float


class PairSums(NamedTuple):
    """Averages over a pattern that a reference and a probe see, with g and r the slopes of their ``ln Z`` in a unit's
    field and p that of the reference when its field is known; squares and products are summed over units.

    ``log_z = E ln Z``, ``gg = E g^2``, ``rg = E r g``, ``pg = E p g``, derivatives ``gg_q``, ``rg_q``, ``rg_s`` in the
    overlaps, ``rigidity = E g'^2`` and, where asked for, ``cost`` and ``wrong``.
    """

    log_z: float
    gg: float
    rg: float
    pg: float
    gg_q: float
    rg_q: float
    rg_s: float
    rigidity: float
    cost: Any = None
    wrong: Any = None


class Moved(NamedTuple):
    """Distances by which weights are moved, and which fields count as wrong then."""

    noise: np.ndarray
    wrong: Callable[[np.ndarray], np.ndarray]


class GroupSums(NamedTuple):
    """Averages over a pattern for groups of y replicas, with tilted means <.> of one group, g the slopes of ``ln Z``:

    ``mean = E ln <Z^y>/y``, ``common = sum E <g>^2``, ``spread = sum E(<g^2> - <g>^2)``, ``relative = E(y <ln Z>) -
    y mean`` and, where asked for, ``cost`` and ``wrong``.
    """

    mean: float
    common: float
    spread: float
    relative: float
    cost: Any = None
    wrong: Any = None


class LimitSums(NamedTuple):
    """Averages over the fields h that infinitely many replicas of a group share, at the maximiser ``omega`` of
    ``ln Z(omega) - |omega - h|^2/(2 gap)``, with the shift ``r = omega - h``:

    ``value = E[ln Z - |r|^2/(2 gap)]``, ``moved = E |r|^2``, ``drawn = E z.r`` (``h = sqrt(common) z``), ``bending =
    E ln det(1 - gap (ln Z)'')``; ``cost`` and ``wrong``.
    """

    value: float
    moved: float
    drawn: float
    bending: float
    cost: float
    wrong: float


NO_SUMS = PairSums(*[float("nan")] * 8)
NO_GROUPS = GroupSums(*[float("nan")] * 6)
NO_LIMIT = LimitSums(*[float("nan")] * 6)


class FewUnits(ABC):
    """Averages over the K outer fields of a network with K units of equal overlap."""

    #: whether `pair_sums` is here, and the relative accuracy that it is sure to reach
    paired: ClassVar[bool] = False
    pair_accuracy: ClassVar[float] = 1e-9
    #: whether these averages take long
    dear: ClassVar[bool] = False
    #: whether `group_sums` is here
    grouped: ClassVar[bool] = False

    #: whether the output is a parity
    alternates: bool = False
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

    def pair_sums(self, reference: Guarded, probe: Plain, law: Joint, level: int, *, whole: bool = False) -> PairSums:
        """Averages over a pattern around a reference (loss, beta and the least field of every unit) of a probe (loss,
        beta); NaN where they would take too long.
        """
        raise ValueError(f"pairs of {self} are not here")

    def group_sums(
        self, loss: Loss, beta: Any, overlaps: tuple[float, float, float], power: float, level: int, *, whole: bool
    ) -> GroupSums:
        """Averages over a pattern for groups of ``power`` replicas with ``overlaps``: between groups, how much larger
        within them, and what is left to 1; NaN where they would take too long.
        """
        raise ValueError(f"groups of {self} are not here")

    def limit_sums(
        self, loss: Loss, beta: Any, common: float, log_gap: float, variance: float, level: int
    ) -> LimitSums:
        """Averages over a pattern for groups of infinitely many replicas: their overlap, the logarithm of the gap times
        their number, and what is left to 1; NaN where the gap is too large.
        """
        raise ValueError(f"groups of infinitely many replicas of {self} are not here")

    def log_pairs(self, reference: Guarded, probe: Plain, distance: np.ndarray) -> np.ndarray:
        """``ln P(both)/P(reference)`` of independent patterns at distances of the weights; sides as in `pair_sums`."""
        raise ValueError(f"the first moment of pairs of {self} is not here")

    def flipped(self, loss: Loss, beta: Any, overlaps: tuple[float, float], move: Moved, level: int) -> np.ndarray:
        """Probability of wrong fields when the weights are moved at random, in a Gibbs measure with overlap q and the
        rest to the norm.
        """
        raise ValueError(f"perturbed weights of {self} are not here")

    def masses(self, loss: Loss, beta: Any, overlaps: tuple[float, float], level: int) -> np.ndarray:
        """Probabilities of the `levels` in a Gibbs measure."""
        raise ValueError(f"the distribution of the field of {self} is not here")

    def allowed(self, loss: Loss) -> tuple[bool, ...] | None:
        """Whether n of the K units may be positive, n = 0 ... K: what steps of replica symmetry breaking need of a hard
        constraint. None where they are not here.
        """
        return None

    @abstractmethod
    def nearest(self, loss: Loss, level: int) -> tuple[float, float]:
        """``E D^2``, D the distance of K standard Gaussian fields to the nearest allowed ones, and ``E |H|^2`` of the
        Hessian H of ``D^2/2`` (inf where the allowed set is not convex: replica symmetry is broken).
        """

    @abstractmethod
    def error_rate(self, disagreement: np.ndarray) -> np.ndarray:
        """Probability of different outputs when each unit of two networks disagrees with a given probability."""
