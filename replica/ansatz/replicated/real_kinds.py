"""Real replicas at a held mutual overlap: which equations cover a model, and their one call; no equations here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from replica._checks import number
from replica.ansatz.coverage import Covers, Demand, first
from replica.ansatz.replicated.learned import CLASSES, class_replicas
from replica.ansatz.replicated.quadratic import CENTRED, quadratic_replicas
from replica.ansatz.replicated.real import real_replicas
from replica.ansatz.replicated.solver import FEW_GROUPS, GROUPS, ONE_MAXIMISER, GroupLedger
from replica.ansatz.replicated.taught_replicas import TAUGHT, taught_replicas
from replica.models.model import Model
from replica.solution.batch import Solutions


class _Kind(NamedTuple):
    """A class of equations; ``find`` solves a batch, None for the centre and differences of a quadratic cost."""

    covers: Covers
    find: Callable[[Model, np.ndarray, float, np.ndarray, float, Any], GroupLedger] | None


class RealReplicas:
    """``power`` real replicas (``inf``: the limit of many) under the name of what asks for them."""

    def __init__(self, what: str, power: float) -> None:
        endless = bool(np.isinf(power))
        finite = Demand("is here for a finite number of replicas", lambda model: not endless, "data")
        unique = tuple(demand | FEW_GROUPS for demand in ONE_MAXIMISER) if endless else ()
        self.power = power
        self._kinds = (
            _Kind(Covers(what, CENTRED), None),
            _Kind(Covers(what, (*GROUPS, *unique)), real_replicas),
            _Kind(Covers(what, (*CLASSES, finite)), class_replicas),
            _Kind(Covers(what, (*TAUGHT, finite)), taught_replicas),
        )

    def kind(self, model: Model) -> _Kind:
        """The equations that cover a model; `ValueError` where none do."""
        return self._kinds[first([kind.covers for kind in self._kinds], model)]

    def check(self, model: Model, q1: Any = None) -> None:
        """Refuse what is not covered; replicas of a quadratic cost alone may have a norm other than 1."""
        if self.kind(model).find is not None and q1 is not None:
            number("q1", q1, high=1.0, open_high=True)

    def solve(
        self, ansatz: Any, model: Model, alpha: np.ndarray, cosine: np.ndarray, tolerance: float, apart: Any = None
    ) -> Solutions:
        """A batch at mutual overlaps (batch,); in units of the norm where they come with what is ``apart``, 1 less them
        with all its digits.
        """
        find = self.kind(model).find
        if find is not None:
            return find(model, alpha, self.power, cosine, tolerance, apart).solutions(ansatz)
        unit = 1.0 if apart is None else model.architecture.scale
        apart = None if apart is None else unit * apart
        return quadratic_replicas(ansatz, model, alpha, self.power, unit * cosine, tolerance, apart)
