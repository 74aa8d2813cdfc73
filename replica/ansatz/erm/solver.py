"""Vectors of least cost of a batch, with what is known of a bias that is learned; no equations here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import per_row
from replica.ansatz.erm.clusters import ClusterProblem
from replica.ansatz.erm.equations import RiskProblem
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
from replica.ansatz.erm.ways import DIRECT, FLAT, Found, attempt, problem_of, proper, proper_rows, unpenalised, weak
from replica.models.model import Model
from replica.weights.base import Average
from saddlepoint import Tolerance


def check_penalty(model: Model) -> None:
    """Refuse the limits of the penalty where there is no minimum to take, and shapes that only minima are known for."""
    cold = model.weights.penalised and np.all(np.isinf(model.beta)) and model.architecture.plain
    if model.data.shapes is not None and not cold:
        raise ValueError(f"{model.data} is solved for penalised weights of one unit at beta = inf, got {model}")
    if not model.weights.penalised:
        return
    penalty = np.asarray(model.weights.penalty)
    if model.data.shapes is not None and np.any(np.isinf(penalty)):
        raise ValueError(f"penalty must be finite on {model.data}, got inf")
    if not np.all(np.isinf(model.beta) | (np.isfinite(penalty) & (penalty > 0))):
        raise ValueError("penalty must be above 0 and finite at finite beta (0 and inf are limits at beta = inf)")


def single_vectors(model: Model, size: int) -> np.ndarray:
    """Rows at beta = inf whose state is one vector of least cost from the start: penalised, or never free of cost."""
    held = isinstance(model.weights.norm, Average) and not model.loss.attained
    return np.isinf(per_row(model.beta, size)) & (model.weights.penalised or held)


def minimise(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """Vectors of least cost for a batch; rows that are not solved come with their status."""
    answers = _minima(model, alpha, tolerance)
    if not model.data.trained:
        return answers
    told: list[Found] = []
    for answer in answers:
        rows, low, high = _loose(model, alpha, answer, tolerance)
        sure = answer.good.copy()
        sure[rows] = False
        told.append(answer._replace(good=sure))
        for k, row in enumerate(rows):
            told.append(_loosely(model, alpha, answer, row, low[k : k + 1], high[k : k + 1], tolerance))
    return told


def _minima(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """The same, of symmetric models at the bias 0."""
    size = alpha.size
    penalty = per_row(model.weights.penalty, size) if model.weights.penalised else np.ones(size)
    even = model.data.symmetric(size) if model.data.trained else np.zeros(size, dtype=bool)
    answers: list[Found] = []
    for symmetric in (False, True):
        kinds = (np.isinf(penalty), weak), (penalty == 0, unpenalised), (proper(penalty), proper_rows)
        for chosen, work in kinds:
            rows = np.flatnonzero(chosen & (even == symmetric))
            if not rows.size:
                continue
            part = model.take(rows)
            if symmetric:
                part = part.on(part.data.learned({"bias": np.zeros(rows.size)}))
            answers += [answer.at(rows) for answer in work(part, alpha[rows], tolerance)]
    return answers


def _loose(
    model: Model, alpha: np.ndarray, answer: Found, tolerance: Tolerance
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which rows of an answer have a bias that the patterns do not determine, and between which values it may lie."""
    good, nothing = np.flatnonzero(answer.good), np.zeros(0)
    part, load = model.take(answer.rows[good]), alpha[answer.rows[good]]
    if not good.size or not isinstance(answer.problem, (WeakProblem, RiskProblem, ClusterProblem)):
        return good[:0], nothing, nothing
    if isinstance(answer.problem, WeakProblem):
        low, high = flat_range(part, good.size)
        loose = np.flatnonzero(high > low)
        return good[loose], low[loose], high[loose]
    problem, point = _with_bias(part, load, answer, good)
    response = response_to_balance(problem, point, problem.on(part.on(part.data.nudged(NUDGE))))
    loose = np.flatnonzero(response)
    if not loose.size:
        return good[:0], nothing, nothing
    part = part.take(loose)
    ends = [point[loose, -1]]
    for side in (1.0, -1.0):
        ends.append(_biases(part.on(part.data.nudged(side * SPREAD)), load[loose], tolerance))
    low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    sure = yields(response[loose], low, high)
    return good[loose[sure]], low[sure], high[sure]


def _with_bias(part: Model, alpha: np.ndarray, answer: Found, good: np.ndarray) -> tuple[Any, np.ndarray]:
    """The problem of the good rows that has the bias for its last variable, and their points."""
    problem, point = problem_of(part, alpha, answer.problem.interpolates), answer.found.point[good]
    if point.shape[1] < len(problem.variables):  # held at 0 by symmetry
        point = np.column_stack([point, np.zeros(good.size)])
    return problem, point


def _biases(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """Biases that are learned; NaN where they are not found."""
    found = np.full(alpha.size, np.nan)
    for answer in _minima(model, alpha, tolerance):
        good = np.flatnonzero(answer.good)
        if good.size:
            found[answer.rows[good]] = answer.problem.take(good).observe(answer.found.point[good])[0]["bias"]
    return found


def _loosely(
    model: Model, alpha: np.ndarray, answer: Found, row: int, low: np.ndarray, high: np.ndarray, tolerance: Tolerance
) -> Found:
    """A row at the bias it was found at, with what is told of others; refused where they have no bound."""
    rows, good = answer.rows[row : row + 1], np.array([row])
    part, load = model.take(rows), alpha[rows]
    if isinstance(answer.problem, WeakProblem):
        bias, point, problem = 0.5 * (low + high), answer.found.point[good], answer.problem.take(good)
    else:
        problem, point = _with_bias(part, load, answer, good)
        bias, point = point[:, -1], point[:, :-1]
    held = problem.on(part.on(part.data.learned({"bias": bias})))
    found = attempt(held, rows, point, DIRECT, tolerance, "")
    if not (np.abs(low) < FARTHEST and np.abs(high) < FARTHEST)[0]:
        return found._replace(good=np.zeros(1, dtype=bool), reason=FLAT)
    told = LOOSELY.format(float(low[0]), float(high[0]))
    return found._replace(problem=LooseState(held, low, high), remark=f"{answer.remark}; {told}")
