"""What vanishing weights see: the bias they learn, and the corner of the loss that leaves each class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from replica._registry import per_row
from replica.data import Channel, over_classes
from replica.losses._corner import Corner
from replica.models.model import Model


def corners(model: Model, size: int) -> tuple[np.ndarray | None, list[Corner], bool]:
    """The bias that vanishing weights learn, the corner of the loss that each class then sees, and whether one of them
    is a kink that the bias has to find its place in.
    """
    one = np.ones(size)
    bias = _free_bias(model, size) if model.data.trained else None
    channels = model.learned({"bias": bias}).data.resting(size)
    found = []
    for channel in channels:
        place = (channel.mean * one)[:, None]
        weak, strong = (-model.loss.slope_beside(place, side)[:, 0] for side in (1, -1))
        level = np.asarray(model.loss.cost(place), dtype=float)[:, 0]
        found.append(Corner(place[:, 0], level, weak, strong))
    kinked = bool(model.data.trained) and any(np.any(c.strong > c.weak) for c in found)
    return bias, found, kinked


def _free_bias(model: Model, size: int) -> np.ndarray:
    """The zero of ``E[l'(label b) label]``, which grows with b: a kink that holds it, else by bisection."""
    low, high = bias_ends(model, size)
    best = 0.5 * (low + high)  # a cost that does not mind its bias leaves the middle
    pull, channels, signs = _pull_on_bias(model, size)
    for kink in model.loss.kinks():
        for channel, sign in zip(channels, signs, strict=True):
            at = sign * (per_row(kink, size) - channel.mean)
            best = np.where((pull(at, -1) < 0) & (pull(at, 1) > 0), at, best)
    return np.where(np.abs(best) < 1e-15, 0.0, best)


def bias_ends(model: Model, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest bias that vanishing weights may learn."""
    pull, _, _ = _pull_on_bias(model, size)
    low, high = (_edge(pull, side, size) for side in (1, -1))
    return low, np.where(high - low < 1e-12 * (1.0 + np.abs(low)), low, high)


def _pull_on_bias(model: Model, size: int) -> tuple[Callable[..., np.ndarray], list[Channel], list[float]]:
    channels = model.data.learned({"bias": np.zeros(size)}).resting(size)
    signs = [(channel.levers or {})["bias"] for channel in channels]

    def pull(b: np.ndarray, side: int) -> np.ndarray:
        def of_class(channel: Channel, sign: float) -> np.ndarray:
            at = (channel.mean + sign * b)[:, None]
            return sign * model.loss.slope_beside(at, int(side * sign))[:, 0]

        return over_classes(channels, of_class, signs)

    return pull, channels, signs


def _edge(pull: Callable[[np.ndarray, int], np.ndarray], side: int, size: int) -> np.ndarray:
    """The smallest (``side = 1``) or largest (-1) place at which a growing function is 0: bisection."""
    low, high = -np.ones(size), np.ones(size)
    for _ in range(60):
        inside, outside = pull(low, 1) > 0, pull(high, -1) < 0
        if not np.any(inside | outside):
            break
        low, high = np.where(inside, 2.0 * low, low), np.where(outside, 2.0 * high, high)
    for _ in range(200):
        middle = 0.5 * (low + high)
        before = pull(middle, side) < 0 if side > 0 else pull(middle, side) <= 0
        low, high = np.where(before, middle, low), np.where(before, high, middle)
        if np.all(high - low <= 1e-16 * (1.0 + np.abs(low))):
            break
    return 0.5 * (low + high)
