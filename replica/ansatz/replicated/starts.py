"""Where groups of infinitely many replicas are near their centre: starts from the limit of a small distance."""

from __future__ import annotations

import numpy as np

from replica.models.model import Model
from saddlepoint.special import tail

#: E|z| squared: what binary weights keep of a field that has almost vanished
CLIPPED = 2.0 / np.pi


def steep(model: Model, alpha: np.ndarray, q1: np.ndarray, kept: float) -> tuple[np.ndarray, np.ndarray]:
    r"""Logarithm of the gap and stiffness ``-gap f'`` where the gap is large, each (batch,).

    Every field is then lifted to about the same place W, so that ``E r^2 = E (W - sqrt(q1) z)_+^2`` and the equation
    ``alpha E r^2 = kept q1`` gives W, and the gap is the one that lifts a field by the root mean square of r to it.
    """
    wanted = kept / alpha
    low, high = np.full(alpha.size, -8.0), 1.0 + np.sqrt(wanted)
    for _ in range(50):
        middle = 0.5 * (low + high)
        log_tail, hazard = tail(-middle)
        lifted = np.exp(log_tail) * (1.0 + middle**2 + middle * hazard)
        low, high = np.where(lifted < wanted, middle, low), np.where(lifted < wanted, high, middle)
    typical = np.sqrt(wanted * q1)
    field = (low * np.sqrt(q1) - typical)[:, None]
    low, high = np.full(alpha.size, -30.0), np.full(alpha.size, 1e6)
    for _ in range(60):
        middle = 0.5 * (low + high)
        shift = model.loss.optimal(field, middle, 1.0 - q1, model.beta)[0][:, 0]
        low, high = np.where(shift < typical, middle, low), np.where(shift < typical, high, middle)
    return low, model.loss.optimal(field, low, 1.0 - q1, model.beta)[3][:, 0]


def steep_sphere(model: Model, alpha: np.ndarray, q1: np.ndarray) -> np.ndarray:
    """Start of `SphericalReplicasLimit`, (batch, 1)."""
    return steep(model, alpha, q1, 1.0)[0][:, None]


def steep_replicas(model: Model, alpha: np.ndarray, q1: np.ndarray) -> np.ndarray:
    """Start of `BinaryReplicasLimit`: without a common field ``q1 = tanh^2 h`` with ``h = gap_hat tanh h``."""
    log_gap, _ = steep(model, alpha, q1, CLIPPED)
    mean = np.sqrt(q1)
    return np.stack([np.log(CLIPPED * q1) - 2.0 * log_gap, np.log(np.arctanh(mean) / mean)], axis=1)


def steep_centre(model: Model, alpha: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Start of `BinaryCentreLimit`: the centre alone pulls."""
    mean = 1.0 - 2.0 * distance
    log_gap, stiff = steep(model, alpha, mean**2, CLIPPED)
    with np.errstate(divide="ignore"):  # a stiffness that is 0 is no start
        log_gap_hat = np.log(alpha * stiff**2 / (1.0 + stiff)) - log_gap
    pull = np.arctanh(mean) - mean * np.exp(np.minimum(log_gap_hat, 0.0))
    return np.stack([np.log(CLIPPED * mean**2) - 2.0 * log_gap, log_gap_hat, pull], axis=1)
