"""What a wide layer of units without a closed form does, from the Hermite series and the table of the function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from replica.architectures.activations import Activation, Custom
from replica.architectures.activations._dual import Dual, Pair

ALONE = 1e-10  # norms that differ by less, relatively, are one
CONVERGED = 1e-13  # what a cut series may leave, relative to its value at 1
MOST_PAIRS = 64  # of unequal norms and nearly equal directions, each with two tables of its own
FLAT = np.linspace(-8.0, 8.0, 4001)


@dataclass(frozen=True)
class Scaled:
    """``sign_0 g(s_0 x) + sign_1 g(s_1 x) + ...``: the unit at a norm, a part of it of one parity, a sum of two."""

    function: Callable[[np.ndarray], np.ndarray]
    scales: tuple[float, ...]
    signs: tuple[float, ...] = (1.0,)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        parts = zip(self.scales, self.signs, strict=True)
        return sum(sign * np.asarray(self.function(scale * x), dtype=float) for scale, sign in parts)  # type: ignore[return-value]


class Unit:
    """``E g(x) g(y)`` and its slope for standard Gaussians of any correlation, of a function at norm 1."""

    def __init__(self, function: Scaled) -> None:
        self.constant = float(np.ptp(function(FLAT))) == 0.0
        self.mean = float(function(np.zeros(1))[0])
        if self.constant:
            self.error = 0.0
            return
        self.custom = Custom(function)
        self.error = self.custom.rounding
        self.table = _table_of(self.custom)
        self.mean = self.table.mean

    def at(self, near: np.ndarray, far: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``E g^2 - E g g``, ``E g g`` and its slope at the correlation ``1 - near = far - 1``."""
        if self.constant:
            return np.zeros_like(near), np.full_like(near, self.mean**2), np.zeros_like(near)
        found = self.custom.kernel(0.5 * (far - near), near, level=2)
        return found.rest, found.value + self.mean**2, found.slope


@lru_cache(maxsize=256)
def _unit(function: Scaled) -> Unit:
    return Unit(function)


def _table_of(custom: Custom):  # type: ignore[no-untyped-def]
    from replica.architectures.activations.custom import _table

    return _table(custom, 2)


def numerical_dual(activation: Activation, pair: Pair) -> Dual:
    """`Dual` of pairs of any norms, of a function known by its values."""
    shape = pair.near.shape
    flat = Pair(*(np.ravel(part) for part in pair))
    near, far, slope = np.empty((3, flat.near.size))
    error = 0.0
    norms = np.sort(np.stack([flat.first, flat.second]), axis=0)
    same = norms[1] - norms[0] <= ALONE * norms[1]
    for low, high in np.unique(np.where(same, 0.5 * norms.sum(axis=0), norms), axis=1).T:
        rows = np.all(np.where(same, 0.5 * norms.sum(axis=0), norms) == np.array([[low], [high]]), axis=0)
        part = Pair(*(column[rows] for column in flat))
        found = _of_one_norm(activation, part, high) if low == high else _of_two_norms(activation, part, low, high)
        near[rows], far[rows], slope[rows] = found[:3]
        error = max(error, found.error)
    return Dual(near.reshape(shape), far.reshape(shape), slope.reshape(shape), error)


def _of_one_norm(activation: Activation, pair: Pair, norm: float) -> Dual:
    """Negative correlations through the even and the odd part, whose kernels are even and odd."""
    if norm == 0.0:
        value = np.asarray(activation.function(np.zeros(1)), dtype=float) ** 2
        return Dual(np.zeros_like(pair.near), 2.0 * value + 0.0 * pair.near, np.zeros_like(pair.near))
    scale = float(np.sqrt(norm))
    whole = _unit(Scaled(activation.function, (scale,)))
    near, far = pair.near / norm, pair.far / norm
    rest, value, slope = whole.at(np.minimum(near, 1.0), np.maximum(far, 1.0))
    error, top = whole.error, value + rest
    behind = near > 1.0
    if behind.any():
        parts = [_unit(Scaled(activation.function, (scale, -scale), (0.5, 0.5 * sign))) for sign in (1.0, -1.0)]
        even, odd = (part.at(far[behind], near[behind]) for part in parts)
        value[behind], slope[behind] = even[1] - odd[1], odd[2] - even[2]
        rest[behind] = top[behind] - value[behind]
        error = max(error, *(part.error for part in parts))
    return Dual(rest, 2.0 * top - rest, slope / norm, error)


def _of_two_norms(activation: Activation, pair: Pair, low: float, high: float) -> Dual:
    """By Hermite series; where these converge slowly through the kernels of ``g(u) + g(v)`` and ``g(u) - g(v)``."""
    if low == 0.0:
        raise ValueError("an input of norm 0 beside others: leave it out, or give the network a bias_variance above 0")
    scales = float(np.sqrt(low)), float(np.sqrt(high))
    units = [_unit(Scaled(activation.function, (scale,))) for scale in scales]
    series = [np.append(unit.mean, unit.table.signed[1:]) for unit in units]
    count = min(map(len, series))
    product = series[0][:count] * series[1][:count]
    norm = np.sqrt(low * high)
    correlation = pair.covariance / norm
    value = np.polynomial.polynomial.polyval(correlation, product)
    slope = np.polynomial.polynomial.polyval(correlation, np.arange(1, count) * product[1:])
    own = [unit.at(np.zeros(1), np.full(1, 2.0))[1][0] for unit in units]
    top = float(np.sqrt(own[0] * own[1]))
    rest = top - value
    error = max(unit.error for unit in units)
    if not all(unit.table.complete for unit in units):
        left = count * np.abs(correlation) ** count  # of the slope, whose terms are bounded by those at 1
        slow = np.flatnonzero(left > CONVERGED)
        if slow.size > MOST_PAIRS:
            raise ValueError(
                f"activation: {activation} has kinks, and {slow.size} pairs of inputs have nearly one direction and "
                f"unequal norms, more than {MOST_PAIRS}: give all rows one norm"
            )
        for row in slow:
            both = _polarised(activation, scales, pair.near[row] / norm, pair.far[row] / norm)
            value[row], slope[row], error = both[0], both[1], max(error, both[2])
            rest[row] = top - value[row]
    return Dual(np.maximum(rest, 0.0), 2.0 * top - rest, slope / norm, error)


def _polarised(activation: Activation, scales: tuple[float, float], near: float, far: float) -> tuple[float, ...]:
    """``E a b = (E (a+b)(a+b) - E (a-b)(a-b))/4`` for ``a = g(s_0 x)``, ``b = g(s_1 y)``, and the slope."""
    sign = 1.0 if near <= far else -1.0  # g(s y) of the mirror image of y
    ends = scales[0], sign * scales[1]
    plus, minus = (_unit(Scaled(activation.function, ends, (1.0, s))) for s in (1.0, -1.0))
    found = [unit.at(np.array([min(near, far)]), np.array([max(near, far)])) for unit in (plus, minus)]
    value, slope = (0.25 * float(found[0][k][0] - found[1][k][0]) for k in (1, 2))
    return value, sign * slope, max(plus.error, minus.error)
