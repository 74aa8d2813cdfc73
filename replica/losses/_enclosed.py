r"""Rings of the Gaussian tail with proved strips and bounds, for enclosures; no loss lives here.

``u = b + s z``; H is the Gaussian tail, g the density. All of the following holds on ``|Im u| <= 1``.

**Lemma G.** H has no zero; ``|H| <= 2``, ``|G| <= 4 + |u|`` for ``G = g/H``, ``|ln H| <= (4 + |u|)^2/2``. Proof:
``|H(x+iy)| <=
exp(y^2/2) H(x)`` (integrate ``|g|`` along the horizontal ray). Re u <= 0: ``|H(u)| = |1 - H(-u)| >= 1 -
exp(1/2)/2``, so ``|G| <= 3.75``.
Re u >= 1: ``G = u + 1/(u + 2/(u + ...))``, whose tails have real parts of at least Re u, so ``|G - u| <= 1``. 0 <=
Re u <= 1: ``|G| <= 2.5``, by
a covering with complex balls (a test). ``ln H = -ln 2 - int_0^u G``.

**Lemma M.** With ``0 < w < 1``, ``x^2 = 1 + 2 ln(1/w)`` and ``|Im u| <= 1/sqrt(1+x^2)`` the mixture ``Z = w + (1-w)
H(u)`` has ``|1/Z| <= 2/w + 6``.
Proof: ``Re H(a+iy) >= H(a) - g(a) exp(y^2/2) a y^2/2 >= 0`` for ``0 <= a <= x``, because ``H(a) >= g(a) a/(1+a^2)``
and ``exp(1/2)/2 < 1``, so
``|Z| >= w``; beyond x ``|(1-w) H| <= exp(1/2) H(x) <= w/2``; for Re u <= 0 ``|Z| >= 1 - exp(1/2)/2``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from saddlepoint.enclosures import Kernel, Majorant, Polynomial, flint, generator

Z, U, G, D, L, R = (generator(name) for name in "zuGDLR")


@dataclass(frozen=True)
class LossRing:
    """A loss in a ring: ``ln Z``, ``sqrt(V) f`` and ``V f'`` of the field, and ``cost / share(beta)``.

    ``at(mean, deviation, variance, beta)`` gives the parameters of the kernel, for a field ``mean - deviation z``.
    """

    kernel: Kernel
    value: Polynomial
    slope: Polynomial
    bend: Polynomial
    cost: Polynomial | None
    at: Callable[[Any, Any, Any, Any], dict[str, Any]]
    share: Callable[[Any], Any] | None = None
    #: of a single hard margin its value: pairs of such constraints have proved bounds too
    threshold: Any = None


def _along(images: Mapping[str, Polynomial]) -> dict[str, dict[str, Polynomial]]:
    """Derivatives in b and in s, from those in u."""
    return {"b": dict(images), "s": {name: Z * image for name, image in images.items()}}


class Tail(Kernel):
    """``u``, ``G = g/H``, ``D = G - u`` and ``L = ln H``: ``G' = G D``, ``D' = G D - 1``, ``L' = -G`` (lemma G)."""

    derivations = _along({"u": generator("u") ** 0, "G": G * D, "D": G * D - 1, "L": -G})

    def values(self, z: Any, at: Mapping[str, Any]) -> dict[str, Any]:
        """On a ball of u by the mean-value theorem: ``0 < G' < 1``, ``-1 < D' < 0``, ``L' = -G``."""
        u = at["b"] + at["s"] * z
        hazard, beyond, log = tail_terms(u)
        return {"z": z, "u": u, "G": hazard, "D": beyond, "L": log}

    def strip(self, at: Mapping[str, Any]) -> Any:
        return (1 / at["s"].abs_upper()).lower()

    def majorants(self, width: Any, at: Mapping[str, Any]) -> dict[str, Majorant]:
        size, slope = at["b"].abs_upper() + 1, at["s"].abs_upper()
        hazard = Majorant(1, size + 4, slope, 1)
        return {
            "z": Majorant(1, width, 1, 1),
            "u": Majorant(1, size, slope, 1),
            "G": hazard,
            "D": Majorant(1, 2 * size + 4, 2 * slope, 1),
            "L": Majorant(0.5, size + 4, slope, 2),
        }


def tail_terms(u: Any) -> tuple[Any, Any, Any]:
    """G, D and L on a ball of u."""
    middle = u.mid()
    tail = (middle * _half_root()).erfc() / 2
    hazard = _density(middle) / tail
    spread = flint().arb(0, u.rad())
    wide = hazard + spread
    return wide, hazard - middle + spread, tail.log() + spread * wide.abs_upper()


