"""Other solutions: any solver, kept away from the solutions already known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from saddlepoint._iterate import Outcome, Solver
from saddlepoint.problem import Problem
from saddlepoint.solution import Solution, Tolerance
from saddlepoint.solvers.newton import Newton


class _DeflatedProblem(Problem):
    r"""``r(x) prod_s (1 + 1/|x - x_s|^2)``: the same zeros without the known points ``x_s``, (S, B, k)."""

    def __init__(self, problem: Problem, known: np.ndarray) -> None:
        self.problem, self.known = problem, known
        self.variables, self.size = problem.variables, problem.size

    def take(self, index: np.ndarray) -> _DeflatedProblem:
        return _DeflatedProblem(self.problem.take(index), self.known[:, index])

    def _factor(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The factor (B,) and the gradient of its logarithm (B, k)."""
        away = free - self.known
        square = np.sum(away**2, axis=2)
        factor = np.prod(1.0 + 1.0 / square, axis=0)
        slope = np.sum(-2.0 * away / (square * (square + 1.0))[..., None], axis=0)
        return factor, slope

    def residual(self, free: np.ndarray) -> np.ndarray:
        return self._factor(free)[0][:, None] * self.problem.residual(free)

    def residual_and_jacobian(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residual, jacobian = self.problem.residual_and_jacobian(free)
        factor, slope = self._factor(free)
        jacobian = factor[:, None, None] * (jacobian + residual[:, :, None] * slope[:, None, :])
        return factor[:, None] * residual, jacobian

    def jacobian(self, free: np.ndarray) -> np.ndarray:
        return self.residual_and_jacobian(free)[1]

    @property
    def jacobian_points(self) -> int:
        return self.problem.jacobian_points

    def noise(self, free: np.ndarray) -> np.ndarray:
        return self._factor(free)[0][:, None] * self.problem.noise(free)


@dataclass(frozen=True, eq=False)
class Deflated(Solver):
    r"""Find a solution other than ``known``: ``solver`` on ``r(x) prod_s (1 + 1/|x - x_s|^2)``.

    The start must not be a known solution itself. Not finding another one proves nothing. When not to use it:
    to follow a branch (use `follow`), or for one equation in an interval (scan it with
    ``Bracket(points=...)``).

    Parameters
    ----------
    solver : Solver
    known : sequence of array (k,) or (B, k), or of Solution
        In free coordinates.

    References
    ----------
    P. E. Farrell, A. Birkisson and S. W. Funke, SIAM J. Sci. Comput. 37, A2026 (2015).

    Examples
    --------
    >>> from saddlepoint import Deflated, Newton
    >>> Deflated(Newton(), known=[[0.0]]).solver.name
    'newton'
    """

    name: ClassVar[str] = "deflated"
    solver: Solver = Newton()
    known: Sequence[np.ndarray | Solution] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.solver, Solver):
            raise TypeError(f"solver must be a solver, got {self.solver!r}")
        if not len(self.known):
            raise ValueError("known must hold at least one solution to stay away from")
        points = tuple(
            np.asarray(one.point if isinstance(one, Solution) else one, dtype=float) for one in self.known
        )
        object.__setattr__(self, "known", points)

    def take(self, index: np.ndarray) -> Deflated:
        return Deflated(self.solver.take(index), [one[index] if one.ndim == 2 else one for one in self.known])

    def run(self, problem: Problem, free: np.ndarray, tolerance: Tolerance, trace: bool = False) -> Outcome:
        known = np.stack([np.broadcast_to(one, free.shape) for one in self.known])
        outcome = self.solver.run(_DeflatedProblem(problem, known), free, tolerance, trace)
        outcome.names = tuple(f"deflated {name}" for name in outcome.names)
        return outcome
