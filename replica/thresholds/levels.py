"""The largest margin of a field that takes a few values: a step of the capacity."""

from __future__ import annotations

import numpy as np

from replica.ansatz import Ansatz
from replica.models.model import Model
from replica.solution.said import beside
from replica.thresholds.base import NAN, Threshold
from replica.thresholds.registry import find_line

_APART = 1e-9  # of the levels: margins are tried a little below them, so that ties do not matter


def highest_step(model: Model, ansatz: Ansatz, alpha: float) -> Threshold:
    """The highest value of the field at which the capacity is not below ``alpha``, from the highest one downwards."""
    line, levels = find_line("capacity"), model.architecture.few.levels
    ansatz.check(line.model(model))
    above, next_level = 0.0, np.inf
    for level in reversed(levels[1:]):
        found = line.line(model.with_parameters(margin=level - _APART), 1, ansatz).row(0)
        endless = "grows without bound" in found.status
        if not found.converged and not endless:
            text = f"not converged: the capacity at margin {level:g} is not known ({found.status})"
            return Threshold(NAN, NAN, (NAN, NAN), text)
        load = np.inf if endless else found.value
        if load >= alpha:
            facts = beside(found.status)
            text = (
                f"converged; a step: the capacity is {load:.9g} at this value of the field and {above:.9g} above it"
                f" ({facts})"
            )
            return Threshold(level, 1e-12, (level, next_level), text, found.solution)
        above, next_level = load, level
    text = f"converged; the lowest value of the field: every pattern reaches it, and the next has capacity {above:.9g}"
    return Threshold(levels[0], 1e-12, (levels[0], next_level), text)
