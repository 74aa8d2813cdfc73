"""Units of common inputs with equations of their own: two units and their teacher, and many units with few data."""

from __future__ import annotations

from types import ModuleType

from replica.ansatz.pair import few_data, solver
from replica.models.model import Model


def own_equations(model: Model) -> ModuleType | None:
    """The file with ``COVERS``, ``solve`` and ``doubts`` of a model that the equations of one overlap do not hold."""
    if model.architecture.joint:
        return solver
    return few_data if model.architecture.summed else None
