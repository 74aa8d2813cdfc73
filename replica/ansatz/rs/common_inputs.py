"""Units of common inputs beside q = 0: what a reader must know of a state in which they tell each other apart."""

from __future__ import annotations

import numpy as np

from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.special_states import has_paramagnet, learns_from_nothing, paramagnet
from replica.solution.batch import Solutions

APART = "discontinuous: apart from q = 0, which is stable; one step of symmetry breaking is needed to say which holds"
SMALLER = "metastable: q = 0 has the larger free entropy"


def common_facts(solutions: Solutions, row: int) -> list[str]:
    """Of a solution with ``0 < q < 1`` where q = 0 is a stable one too."""
    model, alpha = solutions.model.take(np.array([row])), solutions.alpha[row : row + 1]
    if not (has_paramagnet(model) and 0.0 < solutions.value("q")[row] < 1.0):
        return []
    equations = Equations(model, 1)
    seen, _ = RSProblem(equations, alpha, paramagnet(equations)).observe(np.zeros((1, 0)))
    if not seen["stability"][0] > 0 or learns_from_nothing(equations, alpha)[0]:
        return []
    if not model.data.overlaps:
        return [APART]
    return [SMALLER] if seen["free_entropy"][0] > solutions.value("free_entropy")[row] else []
