"""Points on the paramagnet q = 0 of an even loss at which a condition holds. No threshold by name."""

from __future__ import annotations

import numpy as np

from replica.ansatz import Ansatz
from replica.ansatz.differences import EPS
from replica.ansatz.rs.branch import first_sign_change
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.special_states import paramagnet
from replica.models.model import Model
from replica.solution.batch import Part
from replica.solution.errors import measured
from replica.thresholds.base import NAN, Line, closed_line
from saddlepoint import POSITIVE, Newton, Problem, Variable, Variables, solve

GRID = np.exp(np.linspace(np.log(1e-14), np.log(1e100), 200))  # loads for bands of any width


class ParamagnetPoint(Problem):
    """``q = 0`` with alpha (and, for a free norm, the conjugate of the norm) solved for: an observable vanishes."""

    rowwise = ("equations",)

    def __init__(self, equations: Equations, condition: str) -> None:
        self.equations, self.condition, self.size = equations, condition, equations.size
        free = equations.variables(("curvature",)) if equations.free_norm else ()
        self.variables = Variables(Variable("alpha", POSITIVE), *free)

    def residual(self, free: np.ndarray) -> np.ndarray:
        seen, _ = self.observe(free)
        rows = [seen[self.condition]]
        if self.equations.free_norm:
            saddle = RSProblem(self.equations, np.exp(free[:, 0]), paramagnet(self.equations))
            rows.append(saddle.residual(free[:, 1:])[:, 0])
        return np.stack(rows, axis=1)

    def start(self) -> np.ndarray:
        """From a scan of alpha; NaN where the condition keeps its sign."""
        rows = np.repeat(np.arange(self.size), GRID.size)
        problem = RSProblem(self.equations.take(rows), np.tile(GRID, self.size), paramagnet(self.equations))
        points = np.zeros((rows.size, len(problem.variables)))
        if len(problem.variables):
            points = solve(problem, solver=Newton(), on_failure="keep", check=False).point
        values = problem.observe(points)[0][self.condition].reshape(self.size, -1)
        cell = first_sign_change(values)
        every = np.arange(self.size)
        with np.errstate(all="ignore"):
            share = values[every, cell] / (values[every, cell] - values[every, cell + 1])
        alpha = np.log(GRID[cell]) + share * (np.log(GRID[cell + 1]) - np.log(GRID[cell]))
        others = points.reshape(self.size, GRID.size, -1)[every, cell]
        return np.where(cell[:, None] >= 0, np.concatenate([alpha[:, None], others], axis=1), NAN)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        alpha = np.exp(free[:, 0])
        seen, floors = RSProblem(self.equations, alpha, paramagnet(self.equations)).observe(free[:, 1:])
        return seen | {"alpha": alpha}, floors | {"alpha": 8 * EPS * alpha}


def line_on_paramagnet(model: Model, size: int, ansatz: Ansatz, condition: str, found_text: str) -> Line:
    """The load at which ``condition`` vanishes on the paramagnet, for a batch of models."""
    equations = ansatz.equations(model, size)
    problem = ParamagnetPoint(equations, condition)
    found = solve(problem, solver=Newton(max_step=1.0), on_failure="keep")
    seen, errors = measured(problem, found.point, found.error)
    good = found.converged
    status = [
        f"converged; {found_text}" if ok else f"not converged: no zero of the {condition} at q = 0" for ok in good
    ]
    rows = np.flatnonzero(good)
    saddle = RSProblem(equations.take(rows), seen["alpha"][rows], paramagnet(equations))
    parts = [Part(rows, saddle, found.point[rows, 1:], found.error[rows, 1:])] if rows.size else []
    line = closed_line(model, ansatz, seen["alpha"], errors["alpha"], status, parts)
    line.saddle_points.residual[:] = found.residual
    for row in rows.tolist():  # with what must be known of the state there, as an entropy below 0
        line.status[row] = line.saddle_points.sentence(row)
    return line
