"""What all saddle points of groups of replicas share: settings, the problem, common observables. No
equations here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from replica.models.model import Model
from replica.solution.batch import Solutions
from saddlepoint import POSITIVE, Problem, Variable, Variables
from saddlepoint.rows import Rowwise

EPS = np.finfo(float).eps
TOP = 4  # the finest level of integrals
NOTHING = 1e-30  # stands for q0 = 0: its square root is below any field
Named = dict[str, np.ndarray]


@dataclass(frozen=True)
class Groups(Rowwise):
    """What defines a batch of groups: ``power`` replicas each, at overlap ``q1`` or at ``distance`` from a
    centre, arrays (batch,) (None: not given). ``apart`` is ``1 - q1``, with the digits that q1 has no room for
    where replicas are close.
    """

    rowwise: ClassVar[tuple[str, ...]] = ("model", "alpha", "power", "q1", "distance", "apart")
    model: Model
    alpha: np.ndarray
    power: np.ndarray
    q1: Any = None
    distance: Any = None
    apart: Any = None

    def __post_init__(self) -> None:
        if self.apart is None and self.q1 is not None:
            object.__setattr__(self, "apart", 1.0 - self.q1)

    @property
    def size(self) -> int:
        return self.alpha.size

    def with_power(self, power: np.ndarray) -> Groups:
        return replace(self, power=power)


def apart(seen: Named, floors: Named) -> tuple[Named, Named]:
    """Observables of groups that share nothing: q0 and its conjugate are zero, not just very small."""
    zero = {name: np.zeros_like(seen[name]) for name in ("q0", "q0_hat") if name in seen}
    return seen | zero, floors | zero


class GroupProblem(Problem):
    """Base: a subclass gives ``variables``, ``equations`` (residual columns) and ``measured`` (observables
    and moduli).

    With ``closed`` the power is the last unknown, and the last equation says that the complexity vanishes.
    """

    own: Variables
    #: sign of the determinant of the Jacobian on the branch that begins without patterns; 0: not looked at
    orientation: ClassVar[int] = 0
    #: all solutions, seen from a centre that is only looked for
    plateau: ClassVar[bool] = False
    stride: ClassVar[float] = 1e-6

    rowwise: ClassVar[tuple[str, ...]] = ("groups",)

    def __init__(self, groups: Groups, level: int = 0, closed: bool = False) -> None:
        self.groups, self.level, self.closed, self.size = groups, level, closed, groups.size
        self.variables = Variables(*self.own, Variable("power", POSITIVE)) if closed else self.own

    @property
    def finer(self) -> int:
        """A level above the own one, as far as there are."""
        return min(self.level + 1, TOP)

    def point(self, free: np.ndarray, whole: bool = False) -> Any:
        """All averages at a point; ``power`` is the number of replicas there."""
        values = self.variables.values(free)
        return self.averages(values, values["power"] if self.closed else self.groups.power, whole)

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> Any:
        raise TypeError(f"{type(self).__name__} must define averages")

    def residual(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            point = self.point(free)
            columns = self.columns(point)
            if self.closed:
                columns.append(point.complexity() / point.power)
        return np.stack(columns, axis=1) if columns else np.zeros((self.size, 0))

    def residual_and_jacobian(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Finer integrals correct the residual; for the Jacobian the coarsest are enough."""
        if self.level == 0:
            return super().residual_and_jacobian(free)
        return self.residual(free), self.at_level(0).residual_and_jacobian(free)[1]

    def noise(self, free: np.ndarray) -> np.ndarray:
        """Exponents of the size of the power lose as many digits."""
        power = np.exp(free[:, -1]) if self.closed else self.groups.power
        return super().noise(free) + 0.5 * EPS * np.where(np.isfinite(power), power, 0.0)[:, None]

    def refined(self) -> Self:
        """On the next finer integrals; itself where there are none."""
        return self if self.level == TOP else self.at_level(self.level + 1)

    def astray(self) -> list[Problem]:
        """Sums over the fields of a few units converge slowly: what the last refinement changes is an error."""
        few = self.groups.model.architecture.few
        return [] if few is None or self.level == 0 else [self.at_level(self.level - 1)]

    def on_branch(self, free: np.ndarray) -> np.ndarray:
        """Whether points are on the branch that begins without patterns, which may end in a fold: per row."""
        if not self.orientation:
            return np.ones(self.size, dtype=bool)
        sign = np.sign(np.linalg.det(self.at_level(0).residual_and_jacobian(free)[1]))
        return sign == (-self.orientation if self.closed else self.orientation)

    def columns(self, point: Any) -> list[np.ndarray]:
        """The equations of the unknowns, (batch,) each."""
        return point.equations()

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        with np.errstate(all="ignore"):
            point = self.point(free, whole=True)
            seen = point.measured()
            if self.closed:  # the entropy itself, without what is left of the complexity
                seen["entropy"] = seen["free_entropy"]
            moduli = point.moduli()
        size = self.size
        seen = {name: np.broadcast_to(value, (size,)).astype(float) for name, value in seen.items()}
        floors = {name: 8 * EPS * np.abs(value) for name, value in seen.items()}
        floors["free_entropy"] = floors["entropy"] = 8 * EPS * moduli
        if "tuple_entropy" in seen:
            floors["tuple_entropy"] = floors["free_entropy"] + floors["tuple_entropy"]
        reach = np.where(np.isfinite(seen["parisi"]), seen["parisi"], 1.0)
        floors["complexity"] = 8 * EPS * moduli * np.maximum(reach, 1.0)
        known = {name: np.isfinite(floor) & np.isfinite(seen[name]) for name, floor in floors.items()}
        return seen, {name: np.where(known[name], floor, 0.0) for name, floor in floors.items()}

    def potential(self, free: np.ndarray) -> np.ndarray:
        return self.point(free).free_entropy()

    def describe(self, free: np.ndarray) -> Named:
        return self.observe(free)[0]


