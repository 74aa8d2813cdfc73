"""Plain damped iteration of the fixed-point map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from saddlepoint._iterate import Solver, State
from saddlepoint.problem import Problem
from saddlepoint.solvers._settings import between, whole


@dataclass(frozen=True)
class Picard(Solver):
    r"""``x <- x + damping (update(x) - x)``.

    Cheap and loyal to the branch that the map finds stable. When not to use it: near a capacity or a
    spinodal, where the largest multiplier of the map tends to 1 and it crawls; on unstable solutions, which
    it cannot find.

    Parameters
    ----------
    damping : float in (0, 1]
    steps : int
    patience : int
        A row stalls when its residual has not fallen by a tenth in that many steps.

    Examples
    --------
    >>> from saddlepoint import Picard
    >>> Picard(damping=0.5).steps
    1000
    """

    name: ClassVar[str] = "picard"
    damping: float = 1.0
    steps: int = 1000
    patience: int = 100

    def __post_init__(self) -> None:
        between("damping", self.damping, 0.0, 1.0)
        whole("steps", self.steps)
        whole("patience", self.patience)

    def begin(self, problem: Problem, free: np.ndarray) -> State:
        return State(free, problem.residual(free), len(free))

    def advance(self, problem: Problem, state: State) -> State:
        state.free = state.free + self.damping * state.residual
        state.residual = problem.residual(state.free)
        state.evaluations += len(state.free)
        return state
