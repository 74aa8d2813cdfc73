r"""One weight in the joint field of a reference and a probe, with proof, for weights +-1 and for the sphere.

Weights +-1: ``h = sqrt(qt_hat) x`` with the weight ``1 + tanh h`` of the gauge, ``A = theta + (s_hat/qt_hat) h +
sqrt(own) y``, ``own = q_hat - s_hat^2/qt_hat``.

**Lemma B.** Where ``|Im h|, |Im A| <= pi/4``: ``|tanh| <= 1`` and ``|ln 2cosh A| <= ln 2 + |A|`` (lemma W with letters
+-1: ``|tanh(x+iy)|^2 = (sinh^2 x + sin^2 y)/(sinh^2 x + cos^2 y)``, and tanh along the segment from 0).

**Lemma H.** For functions B of A and C of h, and the average with the weight: ``d/dtheta E CB = E C B'``, ``d/dq_hat =
E C B''/2`` and ``d/ds_hat = E (C' - C tanh h) B'`` where the mean of A is ``theta - s_hat`` (integration by parts).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from saddlepoint.enclosures import Base, NotEnclosed, Plane, combined, flint, plain, plane_averages


class EnclosedPair(NamedTuple):
    """``1-q``, s, the mismatch of what holds the distance, the weights' part of the entropy, and of the replicon."""

    rest: Any
    s: Any
    held: Any
    entropic: Any
    susceptibility: Any


class SignPlane(Plane):
    """The functions of `sums` (lemma B); the conjugates are balls, ``mean`` is that of A."""

    def __init__(self, known: Any, q_hat: Any, s_hat: Any, mean: Any) -> None:
        own = q_hat - s_hat * s_hat / known
        if not (known > 0 and own > 0):
            raise NotEnclosed("not enclosed: the overlaps are those of no vectors that differ")
        self.mean, self.root, self.along, self.across = mean, known.sqrt(), s_hat / known.sqrt(), own.sqrt()

    @cached_property
    def base(self) -> Base:
        arb = flint().arb
        first, second = abs(self.along).upper(), self.across.upper()
        steep = self.root.upper().max(first)
        quarter = arb.pi() / 4
        constant, widths = 1 + quarter + abs(self.mean).upper(), (quarter / steep, quarter / second)
        return Base(constant, first, second, arb(0), arb(0), widths)

    exact = (0, 1, 2, 3, 9)

    @property
    def bounds(self) -> Sequence[tuple[Any, int]]:
        """With ``1 + tanh h <= 2``, ``1 - tanh^2 <= 2``."""
        return (2, 1), *((factor, 0) for factor in (2, 4, 2, 4, 4, 4, 16, 12, 8, 96, 32, 32))

    def lean(self, x: Any) -> Any:
        return flint().arb(0)

    def sums(self, x: Any, nodes: Sequence[tuple[Any, Any]]) -> list[Any]:
        known, _ = _tanh_and_log(self.root * x)
        w, start = 1 + known, self.mean + self.along * x
        a, b, c, d, e, f, g, h = (flint().arb(0) for _ in range(8))
        for y, weight in nodes:
            T, log = _tanh_and_log(start + self.across * y)
            square = T * T
            S = 1 - square
            wS, wT = weight * S, weight * T
            wSS, wTS = wS * S, wT * S
            a += weight * log
            b += wT
            c += wS
            d += wTS
            e += wS * (1 - 3 * square)
            f += wSS
            g += wSS * (4 * square - S)
            h += wTS * S
        leant = w * known
        marked = w - 2 * leant * known
        even = w * a, w * b, w * c, leant * b, leant * c, w * d, leant * d, w * e, marked * c
        return [*even, w * f, 2 * w * g, 4 * w * h, 4 * leant * h]


def _tanh_and_log(field: Any) -> tuple[Any, Any]:
    """``tanh`` and ``ln 2cosh`` on a ball by the mean-value theorem: their slopes are at most 1."""
    middle, spread = field.mid(), flint().arb(0, field.rad())
    size = abs(middle)
    small = (-2 * size).exp()
    tanh = (1 - small) / (1 + small)
    return (tanh if middle >= 0 else -tanh) + spread, size + small.log1p() + spread


def signs_pair(known: Any, t: Any, q_hat: Any, s_hat: Any, t_hat: Any) -> EnclosedPair:
    """With the slopes of lemma H; ``known`` is the conjugate of the references' overlap."""
    plane = SignPlane(known, plain(q_hat), plain(s_hat), plain(t_hat) - plain(s_hat))
    log_z, seen, rest, s, leant, odd, leant_odd, bend, marked, stiff, stiff_q, stiff_t, stiff_s = plane_averages(plane)
    log = combined(log_z, (q_hat, rest / 2), (t_hat, seen), (s_hat, -s))
    overlap = combined(seen, (q_hat, -odd), (t_hat, rest), (s_hat, -leant))
    apart = combined(rest, (q_hat, -bend), (t_hat, -2 * odd), (s_hat, 2 * leant_odd))
    shared = combined(s, (q_hat, -leant_odd), (t_hat, leant), (s_hat, marked))
    replicon = combined(stiff, (q_hat, stiff_q), (t_hat, -stiff_t), (s_hat, stiff_s))
    own = log - q_hat * apart / 2 - t_hat * t + s_hat * shared
    return EnclosedPair(apart, shared, overlap - t, own, replicon)


def sphere_pair(qt: Any, room: Any, t: Any, q_hat: Any, s_hat: Any, t_hat: Any) -> EnclosedPair:
    """On the sphere: ``D^2 (q_hat - r^2 s_hat^2) + D = 1 - t^2``, ``r = 1 - qt``, ``s = qt t + r^2 D s_hat``."""
    square = (1 - qt) * (1 - qt)
    rest = 2 * room / (1 + (1 + 4 * room * (q_hat - square * s_hat * s_hat)).sqrt())
    off = square * rest * s_hat
    own = (rest.log() + (room + off * off / square) / rest - 1) / 2
    return EnclosedPair(rest, off + qt * t, t / rest + qt * s_hat - t_hat, own, rest * rest)
