"""Capacity: where the last solutions disappear; by zero entropy, by q -> 1, or by the first moment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from replica._registry import per_row
from replica.ansatz import Ansatz
from replica.ansatz.coverage import (
    CONE,
    LETTERS_MEET,
    NO_OFFSET,
    NOT_PENALISED,
    ONE_FIELD,
    ONE_OVERLAP,
    SATISFIABLE,
    SHARED_INPUTS,
    VIOLABLE,
    Covers,
)
from replica.ansatz.erm.paths import walked
from replica.ansatz.rs.equations import Equations
from replica.ansatz.rs.limits import LimitProblem
from replica.ansatz.rs.norm_states import states
from replica.ansatz.rs.special_states import has_paramagnet
from replica.ansatz.zero_temperature import Projection
from replica.models.model import Model, separating
from replica.solution.batch import Part
from replica.solution.errors import measured
from replica.thresholds.base import Line, closed_line
from replica.thresholds.branch import zero_entropy_line
from replica.thresholds.constrained import threshold_limit_line
from replica.thresholds.paramagnet import line_on_paramagnet
from replica.thresholds.registry import threshold_line
from replica.weights.base import Average, Free
from saddlepoint import Newton, solve

SMALL = 1e-10  # entropies that are none


@threshold_line("max-margin", r"\kappa_{\max}", cold=True)
def max_margin_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """The largest margin at a load, drawn as the load at which the model's margin is the largest: its capacity."""
    return capacity_line(model, size, ansatz)


EXACT = "exact: the first moment, q = 0 is stable"
BOUND = "the first moment at q = 0, an upper bound: solutions may be fewer than on average"
STORES = (VIOLABLE, SATISFIABLE, LETTERS_MEET, NOT_PENALISED, CONE, ONE_FIELD, NO_OFFSET)
COVERS = Covers("capacity", (ONE_OVERLAP, *STORES, *SHARED_INPUTS), shared=True)


@threshold_line("capacity", r"\alpha_c", cold=True)
def capacity_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    r"""Largest load with solutions, for a batch of models.

    Alphabets: zero of the RS entropy on the branch from ``alpha = 0`` (exactly the first moment while an even loss
    keeps ``q = 0`` stable). Sphere: the limit ``q -> 1``, ``alpha_c E (u-w)^2 = 1 - m^2`` with u the nearest allowed
    field. `Annealed`: the first moment. A finite cost is taken at ``beta = inf``.

    References
    ----------
    E. Gardner, J. Phys. A 21, 257 (1988); W. Krauth and M. Mezard, J. Phys. France 50, 3057 (1989).
    """
    if model.data.modes is not None:
        line = capacity_line(separating(model), size, ansatz)
        line.value, line.error, line.bracket = scaled(model, size, line.value, line.error, line.bracket)
        return line
    model = separating(model)
    model = model.with_parameters(beta=np.inf) if np.any(np.isfinite(model.beta)) else model
    if model.weights.unit_mean:
        return threshold_limit_line(model, size, ansatz)
    COVERS.check(model)
    if model.data.realizable:
        right = np.broadcast_to(np.geomspace(1e-6, 40.0, 60), (size, 60))
        easy, why = (
            np.all(model.loss.cost(right) == 0, axis=1),
            "a noise-free teacher satisfies its own labels for nothing",
        )
    else:
        easy = np.broadcast_to(model.weights.vanishing & _holds_at_zero(model, size), (size,))
        why = "w = 0 satisfies every pattern"
    if easy.any():
        return _with_easy_rows(model, size, ansatz, easy, f"not converged: no capacity, {why}")
    if isinstance(model.weights.norm, Average):
        return _limit(model, size, ansatz)
    if has_paramagnet(model):
        return _even(model, size, ansatz)
    line = zero_entropy_line(model, size, ansatz)
    return _unless_small_weights(line, model) if isinstance(model.weights.norm, Free) else line


def scaled(model: Model, size: int, value: np.ndarray, error: np.ndarray, bracket: np.ndarray) -> Any:
    """Loads per direction that has inputs as loads per weight."""
    rank = per_row(model.data.modes.rank, size)
    return value * rank, error * rank, bracket * rank[:, None]


def _unless_small_weights(line: Line, model: Model) -> Line:
    """The line, less rows where small weights, which few patterns do not lead to, still solve when the others cease."""
    rows = np.flatnonzero(line.converged & _holds_at_zero(model, line.value.size))
    if model.data.overlaps or not rows.size:
        return line
    at, _, entropy = states(Equations(model.take(rows), rows.size), line.value[rows])
    for i in np.unique(at[entropy > SMALL]):
        row, most = rows[i], entropy[at == i].max()
        line.status[row] = (
            f"not converged: at alpha = {line.value[row]:.6g}, where the entropy of the state that few patterns lead "
            f"to vanishes, small weights have the entropy {most:.6g}: the capacity is larger"
        )
        line.value[row] = line.error[row] = np.nan
    return line


