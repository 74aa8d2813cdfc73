"""Two derivatives of a function by differences, at the step that the function itself asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STEPS = 0.125 * 2.0 ** -np.arange(16.0)
ALLOWED = 1e-5  # by which two steps may differ, relative to the largest derivatives


def derivatives(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``g'`` and ``g''`` by five points; at each place those of the halving that moves them least.

    `ValueError` where every halving moves them: no smooth function, or none of double precision.
    """
    points = np.ravel(x)
    here = function(points)
    found = np.empty((STEPS.size, 2, points.size))
    for row, h in zip(found, STEPS, strict=True):
        far_left, left, right, far_right = (function(points + m * h) for m in (-2, -1, 1, 2))
        row[0] = (8.0 * (right - left) - (far_right - far_left)) / (12.0 * h)
        row[1] = (16.0 * (left + right) - (far_left + far_right) - 30.0 * here) / (12.0 * h * h)
    rounding = 1e-16 * np.abs(here)[None] / STEPS[1:, None] ** 2  # steps may agree in it by chance
    moved = np.abs(np.diff(found, axis=0)).sum(axis=1) + rounding
    best = np.argmin(moved, axis=0)
    chosen = found[best + 1, :, np.arange(points.size)]
    least = np.take_along_axis(moved, best[None], axis=0)[0]
    worst = float(least.max(initial=0.0))
    if not worst <= ALLOWED * max(float(np.abs(chosen).max(initial=0.0)), 1e-300):
        raise ValueError(f"has derivatives on which two steps of differences differ by {worst:.1g}")
    return chosen[:, 0].reshape(x.shape), chosen[:, 1].reshape(x.shape)
