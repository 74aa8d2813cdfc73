"""What an ansatz must give; no particular ansatz lives here."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from replica._registry import Member
from replica.models.model import Model
from replica.solution.batch import Solutions
from saddlepoint.enclosures import NotEnclosed

TOLERANCE = 1e-12  # on residuals, where none is given
EXACT = "tolerance changes nothing: no equation is left to be solved"
IDLE = "the temperature changes nothing: the cost is 0 or infinite"


class Ansatz(Member):
    """Turns models into saddle-point problems and solves batches of them.

    A subclass gives `solve`; its trait ``method`` says which threshold lines apply to it.
    """

    family = "ansatz"
    registry: ClassVar[dict[str, type[Any]]] = {}
    #: how threshold lines are found: "branch" (points of its followed branch), "first-moment", or "" (it has none)
    method: ClassVar[str] = ""
    #: whether a point of a line takes long: lines are then turned round by secants from those of replica symmetry
    dear: ClassVar[bool] = False
    #: whether it has the limit without patterns, ``alpha = 0``
    empty: ClassVar[bool] = False

    def check(self, model: Model) -> None:
        """Refuse, in one sentence, a model that this ansatz does not cover."""

    def facts(self, solutions: Solutions, row: int) -> list[str]:
        """What a reader of a converged solution must know: clauses for its status."""
        model = solutions.model
        cold = not model.idle or np.isinf(model.beta if np.ndim(model.beta) == 0 else model.beta[row])
        return [*self.doubts(solutions, row), *([] if cold else [IDLE]), *model.architecture.unread]

    def noteworthy(self, solutions: Solutions) -> np.ndarray:
        """Rows of which there may be `facts`, a mask; by default all."""
        return np.ones(solutions.size, dtype=bool)

    def doubts(self, solutions: Solutions, row: int) -> list[str]:
        """Those of the facts that are to be said against a solution, also where it is the reference of others."""
        found = []
        cold, unstable = solutions.suspects
        if solutions.model.weights.discrete and cold[row]:
            found.append("the entropy is negative: RS is not to be trusted (beyond capacity or metastable)")
        if unstable[row]:
            found.append("unstable to replica symmetry breaking (AT): RS is not to be trusted")
        return found

    def equations(self, model: Model, size: int) -> Any:
        """The equations whose branch from ``alpha = 0`` is followed for threshold lines (``method = "branch"``)."""
        raise ValueError(f"{self} follows no branch")

    def enclose(self, solution: Any, digits: int) -> Any:
        """Intervals that provably contain a solution and what it reports; only an ansatz that proves them has it."""
        raise NotEnclosed(f"not enclosed: enclosures are here for RS(), got {self}")

    def solve(self, model: Model, alpha: np.ndarray, start: Any = None, tolerance: float = 1e-12) -> Solutions:
        """Solve a batch: ``alpha`` (batch,), the model's parameters scalars or arrays (batch,)."""
        raise TypeError(f"the ansatz {type(self).__name__} must define solve")

    def answer(self, model: Model, alpha: np.ndarray, start: Any = None, tolerance: float = TOLERANCE) -> Solutions:
        """What `solve` finds; where no equation was left to be solved a tolerance that was given is told so."""
        found = self.solve(model, alpha, start=start, tolerance=tolerance)
        return found if tolerance == TOLERANCE else found.noting(found.residual == 0.0, EXACT)
