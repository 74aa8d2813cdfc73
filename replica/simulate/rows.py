"""What is kept of one run: numbers of any weights, of the algorithm, of read-outs, of held-out patterns."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from replica.simulate.instances import Instance
from replica.simulate.statistics import fraction

NO_ERROR = 1e-15  # of numbers that are sums of a few terms
#: powers of the norm of the weights in what algorithms report for weights of the set
POWERS = {"q": 2, "m": 1}


def row_of(instance: Instance, outcome: Any, width: int) -> dict[str, Any]:
    """What is kept of one run: what holds for any weights, then what the algorithm says."""
    weights = np.full(width, np.nan)
    solved, numbers = False, {"training_error": (np.nan, np.nan)}
    numbers |= {name: (np.nan, np.nan) for name in _generalization(instance, np.ones(instance.n))}
    if outcome.bias is not None:
        instance = dataclasses.replace(instance, bias=outcome.bias)
    if outcome.weights is not None:
        weights[: instance.n] = instance.gain * outcome.weights
        solved = instance.violations(outcome.weights) == 0
        numbers = {"training_error": (instance.training_error(outcome.weights), 0.0)}
        numbers |= _generalization(instance, outcome.weights)
    row: dict[str, Any] = {"solved": np.array(solved), "status": np.array(outcome.status), "weights:weight": weights}
    for name, (value, error) in (outcome.numbers | numbers | outcome.numbers).items():
        scale = instance.gain ** POWERS.get(name, 0)
        row[name], row[f"{name}_error"] = np.array(scale * float(value)), np.array(scale * float(error))
    for name, (dims, values) in (outcome.arrays or {}).items():
        room = [width + 1 if dim == "flips" else size for dim, size in zip(dims, values.shape, strict=True)]
        padded = np.full(room, np.nan)
        padded[tuple(slice(size) for size in values.shape)] = values
        row[":".join((name, *dims))] = padded
    return row


def held_out_error(instance: Instance, weights: np.ndarray | None) -> dict[str, np.ndarray]:
    """Share of patterns that were not learned on the wrong side, fields of zero by half, with a fraction's error."""
    if weights is None:
        return {"held_out_error": np.array(np.nan), "held_out_error_error": np.array(np.nan)}
    stability = instance.stabilities(weights)
    low, high = fraction(stability < 0), fraction(stability <= 0)
    value, error = 0.5 * (low.value + high.value), max(float(low.error), float(high.error))
    return {"held_out_error": np.asarray(value, dtype=float), "held_out_error_error": np.asarray(error)}


def read_out(readout: Any, instance: Instance, weights: np.ndarray | None, rng: np.random.Generator) -> dict[str, Any]:
    """The arrays of one read-out; NaN without weights (the names come from a trial on any weights)."""
    trial = np.ones(instance.n) if weights is None else weights
    dims, row = readout.coordinates(), {}
    for name, pair in readout.measure(instance, trial, rng).items():
        for key, values in zip((name, f"{name}_error"), pair, strict=True):
            place = ":".join((key, *list(dims)[: values.ndim]))
            row[place] = values if weights is not None else np.full(values.shape, np.nan)
    return row


def _generalization(instance: Instance, weights: np.ndarray) -> dict[str, tuple[float, float]]:
    """Overlap with the direction to be learned, and the generalisation error of these weights on Gaussian inputs."""
    if instance.direction is None or instance.model.architecture.units != 1:
        return {}
    found = {"m": (float(weights @ instance.direction) / instance.n, NO_ERROR)}
    data = instance.model.data.learned({"bias": np.array([instance.bias])})
    errors = data.error_of(weights, instance.direction)
    found |= {name: (value, NO_ERROR) for name, value in errors.items()}
    return found
