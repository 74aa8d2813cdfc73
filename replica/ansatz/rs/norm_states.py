"""States of weights whose norm is free: followed in the curvature that shrinks them, past the folds between them.

Where weights of 0 cost less than those that a few patterns leave, two states may coexist at one load: wide weights with
many errors, small ones with few. Along the curvature ``c = Q_hat + q_hat`` the load is a function, ``alpha(c)``, that
may rise and fall, on a branch from few patterns and on one of light weights, which may be the same; every place where
it passes through a load is a saddle point there. The norm is an ordinary order parameter, of which ln Z takes the best
value: the state that counts is the stable one with the largest free entropy.
"""

from __future__ import annotations

import numpy as np

from replica._registry import per_row
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.fixed_conjugate import HeldProblem
from replica.ansatz.rs.ladders import ROUGH
from saddlepoint import Ladder, Newton, Picard, solve

CURVATURES = np.exp2(np.arange(-4.0, 10.0, 0.125))  # in units of 1/norm; the load of light weights rises steeply
LIGHT = 1e-6  # of the curvature: the pull of patterns that hardly reach light weights
CALM = Ladder(Picard(damping=1.0, steps=60), Newton(max_step=1.0))  # plain steps stay where that pull is small
FOLLOW = Ladder(Newton(max_step=1.0), Picard(damping=0.7, steps=200))


def shrinking_pays(equations: Equations, alpha: np.ndarray, energy: np.ndarray) -> np.ndarray:
    """Rows whose patterns cost more (``energy``, per weight) than they would with weights of 0."""
    nothing = np.broadcast_to(equations.model.loss.cost(np.zeros((1, 1))), (alpha.size, 1))[:, 0]
    return energy > alpha * nothing


def followed(equations: Equations, size: int, light: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Curvatures in units of 1/norm, loads and ``q_hat`` along them (batch, grid): upward from few patterns, or down
    from the lightest weights, whose fields hardly reach an error; nan where there are none.
    """
    grid = CURVATURES[::-1] if light else CURVATURES[::4]
    unit, before = 1.0 / per_row(equations.norm, size), None
    loads, pulls = np.full((2, size, grid.size), np.nan)
    for k, c in enumerate(grid):
        problem = HeldProblem(equations, "curvature", c * unit)
        fresh = problem.variables.free({"q_hat": LIGHT * problem.value}, size) if light else problem.start()
        start = fresh if before is None else np.where(np.isfinite(before), before, fresh)
        way = CALM if light else FOLLOW
        found = solve(problem, start=start, solver=way, tolerance=ROUGH, on_failure="keep", check=False)
        before = np.where(found.converged[:, None], found.point, np.nan)
        loads[:, k], pulls[:, k] = problem.alpha(before), problem.variables.values(before)["q_hat"]
    return grid, loads, pulls


def crossings(equations: Equations, alpha: np.ndarray, light: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows, and starts in free coordinates, wherever a branch in the curvature passes through the load."""
    grid, loads, pulls = followed(equations, alpha.size, light)
    with np.errstate(all="ignore"):
        away, pulls = np.log(loads / alpha[:, None]), np.log(pulls)
        rows, cells = np.nonzero(away[:, :-1] * away[:, 1:] <= 0)
        share = away[rows, cells] / (away[rows, cells] - away[rows, cells + 1])
    pull = np.exp((1.0 - share) * pulls[rows, cells] + share * pulls[rows, cells + 1])
    place = grid[cells] ** (1.0 - share) * grid[cells + 1] ** share / per_row(equations.norm, alpha.size)[rows]
    return rows, equations.take(rows).variables(equations.names).free({"q_hat": pull, "curvature": place}, rows.size)


def states(equations: Equations, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, points and free entropies of the stable saddle points along the curvature."""
    both = [crossings(equations, alpha, light) for light in (False, True)]
    rows, start = (np.concatenate(part) for part in zip(*both, strict=True))
    if not rows.size:
        return rows, start, np.zeros(0)
    problem = RSProblem(equations.take(rows), alpha[rows])
    found = solve(problem, start=start, solver=Newton(max_step=0.3), on_failure="keep", check=False)
    seen, _ = problem.observe(found.point)
    stable = found.converged & (seen["stability"] > 0)
    return rows, found.point, np.where(stable, seen["free_entropy"], -np.inf)
