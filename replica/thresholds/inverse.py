"""A line in alpha turned round: the value of another parameter at which it passes through a given alpha."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from replica.ansatz.rs.branch import first_sign_change
from replica.models.model import Model
from replica.solution.said import beside
from replica.thresholds.base import NAN, Line, Threshold
from saddlepoint import Bracket, Problem, RealInUnits, Variable, Variables, solve

SECANT = 1e-2  # the first step of secants, in units of the parameter
SECANTS = 12
ROUNDED = 1e-13
LOOSE = 1e-6


class InverseProblem(Problem):
    """``ln line(parameter) = ln alpha`` for a batch of models; the one variable is the parameter."""

    rowwise = ("model", "target")

    def __init__(
        self,
        line: Callable[[Model, int], Line],
        model: Model,
        parameter: str,
        target: np.ndarray,
        unit: float,
        load: str = "alpha",
    ) -> None:
        self.line, self.model, self.parameter, self.target, self.unit = line, model, parameter, target, unit
        self.load = load
        self.size = target.size
        self.variables = Variables(Variable(parameter, RealInUnits(unit)))

    def at(self, free: np.ndarray) -> Line:
        """The line at values of the parameter."""
        moved = self.model.with_parameters(**{self.parameter: self.unit * np.ascontiguousarray(free[:, 0])})
        return self.line(moved, self.size)

    def residual(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.log(self.at(free).value / self.target)[:, None]


def invert(
    line: Callable[[Model, int], Line],
    model: Model,
    parameter: str,
    target: np.ndarray,
    grid: np.ndarray,
    unit: float = 1.0,
    load: str = "alpha",
) -> Line:
    """Where a line in alpha (or another ``load``) passes through ``target``: a scan of the parameter over ``grid``,
    then a bracketed root.

    ``unit`` is the natural size of the parameter. The error is that of the root plus that of the line divided by its
    slope.
    """
    size = target.size
    rows = np.repeat(np.arange(size), grid.size)
    scan = line(model.take(rows).with_parameters(**{parameter: np.tile(grid, size)}), rows.size).value.reshape(size, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        cell = first_sign_change(np.log(scan / target[:, None]))
    result = Line(np.full(size, NAN), np.full(size, NAN), np.full((size, 2), NAN), [""] * size)
    for row in np.flatnonzero(cell < 0):
        span = (
            f"{np.nanmin(scan[row]):.4g} ... {np.nanmax(scan[row]):.4g}" if np.any(np.isfinite(scan[row])) else "none"
        )
        result.status[row] = (
            f"not converged: {load} = {target[row]:g} is outside the range of the line for {parameter} in "
            f"[{grid[0]:g}, {grid[-1]:g}] ({span})"
        )
    found = np.flatnonzero(cell >= 0)
    if found.size:
        ends = grid[cell[found]] / unit, grid[cell[found] + 1] / unit
        problem = InverseProblem(line, model.take(found), parameter, target[found], unit, load)
        _refine(problem, ends, result, found)
    return result


def _refine(problem: InverseProblem, ends: tuple[np.ndarray, np.ndarray], result: Line, rows: np.ndarray) -> None:
    """Bracketed roots, written into the rows of ``result``."""
    start = 0.5 * (ends[0] + ends[1])[:, None]
    root = solve(problem, start=start, solver=Bracket(low=ends[0], high=ends[1]), on_failure="keep")
    last = problem.at(root.point)
    with np.errstate(all="ignore"):
        slack = last.error / last.value / np.abs(problem.jacobian(root.point)[:, 0, 0])
    place, error = problem.unit * root.point[:, 0], problem.unit * (root.error[:, 0] + slack)
    good = root.converged & last.converged
    result.value[rows] = np.where(good, place, NAN)
    result.error[rows] = np.where(good, error, NAN)
    result.bracket[rows] = np.stack([place - error, place + error], axis=1)
    for i, row in enumerate(rows):
        where = f"at {problem.parameter} = {place[i]:.6g} ({last.status[i]})"
        verb = f"jumps across {problem.load} = {problem.target[i]:g}" if last.converged[i] else "was lost"
        lost = f"not converged: the line {verb} {where}"
        result.status[row] = last.status[i] if good[i] else lost
    if rows.size == result.value.size:
        result.solutions = last.solutions


def by_secants(line: Callable[[Model], Line], model: Model, parameter: str, target: float, near: float) -> Threshold:
    """Where a line of one model, of which a point is dear, passes through ``target``: secants of its logarithm from a
    place near by. The error is the last step plus that of the line divided by its slope.
    """

    def at(place: float) -> tuple[float, Line]:
        found = line(model.with_parameters(**{parameter: place}))
        return float(np.log(found.value[0] / target)), found

    if not np.isfinite(near):
        return Threshold(NAN, NAN, (NAN, NAN), f"not converged: no {parameter} to begin with was found")
    place, step = near, -SECANT * max(1.0, abs(near))
    gap, found = at(place)
    moved, slope, known = np.inf, NAN, NAN
    for _ in range(SECANTS):
        if not np.isfinite(gap) or moved < ROUNDED * max(1.0, abs(place)):
            break
        before, from_gap = place, gap
        place = place + step
        gap, found = at(place)
        moved = abs(place - before)
        if moved > 0.0 and gap != from_gap:
            slope = (gap - from_gap) / (place - before)
            known = known if moved < LOOSE * max(1.0, abs(place)) else slope  # next to each other values are rounding
        step = float(np.clip(-gap / slope, -1.0, 1.0)) if np.isfinite(slope) else 0.0
    if not np.isfinite(gap):
        why = beside(found.status[0])
        lost = f"not converged: the line was lost at {parameter} = {place:.6g} ({why})"
        return Threshold(NAN, NAN, (NAN, NAN), lost)
    if moved > LOOSE * max(1.0, abs(place)) or not np.isfinite(known):
        return Threshold(NAN, NAN, (NAN, NAN), f"not converged: secants of the line did not settle at {parameter}")
    slack = float(found.error[0] / found.value[0] / abs(known))
    error = abs(step) + slack + ROUNDED * max(1.0, abs(place))
    whole = found.row(0)
    return Threshold(place, error, (place - error, place + error), whole.status, whole.solution)
