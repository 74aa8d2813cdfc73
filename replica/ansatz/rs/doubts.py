"""What is to be said against a replica-symmetric solution: other states of the same model that are more likely."""

from __future__ import annotations

import numpy as np

from replica.ansatz.pair import own_equations
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.informed import paramagnet_facts
from replica.ansatz.rs.special_states import FrozenState, has_paramagnet, learns_from_nothing, paramagnet
from replica.solution.batch import Solutions

APART = "discontinuous: apart from q = 0, which is stable; one step of symmetry breaking is needed to say which holds"
SMALLER = "metastable: q = 0 has the larger free entropy"


def suspected(solutions: Solutions) -> np.ndarray:
    """Rows that anything may be said against (a mask)."""
    model = solutions.model
    if own_equations(model) or model.data.overlaps or model.architecture.shared_inputs:
        return np.ones(solutions.size, dtype=bool)
    cold, unstable = solutions.suspects
    return cold | unstable | (solutions.value("q") == 0)


def against(found: list[str], solutions: Solutions, row: int) -> list[str]:
    """``found`` with what is known beside it."""
    if own := own_equations(solutions.model):
        return own.doubts(solutions, row)
    phi, at = solutions.value("free_entropy")[row], np.array([row])
    taught = solutions.model.data.overlaps and phi < -solutions.error("free_entropy")[row]
    if taught and FrozenState.exists(solutions.model.take(at)):
        found.insert(0, "metastable: the teacher itself has the larger free entropy, 0")
    elif solutions.value("q")[row] == 0:
        found += paramagnet_facts(solutions.model.take(at), float(solutions.alpha[row]), float(phi))
    return found + common_facts(solutions, row) if solutions.model.architecture.shared_inputs else found


def common_facts(solutions: Solutions, row: int) -> list[str]:
    """Of units of common inputs, a solution with ``0 < q < 1`` where q = 0 is a stable one too."""
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
