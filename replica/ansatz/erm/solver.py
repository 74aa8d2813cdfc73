"""Vectors of least cost of a batch, with what is known of a bias that is learned; no equations here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import per_row
from replica.ansatz.erm.clusters import ClusterProblem
from replica.ansatz.erm.equations import RiskProblem
from replica.ansatz.erm.huge_penalty import HUGE, HugeState
from replica.ansatz.erm.limits import WeakProblem
from replica.ansatz.erm.loose_bias import (
    FARTHEST,
    LOOSELY,
    NUDGE,
    SPREAD,
    LooseState,
    flat_range,
    response_to_balance,
    yields,
)
from replica.ansatz.erm.ways import DIRECT, FLAT, LEAST, WEAK, bare, problem_of, proper, proper_rows, unpenalised, weak
from replica.models.model import Model
from replica.solution.batch import Part
from replica.solution.ledger import Ledger
from replica.solution.said import beside
from replica.weights.base import Average

SMALL = 1e-5  # a parameter below it, or above its inverse, may be what a solver stumbles over


def check_penalty(model: Model) -> None:
    """Refuse the limits of the penalty where there is no minimum to take, and shapes that only minima are known for."""
    cold = model.weights.penalised and np.all(np.isinf(model.beta)) and model.architecture.plain
    if not model.data.isotropic and not cold:
        raise ValueError(f"{model.data} is solved for penalised weights of one unit at beta = inf, got {model}")
    if not model.weights.penalised:
        return
    penalty = np.asarray(model.weights.penalty)
    if model.data.shapes is not None and np.any(np.isinf(penalty)):
        raise ValueError(f"penalty must be finite on {model.data}, got inf")
    if model.data.shapes is not None and np.any(penalty > (most := HUGE * model.data.shapes.scale.mean())):
        raise ValueError(f"penalty must be at most {most:g}, {HUGE:g} variances of the clusters, got {penalty.max():g}")
    if not np.all(np.isinf(model.beta) | (np.isfinite(penalty) & (penalty > 0))):
        raise ValueError("penalty must be above 0 and finite at finite beta (0 and inf are limits at beta = inf)")


def single_vectors(model: Model, size: int) -> np.ndarray:
    """Rows at beta = inf whose state is one vector of least cost from the start: penalised, or never free of cost."""
    held = isinstance(model.weights.norm, Average) and not model.loss.attained
    return np.isinf(per_row(model.beta, size)) & (model.weights.penalised or held)


def minimise(model: Model, alpha: np.ndarray, tolerance: float) -> Ledger:
    """Vectors of least cost for a batch; refusals name what is far from 1."""
    ledger = _found(model, alpha, tolerance)
    for row in np.flatnonzero(~ledger.solved):
        if words := far_from_one(model, alpha, int(row)):
            why = ledger.remarks[row] or beside(ledger.status[row].sentence)
            ledger.remarks[row] = f"{why}; {words}"
    return ledger


def far_from_one(model: Model, alpha: np.ndarray, row: int) -> str:
    """A clause on parameters beside which others are lost in rounding."""
    names = [name for name in model.parameter_names if name not in ("beta", "temperature")]
    given = {name: model.parameter(name) for name in names} | {"alpha": alpha}
    sizes = {name: np.ravel(value) for name, value in given.items() if not isinstance(value, (bool, str, type(None)))}
    numbers = {name: float(size[row if size.size > 1 else 0]) for name, size in sizes.items()}
    far = [f"{name} = {x:g}" for name, x in numbers.items() if 0.0 < abs(x) < SMALL or 1.0 / SMALL < abs(x) < np.inf]
    return f"{' and '.join(far)} may be too far from 1 for doubles" if far else ""


def _found(model: Model, alpha: np.ndarray, tolerance: float) -> Ledger:
    """Where the penalty is huge read off its limit."""
    penalty = per_row(model.weights.penalty, alpha.size) if bare(model) else np.zeros(alpha.size)
    huge = (penalty > HUGE) & np.isfinite(penalty)
    if not huge.any():
        return _minimise(model, alpha, tolerance)
    ledger = Ledger(model, alpha, tolerance)
    rows = np.flatnonzero(huge)
    limit = _minimise(model.take(rows).with_parameters(penalty=np.inf), alpha[rows], tolerance)
    for part in limit.parts:
        state = HugeState(part.problem, penalty[rows[part.rows]])
        good = np.flatnonzero(state.reached(part.point))
        at = rows[part.rows[good]]
        told = [LEAST + limit.remarks[row].removeprefix(WEAK) for row in part.rows[good]]
        ledger.hold(at, state.take(good), told, part.point[good], part.error[good])
    if ledger.rows.size:
        rows = ledger.rows
        ledger.adopt(_minimise(model.take(rows), alpha[rows], tolerance), rows)
    return ledger


def _minimise(model: Model, alpha: np.ndarray, tolerance: float) -> Ledger:
    ledger = _minima(model, alpha, tolerance)
    for part in ledger.parts if model.data.trained else ():
        at, low, high = _loose(model, alpha, part, tolerance)
        for k in range(at.size):
            _loosely(ledger, part.take(at[k : k + 1]), low[k : k + 1], high[k : k + 1])
    return ledger


def _minima(model: Model, alpha: np.ndarray, tolerance: float) -> Ledger:
    """The same, of symmetric models at the bias 0."""
    size = alpha.size
    penalty = per_row(model.weights.penalty, size) if model.weights.penalised else np.ones(size)
    even = model.data.symmetric(size) if model.data.trained else np.zeros(size, dtype=bool)
    ledger = Ledger(model, alpha, tolerance)
    for symmetric in (False, True):
        kinds = (np.isinf(penalty), weak), (penalty == 0, unpenalised), (proper(penalty), proper_rows)
        for chosen, work in kinds:
            rows = np.flatnonzero(chosen & (even == symmetric))
            if not rows.size:
                continue
            part = model.take(rows)
            if symmetric:
                part = part.on(part.data.learned({"bias": np.zeros(rows.size)}))
            ledger.adopt(work(part, alpha[rows], tolerance), rows)
    return ledger


def _loose(
    model: Model, alpha: np.ndarray, answer: Part, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which rows of an answer have a bias that the patterns do not determine, and between which values it may lie."""
    nothing = np.zeros(0)
    part, load = model.take(answer.rows), alpha[answer.rows]
    if not isinstance(answer.problem, (WeakProblem, RiskProblem, ClusterProblem)):
        return answer.rows[:0], nothing, nothing
    if isinstance(answer.problem, WeakProblem):
        low, high = flat_range(part, load.size)
        loose = np.flatnonzero(high > low)
        return loose, low[loose], high[loose]
    problem, point = _with_bias(part, load, answer)
    response = response_to_balance(problem, point, problem.on(part.on(part.data.nudged(NUDGE))))
    loose = np.flatnonzero(response)
    if not loose.size:
        return loose, nothing, nothing
    part = part.take(loose)
    ends = [point[loose, -1]]
    for side in (1.0, -1.0):
        ends.append(_minima(part.on(part.data.nudged(side * SPREAD)), load[loose], tolerance).observed("bias"))
    low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    sure = yields(response[loose], low, high)
    return loose[sure], low[sure], high[sure]


