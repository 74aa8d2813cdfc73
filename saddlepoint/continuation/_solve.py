"""One point of a branch from one solve; no stepping."""

from __future__ import annotations

import numpy as np

from saddlepoint._iterate import Solver
from saddlepoint.continuation.branch import Point
from saddlepoint.problem import Problem
from saddlepoint.solution import Tolerance
from saddlepoint.solve import solve


def point_of(
    problem: Problem, parameter: float, free: np.ndarray | None, solver: Solver | None, tolerance: Tolerance
) -> Point:
    """Solve a single row at a fixed parameter; a failure becomes a point with its status and NaN values."""
    if problem.size != 1:
        raise ValueError(f"follow needs problems of a single row, got {problem.size} rows")
    found = solve(problem, start=free, solver=solver, tolerance=tolerance, on_failure="keep")
    good = bool(found.converged[0])
    k = found.point.shape[1]
    return Point(
        parameter=float(parameter),
        parameter_error=0.0,
        values={name: float(value[0]) if good else np.nan for name, value in found.values.items()},
        free=found.point[0],
        error=found.error[0],
        status=found.status[0],
        residual=float(found.residual[0]),
        steps=int(found.steps[0]),
        direction=np.full(k + 1, np.nan),
        next_step=np.nan,
        problem=problem,
    )
