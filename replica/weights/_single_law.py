"""The law of a single weight averaged over its Gaussian field, for any set of weights; no set lives here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.weights.base import Pinned, Weights
from replica.weights.law import Law
from saddlepoint.quadrature.fields import field_nodes


def law_of_weight(
    weights: Weights, places: np.ndarray, fields: tuple[np.ndarray, ...], beta: Any, law: Law | None, level: int
) -> np.ndarray:
    """Density (of letters: probability) of a single weight at places (n,), averaged over its field: (batch, n).

    ``fields`` are ``q_hat``, ``m_hat`` and the curvature.
    """
    q_hat, m_hat, curvature = fields
    stiffness = weights.multiplier(q_hat, m_hat, curvature, law, level)
    values, chances = ((0.0,), (1.0,)) if law is None or law.values is None else (law.values, law.probabilities)
    root = np.sqrt(q_hat if law is None or law.values is not None else q_hat + m_hat**2)
    own = 0.0 if isinstance(weights.norm, Pinned) else 0.5 * stiffness[:, None] * places**2
    rest = weights.log_measure(places, beta) - own * np.ones((q_hat.size, 1))
    bends, widths = weights.features(stiffness, beta)
    width = np.sqrt(np.maximum(stiffness, 1e-300))[:, None]
    found = np.zeros((q_hat.size, places.size))
    for n, place in enumerate(places):  # also around the field in which this weight is likely
        near = np.concatenate([bends, stiffness[:, None] * place], axis=1)
        wide = np.concatenate([widths, width], axis=1)
        for atom, chance in zip(values, chances, strict=True):
            _, share, field = field_nodes(near, wide, m_hat * atom, root, level)
            log_z = weights.log_z(field, stiffness, beta)[0]
            found[:, n] += chance * (share * np.exp(rest[:, n : n + 1] + field * place - log_z)).sum(axis=1)
    return found
