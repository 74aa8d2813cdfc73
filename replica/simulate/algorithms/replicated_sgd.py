"""Replicated stochastic gradient descent on signs: replicas that learn and are drawn to their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.models.model import Model
from replica.simulate.algorithms.base import (
    Algorithm,
    Outcome,
    require_majority,
    require_margin,
    require_signs,
    verdict,
)
from replica.simulate.instances import Instance, seen_by_units, whole


@dataclass(frozen=True)
class ReplicatedSGD(Algorithm):
    r"""Replicated SGD for weights +-1: a single unit or a committee of sign units (tree or full), at margin 0.

    Each of y replicas has hidden variables H with ``W = sign H``. A mini-batch pushes, for every wrong pattern, the
    fewest units that mend it (those nearest to changing sign): ``H_k += rate y x_k``. Then it is drawn to the mean C of
    all replicas, ``H += pull (tanh(gamma y C) - sign H)``, with gamma growing by a step each epoch.

    When not to use it: real weights (`GradientDescent`, `EntropicSGD`) or other margins than 0.

    Parameters
    ----------
    replicas : int
        y, at least 1; a single one (``replicas=1, pull=0``) is plain SGD.
    batch, max_epochs : int
        At least 1.
    rate, pull, first_gamma, gamma_step : float
        At least 0.

    See Also
    --------
    LeastAction : The pushes alone.
    ReplicatedAnnealing : Replicas with a temperature.

    References
    ----------
    C. Baldassi et al., PNAS 113, E7655 (2016), supporting information.

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import ReplicatedSGD
    >>> model = replica.committee(3, weights="binary", connectivity="full")
    >>> runs = replica.simulate(model, algorithm=ReplicatedSGD(), n=63, alpha=0.3, samples=2, seed=1)
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    replicas: int = 7
    batch: int = 80
    rate: float = 2.0
    pull: float = 0.75
    first_gamma: float = 0.05
    gamma_step: float = 0.001
    max_epochs: int = 1000
    name: ClassVar[str] = "replicated-sgd"

    def __post_init__(self) -> None:
        for key in ("replicas", "batch", "max_epochs"):
            whole(key, getattr(self, key), 1)
        for key in ("rate", "pull", "first_gamma", "gamma_step"):
            number(key, getattr(self, key), low=0.0)

    def check(self, model: Model) -> None:
        require_signs(self, model)
        require_majority(self, model)
        if require_margin(self, model) != 0:
            raise ValueError(f"algorithm {self.name!r} is for margin 0, got {model.loss}")

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        replicas = _Replicas(self, instance, rng)
        best, fewest, done = replicas.best()
        gamma = self.first_gamma
        while fewest and done < self.max_epochs:
            replicas.epoch(gamma)
            gamma, done = gamma + self.gamma_step, done + 1
            weights, errors, _ = replicas.best()
            if errors < fewest:
                best, fewest = weights, errors
        found = {"epochs": (float(done), 0.0), "centre_norm": (float(np.mean(np.abs(replicas.centre))), 0.0)}
        return verdict(instance, best.reshape(-1), f"{done} epochs", "try more replicas or max_epochs", found)


class _Replicas:
    """Hidden variables (y, K, n), all equal at the start, and the mean of their signs."""

    def __init__(self, settings: ReplicatedSGD, instance: Instance, rng: np.random.Generator) -> None:
        self.settings, self.rng = settings, rng
        blocks = seen_by_units(instance.model, instance.X * instance.y[:, None])
        self.patterns = np.ascontiguousarray(blocks, dtype=np.float32)  # (K, P, n)
        units, _, size = blocks.shape
        start = rng.choice(np.array([-1.0, 1.0], dtype=np.float32), size=(units, size))
        self.hidden = np.tile(start, (settings.replicas, 1, 1))
        self.centre = start.copy()

    def epoch(self, gamma: float) -> None:
        """All patterns once for each replica, in an order of its own, the replicas taking turns by mini-batches."""
        count, y = self.patterns.shape[1], self.settings.replicas
        orders = [self.rng.permutation(count) for _ in range(y)]
        for first in range(0, count, self.settings.batch):
            for a in self.rng.permutation(y):
                self._step(a, orders[a][first : first + self.settings.batch], gamma)

    def _step(self, a: int, chosen: np.ndarray, gamma: float) -> None:
        hidden, settings = self.hidden[a], self.settings
        before = signs(hidden)
        inputs = self.patterns[:, chosen]
        pushed = fewest_units(np.matmul(inputs, before[:, :, None])[:, :, 0])
        hidden += np.float32(settings.rate) * np.matmul(pushed[:, None, :], inputs)[:, 0]
        pull = np.tanh(gamma * settings.replicas * self.centre) - signs(hidden)
        hidden += np.float32(settings.pull) * pull.astype(np.float32)
        self.centre += (signs(hidden) - before) / np.float32(settings.replicas)

    def best(self) -> tuple[np.ndarray, int, int]:
        """Of the replicas and the sign of their mean the weights with the fewest errors, and these."""
        candidates = [*(signs(hidden) for hidden in self.hidden), signs(self.centre)]
        fields = np.stack([np.matmul(self.patterns, w[:, :, None])[:, :, 0] for w in candidates])
        errors = np.sum(np.sign(fields).sum(axis=1) <= 0, axis=1)
        at = int(np.argmin(errors))
        return candidates[at].astype(float), int(errors[at]), 0


def signs(values: np.ndarray) -> np.ndarray:
    """Signs, 0 counted as +1."""
    return np.where(values >= 0, np.float32(1), np.float32(-1))


def fewest_units(fields: np.ndarray) -> np.ndarray:
    """1 where a unit must be pushed, (K, patterns): the wrong ones nearest to 0, until the majority is right."""
    balance = np.sign(fields).sum(axis=0)
    needed = np.where(balance > 0, 0, np.ceil((1.0 - balance) / 2.0))
    wrong = np.where(fields <= 0, fields, -np.inf)
    rank = np.argsort(np.argsort(-wrong, axis=0, kind="stable"), axis=0, kind="stable")
    return ((rank < needed) & (fields <= 0)).astype(np.float32)
