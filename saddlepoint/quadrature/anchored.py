"""Graded panels whose nodes are given as distances from where an integrand changes fast; no integrands here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from saddlepoint.quadrature.rules import gauss_legendre

#: order of the rule, longest panel beside a feature (in its width) and elsewhere (in its distance), by level
LEVELS = ((12, 2.0, 2.0), (16, 1.8, 1.8), (20, 1.6, 1.6), (26, 1.4, 1.5), (32, 1.2, 1.3))
NEAR = 2.0  # widths: a feature that close to another place is resolved from there


class Nodes(NamedTuple):
    """Nodes ``anchor + offset`` of one row with their weights."""

    anchor: np.ndarray
    offset: np.ndarray
    weight: np.ndarray

    @property
    def place(self) -> np.ndarray:
        """The nodes rounded to float64, each on its own side of its anchor."""
        found = self.anchor + self.offset
        below, above = np.nextafter(self.anchor, -np.inf), np.nextafter(self.anchor, np.inf)
        return np.where(self.offset < 0, np.minimum(found, below), np.maximum(found, above))


def anchored_nodes(
    places: np.ndarray, widths: np.ndarray, breaks: np.ndarray, ends: tuple[float, float], cap: float, level: int = 1
) -> Nodes:
    """Nodes and weights of ``int f(x) dx`` between two ends, exact in their distance from the nearest place.

    Rounded to float64 a node at p + x is known to ``1e-16 |p|/|x|`` only. Layers of width w on either side of a place p
    are resolved here to a relative 1e-16 by integrands that are functions of the offset.

    Parameters
    ----------
    places, widths : arrays (F,)
        f may vary on the scale ``max(w, |x-p|)`` around a feature; those that are not finite are none.
    breaks : array (K,)
        Kinks and jumps of f, at which panels end.
    ends : (float, float)
    cap : float
        The longest panel.
    level : int
        0 to 4, each finer.

    Returns
    -------
    Nodes

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint.quadrature.anchored import anchored_nodes
    >>> nodes = anchored_nodes(np.array([0.3]), np.array([1e-9]), np.array([0.3]), (-1.0, 1.0), 0.5)
    >>> float((nodes.weight * np.exp(-0.5 * (nodes.offset / 1e-9) ** 2)).sum() / np.sqrt(2 * np.pi)).__round__(20)
    1e-09
    """
    order, core, growth = LEVELS[level]
    low, high = ends
    stops = np.unique(breaks[np.isfinite(breaks)])
    anchors = stops[(stops > low) & (stops < high)].tolist()
    inside = (places > low) & (places < high) & (widths > 0) & np.isfinite(widths)
    known = [(float(places[k]), float(widths[k])) for k in np.flatnonzero(inside)[np.argsort(widths[inside])]]
    for place, width in known:
        if not anchors or np.abs(np.array(anchors) - place).min() > NEAR * width:
            anchors.append(place)
    at = np.sort(anchors) if anchors else np.array([0.5 * (low + high)])
    # beside another place, however near, f varies as its features say there
    scales = [np.maximum(width, np.abs(at - place)) for place, width in known]
    fine = np.min(scales, axis=0) if known else np.full(at.size, np.inf)
    half = 0.5 * np.diff(at)
    sides = (np.append(at[0] - low, half), -1.0), (np.append(half, high - at[-1]), 1.0)
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    node, share = gauss_legendre(order)
    for reaches, sign in sides:
        for place, width, reach in zip(at, fine, reaches, strict=True):
            edges = _edges(reach, min(core * width, cap), growth, cap)
            size = 0.5 * np.diff(edges)[:, None]
            offset = (edges[:-1, None] + size * (1.0 + node)).ravel()
            found.append((np.full(offset.size, place), sign * offset, (size * share).ravel()))
    return Nodes(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _edges(reach: float, first: float, growth: float, cap: float) -> np.ndarray:
    """Panel ends from 0 to ``reach``, of lengths that grow with the distance."""
    edges = [0.0]
    while edges[-1] < reach:
        edges.append(edges[-1] + min(max(first, growth * edges[-1]), cap))
    edges[-1] = reach
    return np.array(edges)
