"""The AT line and the end of the RS branch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica.ansatz import Ansatz
from replica.ansatz.rs.alphabet_limit import AlphabetLimit
from replica.ansatz.rs.branch import scan_branch
from replica.ansatz.rs.limits import LimitProblem
from replica.ansatz.rs.special_states import has_paramagnet
from replica.models.model import Model
from replica.solution.batch import Part
from replica.solution.errors import measured
from replica.thresholds._small_weights import refused, told
from replica.thresholds.appearance import apart, appearance_line
from replica.thresholds.base import Line
from replica.thresholds.branch import line_on_branch
from replica.thresholds.pair import pair_end_line
from replica.thresholds.paramagnet import line_on_paramagnet
from replica.thresholds.registry import threshold_line
from replica.weights.base import Average
from saddlepoint import Newton, Status, solve


@threshold_line("at", r"\alpha_{\mathrm{AT}}")
def at_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    r"""The de Almeida-Thouless line: ``alpha E f'^2 E(var w)^2 = 1`` on the branch from ``alpha = 0``.

    For even losses with ``q = 0`` this is ``alpha = 1/(f'(0)^2 (var w)^2)``, where the paramagnet becomes unstable.
    """
    if has_paramagnet(model):
        return line_on_paramagnet(model, size, ansatz, "stability", "q = 0 becomes unstable")
    line = line_on_branch(
        model,
        size,
        ansatz,
        "stability",
        missing="the RS branch is stable wherever it was followed (1 - q > 1e-11)",
        found_text="first zero of the replicon on the branch from alpha = 0",
    )
    return refused(line, model, "becomes unstable")


@threshold_line("spinodal", r"\alpha_{\mathrm{sp}}")
def spinodal_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """The end of the uninformed branch: its fold in alpha, or the limit q -> 1 where it never folds.

    The branch is followed in a conjugate order parameter, where a fold is an ordinary point. Units of common inputs,
    for which q = 0 has no end: where a state with q > 0 appears.
    """
    if model.architecture.joint:
        return pair_end_line(model, size, ansatz)
    if model.architecture.shared_inputs and not model.architecture.summed and has_paramagnet(model) and apart(model):
        return appearance_line(model, size, ansatz)
    line = line_on_branch(
        model,
        size,
        ansatz,
        "fold",
        missing="no fold of the branch was found",
        found_text="fold of the branch from alpha = 0",
    )
    if not line.converged.all() and not model.data.overlaps:
        line = _with_limits(line, model, size)
    return told(line, model)


def _with_limits(line: Line, model: Model, size: int) -> Line:
    """Rows without a fold: the load at which q -> 1, by formula where there is one.

    The table must have come close to it; without a formula the value is that of its far end (1 - q ~ 1e-11).
    """
    table = scan_branch(line.saddle_points.ansatz.equations(model, size), -34.0, 50.0, step=2.0)
    solved = np.where(table.solved, table.alpha, np.nan)
    reached = np.array([row[np.isfinite(row)][-1] if np.isfinite(row).any() else np.nan for row in solved])
    end, before = table.alpha[:, -1], table.alpha[:, -2]
    with np.errstate(invalid="ignore"):
        settled = table.solved[:, -1] & table.solved[:, -2] & (np.abs(end - before) < 1e-6 * end)
    known = _limits(model, size)
    for row in np.flatnonzero(~line.converged):
        if known is not None and abs(reached[row] - known.values[row]) < 1e-3 * known.values[row]:
            value, error = known.values[row], known.errors[row]
            line.saddle_points.parts += known.part(int(row))
            line.saddle_points.status[row], line.saddle_points.residual[row] = Status.CONVERGED, 0.0
            line.saddle_points.alpha[row] = value
        elif settled[row]:
            value, error = end[row], abs(end[row] - before[row]) + 1e-13 * end[row]
        else:
            continue
        line.value[row], line.error[row] = value, error
        line.bracket[row] = min(reached[row], value - error), value + error
        line.status[row] = "converged; the branch ends at q -> 1 without a fold"
        line.saddle_points.remarks[row] = "the branch ends at q -> 1 without a fold"
    return line


class _Limits(NamedTuple):
    """Ends of branches by formula."""

    values: np.ndarray
    errors: np.ndarray
    problem: Any
    point: np.ndarray
    slack: np.ndarray

    def part(self, row: int) -> list[Part]:
        at = np.array([row])
        return [Part(at, self.problem.take(at), self.point[at], self.slack[at])]


def _limits(model: Model, size: int) -> _Limits | None:
    """The limit q -> 1 of the sphere or of an alphabet, None where there is no formula."""
    problem: Any = None
    constraint = model.loss.hard or (np.all(np.isinf(model.beta)) and model.loss.attained)
    if constraint and model.loss.has_ground:
        if AlphabetLimit.covers(model):
            problem = AlphabetLimit(model, size)
        elif isinstance(model.weights.norm, Average) and model.weights.dimension is not None:
            problem = LimitProblem(model, size)
    if problem is None:
        return None
    point = slack = np.zeros((size, 0))
    if len(problem.variables):
        found = solve(problem, solver=Newton(max_step=1.0), on_failure="keep")
        point, slack = np.where(found.converged[:, None], found.point, np.nan), found.error
    seen, errors = measured(problem, point, slack)
    return _Limits(seen["alpha"], errors["alpha"], problem, point, slack)
