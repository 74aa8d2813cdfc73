"""What a small random step of the weights does to the field of a pattern, and which stabilities count as errors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica.ansatz.cavity import Cavity
from replica.data import Channel, Overlaps
from replica.models.model import Model
from saddlepoint.quadrature import gauss_legendre
from saddlepoint.special import tail

EPS = float(np.finfo(float).eps)


class Counted(NamedTuple):
    """The stabilities that count as errors: intervals between ``edges``, each counted or not."""

    edges: np.ndarray
    inside: np.ndarray

    @classmethod
    def of(cls, model: Model, margin: float | None) -> Counted:
        """The wrong side, or what the loss at a margin does not satisfy."""
        loss = model.loss
        edges = np.unique(np.array([*loss.kinks(), 0.0], dtype=float))
        if margin is None:
            wrong = loss.violated
        elif "margin" in loss.parameters:
            moved = loss.with_parameters(margin=margin)
            edges = np.unique(np.array(moved.kinks(), dtype=float))

            def wrong(u: np.ndarray) -> np.ndarray:
                return np.asarray(moved.cost(u)) > 0
        else:
            edges = np.array([margin])

            def wrong(u: np.ndarray) -> np.ndarray:
                return u < margin

        middles = np.concatenate([[edges[0] - 1.0], 0.5 * (edges[:-1] + edges[1:]), [edges[-1] + 1.0]])
        inside = np.ravel(wrong(middles[None]))
        kept = inside[1:] != inside[:-1]  # an edge with the same standing on both sides is none
        return cls(edges[kept], inside[np.append(True, kept)])

    def seen(self, place: float, unit: float) -> Counted:
        """The same for fields x of stabilities ``place + unit x``; a unit of 0 or inf is the limit of small or large
        ones, which leaves an edge at 0 or none.
        """
        gap = self.edges - place
        with np.errstate(divide="ignore"):
            spots = np.where(gap == 0, 0.0, gap / unit if unit > 0 else np.copysign(np.inf, gap))
        edges = np.unique(spots[np.isfinite(spots)])
        right = np.searchsorted(spots, np.append(-np.inf, edges), side="right")
        return Counted(edges, self.inside[right])

    def probability(self, gap: np.ndarray, deviation: float) -> np.ndarray:
        """That a Gaussian of this deviation counts whose mean lies ``gap`` (edge, ...) below each edge; without
        cancellation in the tails.
        """
        if deviation == 0:
            return self.inside[(gap <= 0).sum(axis=0)].astype(float)
        shape = (1, *gap.shape[1:])
        ends = np.concatenate([np.full(shape, -np.inf), gap / deviation, np.full(shape, np.inf)])
        total = np.zeros(shape[1:])
        for a, b, counts in zip(ends[:-1], ends[1:], self.inside, strict=True):
            if counts:
                total += np.where(a > 0, _tail(a) - _tail(b), _tail(-b) - _tail(-a))
        return total


def _tail(x: np.ndarray) -> np.ndarray:
    return np.exp(tail(np.clip(x, -40.0, 40.0))[0])


class Shaken(NamedTuple):
    r"""How far the stability u of a class of patterns with cavity field h moves down, and how it scatters.

    ``u - u' = shift + common (h - its mean) + own (u - h)`` on average, with variance ``rest``: all of them small where
    the step is, so that nothing is a difference of numbers close to each other. ``blur`` is what rounding makes of it.
    """

    shift: float
    common: float
    own: float
    rest: float
    blur: float

    def drift(self, u: np.ndarray, field: np.ndarray, mean: float) -> np.ndarray:
        """``u - u'`` on average."""
        if self.common == self.own:
            return self.shift + self.own * (u - mean)
        return self.shift + self.common * (field - mean) + self.own * (u - field)

    def arrives(self, places: np.ndarray, mean: float) -> np.ndarray:
        """Stabilities, in the place of their cavity fields, that are moved to ``places``."""
        stays = 1.0 - (self.own if self.own != 1.0 else self.common)
        with np.errstate(divide="ignore", invalid="ignore"):
            return mean + (places - mean + self.shift) / stays


class Step(NamedTuple):
    """A step of the weights in units of their fields: what `Shaken` is made of, before the classes of patterns.

    ``taught`` is the overlap of the new field with the teacher's.
    """

    common: float
    own: float
    rest: float
    taught: float
    blur: float


