"""Replica-symmetric equations in mpmath, written from the formulas alone: the truth of `accuracy`. No part of
the packages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mpmath import mp

from benchmarks._nodes import Nodes

LETTERS = {"binary": (-1, 1), "ternary": (-1, 0, 1)}


@dataclass(frozen=True)
class Point:
    """One parameter point: all that defines the equations, in plain numbers."""

    weights: str
    loss: str
    labels: str
    alpha: float
    kappa: float
    beta: float

    @property
    def unknowns(self) -> tuple[str, ...]:
        free = ("curvature",) if self.weights in ("ternary", "gaussian") else ()
        return ("q_hat", *free, *(("m_hat",) if self.labels == "teacher" else ()))


def tail(x: Any) -> Any:
    return mp.erfc(x / mp.sqrt(2)) / 2


def mass_and_rest(x: Any) -> tuple[Any, Any]:
    """``H(x)`` and ``1 - H(x)``, the smaller one to all digits."""
    small = tail(abs(x))
    return (small, 1 - small) if x > 0 else (1 - small, small)


def local(point: Point, field: Any, variance: Any) -> tuple[Any, Any, Any, Any]:
    """``ln Z``, its first two derivatives in the field, and the thermal mean of the cost."""
    spread, kappa = mp.sqrt(variance), mp.mpf(point.kappa)
    x = (kappa - field) / spread
    if point.loss in ("margin", "error-count"):
        mass, rest = mass_and_rest(x)
        kept = -mp.expm1(-mp.mpf(point.beta)) if point.loss == "error-count" else mp.one
        total = 1 - kept * rest if rest < mass else 1 - kept + kept * mass
        hazard = kept * mp.npdf(x) / total
        value = mp.log1p(-kept * rest) if rest < mass else mp.log(total)
        return value, hazard / spread, -hazard * (hazard - x) / variance, (1 - kept) * rest / total
    sign = -1 if field > 0 else 1  # on the side where all tails are small
    a, b = (-kappa - sign * field) / spread, (kappa - sign * field) / spread
    low, high = mp.npdf(a), mp.npdf(b)
    if point.loss == "band":
        rest = tail(-a) + tail(b) if a < 0 else None
        mass = tail(a) - tail(b) if rest is None else 1 - rest
        slope = (low - high) / (mass * spread)
        value = mp.log(mass) if rest is None else mp.log1p(-rest)
        return value, sign * slope, (a * low - b * high) / (mass * variance) - slope**2, mp.zero
    mass = mass_and_rest(b)[0] + tail(-a)
    slope = (high - low) / (mass * spread)
    return mp.log(mass), sign * slope, (b * high - a * low) / (mass * variance) - slope**2, mp.zero


def pattern_features(point: Point, q: float, variance: float, m: float) -> list[tuple[float, float]]:
    """Places and widths in z at which ``ln Z(sqrt(q) z, V)`` and the teacher's density vary fast."""
    if q <= 0:
        return []
    root, width, kappa = q**0.5, (variance / q) ** 0.5, point.kappa
    found = [(kappa / root, width)]
    if point.loss == "error-count" and point.beta > 2:
        level = (2 * point.beta) ** 0.5  # H falls to exp(-beta) near there; zeros of Z at a distance pi/level
        found.append((kappa / root - level * width, width * min(1.0, 2.0 / level)))
    if point.loss in ("band", "outside-band"):
        found.append((-kappa / root, width))
    if point.loss == "outside-band":
        found.append((0.0, variance / max(kappa, variance**0.5) / root))
    if point.labels == "teacher":
        found.append((0.0, (q / (m * m) - 1) ** 0.5 if m * m < q else width))
    return found


