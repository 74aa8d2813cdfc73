"""Franz-Parisi curves of weights with a free norm around a typical solution of theirs: where the solver starts."""

from __future__ import annotations

import numpy as np

from replica.ansatz.franz_parisi.fixed_overlap_curve import held_curve, typical_cosine
from replica.ansatz.franz_parisi.solver import Columns
from replica.ansatz.franz_parisi.typical_free_norm import AlphabetProblem
from replica.ansatz.franz_parisi.typical_held_norm import Reference
from replica.models.model import Model


def alphabet_curve(
    model: Model, alpha: float, reference: Reference, distance: np.ndarray, tolerance: float | None = None
) -> Columns:
    """The curve over a grid of distances ``d = (1 - t/sqrt(Q_t Q))/2``."""
    return held_curve(AlphabetProblem(model, alpha, reference, distance, 0), tolerance)


def alphabet_overlap(model: Model, alpha: float, reference: Reference) -> tuple[float, float]:
    """Cosine ``t/sqrt(Q_t Q)`` at which the curve has its maximum, with its error."""
    guess = np.array([(1.0 - max(reference.q / reference.norm, 0.05)) / 2.0])
    return typical_cosine(AlphabetProblem(model, alpha, reference, guess, 0))
