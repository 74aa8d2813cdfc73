r"""The limit of infinitely many replicas of K Boolean units: each node of the fields h that groups share goes to

.. math:: \omega^* = \mathrm{argmax}_\omega\; \Delta \ln Z(\omega; V) - |\omega - h|^2/2

There are several maxima (another set of units may be lifted over 0): all corners are tried, the highest is kept. Sums
run over sorted fields, so that ties between units lie on the edge of the domain.
"""

# kernel file
from __future__ import annotations

import math

import numpy as np

from replica.architectures.few_units import NO_LIMIT, LimitSums
from saddlepoint._jit import array_kernel
from saddlepoint.quadrature.rules import gauss_legendre
from saddlepoint.special import tail_triple

STEPS = 200
SETTLED = 1e-11  # of the last step of Newton's method: what is left is its square
HALVINGS = 40
LARGE = 10.0  # gap over V from which a hard constraint leaves no unit where its field is
FARTHEST = 400.0  # logarithm of gap over V beyond which the maximisers leave what a K-dimensional search resolves
REACH = (8.0, 8.4, 8.7, 9.0, 9.2)
#: order, longest panel, and panels per sharp place, by number of units and level
RULES = {
    2: ((8, 1.6, 1.6), (10, 1.3, 1.4), (12, 1.1, 1.2), (15, 0.9, 1.0), (18, 0.8, 0.9)),
    3: ((5, 2.4, 2.6), (6, 2.2, 2.4), (7, 1.9, 2.2), (8, 1.7, 1.9), (10, 1.5, 1.6)),
}


@array_kernel
def _terms(u, log_b, signs, part, gradient, bend):  # type: ignore[no-untyped-def]
    """``ln Z`` at fields u in deviations; its gradient and second derivatives into ``gradient`` (K,) and ``bend``."""
    units, states = u.size, signs.shape[0]
    slope, curve = np.empty((2, units)), np.empty((2, units))
    log_p = np.empty((2, units))
    for k in range(units):
        for side in range(2):
            x = u[k] if side else -u[k]
            value, hazard, excess = tail_triple(-x)
            log_p[side, k] = value
            slope[side, k] = hazard if side else -hazard
            curve[side, k] = -hazard * excess
    top = -np.inf
    for s in range(states):
        total = log_b[s]
        for k in range(units):
            total += log_p[signs[s, k], k]
        part[s] = total
        top = max(top, total)
    norm = 0.0
    gradient[:] = 0.0
    bend[:] = 0.0
    for s in range(states):
        weight = math.exp(part[s] - top)
        norm += weight
        for k in range(units):
            one = slope[signs[s, k], k]
            gradient[k] += weight * one
            bend[k, k] += weight * curve[signs[s, k], k]
            for m in range(units):
                bend[k, m] += weight * one * slope[signs[s, m], m]
    for k in range(units):
        gradient[k] /= norm
    for k in range(units):
        for m in range(units):
            bend[k, m] = bend[k, m] / norm - gradient[k] * gradient[m]
    return top + math.log(norm)


@array_kernel
def _factor(matrix):  # type: ignore[no-untyped-def]
    """Cholesky factor of a small matrix in place, made positive by a multiple of 1; the logarithm of its determinant
    (nan where a multiple was needed).
    """
    units, added = matrix.shape[0], 0.0
    whole = matrix.copy()
    while True:
        good, total = True, 0.0
        for i in range(units):
            for j in range(i + 1):
                x = whole[i, j] + (added if i == j else 0.0)
                for k in range(j):
                    x -= matrix[i, k] * matrix[j, k]
                if i == j:
                    if not x > 1e-12:
                        good = False
                        break
                    matrix[i, i] = math.sqrt(x)
                    total += math.log(x)
                else:
                    matrix[i, j] = x / matrix[j, j]
            if not good:
                break
        if good:
            return total if added == 0.0 else np.nan
        added = 1.0 if added == 0.0 else 4.0 * added
        if not added < 1e300:
            return np.nan


@array_kernel
def _climb(h, u, gap, log_b, signs, part, gradient, bend, matrix, trial):  # type: ignore[no-untyped-def]
    """The maximum of ``gap ln Z - |u-h|^2/2`` that is reached from u, in place; its value, nan unless found."""
    units = h.size
    value = gap * _terms(u, log_b, signs, part, gradient, bend)
    for k in range(units):
        value -= 0.5 * (u[k] - h[k]) ** 2
    for _ in range(STEPS):
        slope = 0.0
        for k in range(units):
            trial[k] = gap * gradient[k] - (u[k] - h[k])
            slope = max(slope, abs(trial[k]) / (1.0 + abs(u[k]) + abs(h[k])))
            for m in range(units):
                matrix[k, m] = (1.0 if k == m else 0.0) - gap * bend[k, m]
        if slope <= 4e-15:
            return value
        _factor(matrix)
        for i in range(units):
            for j in range(i):
                trial[i] -= matrix[i, j] * trial[j]
            trial[i] /= matrix[i, i]
        for i in range(units - 1, -1, -1):
            for j in range(i + 1, units):
                trial[i] -= matrix[j, i] * trial[j]
            trial[i] /= matrix[i, i]
        share = 1.0
        for _ in range(HALVINGS):
            for k in range(units):
                u[k] += share * trial[k]
            new = gap * _terms(u, log_b, signs, part, gradient, bend)
            for k in range(units):
                new -= 0.5 * (u[k] - h[k]) ** 2
            if new >= value - 1e-14 * (1.0 + abs(value)):
                break
            for k in range(units):
                u[k] -= share * trial[k]
            share *= 0.5
        else:
            return value
        length = 0.0
        for k in range(units):
            length = max(length, abs(share * trial[k]) / (1.0 + abs(u[k])))
        value = new
        if length <= SETTLED:
            return value
    return np.nan


