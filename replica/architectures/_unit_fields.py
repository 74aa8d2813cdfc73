"""ln Z of K Boolean units and its derivatives on a tensor grid of their fields, and the grid; no averages here.

Panels of a Gauss-Legendre rule grow with the distance from field 0, where a unit turns over within ``sqrt(V)``.
"""

# kernel file
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from saddlepoint._jit import array_kernel
from saddlepoint.quadrature.rules import gauss_legendre
from saddlepoint.special import log_add, tail

_TINY = 1e-250  # below it Z is summed in logarithms


class Mesh(NamedTuple):
    """Fields of one unit (increasing), their Lebesgue weights, and the edges of the panels of ``order`` nodes each."""

    field: np.ndarray
    weight: np.ndarray
    edges: np.ndarray
    order: int


def graded(width: float, reach: float, order: int, core: float, growth: float, cap: float) -> Mesh:
    """Panels from 0 to ``reach`` on either side: the first of ``core width``, each longer by ``growth`` times its
    distance from 0, none longer than ``cap``.
    """
    edges = [0.0]
    while edges[-1] < reach:
        edges.append(edges[-1] + min(cap, max(core * width, growth * edges[-1])))
    right = np.array(edges) * (reach / edges[-1])
    all_edges = np.concatenate([-right[:0:-1], right])
    x, w = gauss_legendre(order)
    half = 0.5 * np.diff(all_edges)
    field = (0.5 * (all_edges[1:] + all_edges[:-1]))[:, None] + half[:, None] * x
    return Mesh(field.ravel(), (half[:, None] * w).ravel(), all_edges, order)


class Fields(NamedTuple):
    """On the grid of K fields: ``ln Z``, its slope g in the first field, and the derivatives of g in the first two."""

    log_z: np.ndarray
    slope: np.ndarray
    bend: np.ndarray
    mixed: np.ndarray


@array_kernel
def _others(number, count, size, p, r, b, found):  # type: ignore[no-untyped-def]
    """Z of all units but two, at the tuple with this number, if none, one or two of those are positive: ``found``."""
    poly = np.zeros(count + 1)
    poly[0] = 1.0
    for k in range(count):
        i = number % size
        number //= size
        poly[k + 1] = p[i] * poly[k]
        for n in range(k, 0, -1):
            poly[n] = r[i] * poly[n] + p[i] * poly[n - 1]
        poly[0] *= r[i]
    found[:] = 0.0
    for n in range(count + 1):
        for shift in range(3):
            found[shift] += b[n + shift] * poly[n]


@array_kernel
def _others_in_logarithms(number, count, size, log_p, log_r, log_b, found):  # type: ignore[no-untyped-def]
    """The same in logarithms."""
    poly = np.full(count + 1, -np.inf)
    poly[0] = 0.0
    for k in range(count):
        i = number % size
        number //= size
        poly[k + 1] = log_p[i] + poly[k]
        for n in range(k, 0, -1):
            poly[n] = log_add(log_r[i] + poly[n], log_p[i] + poly[n - 1])
        poly[0] += log_r[i]
    found[:] = -np.inf
    for n in range(count + 1):
        for shift in range(3):
            found[shift] = log_add(found[shift], log_b[n + shift] + poly[n])


@array_kernel
def _fill(table, log_b, units, whole, log_z, slope, bend, mixed):  # type: ignore[no-untyped-def]
    """See `fields_on`; tuples of nodes are numbers in base ``size``, the first unit the first digit (a numerical one).

    ``table``: p, r, ln p, ln r, density, its logarithm, ``-(ln density)'``. Sums of positive terms; in logarithms where
    Z is below double precision.
    """
    p, r, log_p, log_r, density, log_density, ratio = table
    size, outer, b = p.size, units - 2, np.exp(log_b)
    tuples = size**outer
    rest, logs = np.empty(3), np.empty(3)
    for number in range(tuples):
        _others(number, outer, size, p, r, b, rest)
        _others_in_logarithms(number, outer, size, log_p, log_r, log_b, logs)
        none, one, two = rest
        for i in range(size):
            up, down = two * p[i] + one * r[i], one * p[i] + none * r[i]
            rise, fall = (two - one) * density[i], (one - none) * density[i]
            curl = (two - 2.0 * one + none) * density[i]
            for k in range(size):
                at = (i * size + k) * tuples + number
                zed = up * p[k] + down * r[k]
                if zed > _TINY:
                    inverse = 1.0 / zed
                    log_z[at] = math.log(zed)
                    g = (rise * p[k] + fall * r[k]) * inverse
                    second = (up - down) * density[k] * inverse
                    curled = curl * density[k] * inverse
                else:
                    above = log_add(logs[2] + log_p[k], logs[1] + log_r[k])
                    below = log_add(logs[1] + log_p[k], logs[0] + log_r[k])
                    right = log_add(logs[2] + log_p[i], logs[1] + log_r[i])
                    left = log_add(logs[1] + log_p[i], logs[0] + log_r[i])
                    value = log_add(log_p[i] + above, log_r[i] + below)
                    log_z[at] = value
                    first, other = log_density[i] - value, log_density[k] - value
                    g = math.exp(first + above) - math.exp(first + below)
                    second = math.exp(other + right) - math.exp(other + left)
                    both = first + log_density[k]
                    curled = math.exp(both + logs[2]) + math.exp(both + logs[0]) - 2.0 * math.exp(both + logs[1])
                slope[at] = g
                if whole:
                    bend[at] = -g * (ratio[i] + g)
                    mixed[at] = curled - g * second


def fields_on(field: np.ndarray, variance: float, weights: np.ndarray, *, whole: bool = True) -> Fields:
    """`Fields` of units of thermal ``variance`` whose output has the ``weights`` (by the number of positive units) on
    all tuples of ``field``; ``whole=False`` leaves the second derivatives out.
    """
    units, spread = weights.size - 1, math.sqrt(variance)
    u = field / spread
    log_p, log_r = tail(-u)[0], tail(u)[0]
    density = -0.5 * u * u - math.log(spread) - 0.5 * math.log(2.0 * math.pi)
    table = np.array([np.exp(log_p), np.exp(log_r), log_p, log_r, np.exp(density), density, u / spread])
    with np.errstate(divide="ignore"):
        log_b = np.log(weights)
    shape = (field.size,) * units
    out = [np.empty(field.size**units if used else 0) for used in (True, True, whole, whole)]
    _fill(table, log_b, units, whole, *out)
    return Fields(*(values.reshape(shape) if values.size else values for values in out))


def exchanged(tensor: np.ndarray, k: int, m: int = 1) -> np.ndarray:
    """A function of the first two fields of a tensor, for those of units k and m."""
    units = tensor.ndim
    order = [k, m, *(n for n in range(units) if n not in (k, m))]
    return np.transpose(tensor, np.argsort(order))


def along(tensor: np.ndarray, k: int) -> np.ndarray:
    """A function of the first field of a tensor that is symmetric in the others, for that of unit k."""
    return np.swapaxes(tensor, 0, k)
