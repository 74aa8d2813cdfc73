"""What one pattern sees of the judge of `fuzz`: averages over the stabilities that a cost allows in a field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks._halved import X, halved

FAR, DEEP = 12.5, 46.0  # deviations kept of a Gaussian; logarithms below the largest that count
INNER = 1e-11  # last Legendre coefficients left, of a whole weight


@dataclass(frozen=True)
class Cost:
    """A cost with all the places at which it is not smooth, or varies fast; ``hard`` ones are 0 or infinite."""

    value: Callable[[np.ndarray], np.ndarray]
    breaks: tuple[float, ...] = ()
    hard: bool = False
    signed: bool = False


def local(cost: Cost, beta: float, h: np.ndarray, v: float, fine: int = 1) -> tuple[np.ndarray, ...]:
    """``ln Z``, its slope and bend in the field, the mean cost; in pieces that stay in the cache."""
    pieces = [_local(cost, beta, part, v, fine) for part in np.array_split(h, max(1, h.size // 256))]
    return tuple(np.concatenate(rows) for rows in zip(*pieces, strict=True))


def _local(cost: Cost, beta: float, h: np.ndarray, v: float, fine: int) -> tuple[np.ndarray, ...]:
    spread = np.sqrt(v)

    def plain(u: np.ndarray, row: Any = slice(None)) -> np.ndarray:
        found = np.asarray(cost.value(u), dtype=float)
        found = np.where(found > 0, -np.inf, 0.0) if cost.hard else -beta * found
        return found - (u - h[row][:, None]) ** 2 / (2.0 * v)

    def priced(u: np.ndarray, row: Any = slice(None)) -> np.ndarray:
        return plain(u, row) + np.log(np.abs(np.asarray(cost.value(u), dtype=float)))

    with np.errstate(all="ignore"):
        (mass, mean, square), top = _moments(plain, cost, h, spread, fine)
        price = np.zeros(h.size)
        if not cost.hard:  # a mean that is small has digits of its own: its weight lies elsewhere
            (sums, _, _), high = _moments(priced, cost, h, spread, fine)
            price = sums / mass * np.exp(high - top)
            if cost.signed:
                price = _signed(plain, cost, h, spread, fine)
    value = np.log(mass / (spread * np.sqrt(2 * np.pi))) + top
    return value, mean / spread, (square - 1.0) / v, np.where(np.isfinite(price), price, 0.0)


def _stretch(exponent: Callable[..., np.ndarray], cost: Cost, h: np.ndarray, spread: float) -> Any:
    """Ends of the stretch of stabilities that carries the weight of each field."""
    far = np.geomspace(FAR, 1e7, 60)
    scan = h[:, None] + spread * np.concatenate([-far[::-1], np.linspace(-FAR, FAR, 101), far])
    steps = spread * np.concatenate([[0.0], 1e-3 * 4.0 ** np.arange(8)])
    extra = [np.broadcast_to(b + s * steps, (h.size, 9)) for b in cost.breaks for s in (-1, 1)]
    scan = np.sort(np.concatenate([scan, *extra], axis=1), axis=1)
    low = high = None
    for _ in range(6):
        e = np.nan_to_num(exponent(scan), nan=-np.inf)
        heavy = e > e.max(axis=1, keepdims=True) - DEEP
        last = heavy.shape[1] - 1 - np.argmax(heavy[:, ::-1], axis=1)
        rows = np.arange(h.size)
        low = scan[rows, np.maximum(np.argmax(heavy, axis=1) - 1, 0)]
        high = scan[rows, np.minimum(last + 1, scan.shape[1] - 1)]
        # a dip is narrower than the stretch: the places of the cost stay, the deepest point seen is looked at closer
        best = np.argmax(e, axis=1)
        near = scan[rows, np.minimum(best + 1, scan.shape[1] - 1)] - scan[rows, np.maximum(best - 1, 0)]
        around = scan[rows, best][:, None] + 0.5 * near[:, None] * np.linspace(-1.0, 1.0, 17)
        known = np.broadcast_to(np.array(cost.breaks), (h.size, len(cost.breaks)))
        linear = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, 65)
        scan = np.sort(np.clip(np.concatenate([linear, known, around], axis=1), low[:, None], high[:, None]), axis=1)
    return low, high


def _panels(cost: Cost, low: np.ndarray, high: np.ndarray, fine: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fields and ends of equal panels between the ends of the stretch and the places that are known."""
    stops = np.array([low, *(np.clip(np.full(low.size, b), low, high) for b in sorted(set(cost.breaks))), high])
    part = np.arange(2 * fine + 1) / (2 * fine)
    ends = stops[:-1, :, None] + (stops[1:] - stops[:-1])[:, :, None] * part
    a, b = ends[:, :, :-1].ravel(), ends[:, :, 1:].ravel()
    row = np.broadcast_to(np.arange(low.size)[None, :, None], (len(stops) - 1, low.size, 2 * fine)).ravel()
    return row[b > a], a[b > a], b[b > a]


def _weighted(
    exponent: Callable[..., np.ndarray], cost: Cost, h: np.ndarray, spread: float, fine: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fields, nodes and weights times exp(exponent), and the exponent taken out of each field."""
    row, a, b = _panels(cost, *_stretch(exponent, cost, h, spread), fine)
    top = np.full(h.size, -np.inf)
    seen = np.nan_to_num(exponent(0.5 * (a + b)[:, None] + 0.5 * (b - a)[:, None] * X, row), nan=-np.inf)
    np.maximum.at(top, row, seen.max(axis=1))

    def values(row: np.ndarray, u: np.ndarray) -> np.ndarray:
        e = np.nan_to_num(exponent(u, row), nan=-np.inf)
        return np.exp(np.minimum(e - np.where(np.isfinite(top), top, 0.0)[row][:, None], 600.0))[None]

    row, u, weight, found = halved(values, row, a, b, INNER / fine)
    return row, u, weight * found[0], top


def _moments(
    exponent: Callable[..., np.ndarray], cost: Cost, h: np.ndarray, spread: float, fine: int
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Mass, mean and variance of ``(u - h)/spread`` under exp(exponent), and the exponent taken out."""
    row, u, weight, top = _weighted(exponent, cost, h, spread, fine)

    def sums(terms: np.ndarray) -> np.ndarray:
        return np.bincount(row, terms.sum(axis=1), h.size)

    z, mass = (u - h[row][:, None]) / spread, sums(weight)
    mean = sums(weight * z) / mass
    return (mass, mean, sums(weight * (z - mean[row][:, None]) ** 2) / mass), top


def _signed(plain: Callable[..., np.ndarray], cost: Cost, h: np.ndarray, spread: float, fine: int) -> np.ndarray:
    """Mean of a cost that takes either sign, over the stretch of the weight itself."""
    row, u, weight, _ = _weighted(plain, cost, h, spread, fine)
    mass = np.bincount(row, weight.sum(axis=1), h.size)
    return np.bincount(row, (weight * cost.value(u)).sum(axis=1), h.size) / mass
