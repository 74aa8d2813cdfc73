"""Rows solved with so many steps: which setting each needs, and the minimum handed to the engine for its standing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from replica._registry import per_row
from replica.ansatz.coverage import ALTERNATING, GAUSSIAN_FIELD, Covers
from replica.ansatz.rsb.equations import StepsProblem
from replica.ansatz.rsb.limit import MOST, FullState, Limit, limit_of, profile_of, settled
from replica.ansatz.rsb.potential import CAPACITY, GROUND, WARM, Potential, dear
from replica.ansatz.rsb.steps import MARGINAL, Minimum, Search
from replica.models.model import Model
from replica.solution.errors import Named, measured
from replica.solution.ledger import Ledger
from saddlepoint import Newton, Solution, Tolerance, solve

STATIONARY = ("free_entropy", "energy", "entropy", "alpha")
FEW = 5  # steps whose capacity is that of all, but for a few digits
FLATTER = 4.0
ENOUGH = 1e-8  # of residuals of sums over the fields of three units
POLISH = Newton(steps=12, max_step=0.3)
LOADS = (GAUSSIAN_FIELD | ALTERNATING).instead(
    "is here for the perceptron, for units=inf and for parity machines (committees: sums over fields of 3 units around"
    " those of 3 others take too long)"
)
BELOW = Covers("RSB at a given load", (LOADS,))
STATES = Covers("the number of states of one step", (GAUSSIAN_FIELD,))


class StepsLedger(Ledger):
    """A batch on its way; ``rooted`` where ``q_0 = 0`` is held."""

    def __init__(self, model: Model, alpha: np.ndarray, tolerance: float, rooted: bool = False) -> None:
        super().__init__(model, alpha, tolerance)
        self.rooted = rooted
        self._ends: dict[tuple[Model, int], Minimum | None] = {}

    def run(self, steps: float, setting: str | None = None) -> StepsLedger:
        """Solve every row with ``steps`` steps (inf: all), or as many as its saddle point has."""
        for row in range(self.size):
            self._row(row, steps, setting)
        return self

    def _row(self, row: int, steps: float, setting: str | None) -> None:
        few = int(min(steps, FEW))
        setting, remark = (setting, "") if setting else self._setting(row, few)
        if np.isinf(steps):
            self._full(row, setting, remark)
            return None if self.solved[row] else self._explain(row, setting, few)
        steps = int(steps)
        found = None if self._beyond(row, setting, steps) else self._search(row, setting, steps)
        if found is not None:
            self._close_at(row, setting, found, steps, remark)
        if not self.solved[row]:
            self._explain(row, setting, steps)
        return None

    def _setting(self, row: int, steps: int) -> tuple[str, str]:
        """Which equations a row needs: at beta = inf of a cost those of ground states, above the capacity."""
        BELOW.check(self.model)
        if self.model.architecture.few is not None and steps > 1:
            raise ValueError(f"RSB of a few units at a given load is here with one step, got steps={steps}")
        loss = self.model.loss
        if loss.hard or np.isfinite(per_row(self.model.beta, self.size)[row]):
            return WARM, ""
        if not loss.attained:
            return GROUND, ""
        found = self._search(row, CAPACITY, steps, below=float(self.alpha[row]))
        above = found is not None and self.alpha[row] > found.value
        return (GROUND, "above capacity: the ground state") if above else (WARM, "")

    def _beyond(self, row: int, setting: str, steps: int) -> bool:
        """Whether a load of a few units is beyond the capacity, where a search for states would be long."""
        if setting != WARM or self.model.architecture.few is None:
            return False
        end = self._end(self.model.row(row), steps)
        return end is not None and bool(self.alpha[row] >= end.value)

    def _end(self, model: Model, steps: int) -> Minimum | None:
        """The capacity of a model with so many steps."""
        if (model, steps) not in self._ends:
            minima = [*Search(Potential(model, np.nan, CAPACITY), self.rooted).minima(steps)]
            self._ends[model, steps] = minima[-1] if minima else None
        return self._ends[model, steps]

    def _explain(self, row: int, setting: str, steps: int) -> None:
        """A sentence for a row in which nothing was found."""
        at = np.array([row])
        if setting == WARM and np.isinf(per_row(self.model.beta, self.size)[row]):
            end = self._end(self.model.row(row), steps)
            if end is not None and self.alpha[row] >= end.value:
                self.drop(at)
                what = f"the capacity with {end.steps} steps" if end.steps else "the replica-symmetric capacity"
                self.refuse(at, f"no solution at alpha = {self.alpha[row]:g}: {what} is {end.value:.6g}")
                return
        if self.open[row]:
            self.refuse(at, "no saddle point was found")

    def _full(self, row: int, setting: str, remark: str) -> None:
        """The limit of many steps; the saddle point itself where it has few."""
        minima: list[Minimum] = []
        limit = None
        for minimum in self._minima(row, setting, MOST):
            minima.append(minimum)
            limit = limit_of(minima)
            if settled(limit):
                break
        if not minima:
            return
        last, before = minima[-1], minima[-2] if len(minima) > 1 else minima[-1]
        ended = limit is None  # with more the limit is told from those that there are
        if ended:  # no step more lowers the value
            limit = Limit(last.value, 0.0, last, before)
            remark = "; ".join(filter(None, (remark, f"the saddle point has {last.steps} steps")))
        assert limit is not None
        other = None if ended else self._solved(row, setting, before, before.steps)
        found = self._solved(row, setting, last, last.steps)
        if ended or other is None or not (found.converged[0] and other.converged[0]):
            self._keep_stable(np.array([row]), found, remark, True)
            return
        values, errors = full_columns(found, other, limit, setting)
        state = FullState(values, errors, [profile_of(limit)])
        self.hold(np.array([row]), state, remark, np.zeros((1, 0)))

    def _search(self, row: int, setting: str, steps: int, below: float = -np.inf) -> Minimum | None:
        """The minimum of so many steps, or the first whose value is under ``below``."""
        found = None
        for found in self._minima(row, setting, steps):
            if found.value < below:
                break
        return found

    def _minima(self, row: int, setting: str, most: int) -> Iterator[Minimum]:
        alpha = np.nan if setting == CAPACITY else float(self.alpha[row])
        return Search(Potential(self.model.row(row), alpha, setting), self.rooted).minima(most)

    def _close_at(self, row: int, setting: str, found: Minimum, steps: int, remark: str = "") -> None:
        """What the engine makes of a minimum; of fewer steps than were asked for where these are stable."""
        at, solved = np.array([row]), self._solved(row, setting, found, steps)
        fewer = f"the saddle point has {found.steps} of {steps} steps" if found.steps < steps else ""
        self._keep_stable(at, solved, "; ".join(filter(None, (remark, fewer))), bool(fewer))

    def _keep_stable(self, at: np.ndarray, solved: Solution, remark: str, last: bool) -> None:
        """Keep a solution; the last of its kind (no steps more are there) only where it is stable, or nearly: what more
        steps would change is then of the second order in the replicon.
        """
        problem: Any = solved.problem
        place = problem.place(solved.point[0], 0)
        excess = place.excess if place is not None and last else 0.0
        if excess > MARGINAL:
            more = f"{problem.steps + 1} steps was not found, and that of {problem.steps} is unstable"
            return self.refuse(at, f"the saddle point of {more}")
        self.keep(at, solved, remark)
        if place is not None and excess:
            slack = {name: np.full(1, 0.5 * excess**2 * (1.0 + abs(place.value))) for name in STATIONARY}
            self.parts = [replace(p, slack=slack) if np.array_equal(p.rows, at) else p for p in self.parts]
        return None

    def _solved(self, row: int, setting: str, found: Minimum, shown: int) -> Solution:
        at = np.array([row])
        rooted = self.rooted or found.rooted
        problem = StepsProblem(self.model.take(at), self.alpha[at], setting, found.steps, rooted, shown=shown)
        # valleys get flat with the number of steps: where they end is known less well than how deep they are
        asked = Tolerance(absolute=max(self.tolerance, FLATTER ** (found.steps - 4) * self.tolerance))
        start = problem.chart(0).free(found.order)
        if dear(self.model):  # the usual integrals are not worth more
            asked = Tolerance(absolute=max(self.tolerance, ENOUGH))
        if found.steps == 1 and problem.flat:
            asked = Tolerance(absolute=max(self.tolerance, blurred(problem, start) ** 2))
        return solve(problem, start=start[None, :], solver=POLISH, tolerance=asked, on_failure="keep")


def blurred(problem: StepsProblem, point: np.ndarray) -> float:
    """How far a step of Newton's method may go for no other reason than rounding, where valleys are flat."""
    if not point.size:
        return 0.0
    jacobian = problem.residual_and_jacobian(point[None, :])[1][0]
    try:
        return 4.0 * float((np.abs(np.linalg.inv(jacobian)) @ problem.noise(point[None, :])[0]).max())
    except np.linalg.LinAlgError:
        return 0.0


