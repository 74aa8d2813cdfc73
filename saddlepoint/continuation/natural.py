"""Natural continuation: the parameter is stepped and the next point extrapolated from the last two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from saddlepoint._iterate import Solver
from saddlepoint.continuation._solve import point_of
from saddlepoint.continuation.branch import Point
from saddlepoint.problem import Problem
from saddlepoint.solution import Tolerance
from saddlepoint.solvers import Newton
from saddlepoint.solvers._settings import between as _between


@dataclass(frozen=True)
class Natural:
    """Step the parameter itself. When not to use it: around folds, where branches turn (use `Arclength`).

    Parameters
    ----------
    solver : Solver
        Corrector.
    jump : float
        A corrector that moves a free coordinate by more is taken for a jump to another branch: the step is
        halved.
    """

    solver: Solver = Newton(steps=15, max_step=1.0)
    jump: float = 1.0

    def __post_init__(self) -> None:
        _between("jump", self.jump, 0.0, np.inf)

    def first(self, problem_at: Callable[[float], Problem], point: Point, stop: float) -> Point:
        """The first point as it is: nothing is known of its direction."""
        return point

    def step(
        self,
        problem_at: Callable[[float], Problem],
        point: Point,
        length: float,
        stop: float,
        tolerance: Tolerance,
    ) -> Point | None:
        """The point one step towards ``stop``, or None where the corrector jumped."""
        target = point.parameter + float(
            np.copysign(min(length, abs(stop - point.parameter)), stop - point.parameter)
        )
        slope = point.direction[:-1]
        change = (
            slope * (target - point.parameter) if np.all(np.isfinite(slope)) else np.zeros_like(point.free)
        )
        new = self._at(problem_at, target, point.free + change, tolerance)
        if new.converged and np.max(np.abs(new.free - point.free - change), initial=0.0) > self.jump:
            return None
        new.direction[:-1] = (new.free - point.free) / (target - point.parameter)
        new.direction[-1] = 1.0
        return new

    def between(
        self,
        problem_at: Callable[[float], Problem],
        start: Point,
        stop: Point,
        part: float,
        tolerance: Tolerance,
    ) -> Point:
        """The point at a part of the way between two points of the branch."""
        target = start.parameter + part * (stop.parameter - start.parameter)
        new = self._at(problem_at, target, start.free + part * (stop.free - start.free), tolerance)
        new.direction[:] = stop.direction
        return new

    def _at(
        self, problem_at: Callable[[float], Problem], parameter: float, free: np.ndarray, tolerance: Tolerance
    ) -> Point:
        return point_of(problem_at(parameter), parameter, free, self.solver, tolerance)
