"""Spectrum of a data set's features and projections of its labels, without what finite samples add to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.simulate.given import inputs_of, labels_of

EMPTY = 1e-10  # of the largest eigenvalue: a direction without inputs


def described(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Spectrum, projections, variance of the labels, and what is explained of it."""
    count, size = X.shape
    X, y = X - X.mean(axis=0), y - y.mean()
    value, vector = np.linalg.eigh(X.T @ X / (count - 1))
    there = value > EMPTY * value[-1]
    omega, rho = np.where(there, value, 0.0), float(y @ y) / (count - 1)
    raw = size * (vector.T @ (X.T @ y / (count - 1))) ** 2
    part = np.divide(raw, omega, out=np.zeros(size), where=there) / size  # of each direction
    left = max(rho - part.sum(), 0.0) * (count - 1) / (count - 1 - there.sum())
    explained = float(rho - left)
    kept = np.maximum(part - left / (count - 1), 0.0) * there
    if not (explained > 0 and kept.sum() > 0):
        raise ValueError("y is told by the features no better than by chance: bring more patterns")
    return omega, kept * (explained / kept.sum()) * omega * size, rho, explained


def checked(X: Any, y: Any) -> tuple[np.ndarray, np.ndarray, bool]:
    """Patterns, labels as numbers, and whether these are of two kinds, then +-1."""
    X = inputs_of("X", X)
    try:
        label = np.asarray(y, dtype=float)
    except (TypeError, ValueError):
        label = labels_of("y", y)[0]  # words
    if X.ndim != 2 or X.shape[1] < 1 or label.shape != (len(X),):
        raise ValueError(f"X must have shape (P, n) and y (P,), of numbers, got {X.shape} and {np.shape(y)}")
    if not np.all(np.isfinite(label)):
        raise ValueError("y must be finite numbers: a label is missing")
    kinds = np.unique(label)
    if kinds.size < 2:
        raise ValueError("y must hold labels that differ")
    return X, np.where(label == kinds[1], 1.0, -1.0) if kinds.size == 2 else label, kinds.size == 2
