"""Nodes for Gaussian fields with a mean and a deviation, and weighted sums over them, compiled; no integrands here."""

from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import array_kernel, inner_kernel, patient_kernel
from saddlepoint.quadrature.levels import rule_and_grading
from saddlepoint.quadrature.panels import build_nodes, edge_room, lay_panels, nodes_between, row_edges, row_nodes
from saddlepoint.quadrature.trapezoid import FEW

_FAR = 40.0  # a feature that many deviations away is outside the Gaussian: the integrand is smooth there


@patient_kernel(FEW)
def _standard(place, width, mean, deviation):  # type: ignore[no-untyped-def]
    """A feature moved to the standard variable."""
    spot = (place - mean) / deviation
    if abs(spot) < _FAR:
        return spot, width / deviation
    return 0.0, math.inf  # also where the deviation is 0


@patient_kernel(FEW)
def _standard_features(places, widths, mean, deviation, position, width):  # type: ignore[no-untyped-def]
    """All features of a batch moved there."""
    for row in range(places.shape[0]):
        for f in range(places.shape[1]):
            moved = _standard(places[row, f], widths[row, f], mean[row], deviation[row])
            position[row, f], width[row, f] = moved


@array_kernel
def scaled_nodes(places, widths, mean, deviation, rule, grading):  # type: ignore[no-untyped-def]
    """Nodes in the standard variable for features in units of the field; for compiled callers."""
    rows, count = places.shape
    position, width = np.empty((rows, count)), np.empty((rows, count))
    _standard_features(places, widths, mean, deviation, position, width)
    return build_nodes(position, width, np.empty((rows, 0)), rule, grading)


def field_panels(
    places: np.ndarray, widths: np.ndarray, mean: np.ndarray, deviation: np.ndarray, level: int, tails: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """What is laid for averages over ``field = mean + deviation z``, for kernels that take nodes and sums in one pass.

    Parameters are those of `field_nodes`. Returns the edges (room, B), the numbers of panels (B,) (negative: of nodes
    of the trapezoidal rule), the rule (2, order), and the largest number of nodes of a row, which `row_nodes` makes
    of them.
    """
    rule, grading = rule_and_grading(level, tails)
    edges = np.empty((edge_room(0, places.shape[1], grading), len(mean)))
    panels = np.empty(len(mean), dtype=np.int64)
    position, width = np.empty((2, *places.shape))
    _standard_features(places, widths, mean, deviation, position, width)
    none = np.empty((len(mean), 0))
    return edges, panels, rule, lay_panels(position, width, none, grading, np.empty(1), edges, panels)


def field_nodes(
    places: np.ndarray,
    widths: np.ndarray,
    mean: np.ndarray,
    deviation: np.ndarray,
    level: int = 1,
    *,
    tails: bool = True,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Nodes for averages over ``field = mean + deviation z``, z standard Gaussian, whose features are known in
    the field.

    Parameters
    ----------
    places, widths : arrays (B, F)
        Features in units of the field (`gaussian_nodes` explains them); inf or nan: none.
    mean, deviation : arrays (B,)
        ``deviation`` may be 0.
    level : int
        Level of refinement.
    tails : bool
        Whether averages that are all tail are to keep their relative digits.

    Returns
    -------
    z, weight, field : arrays (B, n)

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint.quadrature.fields import field_nodes
    >>> one = np.ones(1)
    >>> z, weight, field = field_nodes(np.zeros((1, 1)), np.ones((1, 1)), one, 2 * one)
    >>> float((weight * field**2).sum().round(12))  # mean^2 + deviation^2
    5.0
    """
    # views would each be compiled for anew
    places, widths, mean, deviation = (np.array(each, float, order="C") for each in (places, widths, mean, deviation))
    edges, panels, rule, most = field_panels(places, widths, mean, deviation, level, tails)
    z, weight = nodes_between(edges, panels, most, rule)
    return z, weight, mean[:, None] + deviation[:, None] * z


@inner_kernel
def nodes_at(deviation, place, width, further, wider, rule, grading):  # type: ignore[no-untyped-def]
    """Nodes, weights and room for three values at each (5, n), of one row: ``field = deviation z`` with two features in
    units of the field, the second of width inf where there is none.
    """
    places, widths = np.empty((1, 2)), np.empty((1, 2))
    places[0, 0], widths[0, 0] = _standard(place, width, 0.0, deviation)
    places[0, 1], widths[0, 1] = _standard(further, wider, 0.0, deviation)
    edges = np.empty((edge_room(0, 2, grading), 1))
    panels = row_edges(0, places, widths, np.empty((1, 0)), grading, np.empty(1), edges)
    nodes = np.empty((5, -panels if panels < 0 else panels * rule.shape[1]))
    row_nodes(0, edges, panels, rule, nodes[0], nodes[1])
    return nodes


_BLOCK = 16  # nodes that are summed by themselves: rounding does not add up over all nodes


@inner_kernel
def sums_of_row(weight, value, slope, bend, count):  # type: ignore[no-untyped-def]
    """``sum_n weight x`` over the first ``count`` nodes, for x = value, bend, slope^2, bend^2 and slope^2 bend."""
    sums = 0.0, 0.0, 0.0, 0.0, 0.0
    for start in range(0, count, _BLOCK):
        part = 0.0, 0.0, 0.0, 0.0, 0.0
        for node in range(start, min(start + _BLOCK, count)):
            mass = weight[node]
            part = (
                part[0] + mass * value[node],
                part[1] + mass * bend[node],
                part[2] + mass * (slope[node] * slope[node]),
                part[3] + mass * (bend[node] * bend[node]),
                part[4] + mass * (slope[node] * slope[node]) * bend[node],
            )
        sums = sums[0] + part[0], sums[1] + part[1], sums[2] + part[2], sums[3] + part[3], sums[4] + part[4]
    return sums


@array_kernel
def _weighted_sum(weight, value, squared, out):  # type: ignore[no-untyped-def]
    for row in range(weight.shape[0]):
        total, count = 0.0, weight.shape[1]
        for start in range(0, count, _BLOCK):
            part = 0.0
            for node in range(start, min(start + _BLOCK, count)):
                one = value[row, node]
                part += weight[row, node] * (one * one if squared else one)
            total += part
        out[row] = total


def weighted_sums(
    weight: np.ndarray, values: tuple[np.ndarray, ...], squares: tuple[np.ndarray, ...] = ()
) -> np.ndarray:
    """Row sums ``sum_n weight v`` for each of ``values`` and, behind them, ``sum_n weight s^2`` for each of
    ``squares``.

    Parameters
    ----------
    weight : array (B, n)
    values, squares : tuples of arrays (B, n)
        At least one value; broadcast views are welcome.

    Returns
    -------
    array (len(values) + len(squares), B)

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint.quadrature.fields import weighted_sums
    >>> weighted_sums(np.array([[0.5, 0.5]]), (np.array([[1.0, 3.0]]),), (np.array([[1.0, 3.0]]),))
    array([[2.],
           [5.]])
    """
    out, weight = np.empty((len(values) + len(squares), len(weight))), np.ascontiguousarray(weight)
    for k, value in enumerate((*values, *squares)):
        _weighted_sum(weight, np.ascontiguousarray(value, dtype=float), k >= len(values), out[k])
    return out
