"""The walk along a branch: an iterator of points with step control and events; how to step is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from saddlepoint.continuation._solve import point_of
from saddlepoint.continuation.arclength import Arclength, at_parameter
from saddlepoint.continuation.branch import Branch, Point
from saddlepoint.continuation.events import Fold, ZeroOf, locate
from saddlepoint.continuation.natural import Natural
from saddlepoint.problem import Problem
from saddlepoint.solution import Status, Tolerance
from saddlepoint.solve import DEFAULT_TOLERANCE

_EASY, _HARD = 3, 6


class Follow:
    """An iterator of `Point`s, as `follow` returns it; ``settings`` are those of the walk."""

    def __init__(
        self,
        problem_at: Callable[[float], Problem],
        along: str,
        method: Natural | Arclength,
        events: Sequence[Fold | ZeroOf],
        stability: Callable[[Point], float] | None,
        tolerance: Tolerance,
        settings: dict[str, Any],
    ) -> None:
        self.problem_at, self.along, self.method, self.events = problem_at, along, method, tuple(events)
        self.stability, self.tolerance, self.settings = stability, tolerance, settings
        self._points = self._walk()

    def __iter__(self) -> Iterator[Point]:
        return self

    def __next__(self) -> Point:
        return next(self._points)

    def _walk(self) -> Iterator[Point]:
        settings = self.settings
        start, stop = settings["start"], settings["stop"]
        bounds = settings["bounds"]
        if isinstance(start, Point):
            point, left = start, settings["max_points"]
        else:
            guess = settings["guess"]
            problem = self.problem_at(float(start))
            free = problem.variables.free(guess, 1)[0] if isinstance(guess, Mapping) else guess
            point = point_of(problem, start, free, settings["solver"], self.tolerance)
            if point.converged:
                point = self.method.first(self.problem_at, replace(point, next_step=settings["step"]), stop)
            yield self._measured(point)
            left = settings["max_points"] - 1
        while left > 0 and point.converged:
            new = self._next(point)
            last = False
            if new.converged:
                new, last = self._landed(point, new, bounds)
                yield from self._located(point, new)
            yield self._measured(new)
            if last:
                return
            point, left = new, left - 1

    def _next(self, point: Point) -> Point:
        """The next point with its proposed step; a failed one when the shortest step fails."""
        settings = self.settings
        length = point.next_step
        while True:
            new = self.method.step(self.problem_at, point, length, settings["stop"], self.tolerance)
            if new is not None and new.converged:
                factor = 1.5 if new.steps <= _EASY else 0.6 if new.steps >= _HARD else 1.0
                # steps that were halved on the way do not grow back at once
                factor = min(factor, 1.0) if length < point.next_step else factor
                return replace(
                    new, next_step=float(np.clip(length * factor, settings["min_step"], settings["max_step"]))
                )
            if length <= settings["min_step"]:
                return self._failed(point, new)
            length = max(0.5 * length, settings["min_step"])

    def _failed(self, point: Point, new: Point | None) -> Point:
        """What the walk ends with where no step works."""
        if new is not None:
            return new
        nothing = {name: np.nan for name in point.values}
        return replace(
            point, values=nothing, status=Status.STALLED, event=None, error=np.full_like(point.error, np.nan)
        )

    def _landed(self, point: Point, new: Point, bounds: tuple[float, float]) -> tuple[Point, bool]:
        """The last step is cut where the parameter reaches the end of its interval."""
        if bounds[0] < new.parameter < bounds[1]:
            return new, False
        edge = min(bounds, key=lambda bound: abs(new.parameter - bound))
        if new.parameter == edge:
            return new, True
        cut = at_parameter(self.problem_at, point, new, edge, self.method.solver, self.tolerance)
        return (replace(cut, next_step=new.next_step) if cut.converged else new), True

    def _located(self, point: Point, new: Point) -> Iterator[Point]:
        """Points at the events of a step, in their order."""

        def between(part: float) -> Point:
            return self.method.between(self.problem_at, point, new, part, self.tolerance)

        found = [at for event in self.events if (at := locate(event, between, point, new)) is not None]
        for _, special in sorted(found, key=lambda at: at[0]):
            yield self._measured(replace(special, next_step=point.next_step))

    def _measured(self, point: Point) -> Point:
        if self.stability is None or not point.converged:
            return point
        return replace(point, stability=float(self.stability(point)))


def follow(
    problem_at: Callable[[float], Problem],
    along: str,
    start: float | Point,
    stop: float,
    step: float | None = None,
    *,
    guess: np.ndarray | Mapping[str, Any] | None = None,
    method: Natural | Arclength | None = None,
    events: Sequence[Fold | ZeroOf] = (),
    stability: Callable[[Point], float] | None = None,
    solver: Any = None,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    bounds: tuple[float, float] | None = None,
    min_step: float | None = None,
    max_step: float | None = None,
    max_points: int = 10_000,
) -> Follow:
    """Follow a solution while a parameter moves, one `Point` at a time.

    Each point is solved and checked as by `solve`. Steps grow by half where the corrector needs at most three
    steps, shrink where it needs six, and are halved where it fails or jumps; below ``min_step`` the walk ends
    with a point that is not converged and says why. The last point lies at the end of the interval exactly.

    Parameters
    ----------
    problem_at : callable, float -> Problem of one row
    along : str
        Name of the parameter.
    start : float, or Point
        A `Point` of an earlier walk is gone on from (and not repeated), with the step length that walk had
        reached; with the same ``bounds``, ``step`` and other settings the points are those of the
        uninterrupted walk.
    stop : float
    step : float
        First step, in the parameter (`Natural`) or along the branch (`Arclength`).
    guess : array (k,) in free coordinates, mapping of values, or None
        For the first point.
    method : Natural or Arclength
        Default `Natural`.
    events : sequence of Fold, ZeroOf
        Zeros located on the way; each gives an extra point that carries an `Event`.
    stability : callable of Point, optional
        Its value is kept with every point.
    solver : Solver
        For the first point; default as in `solve`.
    tolerance : Tolerance
    bounds : (low, high)
        The walk ends where the parameter leaves this interval; default: from start to stop.
    min_step, max_step : float
        Default: ``step / 1000`` and ``10 step``.
    max_points : int

    Returns
    -------
    Follow
        An iterator; `collect` makes a `Branch` of it.

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint import Arclength, Fold, Problem, Variable, Variables, collect, follow
    >>> class Parabola(Problem):
    ...     variables, size = Variables(Variable("x")), 1
    ...     def __init__(self, p):
    ...         self.p = p
    ...     def residual(self, free):
    ...         return self.p - 1 + free**2
    ...     def jacobian(self, free):
    ...         return 2 * free[:, :, None]
    ...     def take(self, index):
    ...         return self
    >>> walk = follow(Parabola, "p", 0.0, 2.0, 0.1, guess=[1.0], method=Arclength(), events=[Fold()])
    >>> branch = collect(walk)
    >>> round(branch.events[0].parameter, 9), round(branch.points[-1]["x"], 9)
    (1.0, -1.0)
    """
    method = Natural() if method is None else method
    if isinstance(start, Point):
        if not start.converged:
            raise ValueError("a walk can only go on from a point that converged")
        step = start.next_step if step is None else step
    if step is None or not 0.0 < step < np.inf:
        raise ValueError(f"step must be positive and finite, got {step}")
    begin = start.parameter if isinstance(start, Point) else start
    if not (np.isfinite(begin) and np.isfinite(stop)) or begin == stop:
        raise ValueError(f"start and stop must be finite and different, got {begin} and {stop}")
    if isinstance(method, Natural) and any(isinstance(event, Fold) for event in events):
        raise ValueError("Fold() needs method=Arclength(): natural continuation cannot pass a fold")
    settings = {
        "start": start,
        "stop": float(stop),
        "step": float(step),
        "guess": guess,
        "method": method,
        "solver": solver,
        "bounds": (float(min(begin, stop)), float(max(begin, stop))) if bounds is None else bounds,
        "min_step": step / 1000 if min_step is None else min_step,
        "max_step": 10 * step if max_step is None else max_step,
        "max_points": max_points,
    }
    return Follow(problem_at, along, method, events, stability, tolerance, settings)


def collect(points: Follow | Iterable[Point], along: str = "parameter") -> Branch:
    """Run a walk to its end and keep it as a `Branch`."""
    if isinstance(points, Follow):
        return Branch(points.along, list(points), dict(points.settings))
    return Branch(along, list(points))
