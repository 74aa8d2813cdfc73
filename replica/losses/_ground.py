"""Averages of a proximal map over a Gaussian field: panels, and compiled closed forms; no loss lives here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import column, per_row
from replica.losses._protocol import Cost
from replica.losses._tabulated import tabulated_breaks
from saddlepoint._jit import array_kernel, scalar_kernel
from saddlepoint.quadrature.fields import weighted_sums
from saddlepoint.quadrature.panels import gaussian_nodes
from saddlepoint.quadrature.rules import gauss_legendre
from saddlepoint.special import hazard_excess, tail_pair

INVERSE_SQRT_2PI = 0.3989422804014327
STEP = 2.0**-24  # of the slope of a proximal map that is known by its values, exact in binary
_NEAR = 0.7  # reaches up to that many deviations are integrated, not subtracted


def ground_nodes(
    loss: Cost,
    mean: np.ndarray,
    deviation: np.ndarray,
    response: np.ndarray,
    level: int,
    places: Any = None,
    widths: Any = None,
    whole: bool = True,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes in z, weights and fields that end at the breaks of the map and resolve where it bends; with the features
    (batch, F), in units of the field, of what it is averaged with. ``whole``: also where a stability changes its sign.
    """
    own, smear = loss.ground_features(response)
    if places is not None:
        own, smear = np.concatenate([own, places], axis=1), np.concatenate([smear, widths], axis=1)
    scale, shift = deviation[:, None], mean[:, None]
    felt = loss.tabulated  # of many breaks those that an average feels
    breaks = tabulated_breaks(loss, response, mean, deviation) if felt else loss.ground_breaks(response)
    if whole:
        breaks = np.concatenate([breaks, loss.ground_edge(response)[:, None]], axis=1)
    position = (own - shift) / scale
    near = np.abs(position) < 40.0
    width = np.where(near, smear / scale, np.inf)
    z, weight = gaussian_nodes(np.where(near, position, 0.0), width, (breaks - shift) / scale, level)
    return z, weight, shift + scale * z


def slope_of_map(loss: Cost, field: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """`Loss.ground_slope` of a loss that gives its map: from the bend of a convex cost, else by differences, which are
    exact for maps made of straight pieces.
    """
    best, _ = loss.ground(field, variance)
    if not loss.log_concave or loss.hard:
        return (loss.ground(field + STEP, variance)[0] - best) / STEP
    held = np.zeros(field.shape, dtype=bool)
    for kink in loss.kinks():
        held |= best == column(kink)
    bend = np.maximum(loss.bend(best), 0.0)
    softness = np.multiply(variance[:, None], bend, out=np.zeros_like(bend), where=bend > 0.0)  # also where V is inf
    return np.where(held, 0.0, 1.0 / (1.0 + softness))


def panel_sums(
    loss: Cost, mean: np.ndarray, deviation: np.ndarray, response: np.ndarray, level: int, whole: bool = True
) -> np.ndarray:
    """`Loss.ground_sums` on panels."""
    _, weight, field = ground_nodes(loss, mean, deviation, response, level, whole=whole)
    best, move, held = loss.moved(field, response)
    cost, wrong = np.zeros_like(field), np.zeros_like(field)
    if whole:
        cost, wrong = loss.paid(best), loss.violated(best).astype(float)
    sums = weighted_sums(weight, (move, held, cost, wrong), (move, held))
    return sums[[0, 4, 1, 5, 2, 3]]


@scalar_kernel
def distribution(x):  # type: ignore[no-untyped-def]
    """Phi(x), the probability below x of a unit Gaussian."""
    return np.exp(tail_pair(-x)[0])


@scalar_kernel
def first_excess(x):  # type: ignore[no-untyped-def]
    """``E (x - z)_+ = x Phi(x) + g(x)``, relatively accurate in the tail."""
    if x < 0.0:
        return np.exp(tail_pair(-x)[0]) * hazard_excess(-x)
    return x * np.exp(tail_pair(-x)[0]) + INVERSE_SQRT_2PI * np.exp(-0.5 * x * x)


@scalar_kernel
def second_excess(x):  # type: ignore[no-untyped-def]
    """``E (x - z)_+^2 = (x^2 + 1) Phi(x) + x g(x)``."""
    if x < 0.0:
        return np.exp(tail_pair(-x)[0]) * (1.0 + x * hazard_excess(-x))
    return (x * x + 1.0) * np.exp(tail_pair(-x)[0]) + x * INVERSE_SQRT_2PI * np.exp(-0.5 * x * x)


@array_kernel
def _clipped_kernel(upper, length, nodes, weights, out):  # type: ignore[no-untyped-def]
    """Moments of the length of [a, b] above z: rows E l, E l^2, P(a < z < b), Phi(a), E (a - z)_+ .

    ``E l = int_a^b Phi`` and ``E l^2 = 2 int_a^b (b-x) Phi`` are integrated where a and b are near, so that nothing
    cancels, and are differences of tail moments where they are not.
    """
    for row in range(upper.size):
        b, reach = upper[row], length[row]
        a = b - reach
        if reach < _NEAR:
            one, two, inside = 0.0, 0.0, 0.0
            for i in range(nodes.size):
                x = a + 0.5 * reach * (1.0 + nodes[i])
                below = distribution(x)
                one += weights[i] * below
                two += weights[i] * (1.0 - nodes[i]) * below  # b - x, of which b may be large beside the reach
                inside += weights[i] * INVERSE_SQRT_2PI * np.exp(-0.5 * x * x)
            out[0, row], out[1, row], out[2, row] = 0.5 * reach * one, 0.5 * reach * reach * two, 0.5 * reach * inside
        elif not a > -1e300:
            out[0, row], out[1, row], out[2, row] = first_excess(b), second_excess(b), distribution(b)
        elif a + b > 0.0:  # most of the mass is below: what it lacks of the whole reach
            right = first_excess(-b)
            lack = first_excess(-a) - right
            square = second_excess(-a) - second_excess(-b) - 2.0 * reach * right
            out[0, row] = reach - lack
            out[1, row] = reach * (reach - 2.0 * lack) + square
            out[2, row] = distribution(-a) - distribution(-b)
        else:
            left = first_excess(a)
            out[0, row] = first_excess(b) - left
            out[1, row] = second_excess(b) - second_excess(a) - 2.0 * reach * left
            out[2, row] = distribution(b) - distribution(a)
        out[3, row] = distribution(a) if a > -1e300 else 0.0
        out[4, row] = first_excess(a) if a > -1e300 else 0.0


def clipped_moments(upper: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Averages over z of ``l = clip(b - z, 0, length)``, ``a = b - length``.

    ``E l, E l^2, P(a<z<b), P(z<a), E (a-z)_+``.

    The length is given, not a, for it may be much smaller than b.
    """
    out = np.empty((5, upper.size))
    _clipped_kernel(np.ascontiguousarray(upper), np.ascontiguousarray(length), *gauss_legendre(14), out)
    return out


def below(edge: Any, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Probability that the field ``mean + deviation z`` is below an edge."""
    from saddlepoint.special import tail

    return np.exp(tail((mean - per_row(edge, mean.size)) / deviation)[0])