def shaken(cavity: Cavity, distance: float) -> list[Shaken]:
    """The joint Gaussian of the fields before and after a step to weights at a distance, by class of patterns."""
    architecture, data = cavity.model.architecture, cavity.model.data
    step = (_linear if architecture.linear else _bent)(cavity, distance)
    fields, _ = architecture.field_overlaps(cavity.overlaps, cavity.level)
    moved = data.channels(fields._replace(m=step.taught * np.ones(1)))
    found = []
    for before, after in zip(cavity.channels(), moved, strict=True):
        kept = (1.0 - step.common) * float(fields.m[0])
        if before.density is not None and abs(step.taught - kept) > 1e-12:
            raise ValueError(
                f"with {data}, flatness is here for fields that are linear in the weights, not for {architecture}"
            )
        lever = (before.levers or {}).get("m")
        lost = float(before.mean[0] - after.mean[0]) if lever is None else lever * (float(fields.m[0]) - step.taught)
        if lever is not None and architecture.linear:
            lost = lever * step.common * float(fields.m[0])
        spare = max(float(np.ravel(before.gain)[0]) * step.rest, 0.0)
        found.append(Shaken(lost, step.common, step.own, 0.0 if cavity.still else spare, step.blur))
    return found


def _linear(cavity: Cavity, distance: float) -> Step:
    """Of a field that is linear in the weights: ``t = 1 - 2d`` times the old one, and ``1 - t^2 = 4 d (1-d)``."""
    zero, away = np.zeros(1), 2.0 * distance
    whole = Overlaps(cavity.norm * np.ones(1), zero, zero, zero)
    fields, _ = cavity.model.architecture.field_overlaps(whole, cavity.level)
    taught, _ = cavity.model.architecture.field_overlaps(cavity.overlaps, cavity.level)
    rest = float(fields.q[0]) * 4.0 * distance * (1.0 - distance)
    return Step(away, away, rest, (1.0 - away) * float(taught.m[0]), 0.0)


def _bent(cavity: Cavity, distance: float) -> Step:
    r"""Of a field with covariances ``k``: from what these lose, ``D(x) = k(x) - k(t x)``, and their slopes.

    At finite temperature the cavity field keeps ``k(tq)/k(q)`` of itself and what the solution adds to it
    ``(k(tQ)-k(tq))/(k(Q)-k(q))``; a proximal move keeps ``t k'(tQ)/k'(Q)``.
    """
    overlaps, norm, t = cavity.overlaps, cavity.norm, 1.0 - 2.0 * distance

    def covariance(x: Any, rest: Any) -> tuple[Overlaps, np.ndarray]:
        """Overlaps of fields at overlap x of the weights, ``rest`` below their norm, and the slope of the first."""
        x, rest = np.ravel(x).astype(float), np.ravel(rest).astype(float)
        m = t * overlaps.m * np.ones(x.size)
        with np.errstate(divide="ignore", invalid="ignore"):  # slopes may be infinite at either end
            fields, slopes = cavity.model.architecture.field_overlaps(Overlaps(x, rest, m, x - m**2), cavity.level)
        return fields, np.ravel(slopes.q) * np.ones(x.size)

    q, spread = float(overlaps.q[0]), float(overlaps.variance[0])
    away = 2.0 * distance
    (typical, _), (_, slope) = covariance(q, spread), covariance(norm, 0.0)
    far, near_slope = covariance(t * norm, away * norm)
    lost, turned = float(far.variance[0]), EPS * float(far.variance[0]) if distance > 0.5 else 0.0
    lost_here = float(covariance(t * q, spread + away * q)[0].variance[0] - typical.variance[0])
    if away * q < 0.1 * spread:
        node, weight = gauss_legendre(16)
        inward = 0.5 * away * q * (1.0 - node)
        lost_here = float(0.5 * away * q * weight @ covariance(q - inward, spread + inward)[1])
    known, thermal = float(typical.q[0]), float(typical.variance[0])
    common = lost_here / known if known > 1e-250 else away
    if cavity.response is not None:
        own, rest = 1.0 - float(t * near_slope[0] / slope[0]), lost * (2.0 - common)
        blur = EPS * np.sqrt(known) + turned
    else:
        own = (lost - lost_here) / thermal
        rest = 2.0 * lost - common * lost_here - own * (lost - lost_here)
        blur = EPS * lost / np.sqrt(thermal) + turned
    if rest < 64.0 * turned:  # turned round, and the field with its sign or not at all
        rest = 0.0
    return Step(common, own, rest, float(far.m[0]), blur)


def arrivals(channel: Channel, moves: list[Shaken], counted: Counted) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stabilities at which the probability of an error changes fast, how fast, and those at which it jumps."""
    places: list[np.ndarray] = []
    widths: list[np.ndarray] = []
    jumps: list[np.ndarray] = []
    for move in moves:
        spots = move.arrives(counted.edges, float(channel.mean[0]))
        spots = spots[np.isfinite(spots)]
        if move.rest > 0:
            stays = abs(1.0 - (move.own if move.own != 1.0 else move.common))
            places.append(spots)
            widths.append(np.full(spots.size, np.sqrt(move.rest) / stays if stays else np.inf))
        else:
            jumps.append(spots)
    at, wide, jump = (np.concatenate([np.empty(0), *parts]) for parts in (places, widths, jumps))
    return at, wide, jump