def _with_easy_rows(model: Model, size: int, ansatz: Ansatz, easy: np.ndarray, sentence: str) -> Line:
    """Rows that every load satisfies say so; the others are solved."""
    hard = np.flatnonzero(~easy)
    nothing = np.full(size, np.nan)
    line = closed_line(model, ansatz, nothing, nothing, [sentence] * size, [])
    if hard.size:
        found = capacity_line(model.take(hard), hard.size, ansatz)
        line.value[hard], line.error[hard], line.bracket[hard] = found.value, found.error, found.bracket
        line.saddle_points.parts.extend(replace(part, rows=hard[part.rows]) for part in found.saddle_points.parts)
        for i, row in enumerate(hard):
            line.status[row] = found.status[i]
        for name in ("alpha", "status", "residual"):
            getattr(line.saddle_points, name)[hard] = getattr(found.saddle_points, name)
    return line


def _holds_at_zero(model: Model, size: int) -> np.ndarray:
    """Whether what weights of 0 see of each class of patterns lies inside the allowed region, per row."""
    held = np.ones(size, dtype=bool)
    for channel in model.data.resting(size):
        mean = per_row(channel.mean, size)[:, None]
        free = np.all(model.loss.cost(np.nextafter(mean, [[-np.inf, np.inf]])) == 0, axis=-1)
        held &= free | (per_row(channel.probability, size) == 0)
    return held


def _even(model: Model, size: int, ansatz: Ansatz) -> Line:
    """Zero entropy of q = 0 while that is stable, of the branch q > 0 otherwise; a mixed batch goes row by row."""
    guarded = bool(np.any(model.architecture.guard))
    bound = guarded or model.architecture.shared_inputs  # states apart from q = 0 may take over before
    line = line_on_paramagnet(model, size, ansatz, "entropy", BOUND if bound else EXACT)
    if guarded:  # the first moment is all that is known: the solution says whether q = 0 is stable
        return line
    stable = line.converged & (line.saddle_points.value("stability") > 0)
    if stable.all():
        return line
    if not stable.any():
        return zero_entropy_line(model, size, ansatz)
    return _merge([_even(model.take(np.array([row])), 1, ansatz) for row in range(size)], model, ansatz)


def _merge(lines: list[Line], model: Model, ansatz: Ansatz) -> Line:
    parts = [replace(part, rows=np.array([i])) for i, line in enumerate(lines) for part in line.saddle_points.parts]
    joined = [np.concatenate([getattr(line, name) for line in lines]) for name in ("value", "error", "bracket")]
    merged = closed_line(model, ansatz, joined[0], joined[1], [line.status[0] for line in lines], parts)
    merged.bracket = joined[2]
    return merged


def _limit(model: Model, size: int, ansatz: Ansatz) -> Line:
    problem = LimitProblem(model, size)
    if len(problem.variables):
        found = solve(problem, solver=Newton(max_step=1.0), on_failure="keep")
        if model.data.overlaps and not found.converged.all():
            found = solve(problem, start=_from_wide(problem), solver=Newton(max_step=1.0), on_failure="keep")
        point, error = found.point, found.error
        good = found.converged
    else:
        point, error = np.zeros((2, size, 0))
        good = np.ones(size, dtype=bool)
    seen, errors = measured(problem, point, error)
    alpha = seen["alpha"]
    good &= np.isfinite(alpha)
    text = "converged; the limit q -> 1"
    endless = "not converged: no finite capacity, the load grows without bound as q -> 1"
    status = [text if ok else endless for ok in good]
    for row in np.flatnonzero(_beyond_doubles(problem) & ~good):
        status[row] = "not converged: the load is beyond 1e300, so far apart are the clusters"
    for row in np.flatnonzero(good & (alpha == 0)):
        good[row], status[row] = False, "not converged: no pattern can be stored: no field satisfies the loss"
    rows = np.flatnonzero(good)
    parts = [Part(rows, problem.take(rows), point[rows], error[rows])] if rows.size else []
    line = closed_line(model, ansatz, alpha, errors["alpha"], status, parts)
    line.status = line.saddle_points.sentences()
    return line


def _from_wide(problem: LimitProblem) -> np.ndarray:
    """Followed from clusters as wide as they are apart."""

    def at(rows: np.ndarray, place: np.ndarray) -> LimitProblem:
        model = problem.model.take(rows)
        return LimitProblem(model.on(model.data.towards(place)), rows.size)

    begin = at(np.arange(problem.size), np.zeros(problem.size))
    return walked(at, solve(begin, solver=Newton(max_step=1.0), on_failure="keep", check=False).point)[0]


def _beyond_doubles(problem: LimitProblem) -> np.ndarray:
    """Rows in which hardly a pattern would ever be on the wrong side: tails of the field below 1e-300."""
    if not (problem.taught and problem.model.data.separable):
        return np.zeros(problem.size, dtype=bool)
    with np.errstate(all="ignore"):
        return ~(Projection(problem.cavity(problem.start()), whole=False).square > 1e-300)
