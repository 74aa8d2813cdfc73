"""Where a group of replicas turns over: the common fields at which two places inside the group have the same mass.

With a cost that is not convex ``ln int Dz1 Z^y`` bends sharply where the maximiser of ``y ln Z(omega) - (omega -
field)^2/(2 gap)`` jumps. Which jumps there are depends on the cost and on its own noise; they are looked for, on grids.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.losses import Loss

_FAR = 9.5  # deviations of the common field
_FIELDS, _SHIFTS, _FINER = 160, 161, 32  # places that are looked at
_ROUNDS = 8  # each looks 32 times closer: to the rounding of the field
_SHARP = 1.5  # zeros of the group's weight lie pi of these units off the real axis, and others join them


def turns(
    loss: Loss, beta: Any, mean: np.ndarray, common: np.ndarray, gap: np.ndarray, variance: np.ndarray,
    power: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Places and widths (batch, n) of all jumps, as features of averages over the common field; width inf: none."""
    here = _Maximiser(loss, beta, gap, variance, power, _room(loss, beta, mean, common, variance))
    field = mean[:, None] + _FAR * np.sqrt(common)[:, None] * np.linspace(-1.0, 1.0, _FIELDS)
    step = field[:, 1] - field[:, 0]
    jump = np.diff(here.at(field), axis=1)
    rows = np.arange(len(field))[:, None]
    least = (2.0 * step + 3.0 * here.step)[:, None]
    most = int(np.sum(jump > least, axis=1).max())
    first = np.argsort(-jump, axis=1)[:, :most]  # the largest
    low, size = field[rows, first], jump[rows, first]
    known = size > least
    for _ in range(_ROUNDS):
        with np.errstate(divide="ignore"):
            width = np.where(known, _SHARP * gap[:, None] / np.maximum(size, 1e-300), np.inf)
        if not np.any(known & (step[:, None] > 0.5 * width)):
            break
        inner = low[:, :, None] + step[:, None, None] * np.linspace(0.0, 1.0, _FINER + 1)
        jumps = np.diff(here.at(inner.reshape(len(field), -1)).reshape(inner.shape), axis=2)
        best = np.argmax(jumps, axis=2)[:, :, None]
        low, size = (np.take_along_axis(x, best, axis=2)[:, :, 0] for x in (inner, jumps))
        step = step / _FINER
    return np.where(known, low + 0.5 * step[:, None], 0.0), width


def _room(loss: Loss, beta: Any, mean: np.ndarray, common: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """By how much ln Z varies over the fields that are met (batch,)."""
    field = mean[:, None] + _FAR * np.sqrt(common)[:, None] * np.linspace(-1.0, 1.0, _FIELDS)
    places, widths = loss.features(variance, beta)
    known = np.isfinite(widths) & np.isfinite(places)
    beyond = [np.where(known, places + side * 8.0 * np.where(known, widths, 0.0), mean[:, None]) for side in (-1, 1)]
    value = loss.terms(np.concatenate([field, *beyond], axis=1), variance, beta)[0]
    return np.max(value, axis=1) - np.min(value, axis=1)


class _Maximiser:
    """``omega`` at which ``y ln Z(omega) - (omega - field)^2/(2 gap)`` is largest, on a grid of shifts."""

    def __init__(
        self, loss: Loss, beta: Any, gap: np.ndarray, variance: np.ndarray, power: np.ndarray, room: np.ndarray
    ) -> None:
        self.loss, self.beta, self.variance, self.power = loss, beta, variance, power
        reach = np.sqrt(2.0 * power * room) + 1.0  # a longer way costs more than it can bring
        self.shifts = reach[:, None] * np.linspace(-1.0, 1.0, _SHIFTS)
        self.scale, self.step = np.sqrt(gap), np.sqrt(gap) * (self.shifts[:, 1] - self.shifts[:, 0])

    def at(self, field: np.ndarray) -> np.ndarray:
        """For fields (batch, n)."""
        omega = field[:, :, None] + (self.scale[:, None] * self.shifts)[:, None, :]
        value = self.loss.terms(omega.reshape(len(field), -1), self.variance, self.beta)[0].reshape(omega.shape)
        best = np.argmax(self.power[:, None, None] * value - 0.5 * self.shifts[:, None, :] ** 2, axis=2)[:, :, None]
        return np.take_along_axis(omega, best, axis=2)[:, :, 0]
