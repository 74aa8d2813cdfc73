"""Franz-Parisi curves of weights with a free norm around a typical solution of theirs: where the solver starts."""

from __future__ import annotations

import numpy as np

from replica.ansatz._alphabet_problem import AlphabetProblem
from replica.ansatz._fp_problem import Reference
from replica.ansatz._held_curve import held_curve, typical_cosine
from replica.ansatz.franz_parisi import Columns
from replica.model import Model


def alphabet_curve(
    model: Model, alpha: float, reference: Reference, distance: np.ndarray, tolerance: float | None = None
) -> Columns:
    """The curve over a grid of distances ``d = (1 - t/sqrt(Q_t Q))/2``."""
    return held_curve(AlphabetProblem(model, alpha, reference, distance, 0), tolerance)


def alphabet_overlap(model: Model, alpha: float, reference: Reference) -> tuple[float, float]:
    """Cosine ``t/sqrt(Q_t Q)`` at which the curve has its maximum, with its error."""
    guess = np.array([(1.0 - max(reference.q / reference.norm, 0.05)) / 2.0])
    return typical_cosine(AlphabetProblem(model, alpha, reference, guess, 0))