def full_columns(found: Solution, other: Solution, limit: Limit, setting: str) -> tuple[Named, Named]:
    """Numbers in the limit of many steps: what is stationary is extrapolated; what is read from the last saddle point
    is as uncertain as the change from the one before, for all the steps that follow.
    """
    (values, errors), (before, _) = (measured(one.problem, one.point, one.error) for one in (found, other))
    names = [name for name in values if not any(map(str.isdigit, name)) and name != "complexity"] + ["q0"]
    columns = {name: values[name] for name in names if name in values}
    k = limit.last.steps
    with np.errstate(invalid="ignore"):
        ahead = {n: 0.5 * k * np.abs(v - before[n]) if np.all(np.isfinite(v)) else 0.0 * v for n, v in columns.items()}
    slack = {name: errors[name] + np.nan_to_num(ahead[name]) for name in columns}
    known = {GROUND: ("free_entropy", "energy"), CAPACITY: ("alpha",)}
    for name in known.get(setting, ("free_entropy", "entropy")):
        if name in columns and np.all(np.isfinite(columns[name])):
            sign = -1.0 if name == "energy" else 1.0
            columns[name] = np.array([sign * limit.value])
            slack[name] = errors["alpha" if setting == CAPACITY else "free_entropy"] + limit.error
    if "energy" in columns and setting == CAPACITY:
        slack["energy"] = np.zeros(1)
    return columns, slack
