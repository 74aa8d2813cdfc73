"""What a solve ends in: the status of each row, the solution, the error that carries it; no solving here."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from saddlepoint.problem import Problem


class Status(enum.Enum):
    """How one row of a solve ended.

    Attributes
    ----------
    sentence : str
        Begins with ``converged`` or ``not converged:``; says the cause and what to try.
    code : int
        Small integer used inside the loop.
    converged : bool
    """

    CONVERGED = 0, "", ""
    STEPS_SPENT = 1, "the steps ran out while the residual still fell", "allow more steps or start closer"
    STALLED = 2, "the residual stopped falling", "try another solver or start, or a looser tolerance"
    DIVERGED = 3, "the point ran away to infinity", "damp the map, start closer, or there is no solution"
    LEFT_DOMAIN = 4, "a variable reached the edge of its domain", "start closer, or that is the solution"
    NOT_FINITE = 5, "the equations gave no finite number at the point", "start where they are defined"
    SINGULAR = 6, "the Jacobian is singular, as at a fold", "move the parameter or continue by arclength"
    INTEGRAL_UNSURE = 7, "finer integrals move the solution too far", "tell the quadrature of every feature"
    NO_SOLUTION = 8, "the residual has one sign at both ends of the bracket", "widen or move the bracket"

    def __init__(self, code: int, cause: str, remedy: str) -> None:
        self.code = code
        self.sentence = f"not converged: {cause}; {remedy}" if code else "converged"
        self.converged = code == 0

    def __str__(self) -> str:
        return self.sentence


_TABLE = np.array(list(Status), dtype=object)


def statuses(codes: np.ndarray) -> np.ndarray:
    """Array of `Status` from an array of their codes."""
    return _TABLE[codes]


@dataclass(frozen=True)
class Tolerance:
    r"""When a row counts as solved: ``|residual_i| <= max(absolute + relative |x_i|, noise_i)`` for every i.

    The residual is undamped and in free coordinates; where these are logarithms, ``absolute`` is relative in
    the value. ``noise`` is the rounding floor that the problem declares.
    """

    absolute: float = 1e-12
    relative: float = 0.0

    def __post_init__(self) -> None:
        for name in ("absolute", "relative"):
            value = getattr(self, name)
            if not 0.0 <= value < 1.0:
                raise ValueError(f"the {name} tolerance must be in [0, 1), got {value}")


@dataclass(frozen=True, eq=False)
class Solution:
    """The answer to a batch of B systems; a row that failed keeps the point of its smallest residual.

    Attributes
    ----------
    problem : Problem
    point : ndarray (B, k)
        In free coordinates; `values` in those of the variables.
    codes : ndarray (B,) of int8
        See `status`.
    residual : ndarray (B,)
        Largest undamped residual at the point, on the finest integrals used.
    error : ndarray (B, k)
        Estimated error of the point in free coordinates: the Newton step that is left, plus the rounding
        floor carried through the inverse Jacobian. An estimate, not a bound; NaN where not converged or not
        checked.
    steps : ndarray (B,) of int
    evaluations : int
        Residuals of single rows computed (a Jacobian by differences counts k more).
    trace : tuple of (rows, free, residual norms), or None
        One entry per step where it was asked for.
    """

    problem: Problem
    point: np.ndarray
    codes: np.ndarray
    residual: np.ndarray
    error: np.ndarray
    steps: np.ndarray
    evaluations: int
    rungs: np.ndarray = field(repr=False)
    rung_names: tuple[str, ...] = field(repr=False)
    remarks: dict[int, str] = field(default_factory=dict, repr=False)
    trace: tuple[Any, ...] | None = field(default=None, repr=False)

    @property
    def status(self) -> np.ndarray:
        """`Status` of each row, (B,) of objects."""
        return statuses(self.codes)

    @property
    def converged(self) -> np.ndarray:
        """Whether each row converged, (B,) of bool."""
        return self.codes == 0

    @property
    def solver(self) -> np.ndarray:
        """Name of the solver that gave each row its answer, (B,) of str."""
        return np.array(self.rung_names, dtype=str)[self.rungs]

    @property
    def values(self) -> dict[str, np.ndarray]:
        """Values of the variables by name, each (B,)."""
        return self.problem.variables.values(self.point)

    def __getitem__(self, name: str) -> np.ndarray:
        """A variable, or a quantity that the problem describes, (B,)."""
        variables = self.problem.variables
        if name in variables.names:
            return self.values[name]
        described = self.problem.describe(self.point)
        if name not in described:
            variables.index(name)
        return described[name]

    def sentence(self, row: int = 0) -> str:
        """The status sentence of a row with what is known of its cause."""
        status: Status = _TABLE[self.codes[row]]
        remark = self.remarks.get(row, "")
        if status is Status.LEFT_DOMAIN and not remark:
            variables = self.problem.variables
            free = self.point[row]
            names = [
                name
                for i, name in enumerate(variables.names)
                if not variables.low[i] / 2 < free[i] < variables.high[i] / 2
            ]
            remark = f"at the edge: {', '.join(names)}" if names else ""
        return f"{status.sentence} ({remark})" if remark else status.sentence

    def __len__(self) -> int:
        return len(self.codes)


class SolveFailed(Exception):
    """Raised by `solve` when a row did not converge; ``solution`` holds all rows, the solved ones too."""

    solution: Any

    def __init__(self, solution: Solution) -> None:
        self.solution = solution
        failed = np.flatnonzero(~solution.converged)
        row = int(failed[0])
        where = ", ".join(f"{name} = {float(value[row]):.6g}" for name, value in solution.values.items())
        rows = "" if len(solution) == 1 else f"{failed.size} of {len(solution)} rows; row {row}: "
        super().__init__(
            f"{rows}{solution.sentence(row)} [residual {float(solution.residual[row]):.3g} at {where}]"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return SolveFailed, (self.solution,)