def tail_and_density(u: Any) -> tuple[Any, Any]:
    """H and g on a ball of u, as sharp in proportion as their logarithms are: the slopes of these are ``-G``, ``0 < G <
    1 + max(u, 0)``, and ``-u``.
    """
    middle, spread = u.mid(), u.rad()
    tail, density = (middle * _half_root()).erfc() / 2, _density(middle)
    far = abs(middle) + spread
    return tail * _loose(spread * (1 + far if middle > 0 else 1 + spread)), density * _loose(spread * far)


def _loose(most: Any) -> Any:
    """``exp`` of a ball about 0 of that radius."""
    arb = flint().arb
    return 1 + arb(0, (2 * most).upper()) if most < 0.5 else arb(0, most.upper()).exp()


class MixedTail(Kernel):
    """Of ``Z = w + (1-w) H``, ``w = 1 - exp(-tau)``: ``G = (1-w) g/Z``, ``D = G - u``, ``L = ln Z``, ``R = 1/Z``
    (lemma M).

    ``R' = R G``; in tau ``L -> R - 1``, ``R -> R - R^2``, ``G -> -R G``.
    """

    derivations = _along({"u": generator("u") ** 0, "G": G * D, "D": G * D - 1, "L": -G, "R": R * G}) | {
        "tau": {"G": -R * G, "D": -R * G, "L": R - 1, "R": R - R * R}
    }

    def values(self, z: Any, at: Mapping[str, Any]) -> dict[str, Any]:
        """On a ball of u by the mean-value theorem: ``|H'| < 0.4``, ``|g'| < 0.25``."""
        arb = flint().arb
        u, kept = at["b"] + at["s"] * z, (-at["tau"]).exp()
        middle, radius = u.mid(), u.rad()
        tail = (middle * _half_root()).erfc() / 2 + arb(0, radius) * arb(0.4)
        density = _density(middle) + arb(0, radius) / 4
        total = 1 - kept + kept * tail
        share = 1 / total
        hazard = kept * density * share
        return {"z": z, "u": u, "G": hazard, "D": hazard - u, "L": total.log(), "R": share}

    def strip(self, at: Mapping[str, Any]) -> Any:
        lost = 1 - (-at["tau"]).exp()
        return (1 / (at["s"].abs_upper() * (2 - 2 * lost.log()).sqrt())).lower()

    def majorants(self, width: Any, at: Mapping[str, Any]) -> dict[str, Majorant]:
        arb = flint().arb
        lost = (1 - (-at["tau"]).exp()).lower()
        size, slope = at["b"].abs_upper() + 1, at["s"].abs_upper()
        share = 2 / lost + 6
        hazard = share * arb(0.67)
        return {
            "z": Majorant(1, width, 1, 1),
            "u": Majorant(1, size, slope, 1),
            "G": Majorant(hazard),
            "D": Majorant(1, hazard + size, slope, 1),
            "L": Majorant(hazard - lost.log()),
            "R": Majorant(share),
        }


def _half_root() -> Any:
    return flint().arb(0.5).sqrt()


def _density(u: Any) -> Any:
    """``g(u)`` of a ball that is nearly a point."""
    return (-u * u / 2).exp() / (2 * flint().arb.pi()).sqrt()


TAIL, MIXED = Tail(), MixedTail()


def margin_ring(kappa: Any) -> LossRing:
    """Of the constraint ``u >= kappa``."""
    return LossRing(TAIL, L, G, -G * D, None, lambda *field: _reduced(kappa, *field), threshold=kappa)


def counting_ring(kappa: Any) -> LossRing:
    """Of the count of stabilities below kappa at finite beta: the mean cost is ``(R - 1)/(exp(beta) - 1)``."""

    def at(mean: Any, deviation: Any, variance: Any, beta: Any) -> dict[str, Any]:
        return _reduced(kappa, mean, deviation, variance, beta) | {"tau": -(-((-beta).exp())).log1p()}

    return LossRing(MIXED, L, G, -G * D, R - 1, at, lambda beta: 1 / (beta.exp() - 1))


def _reduced(kappa: Any, mean: Any, deviation: Any, variance: Any, beta: Any) -> dict[str, Any]:
    """``u = (kappa - h)/sqrt V``."""
    root = variance.sqrt()
    return {"b": (kappa - mean) / root, "s": deviation / root}
