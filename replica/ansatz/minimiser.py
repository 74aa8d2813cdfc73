"""Franz-Parisi curves around a zero-temperature minimiser: what is covered, and where the solver starts."""

from __future__ import annotations

import numpy as np

from replica.ansatz._held_curve import held_curve, typical_cosine
from replica.ansatz._minimiser_patterns import Minimiser
from replica.ansatz._minimiser_problem import MinimiserProblem
from replica.ansatz._minimiser_weights import Centre
from replica.ansatz.franz_parisi import Columns
from replica.model import Model
from replica.weights.base import Average


def check_probe(model: Model) -> None:
    """Refuse, in one sentence, probes that the equations around a minimiser do not cover."""
    if not model.data.overlaps and not model.data.unrelated:
        raise ValueError(f"references that are minimisers are not known for the data {model.data}")
    if not model.weights.discrete and not isinstance(model.weights.norm, Average):
        raise ValueError(f"franz_parisi is here for weights from an alphabet or on the sphere, got {model.weights}")
    if not model.architecture.linear:
        raise ValueError(f"references that are minimisers are here for the perceptron, got {model.architecture}")
    if not model.loss.hard and np.isinf(model.beta) and not model.loss.has_ground:
        raise ValueError(f"{model.loss} at beta = inf is not a constraint; give a finite beta")


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
