"""Averages over one pattern seen by a zero-temperature reference and by a probe; no weights and no solving here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from replica.data import Data, PairChannel, PairOverlaps, over_classes
from replica.losses.base import Loss
from replica.weights._pairs import rule_of
from saddlepoint.quadrature.fields import weighted_sums
from saddlepoint.quadrature.panels import nodes_for_python

#: fields at which the probe's mean field is looked at, to find where it crosses an edge of the probe's loss
SCAN = np.linspace(-9.0, 9.0, 145)
CROSSINGS = 3
FAR = 40.0


@dataclass(frozen=True)
class Minimiser:
    """A zero-temperature reference ``u`` with ``|u|^2 = N``, as the theory sees it.

    ``loss`` and ``response`` (of a field of norm ``norm``; infinite where no cost may remain) give the proximal map
    that takes its cavity field to its field on a training pattern; ``m`` is its overlap with the direction to be
    learned, ``bias`` that of fields of unit norm. ``errors`` of these.
    """

    loss: Loss
    response: float
    norm: float = 1.0
    m: float = 0.0
    bias: float = 0.0
    errors: tuple[tuple[str, float], ...] = ()

    def number(self, name: str) -> float:
        """One of its numbers, or a parameter of its loss."""
        owner = self.loss if name in self.loss.parameters else self
        return float(getattr(owner, self.loss.parameters.get(name, name)))

    def varied(self, name: str, step: float) -> Minimiser:
        """The same reference with one of these moved."""
        if name in self.loss.parameters:
            return replace(self, loss=self.loss.with_parameters(**{name: self.number(name) + step}))
        changes: dict[str, Any] = {name: self.number(name) + step}
        return replace(self, **changes)

    def reaction(self, field: np.ndarray, scale: float = 1.0) -> np.ndarray:
        """``k``: field on the training pattern less cavity field; ``scale^2`` multiplies the response."""
        root = np.sqrt(self.norm)
        best, _ = self.loss.ground(root * field.reshape(1, -1), np.array([self.response * scale**2]))
        return best.reshape(field.shape) / root - field

    def breaks(self, scale: float = 1.0) -> np.ndarray:
        """Fields at which the reaction has a kink or a jump."""
        found = self.loss.ground_breaks(np.array([self.response * scale**2]))[0]
        return found[np.isfinite(found)] / np.sqrt(self.norm)

    def features(self, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Fields around which the reaction bends, and over which width: where ``V l''`` of the cost falls to 1."""
        root, variance = np.sqrt(self.norm), np.array([self.response * scale**2])
        bends, widths = self.loss.inner_features(variance, 1.0)
        if not bends.size:
            return np.empty(0), np.empty(0)
        reach = 0.5 * widths * np.maximum(1.0, np.log1p(4.0 * variance[:, None] * self.loss.bend(bends)))
        u = np.concatenate([bends - reach, bends + reach], axis=1)
        fields = u + variance[:, None] * self.loss.slope(u)
        return fields[0] / root, np.concatenate([widths, widths], axis=1)[0] / (2.0 * root)


