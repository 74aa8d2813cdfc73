"""The proximal map of a convex cost that is known by its values alone; no loss lives here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from replica._registry import per_row

if TYPE_CHECKING:
    from replica.losses.base import Loss

_NODES = 12  # of the local interpolation of the cost
_WINDOWS = (0.6, 0.15, 0.03)
_STEPS = 200
_PLACES = np.concatenate([[-60.0, -40.0, -25.0, -17.0], np.linspace(-12.0, 12.0, 193), [17.0, 25.0, 40.0, 60.0]])
_BESIDE = np.array([-0.05, -1e-3, 0.0, 1e-3, 0.05])  # of a kink, where convexity may be broken unseen
_ROUNDING = 1e-13  # of a cost, as users write them


def _differentiation() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chebyshev nodes on [-1, 1], their barycentric weights and the first-derivative matrix."""
    k = np.arange(_NODES)
    x = np.cos(np.pi * (2 * k + 1) / (2 * _NODES))
    w = (-1.0) ** k * np.sin(np.pi * (2 * k + 1) / (2 * _NODES))
    gap = x[:, None] - x[None, :] + np.eye(_NODES)
    matrix = (w[None, :] / w[:, None]) / gap
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return x, w, matrix


_X, _W, _D = _differentiation()


def _rows(loss: Loss) -> int:
    return next((len(v) for v in vars(loss).values() if isinstance(v, np.ndarray) and v.ndim == 1), 1)


def costs_nothing(loss: Loss) -> bool:
    """Whether a finite cost is 0 over an interval of stabilities, in each row of a batch; a tail that is lost in
    rounding does not count.
    """
    if loss.hard:
        return True
    near = np.broadcast_to(_PLACES[np.abs(_PLACES) <= 12.0], (_rows(loss), 193))
    free = np.asarray(loss.cost(near), dtype=float) == 0.0
    return bool(np.all(np.any(free[:, 1:] & free[:, :-1], axis=1)))


def seems_convex(loss: Loss) -> bool:
    """Whether the slopes between values of a finite cost never decrease, to rounding; for each row of a batch."""
    if loss.hard:
        return False
    rows = _rows(loss)
    kinks = [per_row(kink, rows)[:, None] + _BESIDE for kink in loss.kinks()]
    u = np.sort(np.concatenate([np.broadcast_to(_PLACES, (rows, _PLACES.size)), *kinks], axis=1), axis=1)
    with np.errstate(all="ignore"):
        cost = np.broadcast_to(np.asarray(loss.cost(u), dtype=float), u.shape)
        if not np.all(np.isfinite(cost)):
            return False
        gap = np.maximum(np.diff(u, axis=1), 1e-9)  # places that fall together say nothing
        slope = np.diff(cost, axis=1) / gap
        size = 1.0 + np.maximum(np.abs(cost[:, :-1]), np.abs(cost[:, 1:]))
        slack = _ROUNDING * size / gap
    return bool(np.all(np.diff(slope, axis=1) >= -(slack[:, 1:] + slack[:, :-1])))


def _edges(loss: Loss, size: int) -> np.ndarray:
    """The kinks of each row in order, between -inf and inf."""
    kinks = [per_row(kink, size) for kink in loss.kinks()]
    ends = np.full(size, np.inf)
    return np.sort(np.stack([-ends, *kinks, ends], axis=1), axis=1)


def slopes(loss: Loss, u: np.ndarray, side: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivative of the cost at ``u`` (batch, node), from values on the same side of every kink.

    A Chebyshev interpolant on a window that does not cross a kink; of three windows the one whose two highest
    coefficients are smallest against the rounding it amplifies. At a kink itself ``side`` (-1, 1) says which side.
    """
    if not u.size:
        return np.zeros(u.shape), np.zeros(u.shape)
    edges = _edges(loss, len(u))
    place = np.where(side > 0, u[:, :, None] >= edges[:, None, :], u[:, :, None] > edges[:, None, :])
    index = np.clip(place.sum(axis=2) - 1, 0, edges.shape[1] - 2)
    low, high = np.take_along_axis(edges, index, axis=1), np.take_along_axis(edges, index + 1, axis=1)
    best = np.full(u.shape, np.inf)
    first, second = np.zeros(u.shape), np.zeros(u.shape)
    for window in _WINDOWS:
        half = 0.5 * np.minimum(window * np.maximum(1.0, np.abs(u) * 1e-3), high - low)
        middle = np.clip(u, low + half, high - half)
        nodes = middle[:, :, None] + half[:, :, None] * _X
        values = np.asarray(loss.cost(nodes.reshape(len(u), -1)), dtype=float).reshape(nodes.shape)
        at = np.clip((u - middle) / half, -1.0, 1.0)
        d1, d2 = values @ _D.T, values @ (_D @ _D).T
        one, two = _interpolate(d1, at) / half, _interpolate(d2, at) / half**2
        top = np.abs(values @ np.cos(np.outer(_NODES - 1, np.arccos(_X))).T[:, 0]) * 2 / _NODES
        top += np.abs(values @ np.cos(np.outer(_NODES - 2, np.arccos(_X))).T[:, 0]) * 2 / _NODES
        doubt = (top + 1e-16 * np.abs(values).max(axis=2)) / half
        better = doubt < best
        best = np.where(better, doubt, best)
        first, second = np.where(better, one, first), np.where(better, two, second)
    return first, second


def _interpolate(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    gap = at[:, :, None] - _X
    hit = np.abs(gap) < 1e-15
    share = _W / np.where(hit, 1.0, gap)
    found = (share * values).sum(axis=2) / share.sum(axis=2)
    return np.where(hit.any(axis=2), (values * hit).sum(axis=2), found)


def proximal_point(loss: Loss, field: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """The zero of ``l'(u) + (u - h)/V`` (batch, node): safeguarded Newton; a kink that holds it is answered exactly."""
    chi = variance[:, None]
    best = np.full(field.shape, np.nan)
    slope, bend = loss.slopes(field)
    # l' increases: the zero lies between h and h - V l'(h), on the side to which the slope at h points
    low, high = np.minimum(field, field - chi * slope), np.maximum(field, field - chi * slope)
    for kink in loss.kinks():
        at = np.broadcast_to(per_row(kink, len(field))[:, None], field.shape)
        left, right = (slopes(loss, at[:, :1], side)[0] + (at - field) / chi for side in (-1, 1))
        best = np.where((left <= 0) & (right >= 0), at, best)
        low, high = np.where((right < 0) & (at > low), at, low), np.where((left > 0) & (at < high), at, high)
    u = np.clip(field - chi * slope / (1.0 + chi * np.maximum(bend, 0.0)), low, high)
    for _ in range(_STEPS):
        slope, bend = loss.slopes(u)
        value = slope + (u - field) / chi
        low, high = np.where(value < 0, u, low), np.where(value > 0, u, high)
        new = u - value / (np.maximum(bend, 0.0) + 1.0 / chi)
        new = np.where((new > low) & (new < high), new, 0.5 * (low + high))
        moved = np.where(value == 0, 0.0, np.abs(new - u))
        u = np.where(value == 0, u, new)
        # a step of that size was quadratic: what it leaves is rounding
        if np.all((moved <= 1e-9 * (1.0 + np.abs(u))) | ~np.isnan(best)):
            break
    return np.where(np.isnan(best), u, best)
