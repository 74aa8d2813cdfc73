"""Numbers from ten populations of walkers, each with its own estimate of ``ln Z``, and their errors."""

from __future__ import annotations

from typing import Any

import numpy as np

GROUPS = 10  # populations that are resampled apart from each other, for errors


def jackknife(log_z: np.ndarray, values: np.ndarray, function: Any) -> tuple[float, float]:
    """A function of the populations' ``ln Z`` and values, and its error from leaving each of them out."""
    every = np.arange(GROUPS)
    kept = [every[every != out] for out in every]
    pairs = values.ndim == 2
    parts = [function(log_z[k], values[np.ix_(k, k)] if pairs else values[k]) for k in kept]
    error = np.sqrt((GROUPS - 1) * np.var(parts)) if np.all(np.isfinite(parts)) else np.inf
    return float(function(log_z, values)), float(error + 1e-14)


def tails(log_z: np.ndarray) -> float:
    """Factor of errors from few populations: makes three of them as rare by Student's t as for a Gaussian."""
    from scipy.special import ndtr, stdtrit

    chance = np.exp(log_z - np.logaddexp.reduce(log_z))
    return float(stdtrit(max(1.0 / np.sum(chance**2) - 1.0, 2.0), ndtr(3.0)) / 3.0)


def log_mean(log_z: np.ndarray, values: np.ndarray) -> float:
    """``ln`` of the mean ``Z``; takes values as its relatives do, and needs none."""
    return float(np.logaddexp.reduce(log_z) - np.log(log_z.size))


def weighted_mean(log_z: np.ndarray, values: np.ndarray) -> float:
    """Mean of the values over populations, each as likely as its Z says."""
    chance = np.exp(log_z - np.logaddexp.reduce(log_z))
    return float(chance @ values)


def between(log_z: np.ndarray, overlaps: np.ndarray) -> float:
    """Mean overlap of walkers of different populations."""
    chance = np.exp(log_z - np.logaddexp.reduce(log_z))
    pairs = np.outer(chance, chance)
    np.fill_diagonal(pairs, 0.0)
    return float(np.sum(pairs * overlaps) / pairs.sum())
