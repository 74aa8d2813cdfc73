"""The large-deviation local entropy: groups of replicas round an optimal centre, or at a mutual overlap. No
datasets here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._checks import number, shown
from replica.ansatz.base import Ansatz
from replica.ansatz.coverage import COUNTED, NOT_EVEN, PERCEPTRON, Covers, Demand
from replica.ansatz.replicated.centre import Centre
from replica.ansatz.replicated.centre_finite import Finite
from replica.ansatz.replicated.centre_physical import Physical
from replica.ansatz.replicated.equations import Groups, complexity_facts
from replica.ansatz.replicated.known import UNTOUCHED, untouched
from replica.ansatz.replicated.real_kinds import RealReplicas
from replica.ansatz.replicated.solution_centre_solver import around_solutions
from replica.ansatz.replicated.solver import FEW_GROUPS, GROUPS, ONE_MAXIMISER, GroupLedger
from replica.models.model import Model
from replica.solution.batch import Solutions

#: what `replicas` accepts besides a number
ZERO_COMPLEXITY = "zero-complexity"
MORE = "this is more than the entropy of all solutions: RS is not to be trusted"
BEYOND = "the entropy of all solutions is negative: there are none at this load, RS is not to be trusted"


@dataclass(frozen=True)
class LocalEntropy(Ansatz):
    r"""Centres weighted with the number of solutions round them to the power y: ``Z(y) = sum exp(y N
    S(centre, d))``.

    .. math:: F(y) = \tfrac1N E \ln Z(y), \qquad S_I = dF/dy, \qquad \Sigma = F - y S_I

    replica symmetric between groups (overlap q0) and within them (q1). `free_entropy` is F/y, `entropy` the
    local entropy S_I,
    `complexity` the external entropy. With a free centre q1 is extremised and the centre is counted
    (binary) or
    measured (spherical) without a constraint of its own; without a centre ``d = (1-q1)/2`` and the replicas
    are real.

    Parameters
    ----------
    replicas : float or "zero-complexity"
        y, at least 1 round a centre; ``inf`` is the limit of optimal centres, in its own rescaled equations;
        ``"zero-complexity"`` the y at which the external entropy vanishes, the largest that is physical.
    centre : "free", "solution" or None
        The centre is any weight vector, a solution itself (its field and those of its replicas share a pattern:
        ``F = (1/N) E ln sum over solutions w of exp(y N S(w, d))``; finite y), or there is none.

    When not to use it: the saddle points are replica symmetric in each level; near the capacity and at
    small distances they
    cease to exist (the status says so).

    References
    ----------
    C. Baldassi, A. Ingrosso, C. Lucibello, L. Saglietti and R. Zecchina, Phys. Rev. Lett. 115, 128101 (2015).
    """

    replicas: float | str = np.inf
    centre: str | None = "free"

    def __post_init__(self) -> None:
        if self.centre not in ("free", "solution", None):
            raise ValueError(f"centre must be 'free', 'solution' or None, got {shown(self.centre)}")
        if isinstance(self.replicas, str):
            if self.replicas != ZERO_COMPLEXITY:
                raise ValueError(f"replicas must be a number, inf or {ZERO_COMPLEXITY!r}, got {shown(self.replicas)}")
            if self.centre != "free":
                raise ValueError(f"replicas={ZERO_COMPLEXITY!r} needs centre='free'")
        else:
            free, endless = self.centre == "free", self.centre != "solution"
            low = 1.0 if free else 0.0
            y = number("replicas", self.replicas, low=low, open_low=not free, infinite=endless)
            object.__setattr__(self, "replicas", y)

    def check(self, model: Model) -> None:
        if self.centre is None:
            return self._real.check(model)
        self.covers.check(model)

    @property
    def covers(self) -> Covers:
        """What the equations of groups round a centre cover."""
        solution, physical = self.centre == "solution", self.replicas == ZERO_COMPLEXITY
        endless = physical or self.replicas == np.inf
        shape: tuple[Demand, ...] = (NOT_EVEN | COUNTED,)
        if solution:
            shape = ONE_MAXIMISER
        elif endless:
            shape = tuple(demand | FEW_GROUPS for demand in ONE_MAXIMISER)
        countable = COUNTED.instead("needs centres that can be counted").where(physical)
        what = "the local entropy round a solution" if solution else "the local entropy"
        what += " with replicas = inf" if endless else ""
        return Covers(what, (*GROUPS, PERCEPTRON.where(solution), *shape, countable))

    @property
    def _real(self) -> RealReplicas:
        return RealReplicas("the local entropy with centre=None", float(self.replicas))

    def doubts(self, solutions: Solutions, row: int) -> list[str]:
        """Signs of a number of replicas beyond the physical one."""
        number = self.replicas != ZERO_COMPLEXITY
        number &= self.centre is None or solutions.model.weights.discrete  # a volume of centres is below 1
        return [clause for clause in complexity_facts(solutions, row) if number or "complexity" not in clause]

    def solve(self, model: Model, alpha: np.ndarray, start: Any = None, tolerance: float = 1e-12) -> Solutions:
        raise ValueError("a local entropy needs distances: use replica.local_entropy")

    def curve(self, model: Model, alpha: np.ndarray, distance: np.ndarray, tolerance: float = 1e-12) -> Solutions:
        """Solve a batch: ``alpha`` and ``distance`` (batch,)."""
        self.check(model)
        alpha, distance = (np.ascontiguousarray(a, dtype=float) for a in (alpha, distance))
        if self.centre is None:
            return self._real.solve(self, model, alpha, 1.0 - 2.0 * distance, tolerance, 2.0 * distance)
        return self._ledger(model, alpha, distance, tolerance).solutions(self)

    def _ledger(self, model: Model, alpha: np.ndarray, distance: np.ndarray, tolerance: float) -> GroupLedger:
        free, acts = untouched(self._groups(model, alpha, distance))
        ledger = GroupLedger(free.groups, tolerance)
        ledger.hold(np.flatnonzero(~acts), free.take(np.flatnonzero(~acts)), UNTOUCHED)
        rows = np.flatnonzero(acts)
        if rows.size:
            given = alpha[rows], distance[rows]
            if self.centre == "solution":
                found = around_solutions(model.take(rows), given[0], float(self.replicas), given[1], tolerance)
            else:
                found = self._around_centre(model.take(rows), *given, tolerance)
            ledger.adopt(found, rows)
        return ledger

    def _groups(self, model: Model, alpha: np.ndarray, distance: np.ndarray) -> Groups:
        power = 1.0 if self.replicas == ZERO_COMPLEXITY else self.replicas
        return Groups(model, alpha, np.full(alpha.size, power), distance=distance)

    def _around_centre(self, model: Model, alpha: np.ndarray, distance: np.ndarray, tolerance: float) -> GroupLedger:
        """Round a free centre: one after the other for loads that differ, which have branches of their own."""
        loads = np.unique(alpha)
        if loads.size > 1:
            ledger = GroupLedger(self._groups(model, alpha, distance), tolerance)
            for load in loads:
                rows = np.flatnonzero(alpha == load)
                ledger.adopt(self._around_centre(model.take(rows), alpha[rows], distance[rows], tolerance), rows)
            return ledger
        centre = Centre(model, alpha, distance, tolerance)
        if self.replicas == np.inf:
            ledger = centre.limit()
        elif self.replicas == ZERO_COMPLEXITY:
            ledger = Physical(centre).ledger()
        else:
            ledger = Finite(centre).with_number(float(self.replicas))
        ledger.note(centre.beyond_capacity, BEYOND)
        with np.errstate(invalid="ignore"):
            ledger.note(ledger.observed("entropy") > centre.typical.free_entropy + 1e-9, MORE)
        return ledger

    def saddle_points(self, model: Model, alpha: np.ndarray, distance: np.ndarray) -> Solutions:
        """Infinitely many replicas: the saddle point at each distance, although one at a smaller distance may have more
        (rows share the model and the load)."""
        return Centre(model, alpha, distance, 1e-12).stationary().solutions(self)
