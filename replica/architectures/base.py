"""From overlaps of weights to averages over patterns; the one-dimensional average that most architectures share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from replica._registry import Member, vouched
from replica.data.average import over_classes
from replica.data.base import Channel, Data, Overlaps
from replica.losses.base import Loss
from saddlepoint.quadrature.fields import field_nodes, weighted_sums
from saddlepoint.quadrature.reference import gaussian_average_reference


class PatternAverage(NamedTuple):
    """Averages over one pattern, arrays over the batch.

    ``log_z = E ln Z``; ``conjugates``: ``q_hat = -2 dE ln Z/dq``, ``curvature = -E f'`` (the sum of the conjugates of q
    and Q) and one for each further overlap; ``rigidity = E f'^2`` (the pattern's factor of the replicon); ``cost`` the
    thermal mean of the loss and ``wrong`` the probability of a training error (these three are None unless asked for).
    """

    log_z: Any
    conjugates: dict[str, Any]
    rigidity: Any
    cost: Any
    wrong: Any


class Slopes(NamedTuple):
    """Derivatives of a field's overlaps with those of the weights.

    ``q``: of the overlap with q, ``norm``: of the self-overlap with Q, ``m``: with the teacher's, ``bend``: the second
    one in q, ``shift``: of the overlap with q at fixed Q - q (None: equal to ``norm``).
    """

    q: Any = 1.0
    norm: Any = 1.0
    m: Any = 1.0
    bend: Any = 0.0
    shift: Any = None


UNIT_SLOPES = Slopes()


class Architecture(Member):
    """Maps overlaps of weights to overlaps of fields, or owns the average over patterns.

    The default average is one-dimensional: the field of a pattern is a Gaussian with the overlaps that
    `field_overlaps` gives. A network whose field is not Gaussian overrides `patterns`.
    """

    family = "architecture"
    registry: ClassVar[dict[str, type[Any]]] = {}
    parameters: ClassVar[dict[str, str]] = {}
    #: the output does not see the sign of a unit's weights, so that q = 0 is a saddle point whatever the loss
    even: ClassVar[bool] = False
    #: the field is linear in the weights: a log-concave loss then holds a free norm with a positive curvature
    linear: ClassVar[bool] = False
    #: hidden units, each with N/units weights, in order
    units: Any = 1
    #: a field of exactly the margin violates it (networks whose units can all be off)
    strict: ClassVar[bool] = False
    #: the least absolute field that every unit must have beside
    guard: Any = 0.0
    #: the parameter that margins of references, and the largest margin of counted weights, are values of
    margin_parameter: ClassVar[str] = "margin"
    #: what was given of it and changes nothing, in clauses for a status
    unread: tuple[str, ...] = ()
    #: overlaps of different units are order parameters of their own
    joint: ClassVar[bool] = False
    #: loads are per input, at which units of common inputs learn their sum alone: overlaps are those of the fields
    summed: ClassVar[bool] = False
    #: answers that the network can give
    answers: ClassVar[int] = 2
    #: all units see the same N/units inputs, not each a block of its own of N inputs
    shared_inputs: ClassVar[bool] = False

    @property
    def closed(self) -> bool:
        """Overlaps of fields are closed formulas for numbers of any kind: what enclosures need."""
        return self.plain and vouched(self, "plain", "field_overlaps", "patterns")

    def require_theory(self) -> None:
        """`ValueError` for networks that are for simulations only."""

    def beside(self, data: Data) -> Architecture:
        """The network as labels of a kind see it: what of it they pin in every solution (default: nothing)."""
        return self

    def readout(self, hidden: np.ndarray) -> np.ndarray:
        """Output field of a finite network from the fields of its hidden units (..., units), for simulations; to be
        defined where the field is not that of the one unit.
        """
        if not self.plain or self.units != 1:
            raise ValueError(f"{self} has no readout(hidden), what its output is made of: simulations cannot run it")
        return hidden[..., 0]

    def readout_slopes(self, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and second derivatives of `readout`, a sum over units, with the field of each, as ``hidden``."""
        if not self.linear or self.units != 1:
            raise ValueError(f"{self} has no readout_slopes(hidden), derivatives of its output: no gradients of it")
        return self.readout(np.ones_like(hidden))[..., None], np.zeros_like(hidden)

    @property
    def scale(self) -> Any:
        """Squared factor by which weights of norm 1 are multiplied: order parameters are reported with it."""
        return 1.0

    @property
    def plain(self) -> bool:
        """Whether fields overlap exactly as weights do and nothing else is averaged: the perceptron of norm 1."""
        kind = type(self)
        return kind.patterns is Architecture.patterns and kind.field_overlaps is Architecture.field_overlaps

    @property
    def few(self) -> Any:
        """The average over the outer fields of a few units (`FewUnits`); None where the field is one Gaussian."""
        return None

    @property
    def rounding(self) -> float:
        """Relative accuracy of the slopes where that is worse than double precision, else 0."""
        return 0.0 if self.few is None else self.few.rounding

    def field_overlaps(self, overlaps: Overlaps, level: int = 1) -> tuple[Overlaps, Slopes]:
        """Overlaps of the fields and their derivatives, for arrays and for mpmath numbers.

        Maps that are themselves computed are so more finely at a higher ``level``.
        """
        return overlaps, UNIT_SLOPES

    def generalization(self, data: Data, overlaps: Overlaps, level: int = 1) -> dict[str, Any]:
        """Generalisation errors by estimator (see `Data.generalization`) at given overlaps of the weights."""
        if self.few is not None:
            return {name: self.few.error_rate(rate) for name, rate in data.generalization(overlaps).items()}
        return data.generalization(self.field_overlaps(overlaps, level)[0]) if data.overlaps else {}

    def patterns(
        self, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, level: int, *, whole: bool = False
    ) -> PatternAverage:
        """Average over patterns at quadrature ``level``; ``whole=False`` leaves out what only observables need."""
        loss = loss.at_level(level)
        if self.few is not None:
            return self.few.patterns(loss, data, overlaps, beta, level, whole)
        fields, slopes = self.field_overlaps(overlaps, level)
        return over_classes(data.channels(fields), lambda c: self._channel(loss, c, slopes, beta, level, whole))

    def _channel(
        self, loss: Loss, channel: Channel, slopes: Slopes, beta: Any, level: int, whole: bool
    ) -> PatternAverage:
        """The averages over one class of patterns."""
        if channel.density is None and channel.levers is None and (not whole or loss.errorless()):
            sums = loss.plain_sums(channel.mean, channel.deviation, channel.variance, beta, level)
            log_z, bend, square, rigidity = sums
            none = np.zeros(len(log_z)) if whole else None
            rigidity = _rigidity(channel, slopes, square, rigidity) if whole else None
            return PatternAverage(log_z, _conjugates(channel, slopes, square, bend), rigidity, none, none)
        places, widths = loss.features(channel.variance, beta)
        if channel.places is not None:
            places = np.concatenate([places, channel.places], axis=1)
            widths = np.concatenate([widths, channel.widths], axis=1)
        z, weight, field = field_nodes(places, widths, channel.mean, channel.deviation, level)
        scores = {}
        cost = wrong = None
        if whole:
            value, first, second, *averages = loss.averages(field, channel.variance, beta)
        else:
            value, first, second = loss.terms(field, channel.variance, beta)
        if channel.density is not None:
            density, factors = channel.density(z)
            for name, score in factors.items():
                scores[name] = slopes.m * np.einsum("bn,bn,bn->b", weight, first, score)
            weight = weight * density
        if channel.levers is not None:
            push = np.einsum("bn,bn->b", weight, first)
            scores = _leverage(channel.levers, push, slopes, channel.gain)
        rigidity = None
        if whole:
            sums = weighted_sums(weight, (value, second, *averages), (first, second))
            log_z, bend, cost, wrong, square, rigidity = sums
            rigidity = _rigidity(channel, slopes, square, rigidity)
        else:
            log_z, bend, square = weighted_sums(weight, (value, second), (first,))
        return PatternAverage(log_z, _conjugates(channel, slopes, square, bend) | scores, rigidity, cost, wrong)

    def reference_patterns(
        self, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, mp: Any, digits: int
    ) -> PatternAverage:
        """`patterns` in mpmath arithmetic (the cost is left out)."""
        if self.few is not None:
            return self.few.reference_patterns(loss, data, overlaps, beta, mp, digits)
        fields, slopes = self.field_overlaps(overlaps, 1)
        common = ("log_z", "q_hat", "curvature", "rigidity")

        def of_class(channel: Channel) -> dict[str, Any]:
            names: list[str] = []

            def integrand(z: Any) -> tuple[Any, ...]:
                density, scores = (mp.one, {}) if channel.density is None else channel.density(z)
                names[:] = scores
                field = channel.mean + channel.deviation * z
                value, first, second = loss.reference_terms(field, channel.variance, beta, mp)
                conjugates = _conjugates(channel, slopes, first**2, second)
                rigidity = _rigidity(channel, slopes, first**2, second**2)
                parts = (value, conjugates["q_hat"], conjugates["curvature"], rigidity)
                if channel.levers is not None:
                    scores = _leverage(channel.levers, mp.one, slopes, channel.gain)
                    names[:] = scores
                    return (*parts, *(first * score for score in scores.values()))
                taught = (slopes.m * first * score for score in scores.values())
                return (*(density * part for part in parts), *taught)

            features, breaks = _reference_features(channel, loss, beta)
            part, _ = gaussian_average_reference(integrand, digits, features=features, breaks=breaks, mp=mp)
            return dict(zip((*common, *names), part, strict=True))

        totals = over_classes(data.reference_channels(fields, mp), of_class)
        log_z, rigidity = totals.pop("log_z"), totals.pop("rigidity")
        return PatternAverage(log_z, totals, rigidity, mp.nan, mp.nan)


