"""Approximate message passing for committees of sign units; sweeps and protocols are those of a single unit."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica.models.model import Model
from replica.simulate.algorithms._amp import LEAST_VARIANCE, Patterns, System
from replica.simulate.algorithms._products import products
from replica.simulate.algorithms.base import Algorithm, require_majority, require_margin, require_signs
from replica.simulate.instances import Instance, seen_by_units
from saddlepoint.special import tail

SHARED_DAMPING = 0.3  # of units that see the same inputs: their sweeps oscillate without
MOST_UNITS = 9  # 2^8 majorities


@dataclass
class MajoritySystem(System):
    r"""K units, each with inputs of its own or all with the same: fields ``omega_k`` with variance ``V_k = 1 - q_k``.

    The local partition function is the chance of a majority,

    .. math:: Z = \sum_{s:\,\sum_k s_k > 0} \prod_k \Phi(s_k\omega_k/\sqrt{V_k}),\qquad g_k = \partial_{\omega_k}\ln Z,
        \qquad \partial_{\omega_k} g_k = -g_k(g_k + \omega_k/V_k)
    """

    @classmethod
    def of(cls, instance: Instance, external: Any = 0.0) -> MajoritySystem:
        size = instance.n // int(instance.model.architecture.units)
        return cls(instance.model, instance.y[:, None] * instance.X / np.sqrt(size), external)

    def __post_init__(self) -> None:
        self.units = int(self.model.architecture.units)
        blocks = seen_by_units(self.model, self.F)
        self.size = blocks.shape[2]
        self.blocks = [products(self.F)] * self.units if self.shared else [products(block) for block in blocks]
        self.scale = float(np.mean(np.sum(self.F**2, axis=1))) if self.F.size else 1.0
        self.damping = SHARED_DAMPING if self.shared else 0.0
        states = np.array(list(itertools.product((0.0, 1.0), repeat=self.units)))
        self.majorities = states[2 * states.sum(axis=1) > self.units]
        squares = np.sum(blocks**2, axis=(1, 2))
        self.scales = squares / len(self.F) if self.F.size else np.ones(self.units)

    @property
    def shared(self) -> bool:
        return bool(self.model.architecture.shared_inputs)

    @property
    def n(self) -> int:
        return self.units * self.size

    @property
    def resolution(self) -> float:
        return 1e-5 if self.blocks[0].single else 1e-12

    def project(self, mean: np.ndarray) -> np.ndarray:
        """``F_k m_k``, (K, P)."""
        rows = mean.reshape(self.units, -1)
        return np.stack([block.forward(row) for block, row in zip(self.blocks, rows, strict=True)])

    def patterns(self, mean: np.ndarray, variance: float, g: np.ndarray) -> Patterns:
        own = np.mean(mean.reshape(self.units, -1) ** 2, axis=1)
        spread = (self.scales * np.maximum(1.0 - own, LEAST_VARIANCE))[:, None]
        omega = self.project(mean) - spread * g
        x = omega / np.sqrt(spread)
        (up, rate_up), (down, rate_down) = tail(-x), tail(x)
        logs = self.majorities @ up + (1.0 - self.majorities) @ down
        log_z = np.logaddexp.reduce(logs, axis=0) if logs.size else np.zeros(omega.shape[1])
        share = self.majorities.T @ np.exp(logs - log_z)  # chance that a unit is with the majority's sign
        first = (share * rate_up - (1.0 - share) * rate_down) / np.sqrt(spread)
        second = -first * (first + omega / spread)
        curvature = -self.scales * second.sum(axis=1) / self.size
        return Patterns(omega, spread, log_z, first, curvature)

    def field(self, found: Patterns, mean: np.ndarray) -> np.ndarray:
        back = np.stack([block.backward(g) for block, g in zip(self.blocks, found.g, strict=True)])
        return (back + found.curvature[:, None] * mean.reshape(self.units, -1)).reshape(-1)

    def output(self, fields: np.ndarray) -> np.ndarray:
        return np.sign(fields).sum(axis=0)


def system_of(instance: Instance) -> System:
    """The messages of an instance, of one unit or of a committee."""
    return (System if instance.model.architecture.units == 1 else MajoritySystem).of(instance)


def require_messages(algorithm: Algorithm, model: Model) -> None:
    """Refuse networks other than one unit or a committee of a few sign units with weights +-1 at margin 0."""
    units = model.architecture.units
    if units == 1:
        return
    require_majority(algorithm, model)
    require_signs(algorithm, model)
    if units > MOST_UNITS or not model.loss.hard or require_margin(algorithm, model) != 0:
        raise ValueError(
            f"algorithm {algorithm.name!r} takes committees of up to {MOST_UNITS} units at the hard margin 0: {model}"
        )
