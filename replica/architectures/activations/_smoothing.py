"""The slope of a kernel near q = 1: the function averaged over a narrow Gaussian, on panels fine enough for both."""

from __future__ import annotations

from functools import lru_cache
from math import exp, pi, sqrt
from typing import NamedTuple

import numpy as np

from replica.architectures.activations._shape import Shape
from saddlepoint._jit import array_kernel


class Rule(NamedTuple):
    """Nodes and weights on [0, 1]."""

    x: np.ndarray
    w: np.ndarray

    @classmethod
    def of(cls, order: int, singular: bool) -> Rule:
        """Gauss-Legendre; for powers at the ends in a variable that is flat there."""
        t, w = _legendre(order)
        if singular:
            t, w = t**4 * (35.0 - 84.0 * t + 70.0 * t**2 - 20.0 * t**3), w * 140.0 * (t * (1.0 - t)) ** 3
        return cls(t, w)

    def on(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nodes and weights on panels, joined."""
        width = (high - low)[:, None]
        return (low[:, None] + width * self.x).ravel(), (width * self.w).ravel()


@lru_cache(maxsize=32)
def _legendre(order: int) -> tuple[np.ndarray, np.ndarray]:
    t, w = np.polynomial.legendre.leggauss(order)
    return 0.5 * (t + 1.0), 0.5 * w


@lru_cache(maxsize=32)
def _hermite(order: int) -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.hermite_e.hermegauss(order)


@array_kernel
def _averages(centre, at_centre, y, g, w, width, span, out):  # type: ignore[no-untyped-def]
    """``out_i = sum_j w_j v exp(-v^2/2) (g_j - g(c_i))``, ``v = (y_j - c_i)/width``, both sorted."""
    first = 0
    for i in range(centre.size):
        c, gc = centre[i], at_centre[i]
        while first < y.size and y[first] < c - span * width:
            first += 1
        total, j = 0.0, first
        while j < y.size and y[j] <= c + span * width:
            v = (y[j] - c) / width
            total += w[j] * v * exp(-0.5 * v * v) * (g[j] - gc)
            j += 1
        out[i] = total


def slope_at(shape: Shape, s: float, level: int) -> float:
    r"""``k'(q) = E_c [(E_u u g(c + r u)/r)^2]``, ``c`` of variance q, ``r^2 = 1 - q``, at ``s = r/sqrt(2)``.

    The inner average is the slope of the smoothed function. Near what is narrower than r it is taken on panels common
    to all centres, elsewhere by Gauss-Hermite.
    """
    q, r = (1.0 - s) * (1.0 + s) - s * s, sqrt(2.0) * s
    span = 8.7 if shape.reach < 14 else 14.0
    narrow = np.diff(shape.edges) < 6.0 * r
    marks = np.unique(np.concatenate([shape.kinks, shape.edges[:-1][narrow], shape.edges[1:][narrow]]))
    near = _zones(marks, (span + 0.5) * r)
    total = 0.0
    if marks.size:
        total += _hot(shape, near, _zones(marks, (2.0 * span + 1.0) * r), q, r, span, level)
    return total + _cold(shape, near, q, r, level)


def _zones(marks: np.ndarray, half: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals of half-width ``half`` about marks, joined where they overlap."""
    if not marks.size:
        return marks, marks
    cut = np.flatnonzero(np.diff(marks) > 2.0 * half)
    return marks[np.concatenate([[0], cut + 1])] - half, marks[np.concatenate([cut, [marks.size - 1]])] + half


def _within(x: np.ndarray, zones: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Whether each x lies in a zone."""
    return np.searchsorted(zones[0], x) > np.searchsorted(zones[1], x)


def _hot(
    shape: Shape,
    near: tuple[np.ndarray, np.ndarray],
    wide: tuple[np.ndarray, np.ndarray],
    q: float,
    r: float,
    span: float,
    level: int,
) -> float:
    """The share of centres near what is narrow."""
    step = (3.0 - 0.15 * level) * r
    ends = np.sort(np.concatenate([*near, *wide]))
    pieces = zip(ends[:-1], ends[1:], _within(0.5 * (ends[:-1] + ends[1:]), wide), strict=True)
    grids = [np.linspace(a, b, int(np.ceil((b - a) / step)) + 1) for a, b, inside in pieces if inside]
    edges = np.unique(np.concatenate([*grids, shape.edges[_within(shape.edges, wide)]]))
    low, high = edges[:-1], edges[1:]
    middle = 0.5 * (low + high)
    inside = _within(middle, wide)
    low, high, middle = low[inside], high[inside], middle[inside]
    rule = Rule.of((16 if shape.singular else 12) + 2 * level, shape.singular)
    y, w = rule.on(low, high)
    g = shape.function(y)
    rows = np.repeat(_within(middle, near), rule.x.size)
    centre, slope = y[rows], np.empty(int(rows.sum()))
    _averages(centre, g[rows], y, g, w, r, span, slope)
    density = np.exp(-0.5 * centre**2 / q) / sqrt(2.0 * pi * q)
    return float((w[rows] * density) @ slope**2) / (2.0 * pi * r**4)


def _cold(shape: Shape, near: tuple[np.ndarray, np.ndarray], q: float, r: float, level: int) -> float:
    """The share of the other centres, around which the function is smooth."""
    inner = np.concatenate(near)
    edges = [shape.edges, inner[np.abs(inner) < shape.reach]]
    if shape.singular:  # the function still feels a power far from it
        steps = 9.5 * r * 4.0 ** np.arange(1, max(1, int(np.log2(0.1 / r) / 2)))
        edges.append(np.add.outer(shape.kinks, np.concatenate([-steps, steps])).ravel())
    joined = np.unique(np.concatenate(edges))
    low, high = joined[:-1], joined[1:]
    outside = ~_within(0.5 * (low + high), near)
    if not outside.any():
        return 0.0
    rule = Rule.of((16 if shape.singular else 12) + 2 * level, False)
    c, w = rule.on(low[outside], high[outside])
    u, weight = _hermite(20 + 6 * level)
    at = shape.function(c)
    slope = (shape.function(c[:, None] + r * u) - at[:, None]) @ (u * weight) / (r * sqrt(2.0 * pi))
    return float((w * np.exp(-0.5 * c * c / q)) @ slope**2) / sqrt(2.0 * pi * q)
