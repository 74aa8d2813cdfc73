"""Nodes of the levels: uniform where everything is smooth, panels where the cost of a pattern has edges."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from saddlepoint.quadrature import gauss_legendre

MOST = 20_000  # uniform nodes on either side of 0; more are asked for where levels coincide
MANY = 200_000  # nodes on panels


class Fineness(NamedTuple):
    """How fine integrals are: steps are divided by ``steps``, ranges multiplied by ``reach``, panels have ``order``
    nodes and are at most ``panel`` deviations long.
    """

    steps: float
    reach: float
    order: int
    panel: float


#: by level: rough, usual, ever finer, up to the finest of all problems
FINENESS = (
    Fineness(0.7, 0.9, 10, 3.6),
    Fineness(1.0, 1.0, 14, 3.2),
    Fineness(1.45, 1.06, 17, 2.3),
    Fineness(1.9, 1.12, 20, 1.9),
    Fineness(2.5, 1.18, 23, 1.6),
)


class TooFine(ArithmeticError):
    """A level would need more nodes than there is room for."""


def fineness(level: int) -> Fineness:
    """That of a level."""
    return FINENESS[level]


def uniform(reach: float, step: float) -> tuple[np.ndarray, float]:
    """Equidistant nodes in [-reach, reach] and the step between them."""
    if not (step > 0.0 and reach < MOST * step):
        raise TooFine(f"steps of {step:g} in a range of {reach:g}")
    count = math.ceil(reach / step)
    return np.arange(-count, count + 1) * step, step


def panels(edges: np.ndarray, width: np.ndarray, fine: Fineness) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights between ``edges`` (ascending); ``width`` is the deviation of what is averaged in
    each of the pieces between them.
    """
    count = np.maximum(np.ceil(np.diff(edges) / (fine.panel * width)), 1.0)
    if not count.sum() * fine.order < MANY:
        raise TooFine(f"{count.sum():g} panels")
    pieces = zip(edges[:-1], np.diff(edges), count.astype(int), strict=True)
    cuts = [low + length * np.arange(n) / n for low, length, n in pieces]
    ends = np.concatenate([*cuts, edges[-1:]])
    node, weight = gauss_legendre(fine.order)
    half = 0.5 * np.diff(ends)[:, None]
    return (ends[:-1, None] + half * (1.0 + node)).ravel(), (half * weight).ravel()
