"""The one loop: it judges each step of a solver and drops the rows that finished; how to step is not here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from saddlepoint._kernels import CONVERGED, RUNNING, STEPS_SPENT, judge
from saddlepoint.problem import Problem
from saddlepoint.solution import Tolerance


class State:
    """Progress of a solver on the rows still running; subclasses add row-wise arrays to ``rows``.

    ``free`` and ``residual`` (B, k) are the present point. ``code`` (B,) is None, or holds a code other than
    RUNNING where the solver gives up on a row.
    """

    rows: ClassVar[tuple[str, ...]] = ("free", "residual")
    __slots__ = ("code", "evaluations", "free", "residual")

    def __init__(self, free: np.ndarray, residual: np.ndarray, evaluations: int) -> None:
        self.free = free
        self.residual = residual
        self.evaluations = evaluations
        self.code: np.ndarray | None = None

    def keep(self, index: np.ndarray) -> None:
        """Keep only the rows ``index``."""
        for name in self.rows:
            setattr(self, name, getattr(self, name)[index])
        self.code = None


class Outcome:
    """What `iterate` hands back: points, codes, residuals, steps and rungs, in the order of the problem."""

    __slots__ = ("code", "evaluations", "names", "point", "remarks", "residual", "rung", "steps", "trace")

    def __init__(self, point: np.ndarray, name: str, trace: bool) -> None:
        size = len(point)
        self.point = point
        self.code = np.empty(size, dtype=np.int8)
        self.residual = np.empty(size)
        self.residual.fill(np.nan)
        self.steps = np.zeros(size, dtype=np.int64)
        self.rung = np.zeros(size, dtype=np.int8)
        self.names: tuple[str, ...] = (name,)
        self.evaluations = 0
        self.remarks: dict[int, str] = {}
        self.trace: list[Any] | None = [] if trace else None


class Solver:
    """Base of the solvers: frozen settings with `begin` and `advance`; progress lives in a `State`.

    A new solver is one file with a frozen dataclass that sets ``name``, has the fields ``steps`` and
    ``patience``, and defines the two methods; the loop looks after budget, finiteness, domain and
    convergence.
    """

    name: ClassVar[str] = ""
    steps: int

    if TYPE_CHECKING:  # a field, or a property of a solver whose residual need not fall

        @property
        def patience(self) -> int: ...

    def begin(self, problem: Problem, free: np.ndarray) -> Any:
        """State at the starting point."""
        raise TypeError(f"{type(self).__name__} must define begin")

    def advance(self, problem: Problem, state: Any) -> Any:
        """State after one step on every row."""
        raise TypeError(f"{type(self).__name__} must define advance")

    def remark(self, state: Any, row: int) -> str:
        """What the solver knows about a row on which it gave up."""
        return ""

    def take(self, index: np.ndarray) -> Solver:
        """The solver for the rows ``index`` (itself unless settings are per row)."""
        return self

    def run(self, problem: Problem, free: np.ndarray, tolerance: Tolerance, trace: bool = False) -> Outcome:
        """Solve a batch from ``free`` (B, k)."""
        return iterate(self, problem, free, tolerance, trace)


_NO_NOISE = np.empty((0, 0))
_NEAR = 1e-3  # a residual above it is no matter of what the equations are made of


def noise_of(problem: Problem, free: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """The floor of a residual, with what it goes astray by near a solution; (0, 0) for the default floor, which the
    kernels compute themselves.
    """
    noise = _NO_NOISE if type(problem).noise is Problem.noise else problem.noise(free)
    near = np.flatnonzero(np.abs(residual).max(axis=1, initial=0.0) < _NEAR)
    if not (near.size and problem.astray()):
        return noise
    noise = noise if noise.size else problem.noise(free)
    for other in problem.take(near).astray():
        noise[near] += np.nan_to_num(np.abs(other.residual(free[near]) - residual[near]))
    return noise


class _Ledger:
    """Row-wise memory of the loop: the best point so far and since when it has not improved."""

    __slots__ = ("best", "best_free", "code", "mark", "norm", "rows", "since")

    def __init__(self, size: int, k: int) -> None:
        self.norm, self.best, self.mark = np.empty((3, size))
        self.best.fill(np.inf)
        self.mark.fill(np.inf)
        self.since = np.zeros(size, dtype=np.int64)
        self.best_free = np.empty((size, k))
        self.code = np.empty(size, dtype=np.int8)
        self.code.fill(RUNNING)
        self.rows: np.ndarray | None = None  # None: all rows of the problem, in order

    def judge(self, problem: Problem, state: State, tolerance: Tolerance, patience: int) -> int:
        """Give every row its code, and return how many finished."""
        if state.code is not None:
            self.code[:] = state.code
        variables = problem.variables
        noise = noise_of(problem, state.free, state.residual)
        memory = self.norm, self.best, self.mark, self.since, self.best_free, self.code
        limits = variables.low, variables.high, variables.bounded
        allowed = tolerance.absolute, tolerance.relative, patience
        return judge(state.free, state.residual, noise, *limits, *allowed, *memory)

    def keep(self, index: np.ndarray) -> None:
        self.rows = index if self.rows is None else self.rows[index]
        for name in ("norm", "best", "mark", "since", "best_free", "code"):
            setattr(self, name, getattr(self, name)[index])


def iterate(
    solver: Solver, problem: Problem, free: np.ndarray, tolerance: Tolerance, trace: bool = False
) -> Outcome:
    """Run ``solver`` until each row has a code; a failed row ends at its smallest residual."""
    outcome = Outcome(free.copy(), solver.name, trace)
    ledger = _Ledger(*free.shape)
    state = solver.begin(problem, free)
    if state.residual.shape != free.shape:
        name = type(problem).__name__
        raise ValueError(f"the residual of {name} must have shape {free.shape}, got {state.residual.shape}")
    for step in range(solver.steps + 1):
        finished = ledger.judge(problem, state, tolerance, solver.patience)
        if outcome.trace is not None:
            rows = np.arange(len(free)) if ledger.rows is None else ledger.rows
            outcome.trace.append((rows, state.free.copy(), ledger.norm.copy()))
        if step == solver.steps:
            ledger.code[ledger.code == RUNNING] = STEPS_SPENT
            finished = len(ledger.code)
        if finished:
            _record(outcome, solver, state, ledger, step)
            if finished == len(ledger.code):
                break
            keep = np.flatnonzero(ledger.code == RUNNING)
            problem, solver = problem.take(keep), solver.take(keep)
            state.keep(keep)
            ledger.keep(keep)
        state = solver.advance(problem, state)
    outcome.evaluations = state.evaluations
    return outcome


def _record(outcome: Outcome, solver: Solver, state: State, ledger: _Ledger, step: int) -> None:
    """Write the rows that finished at this step."""
    if ledger.rows is None and not ledger.code.any():
        # all rows converged at once: nothing to sort out
        outcome.code, outcome.point, outcome.residual = ledger.code, ledger.best_free, ledger.best
        outcome.steps.fill(step)
        return
    done = np.flatnonzero(ledger.code != RUNNING)
    rows = done if ledger.rows is None else ledger.rows[done]
    code = ledger.code[done]
    outcome.code[rows], outcome.steps[rows] = code, step
    seen = np.isfinite(ledger.best[done])
    outcome.point[rows[seen]] = ledger.best_free[done[seen]]
    outcome.residual[rows[seen]] = ledger.best[done[seen]]
    for at, row, end in zip(done, rows, code, strict=True):
        if end != CONVERGED and (remark := solver.remark(state, int(at))):
            outcome.remarks[int(row)] = remark
