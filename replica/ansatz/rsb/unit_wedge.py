"""``ln Z`` of a parity machine of K units with its derivatives, on the wedge ``0 < x_1 < ... < x_K`` of its fields.

What does not see the order of units nor an even number of turned signs is known from two functions on the wedge: Z
where the signs are right, and where they are wrong. There the unit of the smallest field is turned over; which one that
is changes within ``(1-q)/x_1`` of the diagonal, which is an edge of the panels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from replica.ansatz.rsb.grids import TooFine
from replica.ansatz.rsb.unit_kernels import sector_terms
from replica.ansatz.rsb.unit_patterns import Signs
from replica.architectures._unit_fields import graded

MOST = 3_000_000  # points of a wedge


class Rule(NamedTuple):
    """A level: nodes per panel, first panel (in widths of what changes there), growth, longest panel and reach (in
    deviations).
    """

    order: int
    core: float
    growth: float
    cap: float
    reach: float


class Wedge(NamedTuple):
    """Fields (K, points), Lebesgue weights, and the first point of each smallest field."""

    fields: np.ndarray
    weight: np.ndarray
    starts: np.ndarray

    @property
    def images(self) -> int:
        """How many wedges with right signs there are, or with wrong ones."""
        units = len(self.fields)
        return math.factorial(units) * 2 ** (units - 1)


class Seen(NamedTuple):
    """``ln Z``, ``sum_i (d_i ln Z)^2`` and ``sum_il (d_i d_l ln Z)^2``, where signs are right and wrong (2, points)."""

    value: np.ndarray
    pushes: np.ndarray
    bends: np.ndarray


def half(width: float, reach: float, cap: float, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights in [0, reach], in panels from ``width`` to ``cap``."""
    if not reach < 400.0 * cap:
        raise TooFine(f"panels of {cap:g} in a range of {reach:g}")
    found = graded(min(width, cap), reach, rule.order, rule.core, rule.growth, cap)
    middle = found.field.size // 2
    return found.field[middle:], found.weight[middle:]


def wedge(units: int, rest: float, total: float, cap: float, rule: Rule) -> Wedge:
    """Fields of variance ``total`` in panels of at most ``cap``, with the thermal variance ``rest``."""
    reach, sharp = rule.reach * math.sqrt(total), math.sqrt(rest)
    parts, sizes = [], []
    for lowest, own in zip(*half(sharp, reach, cap, rule), strict=True):
        step, weight = half(min(sharp, rest / lowest), reach - lowest, cap, rule)
        mesh = np.meshgrid(*[step] * (units - 1), indexing="ij")
        fields = np.cumsum([np.full(mesh[0].shape, lowest), *mesh], axis=0).reshape(units, -1)
        product = own * np.prod(np.meshgrid(*[weight] * (units - 1), indexing="ij"), axis=0).ravel()
        near = np.sum(fields**2, axis=0) <= reach**2
        parts.append(np.vstack([fields, product])[:, near])
        sizes.append(int(near.sum()))
        if sum(sizes) > MOST:
            raise TooFine(f"more than {MOST} fields of {units} units")
    points = np.hstack([part for part in parts if part.size])
    return Wedge(points[:-1], points[-1], np.cumsum([0, *[size for size in sizes if size]])[:-1])


def seen(fields: np.ndarray, rest: float, signs: Signs) -> Seen:
    """At fields (K, points) of units of the thermal variance ``rest``."""
    words = np.array([sorted(signs.words(allowed=right)) for right in (True, False)])
    found = Seen(*np.empty((3, 2, fields.shape[1])))
    sector_terms(np.ascontiguousarray(fields), math.sqrt(rest), words, *found)
    return found
