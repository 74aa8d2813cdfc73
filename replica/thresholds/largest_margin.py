"""The largest margin at a load: where the capacity passes through it, and of vectors whose norm is a margin."""

from __future__ import annotations

import numpy as np

from replica.ansatz import Ansatz, ansatz_or_rs
from replica.models.directions import separated
from replica.models.model import Model
from replica.solution.single import Solution
from replica.thresholds.base import Line, Threshold
from replica.thresholds.inverse import by_secants, invert
from replica.thresholds.registry import find_line


def where_capacity(model: Model, alpha: np.ndarray, ansatz: Ansatz) -> Threshold:
    """The margin at which the capacity of a separating model passes through ``alpha``."""
    capacity = find_line("capacity")
    ansatz.check(capacity.asked(model))

    def line(batch: Model, size: int) -> Line:
        found: Line = capacity.line(batch, size, ansatz)
        return found

    if ansatz.dear:
        near = where_capacity(model, alpha, ansatz_or_rs(None)).value
        return by_secants(lambda batch: line(batch, 1), model, "margin", float(alpha[0]), near)
    unit = _unit(model)

    def at(grid: np.ndarray) -> Threshold:
        return invert(line, model, "margin", alpha, unit * grid, unit).row(0)

    grid = _margins(model)
    found = at(grid)
    if not found.converged and grid[0] < 0 and alpha[0] < 0.01:  # few patterns: margins like 1/sqrt(alpha)
        found = at(np.geomspace(11.0, 1e6, 26))
    if model.data.separable and not found.converged:
        largest = capacity.line(model.with_parameters(margin=0.0), 1, ansatz).row(0).value
        if largest <= alpha[0]:
            why = f"two clusters are separable up to alpha = {largest:.6g}, no margin is positive at {alpha[0]:g}"
            return Threshold(found.value, found.error, found.bracket, f"not converged: {why}")
    return found


def _margins(model: Model) -> np.ndarray:
    """Where margins are looked for, in units of a field."""
    if model.data.separable:
        return np.exp(np.linspace(np.log(1e-4), np.log(1e3), 80))
    if model.loss.even or model.data.realizable:
        return np.exp(np.linspace(np.log(1e-3), np.log(12.0), 40))
    return np.linspace(-7.0, 12.0, 39)


def margin_of_smallest(model: Model, alpha: np.ndarray, ansatz: Ansatz) -> Threshold:
    """``1/sqrt(|w|^2/N)`` of the smallest vector that keeps every pattern at the margin 1."""
    model.data.whitened()  # refuses labels that are no signs
    found = ansatz.solve(separated(model.with_parameters(penalty=0.0)), alpha)
    norm, slack = found.value("norm")[0], found.error("norm")[0]
    status = found.sentences()[0]
    if not found.converged[0]:
        return Threshold(np.nan, np.nan, (np.nan, np.nan), status)
    value = norm**-0.5
    error = 0.5 * value * slack / norm
    return Threshold(value, error, (value - error, value + error), status, Solution(found))


def where_capacity_of_units(model: Model, name: str, target: np.ndarray, ansatz: Ansatz) -> Threshold:
    """The largest value of the parameter that asks for a margin of every unit."""
    line, grid = find_line("capacity"), np.geomspace(1e-6, 8.0, 60)
    ansatz.check(line.model(model))
    return invert(lambda batch, size: line.line(batch, size, ansatz), model, name, target, grid).row(0)


def _unit(model: Model) -> float:
    """The size of a field where the weights have a scale of their own: the root of their norm."""
    letters = model.weights.letters
    return 1.0 if letters is None else float(np.sqrt(np.mean(np.square(letters))))
