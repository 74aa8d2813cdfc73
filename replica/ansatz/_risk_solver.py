"""How a vector of least cost is found: Newton from the square loss, else followed in the penalty; no equations here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replica._registry import per_row
from replica.ansatz._risk import RiskProblem
from replica.model import Model
from replica.weights.base import Average
from saddlepoint import Ladder, Newton, Picard, Solution, Tolerance, solve

DIRECT = Newton(max_step=1.5, steps=40)
STEADY = Ladder(Newton(max_step=1.0, steps=60), Picard(damping=0.5, steps=100), Newton(max_step=0.5, steps=60))
LEAST = "the vector of least cost"
EASY = 1.0  # a penalty at which the way from the square loss is short


def check_penalty(model: Model) -> None:
    """Refuse the limits of the penalty where there is no minimum to take."""
    if not model.weights.penalised:
        return
    penalty = np.asarray(model.weights.penalty)
    if not np.all(np.isinf(model.beta) | (np.isfinite(penalty) & (penalty > 0))):
        raise ValueError("penalty must be above 0 and finite at finite beta (0 and inf are limits at beta = inf)")


def single_vectors(model: Model, size: int) -> np.ndarray:
    """Rows at beta = inf whose state is one vector of least cost from the start: penalised, or never free of cost."""
    held = isinstance(model.weights.norm, Average) and not model.loss.satisfiable
    return np.isinf(per_row(model.beta, size)) & (model.weights.penalised or held)


class Found(NamedTuple):
    """Rows of a batch solved by one problem."""

    rows: np.ndarray
    problem: RiskProblem
    found: Solution
    good: np.ndarray
    remark: str


def minimise(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """Vectors of least cost for a batch; rows that are not solved come with their status."""
    rows = np.arange(alpha.size)
    problem = RiskProblem(model, alpha)
    found = solve(problem, solver=DIRECT, tolerance=tolerance, on_failure="keep")
    answers = [Found(rows, problem, found, found.converged, LEAST)]
    rows = rows[~found.converged]
    if rows.size:
        problem = problem.take(rows)
        found = solve(problem, start=settled(problem), solver=STEADY, tolerance=tolerance, on_failure="keep")
        answers.append(Found(rows, problem, found, found.converged, LEAST))
        rows = rows[~found.converged]
    if rows.size:
        answers.append(_followed(model.take(rows), alpha[rows], rows, tolerance))
    return answers


def _followed(model: Model, alpha: np.ndarray, rows: np.ndarray, tolerance: Tolerance) -> Found:
    """From an easy penalty to the one asked for, in steps of its logarithm that each row halves where it must."""
    penalised = model.weights.penalised
    target = np.log(per_row(model.weights.penalty, alpha.size)) if penalised else np.zeros(alpha.size)
    place = np.full(alpha.size, np.log(EASY))
    point = _start(model, alpha, place)
    step = np.where(target > place, 1.0, -1.0)
    active = np.flatnonzero(np.abs(target - place) > 0)
    while active.size:
        aim = np.where(np.abs(step) < np.abs(target - place), place + step, target)[active]
        part = _at(model, alpha, active, aim)
        done = solve(part, start=point[active], solver=STEADY, on_failure="keep", check=False)
        good, bad = active[done.converged], active[~done.converged]
        point[good], place[good] = done.point[done.converged], aim[done.converged]
        step[good] *= 1.5
        step[bad] *= 0.4
        active = np.flatnonzero((place != target) & (np.abs(step) > 1e-3))
    problem = RiskProblem(model, alpha)
    found = solve(problem, start=point, solver=STEADY, tolerance=tolerance, on_failure="keep")
    return Found(rows, problem, found, found.converged, LEAST)


def _at(model: Model, alpha: np.ndarray, rows: np.ndarray, log_penalty: np.ndarray) -> RiskProblem:
    return RiskProblem(model.take(rows).with_parameters(penalty=np.exp(log_penalty)), alpha[rows])


def _start(model: Model, alpha: np.ndarray, log_penalty: np.ndarray) -> np.ndarray:
    """Solutions at an easy penalty."""
    every = np.arange(alpha.size)
    problem = _at(model, alpha, every, log_penalty) if model.weights.penalised else RiskProblem(model, alpha)
    return solve(problem, start=settled(problem), solver=STEADY, on_failure="keep", check=False).point


def settled(problem: RiskProblem, steps: int = 60) -> np.ndarray:
    """A point near the solution: the overlap and the norm by damped steps, at each of which the response and the bias
    are solved for. Both are roots of monotone functions of one variable.
    """
    free, names = problem.start(), problem.variables.names
    with np.errstate(all="ignore"):
        for _ in range(steps):
            for name in names:
                if name not in ("lean", "transverse"):
                    free[:, names.index(name)] = _root(problem, free, names.index(name), problem.row_of(name))
            change = problem.residual(free)
            for name in ("lean", "transverse"):
                if name in names:
                    k = names.index(name)
                    free[:, k] += 0.5 * np.clip(np.nan_to_num(change[:, problem.row_of(name)]), -3.0, 3.0)
    return free


def _root(problem: RiskProblem, free: np.ndarray, column: int, row: int) -> np.ndarray:
    """The zero of one residual in one variable, in which it is monotone, for every row of the batch: bisection."""

    def value(x: np.ndarray) -> np.ndarray:
        trial = free.copy()
        trial[:, column] = x
        return problem.residual(trial)[:, row]

    centre, reach = free[:, column], np.ones(problem.size)
    for _ in range(12):
        low, high = centre - reach, centre + reach
        ends = value(low), value(high)
        inside = ends[0] * ends[1] <= 0
        if inside.all():
            break
        reach = np.where(inside, reach, 2.0 * reach)
    side = np.sign(ends[0])
    for _ in range(56):
        middle = 0.5 * (low + high)
        before = value(middle) * side > 0
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return np.where(inside, 0.5 * (low + high), centre)
