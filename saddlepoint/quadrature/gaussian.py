"""Gaussian averages in one and two dimensions with an error estimate; their meshes are in panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from saddlepoint.quadrature.levels import LEVELS
from saddlepoint.quadrature.panels import gaussian_nodes

_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Integral:
    """A value with its standing: ``error`` is an estimate, no bound; ``converged``: it is as small as asked.

    For an integrand with several values, ``value``, ``error`` and ``converged`` are arrays of one shape.
    ``evaluations`` counts the points at which the integrand was computed.
    """

    value: Any
    error: Any
    evaluations: int
    converged: Any


def gaussian_average(
    f: Callable[[np.ndarray], np.ndarray],
    *,
    features: Sequence[tuple[float, float]] = (),
    breaks: Sequence[float] = (),
    tolerance: float = 1e-12,
) -> Integral:
    r"""The average ``int Dz f(z)``, ``Dz = exp(-z^2/2)/sqrt(2 pi) dz``, with an error estimate.

    The level of `gaussian_nodes` is raised (up to 4, from 1, or from 0 if the tolerance is 1e-7 or more)
    until

        error <= tolerance max(1, |value|),
        error = max(|value - value of the level before|, floor, ends),
        floor = eps sum_j |w_j f(z_j)| (2 + z_j^2),
        ends = sum of |f| exp(-z^2/2)/sqrt(2 pi) over the first and the last node,

    for every component. The floor is the rounding of the sum, of the density and of the nodes; that of f
    itself is not known here. The ends tell what lies outside the domain. It also stops once every change is
    below its floor, where finer rules cannot help.

    Parameters
    ----------
    f : callable
        Takes an array of any length n, returns an array (n,), or (..., n) for several values at once.
    features : sequence of (position, width)
        Places where f varies fast: see `gaussian_nodes`.
    breaks : sequence of float
        Kinks and jumps of f. An undeclared one shows as ``converged`` False and a large error.
    tolerance : float
        Positive; absolute below values of 1, relative above.

    Returns
    -------
    Integral
        ``value, error, evaluations, converged``; not reaching the tolerance is no exception, but says so.

    Raises
    ------
    ValueError
        When f is not finite somewhere (the z is named) or returns a wrong shape, or for a tolerance not
        positive.

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint.quadrature import gaussian_average
    >>> found = gaussian_average(lambda z: np.maximum(z - 1.0, 0.0) ** 2, breaks=[1.0])
    >>> round(found.value, 12), found.error < 1e-12, found.converged
    (0.075339783344, True, True)
    """
    position, width, stops = _rows(features, breaks, 1)

    def at_level(level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        z, weight = (a[0] for a in gaussian_nodes(position, width, stops, level))
        values = _checked(f(z), (z,))
        size = np.abs(values)
        ends = size[..., [0, -1]] @ _density(z[[0, -1]])
        return values @ weight, size @ (weight * (2.0 + z * z)), ends, z.size

    return _refined(at_level, tolerance)


def gaussian_average_2d(
    f: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    features_x: Sequence[tuple[float, float]] = (),
    features_y: Any = (),
    breaks_x: Sequence[float] = (),
    breaks_y: Any = (),
    tolerance: float = 1e-12,
) -> Integral:
    r"""The average ``int Dx int Dy f(x, y)``, with an error estimate; both levels rise together.

    Parameters
    ----------
    f : callable
        Takes two arrays of one shape (n, m), returns an array (n, m), or (..., n, m) for several values at
        once.
    features_x, breaks_x : sequence
        Of the inner average as a function of x: as for `gaussian_average`.
    features_y, breaks_y : sequence, or callable
        Of f as a function of y. A callable takes the array x (n,) and returns the sequence, whose positions
        and widths may then be arrays (n,): one feature that moves with x.
    tolerance : float
        With the stopping rule of `gaussian_average`, and ``2 + x^2 + y^2`` in the floor.

    Returns
    -------
    Integral

    Raises
    ------
    ValueError
        When f is not finite somewhere (the point is named) or returns a wrong shape, or for a tolerance not
        positive.

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint.quadrature import gaussian_average_2d
    >>> found = gaussian_average_2d(lambda x, y: 1.0 * (y > x), breaks_y=lambda x: [x])
    >>> round(found.value, 14), found.error < 1e-12, found.converged
    (0.5, True, True)
    """
    position, width, stops = _rows(features_x, breaks_x, 1)

    def at_level(level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        x, outer = (a[0] for a in gaussian_nodes(position, width, stops, level))
        moving = features_y(x) if callable(features_y) else features_y
        ends = breaks_y(x) if callable(breaks_y) else breaks_y
        y, inner = gaussian_nodes(*_rows(moving, ends, x.size), level)
        across = np.repeat(x[:, None], y.shape[1], axis=1)
        values = _checked(f(across, y), (across, y))
        size, weight = np.abs(values), outer[:, None] * inner
        rounding = weight * (2.0 + across * across + y * y)
        sides = (size[..., [0, -1], :] * (_density(x[[0, -1]])[:, None] * inner[[0, -1]])).sum((-1, -2))
        sides += (size[..., [0, -1]] * (outer[:, None] * _density(y[:, [0, -1]]))).sum((-1, -2))
        return _total(values * weight), _total(size * rounding), sides, y.size

    return _refined(at_level, tolerance)


def _density(z: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)


def _total(terms: np.ndarray) -> np.ndarray:
    """Sum over the last two axes as one, which numpy adds pairwise."""
    return terms.reshape(*terms.shape[:-2], -1).sum(axis=-1)


def _rows(
    features: Sequence[Any], breaks: Sequence[Any], size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features and breaks, each a number or an array (size,), as arrays (size, count)."""
    position, width = np.empty((2, size, len(features)))
    stops = np.empty((size, len(breaks)))
    for k, (place, scale) in enumerate(features):
        position[:, k], width[:, k] = place, scale
    for k, place in enumerate(breaks):
        stops[:, k] = place
    return position, width, stops


