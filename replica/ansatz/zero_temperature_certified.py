"""Averages of the proximal map over the patterns in mpmath, for certificates of zero-temperature states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from replica._registry import exact
from replica.data import Channel, Overlaps, over_classes
from replica.losses import Loss
from replica.losses._corner import Corner
from replica.models.model import Model
from saddlepoint import CertificationFailed
from saddlepoint.quadrature import gaussian_average_reference


class ReferenceProjection(NamedTuple):
    """`Projection` of one row in mpmath numbers: ``square``, ``pull``, ``cost`` and ``scores``."""

    square: Any
    pull: Any
    cost: Any
    scores: dict[str, Any]


def reference_projection(
    model: Model, overlaps: Overlaps, response: Any, mp: Any, digits: int, losses: Sequence[Loss] | None = None
) -> ReferenceProjection:
    """The averages at given overlaps and response of the weights, to ``digits`` digits."""
    if model.architecture.few is not None:
        raise CertificationFailed(f"{model.architecture} has a K-dimensional average over patterns: no certificate")
    fields, slopes = model.architecture.field_overlaps(overlaps)
    fields = fields._replace(variance=slopes.q * response)
    channels = model.data.reference_channels(fields, mp)

    def of_class(channel: Channel, loss: Loss) -> ReferenceProjection:
        (square, pull, cost), moves = _channel(loss, channel, mp, digits)
        scores = {name: move / channel.gain * slopes.m / slopes.q for name, move in moves.items()}
        return ReferenceProjection(square / (channel.gain * slopes.q), pull, cost, scores)

    return over_classes(channels, of_class, losses or [model.loss] * len(channels))


def _channel(loss: Loss, channel: Channel, mp: Any, digits: int) -> tuple[list[Any], dict[str, Any]]:
    """``E (u-w)^2``, ``E (1-u')``, ``E l(u)`` and ``E[(u-w) s]`` of one class of patterns."""
    names = list(channel.levers or {})

    def integrand(z: Any) -> tuple[Any, ...]:
        density, factors = (mp.one, {}) if channel.density is None else channel.density(z)
        names.extend(name for name in factors if name not in names)
        field = channel.mean + channel.deviation * z
        best, held = loss.reference_ground(field, channel.variance, mp)
        move = best - field
        cost = loss.reference_cost(best, mp) if mp.isfinite(channel.variance) else mp.zero
        sums = density * move**2, density * held, density * cost
        if channel.density is None:
            return (*sums, *(move * lever for lever in (channel.levers or {}).values()))
        return (*sums, *(move * factor for factor in factors.values()))

    breaks = [(place - channel.mean) / channel.deviation for place in loss.reference_breaks(channel.variance, mp)]
    near = [place for place in breaks if mp.isfinite(place) and abs(place) < 40]
    features = _features(loss, channel)
    sums, _ = gaussian_average_reference(integrand, digits, features=features, breaks=near, mp=mp)
    return sums[:3], dict(zip(names, sums[3:], strict=True))


def _features(loss: Loss, channel: Channel) -> list[tuple[float, float]]:
    """Where the map or the reweighting varies fast, in z."""
    with np.errstate(all="ignore"):
        places, widths = loss.ground_features(np.array([float(channel.variance)]))
    mean, deviation = float(channel.mean), max(float(channel.deviation), 1e-300)
    found = [*zip(places[0], widths[0], strict=True)]
    if channel.places is not None and channel.widths is not None:
        found += zip(channel.places[0], channel.widths[0], strict=True)
    scaled = [(float((p - mean) / deviation), float(w / deviation)) for p, w in found]
    return [(p, w) for p, w in scaled if abs(p) < 40 and np.isfinite(w)]


def reference_corners(model: Model, bias: Any, mp: Any) -> tuple[Any, list[Corner]]:
    """The bias that vanishing weights learn, where no kink holds it the root of ``E[l'(label b) label]``; and the
    corner of the loss that each class then sees.
    """
    loss, one = model.loss, Overlaps(mp.one, mp.zero, mp.zero, mp.one)

    def places(b: Any) -> list[Channel]:
        return model.learned({"bias": b}).data.reference_channels(one, mp)

    def slope(u: Any, side: int = 0) -> Any:
        return mp.diff(lambda x: loss.reference_cost(x, mp), u, direction=side)

    if bias is not None:
        bias = mp.mpf(float(bias[0]))
        kinks = [exact(kink, mp) for kink in loss.kinks()]
        if not any(channel.mean in kinks for channel in places(bias)):
            pull = [(c.probability * (c.levers or {})["bias"], (c.levers or {})["bias"]) for c in places(mp.zero)]
            bias = mp.findroot(lambda b: sum(chance * slope(sign * b) for chance, sign in pull), bias)
    at = [channel.mean for channel in places(bias)]
    corners = [Corner(u, loss.reference_cost(u, mp), -slope(u, 1), -slope(u, -1)) for u in at]
    return bias, corners
