"""Franz-Parisi curves around a zero-temperature minimiser: what is covered, and where the solver starts."""

from __future__ import annotations

import numpy as np

from replica.ansatz.coverage import ALPHABET_OR_SPHERE, KNOWN_LABELS, LEAST_COST, LINEAR, Covers
from replica.ansatz.franz_parisi.fixed_overlap_curve import held_curve, typical_cosine
from replica.ansatz.franz_parisi.minimiser import MinimiserProblem
from replica.ansatz.franz_parisi.minimiser_patterns import Minimiser
from replica.ansatz.franz_parisi.minimiser_weights import Centre
from replica.ansatz.franz_parisi.solver import Columns
from replica.models.model import Model

#: probes that the equations around a minimiser cover
PROBE = Covers("franz_parisi around a minimiser", (KNOWN_LABELS, ALPHABET_OR_SPHERE, LINEAR, LEAST_COST))


def minimiser_curve(
    model: Model,
    alpha: float,
    reference: Minimiser,
    centre: Centre,
    distance: np.ndarray,
    tolerance: float | None = None,
) -> Columns:
    """The curve over a grid of distances."""
    return held_curve(MinimiserProblem(model, alpha, reference, centre, distance, 0), tolerance)


def typical_overlap(model: Model, alpha: float, reference: Minimiser, centre: Centre) -> tuple[float, float]:
    """Overlap at which the curve has its maximum, with its error."""
    return typical_cosine(MinimiserProblem(model, alpha, reference, centre, np.array([0.35]), 0))
