"""First moment of pairs: ln E[pairs] - ln E[references], an upper bound of the Franz-Parisi entropy."""

from __future__ import annotations

import numpy as np

from replica.ansatz.franz_parisi.pair_patterns import Side
from replica.ansatz.franz_parisi.solver import Columns
from replica.models.model import Model
from saddlepoint.quadrature.fields import field_nodes, weighted_sums

BOUND = "converged; first moment of pairs: an upper bound of the typical curve"


def log_pairs(reference: Side, probe: Side, distance: np.ndarray, level: int) -> np.ndarray:
    """``ln P2/P1``: both fields allowed over the reference's alone, at correlations ``t = 1-2d`` of the fields.

    ``P2 = int Dy Z_r(sqrt|t| y, 1-|t|) Z(+-sqrt|t| y, 1-|t|)`` by the common part of the two fields.
    """
    reference, probe = reference.at_level(level), probe.at_level(level)
    rest = 2.0 * np.minimum(distance, 1.0 - distance)
    size, share = distance.size, 1.0 - rest
    sign = np.where(distance > 0.5, -1.0, 1.0)
    places, widths = reference.loss.features(rest, reference.beta)
    others, spreads = probe.loss.features(rest, probe.beta)
    others = others * sign[:, None]
    # pairs of constraints that exclude each other lie half way between them, however narrow the tails of both
    between = (0.5 * (places[:, :, None] + others[:, None, :])).reshape(size, -1)
    tails = np.minimum(widths[:, :, None], spreads[:, None, :]).reshape(size, -1)
    places = np.concatenate([places, others, between], axis=1)
    widths = np.ascontiguousarray(np.concatenate([widths, spreads, tails], axis=1))
    _, weight, field = field_nodes(places, widths, np.zeros(size), np.sqrt(share), level)
    first = reference.loss.terms(field, rest, reference.beta)[0]
    second = probe.loss.terms(field * sign[:, None], rest, probe.beta)[0]
    alone = reference.terms(np.zeros((1, 1)), np.ones(1))[0][0, 0]
    with np.errstate(divide="ignore"):
        top = np.max(first + second + np.log(weight), axis=1, keepdims=True)
    mean = weighted_sums(weight, (np.exp(first + second - top),))[0]
    return np.log(mean) + top[:, 0] - alone


def annealed_curve(model: Model, alpha: float, reference: Side, probe: Side, distance: np.ndarray) -> Columns:
    """The pair formula at every distance."""
    room, few = model.weights.room(distance), model.architecture.few

    def chance(level: int) -> np.ndarray:
        if few is None:
            return log_pairs(reference, probe, distance, level)
        sides = (reference.loss, reference.beta, reference.guard), (probe.loss, probe.beta)
        found: np.ndarray = few.log_pairs(*sides, distance)
        return found

    low, high = (room + alpha * chance(level) for level in (1, 2))
    error = np.abs(high - low) + 8 * np.finfo(float).eps * (np.abs(room) + np.abs(high - room) + alpha)
    return Columns({"free_entropy": high}, {"free_entropy": error}, [BOUND] * distance.size, np.zeros(distance.size))
