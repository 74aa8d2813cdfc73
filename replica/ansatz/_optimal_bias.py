"""A parameter of the data that is chosen for the fewest errors: solutions at many held values, and the best of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from replica.ansatz._tuned import lowest
from replica.batch import Solutions
from replica.model import Model
from saddlepoint import Status

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

    def at(values: np.ndarray) -> Solutions:
        rows = np.repeat(np.arange(size), values.shape[1])
        return solve(model.take(rows).with_parameters(**{name: np.ravel(values)}), alpha[rows])

    def errors(values: np.ndarray) -> np.ndarray:
        return at(values).value("generalization_error").reshape(values.shape)

    centre, unit = model.data.first_guess(at(np.zeros((size, 1))))
    best = lowest(errors, centre[:, None] + unit[:, None] * SPAN)
    found = at(best.place[:, None])
    step = 0.02 * unit
    ends = [at((best.place + side * step)[:, None]) for side in (1.0, -1.0)]
    slopes = {key: (ends[0].value(key) - ends[1].value(key)) / (2.0 * step) for key in found.names}
    status, remarks = found.status.copy(), list(found.remarks)
    for row in range(size):
        lost = best.inside[row] != 0 or not np.isfinite(best.error[row])
        if status[row].converged and lost:
            status[row], remarks[row] = Status.NO_SOLUTION, f"no {name} was found at which the errors are fewest"
        elif status[row].converged:
            remarks[row] = "; ".join(filter(None, (remarks[row], CHOSEN.format(name))))
    known = model, ansatz, alpha, found.parts, status, found.residual, remarks
    return TunedSolutions(*known, tuned=name, place=best.place, slack=best.error, slopes=slopes)