def _checked(values: Any, points: tuple[np.ndarray, ...]) -> np.ndarray:
    """The values of the integrand, if they have the shape of the points and are finite."""
    values, shape = np.asarray(values, dtype=float), points[0].shape
    if values.shape[values.ndim - len(shape) :] != shape:
        raise ValueError(f"the integrand returned the shape {values.shape} for points of shape {shape}")
    bad = ~np.isfinite(values)
    if bad.any():
        where = tuple(np.argwhere(bad)[0][values.ndim - len(shape) :])
        names = ("z",) if len(points) == 1 else ("x", "y")
        place = ", ".join(f"{name} = {float(p[where])!r}" for name, p in zip(names, points, strict=True))
        raise ValueError(f"the integrand is not finite at {place}")
    return values


def _refined(
    at_level: Callable[[int], tuple[np.ndarray, np.ndarray, np.ndarray, int]], tolerance: float
) -> Integral:
    """Raise the level until the stopping rule of `gaussian_average` holds."""
    if not tolerance > 0:
        raise ValueError(f"tolerance must be positive, got {tolerance}")
    start = 0 if tolerance >= 1e-7 else 1
    before, _, _, evaluations = at_level(start)
    for level in range(start + 1, len(LEVELS)):
        value, size, ends, count = at_level(level)
        evaluations += count
        change, floor = np.abs(value - before), np.maximum(_EPS * size, ends)
        error = np.maximum(change, floor)
        converged = error <= tolerance * np.maximum(1.0, np.abs(value))
        if np.all(converged) or (np.all(change <= floor) and np.all(ends <= _EPS * size)):
            break
        before = value
    if np.ndim(value):
        return Integral(value, error, evaluations, converged)
    return Integral(float(value), float(error), evaluations, bool(converged))
