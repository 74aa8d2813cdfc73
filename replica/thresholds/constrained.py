"""Capacity of weights of given signs beside a threshold of order N; the equations are in `replica.ansatz`."""

from __future__ import annotations

import numpy as np

from replica.ansatz import Ansatz
from replica.ansatz.coverage import HARD, NOT_EVEN, PERCEPTRON, Covers, Demand
from replica.ansatz.rs.threshold_limit import onsets
from replica.models.model import Model
from replica.solution.batch import Part
from replica.solution.errors import measured
from replica.thresholds.base import Line, closed_line

COVERS = Covers(
    "the capacity of weights of given signs",
    (
        PERCEPTRON,
        Demand("is here for random labels", lambda m: "coding" in m.data.parameters, "data"),
        Demand(
            "needs a threshold that is learned (bias=True)",
            lambda m: bool(m.data.trained) or m.data.unrelated and bool(np.all(m.data.symmetric(1))),
            "data",
        ),
        HARD,
        NOT_EVEN,
    ),
)
FREE = "no finite norm is best: weights whose excitation and inhibition balance store as many at every margin"


def threshold_limit_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """Loads of a batch; without a best norm that of balanced weights."""
    COVERS.check(model)
    problem, point, error, good = onsets(model, size)
    value, slack = problem.balance()[1], np.full(size, 1e-13)
    balanced = ~good & (problem.margin >= 0.0) & (problem.excitatory < 1.0)
    status = [f"converged; {FREE}" if free else "not converged: the margin must be at least 0" for free in balanced]
    rows, parts = np.flatnonzero(good), []
    if rows.size:
        part = problem.take(rows)
        seen, errors = measured(part, point[rows], error[rows])
        value[rows], slack[rows] = seen["alpha"], errors["alpha"]
        parts = [Part(rows, part, point[rows], error[rows])]
    for row in rows:
        status[row] = "converged; the limit of largest load, over the norm of the weights"
    return closed_line(model, ansatz, value, slack * np.maximum(1.0, value), status, parts)
