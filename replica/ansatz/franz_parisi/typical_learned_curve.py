"""Franz-Parisi curves around a typical solution on the sphere, with a direction to be learned: where they start."""

from __future__ import annotations

import numpy as np

from replica.ansatz.franz_parisi.fixed_overlap_curve import held_curve, typical_cosine
from replica.ansatz.franz_parisi.solver import Columns
from replica.ansatz.franz_parisi.typical_held_norm import Reference
from replica.ansatz.franz_parisi.typical_learned import TypicalProblem
from replica.models.model import Model


def sphere_curve(
    model: Model, alpha: float, reference: Reference, distance: np.ndarray, tolerance: float | None = None
) -> Columns:
    """The curve over a grid of distances."""
    return held_curve(TypicalProblem(model, alpha, reference, distance, 0), tolerance)


def sphere_overlap(model: Model, alpha: float, reference: Reference) -> tuple[float, float]:
    """Overlap at which the curve has its maximum, with its error."""
    return typical_cosine(TypicalProblem(model, alpha, reference, np.array([(1.0 - reference.q) / 2.0]), 0))
