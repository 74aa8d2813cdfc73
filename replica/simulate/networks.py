"""Fully connected networks of finite width in the tangent-kernel parametrisation: the witness of infinite ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEP = 1e-6  # of the differences that slopes of units are taken from


@dataclass(frozen=True)
class Shape:
    """What a network is: a function of arrays as its units, matrices of weights, units of a layer, variances."""

    function: Callable[[np.ndarray], np.ndarray]
    layers: int
    width: int
    weights: float
    bias: float
    first_only: bool = False  # train the first layer alone


class Network:
    """One network at random, with one output ``f(x)``; rows of X are inputs."""

    def __init__(self, shape: Shape, inputs: int, rng: np.random.Generator) -> None:
        self.shape = shape
        sizes = [inputs, *[shape.width] * (shape.layers - 1), 1]
        pairs = list(zip(sizes, sizes[1:], strict=False))
        self.W = [rng.standard_normal((new, old)) for old, new in pairs]
        self.b = [rng.standard_normal(new) for _, new in pairs]
        self.gain = [np.sqrt(shape.weights / old) for old, _ in pairs]

    def fields(self, X: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """What enters each layer, and its fields; the last of these is the output."""
        inside, fields = [X], []
        for layer, (W, b, gain) in enumerate(zip(self.W, self.b, self.gain, strict=True)):
            fields.append(gain * inside[-1] @ W.T + np.sqrt(self.shape.bias) * b)
            if layer + 1 < len(self.W):
                inside.append(self.shape.function(fields[-1]))
        return inside, fields

    def output(self, X: np.ndarray) -> np.ndarray:
        return self.fields(X)[1][-1][:, 0]

    def _back(self, fields: list[np.ndarray]) -> list[np.ndarray]:
        """Derivatives of the output with the fields of each layer."""
        found = [np.ones_like(fields[-1])]
        for layer in range(len(fields) - 2, -1, -1):
            h = fields[layer]
            slope = (self.shape.function(h + STEP) - self.shape.function(h - STEP)) / (2.0 * STEP)
            found.insert(0, self.gain[layer + 1] * (found[0] @ self.W[layer + 1]) * slope)
        return found

    @property
    def _trained(self) -> range:
        return range(1 if self.shape.first_only else len(self.W))

    def tangent(self, X: np.ndarray) -> np.ndarray:
        """Products of the gradients of the outputs, (P, P)."""
        inside, fields = self.fields(X)
        back = self._back(fields)
        total = np.zeros((len(X), len(X)))
        for layer in self._trained:
            entering = self.gain[layer] ** 2 * inside[layer] @ inside[layer].T + self.shape.bias
            total += (back[layer] @ back[layer].T) * entering
        return total

    def descend(self, X: np.ndarray, residual: np.ndarray, step_size: float) -> None:
        """One step against the gradient of ``sum (f - y)^2/2``, with ``residual = f - y``."""
        inside, fields = self.fields(X)
        back = self._back(fields)
        for layer in self._trained:
            pull = residual[:, None] * back[layer]
            self.W[layer] -= step_size * self.gain[layer] * pull.T @ inside[layer]
            self.b[layer] -= step_size * np.sqrt(self.shape.bias) * pull.sum(axis=0)


def descents(
    shape: Shape, X: np.ndarray, y: np.ndarray, steps: np.ndarray, step_size: float, samples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Losses (samples, steps) of networks that learn ``y`` beside what they say at random, and the least ratio
    ``|gradient|^2/(2 loss)`` that each of them passes.
    """
    losses, ratios = np.empty((samples, steps.size)), np.full(samples, np.inf)
    for sample, rng in enumerate(np.random.default_rng(seed).spawn(samples)):
        network = Network(shape, X.shape[1], rng)
        goal = network.output(X) + y
        for step in range(int(steps[-1]) + 1):
            residual = network.output(X) - goal
            square = float(residual @ residual)
            losses[sample, steps == step] = 0.5 * square
            if step in steps and square > 0:
                ratios[sample] = min(ratios[sample], float(residual @ network.tangent(X) @ residual) / square)
            if step < steps[-1]:
                network.descend(X, residual, step_size)
    return losses, ratios


def kernels(shape: Shape, X: np.ndarray, samples: int, seed: int, tangent: bool) -> np.ndarray:
    """Tangent kernels at random, or products of outputs, of which the covariance is the mean: (samples, P, P)."""
    found = np.empty((samples, len(X), len(X)))
    for sample, rng in enumerate(np.random.default_rng(seed).spawn(samples)):
        network = Network(shape, X.shape[1], rng)
        found[sample] = network.tangent(X) if tangent else np.multiply.outer(*[network.output(X)] * 2)
    return found