def _reference_features(channel: Channel, loss: Loss, beta: Any) -> tuple[list[tuple[float, float]], list[float]]:
    """Features of a mpmath channel in z, from the double-precision ones of the loss."""
    places, widths = loss.features(np.array([float(channel.variance)]), float(beta))
    mean, deviation = float(channel.mean), max(float(channel.deviation), 1e-300)
    found = list(zip(places[0], widths[0], strict=True))
    if channel.places is not None and channel.widths is not None:
        found += zip(channel.places[0], channel.widths[0], strict=True)
    scaled = [((p - mean) / deviation, w / deviation) for p, w in found]
    features = [(float(p), float(w)) for p, w in scaled if np.isfinite(p) and abs(p) < 40 and np.isfinite(w)]
    return features, []


def _conjugates(channel: Channel, slopes: Slopes, square: Any, bend: Any) -> dict[str, Any]:
    """Conjugates from ``E f^2`` and ``E f'``: ``q_hat = -2 dE ln Z/dq`` and ``curvature = q_hat + Q_hat``."""
    curvature = -channel.gain * slopes.norm * bend
    if slopes.shift is not None:
        curvature = curvature + channel.gain * (slopes.shift - slopes.norm) * square
    return {"q_hat": channel.gain * slopes.q * square, "curvature": curvature}


def _leverage(levers: Mapping[str, float], push: Any, slopes: Slopes, gain: Any) -> dict[str, Any]:
    """``E[f s]`` from ``E f`` where the mean is linear: of the overlap, and times the gain of learned parameters."""
    return {name: push * lever * (slopes.m if name == "m" else gain) for name, lever in levers.items()}


def _rigidity(channel: Channel, slopes: Slopes, square: Any, bend_square: Any) -> Any:
    """The pattern's factor of the replicon from ``E f^2`` and ``E f'^2``."""
    return (channel.gain * slopes.q) ** 2 * bend_square + channel.gain * slopes.bend * square
