"""Points near a vector of least cost, by damped steps and roots of one variable; no equations here."""

from __future__ import annotations

from typing import Any

import numpy as np

from saddlepoint import REAL


def settled(problem: Any, steps: int) -> np.ndarray:
    """A point near the solution, by damped steps of some variables, at each of which the others are solved for."""
    return problem.settled(steps) if problem.damped is None else _damped(problem, steps)


def _damped(problem: Any, steps: int) -> np.ndarray:
    """Of the overlap and the norm, at each of which the response and the bias are solved for. Both are roots of
    monotone functions of one variable.
    """
    free, names = problem.start(), problem.variables.names
    with np.errstate(all="ignore"):
        for _ in range(steps):
            for name in names:
                if name not in problem.damped:
                    free[:, names.index(name)] = _root(problem, free, names.index(name), problem.row_of(name))
            change = problem.residual(free)
            for k, name in enumerate(names):
                if name in problem.damped:
                    unit = np.sqrt(1.0 + free[:, k] ** 2) if problem.variables[k].chart is REAL else 1.0
                    free[:, k] += 0.5 * unit * np.clip(np.nan_to_num(change[:, problem.row_of(name)]), -3.0, 3.0)
    return free


def _root(problem: Any, free: np.ndarray, column: int, row: int) -> np.ndarray:
    """The zero of one residual in one variable, in which it is monotone, for every row of the batch.

    A bracket that grows, then false position with halved ends (Illinois), to a few digits: a start needs no more.
    """

    def value(x: np.ndarray) -> np.ndarray:
        trial = free.copy()
        trial[:, column] = x
        return problem.residual(trial)[:, row]

    centre, reach = free[:, column], np.full(problem.size, 0.25)
    for _ in range(12):
        low, high = centre - reach, centre + reach
        left, right = value(low), value(high)
        inside = left * right <= 0
        if inside.all():
            break
        reach = np.where(inside, reach, 3.0 * reach)
    for turn in range(16):
        share = left / (left - right) if turn % 4 else np.full(problem.size, 0.5)
        middle = low + np.clip(np.nan_to_num(share, nan=0.5), 0.0, 1.0) * (high - low)
        there = value(middle)
        before = there * left > 0
        low, high = np.where(before, middle, low), np.where(before, high, middle)
        left, right = np.where(before, there, 0.5 * left), np.where(before, 0.5 * right, there)
        if np.all(np.abs(there) < 1e-4):
            break
    return np.where(inside, middle, centre)