def _with_bias(model: Model, alpha: np.ndarray, answer: Part) -> tuple[Any, np.ndarray]:
    """The problem of an answer that has the bias for its last variable, and the points."""
    problem, point = problem_of(model, alpha, answer.problem.interpolates), answer.point
    if point.shape[1] < len(problem.variables):  # held at 0 by symmetry
        point = np.column_stack([point, np.zeros(alpha.size)])
    return problem, point


def _loosely(ledger: Ledger, answer: Part, low: np.ndarray, high: np.ndarray) -> None:
    """A row at the bias it was found at, with what is told of others; refused where they have no bound."""
    rows, told = answer.rows, ledger.remarks[answer.rows[0]]
    if not (np.abs(low) < FARTHEST and np.abs(high) < FARTHEST)[0]:
        ledger.refuse(rows, FLAT)
        return
    model, load = ledger.model.take(rows), ledger.alpha[rows]
    if isinstance(answer.problem, WeakProblem):
        bias, point, problem = 0.5 * (low + high), answer.point, answer.problem
    else:
        problem, point = _with_bias(model, load, answer)
        bias, point = point[:, -1], point[:, :-1]
    held = problem.on(model.on(model.data.learned({"bias": bias})))
    found = ledger.solve(held, DIRECT, point)
    ledger.drop(rows)
    told = f"{told}; {LOOSELY.format(float(low[0]), float(high[0]))}"
    ledger.keep(rows, found, told, problem=LooseState(held, low, high))
