"""The two ends of a path as one pattern sees them: how far it moves a cavity field, and where the field then lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.polynomial import chebyshev

from replica.ansatz.franz_parisi.minimiser_patterns import Minimiser
from replica.ansatz.franz_parisi.typical_held_norm import Reference as Typical
from saddlepoint._jit import array_kernel
from saddlepoint.quadrature.levels import panels_alone
from saddlepoint.quadrature.panels import nodes_for_python
from saddlepoint.special._tail import log_gauss_tail, tail_pair

FAR = 40.0  # features that many deviations away are outside the Gaussian
REACH = 10.0  # stabilities that far beyond a margin, or beyond 0, have no weight in doubles
NONE = np.empty(0)


def nodes(
    places: np.ndarray, widths: np.ndarray, kinks: np.ndarray, mean: np.ndarray, deviation: float, level: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weights and fields ``mean + deviation y`` (rows, n) with features (F,) and kinks (K,) in units of the field."""
    rows = mean.size
    if deviation == 0.0:
        return np.ones((rows, 1)), mean[:, None]
    spot, stops = ((x[None, :] - mean[:, None]) / deviation for x in (places, kinks))
    near = np.abs(spot) < FAR
    width = np.where(near, widths / deviation, np.inf)
    spot, stops = np.where(near, spot, 0.0), np.ascontiguousarray(stops)
    y, weight = nodes_for_python(spot, width, stops, *panels_alone(level))
    return weight, mean[:, None] + deviation * y


@array_kernel
def _law(field, weight, margin, deviation, places, density, above):  # type: ignore[no-untyped-def]
    """Density and tail of ``field + deviation u``, given that it is at least ``margin``, averaged over the fields.

    A numerical kernel: fields and weights (z, y), places (n,), density and above (z, n).
    """
    for row in range(field.shape[0]):
        for n in range(places.size):
            density[row, n] = above[row, n] = 0.0
        for y in range(field.shape[1]):
            share = weight[row, y]
            if share == 0.0:
                continue
            allowed = log_gauss_tail((margin - field[row, y]) / deviation)
            for n in range(places.size):
                log_h, hazard = tail_pair((places[n] - field[row, y]) / deviation)
                mass = share * np.exp(log_h - allowed)
                density[row, n] += mass * hazard / deviation
                above[row, n] += mass


@array_kernel
def _series(coefficients, x, weight, out):  # type: ignore[no-untyped-def]
    """Sums (z,) of ``weight`` times the Chebyshev series of each row (a numerical kernel); x of -1 counts for none."""
    degree = coefficients.shape[1] - 1
    for row in range(x.shape[0]):
        out[row] = 0.0
        for y in range(x.shape[1]):
            place = x[row, y]
            if place <= -1.0 or weight[row, y] == 0.0:
                continue
            one, two = 0.0, 0.0
            for k in range(degree, 0, -1):
                one, two = coefficients[row, k] + 2.0 * place * one - two, one
            out[row] += weight[row, y] * (coefficients[row, 0] + place * one - two)


@dataclass(frozen=True)
class TypicalEnd:
    """A typical solution at a margin: fields of a pattern are Gaussian around the cavity field, cut at the margin."""

    given: Typical
    spread_out: ClassVar[bool] = True  # each field is moved to many places, not to one

    @property
    def size(self) -> float:
        """Variance of the cavity field."""
        return self.given.q

    @property
    def gap(self) -> float:
        return 1.0 - self.given.q

    @property
    def lean(self) -> float:
        """Overlap with the teacher."""
        return self.given.m

    @property
    def kinks(self) -> np.ndarray:
        return NONE

    @property
    def margin(self) -> float:
        return float(np.ravel(self.given.side.loss.kinks())[0])

    @property
    def errors(self) -> tuple[tuple[str, float], ...]:
        return self.given.errors

    def varied(self, name: str, step: float) -> Self:
        return replace(self, given=self.given.varied(name, step))

    def move(self, field: np.ndarray) -> np.ndarray:
        """``(1 - q) d ln Z/dh``: by how much a pattern moves its own field on average."""
        rows = field.reshape(1, -1)
        return self.gap * self.given.side.terms(rows, np.array([self.gap]))[1].reshape(field.shape)

    def features(self) -> tuple[np.ndarray, np.ndarray]:
        places, widths = self.given.side.features(np.array([self.gap]))
        return places[0], widths[0]


@dataclass(frozen=True)
class VectorEnd:
    """One vector of unit norm, of largest margin or least cost, which moves each field to its proximal point."""

    given: Minimiser
    spread_out: ClassVar[bool] = False
    size: ClassVar[float] = 1.0
    gap: ClassVar[float] = 0.0
    lean: ClassVar[float] = 0.0  # no teacher is here beside single vectors

    @property
    def margin(self) -> float:
        """No field is moved to below it."""
        return float(np.ravel(self.given.loss.kinks())[0]) if self.given.loss.hard else -np.inf

    @property
    def errors(self) -> tuple[tuple[str, float], ...]:
        return self.given.errors

    def varied(self, name: str, step: float) -> Self:
        return replace(self, given=self.given.varied(name, step))

    def move(self, field: np.ndarray) -> np.ndarray:
        return self.given.reaction(field)

    def features(self) -> tuple[np.ndarray, np.ndarray]:
        return self.given.features()

    @property
    def kinks(self) -> np.ndarray:
        return self.given.breaks()

    def field_moved_to(self, place: float) -> float:
        """The cavity field below which fields are moved to places below this one."""
        low, high = place - 60.0, place + 60.0
        while high - low > 8e-15 * (1.0 + abs(place)):
            fields = np.linspace(low, high, 34)
            inside = fields[1:-1]
            below = int(np.count_nonzero(inside + self.move(inside) < place))
            low, high = fields[below], fields[below + 1]
        return float(high)


