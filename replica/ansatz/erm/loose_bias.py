"""Whether the patterns determine a bias that is learned, and between which values it may lie where they do not."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz.cavity import Cavity
from replica.ansatz.erm.beyond import Beyond
from replica.ansatz.erm.corners import bias_ends
from replica.models.model import Model

NUDGE = 1e-3  # of the smaller class, added to it: as much as chance does among a million patterns
LOOSE = 0.03  # of the deviation of a field: a bias that such a nudge moves further may not be determined
SPREAD = 0.1  # of the smaller class, added or taken away: the range of the bias that is told
YIELDING = 2.0  # a bias that gives way by that much more than it does over its range: hardly a pattern holds it
FARTHEST = 1e9  # a bias beyond it has no bound
INSIDE = 1.0 - 1e-9  # of a flat stretch: at its ends a class comes to its kink
LOOSELY = (
    "the patterns do not determine the bias, which may lie between {:.6g} and {:.6g}: errors hold what this range "
    "changes"
)


class LooseState(Beyond):
    """A vector of least cost at one of many biases that cost the same; errors are those of the range."""

    rowwise = ("found", "low", "high")

    def __init__(self, found: Any, low: np.ndarray, high: np.ndarray) -> None:
        super().__init__(found)
        self.low, self.high = low, high

    def cavity(self, free: np.ndarray) -> Cavity:
        found: Cavity = self.found.cavity(free)
        return found

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        seen, floors = self.found.observe(free)
        model = self.found.model
        for end in (self.low, self.high):
            there, _ = self.found.on(model.on(model.data.learned({"bias": end}))).observe(free)
            for name, value in there.items():
                with np.errstate(invalid="ignore"):
                    change = np.abs(value - seen[name])
                floors[name] = np.maximum(floors[name], np.where(np.isfinite(change), change, 0.0))
        return seen, floors


def response_to_balance(problem: Any, free: np.ndarray, nudged: Any) -> np.ndarray:
    """How far the bias of a problem that learns it, at its solutions, gives way to a nudge of the balance; to first
    order, infinite where nothing holds it, and 0 where that is little beside the deviation of a field.

    ``nudged`` is the same problem with the smaller class larger by `NUDGE`. The last variable is the bias.
    """
    with np.errstate(all="ignore"):
        residual, jacobian = problem.residual_and_jacobian(free)
        push = nudged.residual(free) - residual
        width = np.minimum.reduce([channel.deviation for channel in problem.cavity(free).channels()])
    known = np.all(np.isfinite(jacobian), axis=(1, 2)) & np.all(np.isfinite(push), axis=1)
    move = np.zeros(problem.size)
    for row in np.flatnonzero(known):
        try:
            move[row] = abs(np.linalg.solve(jacobian[row], push[row])[-1])
        except np.linalg.LinAlgError:
            move[row] = np.inf
    return np.where(move < LOOSE * width, 0.0, move)


def yields(response: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whether a bias gives way to a nudge so much more easily than over its range that the patterns do not hold it."""
    with np.errstate(invalid="ignore"):
        far = response * (SPREAD / NUDGE) > YIELDING * np.maximum(high - low, 0.0) * 0.5
    return np.where(np.isfinite(high - low), far, response > FARTHEST)


def flat_range(model: Model, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Between which biases vanishing weights may choose: a single one, or all between two kinks."""
    low, high = bias_ends(model, size)
    return np.where(high > low, INSIDE * low, low), np.where(high > low, INSIDE * high, high)
