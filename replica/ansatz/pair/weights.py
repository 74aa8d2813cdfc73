r"""One input's two weights in their fields: overlaps of pairs of units at given conjugates ``l_+-``.

``log z = E ln p(w) sum e^L`` less what the norm adds, so that ``W = log_z - (q_+ l_+ + q_- l_-)/2`` is stationary.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FAR = 9.0
STEP, SHARPEST = 0.2, 0.25
COARSEST, FINER = 1.25, 0.8  # factors of steps: of the first level, and from one to the next


class Pair(NamedTuple):
    """``q_+``, ``q_-`` and ``log_z`` at conjugates, arrays over the batch; relative to the weights' own measure."""

    plus: np.ndarray
    minus: np.ndarray
    log_z: np.ndarray


def gaussian(plus: np.ndarray, minus: np.ndarray, level: int) -> Pair:
    """Gaussian weights: ``q = l/(1 + l)``, ``log_z = sum (l - ln(1 + l))/2``."""
    log_z = 0.5 * (plus - np.log1p(plus) + minus - np.log1p(minus))
    return Pair(plus / (1.0 + plus), minus / (1.0 + minus), log_z)


def bend_of_gaussian(plus: np.ndarray, level: int) -> np.ndarray:
    """``dq_-/dl_-`` at ``l_- = 0``."""
    return np.ones_like(plus)


def _nodes(conjugate: float, level: int) -> tuple[np.ndarray, np.ndarray]:
    if conjugate == 0.0:
        return np.zeros(1), np.ones(1)
    step = COARSEST * FINER**level * min(STEP, SHARPEST / np.sqrt(2.0 * conjugate))
    z = step * np.arange(-int(FAR / step) - 1, int(FAR / step) + 2)
    return z, step * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)


def _log_cosh(x: np.ndarray) -> np.ndarray:
    return np.abs(x) + np.log1p(np.exp(-2.0 * np.abs(x))) - np.log(2.0)


def _signs(plus: float, minus: float, level: int) -> tuple[float, float, float]:
    """Four states of energy ``f.w - (l_+ - l_-) w_1 w_2/2``, the teacher's two alike or not."""
    if not (np.isfinite(plus) and np.isfinite(minus)):
        return np.nan, np.nan, np.nan
    (x, chance), (y, other) = _nodes(plus, level), _nodes(minus, level)
    weight, tilt = np.outer(chance, other), 0.5 * (plus - minus)
    q_plus = q_minus = value = 0.0
    for alike in (True, False):
        total = (2.0 * plus * alike + np.sqrt(2.0 * plus) * x)[:, None] + np.zeros(y.size)
        apart = (2.0 * minus * (not alike) + np.sqrt(2.0 * minus) * y)[None, :] + np.zeros((x.size, 1))
        same, different = _log_cosh(total) - tilt, _log_cosh(apart) + tilt
        log_z = np.logaddexp(same, different)
        summed = 2.0 * np.exp(same - log_z) * np.tanh(total)
        subtracted = 2.0 * np.exp(different - log_z) * np.tanh(apart)
        q_plus += 0.25 * float(np.sum(weight * summed**2))
        q_minus += 0.25 * float(np.sum(weight * subtracted**2))
        value += 0.5 * float(np.sum(weight * log_z))
    return q_plus, q_minus, value - np.log(2.0) - 0.5 * (plus + minus)


def signs(plus: np.ndarray, minus: np.ndarray, level: int) -> Pair:
    """Weights +-1."""
    rows = [_signs(p, m, level) for p, m in zip(plus.tolist(), minus.tolist(), strict=True)]
    return Pair(*np.array(rows).reshape(-1, 3).T)


def bend_of_signs(plus: np.ndarray, level: int) -> np.ndarray:
    """``dq_-/dl_-`` at ``l_- = 0``: ``4 E P(w_1 != w_2)^2``."""
    found = np.empty(plus.size)
    for row, conjugate in enumerate(plus.tolist()):
        x, chance = _nodes(conjugate, level)
        total = 0.0
        for alike in (True, False):
            same = _log_cosh(2.0 * conjugate * alike + np.sqrt(2.0 * conjugate) * x) - 0.5 * conjugate
            different = 0.5 * conjugate
            total += 0.5 * float(chance @ np.exp(2.0 * (different - np.logaddexp(same, different))))
        found[row] = 4.0 * total
    return found
