r"""Training errors on the way from one solution to another: the joint law of the fields at both ends; no solving here.

Given the cavity fields ``(o_1, o_2)``, Gaussian with covariance p, the fields ``D_i`` of the ends are independent. On
the straight line, brought back to the norm, ``D = a D_1 + b D_2`` with ``a = (1-g)/n``, ``b = g/n``,
``n^2 = (1-g)^2 + g^2 + 2 g (1-g) p``; where a random share g of the weights that differ is turned,
``D = (1-g) D_1 + g D_2 + sqrt(2 g (1-g)(1-p)) v``, v a standard Gaussian.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz.franz_parisi.taught_fields import shared_fields
from replica.ansatz.franz_parisi.vertices import REACH, Beyond, End, TypicalEnd
from saddlepoint.special import tail

EPS = float(np.finfo(float).eps)
STEP = 1e-6
WHERE = np.concatenate([np.geomspace(1e-6, 0.01, 40), np.linspace(0.01, 0.99, 99), 1.0 - np.geomspace(0.01, 1e-6, 40)])
#: level of the fields, degree in the place, step of the double exponential rule
MESHES = ((0, 32, 0.125), (1, 48, 0.1), (3, 72, 0.07))


class Path:
    """Both ends on one mesh, and the errors at ``margin`` at any position between them."""

    def __init__(self, ends: tuple[End, End], overlap: float, margin: float, mesh: int) -> None:
        level, self.degree, step = MESHES[mesh]
        self.turned = not isinstance(ends[1], TypicalEnd)  # the second end is to have a density
        self.ends: Any = ends[::-1] if self.turned else ends
        self.overlap, self.margin = overlap, margin
        root = float(np.sqrt(ends[0].size * ends[1].size))
        self.shared = shared_fields(self.ends, min(overlap / root, 1.0) if root else 0.0, level)
        t = np.arange(-3.6, 3.6 + 0.5 * step, step)
        inner = 0.5 * np.pi * np.sinh(t)
        self.nodes = 0.5 * (1.0 + np.tanh(inner))
        self.weights = 0.25 * np.pi * step * np.cosh(t) / np.cosh(inner) ** 2
        self._tabulate()

    def _tabulate(self) -> None:
        """What is known of each end with a density over the range of fields that matters."""
        a, b = self._shares(WHERE)
        first, second = self.ends
        lowest = first.margin if isinstance(first, TypicalEnd) else -REACH
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = ((self.margin - b * second.margin) / a - lowest, (self.margin - a * lowest) / b - second.margin)
        self.tables: list[Any] = []
        for k, end in enumerate(self.ends):
            table = None
            if isinstance(end, TypicalEnd):
                most = REACH + max(-end.margin, 0.0)
                span = float(np.clip(np.nanmax(np.where(np.isfinite(needed[k]), needed[k], most)), 1e-3, most))
                at = Beyond(end, max(span, self.margin - end.margin), self.degree)
                density, above = self.shared.law(k, at.places)
                table = at, at.coefficients(density), at.coefficients(1.0 - above)
            self.tables.append(table)

    def _shares(self, position: Any) -> tuple[Any, Any]:
        g = np.asarray(position, dtype=float)
        norm = np.sqrt((1.0 - g) ** 2 + g**2 + 2.0 * g * (1.0 - g) * self.overlap)
        return (1.0 - g) / norm, g / norm

    def _at_end(self, k: int) -> float:
        """Errors of one of the ends."""
        if self.tables[k] is None:
            field, weight = self._moved(self.margin)
            return float(self.shared.weight @ np.where(field < self.margin, weight, 0.0).sum(axis=1))
        at, _, below = self.tables[k]
        return float(self.shared.weight @ at.values(below, np.array([self.margin]))[:, 0])

    def _moved(self, place: float) -> tuple[np.ndarray, np.ndarray]:
        """Fields (z, y) of the first end, a vector, with their weights; an edge at the fields moved to a place."""
        weight, cavity = self.shared.fields(0, np.array([self.ends[0].field_moved_to(place)]))
        return cavity + self.ends[0].move(cavity), weight

    def error(self, position: float) -> float:
        """The share of patterns below the margin on the straight line between the ends."""
        position = 1.0 - position if self.turned else position
        a, b = (float(x) for x in self._shares(position))
        second, z = self.ends[1], self.shared.weight
        lowest = [share * end.margin for share, end in zip((a, b), self.ends, strict=True) if share > 0.0]
        if sum(lowest) >= self.margin:  # no pattern is in error, whatever its fields at the ends
            return 0.0
        if position in (0.0, 1.0):
            return self._at_end(int(position))
        edge = (self.margin - b * second.margin) / a
        at, _, below = self.tables[1]
        if self.tables[0] is None:
            field, weight = self._moved(edge)
            return float(z @ at.sums(below, (self.margin - a * field) / b, weight))
        begin, density, _ = self.tables[0]
        length = min(edge, begin.end) - begin.margin
        if length <= 0.0:
            return 0.0
        places = begin.margin + length * self.nodes
        mass = begin.values(density, places) * at.values(below, (self.margin - a * places) / b)
        return float(length * (z @ mass @ self.weights))


class Flips(Path):
    """The same where a random share of the weights that differ is turned."""

    def _tabulate(self) -> None:
        self.laws = []
        for k, end in enumerate(self.ends):
            at = Beyond(end, REACH + max(-end.margin, 0.0), self.degree)
            places, weight = at.gauss(self.margin)
            self.laws.append((places, self.shared.law(k, places)[0] * weight))
        (one, first), (two, second) = self.laws
        self.one, self.two, self.mass = one, two, np.einsum("z,zi,zj->ij", self.shared.weight, first, second)

    def error(self, position: float) -> float:
        field = (1.0 - position) * self.one[:, None] + position * self.two
        spread = np.sqrt(2.0 * position * (1.0 - position) * (1.0 - self.overlap))
        if spread == 0.0:
            return float(self.mass[field < self.margin].sum())
        return float((self.mass * np.exp(tail((field - self.margin) / spread)[0])).sum())


class Way:
    """A path on the mesh of its values, on that of their check, and with all that its ends are unsure of moved."""

    def __init__(self, ends: tuple[End, End], overlap: tuple[float, float], margin: float, flips: bool) -> None:
        kind = Flips if flips else Path
        self.fine, self.check, self.rough = (kind(ends, overlap[0], margin, mesh) for mesh in (2, 1, 0))
        moved = [(kind(ends, overlap[0] - STEP, margin, 0), overlap[1])]
        for k in (0, 1):
            for name, error in ends[k].errors:
                if error > 0.0 and name not in ("q_hat", "m_hat"):
                    varied: Any = list(ends)
                    varied[k] = ends[k].varied(name, -STEP)
                    moved.append((kind(tuple(varied), overlap[0], margin, 0), error))
        few = WHERE[40:-40:14]
        here = np.array([self.rough.error(float(x)) for x in few])
        self.carried = 0.0
        for path, error in moved:
            there = np.array([path.error(float(x)) for x in few])
            self.carried += float(np.abs(there - here).max()) * error / STEP

    def errors(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Training errors, and their errors: the change to a finer mesh, and what the ends are unsure of."""
        value, coarse = (np.array([path.error(float(x)) for x in positions]) for path in (self.fine, self.check))
        return value, np.abs(value - coarse) + (self.carried + 4 * EPS) * (value > 0.0)
