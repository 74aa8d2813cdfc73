"""The last level of a few Boolean units in the limit ``q_k -> 1``: the Gaussian average of ``exp(-c D^2/2)``, D the
distance of K fields to the nearest allowed signs, of a parity or at least so many positive ones.

With the largest field that is turned over at r, the average is an integral over r of sums of products of functions of
one unit each; a word says which of them each unit has.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np

from replica.ansatz.rsb.grids import fineness, panels
from replica.ansatz.rsb.unit_levels import LEAST, Top

NEXT = {2: 0.32, 3: 0.45}  # steps in a deviation of the level above, by the number of units
FAR = 9.6  # deviations at which an integral over the largest field ends
LN_SQRT_2PI = 0.9189385332046727

Words = frozenset[tuple[int, ...]]


class Signs(NamedTuple):
    """Which numbers of positive units are allowed, 0 ... K."""

    allowed: tuple[bool, ...]

    @property
    def units(self) -> int:
        return len(self.allowed) - 1

    def words(self, allowed: bool) -> Words:
        """Signs (0: positive, 1: negative) of all units that are allowed, or those that are not."""
        every = product((0, 1), repeat=self.units)
        return frozenset(word for word in every if self.allowed[word.count(0)] == allowed)

    @property
    def alternate(self) -> bool:
        """Whether a parity is asked for."""
        return all(one != other for one, other in pairwise(self.allowed))


@dataclass(frozen=True)
class ColdEnd:
    """``(1/c) ln E exp(-c D^2/2)`` on a grid, where the average is above `LEAST`, its squared derivatives, a function
    for the second ones, and the tilted means of ``D^2`` and of ``D = 0``.
    """

    value: np.ndarray
    known: np.ndarray
    force: np.ndarray
    curve: Callable[[], np.ndarray]
    squares: np.ndarray
    right: np.ndarray


@dataclass(frozen=True)
class ColdUnits:
    """The last level at the capacity: ``-D^2/2``; ``nearest(level)`` gives the mean of ``D^2`` of fields of variance 1
    and that of its squared second derivatives (infinite where the nearest point jumps).
    """

    signs: Signs
    nearest: Callable[[int], tuple[float, float]]

    @property
    def units(self) -> int:
        return self.signs.units

    def next(self, above: float) -> float:
        """The longest step below a level of that deviation."""
        return NEXT[self.units] * above

    def top(self, right: float) -> Top:
        return Top(np.array([0.0, 1.0]), np.array([right, 1.0 - right]))

    def observed(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cost, and the probability of an error."""
        return np.zeros(nodes.size), nodes

    def on(self, nodes: np.ndarray, ball: np.ndarray, deviation: float, tilt: float, level: int) -> ColdEnd:
        """``f_{k-1}`` at all tuples of nodes, at Parisi parameter ``tilt`` and the deviation of the last step."""
        parity = self.signs.alternate
        unit = (_parity if parity else _threshold)(nodes, deviation, tilt, level)
        words = (_alternating if parity else _at_least)(self.signs)
        right = self.signs.words(allowed=True)

        def total(*kinds: int, weights: np.ndarray = unit.weights, inside: bool = True) -> np.ndarray:
            every = [*kinds, *[0] * (self.units - len(kinds))]
            found = woven([unit.turned[kind] for kind in every], words, weights)
            if inside:
                found += woven([unit.kept[kind][:, :, None] for kind in every], right, np.ones(1))
            return found

        found = total()
        known = ball & (found > LEAST)
        whole = np.where(known, found, 1.0)  # beyond there is no mass
        slope = total(1) / (tilt * whole)
        square = total(weights=unit.r**2 * unit.weights, inside=False)
        if not parity:  # smaller fields are turned over too
            others = total(3, inside=False)
            square = square + sum(np.swapaxes(others, 0, i) for i in range(self.units))
        kept = woven([unit.kept[0][:, :, None]] * self.units, right, np.ones(1)) / whole

        def curve() -> np.ndarray:
            own = total(2) / (tilt * whole) - tilt * slope**2
            mixed = total(1, 1) / (tilt * whole) - tilt * slope * np.swapaxes(slope, 0, 1)
            return np.asarray(self.units * (own**2 + (self.units - 1) * mixed**2))

        return ColdEnd(np.log(whole) / tilt, known, self.units * slope**2, curve, square / whole, kept)


class Unit(NamedTuple):
    """Functions of one unit at its field: ``turned[kind]`` (roles, nodes, r) beside the largest field that is turned at
    r, ``kept[kind]`` (signs, nodes) where none is; kinds: values, first and second derivatives in the field, and -2
    times those in c. ``weights`` of r include ``exp(-c r^2/2)``.
    """

    r: np.ndarray
    weights: np.ndarray
    turned: list[np.ndarray]
    kept: list[np.ndarray]


