"""A bracketed root of one equation in one variable, all rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from saddlepoint._iterate import Solver, State
from saddlepoint._jit import array_kernel
from saddlepoint._kernels import NO_SOLUTION, NOT_FINITE, RUNNING, STALLED
from saddlepoint.problem import Problem
from saddlepoint.solvers._settings import whole

_LARGE = 1e300


@array_kernel
def _chandrupatla(x1, f1, x2, f2, x3, f3, xt, ft, t, code):
    """One step of Chandrupatla's method: take in the trial (xt, ft), and choose the next one as ``x1 + t (x2 - x1)``.

    On return x1 is the latest point, [x1, x2] encloses the root, x3 is the point before. Numbers as in [1]_, eq. (9).
    """
    for b in range(len(x1)):
        if code[b] != RUNNING:
            continue
        if np.isnan(ft[b]):
            code[b] = NOT_FINITE
            continue
        if (ft[b] > 0.0) == (f1[b] > 0.0):
            x3[b], f3[b] = x1[b], f1[b]
        else:
            x3[b], f3[b] = x2[b], f2[b]
            x2[b], f2[b] = x1[b], f1[b]
        x1[b], f1[b] = xt[b], ft[b]
        xi = (x1[b] - x2[b]) / (x3[b] - x2[b])
        phi = (f1[b] - f2[b]) / (f3[b] - f2[b])
        if phi * phi < xi and (1.0 - phi) * (1.0 - phi) < 1.0 - xi:
            t[b] = f1[b] / (f2[b] - f1[b]) * f3[b] / (f2[b] - f3[b]) + (x3[b] - x1[b]) / (x2[b] - x1[b]) * f1[
                b
            ] / (f3[b] - f1[b]) * f2[b] / (f3[b] - f2[b])
        else:
            t[b] = 0.5
        best = x1[b] if abs(f1[b]) < abs(f2[b]) else x2[b]
        width = abs(x2[b] - x1[b])
        nearest = 4.5e-16 * abs(best) + 1e-300
        if width <= 2.0 * nearest:
            code[b] = STALLED
        edge = min(0.5, nearest / width)
        if not (edge <= t[b] <= 1.0 - edge):
            t[b] = edge if t[b] < 0.5 else 1.0 - edge
        if not np.isfinite(t[b]):
            t[b] = 0.5


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
        "t",
        "given_up",
        "ends",
    )
    __slots__ = ("ends", "f1", "f2", "f3", "given_up", "t", "x1", "x2", "x3")

    def __init__(
        self, low: np.ndarray, high: np.ndarray, f_low: np.ndarray, f_high: np.ndarray, evaluations: int
    ) -> None:
        self.x1, self.x2, self.f1, self.f2 = low.copy(), high.copy(), f_low.copy(), f_high.copy()
        self.x3, self.f3 = self.x2.copy(), self.f2.copy()
        self.t = np.full(len(low), 0.5)
        self.ends = np.stack([low, high, f_low, f_high], axis=1)
        self.given_up = np.full(len(low), RUNNING, dtype=np.int8)
        super().__init__(np.empty((len(low), 1)), np.empty((len(low), 1)), evaluations)
        self.show()

    def show(self) -> None:
        """Put the better end forward as the present point; an infinite residual keeps its sign as a large number."""
        first = (np.abs(self.f1) <= np.abs(self.f2)) | np.isnan(self.f2)
        self.free = np.where(first, self.x1, self.x2)[:, None]
        self.residual = np.clip(np.where(first, self.f1, self.f2), -_LARGE, _LARGE)[:, None]
        self.code = self.given_up.copy()


@dataclass(frozen=True, eq=False)
class Bracket(Solver):
    """The root of a single equation between two free coordinates where the residual has different signs.

    Chandrupatla's method: inverse quadratic steps where they are safe, bisection elsewhere; every step keeps the root
    enclosed. The starting point is not used. A row without change of sign ends as NO_SOLUTION, and its sentence gives
    the residual at both ends; a change of sign without a zero (a jump, a pole) ends as STALLED. When not to use it: more
    than one variable; several roots in the bracket of which a certain one is wanted.

    Parameters
    ----------
    low, high : float or array (B,)
        Ends of the bracket, in free coordinates (logarithms for positive variables).
    points : int
        The bracket is first scanned at that many equally spaced points, and the lowest change of sign is taken; points
        where the residual is NaN are passed over. 2 looks at the ends alone.
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
        if not (
            np.all(np.isfinite(self.low))
            and np.all(np.isfinite(self.high))
            and np.all(np.less(self.low, self.high))
        ):
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
        part = np.linspace(0.0, 1.0, self.points)[:, None]
        low = np.broadcast_to(np.asarray(self.low, dtype=float), (size,))
        high = np.broadcast_to(np.asarray(self.high, dtype=float), (size,))
        x = low + part * (high - low)
        x[-1] = high
        f = (
            problem.take(np.tile(np.arange(size), self.points))
            .residual(x.reshape(-1, 1))
            .reshape(self.points, size)
        )
        lower, upper, code = _first_change(f)
        rows = np.arange(size)
        state = _BracketState(
            x[lower, rows], x[upper, rows], f[lower, rows], f[upper, rows], size * self.points
        )
        state.given_up = code
        state.show()
        return state

    def advance(self, problem: Problem, state: _BracketState) -> _BracketState:
        trial = state.x1 + state.t * (state.x2 - state.x1)
        value = problem.residual(trial[:, None])[:, 0]
        state.evaluations += len(trial)
        _chandrupatla(
            state.x1, state.f1, state.x2, state.f2, state.x3, state.f3, trial, value, state.t, state.given_up
        )
        state.show()
        return state

    def remark(self, state: _BracketState, row: int) -> str:
        low, high, f_low, f_high = (float(v) for v in state.ends[row])
        if state.given_up[row] == STALLED:
            return (
                f"the residual changes sign at {float(state.x1[row]):.15g} without a zero: a jump or a pole"
            )
        return (
            f"the residual is {f_low:+.6g} at {low:.6g} and {f_high:+.6g} at {high:.6g}, in free coordinates"
        )


def _first_change(f: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per column of ``f`` (points, B): neighbouring rows between which the sign changes first, and codes where none does."""
    points, size = f.shape
    lower, upper = np.zeros(size, dtype=np.int64), np.full(size, points - 1)
    code = np.full(size, NO_SOLUTION, dtype=np.int8)
    last = np.full(size, -1)
    for i in range(points):
        good = ~np.isnan(f[i])
        found = good & (last >= 0) & (code == NO_SOLUTION)
        found &= np.sign(f[np.maximum(last, 0), np.arange(size)]) * np.sign(f[i]) <= 0
        lower[found], upper[found], code[found] = last[found], i, RUNNING
        last[good] = i
    code[(code == NO_SOLUTION) & np.isnan(f).any(axis=0)] = NOT_FINITE
    return lower, upper, code
