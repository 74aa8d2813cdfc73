"""Anderson acceleration of the fixed-point map, all rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from saddlepoint._iterate import Solver, State
from saddlepoint._jit import patient_kernel
from saddlepoint._kernels import FEW, row_norms
from saddlepoint.problem import Problem
from saddlepoint.solvers._settings import between, whole

#: a step that multiplies the best residual by more than this is undone and the history forgotten
GROWTH = 4.0


@patient_kernel(FEW)
def _mix(free, residual, points, residuals, filled, damping, regularisation, new):  # type: ignore[no-untyped-def]
    """Next points from the histories (B, memory, k) of differences, newest first.

    ``new = x + d r - (dX + d dR) gamma`` with gamma minimising ``|r - dR gamma|``, by Gram-Schmidt from the
    newest column on; a column is left out when what is orthogonal to the newer ones is below
    ``regularisation`` of its length. A step against the residual is replaced by the plain one.
    """
    size, k = free.shape
    memory = points.shape[1]
    basis, carried, rest = np.empty((memory, k)), np.empty((memory, k)), np.empty(k)
    for b in range(size):
        used = 0
        for h in range(min(filled[b], memory)):
            length, left = 0.0, 0.0
            for i in range(k):
                basis[used, i] = residuals[b, h, i]
                carried[used, i] = points[b, h, i]
                length += residuals[b, h, i] ** 2
            for u in range(used):
                overlap = 0.0
                for i in range(k):
                    overlap += basis[u, i] * basis[used, i]
                for i in range(k):
                    basis[used, i] -= overlap * basis[u, i]
                    carried[used, i] -= overlap * carried[u, i]
            for i in range(k):
                left += basis[used, i] ** 2
            if left > 0.0 and left > regularisation**2 * length and used < k:
                scale = 1.0 / np.sqrt(left)
                for i in range(k):
                    basis[used, i] *= scale
                    carried[used, i] *= scale
                used += 1
        for i in range(k):
            rest[i] = residual[b, i]
            new[b, i] = free[b, i]
        for u in range(used):
            overlap = 0.0
            for i in range(k):
                overlap += basis[u, i] * rest[i]
            for i in range(k):
                rest[i] -= overlap * basis[u, i]
                new[b, i] -= overlap * carried[u, i]
        along = 0.0
        for i in range(k):
            new[b, i] += damping[b] * rest[i]
            along += (new[b, i] - free[b, i]) * residual[b, i]
        if not along > 0.0:
            for i in range(k):
                new[b, i] = free[b, i] + damping[b] * residual[b, i]


@patient_kernel(FEW)
def _digest(  # type: ignore[no-untyped-def]
    new, new_residual, free, residual, points, residuals, filled, damping, best, best_free, best_residual
):
    """Take in the step to ``new``: histories, best point, and the way back where the residual has grown.

    ``free`` and ``residual`` become the present point.
    """
    size, k = free.shape
    memory = points.shape[1]
    for b in range(size):
        norm = 0.0
        for i in range(k):
            value = abs(new_residual[b, i])
            norm = max(norm, value) if np.isfinite(value) else np.inf
            for h in range(memory - 1, 0, -1):
                points[b, h, i] = points[b, h - 1, i]
                residuals[b, h, i] = residuals[b, h - 1, i]
            points[b, 0, i] = new[b, i] - free[b, i]
            residuals[b, 0, i] = new_residual[b, i] - residual[b, i]
        filled[b] += 1
        # without a finite point to return to, the row is left as it is and judged
        back = not norm <= GROWTH * best[b] and np.isfinite(best[b])
        if back:
            filled[b] = 0
            damping[b] *= 0.5
        for i in range(k):
            free[b, i] = best_free[b, i] if back else new[b, i]
            residual[b, i] = best_residual[b, i] if back else new_residual[b, i]
            if norm < best[b]:
                best_free[b, i], best_residual[b, i] = new[b, i], new_residual[b, i]
        best[b] = min(best[b], norm)


class _AndersonState(State):
    rows: ClassVar[tuple[str, ...]] = (
        "free",
        "residual",
        "points",
        "residuals",
        "filled",
        "damping",
        "best",
        "best_free",
        "best_residual",
    )
    __slots__ = ("best", "best_free", "best_residual", "damping", "filled", "points", "residuals")

    def __init__(self, free: np.ndarray, residual: np.ndarray, memory: int, damping: float) -> None:
        size, k = free.shape
        # copies, for they are written to
        super().__init__(free.copy(), residual.copy(), size)
        self.points, self.residuals = np.zeros((2, size, memory, k))
        self.filled = np.zeros(size, dtype=np.int64)
        self.damping = np.full(size, damping)
        self.best = np.empty(size)
        row_norms(residual, self.best)
        self.best_free, self.best_residual = free.copy(), residual.copy()


@dataclass(frozen=True)
class Anderson(Solver):
    r"""Damped iteration, accelerated by the least-squares combination of the last ``memory`` steps.

    For one variable this is the secant method. When a residual grows to four times the best one, the row goes
    back to its best point, forgets its history and halves its damping; a combination that would step against
    the residual gives way to the plain step, which keeps it on solutions that the damped map finds stable.
    When not to use it: on unstable solutions (`Newton`), or a map that is not smooth.

    Parameters
    ----------
    memory : int
        Differences kept; more than k are never combined.
    damping : float in (0, 1]
    steps, patience : int
        A row stalls when its residual has not fallen by a tenth in ``patience`` steps.
    regularisation : float
        A difference is left out when less than this part of it is independent of newer ones.

    References
    ----------
    D. G. Anderson, J. ACM 12, 547 (1965); H. F. Walker and P. Ni, SIAM J. Numer. Anal. 49, 1715 (2011).

    Examples
    --------
    >>> from saddlepoint import Anderson
    >>> Anderson(memory=3).damping
    1.0
    """

    name: ClassVar[str] = "anderson"
    memory: int = 5
    damping: float = 1.0
    regularisation: float = 1e-8
    steps: int = 200
    patience: int = 40

    def __post_init__(self) -> None:
        whole("memory", self.memory)
        between("damping", self.damping, 0.0, 1.0)
        between("regularisation", self.regularisation, 0.0, 1.0)
        whole("steps", self.steps)
        whole("patience", self.patience)

    def begin(self, problem: Problem, free: np.ndarray) -> _AndersonState:
        return _AndersonState(free, problem.residual(free), self.memory, self.damping)

    def advance(self, problem: Problem, state: _AndersonState) -> _AndersonState:
        new = np.empty_like(state.free)
        _mix(
            state.free,
            state.residual,
            state.points,
            state.residuals,
            state.filled,
            state.damping,
            self.regularisation,
            new,
        )
        residual = problem.residual(new)
        state.evaluations += len(new)
        _digest(
            new,
            residual,
            state.free,
            state.residual,
            state.points,
            state.residuals,
            state.filled,
            state.damping,
            state.best,
            state.best_free,
            state.best_residual,
        )
        return state
