"""Averages over two Gaussians for the judges of `fuzz`: a rule of its own for every value of the outer variable."""

from __future__ import annotations

from typing import Any

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)
NEAR, LADDER = 8, 8.0 * 3.0 ** np.arange(1, 16)  # widths on either side of a place; beyond, panels grow


def rows(low: Any, high: Any, places: Any, widths: Any, fine: int = 1, base: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (row, node) between ends, on panels of one width about each place of a row, which grow by
    factors of three beyond.
    """
    low, high = np.broadcast_arrays(np.atleast_1d(low).astype(float), np.atleast_1d(high).astype(float))
    places, widths = np.broadcast_arrays(np.asarray(places, dtype=float), np.asarray(widths, dtype=float))
    size = high - low
    edges = [low[:, None] + size[:, None] * np.linspace(0.0, 1.0, base * fine + 1)]
    ladder = np.concatenate([np.linspace(0.0, NEAR, NEAR * fine + 1)[1:], LADDER])
    for k in range(places.shape[1]):
        steps = widths[:, k, None] * ladder
        steps = np.where(steps < 2.0 * size[:, None], steps, 0.0)
        edges += [places[:, k, None], places[:, k, None] + steps, places[:, k, None] - steps]
    ends = np.sort(np.clip(np.concatenate(edges, axis=1), low[:, None], high[:, None]), axis=1)
    used = np.any(ends[:, 1:] > ends[:, :-1], axis=0)
    half = 0.5 * np.diff(ends, axis=1)[:, used, None]
    middle = 0.5 * (ends[:, 1:] + ends[:, :-1])[:, used, None]
    nodes = (middle + half * NODES).reshape(low.size, -1)
    return nodes, (half * WEIGHTS).reshape(low.size, -1)


def normal(z: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)


def line(places: list[float], widths: list[float], fine: int = 1, reach: float = 9.0) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of one standard Gaussian, its density in the weights."""
    z, w = rows(-reach, reach, np.array([places]).reshape(1, -1), np.array([widths]).reshape(1, -1), fine, 18)
    return z[0], w[0] * normal(z[0])


def newton(system: Any, start: np.ndarray, steps: int = 5, step: float = 1e-5) -> np.ndarray:
    """Newton's steps on ``system(x)``, in units of the unknowns, with central differences."""
    x = np.array(start, dtype=float)
    scale = np.where(x != 0, np.abs(x), 1e-8)
    last = np.inf
    for _ in range(steps):
        base = system(x)
        jacobian = np.empty((base.size, x.size))
        for j in range(x.size):
            up, down = x.copy(), x.copy()
            up[j], down[j] = up[j] + step * scale[j], down[j] - step * scale[j]
            jacobian[:, j] = (system(up) - system(down)) / (2.0 * step)
        change = np.linalg.solve(jacobian, -base)
        if not np.all(np.isfinite(change)):
            return np.full(x.size, np.nan)
        x = x + scale * change
        size = float(np.max(np.abs(change)))
        if size < 1e-14 or size > 0.5 * last and size < 1e-11:
            break
        last = size
    return x
