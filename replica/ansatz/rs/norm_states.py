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
from replica.models.model import Model
from saddlepoint import Ladder, Newton, Picard, solve

CURVATURES = np.exp2(np.arange(-4.0, 10.0, 0.125))  # in units of 1/norm; the load of light weights rises steeply
THRESHOLDS = np.arange(-3.0, 3.1, 0.25)
BESIDE = [(sign, step) for sign in (1.0, -1.0) for step in (-1e-9, 0.0, 1e-9)]
LIGHT = 1e-6  # of the curvature: the pull of patterns that hardly reach light weights
CALM = Ladder(Picard(damping=1.0, steps=60), Newton(max_step=1.0))  # plain steps stay where that pull is small
SURE = 0.1  # of a secant, where the last one missed by less: Newton's steps begin there
FOLLOW = Ladder(Newton(max_step=1.0), Picard(damping=0.7, steps=200))


def shrinking_pays(equations: Equations, alpha: np.ndarray, energy: np.ndarray) -> np.ndarray:
    """Rows whose patterns cost more (``energy``, per weight) than they would with weights of 0."""
    return energy > alpha * cost_of_nothing(equations.model, alpha.size)


def cost_of_nothing(model: Model, size: int) -> np.ndarray:
    """Least mean cost of weights of 0, which see the threshold alone; a learned one is tried beside kinks and 0."""
    places = [np.zeros(size)]
    if model.data.trained:
        places += [np.full(size, b) for b in THRESHOLDS]
        places += [sign * per_row(kink, size) + step for kink in model.loss.kinks() for sign, step in BESIDE]
    costs = []
    for bias in places:
        data = model.data.learned({"bias": bias}) if model.data.trained else model.data
        costs.append(sum(
            per_row(channel.probability, size) * model.loss.cost(per_row(channel.mean, size)[:, None])[:, 0]
            for channel in data.resting(size)
        ))
    return np.min(costs, axis=0)


def followed(equations: Equations, size: int, light: bool) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Curvatures in units of 1/norm, loads and the other unknowns along them (batch, grid): upward from few patterns,
    or down from the lightest weights, whose fields hardly reach an error; nan where there are none.
    """
    grid = CURVATURES[::-1] if light else CURVATURES[::4]
    unit = 1.0 / per_row(equations.norm, size)
    before = behind = np.full((size, len(equations.names) - 1), np.nan)
    sure = np.zeros(size, dtype=bool)
    loads = np.full((size, grid.size), np.nan)
    track = {name: loads.copy() for name in equations.names if name != "curvature"}
    for k, c in enumerate(grid):
        problem = HeldProblem(equations, "curvature", c * unit)
        fresh = problem.start()
        if light:
            apart = problem.variables.values(fresh) | {"q_hat": LIGHT * problem.value}
            fresh = problem.variables.free(apart, size)
        ahead, reached = 2.0 * before - behind, np.full_like(before, np.nan)
        start = np.where(sure[:, None], ahead, np.where(np.isfinite(before), before, fresh))
        for rows, way in ((sure, FOLLOW), (~sure, CALM if light else FOLLOW)):
            at = np.flatnonzero(rows)
            if at.size:
                found = solve(problem.take(at), start[at], way, ROUGH, on_failure="keep", check=False)
                reached[at[found.converged]] = found.point[found.converged]
        sure = np.abs(reached - ahead).max(axis=1, initial=0.0) < SURE
        before, behind = reached, before
        loads[:, k] = problem.alpha(before)
        for name, value in problem.variables.values(before).items():
            track[name][:, k] = value
    return grid, loads, track


def crossings(equations: Equations, alpha: np.ndarray, light: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows, and starts in free coordinates, wherever a branch in the curvature passes through the load."""
    grid, loads, track = followed(equations, alpha.size, light)
    with np.errstate(all="ignore"):
        away = np.log(loads / alpha[:, None])
        track["q_hat"] = np.log(track["q_hat"])
        rows, cells = np.nonzero(away[:, :-1] * away[:, 1:] <= 0)
        share = away[rows, cells] / (away[rows, cells] - away[rows, cells + 1])
    at = {name: (1.0 - share) * along[rows, cells] + share * along[rows, cells + 1] for name, along in track.items()}
    at["q_hat"] = np.exp(at["q_hat"])
    unit = 1.0 / per_row(equations.norm, alpha.size)[rows]
    at["curvature"] = grid[cells] ** (1.0 - share) * grid[cells + 1] ** share * unit
    return rows, equations.take(rows).variables(equations.names).free(at, rows.size)


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
