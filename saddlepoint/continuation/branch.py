"""Points of a followed solution, and the table they make; how to get from one to the next is elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from saddlepoint.problem import Problem
from saddlepoint.solution import Status


@dataclass(frozen=True)
class Event:
    """Something located on a branch.

    Attributes
    ----------
    name : str
    parameter : float
    bracket : (float, float)
        Parameters of the two points between which it was enclosed at the end.
    standing : str
        "converged", or "guess" where the location did not reach its tolerance.
    """

    name: str
    parameter: float
    bracket: tuple[float, float]
    standing: str


@dataclass(frozen=True, eq=False)
class Point:
    """One solution on a branch; where the solve failed, ``values`` are NaN and ``status`` says why.

    Attributes
    ----------
    parameter, parameter_error : float
    values : dict of float
    free, error : ndarray (k,)
        In free coordinates.
    status : Status
    residual : float
    steps : int
        Corrector steps.
    direction : ndarray (k + 1,)
        Of the branch, in (free coordinates, parameter); NaN where not known yet.
    next_step : float
        Length that the step control would try from here.
    problem : Problem
    event : Event or None
    stability : float
        What the function given to `follow` found, else NaN.
    """

    parameter: float
    parameter_error: float
    values: dict[str, float]
    free: np.ndarray
    error: np.ndarray
    status: Status
    residual: float
    steps: int
    direction: np.ndarray
    next_step: float
    problem: Problem = field(repr=False)
    event: Event | None = None
    stability: float = np.nan

    @property
    def converged(self) -> bool:
        return self.status.converged

    def __getitem__(self, name: str) -> float:
        """A variable, or a quantity that the problem describes."""
        if name in self.values:
            return self.values[name]
        described = self.problem.describe(self.free[None])
        if name not in described:
            self.problem.variables.index(name)
        return float(described[name][0]) if self.converged else np.nan


@dataclass
class Branch:
    """A table of points, with the settings that made it.

    Examples
    --------
    >>> from saddlepoint import Branch
    >>> len(Branch(along="alpha"))
    0
    """

    along: str
    points: list[Point] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Any:
        return iter(self.points)

    @property
    def events(self) -> list[Event]:
        """Located events, in the order of the branch."""
        return [point.event for point in self.points if point.event is not None]

    @property
    def last(self) -> Point:
        """The last solved point that is not an event: `follow` takes it as ``start`` to go on from there."""
        for point in reversed(self.points):
            if point.converged and point.event is None:
                return point
        raise ValueError(f"the branch along {self.along} has no solved point to go on from")

    def extend(self, points: Iterable[Point]) -> Branch:
        """Append points, as from `follow` resumed at `last`; returns itself."""
        self.points.extend(points)
        return self

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Columns by name: the parameter, every variable, ``status steps residual stability event``."""
        names = self.points[0].values if self.points else {}
        columns = {self.along: np.array([point.parameter for point in self.points], dtype=float)}
        columns |= {name: np.array([point.values[name] for point in self.points]) for name in names}
        columns["status"] = np.array([point.status.sentence for point in self.points], dtype=str)
        columns["steps"] = np.array([point.steps for point in self.points], dtype=np.int64)
        columns["residual"] = np.array([point.residual for point in self.points], dtype=float)
        columns["stability"] = np.array([point.stability for point in self.points], dtype=float)
        columns["event"] = np.array(
            [point.event.name if point.event else "" for point in self.points], dtype=str
        )
        return columns
