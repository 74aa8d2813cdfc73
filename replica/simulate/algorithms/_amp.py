"""Approximate message passing on one instance: sweeps and the Bethe free entropy. Protocols are in the algorithms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from replica.models.model import Model
from replica.simulate.algorithms._products import products
from replica.simulate.instances import Instance
from replica.weights.base import Average, Pinned

LEAST_VARIANCE = 1e-10


@dataclass
class System:
    r"""Patterns ``F = y X/sqrt(N)`` and external fields of one instance.

    A sweep is, with ``V`` the variance of the fields (that of the weights times ``sum_i F_i^2``, averaged over the
    patterns), ``c = sum_i F_i^2`` and ``Z`` the local partition function of the loss,

    .. math:: \omega = F m - V g,\quad g = \partial_\omega\ln Z(\omega, V),\quad
        A = -\tfrac cN\sum_\mu \partial_\omega g_\mu,\quad B = F^T g + A m

    and then ``m`` and the variance from the weights' own partition function in the field ``B + h``.
    """

    model: Model
    F: np.ndarray
    external: Any = 0.0
    products: Any = field(init=False)
    scale: float = field(init=False)
    damping: float = field(default=0.0, init=False)  # that sweeps need

    def __post_init__(self) -> None:
        self.scale = float(np.sum(self.F**2)) / len(self.F) if self.F.size else 1.0
        self.products = products(self.F)

    @classmethod
    def of(cls, instance: Instance, external: Any = 0.0) -> System:
        return cls(instance.model, instance.y[:, None] * instance.X * (instance.gain / np.sqrt(instance.n)), external)

    @property
    def n(self) -> int:
        return int(self.F.shape[1])

    @property
    def resolution(self) -> float:
        """Smallest change of the means that rounding leaves visible."""
        return 1e-5 if self.products.single else 1e-12

    def project(self, mean: np.ndarray) -> np.ndarray:
        """``F m``."""
        return self.products.forward(mean)

    def output(self, fields: np.ndarray) -> np.ndarray:
        """Output of the network from the fields of its units."""
        return fields

    def patterns(self, mean: np.ndarray, variance: float, g: np.ndarray) -> Patterns:
        """The patterns' side of a sweep, from means and mean variance of the weights."""
        spread = self.scale * variance
        omega = self.project(mean) - spread * g
        log_z, first, second = self.model.loss.terms(omega[None], np.array([spread]), self.model.beta)
        return Patterns(omega, spread, log_z[0], first[0], -self.scale * float(second.sum()) / self.n)

    def field(self, found: Patterns, mean: np.ndarray) -> np.ndarray:
        """``B``."""
        return self.products.backward(found.g) + found.curvature * mean

    def weights(self, B: np.ndarray, curvature: float) -> tuple[np.ndarray, float, float]:
        """Means of the weights in the field, their mean variance, and ``sum_i ln z``."""
        total = B + self.external
        if isinstance(self.model.weights.norm, Average):  # the multiplier of the norm in closed form
            square = float(np.mean(total**2))
            c = (1.0 + np.sqrt(1.0 + 4.0 * square)) / 2.0
            log_z = (c - 1.0 - np.log(c) + square / c - curvature) / 2.0
            return total / c, 1.0 / c, self.n * log_z
        log_z, mean, spread = self.model.weights.log_z(total[None], np.array([curvature]), self.model.beta)
        return mean[0], max(float(spread.mean()), LEAST_VARIANCE), float(log_z.sum())


@dataclass
class Patterns:
    """Fields, their variance, logarithms of local partition functions, their slopes ``g``, and the curvature ``A``."""

    omega: np.ndarray
    variance: Any  # a number, or one for each unit of a network
    log_z: np.ndarray
    g: np.ndarray
    curvature: Any


@dataclass
class FixedPoint:
    """Where the sweeps ended: means, variance, free entropy per weight, last change of the means, sweeps."""

    mean: np.ndarray
    variance: float
    g: np.ndarray
    free_entropy: float
    drift: float
    change: float
    sweeps: int
    patterns: Patterns

    def settled(self, tolerance: float) -> bool:
        return self.change < tolerance


def iterate(
    system: System, mean: np.ndarray, g: np.ndarray, *, damping: float, tolerance: float, sweeps: int
) -> FixedPoint:
    """Sweep until ``max |dm| < tolerance``; the free entropy is that of the last sweep, its drift the last change."""
    variance = _variance_of(system, mean)
    change, before, now, done = np.inf, np.nan, np.nan, 0
    found = system.patterns(mean, variance, g)
    left = sweeps
    while left > 0:
        ending = change < tolerance or left <= 2  # the free entropy costs a product of its own
        B = system.field(found, mean)
        fresh, variance_next, log_z = system.weights(B, found.curvature)
        if ending:
            before, now = now, _bethe(system, found, B, fresh, variance_next, log_z)
        change = float(np.max(np.abs(fresh - mean), initial=0.0))
        mean = (1.0 - damping) * fresh + damping * mean
        variance = (1.0 - damping) * variance_next + damping * variance
        found = system.patterns(mean, variance, found.g)
        done, left = done + 1, left - 1
        if ending and change < tolerance and np.isfinite(before):
            break
    return FixedPoint(mean, variance, found.g, now, abs(now - before), change, done, found)


def _variance_of(system: System, mean: np.ndarray) -> float:
    """Variance of the weights at the start: what the norm leaves, or that of free weights."""
    free = system.weights(np.zeros(system.n), 0.0)[1]
    return max(free - float(np.mean(mean**2)), LEAST_VARIANCE)


def _bethe(system: System, found: Patterns, B: np.ndarray, fresh: np.ndarray, spread: float, log_z: float) -> float:
    r"""``(1/N)[sum_i (ln z_i - B_i m_i + A (m_i^2 + v)/2) + sum_mu (ln Z_mu + V g_mu^2/2)]``, stationary at the end."""
    pinned = isinstance(system.model.weights.norm, Pinned)  # then A is a gauge, and ln z does not contain it
    entropic = log_z - float(B @ fresh)
    if not pinned:
        entropic += found.curvature * (float(fresh @ fresh) + system.n * spread) / 2.0
    misfit = system.project(fresh) - found.omega if found.omega.size else np.zeros(0)
    return (entropic + float(found.log_z.sum()) + float(np.sum(misfit**2 / (2.0 * found.variance)))) / system.n
