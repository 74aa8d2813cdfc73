"""Stochastic gradients of the cross-entropy of sign committees, weights on spheres; protocols are in the algorithms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from replica.simulate.instances import Instance, seen_by_units


class Descent:
    r"""Mini-batch steps on ``ln(1 + exp(-2 gamma Delta))/(2 gamma)`` with ``|w_k|^2 = N/K`` held.

    ``Delta = y K^{-1/2} sum_k tanh(b lambda_k)`` stands for the majority of signs (one unit: ``Delta = y lambda``).
    A step is ``w <- normalise(w - rate N grad)``, grad the mean over the batch.
    """

    def __init__(self, instance: Instance, rng: np.random.Generator, batch: int) -> None:
        self.rng, self.batch = rng, batch
        blocks = seen_by_units(instance.model, instance.X * instance.y[:, None])
        self.patterns = np.ascontiguousarray(blocks)  # (K, P, n)
        self.units, _, self.size = blocks.shape

    def start(self) -> np.ndarray:
        """Random weights (K, n)."""
        return self.normalised(self.rng.standard_normal((self.units, self.size)))

    def normalised(self, weights: np.ndarray) -> np.ndarray:
        """Each unit back to ``|w_k|^2 = n``."""
        return weights * (np.sqrt(self.size) / np.linalg.norm(weights, axis=-1, keepdims=True))

    def batches(self) -> Iterator[np.ndarray]:
        """The patterns of one epoch in random order, by batches."""
        order = self.rng.permutation(self.patterns.shape[1])
        for first in range(0, order.size, self.batch):
            yield order[first : first + self.batch]

    def gradient(self, weights: np.ndarray, chosen: np.ndarray, gamma: float, bend: float) -> np.ndarray:
        """``N`` times the gradient (K, n) of the mean cost of a batch."""
        inputs = self.patterns[:, chosen]
        fields = np.einsum("kpi,ki->kp", inputs, weights) / np.sqrt(self.size)
        if self.units == 1:
            output, slopes = fields[0], np.ones_like(fields)
        else:
            hidden = np.tanh(bend * fields)
            output, slopes = hidden.sum(axis=0) / np.sqrt(self.units), bend * (1.0 - hidden**2)
        with np.errstate(over="ignore"):
            pull = -1.0 / (1.0 + np.exp(2.0 * gamma * output))
        each = pull * slopes / np.sqrt(self.units)
        return self.units * np.sqrt(self.size) * np.einsum("kp,kpi->ki", each, inputs) / chosen.size

    def errors(self, weights: np.ndarray) -> int:
        """Patterns that the committee of signs gets wrong."""
        fields = np.einsum("kpi,ki->kp", self.patterns, weights)
        return int(np.sum(np.sign(fields).sum(axis=0) <= 0))


def geometric(first: float, last: float, count: int) -> np.ndarray:
    """A geometric schedule."""
    return np.geomspace(first, last, count) if count > 1 else np.array([last])
