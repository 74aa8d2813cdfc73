"""Coexistence: the first-order transition of a teacher, and the freezing of counted weights."""

from __future__ import annotations

import numpy as np

from replica.ansatz import Ansatz
from replica.ansatz.coverage import COUNTED, TAUGHT, TEMPERED, Covers
from replica.ansatz.rs.equations import RSProblem
from replica.ansatz.rs.informed import InformedLine, shares_teacher
from replica.ansatz.rs.special_states import FreezingProblem, FrozenState, has_paramagnet, learns_from_nothing
from replica.models.model import Model
from replica.solution.batch import Part, Solutions
from replica.solution.single import Solution
from replica.thresholds.base import Line, Threshold, closed_line
from replica.thresholds.branch import line_on_branch, zero_entropy_line
from replica.thresholds.pair import pair_transition_line
from replica.thresholds.paramagnet import line_on_paramagnet
from replica.thresholds.registry import threshold_line
from saddlepoint import Newton, solve


def require_frozen_teacher(model: Model, size: int) -> None:
    """Refuse models without an isolated state at the teacher."""
    Covers("transition", (TAUGHT.instead("needs a teacher: labels='teacher'"),), shared=True).check(model)
    if not all(FrozenState.exists(model.take(np.array([row]))) for row in range(size)):
        raise ValueError(
            f"{model.weights} with {model.loss} never freezes onto its teacher, so there is no first-order transition"
        )


@threshold_line("transition", r"\alpha_{\mathrm{tr}}")
def transition_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    r"""First-order transition to the teacher itself: its free entropy, 0, crosses that of the uninformed branch.

    `Annealed`: the alpha at which ``max_R h2((1-R)/2) + alpha ln(1 - arccos(R)/pi)`` vanishes, R < 1.
    """
    if model.architecture.joint:
        return pair_transition_line(model, size, ansatz)
    frozen = model.data.overlaps and FrozenState.exists(model.take(np.array([0])))
    if has_paramagnet(model) and shares_teacher(model) and not frozen:
        return _line_to_informed(model, size, ansatz)
    require_frozen_teacher(model, size)
    if has_paramagnet(model):
        line = line_on_paramagnet(model, size, ansatz, "free_entropy", "free entropies of q = 0 and the teacher cross")
        solutions = line.solutions
        held = solutions.value("stability") > 0 if solutions is not None else np.zeros(size, dtype=bool)
        if np.all(line.converged & held & ~learns_from_nothing(ansatz.equations(model, size), line.value)):
            return line
    return line_on_branch(
        model,
        size,
        ansatz,
        "free_entropy",
        missing="the free entropy of the uninformed branch stays above that of the teacher",
        found_text="free entropies of the uninformed branch and of the teacher cross",
    )


def _line_to_informed(model: Model, size: int, ansatz: Ansatz) -> Line:
    """Where a state that has learned from the teacher, but is not the teacher, has the free entropy of q = 0."""
    alpha, error = np.full((2, size), np.nan)
    status, parts = [""] * size, []
    for row in range(size):
        one = model.take(np.array([row]))
        crossing = InformedLine(one).crossing()
        if isinstance(crossing, str):
            status[row] = f"not converged: {crossing}"
            continue
        load, slack, pull = crossing
        if learns_from_nothing(ansatz.equations(one, 1), np.array([load]))[0]:
            status[row] = "not converged: q = 0 becomes unstable before an informed state has its free entropy"
            continue
        problem = RSProblem(ansatz.equations(one, 1), np.array([load]))
        found = solve(problem, start=np.full((1, 2), np.log(pull)), solver=Newton(max_step=0.3), on_failure="keep")
        if not found.converged[0]:
            status[row] = "not converged: the informed state was not found at the crossing of free entropies"
            continue
        alpha[row], error[row] = load, slack
        status[row] = "converged; free entropies of q = 0 and of the informed state cross"
        parts.append(Part(np.array([row]), problem, found.point, found.error))
    return closed_line(model, ansatz, alpha, error, status, parts)


#: the entropy of other weights is a volume
FREEZING = Covers("freezing", (COUNTED,))


@threshold_line("freezing", r"\alpha_{\mathrm{f}}")
def freezing_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """Where the RS entropy of counted weights vanishes at the model's temperature: the frozen phase lies beyond."""
    FREEZING.check(model)
    return zero_entropy_line(model, size, ansatz)


def freezing_temperature(model: Model, alpha: float, ansatz: Ansatz) -> Threshold:
    """Temperature at which the RS entropy vanishes at fixed load: Newton in the conjugates and beta together."""
    Covers("freezing at a load", (COUNTED, TEMPERED)).check(model)
    ansatz.check(model)
    if ansatz.method != "branch":
        raise ValueError(f"{ansatz} follows no branch on which the entropy could vanish")
    problem = FreezingProblem(model, np.array([alpha]))
    found = solve(problem, solver=Newton(max_step=1.0), on_failure="keep")
    part = Part(np.array([0]), problem, found.point, found.error)
    remark = "zero of the RS entropy in temperature"
    solutions = Solutions(model, ansatz, problem.alpha, [part], found.status, found.residual, [remark])
    if not solutions.converged[0]:
        sentence = f"not converged: the RS entropy vanishes at no temperature at alpha = {alpha:g} (below capacity?)"
        return Threshold(np.nan, np.nan, (np.nan, np.nan), sentence)
    beta, slack = float(solutions.value("beta")[0]), float(solutions.error("beta")[0])
    bracket = 1.0 / (beta + slack), 1.0 / (beta - slack)
    return Threshold(1.0 / beta, slack / beta**2, bracket, solutions.sentence(0), Solution(solutions))