def _radii(nodes: np.ndarray, s: float, c: float, level: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights for r, with ``exp(-c r^2/2)``."""
    v = 1.0 + c * s**2
    width = s / math.sqrt(v)
    r, weights = panels(np.array([0.0, float(nodes.max()) / v + FAR * width]), np.array([width]), fineness(level))
    return r, weights * np.exp(-0.5 * c * r**2)


def _kept(nodes: np.ndarray, s: float) -> list[np.ndarray]:
    """Probabilities of both signs, with derivatives."""
    from scipy.special import ndtr

    edge = np.exp(-0.5 * (nodes / s) ** 2 - LN_SQRT_2PI) / s
    bend = -nodes / s**2 * edge
    return [np.array([ndtr(nodes / s), ndtr(-nodes / s)]), np.array([edge, -edge]), np.array([bend, -bend])]


def _parity(nodes: np.ndarray, s: float, c: float, level: int) -> Unit:
    """Roles: the field that is turned over (at r), positive or negative; fields that are larger, of either sign."""
    from scipy.special import ndtr

    r, weights = _radii(nodes, s, c, level)
    at_r, beyond = [], []
    for sign in (1.0, -1.0):
        z = sign * nodes[:, None] - r
        f = np.exp(-0.5 * (z / s) ** 2 - LN_SQRT_2PI) / s
        falls = -sign * z / s**2
        at_r.append((f, falls * f, (falls**2 - s**-2) * f))
        beyond.append((ndtr(z / s), sign * f, -z / s**2 * f))
    kinds = zip(*at_r, *beyond, strict=True)
    return Unit(r, weights, [np.array(roles) for roles in kinds], _kept(nodes, s))


def _threshold(nodes: np.ndarray, s: float, c: float, level: int) -> Unit:
    """Roles: the field that is turned over (at -r); one that is smaller and turned over, or positive; one that stays
    negative, beyond.
    """
    from scipy.special import ndtr

    r, weights = _radii(nodes, s, c, level)
    a, v = nodes[:, None], 1.0 + c * s**2
    z, mean, variance = -a - r, -a / v, s**2 / v
    f = np.exp(-0.5 * (z / s) ** 2 - LN_SQRT_2PI) / s
    end = f * np.exp(-0.5 * c * r**2)
    width = math.sqrt(variance)
    whole = np.exp(-0.5 * c * a**2 / v) / math.sqrt(v)
    # moments of what is turned over below r
    none = whole * (ndtr((r - mean) / width) - ndtr(-mean / width))
    start = np.exp(-0.5 * (a / s) ** 2 - LN_SQRT_2PI) / s
    one = mean * none + variance * (start - end)
    two = mean * one + variance * (none - r * end)
    bent = z / s**2 * end + c * (r * end - none + c * two)
    free = (ndtr(a / s) + none, end + c * one, bent, two)
    at_r = (f, z / s**2 * f, ((z / s**2) ** 2 - s**-2) * f, 0.0 * f)
    beyond = (ndtr(z / s), -f, -z / s**2 * f, 0.0 * f)
    turned = [np.array(roles) for roles in zip(at_r, free, beyond, strict=True)]
    return Unit(r, weights, turned, _kept(nodes, s))


def _at_least(signs: Signs) -> Words:
    """Words of `_threshold`: as many as are asked for are positive or turned over."""
    free = signs.allowed.index(True) - 1
    words = product((0, 1, 2), repeat=signs.units)
    return frozenset(word for word in words if word.count(0) == 1 and word.count(1) == free)


def _alternating(signs: Signs) -> Words:
    """Words of `_parity`: signs that are not allowed, of which the smallest field is turned over."""
    return frozenset(
        tuple(sign + 2 * (i != smallest) for i, sign in enumerate(word))
        for word in signs.words(allowed=False)
        for smallest in range(signs.units)
    )


def woven(tables: list[np.ndarray], words: Words, weights: np.ndarray) -> np.ndarray:
    """Sum over words and r of products of one function (roles, nodes, r) of each unit."""
    total: np.ndarray | None = None
    for last in sorted({word[-1] for word in words}):
        heads = frozenset(word[:-1] for word in words if word[-1] == last)
        part = (_products(tables[:-1], heads) * weights) @ tables[-1][last].T
        total = part if total is None else total + part
    assert total is not None
    return total


def _products(tables: list[np.ndarray], words: Words) -> np.ndarray:
    """Sum over words of products of the functions of units, one axis each and r last."""
    roles = sorted({word[0] for word in words})
    if len(tables) == 1:
        return np.asarray(sum(tables[0][role] for role in roles))
    parts = []
    for role in roles:
        rest = _products(tables[1:], frozenset(word[1:] for word in words if word[0] == role))
        parts.append(tables[0][role].reshape(-1, *[1] * (rest.ndim - 1), rest.shape[-1]) * rest)
    return np.asarray(sum(parts))
