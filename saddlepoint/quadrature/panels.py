"""Graded panel meshes for Gaussian averages, a batch of rows at once; no integrands, no error estimates."""

from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import array_kernel, inner_kernel, patient_kernel
from saddlepoint.quadrature.levels import panels_alone
from saddlepoint.quadrature.trapezoid import FEW, lay_trapezoid, trapezoid_nodes
from saddlepoint.special._tail import density

_FARTHEST = 36.0  # beyond it a Gaussian density of float64 has nothing left to add


@patient_kernel(FEW)
def edge_room(breaks: int, features: int, grading: np.ndarray) -> int:
    """More edges than a row can have.

    These are caps between the ends, four at each break, and two geometric ladders down to the narrowest width for each
    feature.
    """
    ladder = 2.0 * math.log(1e18) / math.log(1.0 + grading[1]) + 16.0
    return int(4.0 * (_FARTHEST + math.sqrt(grading[4])) / grading[3]) + 8 + 4 * breaks + features * int(ladder)


def gaussian_nodes(
    position: np.ndarray, width: np.ndarray, breaks: np.ndarray | None = None, level: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    r"""Nodes and weights with ``int Dz f(z) = sum_j weight_j f(z_j)``, a batch of rows at once.

    ``Dz = exp(-z^2/2)/sqrt(2 pi) dz`` is the standard Gaussian measure. Gauss-Legendre rules on panels that
    are graded towards the features of each row: f may vary on the scale ``max(w, |z-p|)`` around a feature
    (position p, width w), its nearest complex singularity there at a distance of about w or more from p.
    Panels end at the breaks. For ``ln H((k - sqrt(q) z)/sqrt(1-q))`` the feature is ``p = k/sqrt(q)``, ``w =
    sqrt((1-q)/q)``; for ``ln 2cosh(sqrt(c) z)`` it is ``p = 0``, ``w = 1/sqrt(c)``.

    The domain runs from ``-L`` to ``L'``, with ``L^2 = reach + c^2`` (reach 80 at level 1) and c the farthest
    of the breaks on that side, or of ``p sqrt(8/(8 + w^2))`` for the features on that side, at most 36. So
    averages dominated by a far tail, such as ``int_8^inf Dz``, keep their relative digits.

    Parameters
    ----------
    position, width : array (B, F)
        Features of each row; F may be 0. No feature: a position that is not finite, or a width inf or nan.
        Widths below ``1e-15 (1 + |position|)`` count as that.
    breaks : array (B, K), optional
        Kinks and jumps of f; nan and infinities mean none. A break where f also varies fast is a feature too.
    level : int
        0 (errors of about 1e-8), 1 (rounding only, for functions as above), 2, 3, 4 (each finer; different
        orders, meshes and domains, so that the change from a level to the next measures the error of the
        former).

    Returns
    -------
    z, weight : array (B, n)
        The weight holds the Gaussian density. Shorter rows are filled up with their last node at weight 0. A
        row does not depend on the other rows, but for the filling.

    Raises
    ------
    ValueError
        For shapes that do not match, a negative width, an unknown level.

    Notes
    -----
    Nodes are rounded to float64: what happens within w of p is seen with a relative error ``1e-16 |p|/w``.
    A function that grows like ``exp(s |z|)`` moves the Gaussian by s: breaks at ``+-sqrt(s (s + 18))`` extend
    the domain by that much. Not for functions that grow like ``exp(z^2/4)`` or oscillate faster than the
    features say. Use `gaussian_average` where an error estimate is wanted.

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint.quadrature import gaussian_nodes
    >>> z, weight = gaussian_nodes(np.array([[0.0]]), np.array([[1e-5]]))
    >>> exact = 1.0 - 1e-5 * np.sqrt(2.0 / np.pi)
    >>> z.shape, abs((weight * np.tanh(z / 1e-5) ** 2).sum() - exact) < 1e-14
    ((1, 420), np.True_)
    """
    rule, grading = panels_alone(level)
    position = np.array(position, dtype=float, order="C", ndmin=2)
    width = np.array(width, dtype=float, order="C", ndmin=2)
    none = breaks is None
    stops = np.empty((position.shape[0], 0)) if none else np.array(breaks, float, order="C", ndmin=2)
    if position.shape != width.shape or stops.shape[0] != position.shape[0]:
        raise ValueError(
            "position, width and breaks must have shapes (B, F), (B, F) and (B, K), "
            f"got {position.shape}, {width.shape} and {stops.shape}"
        )
    return nodes_for_python(position, width, stops, rule, grading)


def nodes_for_python(
    position: np.ndarray, width: np.ndarray, breaks: np.ndarray, rule: np.ndarray, grading: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`gaussian_nodes` on checked arrays, for callers in Python: the steps of `build_nodes`, each with its kernel."""
    edges = np.empty((edge_room(breaks.shape[1], position.shape[1], grading), len(position)))
    panels = np.empty(len(position), dtype=np.int64)
    most = lay_panels(position, width, breaks, grading, np.empty(breaks.shape[1] + 1), edges, panels)
    return nodes_between(edges, panels, most, rule)


def nodes_between(
    edges: np.ndarray, panels: np.ndarray, most: int, rule: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (B, n) for panels that `lay_panels` has laid, ``most`` nodes in a row."""
    z, weight = np.empty((2, panels.size, most))
    fill_nodes(edges, panels, rule, np.empty((2, most)), z, weight)
    return z, weight


@array_kernel
def build_nodes(
    position: np.ndarray, width: np.ndarray, breaks: np.ndarray, rule: np.ndarray, grading: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`gaussian_nodes` on checked arrays, for compiled callers (a numerical kernel: all rows in one pass).

    Not for callers in Python: a cached kernel that returns arrays must not be both called from there and linked into
    other cached kernels, for its Python wrapper could find the environment of the copy that was loaded first.
    """
    batch = position.shape[0]
    edges = np.empty((edge_room(breaks.shape[1], position.shape[1], grading), batch))
    panels, stops = np.empty(batch, np.int64), np.empty(breaks.shape[1] + 1)
    most = lay_panels(position, width, breaks, grading, stops, edges, panels)
    z, weight = np.empty((batch, most)), np.empty((batch, most))
    fill_nodes(edges, panels, rule, np.empty((2, most)), z, weight)
    return z, weight


@array_kernel
def fill_nodes(
    edges: np.ndarray,
    panels: np.ndarray,
    rule: np.ndarray,
    scratch: np.ndarray,
    z: np.ndarray,
    weight: np.ndarray,
) -> None:
    """Fill all nodes and weights (B, n); ``scratch`` is (2, n). A numerical kernel.

    Loops over single numbers throughout: slices, `min` and `max` would take most of the time of its compilation.
    """
    one, share = scratch[0], scratch[1]
    for row in range(panels.size):
        used = row_nodes(row, edges, panels[row], rule, one, share)
        for i in range(z.shape[1]):  # what is left over repeats the last node with weight 0
            z[row, i] = one[i] if i < used else one[used - 1]
            weight[row, i] = share[i] if i < used else 0.0


@inner_kernel
def row_nodes(
    row: int, edges: np.ndarray, panels: int, rule: np.ndarray, z: np.ndarray, weight: np.ndarray
) -> int:
    """Fill the first nodes and weights of one row between its edges (room, B); returns how many."""
    order = rule.shape[1]
    if panels < 0:
        trapezoid_nodes(row, edges, -panels, z, weight)
        return -panels
    for k in range(panels):
        half = 0.5 * (edges[k + 1, row] - edges[k, row])
        middle = edges[k, row] + half
        for i in range(order):
            z[k * order + i] = middle + half * rule[0, i]
            weight[k * order + i] = half * rule[1, i]
    for i in range(panels * order):
        weight[i] *= density(abs(z[i]))
    return panels * order


@patient_kernel(FEW)
def lay_panels(
    position: np.ndarray,
    width: np.ndarray,
    breaks: np.ndarray,
    grading: np.ndarray,
    stops: np.ndarray,
    edges: np.ndarray,
    panels: np.ndarray,
) -> int:
    """`row_edges` of all rows; what they return goes into ``panels``. Returns the largest number of nodes."""
    most, order = 0, int(grading[8])
    for row in range(panels.size):
        panels[row] = row_edges(row, position, width, breaks, grading, stops, edges)
        nodes = order * panels[row] if panels[row] > 0 else -panels[row]
        most = nodes if nodes > most else most
    return most


@patient_kernel(FEW)
def row_edges(
    row: int,
    position: np.ndarray,
    width: np.ndarray,
    breaks: np.ndarray,
    grading: np.ndarray,
    stops: np.ndarray,
    edges: np.ndarray,
) -> int:
    """Panel edges of one row, left to right, into ``edges`` (room, B); returns the number of panels.

    Where the trapezoidal rule serves, it is that which is laid, and the number of its nodes is returned, negative.

    A numerical kernel. ``stops`` is scratch for the sorted breaks and the right end.
    """
    core, growth, near, cap, reach = grading[0], grading[1], grading[2], grading[3], grading[4]
    below, above = 0.0, 0.0  # squares of the farthest places on either side
    for j in range(breaks.shape[1] + position.shape[1]):
        if j < breaks.shape[1]:
            place = breaks[row, j]
            square = place * place if abs(place) <= 38.6 else 0.0
        else:
            f = j - breaks.shape[1]
            place, w = position[row, f], width[row, f]
            if w < 0.0:
                raise ValueError("the widths of features must not be negative")
            # E exp(-m (z-p)^2/(2 w^2)) falls like exp(-m p^2/(m + w^2)/2): relative digits for powers m up to 8
            square = 8.0 * place * place / (8.0 + w * w) if abs(place) < np.inf and w < np.inf else 0.0
        square = square if square < _FARTHEST * _FARTHEST else _FARTHEST * _FARTHEST
        if place < 0.0:
            below = square if square > below else below
        else:
            above = square if square > above else above
    left, right = -math.sqrt(reach + below), math.sqrt(reach + above)
    number = 0
    for j in range(breaks.shape[1]):
        place = breaks[row, j]
        if left < place < right:
            k = number
            while k > 0 and stops[k - 1] > place:
                stops[k] = stops[k - 1]
                k -= 1
            stops[k] = place
            number += 1
    stops[number] = right
    if number == 0 and grading[5] > 0.0:
        nodes = lay_trapezoid(row, position, width, left, right, grading[5:], edges)
        if nodes > 0:
            return -nodes
    shrink = growth / (1.0 + growth)
    a, panels = left, 0
    edges[0, row] = left
    for k in range(number + 1):
        stop = stops[k]
        while a < stop:
            length = cap
            for f in range(position.shape[1]):
                ahead, narrow = position[row, f] - a, width[row, f]
                if ahead == ahead and narrow < np.inf:
                    # a feature narrower than a few units in the last place of its position cannot be resolved
                    least = 1e-15 * (1.0 + abs(position[row, f]))
                    finest = narrow if narrow > least else least
                    graded = (shrink if ahead > 0.0 else growth) * (abs(ahead) - near * finest)
                    graded = graded if graded > core * finest else core * finest
                    length = graded if graded < length else length
            rest = stop - a
            if rest <= 1.1 * length:
                a = stop
            elif rest < 2.0 * length:
                a += 0.5 * rest
            else:
                a += length
            panels += 1
            if panels == edges.shape[0]:
                raise ValueError("more panels than edge_room foresees")
            edges[panels, row] = a
    return panels
