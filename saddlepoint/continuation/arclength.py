"""Pseudo-arclength continuation: the parameter is one more unknown, so that folds are ordinary points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from saddlepoint._iterate import Solver
from saddlepoint.continuation._solve import point_of
from saddlepoint.continuation.branch import Point
from saddlepoint.problem import Problem
from saddlepoint.solution import Tolerance
from saddlepoint.solve import solve
from saddlepoint.solvers import Newton
from saddlepoint.solvers._settings import between as _between
from saddlepoint.variables import REAL, Variable, Variables


class _Augmented(Problem):
    """The equations with the parameter (over ``scale``) as last unknown, and ``<u - u0, t> = length``."""

    def __init__(
        self,
        problem_at: Callable[[float], Problem],
        base: np.ndarray,
        normal: np.ndarray,
        length: float,
        scale: float,
        level: int = 0,
    ) -> None:
        self.problem_at, self.base, self.normal = problem_at, base, normal
        self.length, self.scale, self.level, self.size = length, scale, level, 1
        variables = problem_at(base[-1] * scale).variables
        self.variables = Variables(*variables, Variable("parameter of the branch", REAL))

    def take(self, index: np.ndarray) -> _Augmented:
        if len(index) != 1:
            raise ValueError("a branch is followed one row at a time")
        return self

    def refined(self) -> _Augmented:
        return _Augmented(self.problem_at, self.base, self.normal, self.length, self.scale, self.level + 1)

    def at(self, parameter: float) -> Problem:
        """The equations at a parameter, refined as often as asked."""
        problem = self.problem_at(float(parameter) * self.scale)
        for _ in range(self.level):
            problem = problem.refined()
        return problem

    def residual(self, free: np.ndarray) -> np.ndarray:
        inner = self.at(free[0, -1]).residual(free[:, :-1])[0]
        return np.append(inner, self.normal @ (free[0] - self.base) - self.length)[None]

    def residual_and_jacobian(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, parameter = free[:, :-1], free[0, -1]
        residual, jacobian = self.at(parameter).residual_and_jacobian(x)
        shifted = parameter + 1e-7 * max(1.0, abs(parameter))
        slope = (self.at(shifted).residual(x)[0] - residual[0]) / (shifted - parameter)
        plane = self.normal @ (free[0] - self.base) - self.length
        matrix = np.vstack([np.column_stack([jacobian[0], slope]), self.normal])
        return np.append(residual[0], plane)[None], matrix[None]

    def jacobian(self, free: np.ndarray) -> np.ndarray:
        return self.residual_and_jacobian(free)[1]

    def noise(self, free: np.ndarray) -> np.ndarray:
        inner = self.at(free[0, -1]).noise(free[:, :-1])[0]
        return np.append(inner, 1e-15 * max(1.0, float(np.max(np.abs(free)))))[None]


@dataclass(frozen=True)
class Arclength:
    r"""Step along the branch; passes folds.

    Lengths in the product ``<(x, p), (y, s)> = weight x.y / k + (1 - weight) p s / scale^2``.
    When not to use it: where the parameter alone can be stepped, `Natural` is cheaper.

    Parameters
    ----------
    weight : float in (0, 1)
        Share of the free coordinates.
    scale : float
        Natural unit of the parameter.
    angle : float
        Largest turn of the branch (radians) in one step; a larger one is taken for a jump, and the step is
        halved.
    solver : Solver
        Corrector.
    """

    weight: float = 0.5
    scale: float = 1.0
    angle: float = 0.6
    solver: Solver = Newton(steps=12, max_step=1.0)

    def __post_init__(self) -> None:
        if not 0.0 < self.weight < 1.0:
            raise ValueError(f"weight must be in (0, 1), got {self.weight}")
        _between("scale", self.scale, 0.0, np.inf)
        _between("angle", self.angle, 0.0, np.pi)

    def first(self, problem_at: Callable[[float], Problem], point: Point, stop: float) -> Point:
        """The first point with its direction, towards ``stop``."""
        guess = np.zeros(point.free.size + 1)
        guess[-1] = np.copysign(1.0, stop - point.parameter)
        point.direction[:] = self._direction(problem_at, point, guess)
        return point

    def step(
        self,
        problem_at: Callable[[float], Problem],
        point: Point,
        length: float,
        stop: float,
        tolerance: Tolerance,
    ) -> Point | None:
        """The point ``length`` further along the branch, or None where the corrector jumped."""
        new = self._at_length(problem_at, point, length, tolerance)
        if new.converged:
            turn = self._dot(new.direction, point.direction)
            moved = np.append(new.free - point.free, (new.parameter - point.parameter) / self.scale)
            if not turn >= np.cos(self.angle) or self._dot(moved, moved) > (1.5 * length) ** 2:
                return None
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
        moved = np.append(stop.free - start.free, (stop.parameter - start.parameter) / self.scale)
        return self._at_length(problem_at, start, part * self._dot(moved, start.direction), tolerance)

    def _metric(self, k: int) -> np.ndarray:
        metric = np.full(k + 1, self.weight / max(k, 1))
        metric[-1] = 1.0 - self.weight
        return metric

    def _dot(self, u: np.ndarray, v: np.ndarray) -> float:
        return float(np.sum(self._metric(u.size - 1) * u * v))

    def _at_length(
        self, problem_at: Callable[[float], Problem], point: Point, length: float, tolerance: Tolerance
    ) -> Point:
        base = np.append(point.free, point.parameter / self.scale)
        normal = self._metric(point.free.size) * point.direction
        problem = _Augmented(problem_at, base, normal, length, self.scale)
        found = solve(
            problem,
            start=base + length * point.direction,
            solver=self.solver,
            tolerance=tolerance,
            on_failure="keep",
        )
        good, free = bool(found.converged[0]), found.point[0]
        inner = problem_at(float(free[-1]) * self.scale)
        values = inner.variables.values(free[None, :-1])
        new = Point(
            parameter=float(free[-1]) * self.scale,
            parameter_error=float(found.error[0, -1]) * self.scale,
            values={name: float(value[0]) if good else np.nan for name, value in values.items()},
            free=free[:-1],
            error=found.error[0, :-1],
            status=found.status[0],
            residual=float(found.residual[0]),
            steps=int(found.steps[0]),
            direction=np.full(free.size, np.nan),
            next_step=np.nan,
            problem=inner,
        )
        if good:
            new.direction[:] = self._direction(problem_at, new, point.direction)
        return new

    def _direction(self, problem_at: Callable[[float], Problem], point: Point, old: np.ndarray) -> np.ndarray:
        """Unit tangent, ``J x' + r_p p' = 0``, on the side of the old one; NaN where that is singular."""
        base = np.append(point.free, point.parameter / self.scale)
        augmented = _Augmented(problem_at, base, self._metric(point.free.size) * old, 0.0, self.scale)
        matrix = augmented.residual_and_jacobian(base[None])[1][0]
        right = np.zeros(base.size)
        right[-1] = 1.0
        if not np.all(np.isfinite(matrix)) or np.linalg.matrix_rank(matrix) < base.size:
            return np.full(base.size, np.nan)
        tangent = np.linalg.solve(matrix, right)
        return tangent / np.sqrt(self._dot(tangent, tangent))


def at_parameter(
    problem_at: Callable[[float], Problem],
    start: Point,
    stop: Point,
    parameter: float,
    solver: Solver,
    tolerance: Tolerance,
) -> Point:
    """The point of the branch between two points where the parameter has a given value."""
    part = (parameter - start.parameter) / (stop.parameter - start.parameter)
    new = point_of(
        problem_at(parameter), parameter, start.free + part * (stop.free - start.free), solver, tolerance
    )
    new.direction[:] = stop.direction
    return new
