"""The branch from an uninformed start: units not told apart, then, from a load on, specialised; where it ends."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from replica.ansatz.pair.equations import PairProblem
from saddlepoint import Newton, Problem, Tolerance, Variable, Variables, solve
from saddlepoint.variables import REAL

#: logarithms of ``l_-`` along the specialised branch
PLACES = np.concatenate([np.linspace(-9.0, -3.0, 13), np.linspace(-2.75, 2.25, 21)])
NEAR = np.cos(np.pi * (np.arange(8) + 0.5) / 8)  # places about the top of the branch
PLACED = 1e-8  # to which its place is known
ROUGH = Tolerance(absolute=1e-8)


class HeldDifference(Problem):
    """``l_+`` at held ``l_-``, with the load eliminated: ``l_+/E_+ = l_-/E_-``."""

    rowwise = ("place",)

    def __init__(self, place: np.ndarray, counted: bool, size: int, level: int = 1) -> None:
        self.place, self.counted, self.size, self.level = place, counted, size, level
        self.variables = Variables(Variable("sum_hat_log", REAL))
        self.pair = PairProblem(np.ones(size), counted, 2, size, level)

    def whole(self, free: np.ndarray) -> np.ndarray:
        return np.stack([free[:, 0], self.place], axis=1)

    def loads(self, free: np.ndarray) -> np.ndarray:
        """Logarithms of the loads at which both belong to a solution, by ``l_+`` and by ``l_-``."""
        return self.whole(free) - self.pair.update(self.whole(free))

    def residual(self, free: np.ndarray) -> np.ndarray:
        loads = self.loads(free)
        return loads[:, 1:] - loads[:, :1]

    def noise(self, free: np.ndarray) -> np.ndarray:
        return np.maximum(super().noise(free), 1e-13)


class Unspecialised(Problem):
    """The place ``ln l_+`` at which a small difference of the units neither grows nor decays; the load eliminated."""

    rowwise = ()

    def __init__(self, counted: bool, size: int = 1, level: int = 1) -> None:
        self.counted, self.size, self.level = counted, size, level
        self.variables = Variables(Variable("sum_hat_log", REAL))

    def at(self, free: np.ndarray) -> PairProblem:
        """The saddle point there, at its load."""
        pair = PairProblem(np.ones(len(free)), self.counted, 1, len(free), self.level)
        return pair.like(alpha=np.exp(free - pair.update(free))[:, 0])

    def residual(self, free: np.ndarray) -> np.ndarray:
        return np.log(self.at(free).growth(free))[:, None]


class Branch(NamedTuple):
    """A table of the specialised branch from its beginning to its highest load: points (n, 2) and loads."""

    points: np.ndarray
    loads: np.ndarray
    ends: bool


@lru_cache(maxsize=4)
def specialised(counted: bool) -> Branch:
    """The branch on a grid of ``l_-``; ``ends`` where the load turns back."""
    point, points, loads = np.full((1, 1), beginning(counted)[2]), [], []
    for place in PLACES:
        problem = HeldDifference(np.array([place]), counted, 1, 0)
        point = solve(problem, start=point, solver=Newton(max_step=0.5), tolerance=ROUGH, check=False).point
        points.append(problem.whole(point)[0])
        loads.append(float(np.exp(problem.loads(point)[0, 0])))
        if len(loads) > 1 and loads[-1] < loads[-2]:
            return Branch(np.array(points[:-1]), np.array(loads[:-1]), True)
    return Branch(np.array(points), np.array(loads), False)


@lru_cache(maxsize=4)
def beginning(counted: bool) -> tuple[float, float, float, float]:
    """The load from which units specialise, its error, ``ln l_+`` there and the error of that."""
    found = []
    for level in (1, 2):
        problem = Unspecialised(counted, level=level)
        at = solve(problem, start=np.full((1, 1), -0.3), solver=Newton(max_step=0.3))
        found.append((float(problem.at(at.point).alpha[0]), float(at.point[0, 0]), float(at.error[0, 0])))
    (coarse, before, _), (value, place, slack) = found
    slack += abs(place - before) + 1e-14
    return value, abs(value - coarse) + 2.0 * value * slack, place, slack


@lru_cache(maxsize=4)
def end(counted: bool) -> tuple[float, float, np.ndarray, np.ndarray] | None:
    """The highest load of the branch, its error, the point there and its error; None where it has no end."""
    table = specialised(counted)
    if not table.ends:
        return None
    middle, sums = table.points[-1], np.polynomial.Polynomial([table.points[-1][0]])
    for level, width in ((0, 0.3), (1, 0.04)):
        shift = width * NEAR
        problem = HeldDifference(middle[1] + shift, counted, NEAR.size, level)
        found = solve(problem, start=sums(shift)[:, None], solver=Newton(max_step=0.5), check=False)
        load = np.polynomial.Polynomial.fit(shift, problem.loads(found.point)[:, 0], NEAR.size - 1)
        sums = np.polynomial.Polynomial.fit(shift, found.point[:, 0], NEAR.size - 1)
        turns = [t.real for t in load.deriv().roots() if abs(t.imag) < 1e-9 and abs(t.real) <= width]
        top, coarse = max(turns, key=load), load
        middle = np.array([sums(top), middle[1] + top])
        sums = np.polynomial.Polynomial([middle[0]])
    # the load is stationary in the place
    fine = HeldDifference(middle[1:], counted, 1, 2)
    found = solve(fine, start=middle[None, :1], solver=Newton(max_step=0.5))
    value = float(np.exp(fine.loads(found.point)[0, 0]))
    error = abs(value - float(np.exp(coarse(top)))) + 1e-12 * value
    place = fine.whole(found.point)[0]
    return value, error, place, np.abs(place - middle) + PLACED


def perfect_from(counted: bool) -> tuple[float, float, float, float] | None:
    """The load at which units not told apart have the free entropy 0 of the teacher itself, with its error, ``ln l_+``
    there and the error of that; None for weights without such a state.
    """
    from scipy.optimize import brentq  # heavy: only where it is needed

    if not counted:
        return None

    def phi(place: float, level: int) -> float:
        free = np.full((1, 1), place)
        return float(Unspecialised(counted, 1, level).at(free).potential(free)[0])

    places = [float(brentq(phi, -2.0, 1.0, args=(level,), xtol=1e-14)) for level in (1, 2)]
    loads = [float(Unspecialised(counted, 1, k).at(np.full((1, 1), x)).alpha[0]) for k, x in enumerate(places, 1)]
    slack = abs(places[1] - places[0]) + 1e-13
    return loads[1], abs(loads[1] - loads[0]) + 2.0 * loads[1] * slack, places[1], slack
