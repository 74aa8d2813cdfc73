"""Weights on the sphere under any number of steps, in closed form."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_NEAR = 0.03


class Sphere(NamedTuple):
    r"""With ``B_{k+1} = last`` and ``B_j = B_{j+1} + m_j (q_j - q_{j-1})``, without the ``ln(last)/2`` of a volume,

    .. math:: G = \tfrac12 \Big[\sum_j \tfrac1{m_j} \ln\tfrac{B_j}{B_{j+1}} + \tfrac{q_0}{B_1}\Big], \quad
              S_j = \tfrac{q_0}{B_1^2} + \sum_{i \le j} \tfrac{q_i - q_{i-1}}{B_i B_{i+1}}

    so that ``dG/dq_j = (m_{j+1} - m_j) S_j/2`` and ``dG/dlast = -S_k/2`` (with ``m_0 = 0``); ``responses`` are the
    ``B_{j+1}`` and ``slopes`` the ``dG/dm_j``.
    """

    value: float
    pulls: np.ndarray
    slopes: np.ndarray
    responses: np.ndarray


def sphere(q0: float, steps: np.ndarray, parisi: np.ndarray, last: float) -> Sphere:
    """From the lowest overlap, the differences (k,) of the others, and the Parisi parameters (k,)."""
    above = last + np.append(np.cumsum((parisi * steps)[::-1])[::-1], 0.0)  # B_1 ... B_{k+1}
    upper, lower = above[1:], above[:-1]
    ratio = parisi * steps / upper
    pulls = q0 / above[0] ** 2 + np.append(0.0, np.cumsum(steps / (lower * upper)))
    value = 0.5 * (np.sum(np.log1p(ratio) / parisi) + q0 / above[0])
    slopes = 0.5 * (_bent(ratio) / parisi**2 - steps * pulls[:-1])
    return Sphere(float(value), pulls, slopes, above)


def _bent(z: np.ndarray) -> np.ndarray:
    """``z/(1+z) - ln(1+z)`` without cancellation."""
    small, n = np.minimum(z, _NEAR), np.arange(2, 14)[:, None]
    series = np.sum(-((-small) ** n) * (1.0 - 1.0 / n), axis=0)
    return np.where(z < _NEAR, series, z / (1.0 + z) - np.log1p(z))
