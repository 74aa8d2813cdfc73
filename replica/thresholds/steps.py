"""The capacity with broken replica symmetry: weights on the sphere, in the variables of the limit ``q_k -> 1``, and
counted weights, where the entropy vanishes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz.coverage import SATISFIABLE, VIOLABLE, Covers
from replica.ansatz.rsb.counted_search import CountedLedger
from replica.ansatz.rsb.potential import CAPACITY
from replica.ansatz.rsb.solver import StepsLedger
from replica.models.model import Model, separating
from replica.thresholds.base import Line
from replica.thresholds.registry import threshold_line

COVERS = Covers("capacity", (VIOLABLE, SATISFIABLE))


@threshold_line("max-margin", method="steps", cold=True)
def broken_margin_line(model: Model, size: int, ansatz: Any) -> Line:
    """The largest margin at a load, drawn as the load at which the model's margin is the largest: its capacity."""
    return broken_capacity_line(model, size, ansatz)


@threshold_line("capacity", method="steps", cold=True)
def broken_capacity_line(model: Model, size: int, ansatz: Any) -> Line:
    r"""Largest load with solutions in k steps: the least over ``c_j = m_j/(1-q_k)`` and ``q_j`` of

    .. math:: \alpha = \frac{\sum_j c_j^{-1} \ln(B_j/B_{j+1}) + q_0/B_1}{-2 \int Dz f_0(\sqrt{q_0} z)},
              \qquad B_{k+1} = 1, \quad f_k(x) = -\frac{(u-x)^2}{2 k'(1)}

    with u the nearest allowed field. Counted weights: the zero of the free entropy of k steps.
    """
    model = separating(model).with_parameters(beta=np.inf)
    COVERS.check(model)
    ansatz.check(model)
    kind = CountedLedger if ansatz.counts(model) else StepsLedger
    ledger = kind(model, np.full(size, np.nan), 1e-12, ansatz.q0 is not None)
    found = ledger.run(ansatz.steps, CAPACITY).solutions(ansatz)
    value, error = found.value("alpha"), found.error("alpha")
    found.alpha = value
    bracket = np.stack([value - error, value + error], axis=1)
    return Line(value, error, bracket, found.sentences(), found)
