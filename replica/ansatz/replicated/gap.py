"""Where the free entropy of real replicas vanishes and is lowest in their overlap: equations only."""

from __future__ import annotations

import numpy as np

from replica.ansatz.replicated.binary import BinaryReplicas
from replica.ansatz.replicated.binary_points import BinaryPoint
from replica.ansatz.replicated.equations import GroupProblem, Groups, Named
from saddlepoint import POSITIVE, UNIT, Variable, Variables


class GapProblem(GroupProblem):
    """Unknown besides the conjugates: the load and ``apart = 1 - q1``, from ``phi = 0`` and ``d phi/d q1 = 0``.

    With ``closed`` also the number of replicas, where the complexity vanishes: the load is lowest there. Groups of many
    are close: q1 itself has no digits left for how close.
    """

    def __init__(
        self, groups: Groups, level: int = 0, closed: bool = False, kind: type[BinaryReplicas] = BinaryReplicas
    ) -> None:
        self.kind = kind
        self.own = Variables(*kind.own, Variable("alpha", POSITIVE), Variable("apart", UNIT))
        super().__init__(groups, level, closed)

    def _there(self, values: Named) -> BinaryReplicas:
        power = values["power"] if self.closed else self.groups.power
        near = values["apart"]
        return self.kind(Groups(self.groups.model, values["alpha"], power, q1=1.0 - near, apart=near), self.level)

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> BinaryPoint:
        return self._there(values).averages(values, power, whole)

    def columns(self, point: BinaryPoint) -> list[np.ndarray]:
        inner = self.kind(point.groups, self.level).columns(point)
        return [*inner, point.free_entropy(), point.slope()]

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        seen, floors = super().observe(free)
        alpha = self.variables.values(free)["alpha"]
        return seen | {"alpha": alpha}, floors | {"alpha": 8e-16 * alpha}
