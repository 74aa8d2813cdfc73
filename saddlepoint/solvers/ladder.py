"""Several solvers tried in turn, each on the rows that the earlier ones left unsolved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from saddlepoint._iterate import Outcome, Solver
from saddlepoint._kernels import CONVERGED
from saddlepoint.problem import Problem
from saddlepoint.solution import Solution, Tolerance


@dataclass(frozen=True, init=False, repr=False)
class Ladder(Solver):
    """``Ladder(first, second, ...)``: the next rung gets the rows that failed, until no row or rung is left.

    Parameters
    ----------
    *rungs : Solver
    restart : bool
        True: every rung starts from the given start. False (default): from the point of smallest residual so
        far.

    Examples
    --------
    >>> from saddlepoint import Ladder, Newton, Picard
    >>> Ladder(Newton(), Picard(0.5)).promote("picard").rungs[0].name
    'picard'
    """

    name: ClassVar[str] = "ladder"
    rungs: tuple[Solver, ...]
    restart: bool

    def __init__(self, *rungs: Solver, restart: bool = False) -> None:
        if not rungs:
            raise ValueError("a Ladder needs at least one solver")
        for rung in rungs:
            if not isinstance(rung, Solver):
                raise ValueError(f"the rungs of a Ladder must be solvers, got {rung!r}")
        object.__setattr__(self, "rungs", rungs)
        object.__setattr__(self, "restart", bool(restart))

    def __repr__(self) -> str:
        return f"Ladder({', '.join(map(repr, self.rungs))}{', restart=True' if self.restart else ''})"

    def promote(self, worked: Solution | str) -> Ladder:
        """The ladder with the rung first that worked (most often) in a solution: to use next in a sweep."""
        if isinstance(worked, Solution):
            used = Counter(worked.solver[worked.converged].tolist())
            if not used:
                return self
            worked = used.most_common(1)[0][0]
        names = [rung.name for rung in self.rungs]
        if worked not in names:
            raise ValueError(f"no rung is named {worked!r}; the rungs are {', '.join(names)}")
        at = names.index(worked)
        return Ladder(self.rungs[at], *self.rungs[:at], *self.rungs[at + 1 :], restart=self.restart)

    def take(self, index: np.ndarray) -> Ladder:
        return Ladder(*(rung.take(index) for rung in self.rungs), restart=self.restart)

    def run(self, problem: Problem, free: np.ndarray, tolerance: Tolerance, trace: bool = False) -> Outcome:
        total = self.rungs[0].run(problem, free, tolerance, trace)
        for number, rung in enumerate(self.rungs[1:], start=1):
            rows = np.flatnonzero(total.code != CONVERGED)
            if not rows.size:
                break
            start = free[rows] if self.restart else total.point[rows]
            part = rung.take(rows).run(problem.take(rows), start, tolerance, trace)
            _merge(total, part, rows, number)
        total.names = tuple(rung.name for rung in self.rungs)
        return total


def _merge(total: Outcome, part: Outcome, rows: np.ndarray, number: int) -> None:
    """Put the answers of a rung into those of the ladder; a rung that failed too leaves the better point."""
    total.steps[rows] += part.steps
    total.evaluations += part.evaluations
    solved = part.code == CONVERGED
    better = solved | ~(part.residual >= total.residual[rows]) & np.isfinite(part.residual)
    total.point[rows[better]], total.residual[rows[better]] = part.point[better], part.residual[better]
    # the last rung's word counts: its code is the reason why nothing is left to try
    total.code[rows], total.rung[rows] = part.code, number
    for at, row in enumerate(rows):
        total.remarks.pop(int(row), None)
        if at in part.remarks:
            total.remarks[int(row)] = part.remarks[at]
    if total.trace is not None and part.trace is not None:
        total.trace.extend((rows[where], point, norm) for where, point, norm in part.trace)
