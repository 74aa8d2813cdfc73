"""Gaussian averages in mpmath arithmetic, to any number of digits, for certification and for tests; slow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from saddlepoint.quadrature.levels import Grading
from saddlepoint.quadrature.panels import edge_room, row_edges
from saddlepoint.quadrature.rules import fixed_point_rule

_ATTEMPTS = 6
_SPARE = 10  # digits carried beyond those asked for


def gaussian_average_reference(
    f: Callable[[Any], Any],
    digits: int,
    *,
    features: Sequence[tuple[Any, Any]] = (),
    breaks: Sequence[Any] = (),
    mp: Any,
) -> tuple[Any, Any]:
    r"""The average ``int Dz f(z)``, ``Dz = exp(-z^2/2)/sqrt(2 pi) dz``, to ``digits`` digits in mpmath.

    Composite Gauss-Legendre rules on panels graded towards the features, as in `gaussian_nodes`, evaluated
    with two orders on two meshes and two domains; the orders are raised until the two agree,

        |change| <= 10^-digits  sum_j |w_j f(z_j)|,

    at most six times. The error returned is the last change (at least the rounding of the sum), so a caller
    who needs the digits looks at it: it is larger than asked when they were not reached.

    Parameters
    ----------
    f : callable
        Takes one ``mpf`` and returns an ``mpf``, or a tuple or list of them (all averaged over the same
        nodes). It is called with ``digits + 10`` digits in force and two more for each decade of the
        narrowest width below 1
        (``u^2`` of ``u = (z-p)/w`` loses that many), or with those of the context if it carries more.
    digits : int
        Significant digits wanted, at least 1.
    features : sequence of (position, width)
        Places where f varies fast, as for `gaussian_nodes`; widths below 1e-15 count as 1e-15.
    breaks : sequence of numbers
        Kinks and jumps; ``mpf`` positions are kept exactly. Those that are not finite are none.
    mp : mpmath context
        Usually ``mpmath.mp``.

    Returns
    -------
    (value, error)
        Two ``mpf``, or two lists of ``mpf`` when f returns a tuple or list.

    Raises
    ------
    ValueError
        When f is not finite somewhere (the point is named), or ``digits`` is below 1.

    Examples
    --------
    >>> import mpmath
    >>> from saddlepoint.quadrature import gaussian_average_reference
    >>> value, error = gaussian_average_reference(lambda z: z**4, 25, mp=mpmath.mp)
    >>> mpmath.nstr(value, 20), error < 1e-25
    ('3.0', True)
    """
    if digits < 1:
        raise ValueError(f"digits must be at least 1, got {digits}")
    narrowest = min((float(w) for _, w in features if w > 0), default=1.0)
    spare = _SPARE + math.ceil(-2 * math.log10(min(1.0, max(narrowest, 1e-15))))
    with mp.workdps(max(digits + spare, mp.dps)):
        order = 6 + round(0.85 * digits)
        coarse = _average(f, _panels(digits, features, breaks, 1.0, mp), order, mp)
        for attempt in range(1, _ATTEMPTS + 1):
            order += 2 + order // 8
            # each attempt has its own mesh and domain, so that the change sees what both leave out
            fine = _average(f, _panels(digits + 2 * attempt, features, breaks, 0.9**attempt, mp), order, mp)
            change = [abs(a - b) for a, b in zip(fine[0], coarse[0], strict=True)]
            tolerance = [mp.mpf(10) ** -digits * size for size in fine[1]]
            if all(c <= t for c, t in zip(change, tolerance, strict=True)):
                break
            coarse = fine
            order += order // 4
        error = [max(c, 16 * mp.eps * size) for c, size in zip(change, fine[1], strict=True)]
        return (fine[0], error) if fine[2] else (fine[0][0], error[0])


def _panels(
    digits: int, features: Sequence[Any], breaks: Sequence[Any], fineness: float, mp: Any
) -> list[Any]:
    """Panel edges in mpmath numbers; the mesh is laid in float64, the breaks are then put back exactly."""
    place = np.array([float(p) for p, _ in features])
    width = np.array([float(w) for _, w in features])
    exact = {float(b): mp.mpf(b) for b in breaks}
    reach = 2.0 * math.log(10.0) * (digits + 2)
    grading = Grading(2, 2.2 * fineness, 3.5 * fineness, 2.0, 4.5 * fineness, reach).arrays()[1]
    stops, scratch = np.array(list(exact)), np.empty(len(exact) + 1)
    edges = np.empty((edge_room(stops.size, place.size, grading), 1))
    count = row_edges(0, place[None], width[None], stops[None], grading, scratch, edges)
    return [exact[edge] if edge in exact else mp.mpf(edge) for edge in edges[: count + 1, 0].tolist()]


def _average(
    f: Callable[[Any], Any], edges: list[Any], order: int, mp: Any
) -> tuple[list[Any], list[Any], bool]:
    """Sums of ``w f`` and of ``w |f|``, and whether f returns several values."""
    rule = _rule(order, mp, mp.prec)
    total: list[Any] = []
    size: list[Any] = []
    several = False
    for a, b in zip(edges, edges[1:], strict=False):
        half, middle = (b - a) / 2, (a + b) / 2
        for x, w in rule:
            z = middle + half * x
            values = f(z)
            several = isinstance(values, (tuple, list))
            terms = list(values) if several else [values]
            if not all(mp.isfinite(v) for v in terms):
                raise ValueError(f"the integrand is not finite at z = {mp.nstr(z, 17)}")
            weight = half * w * mp.exp(-z * z / 2)
            parts = [weight * v for v in terms]
            total = [t + p for t, p in zip(total, parts, strict=True)] if total else parts
            size = [s + abs(p) for s, p in zip(size, parts, strict=True)] if size else [abs(p) for p in parts]
    scale = 1 / mp.sqrt(2 * mp.pi)
    return [scale * t for t in total], [scale * s for s in size], several


@lru_cache(maxsize=64)
def _rule(order: int, mp: Any, precision: int) -> list[tuple[Any, Any]]:
    """Nodes and weights as numbers of the context, exact to its present precision."""
    bits = precision + 16
    nodes, weights = fixed_point_rule(order, bits)
    scaled = ([mp.ldexp(mp.mpf(n), -bits) for n in numbers] for numbers in (nodes, weights))
    return list(zip(*scaled, strict=True))
