"""Gradients of a finite network's output with its weights, and of its cost twice. Nothing is learned here."""

from __future__ import annotations

import numpy as np

from replica.losses import Loss
from replica.models.model import Model
from replica.simulate.instances import Instance, seen_by_units
from replica.weights.base import Average


def require_gradients(readout: str, model: Model) -> None:
    """`ValueError` unless the output has derivatives with the fields of its units."""
    units = model.architecture.units
    if not np.isfinite(units):
        raise ValueError(f"readout {readout!r} is for a finite network, got {model.architecture}: give units=NUMBER")
    try:
        model.architecture.readout_slopes(np.zeros((1, int(units))))
    except ValueError as reason:
        raise ValueError(f"readout {readout!r} needs gradients: {reason}") from reason


def gradients(instance: Instance, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Of the outputs with all weights, (P, N); what enters the units over ``sqrt(n)``, (K, P, n); second derivatives
    of the outputs with the fields of the units, (P, K).
    """
    blocks = seen_by_units(instance.model, instance.X)
    units, patterns, size = blocks.shape
    inputs = blocks / np.sqrt(size)
    hidden = np.einsum("kpi,ki->pk", inputs, weights.reshape(units, size))
    slope, bend = instance.model.architecture.readout_slopes(hidden)
    rows = np.einsum("pk,kpi->pki", slope, inputs).reshape(patterns, units * size)
    return rows, inputs, bend


def hessian(instance: Instance, weights: np.ndarray, loss: Loss) -> np.ndarray:
    """Of ``sum_mu l(h_mu) + (penalty/2)|w|^2``; on spheres (each unit has its own) in their tangent directions."""
    model, y = instance.model, instance.y
    rows, inputs, bend = gradients(instance, weights)
    units, _, size = inputs.shape
    slope, curvature = (np.ravel(part) for part in loss.slopes(instance.stabilities(weights)[None]))
    matrix = rows.T @ (curvature[:, None] * rows)
    penalised, sphere = model.weights.penalised, isinstance(model.weights.norm, Average)
    tangent = np.zeros((weights.size, weights.size - units)) if sphere else np.eye(0)
    for k in range(units):
        own = slice(k * size, (k + 1) * size)
        shift = float(model.parameter("penalty")) if penalised else 0.0
        if sphere:
            tangent[own, k * (size - 1) : (k + 1) * (size - 1)] = _tangent(weights[own])
            shift -= float((slope * y) @ (rows[:, own] @ weights[own])) / float(weights[own] @ weights[own])
        matrix[own, own] += inputs[k].T @ ((slope * y * bend[:, k])[:, None] * inputs[k]) + shift * np.eye(size)
    return tangent.T @ matrix @ tangent if sphere else matrix


def _tangent(weights: np.ndarray) -> np.ndarray:
    """An orthonormal basis of what is orthogonal to a vector, in columns."""
    from scipy.linalg import qr

    basis: np.ndarray = qr(weights[:, None])[0][:, 1:]
    return basis
