r"""One pattern of two sign units with three outputs (both +, both -, a tie): averages over its field.

In the sum a and the difference b of the two fields (over ``sqrt 2``) covariances are diagonal: a of variance ``q_+``
with ``1 - q_+`` left, b of ``q_-`` with ``1 - q_-`` left; ``q_+- = q +- q_cross``. ``Z_y(a, b)`` are probabilities of
quadrants.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FAR = 8.8  # standard deviations
STEP, SHARPEST = 0.18, 0.16  # of the trapezoidal rule, in deviations of the field and of what is left of it
COARSEST, FINER = 1.25, 0.8  # factors of steps: of the first level, and from one to the next
MOST = 30_000_000  # nodes of a pattern
SURE = 9.0  # deviations from its boundaries beyond which an output is certain
NOTHING = 3e-16  # a probability that is rounding


class Outputs(NamedTuple):
    """Averages over the field: ``log_z = E sum Z ln Z``, ``plus`` and ``minus`` ``E sum (dZ)^2/Z`` with derivatives in
    a and b (twice the derivatives of ``log_z`` in ``q_+`` and ``q_-``), ``disagreement = 1 - E sum Z^2``, the chance of
    different outputs of two students, or of one and the teacher.
    """

    log_z: np.ndarray
    plus: np.ndarray
    minus: np.ndarray
    disagreement: np.ndarray


def quadrants(s: np.ndarray, t: np.ndarray, lean: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chances that Gaussians of means s, t, variance 1 and correlation ``lean`` are both positive, both negative, and
    neither; to rounding of 1, by Owen's function.
    """
    from scipy.special import ndtr, owens_t  # heavy: only where it is needed

    rest = np.sqrt((1.0 - lean) * (1.0 + lean))
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(s == 0.0, np.copysign(np.inf, t), (t - lean * s) / (s * rest))
        second = np.where(t == 0.0, np.copysign(np.inf, s), (s - lean * t) / (t * rest))
    nowhere = (s == 0.0) & (t == 0.0)
    first, second = (np.where(nowhere, (1.0 - lean) / rest, turn) for turn in (first, second))
    turned = owens_t(s, first) + owens_t(t, second)
    apart = (s * t < 0.0) | ((s * t == 0.0) & (s + t < 0.0))
    alike = (s * t > 0.0) | ((s * t == 0.0) & (s + t >= 0.0))
    up, down = (0.5 * (ndtr(sign * s) + ndtr(sign * t) - apart) - turned for sign in (1.0, -1.0))
    tie = 0.5 * (ndtr(s) + ndtr(-t) + ndtr(-s) + ndtr(t)) + 2.0 * turned - alike
    return up, down, tie


def _gauss(x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)


def _nodes(q: float, level: int) -> tuple[np.ndarray, np.ndarray]:
    """Positive places of a field in deviations, and weights that stand for both signs (midpoints)."""
    if q == 0.0:
        return np.zeros(1), np.ones(1)
    step = COARSEST * FINER**level * min(STEP, SHARPEST * np.sqrt((1.0 - q) / q))
    x = step * (np.arange(int(FAR / step) + 1) + 0.5)
    return x, 2.0 * step * _gauss(x)


def _unsure(plus: float, minus: float, level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Both fields in deviations of what is left of them, where an output is not certain, and weights; None: too many
    places.
    """
    (x, chance), (y, other) = _nodes(plus, level), _nodes(minus, level)
    if x.size * y.size > MOST:
        return None
    spread = np.sqrt(2.0 - plus - minus)
    a, b = np.sqrt(plus) * x / spread, np.sqrt(minus) * y / spread
    near = np.minimum(np.abs(a[:, None] - b), np.abs(a[:, None] + b)) < SURE
    near &= x[:, None] ** 2 + y**2 < FAR**2 + 1.0
    i, j = np.nonzero(near)
    return a[i] + b[j], a[i] - b[j], chance[i] * other[j]


def _pattern(plus: float, minus: float, level: int) -> tuple[float, float, float, float]:
    """`Outputs` at one pair of overlaps; NaN where that would take too long."""
    from scipy.special import ndtr

    if not (0.0 <= plus < 1.0 and 0.0 <= minus < 1.0):
        return (np.nan,) * 4
    nodes = _unsure(plus, minus, level)
    if nodes is None:
        return (np.nan,) * 4
    s, t, weight = nodes
    spread = 1.0 - 0.5 * (plus + minus)
    lean = 0.5 * (minus - plus) / spread
    rest = np.sqrt((1.0 - plus) * (1.0 - minus)) / spread
    up, down, tie = quadrants(s, t, lean)
    c, d = (t - lean * s) / rest, (s - lean * t) / rest
    first, second = _gauss(s) / np.sqrt(2.0 * spread), _gauss(t) / np.sqrt(2.0 * spread)
    cuts = (ndtr(c), ndtr(d)), (-ndtr(-c), -ndtr(-d)), (ndtr(-c) - ndtr(c), ndtr(-d) - ndtr(d))
    totals = np.array([0.0, 0.0, 0.0, 2.0 * float(weight @ (up * down + (up + down) * tie))])
    for z, (x, y) in zip((up, down, tie), cuts, strict=True):
        seen = z > NOTHING
        w, z = weight[seen], z[seen]
        one, two = first[seen] * x[seen], second[seen] * y[seen]
        totals[:3] += w @ (z * np.log(z)), w @ ((one + two) ** 2 / z), w @ ((one - two) ** 2 / z)
    return tuple(totals.tolist())


def outputs(plus: np.ndarray, minus: np.ndarray, level: int) -> Outputs:
    """The averages at pairs of overlaps ``q_+``, ``q_-`` (batch,)."""
    rows = [_pattern(p, m, level) for p, m in zip(plus.tolist(), minus.tolist(), strict=True)]
    return Outputs(*np.array(rows).reshape(-1, 4).T)


def telling(plus: np.ndarray, level: int) -> np.ndarray:
    """The derivative of ``minus`` in ``q_-`` where that is 0, ``E sum (d^2Z/db^2)^2/Z``."""
    from scipy.special import ndtr

    found = np.full(plus.shape, np.nan)
    for row, q in enumerate(plus.tolist()):
        if not 0.0 <= q < 1.0:
            continue
        x, weight = _nodes(q, level)
        a = np.sqrt(q) * x
        spread = 1.0 - 0.5 * q
        lean, rest = -0.5 * q / spread, np.sqrt(1.0 - q) / spread
        total, bends = 0.0, []
        for s in (a / np.sqrt(2.0 * spread), -a / np.sqrt(2.0 * spread)):
            c = s * (1.0 - lean) / rest
            bends.append(-_gauss(s) * (s * ndtr(c) + _gauss(c) * (1.0 + lean) / rest) / spread)
        s = a / np.sqrt(2.0 * spread)
        for z, bend in zip(quadrants(s, s, lean), (*bends, -sum(bends)), strict=True):
            seen = z > NOTHING
            total += float(weight[seen] @ (bend[seen] ** 2 / z[seen]))
        found[row] = total
    return found
