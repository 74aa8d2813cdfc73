"""The load at which the number of groups of real replicas at their energy vanishes, q1 held: equations only."""

from __future__ import annotations

import numpy as np

from replica.ansatz.replicated.binary import BinaryReplicas
from replica.ansatz.replicated.binary_points import BinaryPoint
from replica.ansatz.replicated.equations import GroupProblem, Groups, Named
from saddlepoint import POSITIVE, Variable, Variables


class TupleLoad(GroupProblem):
    """Unknown besides the conjugates: the load, from ``phi + beta e = 0``."""

    def __init__(
        self, groups: Groups, level: int = 0, closed: bool = False, kind: type[BinaryReplicas] = BinaryReplicas
    ) -> None:
        self.kind = kind
        self.own = Variables(*kind.own, Variable("alpha", POSITIVE))
        super().__init__(groups, level)

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> BinaryPoint:
        groups = Groups(self.groups.model, values["alpha"], power, q1=self.groups.q1, apart=self.groups.apart)
        return self.kind(groups, self.level).averages(values, power, True)  # the cost is needed

    def columns(self, point: BinaryPoint) -> list[np.ndarray]:
        return [*self.kind(point.groups, self.level).columns(point), point.tuple_entropy()]

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        seen, floors = super().observe(free)
        alpha = self.variables.values(free)["alpha"]
        return seen | {"alpha": alpha}, floors | {"alpha": 8e-16 * alpha}
