r"""Averages over one pattern seen by a reference and a probe with hard margins, with proof; no weights live here.

The reference's cavity field is ``sqrt(qt) x``, the probe's field ``(s/sqrt qt) x + sqrt(V) y``, ``V = q - s^2/qt``;
with ``u0 = (kappa~ - sqrt(qt) x)/sqrt(1-qt)``, ``rho = (t-s)/sqrt(V (1-qt))`` and ``u1 = (u0 - rho y)/sqrt(1 -
rho^2)`` the weight is ``W = H(u1)/H(u0)`` (`pattern_sums`), and the probe sees ``u = (kappa - field)/sqrt(1-q)``.

**Lemma P.** Where ``|Im u|, |Im u0| <= 1`` and ``|Im u1| <= 4``, lemma G bounds functions of u and of u0, and with
``K = 12.2 exp(8)`` both ``|W| <= K W(Re x, Re y)`` and ``|g(u1)/H(u0)| <= K (4 + |Re u1|) W(Re x, Re y)``. Proof:
``|H(u1)| <= exp(8) H(Re u1)`` (integrate ``|g|`` along the horizontal ray), ``|g(u1)| <= exp(8) g(Re u1)``, and
``|H(u0)| >= H(Re u0)/12.2``: for Re u0 <= 0 ``|H(u0)| >= 1 - exp(1/2)/2``; beyond, ``|H(u0)|/H(Re u0) = exp(int Im
G)`` along the vertical, where ``|Im G| <= 2.5`` up to Re u0 = 1 and ``Im G >= Im u0 - 1`` further on (lemma G).

**Lemma N.** ``int W g dy = 1``; given x, with that weight, ``|y| <= max(u0, 0) + |n| + |n'|`` stochastically. Proof: y
is ``rho z + sqrt(1-rho^2) n'`` with z standard Gaussian beyond u0. For u0 <= 0 ``P(|z| > a) <= P(|n| > a)``: beyond
``-u0`` it is ``H(a)/H(u0) <= 2H(a)``, nearer ``1 - P(|n| <= a)/H(u0)``. For u0 > 0 the excess of z has the hazard
``G(u0 + e) >= G(e)``. And ``g(y) W <= g(y)/H(u0) <= (4 + max(u0, 0)) sqrt(2 pi) g(|y| - max(u0, 0))``, for ``1/H <=
(4+u0)/g(u0)``; for y < 0 and u0 > 0 ``u1 >= u0`` and W <= 1 (y is turned so that rho >= 0).

**Lemma C.** With g, r and p the slopes of the logarithms of the probe's, the reference's and the pinned reference's
volumes in their fields, and B a function of the probe's field and of ``1-q``, of A of the reference's cavity field:
``d/dq E AB = E A (B''/2 - dB/d(1-q))`` and ``d/ds E AB = E (A' - rA) B'`` (integration by parts in the Gaussian fields;
the volume in the denominator depends on the cavity field); so ``d/dq E ln Z = -E g^2/2``, ``d/ds = -E r g``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from replica.losses._enclosed import tail_and_density, tail_terms
from saddlepoint.enclosures import Base, NotEnclosed, Plane, combined, flint, plain, plane_averages

#: imaginary part of u1, and K of lemma P
HIGHEST, RATIO = 4, 36_400


class EnclosedPattern(NamedTuple):
    """``E ln Z``, ``E g^2``, ``E r g``, ``E p g`` and ``E g'^2`` with their slopes in q and s."""

    log_z: Any
    square: Any
    shared: Any
    pinned: Any
    rigidity: Any


