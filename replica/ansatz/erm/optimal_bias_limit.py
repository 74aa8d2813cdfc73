"""The limit of a large penalty at the bias that makes the fewest errors, which falls with the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from replica.ansatz.cavity import Cavity
from replica.ansatz.erm.beyond import Beyond
from replica.ansatz.zero_temperature import Projection, floors_of
from replica.data import Overlaps
from replica.solution.batch import Part
from replica.solution.ledger import without


class TunedWeakState(Beyond):
    """Weights that fall like ``1/penalty``, learned at a bias that does: all patterns pull alike, as if it were 0.

    Next to weights of that size any bias that does not vanish decides alone, and errs for the whole smaller class; the
    best one of given weights is known in closed form.
    """

    def _best(self, cavity: Cavity) -> Cavity:
        """The same weights at their best bias."""
        at, model = cavity.overlaps, self.found.model
        return cavity._replace(model=model.on(model.data.learned({"bias": model.data.best_bias(at.q, at.m)})))

    def cavity(self, free: np.ndarray) -> Cavity:
        return self._best(self.found.cavity(free))

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        found = self.found
        seen, floors = found.observe(free)
        cavity = self._best(found.fields(free))
        at, data = cavity.overlaps, cavity.model.data
        right = {"training_error": Projection(cavity, found.corners).wrong}
        right |= found.model.architecture.generalization(data, Overlaps(at.q, 0.0 * at.q, at.m, at.transverse))
        return seen | right, floors | floors_of(right)

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        seen = self.found.reference_describe(values, mp, digits)
        return {name: value for name, value in seen.items() if "error" not in name}


def at_best_bias(part: Part, weak: np.ndarray) -> list[Part]:
    """Rows of a part, of which those in ``weak`` were solved at a bias of 0 that stands for the best."""
    others = np.setdiff1d(part.rows, weak)
    plain = without([part], weak)
    return plain + [replace(piece, problem=TunedWeakState(piece.problem)) for piece in without([part], others)]
