"""What a solved point says of the field of one pattern; the averages over it are in `replica.observables`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from replica._registry import exact
from replica.data import Channel, Overlaps
from replica.losses import Loss
from replica.losses._corner import Corner
from replica.models.model import Model
from replica.weights.base import Free


class Cavity(NamedTuple):
    r"""One solution seen by one pattern: the field of the others is Gaussian, the loss tilts or moves it.

    ``response`` is None for a Gibbs measure, in which the field has the thermal variance of its `Channel` and the
    weight ``exp(-beta l)`` of ``model``; at zero temperature it is ``chi = lim beta (Q - q)`` of the weights, and every
    field is moved to its proximal point. Arrays have one entry.

    In a limit fields have a scale of their own: a stability is ``place + unit x field``, with the place of the
    `Corner` at which vanishing weights leave each class of patterns. ``vanishing``: ``unit`` is that of the order
    parameters reported, of penalty times the weights, which count for nothing beside a place. ``still``: there
    are no weights at all. An infinite unit: they diverge.
    """

    model: Model
    overlaps: Overlaps
    response: np.ndarray | None
    level: int
    corners: Sequence[Corner] = ()
    unit: float = 1.0
    vanishing: bool = False
    still: bool = False

    def loss(self, k: int) -> Loss:
        """What moves the fields of a class of patterns."""
        return self.corners[k] if self.corners else self.model.loss

    def place(self, k: int) -> float:
        """The stability of a field of 0 of a class of patterns."""
        return float(np.ravel(self.corners[k].place)[0]) if self.corners else 0.0

    @property
    def norm(self) -> float:
        """Self-overlap Q of the weights."""
        if not isinstance(self.model.weights.norm, Free) and self.response is None:
            return 1.0
        return float(self.overlaps.q[0] + self.overlaps.variance[0])

    def channels(self) -> list[Channel]:
        """The classes of patterns; at zero temperature ``variance`` is the response of the field."""
        fields, slopes = self.model.architecture.field_overlaps(self.overlaps, self.level)
        if self.response is not None:
            fields = fields._replace(variance=slopes.q * self.response)
        return self.model.data.channels(fields)


def ground_cavity(model: Model, m: np.ndarray, response: np.ndarray, level: int) -> Cavity:
    """A zero-temperature state of norm 1: ``q = Q = 1``."""
    transverse = np.maximum(1.0 - m**2, 1e-200)  # the teacher itself: m = 1
    return Cavity(model, Overlaps(np.ones_like(m), np.zeros_like(m), m, transverse), response, level)


#: how order parameters grow with weights multiplied by c: powers of c
POWERS = {"q": 2, "V": 2, "Q": 2, "m": 1, "q_hat": -2, "Q_hat": -2, "m_hat": -1, "multiplier": -2}


def rescaled(seen: dict[str, Any], scale: Any) -> dict[str, Any]:
    """What was computed for weights of norm 1, for the same multiplied by ``sqrt(scale)``."""
    if isinstance(scale, float) and scale == 1.0:
        return seen
    return {name: value * scale ** (POWERS[name] / 2) if name in POWERS else value for name, value in seen.items()}


def exact_scale(model: Model, mp: Any) -> Any:
    """`rescaled`'s scale for mpmath numbers: 1.0 where nothing is rescaled."""
    scale = model.architecture.scale
    return scale if isinstance(scale, float) and scale == 1.0 else exact(scale, mp)
