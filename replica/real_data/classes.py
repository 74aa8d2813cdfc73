"""Patterns of two classes: checks, moments without the bias of finite samples, classifiers trained on part of them."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from replica.simulate.files import SUFFIXES, read
from replica.simulate.given import counting, inputs_of, labels_of
from replica.simulate.rng import generator

NO_CENTROIDS = "the centroids of the two classes are no further apart than chance puts them: bring more data"
NO_SPREAD = "the features do not vary inside the classes: they separate them exactly, and there is no noise to describe"
SMALLEST = 1e-100  # units whose powers are doubles
NOTHING = 1e-24  # of the squared distance of the centroids: a variance that is rounding
GROUPS = 20  # of patterns, one of which is left out in each replicate


def two_classes(X: Any, y: Any) -> tuple[np.ndarray, np.ndarray, tuple[Any, Any]]:
    """Patterns, labels +-1 and the user's names of -1 and +1, checked."""
    if isinstance(X, (str, os.PathLike)):
        if y is not None:
            raise ValueError(f"y must be None beside a file {' '.join(SUFFIXES)}, which holds the labels")
        X, y = read(Path(X))[:2]
    X = inputs_of("X", X)
    label, names = labels_of("y", y)
    if X.ndim != 2 or X.shape[1] < 1 or len(label) != len(X):
        raise ValueError(f"X must have shape (P, n) and y (P,), got {X.shape} and {label.shape}")
    counts = [int(np.sum(label == sign)) for sign in (-1, 1)]
    if min(counts) < GROUPS:
        found = ", ".join(f"{count} of {name}" for count, name in zip(counts, names, strict=True))
        raise ValueError(f"y must hold two classes with at least {GROUPS} patterns each, got {found}")
    for column in counting(X):
        text = f"column {column + 1} of X counts the patterns: leave it out if it is an index, it is no feature"
        warnings.warn(text, UserWarning, stacklevel=3)
    return X, label, names


def features(X: np.ndarray, label: np.ndarray, standardise: bool) -> np.ndarray:
    """Without constant features, in units of their standard deviations if asked for, from the middle of the classes."""
    largest = np.abs(X).max(axis=0)
    if standardise:  # powers of two change no digit; squares of the units may have no double
        X = np.ldexp(X, -np.frexp(largest)[1])
        largest = np.abs(X).max(axis=0)
    elif not SMALLEST < largest.max() < 1.0 / SMALLEST:
        allowed = f"between {SMALLEST:g} and {1.0 / SMALLEST:g}"
        raise ValueError(f"X without standardise must have a largest modulus {allowed}, got {largest.max():g}")
    X = varied(X)
    X = X / X.std(axis=0) if standardise else X
    return X - 0.5 * (X[label == 1].mean(axis=0) + X[label == -1].mean(axis=0))


def varied(X: np.ndarray) -> np.ndarray:
    """The features that are not constant."""
    X = X[:, np.ptp(X, axis=0) > 1e-12 * np.abs(X).max(axis=0)]
    if X.shape[1] == 0:
        raise ValueError("X must have a feature that is not constant")
    return X


def left_out(given: int, kept: int) -> str:
    """The clause of a status on constant features."""
    if given == kept:
        return ""
    return f"; {given - kept} constant feature{'s are' if given - kept > 1 else ' is'} left out"


def groups(label: np.ndarray) -> np.ndarray:
    """A group for each pattern: all with the balance of the whole, members drawn at random (files are often sorted)."""
    found = np.empty(len(label), dtype=int)
    for sign in (1, -1):
        own = np.flatnonzero(label == sign)
        found[generator(0, 0, 1, own.size, "patterns").permutation(own)] = np.arange(own.size) % GROUPS
    return found


def estimates(X: np.ndarray, label: np.ndarray, effective: bool) -> np.ndarray:
    """Noise, scale, dimension and anisotropy; NaN where chance explains the distance of the centroids."""
    up, down = X[label == 1], X[label == -1]
    means = up.mean(axis=0), down.mean(axis=0)
    rest = np.concatenate([up - means[0], down - means[1]])
    freedom, chance = len(X) - 2, 1.0 / len(up) + 1.0 / len(down)
    gram = rest.T @ rest if rest.shape[1] < len(rest) else rest @ rest.T
    apart = means[0] - means[1]
    trace, squares = np.trace(gram) / freedom, np.sum(gram**2) / freedom**2
    if trace <= NOTHING * (apart @ apart):
        raise ValueError(NO_SPREAD)
    squares = (squares - trace**2 / freedom) / (1.0 + 1.0 / freedom - 2.0 / freedom**2)  # of the covariance itself
    distance2 = apart @ apart - chance * trace
    if distance2 <= 0 or squares <= 0:
        return np.full(4, np.nan)
    of_trace = trace**2 - 2.0 * squares / freedom  # the square of the trace of the covariance itself
    size = of_trace / squares if effective else float(X.shape[1])
    along = np.sum((rest @ apart) ** 2) / freedom - chance * squares
    round_along = ((apart @ apart) * trace - chance * of_trace) / size  # the same of the isotropic covariance
    return np.array([4.0 * trace / size / distance2, 0.5 * np.sqrt(distance2), size, along / round_along])