class PatternPlane(Plane):
    """The functions of `_terms` (lemmas P and N); ``rest = 1-q``, overlaps are balls."""

    def __init__(self, kappa: Any, held: Any, rest: Any, s: Any, t: Any, qt: Any) -> None:
        self.kappa, self.held = kappa, held
        variance, gap = 1 - rest - s * s / qt, 1 - qt
        own = variance - (t - s) * (t - s) / gap
        if not (rest > 0 and gap > 0 and own > 0):
            raise NotEnclosed("not enclosed: the overlaps are those of no vectors that differ")
        self.deviation, self.gap = rest.sqrt(), gap.sqrt()
        self.left = (gap * own / variance).sqrt()
        turned = 1 if t - s > 0 else -1
        self.along, self.across = s / qt.sqrt(), turned * variance.sqrt()
        self.root, self.lever = qt.sqrt(), turned * (t - s) / variance.sqrt()

    @cached_property
    def base(self) -> Base:
        """Lemma P."""
        places = self.kappa / self.deviation, self.held / self.gap, self.held / self.left
        first = self.along / self.deviation, self.root / self.gap
        second = (self.across / self.deviation,)
        steep = _largest(*first), _largest(*second)
        pinned = abs(self.root / self.left).upper(), abs(self.lever / self.left).upper()
        widths = [1 / _largest(one, other / HIGHEST) for one, other in zip(steep, pinned, strict=True)]
        lean = (abs(self.held) / self.gap).upper(), (self.root / self.gap).upper()
        along, across = (_largest(one, other) for one, other in zip(steep, pinned, strict=True))
        return Base(5 + _largest(*places), along, across, *lean, (widths[0], widths[1]), RATIO)

    exact = (0, 1, 2, 6, 9)

    @property
    def bounds(self) -> Sequence[tuple[Any, int]]:
        """With ``|G| <= P``, ``|D| <= 2P``, ``|L| <= P^2/2``, ``|J| <= 7 P^3``."""
        half = flint().arb(0.5)
        return (half, 2), (1, 2), (1, 2), (8, 4), (2, 4), (6, 4), (4, 4), (93, 6), (28, 6), (1, 2), (2, 4), (2, 4)

    def lean(self, x: Any) -> Any:
        u = (self.held - self.root * x) / self.gap
        return u.max(flint().arb(0))

    def sums(self, x: Any, nodes: Sequence[tuple[Any, Any]]) -> list[Any]:
        first = (self.held - self.root * x) / self.gap
        hazard0, beyond0, log0 = tail_terms(first)
        share = (-log0).exp()
        seen, pinned = (self.kappa - self.along * x) / self.deviation, (self.held - self.root * x) / self.left
        slope, lever = self.across / self.deviation, self.lever / self.left
        a, b, c, d, e, f, g, h, i, j, k, m = (flint().arb(0) for _ in range(12))
        for y, weight in nodes:
            G, D, L = tail_terms(seen - slope * y)
            tail1, density1 = tail_and_density(pinned - lever * y)
            own = weight * share
            w, w1 = own * tail1, own * density1
            GD, wG, pull = G * D, w * G, w1 * G
            J, wGD = GD * (D + G) - G, wG * D
            wGG, wJ, stiff = wG * G, w * J, wGD * GD
            a += w * L
            b += wGG
            c += wG
            d += stiff + 2 * wGG * GD
            e += wGG * D
            f += wGD
            g += stiff
            h += wJ * J + 2 * GD * (stiff + wJ * G)
            i += wJ * GD
            j += pull
            k += pull * GD
            m += pull * D
        inner = hazard0 * (beyond0 + hazard0)
        return [a, b, hazard0 * c, d, hazard0 * e, inner * f, g, h, 2 * hazard0 * i, j, k, hazard0 * m]


def _largest(*some: Any) -> Any:
    """An upper bound of the moduli of balls."""
    found = flint().arb(0)
    for x in some:
        found = found.max(abs(x).upper())
    return found.upper()


def enclosed_pair_pattern(kappa: Any, held: Any, rest: Any, s: Any, t: Any, qt: Any) -> EnclosedPattern:
    """Averages at overlaps ``q = 1 - rest`` and s, which may have slopes, with those of lemma C."""
    plane = PatternPlane(kappa, held, plain(rest), plain(s), t, qt)
    found = plane_averages(plane)
    one, two, own = plane.deviation, plane.gap, plane.left
    units = (
        one**0, one**2, one * two, one**4, one**3 * two, (one * two) ** 2, one**4, one**6, one**5 * two, one * own,
        one**3 * own, one**2 * two * own,
    )
    log_z, gg, rg, gg_q, rg_q, rg_s, stiff, stiff_q, stiff_s, pg, pg_q, pg_s = (
        x / unit for x, unit in zip(found, units, strict=True)
    )
    # rest is 1 - q
    return EnclosedPattern(
        combined(log_z, (rest, gg / 2), (s, -rg)),
        combined(gg, (rest, -gg_q), (s, 2 * rg_q)),
        combined(rg, (rest, -rg_q), (s, rg_s)),
        combined(pg, (rest, -pg_q), (s, pg_s)),
        combined(stiff, (rest, -stiff_q), (s, stiff_s)),
    )
