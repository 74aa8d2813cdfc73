"""Averages over patterns with proof, from the rings of a loss and of the labels; no architecture lives here."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from replica.architectures.base import Architecture, PatternAverage, _conjugates, _rigidity
from replica.data.base import Channel, Data, Overlaps
from replica.losses.base import Loss
from saddlepoint.enclosures import Functions, Kernel, gaussian_averages


@lru_cache(maxsize=64)
def _product(first: Kernel, second: Kernel) -> Kernel:
    return first * second


def enclosed_patterns(
    network: Architecture, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, shift: Any = 0
) -> PatternAverage:
    """`Architecture.patterns` in balls: ``beta`` is None at zero temperature, ``cost`` for hard constraints,
    ``wrong`` always. Fields are moved
    by ``shift``, as a smaller margin would do.
    """
    fields, slopes = network.field_overlaps(overlaps)
    ring, labels = loss.enclosed(beta is None), data.enclosed(fields)
    kernel = ring.kernel if labels.kernel is None else _product(ring.kernel, labels.kernel)
    variance = fields.variance
    at = ring.at(shift, fields.q.sqrt(), variance, beta) | dict(labels.at)
    own = (ring.value, ring.slope**2, ring.bend, ring.bend**2)
    wanted = [labels.weight * one for one in own]
    wanted += [score * ring.slope for score, _ in labels.scores.values()]
    if ring.cost is not None:
        wanted.append(labels.weight * ring.cost)
    log_z, square, bend, bend_square, *rest = gaussian_averages(kernel, wanted, at)
    channel = Channel(1, 0, Functions.one, variance, gain=1)
    square, bend, bend_square = square / variance, bend / variance, bend_square / (variance * variance)
    scores = {
        name: slopes.m * push * factor / variance.sqrt()
        for (name, (_, factor)), push in zip(labels.scores.items(), rest, strict=False)
    }
    cost = None if ring.cost is None or ring.share is None else rest[-1] * ring.share(beta)
    conjugates = _conjugates(channel, slopes, square, bend) | scores
    return PatternAverage(log_z, conjugates, _rigidity(channel, slopes, square, bend_square), cost, None)
