"""Panels that are halved until the Legendre series of what is averaged ends: the judge's eye for narrow jumps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial.legendre import leggauss, legvander

X, W = leggauss(20)
LAST = (legvander(X, 19) * W[:, None] * (np.arange(20) + 0.5))[:, 16:]  # of the values: the last four coefficients
DEPTH = 50
ROUGH = 1e-9  # of a whole sum that may stay unresolved before the judge says that it cannot tell


class Unresolved(ArithmeticError):
    """A sum whose panels do not settle."""


def halved(
    values: Callable[[np.ndarray, np.ndarray], np.ndarray], row: np.ndarray, a: np.ndarray, b: np.ndarray, digits: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows, nodes, weights and values (panel, 20) and (column, panel, 20) of panels ``[a, b]`` of integrals ``row``.

    ``values(row, u)`` returns columns of all that is averaged; a panel is halved until the last coefficients of every
    column are below ``digits`` of its integral or of the panel's own rounding.
    """
    if not row.size:
        raise Unresolved("there is nothing to average over: the judge's steps left the domain")
    kept, settled = [], None
    count = int(row.max()) + 1
    for depth in range(DEPTH + 1):
        half = 0.5 * (b - a)
        u = 0.5 * (a + b)[:, None] + half[:, None] * X
        f = values(row, u)
        size, tail = half * (np.abs(f) @ W), 2.0 * half * np.abs(f @ LAST).max(axis=-1)
        settled = np.zeros((f.shape[0], count)) if settled is None else settled
        total = settled + np.array([np.bincount(row, s, count) for s in size])
        tiny = half <= 1e-14 * np.maximum(np.abs(a), np.abs(b))
        rough = (tail > digits * total[:, row]).any(axis=0)
        if (rough & tiny).any() or depth == DEPTH:
            lost = np.array([np.bincount(row[rough], t[rough], count) for t in tail])
            if (lost > ROUGH * total).any():
                raise Unresolved("an average does not settle, however narrow its panels")
        split = rough & ~tiny & (depth < DEPTH)
        kept.append((row[~split], u[~split], (half[:, None] * W)[~split], f[:, ~split]))
        settled = settled + np.array([np.bincount(row[~split], s[~split], count) for s in size])
        if not split.any():
            break
        middle = 0.5 * (a + b)[split]
        row, a, b = np.repeat(row[split], 2), _pairs(a[split], middle), _pairs(middle, b[split])
    rows, nodes, weights, found = zip(*kept, strict=True)
    return np.concatenate(rows), np.concatenate(nodes), np.concatenate(weights), np.concatenate(found, axis=1)


def _pairs(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack([left, right], axis=1).ravel()