@dataclass(frozen=True)
class Stretched:
    """What a probe does with a field of weights of unit norm when its own are longer by ``root``."""

    loss: Any  # a loss, or what stands in its place
    root: float = 1.0

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        places, widths = self.loss.features(self.root**2 * variance, beta)
        return places / self.root, widths / self.root

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        f, g, g1 = self.loss.terms(self.root * field, self.root**2 * variance, beta)
        return (f, g, g1) if self.root == 1.0 else (f, self.root * g, self.root**2 * g1)

    def means(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """Thermal mean of the cost and probability of an error."""
        at = self.root * field, self.root**2 * variance, beta
        return self.loss.mean_cost(*at), self.loss.error_rate(*at)


class PairSums(NamedTuple):
    """Averages over a pattern at the overlaps of a batch; ``f = ln Z`` of the probe at its field.

    ``apart = E (f' - lean k)^2``, ``kg = E k f'``, ``near = dE f/d t``, ``m = dE f/dm``, ``curvature = -E f''``,
    ``rigidity = E f''^2``; fields are scaled so that these are derivatives in the overlaps of the weights.
    """

    log_z: np.ndarray
    apart: np.ndarray
    kg: np.ndarray
    near: np.ndarray
    m: np.ndarray
    curvature: np.ndarray
    rigidity: np.ndarray


class Nodes(NamedTuple):
    """Quadrature of one class of patterns: a row per node of the reference's cavity field, all batch rows in one."""

    rows: np.ndarray  # batch row of each
    outer: np.ndarray
    cavity: np.ndarray
    reaction: np.ndarray
    inner: np.ndarray
    noise: np.ndarray
    field: np.ndarray


def crossings(
    scan: np.ndarray, mean: np.ndarray, edge: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where the mean field (B, scan) crosses edges (B, F), and over which width of the cavity field, (B, 3 F).

    ``spread`` (B, F) is the width of the edge in the field. No crossing: nan and inf.
    """
    batch, count = edge.shape
    places, widths = np.full((batch, count * CROSSINGS), np.nan), np.full((batch, count * CROSSINGS), np.inf)
    steps = np.diff(scan)
    for f in range(count):
        gap = mean - edge[:, f : f + 1]
        row, cell = np.nonzero(np.signbit(gap[:, 1:]) != np.signbit(gap[:, :-1]))
        first = np.searchsorted(row, np.arange(batch))
        order = np.arange(row.size) - first[row]
        kept = order < CROSSINGS
        row, cell, order = row[kept], cell[kept], order[kept]
        rise = (gap[row, cell + 1] - gap[row, cell]) / steps[cell]
        places[row, f * CROSSINGS + order] = scan[cell] - gap[row, cell] / rise
        widths[row, f * CROSSINGS + order] = spread[row, f] / np.abs(rise)
    return places, widths


def _nodes(
    reference: Minimiser,
    loss: Stretched,
    beta: Any,
    channel: PairChannel,
    at: PairOverlaps,
    zeta: np.ndarray,
    level: int,
) -> Nodes:
    """Nodes for the cavity field of the reference and, in each, for the probe's own noise."""
    size, scale, own = at.q.size, channel.scale, at.own
    variance = scale**2 * at.variance
    edge, width = loss.features(variance, beta)
    kinks = (reference.breaks(scale) - channel.reference_mean) / scale
    scan = np.unique(np.concatenate([SCAN, kinks[np.abs(kinks) < -SCAN[0]]]))  # straight pieces stay straight
    reacted = reference.reaction(channel.reference_mean + scale * scan, scale)
    mean = channel.mean[:, None] + at.t[:, None] * (scale * scan) + zeta[:, None] * reacted
    places, widths = crossings(scan, mean, edge, np.sqrt(np.minimum(width, 1e9) ** 2 + (scale * own[:, None]) ** 2))
    bends, narrow = reference.features(scale)
    more = [((bends - channel.reference_mean) / scale, narrow / scale)]
    more += [channel.density.outer] if channel.density is not None else []
    for place, smear in more:
        places = np.concatenate([places, np.tile(np.atleast_1d(place), (size, 1))], axis=1)
        widths = np.concatenate([widths, np.tile(np.atleast_1d(smear), (size, 1))], axis=1)
    h, weight = nodes_for_python(places, widths, np.tile(kinks, (size, 1)), *rule_of(level))
    rows = np.repeat(np.arange(size), h.shape[1])
    outer, cavity = weight.ravel(), h.ravel()
    heavy = outer > 0.0
    rows, outer, cavity = rows[heavy], outer[heavy], cavity[heavy]
    reaction = reference.reaction(channel.reference_mean + scale * cavity, scale)
    mean = channel.mean[rows] + scale * at.t[rows] * cavity + zeta[rows] * reaction
    deviation = scale * own[rows]
    spot, smear = (edge[rows] - mean[:, None]) / deviation[:, None], width[rows] / deviation[:, None]
    if channel.density is not None:
        place, narrow = channel.density.inner(cavity, rows)
        spot = np.concatenate([spot, place[:, None]], axis=1)
        smear = np.concatenate([smear, narrow[:, None]], axis=1)
    far = ~(np.abs(spot) < FAR)
    spot, smear = np.where(far, 0.0, spot), np.where(far, np.inf, smear)
    y, inner = nodes_for_python(spot, smear, np.empty((len(spot), 0)), *rule_of(level))
    return Nodes(rows, outer, cavity, reaction, inner, y, mean[:, None] + deviation[:, None] * y)


def pair_sums(
    reference: Minimiser,
    loss: Stretched,
    beta: Any,
    data: Data,
    at: PairOverlaps,
    zeta: np.ndarray,
    lean: np.ndarray,
    level: int,
) -> PairSums:
    r"""Averages over a pattern.

    The reference has the cavity field ``h ~ N(0, 1)`` and the reaction ``k(h)`` of its proximal map, the probe the
    field ``t h + zeta k(h) + sqrt(q - t^2) y`` (plus what labels add), ``y ~ N(0, 1)``.
    """
    channels = data.pair_channels(reference.m, reference.bias, at)
    return over_classes(channels, lambda c: _channel_sums(reference, loss, beta, c, at, zeta, lean, level))


def _channel_sums(
    reference: Minimiser,
    loss: Stretched,
    beta: Any,
    channel: PairChannel,
    at: PairOverlaps,
    zeta: np.ndarray,
    lean: np.ndarray,
    level: int,
) -> PairSums:
    net = _nodes(reference, loss, beta, channel, at, zeta, level)
    scale, size, rows = channel.scale, at.q.size, net.rows
    f, g, g1 = loss.terms(net.field, scale**2 * at.variance[rows], beta)
    lever = at.t / at.own
    inner, turn, score = net.inner, np.zeros(0), None
    if channel.density is not None:
        density, score, turned = channel.density(net.cavity[:, None], net.noise, rows)
        inner, turn = inner * density, turned
    pushed = np.ascontiguousarray(g * net.noise)
    apart = g - (lean[rows] * net.reaction / scale**2)[:, None]
    value, slope, aside, bend, square, stiff = weighted_sums(inner, (f, g, pushed, g1), (apart, g1))
    learned = slope if score is None else weighted_sums(net.inner * score, (g,))[0]
    near = net.cavity * slope - lever[rows] * aside
    if score is not None:
        near = near - turn[rows] * learned
    per_node = (
        value,
        scale**2 * square,
        net.reaction * slope,
        scale * near,
        learned,
        -(scale**2) * bend,
        scale**4 * stiff,
    )
    return PairSums(*(np.bincount(rows, net.outer * x, size) for x in per_node))


def pair_means(
    reference: Minimiser, loss: Stretched, beta: Any, data: Data, at: PairOverlaps, zeta: np.ndarray, level: int
) -> dict[str, np.ndarray]:
    """Thermal mean of the probe's cost and its rate of training errors."""

    def of_class(channel: PairChannel) -> dict[str, Any]:
        net = _nodes(reference, loss, beta, channel, at, zeta, level)
        inner = net.inner
        if channel.density is not None:
            inner = inner * channel.density(net.cavity[:, None], net.noise, net.rows)[0]
        variance = channel.scale**2 * at.variance[net.rows]
        means = weighted_sums(inner, tuple(loss.means(net.field, variance, beta)))
        sums = (np.bincount(net.rows, net.outer * mean, at.q.size) for mean in means)
        return dict(zip(("cost", "training_error"), sums, strict=True))

    return over_classes(data.pair_channels(reference.m, reference.bias, at), of_class)