@array_kernel
def _sum(h, weight, gap, log_b, signs, lifted, log_shares, out):  # type: ignore[no-untyped-def]
    """Sums over nodes ``h`` (nodes, K), in deviations: see `LimitSums`. ``lifted``: the numbers of units that are tried
    to be positive (0: none is moved), ``log_shares`` (2, states).
    """
    nodes, units = h.shape
    part, gradient, trial = np.empty(signs.shape[0]), np.empty(units), np.empty(units)
    bend, matrix = np.empty((units, units)), np.empty((units, units))
    u, best = np.empty(units), np.empty(units)
    over = 0.9 * math.sqrt(2.0 * math.log1p(gap))  # about where a large gap leaves a unit that is lifted
    out[:] = 0.0
    for n in range(nodes):
        top = -np.inf
        for count in lifted:
            for k in range(units):
                u[k] = max(h[n, k], over) if k < count else h[n, k]
            value = _climb(h[n], u, gap, log_b, signs, part, gradient, bend, matrix, trial)
            if not np.isfinite(value):  # a maximum that is not found might be the highest
                out[:] = np.nan
                return
            if value > top:
                top = value
                best[:] = u
        log_z = _terms(best, log_b, signs, part, gradient, bend)
        moved = drawn = 0.0
        for k in range(units):
            moved += (best[k] - h[n, k]) ** 2
            drawn += (best[k] - h[n, k]) * h[n, k]
            for m in range(units):
                matrix[k, m] = (1.0 if k == m else 0.0) - gap * bend[k, m]
        mass = weight[n]
        out[0] += mass * (log_z - 0.5 * moved / gap)
        out[1] += mass * moved
        out[2] += mass * drawn
        out[3] += mass * _factor(matrix)
        for i in range(log_shares.shape[0]):
            share = 0.0
            for s in range(part.size):
                share += math.exp(log_shares[i, s] + part[s] - log_z)
            out[4 + i] += mass * share


def limit_sums(
    weights: np.ndarray, extra: list[np.ndarray], common: float, log_gap: float, variance: float, level: int
) -> LimitSums:
    """Averages for outputs with Boltzmann ``weights`` by the number of positive units; ``extra``: these times the cost,
    and of errors.
    """
    units, log_ratio = weights.size - 1, log_gap - math.log(variance)
    if not log_ratio < FARTHEST:
        return NO_LIMIT
    gap = math.exp(log_ratio)
    paired = np.array_equal(weights[2:], weights[:-2])  # a parity: two signs may be turned
    h, mass = _sorted_fields(units, math.sqrt(common / variance), gap, paired, level)
    signs = (np.arange(2**units)[:, None] >> np.arange(units)) & 1
    with np.errstate(divide="ignore", invalid="ignore"):
        every = np.log(weights)[signs.sum(axis=1)]
        more = [np.log(row / weights)[signs.sum(axis=1)] for row in extra]
    kept = np.isfinite(every)
    log_shares = np.array([np.where(np.isnan(row), -np.inf, row)[kept] for row in more])
    out = np.empty(6)
    lifted = np.flatnonzero(weights)[-1 if paired else 0 :]  # of pairs of signs all but one are turned already
    if gap < LARGE or weights.all():  # a cost that is finite may be paid
        lifted = np.unique(np.append(0, lifted))
    _sum(h, mass, gap, every[kept], signs[kept], lifted, log_shares, out)
    value, moved, drawn, bending, cost, wrong = out.tolist()
    return LimitSums(value, moved * variance, drawn * variance / math.sqrt(common), bending, cost, wrong)


def _sorted_fields(
    units: int, scale: float, gap: float, paired: bool, level: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fields in deviations, the largest first, and their masses: the last one of either sign, the others above it by
    as much as their differences, or above its modulus where pairs of signs may be turned.
    """
    order, cap, part = RULES[units][level]
    far = REACH[level]
    width = 1.0 / scale
    core = width * (2.0 + math.sqrt(2.0 * math.log1p(gap)))
    last, last_mass = _panels(width * part, core, far, cap, order)
    inside = last < core + far * width  # all units above it: nothing moves
    last, last_mass = np.concatenate([-last, last[inside]]), np.concatenate([last_mass, last_mass[inside]])
    apart, apart_mass = _panels(width * part, core, 2.0 * far, cap, order)
    grids = np.meshgrid(last, *[apart] * (units - 1), indexing="ij")
    masses = np.meshgrid(last_mass, *[apart_mass] * (units - 1), indexing="ij")
    base = np.abs(grids[0]) if paired else grids[0]
    rising = [grids[0]]
    for step in grids[1:]:
        base = base + step
        rising.append(base)
    z = np.stack([field.ravel() for field in rising[::-1]], axis=1)
    copies = math.factorial(units) * (2 ** (units - 1) if paired else 1)
    mass = np.prod([one.ravel() for one in masses], axis=0)
    mass = copies * mass * np.exp(-0.5 * (z * z).sum(axis=1)) / (2.0 * math.pi) ** (0.5 * units)
    kept = mass > 1e-18
    return scale * z[kept], mass[kept]


def _panels(first: float, core: float, reach: float, cap: float, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes above 0: panels of the length ``first`` up to ``core``, then longer ones."""
    edges = [0.0]
    while edges[-1] < reach:
        beyond = max(edges[-1] - core, 0.0)
        edges.append(edges[-1] + min(cap, first + 0.8 * beyond))
    ends = np.array(edges) * (reach / edges[-1])
    x, w = gauss_legendre(order)
    half = 0.5 * np.diff(ends)
    return ((0.5 * (ends[1:] + ends[:-1]))[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()
