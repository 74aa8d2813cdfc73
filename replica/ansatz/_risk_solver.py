"""How a vector of least cost is found: Newton from the square loss, else followed in the penalty; no equations here."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica._registry import per_row
from replica.ansatz._risk import RiskProblem
from replica.ansatz._risk_beyond import DivergedState
from replica.ansatz._risk_clusters import ClusterProblem, RestingProblem, RestingState
from replica.ansatz._risk_limits import HeavyState, VanishedState, WeakProblem
from replica.model import Model, separated
from replica.weights.base import Average
from saddlepoint import Ladder, Newton, Picard, Solution, Tolerance, solve

DIRECT = Newton(max_step=1.5, steps=40)
STEADY = Ladder(Newton(max_step=1.0, steps=60), Picard(damping=0.5, steps=100), Newton(max_step=0.5, steps=60))
LIGHTEST = 1e-9  # from where a penalty of 0 is tried
LEAST = "the vector of least cost"
WEAK = "the limit penalty -> inf: q, m and V are those of penalty times the weights"
GONE = "the weights vanish at every penalty: the larger class rests on the kink of the loss"
INTERPOLATES = "the limit penalty -> 0: the smallest vector that pays nothing"
DIVERGES = "the limit penalty -> 0: the weights grow without bound in the direction of largest margin"
FLAT = "to double precision no pattern changes its slope with the bias, which cannot be told: hold it at a number"
QUICK, LONG = 8, 60  # damped steps before Newton's method
SETTLED = 1e-6  # a residual at which a point is one of the solution
HEAVY = 1e4  # a penalty from which on the kinks of a cost may hold the bias
EASY = 1.0  # a penalty at which the way from the square loss is short


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


def _proper(penalty: np.ndarray) -> np.ndarray:
    return np.isfinite(penalty) & (penalty > 0)


def _attempt(problem: Any, rows: np.ndarray, start: Any, solver: Any, tolerance: Tolerance, remark: str) -> Found:
    found = solve(problem, start=start, solver=solver, tolerance=tolerance, on_failure="keep")
    return Found(rows, problem, found, found.converged, remark)


def _proper_rows(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """A penalty above 0, or a norm that is held: directly, from settled averages, as a vanishing vector, followed."""
    rows, answers = np.arange(alpha.size), []
    if model.weights.penalised and model.data.trained and model.loss.straight and model.data.shapes is None:
        heavy = np.flatnonzero(per_row(model.weights.penalty, alpha.size) >= HEAVY)
        if heavy.size:
            answers.append(_resting(model.take(heavy), alpha[heavy], tolerance).at(heavy))
            rows = np.setdiff1d(rows, answers[-1].rows[answers[-1].good])
    if rows.size:
        whole = problem_of(model, alpha)
        part = whole if rows.size == alpha.size else whole.take(rows)
        answers.append(_attempt(part, rows, None, DIRECT, tolerance, LEAST))
        rows = answers[-1].left
    if rows.size:
        part = whole.take(rows)
        answers.append(_attempt(part, rows, settled(part, QUICK), STEADY, tolerance, LEAST))
        rows = answers[-1].left
    if rows.size and model.weights.penalised and model.data.trained and model.loss.kinks() and _corner_known(model):
        answers.append(_vanished(model.take(rows), alpha[rows], tolerance).at(rows))
        rows = answers[-1].left
    if rows.size and model.data.shapes is not None:
        patient = [answer.at(rows) for answer in _patient(model.take(rows), alpha[rows], tolerance)]
        answers += patient
        rows = np.concatenate([answer.left for answer in patient if not answer.reason] or [rows[:0]])
    if rows.size and not model.loss.hard:  # what is kept or not is the same at every penalty
        answers.append(_followed(model.take(rows), alpha[rows], tolerance).at(rows))
    return answers


def _patient(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """From a start that has settled; rows of which the bias cannot be told come with that reason."""
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


def _corner_known(model: Model) -> bool:
    """Whether vanishing weights see slopes of the cost alone."""
    return model.loss.log_concave and not model.loss.hard


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


def _resting(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> Found:
    """Large penalties, at which the bias comes close to the kink that holds it."""
    found = _weak_attempt(model, alpha, tolerance)
    state, point = HeavyState(found.problem), found.found.point
    good = found.good & (found.problem.response(point) > 0) & bool(found.problem.learned) & ~state.reaches(point)
    return found._replace(problem=state, good=good, remark=LEAST)


def _vanished(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> Found:
    """Rows whose weights vanish at every penalty."""
    if model.data.shapes is not None:
        problem = RestingProblem(model, alpha)
        found = _attempt(problem, np.arange(alpha.size), settled(problem, LONG), STEADY, tolerance, GONE)
        return found._replace(problem=RestingState(problem), good=found.good & problem.gone(found.found.point))
    found = _weak_attempt(model, alpha, tolerance)
    gone = found.good & ~(found.problem.response(found.found.point) > 0)
    return found._replace(problem=VanishedState(found.problem), good=gone, remark=GONE)


def _unpenalised(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """``penalty -> 0``: the smallest vector that pays nothing where there is one, else the unpenalised minimum."""
    every = np.arange(alpha.size)
    margin = model if model.loss.satisfiable else separated(model)
    problem = problem_of(margin, alpha, interpolates=True)
    found = _attempt(problem, every, settled(problem, LONG), STEADY, tolerance, INTERPOLATES)
    found = found._replace(good=found.good & problem.interpolated(found.found.point))
    if not model.loss.satisfiable:
        found = found._replace(problem=DivergedState(problem), remark=DIVERGES)
    rows = found.left
    rest = _proper_rows(model.take(rows), alpha[rows], tolerance) if rows.size else []
    return [found, *(answer.at(rows) for answer in rest)]


def _followed(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> Found:
    """From an easy penalty to the one asked for, in steps of its logarithm that each row halves where it must."""
    penalised = model.weights.penalised
    penalty = per_row(model.weights.penalty, alpha.size) if penalised else np.ones(alpha.size)
    target = np.log(np.maximum(penalty, LIGHTEST))
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
    problem = problem_of(model, alpha)
    found = solve(problem, start=point, solver=STEADY, tolerance=tolerance, on_failure="keep")
    return Found(np.arange(alpha.size), problem, found, found.converged, LEAST)


def _at(model: Model, alpha: np.ndarray, rows: np.ndarray, log_penalty: np.ndarray) -> Any:
    return problem_of(model.take(rows).with_parameters(penalty=np.exp(log_penalty)), alpha[rows])


def _start(model: Model, alpha: np.ndarray, log_penalty: np.ndarray) -> np.ndarray:
    """Solutions at an easy penalty."""
    every = np.arange(alpha.size)
    problem = _at(model, alpha, every, log_penalty) if model.weights.penalised else problem_of(model, alpha)
    return solve(problem, start=settled(problem, LONG), solver=STEADY, on_failure="keep", check=False).point


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
                    free[:, k] += 0.5 * np.clip(np.nan_to_num(change[:, problem.row_of(name)]), -3.0, 3.0)
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