def shaped(X: np.ndarray, label: np.ndarray, shrinkage: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means (2, n), covariances (2, n, n) and their shrinkage (2,) of the labels +1 and -1.

    The difference of the means is shortened by what chance adds to it, as in `estimates`. The shrinkage towards a
    multiple of the identity is that of O. Ledoit and M. Wolf (2004) unless it is given.
    """
    found = [_covariance(X[label == sign], shrinkage) for sign in (1, -1)]
    means, covariances = (np.array([one[k] for one in found]) for k in (0, 1))
    counts = np.array([np.sum(label == 1), np.sum(label == -1)])
    apart = 0.5 * (means[0] - means[1])
    if np.trace(covariances.sum(axis=0)) <= NOTHING * (apart @ apart):
        raise ValueError(NO_SPREAD)
    chance = 0.25 * np.sum(np.trace(covariances, axis1=1, axis2=2) / counts)
    left = 1.0 - chance / (apart @ apart)
    if not left > 0:
        raise ValueError(NO_CENTROIDS)
    move = np.sqrt(left) * apart
    return means.mean(axis=0) + np.array([move, -move]), covariances, np.array([one[2] for one in found])


def _covariance(X: np.ndarray, shrinkage: float | None) -> tuple[np.ndarray, np.ndarray, float]:
    mean, (count, size) = X.mean(axis=0), X.shape
    rest = X - mean
    raw = rest.T @ rest / count
    round_part = np.trace(raw) / size * np.eye(size)
    if shrinkage is None:
        scatter = (np.sum(np.sum(rest**2, axis=1) ** 2) / count - np.sum(raw**2)) / count
        shrinkage = float(min(scatter / max(np.sum((raw - round_part) ** 2), 1e-300), 1.0))
    return mean, ((1.0 - shrinkage) * raw + shrinkage * round_part) * count / (count - 1.0), shrinkage


def half(label: np.ndarray, share: float) -> np.ndarray:
    """A share of the patterns at random, of both classes alike."""
    chosen = np.zeros(len(label), dtype=bool)
    for sign in (1, -1):
        own = generator(0, 1, 1, int(np.sum(label == sign)), "patterns").permutation(np.flatnonzero(label == sign))
        chosen[own[: int(round(share * own.size))]] = True
    return chosen


def jackknife(values: np.ndarray) -> np.ndarray:
    """Standard errors from values without one group each, along the first axis."""
    return np.sqrt((len(values) - 1.0) * np.mean((values - values.mean(axis=0)) ** 2, axis=0))


def trained(
    estimator: Any, X: np.ndarray, label: np.ndarray, *, sizes: np.ndarray, repeats: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Errors on patterns left out and on those trained on, and their standard errors, shape (sizes, 2)."""
    runs = [[_fit(estimator, X, label, int(size), seed, repeat) for repeat in range(repeats)] for size in sizes]
    mean, variance, total = np.mean(runs, axis=1), np.var(runs, axis=1, ddof=1), len(label)
    rate = (mean * total + 1.0) / (total + 2.0)  # that no error was seen does not say that there is none
    return mean, np.sqrt(variance * (1.0 / repeats + sizes[:, None] / total) + rate * (1.0 - rate) / total)


def _fit(estimator: Any, X: np.ndarray, label: np.ndarray, size: int, seed: int, repeat: int) -> tuple[float, float]:
    """Both errors for one subsample, which holds both classes; NaN where the iterations were spent."""
    from sklearn.exceptions import ConvergenceWarning

    rng = generator(seed, repeat, X.shape[1], size, "patterns")
    up, down = (rng.permutation(np.flatnonzero(label == sign)) for sign in (1, -1))
    first = int(np.clip(rng.hypergeometric(up.size, down.size, size), 1, size - 1))
    chosen = np.zeros(len(label), dtype=bool)
    chosen[up[:first]] = chosen[down[: size - first]] = True
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        estimator.fit(X[chosen], label[chosen])
    if any(issubclass(one.category, ConvergenceWarning) for one in caught):
        return np.nan, np.nan
    wrong = label * (X @ np.ravel(estimator.coef_) + np.ravel(estimator.intercept_)[0]) <= 0
    return float(np.mean(wrong[~chosen])), float(np.mean(wrong[chosen]))
