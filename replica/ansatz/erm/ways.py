"""The ways in which a vector of least cost is looked for, one after the other; no equations here."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica._registry import per_row
from replica.ansatz.erm.beyond import DivergedState
from replica.ansatz.erm.clusters import ClusterProblem, RestingProblem, RestingState
from replica.ansatz.erm.equations import RiskProblem
from replica.ansatz.erm.large_penalty import HeavyState
from replica.ansatz.erm.limits import VanishedState, WeakProblem
from replica.ansatz.erm.paths import down_from_heavy, from_easy, up_in_load
from replica.ansatz.erm.starts import settled
from replica.losses._cost_table import single_rows
from replica.losses._tabulated import resting
from replica.models.model import Model, separated
from saddlepoint import Ladder, Newton, Picard, Solution, Tolerance, solve

DIRECT = Newton(max_step=1.5, steps=40)
STEADY = Ladder(Newton(max_step=1.0, steps=60), Picard(damping=0.5, steps=100), Newton(max_step=0.5, steps=60))
LEAST = "the vector of least cost"
WEAK = "the limit penalty -> inf: q, m and V are those of penalty times the weights"
GONE = "the weights vanish at every penalty: the larger class rests on the kink of the loss"
INTERPOLATES = "the limit penalty -> 0: the smallest vector that pays nothing"
LEAST_OF_ALL = "the limit penalty -> 0: the smallest vector whose patterns all cost the least"
DIVERGES = "the limit penalty -> 0: the weights grow without bound in the direction of largest margin"
FLAT = "to double precision no pattern changes its slope with the bias, which cannot be told: hold it at a number"
THRESHOLD = (
    "q diverges at the interpolation threshold alpha = 1, where every pattern is an equation and there are as many as "
    "weights: take another load, or a penalty above 0"
)
PAID = 1e-12  # a least cost above it is one
BESIDE = 1e-7  # of that load
QUICK, LONG = 8, 60  # damped steps before Newton's method
SETTLED = 1e-6  # a residual at which a point is one of the solution
HEAVY = 1e4  # a penalty from which on the kinks of a cost may hold the bias


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


def proper(penalty: np.ndarray) -> np.ndarray:
    return np.isfinite(penalty) & (penalty > 0)


def attempt(problem: Any, rows: np.ndarray, start: Any, solver: Any, tolerance: Tolerance, remark: str) -> Found:
    found = solve(problem, start=start, solver=solver, tolerance=tolerance, on_failure="keep")
    return Found(rows, problem, found, found.converged, remark)


def proper_rows(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
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
    return [attempt(problem_of(model, alpha), np.arange(alpha.size), None, DIRECT, tolerance, LEAST)]


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
        answers.append(attempt(problem_of(part, load), rows, point, DIRECT, tolerance, LEAST))
    return answers


def _settled(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    problem = problem_of(model, alpha)
    return [attempt(problem, np.arange(alpha.size), settled(problem, QUICK), STEADY, tolerance, LEAST)]


def _followed(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """From an easy model; what is kept or not is the same at every penalty."""
    if model.loss.hard:
        return []
    problem = problem_of(model, alpha)
    point = from_easy(model, alpha, problem_of)
    return [attempt(problem, np.arange(alpha.size), point, STEADY, tolerance, LEAST)]


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
            found = attempt(problem.take(rows), rows, point[rows], STEADY, tolerance, LEAST)
            answers.append(found._replace(reason=reason))
    return answers


def weak(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """``penalty = inf``."""
    found = _weak_attempt(model, alpha, tolerance)
    alive = found.problem.response(found.found.point) > 0
    gone = found._replace(problem=VanishedState(found.problem), good=found.good & ~alive, remark=GONE)
    return [found._replace(good=found.good & alive), gone] if np.any(gone.good) else [found]


def _weak_attempt(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> Found:
    problem, every = WeakProblem(model, alpha), np.arange(alpha.size)
    found = attempt(problem, every, None, DIRECT, tolerance, WEAK)
    return found if found.good.all() else attempt(problem, every, settled(problem, LONG), STEADY, tolerance, WEAK)


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
    found = attempt(problem, np.arange(alpha.size), settled(problem, LONG), STEADY, tolerance, GONE)
    return [found._replace(problem=RestingState(problem), good=found.good & problem.gone(found.found.point))]


def unpenalised(model: Model, alpha: np.ndarray, tolerance: Tolerance) -> list[Found]:
    """``penalty -> 0``: the smallest vector that pays nothing where there is one, else the unpenalised minimum."""
    every = np.arange(alpha.size)
    margin = model if model.loss.attained else separated(model)
    paid = model.loss.exact and any(resting(one)[1] > PAID for one in single_rows(model.loss, alpha.size))
    problem, told = problem_of(margin, alpha, interpolates=True), LEAST_OF_ALL if paid else INTERPOLATES
    found = attempt(problem, every, None, DIRECT, tolerance, told)
    if not found.good.all():
        found = attempt(problem, every, up_in_load(margin, alpha, problem_of), DIRECT, tolerance, told)
    found = found._replace(good=found.good & problem.interpolated(found.found.point))
    if not model.loss.attained:
        found = found._replace(problem=DivergedState(problem), remark=DIVERGES)
    answers, rows = [found], found.left
    full = rows[np.abs(alpha[rows] - 1.0) < BESIDE] if model.loss.exact else rows[:0]
    if full.size:
        last = attempt(problem_of(model.take(full), alpha[full]), full, None, DIRECT, tolerance, LEAST)
        answers.append(last._replace(reason=THRESHOLD))
        rows = np.setdiff1d(rows, full)
    rest = proper_rows(model.take(rows), alpha[rows], tolerance) if rows.size else []
    return [*answers, *(answer.at(rows) for answer in rest)]
