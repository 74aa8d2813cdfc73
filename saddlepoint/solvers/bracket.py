"""A bracketed root of one equation in one variable, all rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from saddlepoint._iterate import Solver, State
from saddlepoint._jit import patient_kernel
from saddlepoint._kernels import FEW, NO_SOLUTION, NOT_FINITE, RUNNING, STALLED
from saddlepoint.problem import Problem
from saddlepoint.solvers._settings import whole

LARGE = 1e300


@patient_kernel(FEW)
def _chandrupatla(x1, f1, x2, f2, x3, f3, trial, value, code):  # type: ignore[no-untyped-def]
    """Take in the residual ``value`` (B, 1) at ``trial`` (B, 1), and choose the next trial.

    On return x1 is the latest point, [x1, x2] encloses the root, x3 is the point before; the next trial is
    ``x1 + t (x2 - x1)`` with t from inverse quadratic interpolation or 1/2, by the criterion of [1]_.
    """
    for b in range(len(x1)):
        xt, ft = trial[b, 0], value[b, 0]
        if code[b] != RUNNING:
            continue
        if np.isnan(ft):
            code[b] = NOT_FINITE
            continue
        if (ft > 0.0) == (f1[b] > 0.0):
            x3[b], f3[b] = x1[b], f1[b]
        else:
            x3[b], f3[b] = x2[b], f2[b]
            x2[b], f2[b] = x1[b], f1[b]
        x1[b], f1[b] = xt, ft
        xi = (x1[b] - x2[b]) / (x3[b] - x2[b])
        phi = (f1[b] - f2[b]) / (f3[b] - f2[b])
        t = 0.5
        if phi * phi < xi and (1.0 - phi) * (1.0 - phi) < 1.0 - xi:
            t = f1[b] / (f2[b] - f1[b]) * f3[b] / (f2[b] - f3[b])
            t += (x3[b] - x1[b]) / (x2[b] - x1[b]) * f1[b] / (f3[b] - f1[b]) * f2[b] / (f3[b] - f2[b])
        width = abs(x2[b] - x1[b])
        nearest = 4.5e-16 * min(abs(x1[b]), abs(x2[b])) + 1e-300
        if width <= 2.0 * nearest:
            code[b] = STALLED
        edge = min(0.5, nearest / width)
        if not np.isfinite(t):
            t = 0.5
        trial[b, 0] = x1[b] + min(max(t, edge), 1.0 - edge) * (x2[b] - x1[b])


@patient_kernel(FEW)
def _better_end(x1, f1, x2, f2, free, residual):  # type: ignore[no-untyped-def]
    """The end with the smaller residual as present point; an infinite one becomes a large number."""
    for b in range(len(x1)):
        first = abs(f1[b]) <= abs(f2[b]) or np.isnan(f2[b])
        free[b, 0] = x1[b] if first else x2[b]
        residual[b, 0] = min(max(f1[b] if first else f2[b], -LARGE), LARGE)


class _BracketState(State):
    rows: ClassVar[tuple[str, ...]] = (
        "free",
        "residual",
        "x1",
        "f1",
        "x2",
        "f2",
        "x3",
        "f3",
        "trial",
        "given_up",
        "ends",
    )
    __slots__ = ("ends", "f1", "f2", "f3", "given_up", "trial", "x1", "x2", "x3")

    def __init__(self, ends: np.ndarray, given_up: np.ndarray, evaluations: int) -> None:
        super().__init__(np.empty((len(ends), 1)), np.empty((len(ends), 1)), evaluations)
        self.ends, self.given_up = ends, given_up
        self.x1, self.x2, self.f1, self.f2 = np.ascontiguousarray(ends.T)
        self.x3, self.f3 = self.x2.copy(), self.f2.copy()
        self.trial = 0.5 * (self.x1 + self.x2)[:, None]
        self.show()

    def show(self) -> None:
        """Put the better end forward."""
        _better_end(self.x1, self.f1, self.x2, self.f2, self.free, self.residual)
        self.code = self.given_up


@dataclass(frozen=True, eq=False)
class Bracket(Solver):
    """The root of a single equation between two free coordinates where the residual has different signs.

    Chandrupatla's method: inverse quadratic steps where they are safe, bisection elsewhere; every step keeps
    the root enclosed. The starting point is not used. A row without change of sign ends as NO_SOLUTION, and
    its sentence gives the residual at both ends; a change of sign without a zero (a jump, a pole) ends as
    STALLED. When not to use it: more than one variable; several roots in the bracket of which a certain one
    is wanted.

    Parameters
    ----------
    low, high : float or array (B,)
        Ends of the bracket, in free coordinates (logarithms for positive variables).
    points : int
        The bracket is first scanned at that many equally spaced points, and the lowest change of sign is
        taken; points where the residual is NaN are passed over. 2 looks at the ends alone.
    steps : int

    References
    ----------
    .. [1] T. R. Chandrupatla, Adv. Eng. Software 28, 145 (1997).

    Examples
    --------
    >>> from saddlepoint import Bracket
    >>> Bracket(low=-5.0, high=5.0).points
    2
    """

    name: ClassVar[str] = "bracket"
    low: float | np.ndarray
    high: float | np.ndarray
    points: int = 2
    steps: int = 150

    def __post_init__(self) -> None:
        finite = np.all(np.isfinite(self.low)) and np.all(np.isfinite(self.high))
        if not (finite and np.all(np.less(self.low, self.high))):
            raise ValueError(f"a bracket needs finite ends with low < high, got {self.low} and {self.high}")
        whole("points", self.points, low=2)
        whole("steps", self.steps)

    @property
    def patience(self) -> int:
        """The bracket shrinks at every step, the residual need not."""
        return self.steps

    def take(self, index: np.ndarray) -> Bracket:
        if np.ndim(self.low) == 0 and np.ndim(self.high) == 0:
            return self
        low, high = np.broadcast_arrays(self.low, self.high)
        return Bracket(low[index], high[index], self.points, self.steps)

    def begin(self, problem: Problem, free: np.ndarray) -> _BracketState:
        size, k = free.shape
        if k != 1:
            raise ValueError(f"Bracket solves one equation in one variable, got {k} variables")
        part = (np.arange(self.points) / (self.points - 1))[:, None]
        low = np.broadcast_to(np.asarray(self.low, dtype=float), (size,))
        high = np.broadcast_to(np.asarray(self.high, dtype=float), (size,))
        x = (1.0 - part) * low + part * high
        many = problem.take(np.tile(np.arange(size), self.points))
        f = many.residual(x.reshape(-1, 1)).reshape(self.points, size)
        lower, upper = np.empty((2, size), dtype=np.int64)
        code = np.empty(size, dtype=np.int8)
        _scan(f, lower, upper, code)
        rows = np.arange(size)
        ends = np.stack([x[lower, rows], x[upper, rows], f[lower, rows], f[upper, rows]], axis=1)
        return _BracketState(ends, code, size * self.points)

    def advance(self, problem: Problem, state: _BracketState) -> _BracketState:
        value = problem.residual(state.trial)
        state.evaluations += len(value)
        _chandrupatla(
            state.x1, state.f1, state.x2, state.f2, state.x3, state.f3, state.trial, value, state.given_up
        )
        state.show()
        return state

    def remark(self, state: _BracketState, row: int) -> str:
        if state.given_up[row] == STALLED:
            return f"the residual jumps across zero at {float(state.x1[row]):.15g}: a discontinuity or a pole"
        low, high, f_low, f_high = (float(v) for v in state.ends[row])
        return f"residual {f_low:+.6g} at {low:.6g} and {f_high:+.6g} at {high:.6g}, in free coordinates"


@patient_kernel(FEW)
def _scan(f, lower, upper, code):  # type: ignore[no-untyped-def]
    """Per column of ``f`` (points, B) the neighbours between which the sign first changes, passing over NaN.

    A column without change gives NO_SOLUTION, or NOT_FINITE where a NaN may have hidden it; its ends stay.
    """
    points, size = f.shape
    for b in range(size):
        lower[b], upper[b], code[b] = 0, points - 1, NO_SOLUTION
        last = -1
        for i in range(points):
            if np.isnan(f[i, b]):
                code[b] = NOT_FINITE
                continue
            if last >= 0 and np.sign(f[last, b]) * np.sign(f[i, b]) <= 0.0:
                lower[b], upper[b], code[b] = last, i, RUNNING
                break
            last = i
