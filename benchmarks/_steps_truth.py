"""The free entropy of any number of steps by plain sums: panels of Gauss-Legendre nodes on every level, full matrices
between them, in numpy and scipy alone; nothing of the project is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_ndtr

ORDER, LENGTH, FAR, MOST, FAINT = 14, 1.3, 9.6, 40000, 44.0
X, W = np.polynomial.legendre.leggauss(ORDER)
Array = np.ndarray


class TooLong(Exception):
    """More nodes than there is patience for."""


@dataclass(frozen=True)
class Base:
    """``f`` of the last level; its edges; the width on which it varies, and the largest curvature of -f."""

    value: Callable[[Array], Array]
    edges: tuple[float, ...]
    width: float
    curvature: float
    crossing: float = np.inf
    pulled: float = 0.0


def _of_relu(q: Array) -> Array:
    return (np.sqrt(1 - q * q) + q * (np.pi - np.arccos(q)) - 1) / (2 * np.pi)


def kernels(name: str) -> tuple[Callable[[Array], Array], float, float]:
    """Overlap of fields from that of weights, that of equal ones, and its slope there."""
    pi = np.pi
    if name == "sign":
        return (lambda q: 2 / pi * np.arcsin(q)), 1.0, np.inf
    if name == "relu":
        return _of_relu, 0.5 - 0.5 / pi, 0.5
    if name == "erf":
        return (lambda q: 2 / pi * np.arcsin(2 * q / 3)), 2 / pi * np.arcsin(2 / 3), 4 / (pi * np.sqrt(5))
    return (lambda q: q), 1.0, 1.0


def constraint(loss: str, kappa: float, beta: float, variance: float) -> Base:
    """A cost at a temperature, or a hard constraint (beta = inf), smeared by a Gaussian."""
    s = np.sqrt(variance)
    if loss == "outside":
        return Base(
            lambda x: np.logaddexp(log_ndtr((x - kappa) / s), log_ndtr(-(x + kappa) / s)),
            (),
            min(0.7 * s, s**2 / kappa),
            0.0,
        )
    if np.isinf(beta):
        return Base(lambda x: log_ndtr((x - kappa) / s), (), s, 0.0)
    width = s * min(0.7, 1.4 / np.sqrt(beta))
    rest = np.log(-np.expm1(-beta))
    return Base(lambda x: np.logaddexp(-beta, rest + log_ndtr((x - kappa) / s)), (), width, 0.0)


def coldest(loss: str, kappa: float, response: float, tilt: float) -> Base:
    """The least of the cost and the squared move; ``response`` 1/(2 stiffness); a hard margin has no ceiling."""

    def value(x: Array) -> Array:
        lack = np.maximum(kappa - x, 0.0)
        paid = lack**2 / (2 * response)
        if loss == "margin":
            return -paid
        if loss == "hinge":
            return -np.where(lack < response, paid, lack - 0.5 * response)
        return -np.minimum(paid, 1.0)

    end = {"margin": np.inf, "hinge": kappa - response, "errors": kappa - np.sqrt(2 * response)}[loss]
    crossing = 3.0 / (tilt * np.sqrt(2 / response)) if loss == "errors" and tilt else np.inf
    edges = (kappa,) if loss == "margin" else (end, kappa)
    return Base(value, edges, np.inf, 1.0 / response, crossing)


def letters() -> Base:
    """``ln 2cosh``."""
    return Base(lambda h: np.abs(h) + np.log1p(np.exp(-2 * np.abs(h))), (), 0.7, 0.0, pulled=1.0)


def nodes(reach: float, length: float, edges: tuple[float, ...]) -> tuple[Array, Array]:
    ends = np.array([-reach, *sorted(e for e in edges if abs(e) < reach), reach])
    pieces = []
    for low, high in zip(ends[:-1], ends[1:], strict=True):
        count = int(np.ceil((high - low) / length))
        if count * ORDER > MOST:
            raise TooLong
        cuts = np.linspace(low, high, count + 1)
        pieces.append(np.stack([cuts[:-1], np.diff(cuts)]))
    low, span = np.concatenate(pieces, axis=1)
    if low.size * ORDER > MOST:
        raise TooLong
    half = 0.5 * span[:, None]
    return (low[:, None] + half * (1 + X)).ravel(), (half * W).ravel()


def _one_down(x: Array, y: Array, w: Array, f: Array, m: float, s: float) -> Array:
    """``(1/m) ln`` of the average at x of ``e^{m f}``, block by block of x over the y that are felt there.

    Larger x favour larger y: what is faint below the peak of the first row, or above that of the last, is so in all.
    """
    found = np.empty(x.size)
    for start in range(0, x.size, 8 * ORDER):
        here = x[start : start + 8 * ORDER]
        ends = m * f - 0.5 * ((here[[0, -1], None] - y) / s) ** 2
        loud = ends > ends.max(axis=1, keepdims=True) - FAINT
        felt = slice(int(loud[0].argmax()), y.size - int(loud[1, ::-1].argmax()))
        exponent = m * f[felt] - 0.5 * ((here[:, None] - y[felt]) / s) ** 2
        top = exponent.max(axis=1, keepdims=True)
        whole = np.exp(exponent - top) @ w[felt] / (s * np.sqrt(2 * np.pi))
        found[start : start + 8 * ORDER] = (top[:, 0] + np.log(whole)) / m
    return found


def average(base: Base, variances: Array, parisi: Array, length: float) -> float:
    """``g_0`` of increments of variance (k+1,) with Parisi parameters (k,), by recursion on panels of a length."""
    deviation, total = np.sqrt(variances), np.sqrt(np.cumsum(variances))
    tilt = parisi[-1] if parisi.size else 0.0
    upper = (deviation[-1] ** -2 + tilt * base.curvature) ** -0.5 if deviation[-1] else np.inf
    reach = FAR * total + base.pulled * np.cumsum(variances) + max((abs(e) for e in base.edges), default=0.0)
    if variances.size == 1 and variances[0] == 0.0:
        return float(base.value(np.zeros(1))[0])
    y, w = nodes(reach[-1], length * min(upper, base.width, deviation[-1]), base.edges)
    f = base.value(y)
    crossing = base.crossing
    for j in range(parisi.size - 1, -1, -1):
        if j == 0 and variances[0] == 0.0:
            x, v = np.zeros(1), np.ones(1)
        else:
            x, v = nodes(reach[j], length * min(deviation[j], deviation[j + 1], crossing), ())
        y, w, f = x, v, _one_down(x, y, w, f, parisi[j], deviation[j + 1])
        crossing = crossing * parisi[j] / parisi[j - 1] if j else crossing
    if variances[0] == 0.0:
        return float(f[0])
    return float(w @ (f * np.exp(-0.5 * (y / deviation[0]) ** 2))) / (deviation[0] * np.sqrt(2 * np.pi))


def sphere(q: Array, parisi: Array, last: float) -> float:
    """``G``."""
    m = np.append(parisi, 0.0)
    b = last + np.append(np.cumsum((m[:-1] * np.diff(q))[::-1])[::-1], 0.0)
    return 0.5 * float(np.sum(np.log(b[:-1] / b[1:]) / parisi) + q[0] / b[0])


@dataclass(frozen=True)
class Question:
    """A model and what is asked: ``kind`` is load, capacity or ground."""

    kind: str
    weights: str
    units: str
    loss: str
    kappa: float
    beta: float
    alpha: float
    steps: int

    def increments(self, q: Array) -> Array:
        field = kernels(self.units)[0](q)
        return np.maximum(np.diff(np.append(0.0, field)), 0.0)

    def conjugates(self, q: Array, parisi: Array) -> Array:
        """Conjugates of the overlaps: their equations, with differences of the average over patterns."""
        if q[-1] == 1.0:  # frozen: groups are single vectors at another temperature
            return np.append(self._colder(parisi[-1]).conjugates(q[:-1], parisi[:-1] / parisi[-1]), np.inf)
        jumps, found = np.diff(np.concatenate([[0.0], parisi, [1.0]])), np.zeros(q.size)
        edges = np.concatenate([[0.0], q, [1.0]])
        for j in range(q.size):
            step = 1e-3 * min(edges[j + 1] - edges[j], edges[j + 2] - edges[j + 1])
            if step > 0.0:
                sides = (q + side * step * (np.arange(q.size) == j) for side in (2, 1, -1, -2))
                far, near, below, farther = (self._pattern(x, parisi, LENGTH / 1.5) for x in sides)
                found[j] = -self.alpha * (8 * (near - below) - (far - farther)) / (6 * step * jumps[j])
        return found

    def _colder(self, m: float) -> Question:
        return replace(self, beta=self.beta * m)

    def _pattern(self, q: Array, parisi: Array, length: float) -> float:
        field, one, _ = kernels(self.units)
        base = constraint(self.loss, self.kappa, self.beta, one - float(field(q[-1])))
        return average(base, self.increments(q), parisi, length)

    def value(self, q: Array, parisi: Array, chi: float = 1.0, conjugates: Array | None = None,
              length: float = LENGTH) -> float:  # fmt: skip
        """phi of a load, the load of a capacity, -energy of a ground state, at overlaps (with ``q_k``) and m."""
        gain = kernels(self.units)[2]
        if self.kind == "load" and q[-1] == 1.0:
            m, held = parisi[-1], None if conjugates is None else conjugates[:-1]
            return self._colder(m).value(q[:-1], parisi[:-1] / m, chi, held, length) / m
        if self.kind == "load":
            pattern = self._pattern(q, parisi, length)
            if conjugates is not None:
                jumps = np.diff(np.concatenate([[0.0], parisi, [1.0]]))
                held = 0.5 * float(jumps @ (q * conjugates)) - 0.5 * conjugates[-1]
                apart = np.diff(np.append(0.0, conjugates))
                return held + average(letters(), apart, parisi, length) + self.alpha * pattern
            return 0.5 * np.log(1 - q[-1]) + sphere(q, parisi, 1 - q[-1]) + self.alpha * pattern
        if self.kind == "capacity":
            pattern = average(
                coldest("margin", self.kappa, gain, parisi[-1] if parisi.size else 0.0),
                self.increments(q),
                parisi,
                length,
            )
            return sphere(q, parisi, 1.0) / -pattern
        base = coldest(self.loss, self.kappa, chi * gain, parisi[-1] if parisi.size else 0.0)
        return sphere(q, parisi, chi) + self.alpha * average(base, self.increments(q), parisi, length)
