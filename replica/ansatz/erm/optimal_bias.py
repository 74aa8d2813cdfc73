"""A parameter of the data that is chosen for the fewest errors: solutions at many held values, and the best of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from replica._registry import per_row
from replica.ansatz.erm.optimal_bias_limit import at_best_bias
from replica.models.model import Model
from replica.solution.batch import Solutions
from saddlepoint import Status
from saddlepoint.minimum import Lowest, lowest

CHOSEN = "the {} makes the fewest errors on new patterns"
SPAN = np.linspace(-6.0, 6.0, 25)


@dataclass
class TunedSolutions(Solutions):
    """Solutions at a parameter that was chosen: reported with its error, which moves every other number."""

    tuned: str = ""
    place: np.ndarray = field(default_factory=lambda: np.zeros(0))
    slack: np.ndarray = field(default_factory=lambda: np.zeros(0))
    slopes: dict[str, np.ndarray] = field(default_factory=dict)

    @cached_property
    def _measured(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        values, errors = super()._measured
        for name, slope in self.slopes.items():
            if name in errors:
                errors[name] = errors[name] + np.abs(slope) * self.slack
        unsolved = np.where(self.converged, 0.0, np.nan)
        values[self.tuned], errors[self.tuned] = self.place + unsolved, self.slack + unsolved
        return values, errors


def tuned_solutions(
    solve: Callable[[Model, np.ndarray], Solutions], ansatz: object, model: Model, alpha: np.ndarray
) -> Solutions:
    """A batch whose bias (any parameter that its data name ``tuned``) makes the generalisation error least."""
    name, size = model.data.tuned[0], alpha.size

    def at(values: np.ndarray, chosen: np.ndarray) -> Solutions:
        rows = np.repeat(chosen, values.shape[1])
        return solve(model.take(rows).with_parameters(**{name: np.ravel(values)}), alpha[rows])

    weak = np.zeros(size, dtype=bool)
    if model.weights.penalised:  # in the limit of a large penalty the bias falls with the weights
        weak = np.isinf(per_row(model.weights.penalty, size))
    unit, best = _fewest(model, at, np.flatnonzero(~weak), size)
    every = np.arange(size)
    found = at(best.place[:, None], every)
    step = np.where(weak, 0.0, 0.02 * unit)
    ends = [at((best.place + side * step)[:, None], every) for side in (1.0, -1.0)]
    with np.errstate(invalid="ignore"):  # what is infinite stays so
        slopes = {key: (ends[0].value(key) - ends[1].value(key)) / (0.04 * unit) for key in found.names}
    parts = [piece for part in found.parts for piece in at_best_bias(part, np.flatnonzero(weak))]
    status, remarks = found.status.copy(), list(found.remarks)
    for row in range(size):
        lost = best.inside[row] != 0 or not np.isfinite(best.error[row])
        if status[row].converged and lost:
            status[row], remarks[row] = Status.NO_SOLUTION, f"no {name} was found at which the errors are fewest"
        elif status[row].converged:
            remarks[row] = "; ".join(filter(None, (remarks[row], CHOSEN.format(name))))
    known = model, ansatz, alpha, parts, status, found.residual, remarks
    return TunedSolutions(*known, tuned=name, place=best.place, slack=best.error, slopes=slopes)


def log_errors(found: Solutions) -> np.ndarray:
    """Logarithm of the generalisation error, also where that is smaller than any number."""
    with np.errstate(divide="ignore"):
        seen = np.log(found.value("generalization_error"))
    for part in found.parts:
        below = np.isneginf(seen[part.rows])
        if below.any():
            cavity = part.problem.cavity(part.point)
            fields, _ = cavity.model.architecture.field_overlaps(cavity.overlaps, cavity.level)
            seen[part.rows[below]] = cavity.model.data.log_error(fields)[below]
    return seen


def _fewest(
    model: Model, at: Callable[[np.ndarray, np.ndarray], Solutions], rows: np.ndarray, size: int
) -> tuple[np.ndarray, Lowest]:
    """Scale and place of the fewest errors for some rows of a batch; 1 and 0 for the others."""
    unit, best = np.ones(size), Lowest(np.zeros(size), np.zeros(size), np.zeros(size, dtype=int))
    if rows.size:
        zero = at(np.zeros((rows.size, 1)), rows)
        solved = zero.converged
        guess = model.data.first_guess(np.where(solved, zero.value("q"), 1.0), np.where(solved, zero.value("m"), 1.0))
        centre, unit[rows] = guess

        def errors(values: np.ndarray) -> np.ndarray:
            return log_errors(at(values, rows)).reshape(values.shape)

        for known, value in zip(best, lowest(errors, centre[:, None] + unit[rows, None] * SPAN), strict=True):
            known[rows] = value
    return unit, best
