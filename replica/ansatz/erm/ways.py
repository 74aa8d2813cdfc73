"""The ways in which a vector of least cost is looked for, one after the other; no equations here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import per_row
from replica.ansatz.erm.beyond import DivergedState
from replica.ansatz.erm.clusters import ClusterProblem, RestingProblem, RestingState
from replica.ansatz.erm.equations import RiskProblem
from replica.ansatz.erm.large_penalty import HeavyState
from replica.ansatz.erm.limits import VanishedState, WeakProblem
from replica.ansatz.erm.paths import down_from_heavy, from_easy, up_in_load
from replica.ansatz.erm.spectrum import SpectrumProblem
from replica.ansatz.erm.spectrum_limits import KINKED, HebbProblem
from replica.ansatz.erm.starts import settled
from replica.losses._cost_table import single_rows
from replica.losses._tabulated import resting
from replica.models.directions import separated
from replica.models.model import Model
from replica.solution.ledger import Ledger
from saddlepoint import Ladder, Newton, Picard, Solution

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
    """The equations: of isotropic inputs, of inputs of one covariance, or of clusters with covariances."""
    kind: Any = SpectrumProblem if model.data.modes is not None else RiskProblem
    kind = kind if model.data.shapes is None else ClusterProblem
    return kind(model, alpha, interpolates=interpolates)


def proper(penalty: np.ndarray) -> np.ndarray:
    return np.isfinite(penalty) & (penalty > 0)


def proper_rows(model: Model, alpha: np.ndarray, tolerance: float) -> Ledger:
    """A penalty above 0, or a norm that is held: directly, down from a large penalty, from settled averages, followed
    from an easier model. Each way gets the rows that are left.
    """
    ledger = Ledger(model, alpha, tolerance)
    for way in (_heavy, _direct, _descended, _settled, _patient, _followed):
        rows = ledger.rows
        if rows.size:
            way(ledger, rows, model.take(rows), alpha[rows])
    return ledger


def bare(model: Model) -> bool:
    """Whether a large penalty has a limit whose equations are known: that of vanishing weights."""
    return model.weights.penalised and model.data.isotropic and model.loss.log_concave and not model.loss.hard


def _heavy(ledger: Ledger, rows: np.ndarray, model: Model, alpha: np.ndarray) -> None:
    """Large penalties, at which the bias comes close to the kink that holds it."""
    if not (bare(model) and model.data.trained and model.loss.straight):
        return
    heavy = np.flatnonzero(per_row(model.weights.penalty, alpha.size) >= HEAVY)
    if heavy.size:
        _resting(ledger, rows[heavy], *_weak_solution(ledger, model.take(heavy), alpha[heavy]))


def _direct(ledger: Ledger, rows: np.ndarray, model: Model, alpha: np.ndarray) -> None:
    ledger.keep(rows, ledger.solve(problem_of(model, alpha), DIRECT), LEAST)


def _descended(ledger: Ledger, rows: np.ndarray, model: Model, alpha: np.ndarray) -> None:
    """From the limit of a large penalty: there already, vanished at every penalty, or along the penalty."""
    if model.data.shapes is not None:
        _vanished_clusters(ledger, rows, model, alpha)
    if not bare(model):
        return
    problem, found = _weak_solution(ledger, model, alpha)
    alive = problem.response(found.point) > 0
    if model.loss.kinks() and model.data.trained:
        ledger.keep(rows, found, GONE, ~alive, VanishedState(problem))
    if model.loss.straight:
        _resting(ledger, rows, problem, found)
    left = np.flatnonzero(found.converged & alive & ledger.open[rows])
    if left.size:
        part, load = model.take(left), alpha[left]
        point, _ = down_from_heavy(part, load, problem.take(left), found.point[left])
        ledger.keep(rows[left], ledger.solve(problem_of(part, load), DIRECT, point), LEAST)


def _settled(ledger: Ledger, rows: np.ndarray, model: Model, alpha: np.ndarray) -> None:
    problem = problem_of(model, alpha)
    ledger.keep(rows, ledger.solve(problem, STEADY, settled(problem, QUICK)), LEAST)


def _followed(ledger: Ledger, rows: np.ndarray, model: Model, alpha: np.ndarray) -> None:
    """From an easy model; what is kept or not is the same at every penalty."""
    if not model.loss.hard:
        point = from_easy(model, alpha, problem_of)
        ledger.keep(rows, ledger.solve(problem_of(model, alpha), STEADY, point), LEAST)


def _patient(ledger: Ledger, rows: np.ndarray, model: Model, alpha: np.ndarray) -> None:
    """Other inputs from a start that has settled; rows of which the bias cannot be told are refused."""
    if model.data.isotropic:
        return
    problem = problem_of(model, alpha)
    point = settled(problem, LONG)
    with np.errstate(all="ignore"):
        flat = problem.flat(point) & (np.abs(problem.residual(point)).max(axis=1) < SETTLED)
    ledger.keep(rows, ledger.solve(problem, STEADY, point), LEAST)
    ledger.refuse(rows[flat & ledger.open[rows]], FLAT)


def weak(model: Model, alpha: np.ndarray, tolerance: float) -> Ledger:
    """``penalty = inf``."""
    ledger = Ledger(model, alpha, tolerance)
    if model.data.modes is not None:
        hebb = HebbProblem(model, alpha)
        ledger.refuse(np.flatnonzero(hebb.kinked), KINKED)
        ledger.hold(ledger.rows, hebb.take(ledger.rows), WEAK)
        return ledger
    rows, (problem, found) = ledger.rows, _weak_solution(ledger, model, alpha)
    alive = problem.response(found.point) > 0
    ledger.keep(rows, found, WEAK, alive)
    ledger.keep(rows, found, GONE, ~alive, VanishedState(problem))
    return ledger


def _weak_solution(ledger: Ledger, model: Model, alpha: np.ndarray) -> tuple[WeakProblem, Solution]:
    problem = WeakProblem(model, alpha)
    found = ledger.solve(problem, DIRECT)
    return problem, found if found.converged.all() else ledger.solve(problem, STEADY, settled(problem, LONG))


def _resting(ledger: Ledger, rows: np.ndarray, problem: WeakProblem, found: Solution) -> None:
    """Rows of a limit that are at their own penalty already."""
    state = HeavyState(problem)
    good = (problem.response(found.point) > 0) & bool(problem.learned) & ~state.reaches(found.point)
    ledger.keep(rows, found, LEAST, good, state)


def _vanished_clusters(ledger: Ledger, rows: np.ndarray, model: Model, alpha: np.ndarray) -> None:
    """Rows whose weights vanish at every penalty."""
    if model.data.trained and model.loss.kinks() and model.loss.log_concave:
        problem = RestingProblem(model, alpha)
        found = ledger.solve(problem, STEADY, settled(problem, LONG))
        ledger.keep(rows, found, GONE, problem.gone(found.point), RestingState(problem))


def unpenalised(model: Model, alpha: np.ndarray, tolerance: float) -> Ledger:
    """``penalty -> 0``: the smallest vector that pays nothing where there is one, else the unpenalised minimum."""
    ledger = Ledger(model, alpha, tolerance)
    margin = model if model.loss.attained else separated(model)
    paid = model.loss.exact and any(resting(one)[1] > PAID for one in single_rows(model.loss, alpha.size))
    problem, told = problem_of(margin, alpha, interpolates=True), LEAST_OF_ALL if paid else INTERPOLATES
    found = ledger.solve(problem, DIRECT)
    if not found.converged.all():
        found = ledger.solve(problem, DIRECT, up_in_load(margin, alpha, problem_of))
    state, told = (problem, told) if model.loss.attained else (DivergedState(problem), DIVERGES)
    ledger.keep(ledger.rows, found, told, problem.interpolated(found.point), state)
    rank = per_row(1.0 if model.data.modes is None else model.data.modes.rank, alpha.size)
    full = ledger.rows[np.abs(alpha / rank - 1.0)[ledger.rows] < BESIDE]
    if model.loss.exact and full.size:
        ledger.keep(full, ledger.solve(problem_of(model.take(full), alpha[full]), DIRECT), LEAST)
        ledger.refuse(full[ledger.open[full]], THRESHOLD)
    rows = ledger.rows
    if rows.size:
        ledger.adopt(proper_rows(model.take(rows), alpha[rows], tolerance), rows)
    return ledger
