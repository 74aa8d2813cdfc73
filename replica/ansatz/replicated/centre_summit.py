r"""Infinitely many replicas farther from their centre than where the curve of optimal centres has a maximum.

Flip a share of the weights of the best centre at distance d* at random: its replicas are then at a distance d > d*, so
that the local entropy of optimal centres cannot fall with d below 1/2. Where the saddle point at d has less, the group
is the one of d* (a stationary point of real replicas in q1), and the centre is only pushed towards it, by ``push/y``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from replica.ansatz.replicated.binary import BinaryReplicasLimit
from replica.ansatz.replicated.binary_points import BinaryLimitPoint
from replica.ansatz.replicated.equations import Groups, Named
from replica.ansatz.replicated.limit_kernels import cosh_displaced
from replica.ansatz.replicated.network import limit_patterns
from replica.ansatz.replicated.spherical import SphericalLimitPoint, SphericalReplicasLimit, few_on_the_sphere
from saddlepoint import POSITIVE, REAL, UNIT, Variable, Variables


def groups_alone(groups: Groups) -> Groups:
    """The same groups seen without their centre."""
    return replace(groups, distance=None)


@dataclass
class BinarySummitPoint(BinaryLimitPoint):
    """See `BinarySummit`; ``displaced`` are distance and entropy of the centre."""

    displaced: np.ndarray
    distance: np.ndarray

    def equations(self) -> list[np.ndarray]:
        return [self.of_strength(), self.of_gap_hat(), np.log(self.displaced[0] / self.distance)]

    def complexity(self) -> np.ndarray:
        return super().complexity() + self.displaced[1]

    def slope(self) -> np.ndarray:
        return np.zeros(self.distance.size)

    def measured(self) -> Named:
        return super().measured() | {"pull": np.zeros(self.distance.size), "summit": self.rows[4]}


class BinarySummit(BinaryReplicasLimit):
    """Binary weights: the limit of real replicas with q1 extremised, and the push on a centre at the distance."""

    own = Variables(Variable("log_q_hat", REAL), Variable("log_gap_hat", REAL), Variable("push", POSITIVE))

    def fewer(self, point: np.ndarray, power: np.ndarray) -> np.ndarray:
        """A start of `BinaryCentre`."""
        return np.column_stack([point[:, :2], point[:, 2] - np.log(power)])

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> BinarySummitPoint:
        at = super().averages(values, power, whole)
        away = cosh_displaced(np.exp(np.maximum(at.log_strength, -690.0)), at.gap_hat, values["push"], self.level)
        given = groups_alone(self.groups), power, at.patterns, at.rows, at.log_strength, at.log_gap_hat
        return BinarySummitPoint(*given, at.pull, at.log_gap, away, self.groups.distance)


@dataclass
class SphericalSummitPoint(SphericalLimitPoint):
    """See `SphericalSummit`."""

    def equations(self) -> list[np.ndarray]:
        stiff = self.alpha * self.patterns.stiff * np.exp(-self.log_gap)
        return [super().equations()[0], np.log(stiff * self.apart / self.share)]

    def slope(self) -> np.ndarray:
        return np.zeros(self.q1.size)

    def measured(self) -> Named:
        return super().measured() | {"summit": 0.5 * (1.0 - np.sqrt(self.q1))}


class SphericalSummit(SphericalReplicasLimit):
    """Spherical weights: a centre between the barycentre of such a group and the origin has it at its distance."""

    own = Variables(Variable("log_gap", REAL), Variable("q1", UNIT))

    def fewer(self, point: np.ndarray, power: np.ndarray) -> np.ndarray:
        """A start of `SphericalCentre`."""
        return few_on_the_sphere(self.groups, point[:, 0], self.variables.values(point)["q1"], power)

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> SphericalSummitPoint:
        q1 = values["q1"]
        patterns = limit_patterns(self.groups.model, q1, values["log_gap"], 1.0 - q1, self.level)
        return SphericalSummitPoint(self.groups, power, patterns, q1, 1.0 - q1, values["log_gap"])