End = TypicalEnd | VectorEnd


def end_of(given: Typical | Minimiser) -> End:
    """A solved reference as an end of a path."""
    return TypicalEnd(given) if isinstance(given, Typical) else VectorEnd(given)


class Shared:
    """What the cavity fields of both ends share, in quadrature: ``o_i = sqrt(q_i) (sqrt(c) z + sqrt(1-c) y_i)``.

    ``c = p/sqrt(q1 q2)``; ``fields(i)`` are the nodes of ``o_i`` given each z, with their weights.
    """

    def __init__(self, ends: tuple[End, End], cosine: float, level: int) -> None:
        self.ends, self.level = ends, level
        self.scales = [float(np.sqrt(end.size)) for end in ends]
        self.common, self.own = float(np.sqrt(cosine)), float(np.sqrt(max(1.0 - cosine, 0.0)))
        spots, smears = [NONE], [NONE]
        for end, scale in zip(ends, self.scales, strict=True):
            if scale * self.common > 0.0:
                places, widths = end.features()
                places, widths = np.append(places, end.kinks), np.append(widths, 0.0 * end.kinks)
                spots.append(places / (scale * self.common))
                smears.append(np.hypot(widths, scale * self.own) / (scale * self.common))
        weight, z = nodes(np.concatenate(spots), np.concatenate(smears), NONE, np.zeros(1), 1.0, level)
        kept = weight[0] > 0.0
        self.weight = weight[0][kept]
        self.means = [scale * self.common * z[0][kept] for scale in self.scales]
        self.deviations = [scale * self.own for scale in self.scales]

    def fields(self, k: int, more: np.ndarray = NONE) -> tuple[np.ndarray, np.ndarray]:
        """Weights and cavity fields (z, y) of an end; ``more`` are further kinks."""
        end = self.ends[k]
        return nodes(*end.features(), np.append(end.kinks, more), self.means[k], self.deviations[k], self.level)

    def moved(self, k: int) -> np.ndarray:
        """The mean move of an end's field given z."""
        weight, field = self.fields(k)
        return np.einsum("zy,zy->z", weight, self.ends[k].move(field))

    def law(self, k: int, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Density and upper tail (z, n) of the field of a typical end at places given z."""
        weight, field = self.fields(k)
        end = self.ends[k]
        density, above = np.empty((2, self.weight.size, places.size))
        _law(field, weight, end.margin, np.sqrt(end.gap), np.ascontiguousarray(places), density, above)
        return density, above


def scale_of(end: TypicalEnd) -> float:
    """On which scale beyond its margin the fields of a typical end vary: fields far below are squeezed against it."""
    return end.gap / (np.sqrt(end.gap) + 2.0)


class Beyond:
    """Functions of a field above a margin, as Chebyshev series in ``ln(1 + (field - margin)/scale)``, row by row."""

    def __init__(self, end: TypicalEnd, span: float, degree: int) -> None:
        self.margin, self.scale, self.degree = end.margin, scale_of(end), degree
        self.length, self.end = float(np.log1p(span / self.scale)), end.margin + span
        self.points = chebyshev.chebpts1(degree + 1)
        self.places = self._place(self.points)

    def _place(self, x: np.ndarray) -> np.ndarray:
        return self.margin + self.scale * np.expm1(0.5 * self.length * (x + 1.0))

    def _coordinate(self, places: np.ndarray) -> np.ndarray:
        inside = np.clip(places, self.margin, self.end) - self.margin
        return np.clip(2.0 * np.log1p(inside / self.scale) / self.length - 1.0, -1.0, 1.0)

    def coefficients(self, values: np.ndarray) -> np.ndarray:
        """Of functions known at ``places``: (rows, degree + 1)."""
        basis = chebyshev.chebvander(self.points, self.degree)
        basis[:, 0] *= 0.5
        return (2.0 / (self.degree + 1)) * values @ basis

    def values(self, coefficients: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Of every row at the same places: (rows, n)."""
        return coefficients @ chebyshev.chebvander(self._coordinate(places), self.degree).T

    def sums(self, coefficients: np.ndarray, places: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Of every row at its own places (rows, n), with weights; nothing below the margin."""
        out = np.empty(len(places))
        _series(np.ascontiguousarray(coefficients), self._coordinate(places), np.ascontiguousarray(weight), out)
        return out

    def gauss(self, edge: float) -> tuple[np.ndarray, np.ndarray]:
        """Gauss nodes and weights of the integral over the fields, with a break at an edge."""
        stops = np.array([-1.0, float(self._coordinate(np.array([edge]))[0]), 1.0])
        x, share = np.polynomial.legendre.leggauss(self.degree + 1)
        half, middle = 0.5 * np.diff(stops), 0.5 * (stops[1:] + stops[:-1])
        nodes, weights = np.concatenate([m + h * x for m, h in zip(middle, half, strict=True) if h > 0.0]), None
        weights = np.concatenate([h * share for h in half if h > 0.0])
        places = self._place(nodes)
        return places, weights * 0.5 * self.length * (places - self.margin + self.scale)
