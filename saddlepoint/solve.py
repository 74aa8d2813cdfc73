"""The public verb `solve`: start, solver, check, status; the loop and the solvers are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from saddlepoint._iterate import Solver
from saddlepoint._verify import unchecked, verify
from saddlepoint.problem import Problem
from saddlepoint.solution import Solution, SolveFailed, Tolerance
from saddlepoint.solvers import Anderson, Ladder, Newton, Picard

#: What `solve` uses where nothing else is asked for.
DEFAULT_SOLVER = Ladder(Newton(), Anderson(), Picard(damping=0.5))
DEFAULT_TOLERANCE = Tolerance()


def solve(
    problem: Problem,
    start: np.ndarray | Mapping[str, Any] | None = None,
    solver: Solver | None = None,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    on_failure: Literal["raise", "keep"] = "raise",
    check: bool = True,
    trace: bool = False,
) -> Solution:
    r"""Solve a batch of B systems ``residual(x) = 0``.

    A row has converged when ``|residual_i| <= max(tolerance.absolute + tolerance.relative |x_i|, noise_i)``
    for every equation i. With ``check`` the residual is then evaluated on the finer integrals of
    ``problem.refined()``, one Newton correction c is made there, and

        error = |J^{-1} residual| + |J^{-1}| noise + |c|^{3/2}

    is reported at the corrected point (more where the residual fell slowly, as at a double root). A
    correction above ``sqrt(max(tolerance.absolute, 1e-12))``, or one that leaves a residual above ten
    tolerances, is not believed until still finer integrals (three levels) confirm it.

    Parameters
    ----------
    problem : Problem
        B rows of k variables.
    start : array (B, k) or (k,), mapping of names to values, or None
        An array is in free coordinates, a mapping in values; None asks ``problem.start()``.
    solver : Solver
        Default ``Ladder(Newton(), Anderson(), Picard(damping=0.5))``.
    tolerance : Tolerance
    on_failure : "raise" or "keep"
        "raise": `SolveFailed` when any row fails, carrying the solution; "keep": return it with its statuses.
    check : bool
        False leaves ``error`` NaN and the residual that of the problem's own integrals.
    trace : bool
        Keep the path.

    Returns
    -------
    Solution

    Raises
    ------
    SolveFailed
    ValueError
        For a start of the wrong shape or outside the domains.

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint import POSITIVE, Problem, Variable, Variables, solve
    >>> class Magnet(Problem):
    ...     variables = Variables(Variable("m", POSITIVE))
    ...     def __init__(self, beta):
    ...         self.beta, self.size = beta, len(beta)
    ...     def update(self, free):
    ...         return np.log(np.tanh(self.beta[:, None] * np.exp(free)))
    ...     def take(self, index):
    ...         return Magnet(self.beta[index])
    >>> solution = solve(Magnet(np.array([1.5, 2.0])))
    >>> solution["m"].round(6), solution.converged
    (array([0.85856 , 0.957504]), array([ True,  True]))
    """
    if on_failure not in ("raise", "keep"):
        raise ValueError(f"on_failure must be 'raise' or 'keep', got {on_failure!r}")
    free = _starting_point(problem, start)
    # rows that leave the range of doubles are reported by their status, not by warnings
    with np.errstate(all="ignore"):
        outcome = (DEFAULT_SOLVER if solver is None else solver).run(problem, free, tolerance, trace)
        error = verify(problem, outcome, tolerance) if check else unchecked(outcome)
    solution = Solution(
        problem,
        outcome.point,
        outcome.code,
        outcome.residual,
        error,
        outcome.steps,
        outcome.evaluations,
        outcome.rung,
        outcome.names,
        outcome.remarks,
        None if outcome.trace is None else tuple(outcome.trace),
    )
    if on_failure == "raise" and outcome.code.any():
        raise SolveFailed(solution)
    return solution


def _starting_point(problem: Problem, start: Any) -> np.ndarray:
    if start is None:
        free = problem.start()
    elif isinstance(start, Mapping):
        return problem.variables.free(start, problem.size)
    else:
        free = np.asarray(start, dtype=float)
    shape = (problem.size, len(problem.variables))
    if free.shape == shape:
        return np.ascontiguousarray(free, dtype=float)
    if free.shape == shape[1:]:
        return np.tile(free, (shape[0], 1))
    raise ValueError(f"start must have shape {shape} or {shape[1:]}, got {free.shape}")
