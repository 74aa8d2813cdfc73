"""Ways to a vector of least cost from models whose minimum is easily found; no equations here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from replica._registry import per_row
from replica.ansatz.erm.equations import RiskProblem
from replica.ansatz.erm.large_penalty import HeavyState
from replica.ansatz.erm.limits import WeakProblem
from replica.ansatz.erm.starts import settled
from replica.models.model import Model
from saddlepoint import Ladder, Newton, solve
from saddlepoint.continuation.march import Stride, march, solving

STEADY = Ladder(Newton(max_step=1.0, steps=60), Newton(max_step=0.5, steps=60))
STEP = Newton(max_step=1.0, steps=12, halvings=6)
STRIDE = Stride(first=0.1, shortest=1e-5, grows=1.7, shrinks=0.3)
EMPTY = 0.02  # a load, in units of the noise, at which hardly a pattern is free
LONG = 60  # damped steps before Newton's method
LIGHTEST = 1e-9  # from where a penalty of 0 is tried


def walked(at: Callable[[np.ndarray, np.ndarray], Any], point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points at the ends of paths and how far each row came, in [0, 1]; ``at(rows, place)`` are the equations there."""
    return march(solving(at, STEP), point, STRIDE, secant=True)


def down_from_heavy(model: Model, alpha: np.ndarray, weak: WeakProblem, free: np.ndarray) -> tuple[Any, Any]:
    """From the limit of a large penalty, whose vector is known, down to the penalty asked for."""
    state = HeavyState(weak)
    target = np.log(np.maximum(per_row(model.weights.penalty, alpha.size), LIGHTEST))
    top = np.maximum(np.log(state.heaviest(free)), target)

    def at(rows: np.ndarray, place: np.ndarray) -> Any:
        penalty = np.exp(top[rows] + place * (target - top)[rows])
        return RiskProblem(model.take(rows).with_parameters(penalty=penalty), alpha[rows])

    return walked(at, state.point(free, np.exp(top)))


def from_easy(model: Model, alpha: np.ndarray, problem_of: Callable[..., Any]) -> np.ndarray:
    """From penalty 1 and data whose minimum is near that of the square loss."""
    every = np.arange(alpha.size)
    penalised = model.weights.penalised
    target = np.log(np.maximum(per_row(model.weights.penalty if penalised else 1.0, alpha.size), LIGHTEST))

    def at(rows: np.ndarray, place: np.ndarray) -> Any:
        part = model.take(rows)
        if penalised:
            part = part.with_parameters(penalty=np.exp(place * target[rows]))
        return problem_of(part.on(part.data.towards(place)), alpha[rows])

    begin = at(every, np.zeros(alpha.size))
    first = solve(begin, start=settled(begin, LONG), solver=STEADY, on_failure="keep", check=False)
    return walked(at, first.point)[0]


def up_in_load(model: Model, alpha: np.ndarray, problem_of: Callable[..., Any]) -> np.ndarray:
    """Vectors that pay nothing, from a load at which every pattern holds them: the square loss's, in closed form."""
    scale = np.minimum(1.0, model.data.width(alpha.size))
    low = np.log(np.minimum(EMPTY * scale, 0.5 * alpha))

    def at(rows: np.ndarray, place: np.ndarray) -> Any:
        load = np.exp(low[rows] + place * (np.log(alpha) - low)[rows])
        return problem_of(model.take(rows), load, interpolates=True)

    begin = at(np.arange(alpha.size), np.zeros(alpha.size))
    return walked(at, solve(begin, solver=STEP, on_failure="keep", check=False).point)[0]
