"""Biases that are learned at finite temperature and have no optimum: seen from solutions at biases that are held."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.models.model import Model

ENDLESS = "the learned bias has no optimum: the free entropy grows with it without end; hold the bias at a number"
#: overlap at most 1, then deviations of a field of norm 1
INNER, OUTER = np.array([0.0, 0.3, 0.6, 1.0]), np.array([1.5, 3.0, 4.5, 6.0])


def endless_bias(ansatz: Any, model: Model, alpha: np.ndarray) -> np.ndarray:
    """Rows of a model that learns a bias in which the free entropy is largest, and still grows, where the bias has left
    every pattern on one side.
    """
    if "bias" not in model.data.trained:
        return np.zeros(alpha.size, dtype=bool)
    reach = np.sqrt(model.data.width(alpha.size))[:, None]
    far = np.concatenate([np.tile(INNER, (alpha.size, 1)), 1.0 + reach * OUTER], axis=1)
    places = np.concatenate([-far[:, :0:-1], far], axis=1)
    rows = np.repeat(np.arange(alpha.size), places.shape[1])
    held = model.take(rows).with_parameters(bias=np.ravel(places))
    found = ansatz.solve(held, alpha[rows])
    phi = found.value("free_entropy").reshape(places.shape)
    best = np.argmax(np.where(np.isfinite(phi), phi, -np.inf), axis=1)
    top, error = phi[np.arange(alpha.size), best], found.error("free_entropy").reshape(places.shape).max(axis=1)
    ends = np.stack([phi[:, 0], phi[:, -1]], axis=1).max(axis=1)
    with np.errstate(invalid="ignore"):
        return np.isfinite(phi).all(axis=1) & (ends >= top - error)