class Truth:
    """The saddle-point equations of one point, on nodes that are laid once for a starting value."""

    def __init__(self, point: Point, start: dict[str, float]) -> None:
        self.point, self.alpha = point, mp.mpf(point.alpha)
        free = {name: mp.mpf(value) for name, value in start.items()}
        self.paramagnet = "q_hat" in free and free["q_hat"] == 0
        self.field_nodes = self._weight_nodes(free)
        single = self.single(free)
        q, variance, m = (float(single[name]) for name in ("q", "V", "m"))
        self.pattern_nodes = None
        if not self.paramagnet:
            self.pattern_nodes = Nodes(pattern_features(point, q, variance, m))
            self.pattern_nodes.settle(lambda z: self._pattern_terms(z, single))

    def atoms(self) -> list[tuple[Any, Any]]:
        """Components of a teacher of unit norm with their chances; a sign is a gauge for symmetric sets."""
        if self.point.labels != "teacher" or self.point.weights == "binary":
            return [(mp.one, mp.one)]
        return [(mp.zero, mp.one / 3), (mp.sqrt(mp.mpf(3) / 2), 2 * mp.one / 3)]

    def _weight_nodes(self, free: dict[str, Any]) -> list[Nodes]:
        """Nodes for the field of one weight, one set for each component of the teacher."""
        if self.point.weights not in LETTERS or self.paramagnet:
            return []
        found = []
        for atom, _ in self.atoms():
            scale, shift = float(mp.sqrt(free["q_hat"])), float(free.get("m_hat", mp.zero) * atom)
            middle = float(free.get("curvature", mp.zero)) / 2
            places = (0.0,) if self.point.weights == "binary" else (-middle, 0.0, middle)
            nodes = Nodes([((place - shift) / scale, 1.0 / scale) for place in places])
            nodes.settle(lambda z, atom=atom: self._letter_terms(z, free, atom))
            found.append(nodes)
        return found

    def _letter_terms(self, z: Any, free: dict[str, Any], atom: Any) -> tuple[Any, ...]:
        """``ln z``, mean squared, variance, mean, variance squared of one weight."""
        field, half = free.get("m_hat", 0) * atom + mp.sqrt(free["q_hat"]) * z, free.get("curvature", 0) / 2
        up, down = mp.exp(field - half), mp.exp(-field - half)
        rest = 1 if self.point.weights == "ternary" else 0
        total = up + down + rest
        mean = (up - down) / total
        spread = (up * (1 - mean) ** 2 + down * (1 + mean) ** 2 + rest * mean**2) / total
        return mp.log(total), mean**2, spread, mean, spread**2

    def single(self, free: dict[str, Any]) -> dict[str, Any]:
        """Overlaps at given conjugates, and the weights' part of the free entropy."""
        q_hat, m_hat = free["q_hat"], free.get("m_hat", mp.zero)
        curvature, prior = free.get("curvature", mp.zero), mp.mpf(self.point.beta)
        found: dict[str, Any] = {}
        if self.point.weights in LETTERS:
            log_z, q, rest, m, square = self._letters(free)
            found = {"q": q, "V": rest, "m": m, "square": square, "across": q - m**2}
        else:
            rest = 1 / (prior + curvature)
            if self.point.weights == "spherical":
                rest = 2 / (1 + mp.sqrt(1 + 4 * (q_hat + m_hat**2)))
            q, m = (q_hat + m_hat**2) * rest**2, m_hat * rest
            found = {"q": q, "V": rest, "m": m, "square": rest**2, "across": q_hat * rest**2}
            log_z = (q_hat + m_hat**2) * rest / 2 - mp.log1p(curvature / prior) / 2
        entropic = -q_hat * rest / 2 + curvature * (q + rest) / 2 - m_hat * m + log_z
        if self.point.weights == "spherical":
            entropic = mp.log(rest) / 2 + q_hat * rest / 2
        return found | {"Q": q + rest, "entropic": entropic}

    def _letters(self, free: dict[str, Any]) -> list[Any]:
        """Averages of `_letter_terms` over the field and the teacher; ``m = 0`` without one."""
        total = [mp.zero] * 5
        for i, (atom, chance) in enumerate(self.atoms()):
            if self.paramagnet:
                terms = self._letter_terms(mp.zero, free, atom)
            else:
                terms = self.field_nodes[i].average(lambda z, a=atom: self._letter_terms(z, free, a))
            share = [1, 1, 1, atom if "m_hat" in free else 0, 1]
            total = [t + chance * s * x for t, s, x in zip(total, share, terms, strict=True)]
        return total

    def _pattern_terms(self, z: Any, single: dict[str, Any]) -> tuple[Any, ...]:
        """``ln Z, f^2, -f', f'^2, cost`` with the teacher's density, and ``f s``."""
        value, first, second, cost = local(self.point, mp.sqrt(single["q"]) * z, single["V"])
        if self.point.labels != "teacher":
            return value, first**2, -second, second**2, cost
        slope = single["m"] / mp.sqrt(single["across"])
        chance = 2 * tail(-slope * z)
        score = 2 * mp.npdf(slope * z) * mp.sqrt(single["q"] / single["across"])
        return (
            chance * value,
            chance * first**2,
            -chance * second,
            chance * second**2,
            chance * cost,
            first * score,
        )

    def pattern(self, single: dict[str, Any]) -> list[Any]:
        if self.pattern_nodes is None:
            return list(self._pattern_terms(mp.zero, single))
        return self.pattern_nodes.average(lambda z: self._pattern_terms(z, single))

    def observe(self, free: dict[str, Any]) -> dict[str, Any]:
        """All quantities that are compared, at given conjugates."""
        single = self.single(free)
        terms = self.pattern(single)
        phi = single["entropic"] + self.alpha * terms[0]
        energy = self.alpha * terms[4]
        heat = mp.mpf(self.point.beta) * energy if energy else mp.zero
        seen = {
            "q": single["q"],
            "V": single["V"],
            "q_hat": free["q_hat"],
            "free_entropy": phi,
            "energy": energy,
            "entropy": phi + heat,
            "stability": 1 - self.alpha * terms[3] * single["square"],
        }
        if self.point.labels == "teacher":
            seen |= {"m": single["m"], "m_hat": free["m_hat"]}
            wrong = mp.atan2(mp.sqrt(single["V"] + single["across"]), single["m"]) / mp.pi
            seen["generalization_error"] = wrong
        if "curvature" in free:
            seen |= {"Q": single["Q"], "Q_hat": free["curvature"] - free["q_hat"]}
        return seen
