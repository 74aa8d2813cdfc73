"""Saddle points of groups of binary weights: real replicas, round a centre, and the limits of infinitely
many."""

from __future__ import annotations

import numpy as np

from replica.ansatz.replicated.binary_points import BinaryLimitPoint, BinaryPoint, PlateauPoint
from replica.ansatz.replicated.equations import NOTHING, GroupProblem, Named, apart
from replica.ansatz.replicated.kernels import cosh_groups
from replica.ansatz.replicated.limit_kernels import cosh_limit
from replica.ansatz.replicated.network import group_patterns, limit_patterns
from replica.data import Overlaps
from saddlepoint import POSITIVE, REAL, Variable, Variables
from saddlepoint.quadrature.fields import field_nodes
from saddlepoint.special import two_cosh


class BinaryReplicas(GroupProblem):
    """Binary weights, real replicas at mutual overlap q1: unknown conjugates; ``reach`` is their difference times y."""

    own = Variables(Variable("q0_hat", POSITIVE), Variable("reach", POSITIVE))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> BinaryPoint:
        pull, gap = values.get("pull", np.zeros(self.size)), values["reach"] / power
        centred = self.groups.distance is not None
        rows = cosh_groups(values["q0_hat"], gap, pull, power, centred, self.level)
        model = self.groups.model
        patterns = group_patterns(model, rows[1], rows[2], rows[3], power, self.level, whole=whole)
        return BinaryPoint(self.groups, power, patterns, rows, values["q0_hat"], gap, pull)


class BinaryCentre(BinaryReplicas):
    """Binary weights round a centre; the field towards it is positive as long as the distance is below
    1/2."""

    own = Variables(Variable("q0_hat", POSITIVE), Variable("reach", POSITIVE), Variable("pull", POSITIVE))
    orientation = -1


class BinaryReplicasEven(BinaryReplicas):
    """Real replicas of an even loss whose groups are independent: q0 = 0, one unknown."""

    own = Variables(Variable("reach", POSITIVE))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> BinaryPoint:
        return super().averages(values | {"q0_hat": np.full(self.size, NOTHING)}, power, whole)

    def columns(self, point: BinaryPoint) -> list[np.ndarray]:
        return point.equations()[1:]

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        return apart(*super().observe(free))


class BinaryCentreEven(BinaryReplicasEven):
    """Binary weights round a centre for an even loss whose groups are independent: q0 = 0."""

    own = Variables(Variable("reach", POSITIVE), Variable("pull", POSITIVE))
    orientation = 1


class BinaryReplicasLimit(GroupProblem):
    """Binary weights, infinitely many real replicas; ``gap_hat`` is the rescaled difference of the
    conjugates."""

    own = Variables(Variable("log_q_hat", REAL), Variable("log_gap_hat", REAL))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> BinaryLimitPoint:
        pull = values.get("pull", np.zeros(self.size))
        log_strength, log_gap_hat = values["log_q_hat"], values["log_gap_hat"]
        rows = cosh_limit(np.exp(np.maximum(log_strength, -690.0)), np.exp(log_gap_hat), pull, self.level)
        # gap = E[z0 tanh h]/sqrt(q_hat) - (1 - q1); near a centre q_hat may be below the range of doubles
        log_gap = np.log(rows[3]) - 0.5 * log_strength + np.log1p(-rows[2] * np.exp(0.5 * log_strength) / rows[3])
        patterns = limit_patterns(self.groups.model, 1.0 - rows[2], log_gap, rows[2], self.level)
        return BinaryLimitPoint(self.groups, power, patterns, rows, log_strength, log_gap_hat, pull, log_gap)


class BinaryCentreLimit(BinaryReplicasLimit):
    """Binary weights, infinitely many round a centre; the field towards it may have either sign."""

    own = Variables(Variable("log_q_hat", REAL), Variable("log_gap_hat", REAL), Variable("pull", REAL))

    def fewer(self, point: np.ndarray, power: np.ndarray) -> np.ndarray:
        """A start of `BinaryCentre`, whose field towards the centre is positive."""
        return np.column_stack([point[:, :2], np.log(np.maximum(point[:, 2], np.minimum(0.03, 3.0 / power)))])


class BinaryPlateau(GroupProblem):
    r"""Infinitely many binary replicas farther from their centre than typical solutions are from their best
    one.

    The local entropy is the entropy of all solutions, and a centre only has to be found: with the field
    ``pull/y``,
    ``1 - 2 d = E[T tanh(pull T)]``, ``T = tanh(sqrt(q_hat) z0)``; the complexity ``E ln 2cosh(pull T) -
    pull (1-2d)`` is its entropy.
    """

    own = Variables(Variable("q_hat", POSITIVE), Variable("pull", POSITIVE))
    plateau = True

    def fewer(self, point: np.ndarray, power: np.ndarray) -> np.ndarray:
        """A start of `BinaryCentre`: small gaps."""
        small = np.full(power.size, np.log(0.05))
        return np.column_stack([point[:, 0], small, np.log(np.maximum(0.2 * np.exp(point[:, 1]), 0.03))])

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> PlateauPoint:
        scale = np.sqrt(values["q_hat"])
        nothing = np.zeros((self.size, 2))
        widths = np.stack(
            [np.ones(self.size), 1.0 / np.maximum(values["pull"], 1.0)], axis=1
        )  # tanh(pull T) turns fast
        _, weight, field = field_nodes(nothing, widths, np.zeros(self.size), scale, self.finer)
        log_cosh, mean, spread = two_cosh(field)
        pulled, aim, _ = two_cosh(values["pull"][:, None] * mean)
        rows = np.stack([np.einsum("bn,bn->b", weight, column) for column in (log_cosh, spread, pulled, mean * aim)])
        model, zero = self.groups.model, np.zeros(self.size)
        overlaps = Overlaps(1.0 - rows[1], rows[1], zero, 1.0 - rows[1])
        patterns = model.architecture.patterns(model.loss, model.data, overlaps, model.beta, self.finer, whole=True)
        return PlateauPoint(self.groups, power, patterns, rows, values["q_hat"], values["pull"])
