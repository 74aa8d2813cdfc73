"""What a physicist who knows numpy writes in an evening, for tasks of `speed`: a fair yardstick, without errors or
statuses.

Gaussian averages are trapezoidal sums of 87 nodes, roots are secants of whole batches at once, what is closed is not
integrated, and fields of three units are sorted triples.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations_with_replacement

import numpy as np
from scipy.special import expit, log_ndtr, ndtr

Array = np.ndarray

STEP = 0.2
Z = STEP * np.arange(-43, 44)
DENSITY = np.exp(-0.5 * Z * Z) / np.sqrt(2.0 * np.pi)
WEIGHT = STEP * DENSITY


def secant(gap: Callable[[Array], Array], first: Array, second: Array, steps: int = 40) -> Array:
    """Roots of a batch, all at once."""
    a, b = first, second
    before, here = gap(a), gap(b)
    for _ in range(steps):
        slope = here - before
        step = np.where(slope != 0.0, here * (b - a) / np.where(slope != 0.0, slope, 1.0), 0.0)
        a, before = b, here
        b = b - np.clip(step, -2.0, 2.0)
        here = gap(b)
        if np.max(np.abs(step)) < 1e-13:
            break
    return b


def halves(q_hat: Array, kappa: Array) -> tuple[Array, Array, Array, Array]:
    """q, E ln 2cosh, E ln H and E f^2 of counted signs."""
    h = np.sqrt(q_hat)[:, None] * Z
    t = np.tanh(h)
    q = (t * t) @ WEIGHT
    size = np.abs(h)
    x = (kappa[:, None] - np.sqrt(q)[:, None] * Z) / np.sqrt(1.0 - q)[:, None]
    log_h = log_ndtr(-x)
    hazard = np.exp(-0.5 * x * x - log_h) / np.sqrt(2.0 * np.pi)
    return q, (size + np.log1p(np.exp(-2.0 * size))) @ WEIGHT, log_h @ WEIGHT, (hazard * hazard) @ WEIGHT / (1.0 - q)


def solve(alpha: Array, kappa: Array) -> tuple[Array, Array]:
    """q and the free entropy of the binary perceptron."""

    def gap(t: Array) -> Array:
        return np.log(alpha * halves(np.exp(t), kappa)[3]) - t

    t = np.log(0.8 * alpha)
    q_hat = np.exp(secant(gap, t, t + 0.1))
    q, entropic, log_h, _ = halves(q_hat, kappa)
    return q, -0.5 * q_hat * (1.0 - q) + entropic + alpha * log_h


def capacity(kappa: float = 0.0) -> float:
    """Zero of the entropy, alpha eliminated."""
    margins = np.array([kappa])

    def entropy(t: Array) -> Array:
        q_hat = np.exp(t)
        q, entropic, log_h, square = halves(q_hat, margins)
        return -0.5 * q_hat * (1.0 - q) + entropic + q_hat / square * log_h

    q_hat = np.exp(secant(entropy, np.array([0.3]), np.array([0.4])))
    return float((q_hat / halves(q_hat, margins)[3])[0])


def logistic_mixture(alpha: Array, penalty: float) -> tuple[Array, Array]:
    """(m, q) of logistic regression on two balanced Gaussian clusters of noise 1 and norm 1."""
    point = np.stack([0.3 + 0.0 * alpha, 0.3 + 0.0 * alpha, 0.5 + 0.0 * alpha])  # m, q, V

    def update(point: Array) -> Array:
        m, q, v = point
        h = m[:, None] + np.sqrt(q)[:, None] * Z
        u = h + v[:, None] * 0.5
        for _ in range(6):
            p = expit(-u)
            bend = p * (1.0 - p)
            u -= (u - h - v[:, None] * p) / (1.0 + v[:, None] * bend)
        p = expit(-u)
        bend = p * (1.0 - p)
        m_hat, q_hat = alpha * (p @ WEIGHT), alpha * ((p * p) @ WEIGHT)
        v_new = 1.0 / (penalty + alpha * ((bend / (1.0 + v[:, None] * bend)) @ WEIGHT))
        return np.stack([m_hat * v_new, (m_hat**2 + q_hat) * v_new**2, v_new])

    for _ in range(30):
        new = update(point)
        off = new - point
        jacobian = np.stack([(update(point + 1e-7 * e) - new) / 1e-7 for e in np.eye(3)[:, :, None]], axis=1)
        step = np.linalg.solve((np.eye(3)[:, :, None] - jacobian).transpose(2, 0, 1), off.T[:, :, None])[:, :, 0].T
        point = np.maximum(point + step, 1e-9)
        if np.max(np.abs(step)) < 1e-12:
            break
    return point[0], point[1]


def square_mixture(alpha: Array, penalty: float) -> tuple[Array, Array]:
    """The same of least squares, in closed form."""
    b = penalty + alpha - 1.0
    v = 2.0 / (b + np.sqrt(b * b + 4.0 * penalty))
    pull, spread = alpha * v / (1.0 + v), alpha * (v / (1.0 + v)) ** 2
    m = pull / (1.0 + pull)
    return m, (m * m + spread * (1.0 - m) ** 2) / (1.0 - spread)


NODES = 0.5 * np.arange(-16, 17)
TRIPLES = np.array(list(combinations_with_replacement(range(NODES.size), 3))).T
_EQUAL = (TRIPLES[0] == TRIPLES[1]).astype(int) + (TRIPLES[1] == TRIPLES[2])
_MASS = 0.5 * np.exp(-0.5 * NODES**2) / np.sqrt(2.0 * np.pi)
MASS = np.prod(_MASS[TRIPLES], axis=0) * np.array([6.0, 3.0, 1.0])[_EQUAL]


def three_units(alpha: float) -> tuple[float, float]:
    """q and the free entropy of a tree committee of three sign units with binary weights."""

    def averages(q_hat: float) -> tuple[float, float, float, float]:
        h = np.sqrt(q_hat) * Z
        q = float(np.tanh(h) ** 2 @ WEIGHT)
        x = np.sqrt(q / (1.0 - q)) * NODES
        one, two, three = ndtr(x)[TRIPLES]
        a, b, c = (np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi))[TRIPLES]
        whole = one * two + one * three + two * three - 2.0 * one * two * three
        slopes = (a * (two + three - 2 * two * three)) ** 2 + (b * (one + three - 2 * one * three)) ** 2
        slopes += (c * (one + two - 2 * one * two)) ** 2
        entropic = float((np.abs(h) + np.log1p(np.exp(-2.0 * np.abs(h)))) @ WEIGHT)
        return q, entropic, float(MASS @ np.log(whole)), float(MASS @ (slopes / whole**2)) / (1.0 - q)

    def gap(t: Array) -> Array:
        return np.array([np.log(alpha * averages(float(np.exp(t[0])))[3]) - t[0]])

    start = np.array([np.log(0.7 * alpha)])
    q_hat = float(np.exp(secant(gap, start, start + 0.1)[0]))
    q, entropic, log_z, _ = averages(q_hat)
    return q, -0.5 * q_hat * (1.0 - q) + entropic + alpha * log_z


def enumeration(n: int, patterns: int, rng: np.random.Generator) -> int:
    """How many of the 2^n signs satisfy all patterns, from the sums of two halves."""
    x = rng.choice([-1.0, 1.0], size=(patterns, n)) * rng.choice([-1.0, 1.0], size=(patterns, 1))
    half = n // 2
    signs = 1.0 - 2.0 * ((np.arange(2**half)[:, None] >> np.arange(half)) & 1)
    left, right = signs @ x[:, :half].T, signs @ x[:, half:].T
    alive = np.ones((2**half, 2**half), dtype=bool)
    for one, other in zip(left.T, right.T, strict=True):
        alive &= one[:, None] >= -other
    return int(alive.sum())
