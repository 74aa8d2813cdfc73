"""Inner quadrature of ``exp(-beta l)`` over the stability, for losses without closed forms; no loss lives here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from replica._registry import column, per_row
from saddlepoint.quadrature.panels import gaussian_nodes

if TYPE_CHECKING:
    from replica.losses.base import Loss


class Tilted(NamedTuple):
    """Nodes of the measure ``Dz exp(-beta l(h + sqrt(V) z))``, a row per node of the field.

    ``z``, ``u`` (nodes, inner); ``mass`` sums to ``Z exp(-top)``; the first axis runs over the flattened field.
    """

    z: np.ndarray
    u: np.ndarray
    mass: np.ndarray
    top: np.ndarray


def tilted_nodes(loss: Loss, field: np.ndarray, variance: np.ndarray, beta: Any, edges: tuple[Any, ...]) -> Tilted:
    """Panels that end at the edges: around the mode for a convex cost, around the field for any other."""
    centred = loss.log_concave and not loss.hard and bool(np.all(np.isfinite(beta)))
    return (_around_mode if centred else _around_field)(loss, field, variance, beta, edges)


def on_rows(loss: Loss, u: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The cost on inner nodes, for a member whose parameters may be one per row of the batch."""
    return np.asarray(loss.cost(u.reshape(shape[0], -1)), dtype=float).reshape(u.shape)


def _spread(field: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.sqrt(variance)[:, None], field.shape).reshape(-1)


def _inverse_temperature(field: np.ndarray, beta: Any) -> np.ndarray:
    return np.broadcast_to(np.asarray(column(beta), dtype=float), field.shape).reshape(-1, 1)


def _around_field(loss: Loss, field: np.ndarray, variance: np.ndarray, beta: Any, edges: tuple[Any, ...]) -> Tilted:
    """Panels of length ``1.5/sqrt(1 + beta V)``, the width of the tilted Gaussian for a cost of unit curvature."""
    spread, flat = _spread(field, variance), field.reshape(-1)
    places = [(per_row(edge, variance.size)[:, None] - field).reshape(-1) / spread for edge in edges]
    finite = np.where(np.isfinite(beta), beta, 0.0)
    stiffness = np.atleast_1d(finite * variance)
    steepest = np.max(stiffness, initial=0.0, where=np.isfinite(stiffness))  # rows without a variance give NaN
    step = float(np.clip(1.5 / np.sqrt(1.0 + steepest), 0.1, 2.5))
    regular = np.arange(-10.0 + 0.5 * step, 10.0, step)
    grid = np.broadcast_to(regular, (spread.size, regular.size))
    breaks = np.concatenate([grid, *(place[:, None] for place in places)], axis=1)
    none = np.zeros((spread.size, 0))
    z, weight = gaussian_nodes(none, none, breaks, level=1)
    u = flat[:, None] + spread[:, None] * z
    cost = on_rows(loss, u, field.shape)
    with np.errstate(invalid="ignore"):
        # at beta = inf only zero cost is allowed
        exponent = np.where(cost == 0, 0.0, -_inverse_temperature(field, beta) * cost)
    top = np.max(exponent, axis=1)
    top = np.where(np.isfinite(top), top, 0.0)
    return Tilted(z, u, weight * np.exp(exponent - top[:, None]), top)


def _around_mode(loss: Loss, field: np.ndarray, variance: np.ndarray, beta: Any, edges: tuple[Any, ...]) -> Tilted:
    r"""With ``z = c + t`` at the mode c: ``e^{-z^2/2} = e^{-t^2/2} e^{-ct-c^2/2}``.

    ``-beta l(u) - c t`` is largest at ``t = 0`` and concave, so nothing overflows and the domain of a Gaussian is
    enough, however far the cost pulls. The mode is the proximal point of the field at ``beta V``; its slope is the
    squared width of the tilted measure there.
    """
    spread, flat = _spread(field, variance), field.reshape(-1)
    stretched = variance * beta
    best = loss.ground(field, stretched)[0].reshape(-1)
    mode = (best - flat) / spread
    width = np.sqrt(np.clip(loss.ground_slope(field, stretched).reshape(-1), 1e-8, 1.0))
    breaks = [(per_row(edge, variance.size)[:, None] - field).reshape(-1) / spread - mode for edge in edges]
    places, widths = loss.inner_features(variance, beta)
    places = (places[:, None, :] - field[:, :, None]).reshape(flat.size, -1) / spread[:, None] - mode[:, None]
    widths = np.broadcast_to(widths[:, None, :], (*field.shape, widths.shape[1])).reshape(flat.size, -1)
    near = np.abs(places) < 40.0
    places = np.concatenate([np.zeros((flat.size, 1)), np.where(near, places, 0.0)], axis=1)
    widths = np.concatenate([width[:, None], np.where(near, widths / spread[:, None], np.inf)], axis=1)
    stops = np.stack(breaks, axis=1) if breaks else None
    t, weight = gaussian_nodes(places, widths, stops, level=1)
    z = mode[:, None] + t
    u = best[:, None] + spread[:, None] * t
    inverse = _inverse_temperature(field, beta)
    floor = inverse * on_rows(loss, best[:, None], field.shape)
    exponent = floor - inverse * on_rows(loss, u, field.shape) - mode[:, None] * t
    return Tilted(z, u, weight * np.exp(exponent), -floor[:, 0] - 0.5 * mode**2)


def reference_moments(loss: Loss, field: Any, variance: Any, beta: Any, strip: Any, mp: Any) -> tuple[Any, Any, Any]:
    """``ln Z`` and its first two derivatives of a smooth convex cost in mpmath.

    By the trapezoidal rule, outwards from the mode. The cost is analytic within about ``strip/4`` of the real line, so
    the error falls exponentially with the inverse step.
    """
    mode = mp.mpf(float(loss.ground(np.array([[float(field)]]), np.array([float(beta * variance)]))[0][0, 0]))
    step = min(strip, 14 * mp.sqrt(variance)) / (2.4 * mp.dps)
    top = beta * loss.reference_cost(mode, mp) + (mode - field) ** 2 / (2 * variance)
    mass, first, second = mp.one, mode - field, (mode - field) ** 2
    for sign in (1, -1):
        u, part = mode, mp.one
        while part > mp.eps / 100:
            u += sign * step
            part = mp.exp(top - beta * loss.reference_cost(u, mp) - (u - field) ** 2 / (2 * variance))
            mass, first, second = mass + part, first + part * (u - field), second + part * (u - field) ** 2
    first, second = first / mass, second / mass
    log_z = mp.log(mass * step / mp.sqrt(2 * mp.pi * variance)) - top
    return log_z, first / variance, ((second - first**2) / variance - 1) / variance
