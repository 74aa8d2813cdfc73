"""Loads of two units of common inputs: where they specialise, where the teacher takes over, where their branch ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz import Ansatz
from replica.ansatz.coverage import Covers, Demand
from replica.ansatz.pair.branch import beginning, end, perfect_from
from replica.ansatz.pair.equations import PairProblem
from replica.models.model import Model
from replica.solution.batch import Part
from replica.thresholds.base import Line, closed_line
from replica.thresholds.registry import threshold_line

TWO = Covers(
    "specialization",
    (
        Demand(
            "is here for two sign units of common inputs, committee(2, connectivity='full', labels='teacher') (of "
            "units=inf: spinodal and transition)",
            lambda m: m.architecture.joint,
            "architecture",
        ),
    ),
    shared=True,
)
BEGINS = "units are told apart from here on: a small difference of theirs grows"
TAKES_OVER = "free entropies of units not told apart and of the teacher cross"
ENDS = "end of the branch from an uninformed start"
SMOOTH = "the teacher is no state of its own for weights that are not counted"
ENDLESS = "the branch from an uninformed start has no end"


@threshold_line("specialization", r"\alpha_{\mathrm{spec}}")
def specialization_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """The load from which two units of common inputs begin to tell each other apart."""
    TWO.check(model)
    value, error, place, slack = beginning(bool(model.weights.discrete))
    return _line(model, size, ansatz, (value, error, np.array([place]), np.array([slack])), BEGINS)


def pair_transition_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """The load at which the perfect state takes over."""
    found = perfect_from(bool(model.weights.discrete))
    if found is None:
        return _line(model, size, ansatz, None, SMOOTH)
    value, error, place, slack = found
    return _line(model, size, ansatz, (value, error, np.array([place]), np.array([slack])), TAKES_OVER)


def pair_end_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """The highest load of the branch from an uninformed start."""
    found = end(bool(model.weights.discrete))
    return _line(model, size, ansatz, found, ENDLESS if found is None else ENDS)


def _line(model: Model, size: int, ansatz: Ansatz, found: Any, words: str) -> Line:
    """The same for each row; ``found`` is None where there is no such load."""
    none = np.full(size, np.nan)
    if found is None:
        return closed_line(model, ansatz, none, none.copy(), [f"not converged: {words}"] * size, [])
    value, error, point, slack = found
    load, rows = np.full(size, value), np.arange(size)
    problem = PairProblem(load, bool(model.weights.discrete), point.size, size)
    part = Part(rows, problem, np.tile(point, (size, 1)), np.tile(slack, (size, 1)))
    return closed_line(model, ansatz, load, np.full(size, error), [f"converged; {words}"] * size, [part])
