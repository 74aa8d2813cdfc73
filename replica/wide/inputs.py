"""Inputs of wide networks: rows as given by the user, and the pairs of first fields that they make."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._checks import real
from replica.architectures.activations._dual import Pair

CLOSE = 0.9  # cosines above it (or below minus it) are taken from differences (sums)
LARGEST = 1e100
BLOCK = 2_000_000  # numbers at a time


def rows(X: Any) -> np.ndarray:
    """Patterns as finite floats (P, D), else a `ValueError`."""
    try:
        found = real(X)
    except (TypeError, ValueError):
        raise ValueError(f"X must be an array of real numbers, a row per pattern, got {type(X).__name__}") from None
    if found.ndim != 2 or 0 in found.shape:
        raise ValueError(f"X must have the shape (patterns, inputs), got {found.shape}")
    if not np.all(np.isfinite(found)):
        bad = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise ValueError(f"X must be finite, which row {bad} is not")
    if np.abs(found).max() > LARGEST:
        raise ValueError(f"X must be at most {LARGEST:g} in modulus, got {np.abs(found).max():g}")
    return found


def targets(y: Any, patterns: int) -> np.ndarray:
    """Targets as finite floats (P,), else a `ValueError`."""
    try:
        found = real(y)
    except (TypeError, ValueError):
        raise ValueError(f"y must be an array of real numbers, got {type(y).__name__}") from None
    if found.shape != (patterns,):
        raise ValueError(f"y must have the shape ({patterns},), one target per row of X, got {found.shape}")
    if not np.all(np.isfinite(found)):
        raise ValueError(f"y must be finite, which entry {int(np.flatnonzero(~np.isfinite(found))[0])} is not")
    return found


def at_angle(angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``1 - cos`` and ``1 + cos``."""
    return 2.0 * np.sin(0.5 * angle) ** 2, 2.0 * np.cos(0.5 * angle) ** 2


def between(X: np.ndarray, weights: float, bias: float) -> tuple[Pair, tuple[np.ndarray, np.ndarray]]:
    """The pairs of rows i <= j: first fields of covariance ``weights x.x'/D + bias``; and i, j.

    Fields are those of the inputs with the bias as one more entry.
    """
    fields = np.column_stack([X * np.sqrt(weights / X.shape[1]), np.full(len(X), np.sqrt(bias))])
    size = np.max(np.abs(fields), axis=1, initial=0.0)
    largest = np.where(size > 0, size, 1.0)[:, None]
    length = np.linalg.norm(fields / largest, axis=1) * largest[:, 0]
    unit = fields / np.where(length > 0, length, 1.0)[:, None]
    i, j = np.triu_indices(len(X))
    cosine = (unit @ unit.T)[i, j]
    near, far = 1.0 - cosine, 1.0 + cosine
    for places, sign, other in ((cosine > CLOSE, -1.0, near), (cosine < -CLOSE, 1.0, far)):
        where = np.flatnonzero(places)
        for part in np.array_split(where, max(1, where.size * unit.shape[1] // BLOCK)):
            other[part] = 0.5 * np.sum((unit[i[part]] + sign * unit[j[part]]) ** 2, axis=1)
    near[i == j] = 0.0
    scale = length[i] * length[j]
    near, far = np.where(cosine > CLOSE, near, 2.0 - far), np.where(cosine < -CLOSE, far, 2.0 - near)
    return Pair(length[i] ** 2, length[j] ** 2, scale * np.maximum(near, 0.0), scale * np.maximum(far, 0.0)), (i, j)
