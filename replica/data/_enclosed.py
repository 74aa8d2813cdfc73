r"""How labels reweight fields, in a ring with proved strip and bounds, for enclosures; no data live here.

**Lemma K.** On ``|Im e| <= 1``, ``|H(e)| <= exp(1/2)`` and ``|g(e)| <= 0.66`` (integrate ``|g|`` along the
horizontal ray).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from saddlepoint.enclosures import Kernel, Majorant, NotEnclosed, Polynomial, flint, generator

Z, E, TAIL, DENSITY = generator("z"), generator("e"), generator("K"), generator("k")


@dataclass(frozen=True)
class LabelRing:
    """One class of patterns: the weight of a field ``-sqrt(q) z``, and for each further overlap the score, a
    polynomial and
    a factor. ``kernel`` is None where fields are not reweighted.
    """

    kernel: Kernel | None = None
    at: Mapping[str, Any] = field(default_factory=dict)
    weight: Polynomial = field(default_factory=lambda: Z**0)
    scores: Mapping[str, tuple[Polynomial, Any]] = field(default_factory=dict)


class EnclosedClass(NamedTuple):
    """One class of patterns: the law of its fields, the derivative of its squared deviation with q, and for what is
    learned and the overlap m a factor and the law that give ``E[s f]`` from ``E f``.
    """

    probability: Any
    law: Any
    gain: Any
    scores: Mapping[str, tuple[Any, Any]]


class Enclosed:
    """The part of a `Data` that proofs are made of."""

    def enclosed(self, fields: Any) -> LabelRing:
        """How labels reweight fields of given overlaps, in balls; only members that prove their bounds have it."""
        raise NotEnclosed(f"not enclosed: nothing is proved of the data {self}")

    def enclosed_classes(self, overlaps: Any) -> list[EnclosedClass]:
        """The classes of patterns in balls, where averages are closed; only members that vouch for it have them."""
        raise NotEnclosed(f"not enclosed: nothing is proved of the data {self}")


class Labels(Kernel):
    """``e = eta z``, ``K = H(e)`` and ``k = g(e)`` (lemma K)."""

    derivations = MappingProxyType({"eta": {"e": Z, "K": -Z * DENSITY, "k": -Z * E * DENSITY}})

    def values(self, z: Any, at: Mapping[str, Any]) -> dict[str, Any]:
        arb = flint().arb
        e = at["eta"] * z
        middle, spread = e.mid(), arb(0, e.rad())
        tail = (middle * arb(0.5).sqrt()).erfc() / 2 + spread * arb(0.4)
        density = (-middle * middle / 2).exp() / (2 * arb.pi()).sqrt() + spread / 4
        return {"z": z, "e": e, "K": tail, "k": density}

    def strip(self, at: Mapping[str, Any]) -> Any:
        return (1 / at["eta"].abs_upper()).lower()

    def majorants(self, width: Any, at: Mapping[str, Any]) -> dict[str, Majorant]:
        slope = at["eta"].abs_upper()
        bounds = {"K": Majorant(1.65), "k": Majorant(0.66), "e": Majorant(1, slope * width, slope, 1)}
        return bounds | {"z": Majorant(1, width, 1, 1)}


LABELS = Labels()


def taught_ring(slope: Any, rest: Any) -> LabelRing:
    """Of a teacher: weight ``2 H(slope z)``, score ``2 g(slope z)/rest`` of the overlap m."""
    return LabelRing(LABELS, {"eta": slope}, 2 * TAIL, {"m": (2 * DENSITY, 1 / rest)})
