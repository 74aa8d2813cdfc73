"""How a vector of least cost is found: Newton from the square loss, else followed; no equations here."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica._registry import per_row
from replica.ansatz._risk import RiskProblem
from replica.ansatz._risk_beyond import DivergedState
from replica.ansatz._risk_bias import (
    FARTHEST,
    LOOSELY,
    NUDGE,
    SPREAD,
    LooseState,
    flat_range,
    response_to_balance,
    yields,
)
from replica.ansatz._risk_clusters import ClusterProblem, RestingProblem, RestingState
from replica.ansatz._risk_heavy import HeavyState
from replica.ansatz._risk_limits import VanishedState, WeakProblem
from replica.ansatz._risk_paths import down_from_heavy, from_easy, up_in_load
from replica.ansatz._risk_starts import settled
from replica.model import Model, separated
from replica.weights.base import Average
from saddlepoint import Ladder, Newton, Picard, Solution, Tolerance, solve

DIRECT = Newton(max_step=1.5, steps=40)
STEADY = Ladder(Newton(max_step=1.0, steps=60), Picard(damping=0.5, steps=100), Newton(max_step=0.5, steps=60))
LEAST = "the vector of least cost"
WEAK = "the limit penalty -> inf: q, m and V are those of penalty times the weights"
GONE = "the weights vanish at every penalty: the larger class rests on the kink of the loss"
INTERPOLATES = "the limit penalty -> 0: the smallest vector that pays nothing"
DIVERGES = "the limit penalty -> 0: the weights grow without bound in the direction of largest margin"
FLAT = "to double precision no pattern changes its slope with the bias, which cannot be told: hold it at a number"
THRESHOLD = (
    "q diverges at the interpolation threshold alpha = 1, where every pattern is an equation and there are as many as "
    "weights: take another load, or a penalty above 0"
)
BESIDE = 1e-7  # of that load
QUICK, LONG = 8, 60  # damped steps before Newton's method
SETTLED = 1e-6  # a residual at which a point is one of the solution
HEAVY = 1e4  # a penalty from which on the kinks of a cost may hold the bias


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
    held = isinstance(model.weights.norm, Average) and not model.loss.satisfiable
    return np.isinf(per_row(model.beta, size)) & (model.weights.penalised or held)


def problem_of(model: Model, alpha: np.ndarray, interpolates: bool = False) -> Any:
    """The equations: of isotropic inputs, or of clusters with covariances."""
    kind = RiskProblem if model.data.shapes is None else ClusterProblem
    return kind(model, alpha, interpolates=interpolates)


class Found(NamedTuple):
    """Rows of a batch solved by one problem, of which the good ones are answers."""

    rows: np.ndarray
    problem: Any
    found: Solution
    good: np.ndarray
    remark: str
    reason: str = ""  # why the others are not

    def at(self, rows: np.ndarray) -> Found:
        """The same with rows of a larger batch."""
        return self._replace(rows=rows[self.rows])

    @property
    def left(self) -> np.ndarray:
        return self.rows[~self.good]


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
        kinds = (np.isinf(penalty), _weak), (penalty == 0, _unpenalised), (_proper(penalty), _proper_rows)
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
    found = _attempt(held, rows, point, DIRECT, tolerance, "")
    if not (np.abs(low) < FARTHEST and np.abs(high) < FARTHEST)[0]:
        return found._replace(good=np.zeros(1, dtype=bool), reason=FLAT)
    told = LOOSELY.format(float(low[0]), float(high[0]))
    return found._replace(problem=LooseState(held, low, high), remark=f"{answer.remark}; {told}")


def _proper(penalty: np.ndarray) -> np.ndarray:
    return np.isfinite(penalty) & (penalty > 0)


def _attempt(problem: Any, rows: np.ndarray, start: Any, solver: Any, tolerance: Tolerance, remark: str) -> Found:
    found = solve(problem, start=start, solver=solver, tolerance=tolerance, on_failure="keep")
    return Found(rows, problem, found, found.converged, remark)


def _proper_rows(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """A penalty above 0, or a norm that is held: directly, down from a large penalty, from settled averages, followed
    from an easier model. Each way gets the rows that are left.
    """
    rows, answers = np.arange(alpha.size), []
    for way in (_heavy, _direct, _descended, _settled, _patient, _followed):
        found = [answer.at(rows) for answer in way(model.take(rows), alpha[rows], tolerance)]
        solved = [answer.rows if answer.reason else answer.rows[answer.good] for answer in found]
        answers += found
        rows = np.setdiff1d(rows, np.concatenate([rows[:0], *solved]))
        if not rows.size:
            break
    return answers


def _bare(model: Model) -> bool:
    """Whether a large penalty has a limit whose equations are known: that of vanishing weights."""
    return model.weights.penalised and model.data.shapes is None and model.loss.log_concave and not model.loss.hard


def _heavy(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """Large penalties, at which the bias comes close to the kink that holds it."""
    if not (_bare(model) and model.data.trained and model.loss.straight):
        return []
    rows = np.flatnonzero(per_row(model.weights.penalty, alpha.size) >= HEAVY)
    if not rows.size:
        return []
    found = _weak_attempt(model.take(rows), alpha[rows], tolerance)
    return [_resting(found).at(rows)]


def _direct(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    return [_attempt(problem_of(model, alpha), np.arange(alpha.size), None, DIRECT, tolerance, LEAST)]


def _descended(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """From the limit of a large penalty: there already, vanished at every penalty, or along the penalty."""
    if model.data.shapes is not None:
        return _vanished_clusters(model, alpha, tolerance)
    if not _bare(model):
        return []
    found = _weak_attempt(model, alpha, tolerance)
    alive = found.problem.response(found.found.point) > 0
    gone = found._replace(problem=VanishedState(found.problem), good=found.good & ~alive, remark=GONE)
    answers = [gone] if model.loss.kinks() and model.data.trained else []
    left = found.good & alive
    if model.loss.straight:
        answers.append(_resting(found))
        left &= ~answers[-1].good
    rows = np.flatnonzero(left)
    if rows.size:
        part, load = model.take(rows), alpha[rows]
        point, _ = down_from_heavy(part, load, found.problem.take(rows), found.found.point[rows])
        answers.append(_attempt(problem_of(part, load), rows, point, DIRECT, tolerance, LEAST))
    return answers


def _settled(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    problem = problem_of(model, alpha)
    return [_attempt(problem, np.arange(alpha.size), settled(problem, QUICK), STEADY, tolerance, LEAST)]


def _followed(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """From an easy model; what is kept or not is the same at every penalty."""
    if model.loss.hard:
        return []
    problem = problem_of(model, alpha)
    point = from_easy(model, alpha, problem_of)
    return [_attempt(problem, np.arange(alpha.size), point, STEADY, tolerance, LEAST)]


def _patient(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """Clusters from a start that has settled; rows of which the bias cannot be told come with that reason."""
    if model.data.shapes is None:
        return []
    problem = problem_of(model, alpha)
    point = settled(problem, LONG)
    with np.errstate(all="ignore"):
        flat = problem.flat(point) & (np.abs(problem.residual(point)).max(axis=1) < SETTLED)
    answers = []
    for rows, reason in ((np.flatnonzero(flat), FLAT), (np.flatnonzero(~flat), "")):
        if rows.size:
            found = _attempt(problem.take(rows), rows, point[rows], STEADY, tolerance, LEAST)
            answers.append(found._replace(reason=reason))
    return answers


def _weak(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """``penalty = inf``."""
    found = _weak_attempt(model, alpha, tolerance)
    alive = found.problem.response(found.found.point) > 0
    gone = found._replace(problem=VanishedState(found.problem), good=found.good & ~alive, remark=GONE)
    return [found._replace(good=found.good & alive), gone] if np.any(gone.good) else [found]


def _weak_attempt(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> Found:
    problem, every = WeakProblem(model, alpha), np.arange(alpha.size)
    found = _attempt(problem, every, None, DIRECT, tolerance, WEAK)
    return found if found.good.all() else _attempt(problem, every, settled(problem, LONG), STEADY, tolerance, WEAK)


def _resting(found: Found) -> Found:
    """Rows of a limit that are at their own penalty already."""
    state, point = HeavyState(found.problem), found.found.point
    good = found.good & (found.problem.response(point) > 0) & bool(found.problem.learned) & ~state.reaches(point)
    return found._replace(problem=state, good=good, remark=LEAST)


def _vanished_clusters(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """Rows whose weights vanish at every penalty."""
    if not (model.data.trained and model.loss.kinks() and model.loss.log_concave):
        return []
    problem = RestingProblem(model, alpha)
    found = _attempt(problem, np.arange(alpha.size), settled(problem, LONG), STEADY, tolerance, GONE)
    return [found._replace(problem=RestingState(problem), good=found.good & problem.gone(found.found.point))]


def _unpenalised(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """``penalty -> 0``: the smallest vector that pays nothing where there is one, else the unpenalised minimum."""
    every = np.arange(alpha.size)
    margin = model if model.loss.satisfiable else separated(model)
    problem = problem_of(margin, alpha, interpolates=True)
    found = _attempt(problem, every, None, DIRECT, tolerance, INTERPOLATES)
    if not found.good.all():
        found = _attempt(problem, every, up_in_load(margin, alpha, problem_of), DIRECT, tolerance, INTERPOLATES)
    found = found._replace(good=found.good & problem.interpolated(found.found.point))
    if not model.loss.satisfiable:
        found = found._replace(problem=DivergedState(problem), remark=DIVERGES)
    answers, rows = [found], found.left
    full = rows[np.abs(alpha[rows] - 1.0) < BESIDE] if model.loss.exact else rows[:0]
    if full.size:
        last = _attempt(problem_of(model.take(full), alpha[full]), full, None, DIRECT, tolerance, LEAST)
        answers.append(last._replace(reason=THRESHOLD))
        rows = np.setdiff1d(rows, full)
    rest = _proper_rows(model.take(rows), alpha[rows], tolerance) if rows.size else []
    return [*answers, *(answer.at(rows) for answer in rest)]