@dataclass
class Point:
    """Averages at one point, and what follows from them for every kind of group."""

    groups: Groups
    power: np.ndarray
    patterns: Any

    @property
    def alpha(self) -> np.ndarray:
        return self.groups.alpha

    def common(self) -> Named:
        """Observables whose formula does not depend on the kind."""
        phi, complexity = self.free_entropy(), self.complexity()
        internal = phi if np.all(np.isinf(self.power)) else phi - complexity / self.power
        seen = {
            "free_entropy": phi,
            "entropy": internal,
            "complexity": complexity,
            "parisi": self.power,
            "slope": self.slope(),
        }
        seen |= {"energy": self.alpha * self.patterns.cost, "training_error": self.patterns.wrong}
        return seen if self.groups.distance is not None else seen | {"tuple_entropy": self.tuple_entropy()}

    def tuple_entropy(self) -> np.ndarray:
        """``phi + beta e``: the logarithm of the number of groups at their energy, per weight and replica."""
        beta, cost = self.groups.model.beta, self.patterns.cost
        return self.free_entropy() + np.where(np.isinf(beta), 0.0, beta) * self.alpha * np.nan_to_num(cost)

    def free_entropy(self) -> np.ndarray:
        raise TypeError("a point must define free_entropy")

    def complexity(self) -> np.ndarray:
        raise TypeError("a point must define complexity")

    def slope(self) -> np.ndarray:
        raise TypeError("a point must define slope")


def complexity_facts(solutions: Solutions, row: int) -> list[str]:
    """Clauses on a negative complexity, and on a negative entropy of a finite alphabet."""
    found = []
    if solutions.value("complexity")[row] < -solutions.error("complexity")[row]:
        found.append("the complexity is negative: this many replicas is beyond the physical number")
    if (
        solutions.model.weights.discrete
        and solutions.model.loss.hard
        and solutions.value("entropy")[row] < -solutions.error("entropy")[row]
    ):
        found.append("the entropy is negative: no weights there")
    return found
