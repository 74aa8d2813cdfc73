"""Gauss-Legendre rules on [-1, 1], to the last bit of float64 or to any number of bits; no meshes here."""

from __future__ import annotations

import math
from functools import cache, lru_cache

import numpy as np

_GUARD = 24  # bits lost in the recurrence: its error grows like the square of the order


@cache
def gauss_legendre(order: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Nodes x (ascending) and weights w: ``int_{-1}^1 f = sum_i w_i f(x_i)``, exact to degree 2 order - 1.

    Both are the correctly rounded float64 numbers, in read-only arrays of shape (order,) that are kept and
    shared.

    Parameters
    ----------
    order : int
        Number of nodes, at least 1.

    Raises
    ------
    ValueError
        For an order below 1.

    Examples
    --------
    >>> from saddlepoint.quadrature import gauss_legendre
    >>> x, w = gauss_legendre(2)
    >>> x.tolist(), w.tolist()
    ([-0.5773502691896257, 0.5773502691896257], [1.0, 1.0])
    """
    bits = 120
    nodes, weights = fixed_point_rule(order, bits)
    x, w = (np.array([n / (1 << bits) for n in numbers]) for numbers in (nodes, weights))
    x.setflags(write=False)
    w.setflags(write=False)
    return x, w


@lru_cache(maxsize=256)
def fixed_point_rule(order: int, bits: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The same nodes and weights as whole numbers, in units of ``2^-bits`` (absolute error a few units).

    Newton's iteration for the roots of the Legendre polynomial, in integer arithmetic; weights
    ``2 / [(1 - x^2) P'(x)^2]`` (Abramowitz and Stegun 25.4.29). Use it where float64 is not enough.
    """
    if order < 1:
        raise ValueError(f"the order of a Gauss-Legendre rule must be at least 1, got {order}")
    shift = bits + _GUARD
    upper = [_root(order, i, shift) for i in range((order + 1) // 2)]
    nodes, weights = zip(*upper, strict=True)
    mirrored = slice(None) if order % 2 == 0 else slice(None, -1)
    nodes = tuple(-x for x in nodes) + nodes[mirrored][::-1]
    weights = weights + weights[mirrored][::-1]
    return tuple(_rounded(x) for x in nodes), tuple(_rounded(w) for w in weights)


def _rounded(number: int) -> int:
    return (number + (1 << (_GUARD - 1))) >> _GUARD


def _root(order: int, index: int, shift: int) -> tuple[int, int]:
    """The root number ``index`` from above and its weight, in units of ``2^-shift``."""
    one = 1 << shift
    if order % 2 and index == order // 2:
        x = 0
    else:
        guess = math.cos(math.pi * (index + 0.75) / (order + 0.5)) * (1 - (order - 1) / (8 * order**3))
        x = int(guess * (1 << 52)) << (shift - 52)
        step = one
        # a quadratic step below the square root of the unit leaves an error below the unit
        while abs(step) >> (shift // 2):
            value, slope = _legendre(order, x, shift)
            step = (value << shift) // slope
            x -= step
    _, slope = _legendre(order, x, shift)
    spread = one - ((x * x) >> shift)
    square = (slope * slope) >> shift
    return x, (2 << (2 * shift)) // ((spread * square) >> shift)


def _legendre(order: int, x: int, shift: int) -> tuple[int, int]:
    """Value and derivative of the Legendre polynomial, in units of ``2^-shift``."""
    before, value = 0, 1 << shift
    for k in range(1, order + 1):
        before, value = value, ((2 * k - 1) * ((x * value) >> shift) - (k - 1) * before) // k
    slope = (order * (((x * value) >> shift) - before) << shift) // (((x * x) >> shift) - (1 << shift))
    return value, slope
