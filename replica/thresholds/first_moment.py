"""Thresholds of the first moment: bounds without a branch to follow."""

from __future__ import annotations

import numpy as np

from replica.ansatz import Ansatz
from replica.ansatz.annealed import AnnealedState
from replica.ansatz.coverage import COUNTED, HARD, PERCEPTRON, SIGNS, Covers
from replica.models.model import Model
from replica.solution.batch import Part
from replica.thresholds.base import Line, closed_line
from replica.thresholds.first_order import require_frozen_teacher
from replica.thresholds.registry import threshold_line


@threshold_line("capacity", method="first-moment")
def first_moment_capacity(model: Model, size: int, ansatz: Ansatz) -> Line:
    Covers("the first moment as a bound of the capacity", (COUNTED,)).check(model)
    values = []
    for level in (1, 2):
        state = AnnealedState(model, np.ones(size), level)
        free_entropy = state.observe(np.zeros((size, 0)))[0]["free_entropy"]
        bare = AnnealedState(model, np.zeros(size), level).observe(np.zeros((size, 0)))[0]["free_entropy"]
        values.append(bare / (bare - free_entropy))
    error = np.abs(values[1] - values[0]) + 1e-15 * values[1]
    part = Part(np.arange(size), AnnealedState(model, values[1]), np.zeros((size, 0)), np.zeros((size, 0)))
    return closed_line(model, ansatz, values[1], error, ["converged; first moment: an upper bound"] * size, [part])


@threshold_line("transition", method="first-moment")
def first_moment_transition(model: Model, size: int, ansatz: Ansatz) -> Line:
    """``max_R -h2((1-R)/2) / ln(1 - arccos(R)/pi)``: stationary in R, so the maximum is twice as accurate as
    its place.
    """
    from scipy.optimize import minimize_scalar

    require_frozen_teacher(model, size)
    Covers("the first moment around a teacher", (SIGNS, HARD, PERCEPTRON)).check(model)

    def load(overlap: float) -> float:
        d = 0.5 * (1.0 - overlap)
        return float(-model.weights.room(d) / np.log1p(-np.arccos(overlap) / np.pi))

    grid = np.linspace(0.0, 1.0 - 1e-6, 2001)
    best = int(np.argmax([load(r) for r in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(lambda r: -load(r), bounds=(low, high), method="bounded", options={"xatol": 1e-12})
    value = np.full(size, max(load(found.x), load(grid[best])))
    return closed_line(
        model, ansatz, value, 1e-13 * value, [f"converged; first moment, at R = {found.x:.6g}"] * size, []
    )
