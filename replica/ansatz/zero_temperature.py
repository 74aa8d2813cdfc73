"""Averages of the proximal map over the patterns at zero temperature: closed formulas, not extrapolations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from replica.ansatz.cavity import Cavity
from replica.ansatz.differences import EPS
from replica.data import Channel, Overlaps, over_classes
from replica.losses import Loss
from replica.losses._ground import ground_nodes
from saddlepoint.quadrature.fields import weighted_sums

WHOLE = 1.0 - 1e-15  # a share of the push that is all of it
PAID, TINY = ("energy", "training_error"), float(np.finfo(float).tiny)


class Projection:
    r"""Averages of the proximal map over the patterns at zero temperature, in units of the weights.

    ``w`` is the cavity field, ``u = argmin l(u) + (u-w)^2/(2 chi)``, chi the response of the field; for hard
    constraints u is the projection and chi drops out. With the gain g of a class of patterns: ``push = E (u-w)/g``,
    ``square = E (u-w)^2/g``, ``scores[name] = E[(u-w) s]/g``, ``pull = E (1-u')``, ``rigidity = E (1-u')^2``,
    ``cost = E l(u)``, ``wrong``. ``losses`` replace the model's, one for each class; ``whole=False`` leaves out the
    last two.
    """

    def __init__(self, cavity: Cavity, losses: Sequence[Loss] | None = None, whole: bool = True) -> None:
        model, level = cavity.model, cavity.level
        if model.architecture.few is not None:
            self._of_few_units(cavity)
            return
        _, slopes = model.architecture.field_overlaps(cavity.overlaps, level)
        channels = cavity.channels()

        def of_class(channel: Channel, loss: Loss) -> tuple[Any, ...]:
            sums, scores = _channel_sums(loss, channel, level, whole)
            scores |= {name: lever * sums[0] for name, lever in (channel.levers or {}).items()}
            push, square, *others = sums
            scores = {name: score / channel.gain for name, score in scores.items()}
            return push / channel.gain, square / channel.gain, *others, scores

        found = over_classes(channels, of_class, losses or [model.loss] * len(channels))
        self.push, self.square, self.pull, self.rigidity, self.cost, self.wrong, self.scores = found
        # chi of a field is that of the weights times the slope of q
        with np.errstate(invalid="ignore"):  # an infinite slope leaves no finite capacity
            self.rigidity = self.rigidity + slopes.bend * self.square / slopes.q**2
            self.square /= slopes.q
            for name in self.scores:
                self.scores[name] *= slopes.m / slopes.q

    def _of_few_units(self, cavity: Cavity) -> None:
        """Hard constraints on a few units: the distance to the nearest allowed fields."""
        model, size = cavity.model, cavity.overlaps.q.size
        if not model.data.unrelated or cavity.response is None or np.any(np.isfinite(cavity.response)):
            raise ValueError(
                f"the zero-temperature limit of {model.architecture} is here for the capacity with random labels only"
            )
        losses = [model.loss.take(np.array([row])) for row in range(size)]
        nearest = [model.architecture.few.nearest(loss, cavity.level) for loss in losses]
        self.square, self.rigidity = np.array(nearest).T
        self.cost, self.pull, self.wrong, self.push = np.zeros((4, size))
        self.scores = {}

    @property
    def score(self) -> np.ndarray:
        """``E[(u-w) s]`` of the overlap with the direction to be learned."""
        return self.scores["m"]


def _channel_sums(loss: Loss, channel: Channel, level: int, whole: bool) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """`Loss.ground_sums` of one class of patterns, and the scores of a field that is reweighted."""
    if channel.density is None:
        return loss.ground_sums(channel.mean, channel.deviation, channel.variance, level, whole), {}
    at = channel.mean, channel.deviation, channel.variance
    z, weight, field = ground_nodes(loss, *at, level, channel.places, channel.widths, whole)
    density, factors = channel.density(z)
    best, move, held = loss.moved(field, channel.variance)
    scores = {name: np.einsum("bn,bn,bn->b", weight, factor, move) for name, factor in factors.items()}
    wrong = loss.violated(best).astype(float)
    sums = weighted_sums(weight * density, (move, held, loss.paid(best), wrong), (move, held))
    return sums[[0, 4, 1, 5, 2, 3]], scores


def unit_overlaps(lean: np.ndarray) -> Overlaps:
    """A single vector of norm 1 whose overlap with the direction to be learned is ``lean`` times its other part."""
    transverse = 1.0 / (1.0 + lean**2)
    return Overlaps(np.ones_like(lean), np.zeros_like(lean), lean * np.sqrt(transverse), transverse)


def floors_of(seen: dict[str, Any]) -> dict[str, Any]:
    """Rounding of what is observed at zero temperature; a cost that is too small for a double is not known to be 0."""
    floors = {name: 32 * EPS * np.where(np.isfinite(value), np.abs(value), 0.0) for name, value in seen.items()}
    return floors | {name: np.maximum(floors[name], TINY) for name in PAID if name in seen}
