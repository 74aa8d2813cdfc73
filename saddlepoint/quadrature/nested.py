"""Power means ``(1/m) ln E exp(m v)`` and their nesting, for broken replica symmetry; no nodes here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from saddlepoint._jit import array_kernel, scalar_kernel
from saddlepoint.special._elementary import scale, split_exponential


def power_mean(values: Any, weight: Any, power: Any) -> tuple[np.ndarray, np.ndarray]:
    r"""The power mean over the last axis, and the tilted weights of its derivatives.

    .. math::
        \mathrm{mean} = \frac1m \ln \sum_j p_j e^{m v_j}, \qquad
        \mathrm{tilted}_j = p_j e^{m v_j} \Big/ \sum_k p_k e^{m v_k}, \qquad p_j = w_j \Big/ \sum_k w_k

    so that ``d mean = sum_j tilted_j dv_j`` and ``d(m mean)/dm = sum_j tilted_j v_j``. ``m = 0`` is the plain
    average and is approached without cancellation; ``m = inf`` gives the maximum and ``-inf`` the minimum
    over ``w_j > 0``
    (tilted weights shared among ties as the weights are). The weights are divided by their sum, as
    otherwise there is no limit m -> 0.

    Parameters
    ----------
    values : array (..., n)
        The ``v_j``; ``-inf`` (the logarithm of zero) is allowed.
    weight : array
        Not negative, of shape (n,), or with leading axes that match the leading axes of ``values``, and last
        n.
    power : array or float
        The m of each row: a number, or an array that matches the leading axes of ``values``.

    Returns
    -------
    mean : array (...)
    tilted : array (..., n)
        Sums to 1 over the last axis. Both are nan in rows with nan in a value of positive weight.

    Raises
    ------
    ValueError
        For shapes that do not match.

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint.quadrature import gaussian_nodes, power_mean
    >>> z, weight = gaussian_nodes(np.zeros((1, 0)), np.zeros((1, 0)))
    >>> mean, tilted = power_mean(3.0 * z, weight, 0.5)       # of a Gaussian: m s^2/2
    >>> mean.round(12), (tilted * z).sum(-1).round(12)
    (array([2.25]), array([1.5]))
    """
    mean, tilted, _ = _power_means(values, weight, power)
    return mean, tilted


def power_mean_slope(values: Any, weight: Any, power: Any) -> np.ndarray:
    r"""``d mean/dm`` of `power_mean`: ``(<v> - mean)/m`` with ``<v> = sum_j tilted_j v_j``, not cancelling.

    Never negative. At ``m = 0`` it is half the variance, at ``m = +-inf`` it is 0. It is the relative entropy
    of the tilted weights over m^2: what a complexity is made of. Arguments, shapes and errors are those of
    `power_mean`.

    Examples
    --------
    >>> from saddlepoint.quadrature import power_mean_slope
    >>> power_mean_slope([-1.0, 1.0], [0.5, 0.5], [0.0, 1e-9]).round(12)
    array([0.5, 0.5])
    """
    return _power_means(values, weight, power)[2]


def nested_power_mean(
    values: Any, weights: Sequence[Any], powers: Sequence[Any]
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    r"""Power means within power means, ``(1/m_0) ln E_0 exp{(m_0/m_1) ln E_1 exp[m_1 ...]}``.

    Parameters
    ----------
    values : array (B, n_0, n_1, ...)
        Axes from the outermost average to the innermost.
    weights : sequence of arrays
        One per average, outermost first; the i-th of shape (n_i,), (B, n_i), ... or (B, n_0, ..., n_i).
    powers : sequence
        One per average, outermost first: numbers or arrays (B,). A plain outermost average is power 0.

    Returns
    -------
    mean : array (B,)
    tilted : tuple of arrays
        The i-th (B, n_0, ..., n_i): weights of the i-th average at given outer ones. The expectation of x (B,
        n_0, ...) is found by ``for t in reversed(tilted): x = (t * x).sum(-1)``.

    Raises
    ------
    ValueError
        For shapes or numbers of levels that do not match.

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint.quadrature import gaussian_nodes, nested_power_mean
    >>> z, weight = (a[0] for a in gaussian_nodes(np.zeros((1, 0)), np.zeros((1, 0))))
    >>> mean, _ = nested_power_mean((z[:, None] + z)[None], [weight, weight], [0.0, 0.4])
    >>> mean.round(12)
    array([0.2])
    """
    inner = np.asarray(values, dtype=float)
    if not len(weights) == len(powers) == inner.ndim - 1 >= 1:
        raise ValueError(
            f"values of shape {inner.shape} need as many weights and powers as axes after the first, "
            f"got {len(weights)} and {len(powers)}"
        )
    tilted = []
    for weight, power in zip(reversed(weights), reversed(powers), strict=True):
        inner, tilt = power_mean(inner, weight, power)
        tilted.append(tilt)
    return inner, tuple(reversed(tilted))


def _power_means(values: Any, weight: Any, power: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, tilted weights and slope: the arguments brought to rows for the kernel."""
    values, weight, power = (np.asarray(a, dtype=float) for a in (values, weight, power))
    if values.ndim == 0 or weight.ndim == 0 or weight.shape[-1] != values.shape[-1] or not values.size:
        raise ValueError(
            "values and weight must end in one axis of the same length, at least 1, "
            f"got the shapes {values.shape} and {weight.shape}"
        )
    size = values.shape[-1]
    lead = max(values.ndim - 1, weight.ndim - 1, power.ndim)
    values, weight = (a.reshape(*a.shape[:-1], *(1,) * (lead - a.ndim + 1), size) for a in (values, weight))
    power = power.reshape(power.shape + (1,) * (lead - power.ndim))
    rows = np.broadcast_shapes(values.shape[:-1], weight.shape[:-1], power.shape)
    # one row of weights serves all rows without being copied
    shared = weight if weight.size == size else np.broadcast_to(weight, (*rows, size))
    mean, slope, tilted = np.empty(rows), np.empty(rows), np.empty((*rows, size))
    power_mean_rows(
        _plain(values, tilted.shape).reshape(-1, size),
        _plain(shared, shared.shape).reshape(-1, size),
        _plain(power, rows).reshape(-1),
        mean.reshape(-1),
        slope.reshape(-1),
        tilted.reshape(-1, size),
    )
    return mean[()], tilted, slope[()]  # numbers, not arrays without axes, for a single row


def _plain(a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The array or a copy, of that shape, contiguous and writeable: the kind the kernel knows."""
    if a.shape == shape and a.flags.carray:
        return a
    return np.array(np.broadcast_to(a, shape), order="C")


@array_kernel
def power_mean_rows(
    values: np.ndarray,
    weight: np.ndarray,
    power: np.ndarray,
    mean: np.ndarray,
    slope: np.ndarray,
    tilted: np.ndarray,
) -> None:
    """Fill mean (R,), slope (R,), tilted (R, n) from values (R, n), weight (R, n) or (1, n), power (R,)."""
    for r in range(values.shape[0]):
        row = r if weight.shape[0] > 1 else 0
        mean[r], slope[r] = one_power_mean(values[r], weight[row], power[r], tilted[r])


@array_kernel
def one_power_mean(v: np.ndarray, weight: np.ndarray, m: float, tilted: np.ndarray) -> tuple[float, float]:
    """Mean and slope of one row, filling its tilted weights (a numerical kernel: three regimes of m)."""
    total, centre, low, high = 0.0, 0.0, np.inf, -np.inf
    for j in range(v.size):
        present = weight[j] > 0.0
        total += weight[j]
        centre += weight[j] * v[j] if present else 0.0
        low = min(low, v[j] if present else np.inf)
        high = max(high, v[j] if present else -np.inf)
    centre /= total
    if math.isnan(centre) or math.isnan(m):
        tilted[:] = np.nan
        return np.nan, np.nan
    if m == 0.0 and math.isinf(centre):
        for j in range(v.size):
            tilted[j] = weight[j] / total
        return centre, np.inf
    if abs(m) * max(high - centre, centre - low) <= 1.0:
        return _near_zero(v, weight, m, tilted, total, centre)
    best = high if m > 0.0 else low
    if math.isinf(m) or math.isinf(best):
        return _extreme(v, weight, best, tilted)
    return _far_from_zero(v, weight, m, tilted, total, best)


@array_kernel
def _near_zero(
    v: np.ndarray, weight: np.ndarray, m: float, tilted: np.ndarray, total: float, centre: float
) -> tuple[float, float]:
    """Every ``x = m (v - centre)`` within [-1, 1]: all in ``g = (e^x - 1 - x)/x^2``, never divided by m."""
    first, bend, spread = 0.0, 0.0, 0.0
    for j in range(v.size):
        d = v[j] - centre if weight[j] > 0.0 else 0.0
        x = m * d
        g = _exponential_remainder(x)
        share = weight[j] / total
        first += share * d  # what rounding left of the centre
        bend += share * d * d * g
        spread += share * d * d * (1.0 + x * g)
        tilted[j] = share * (1.0 + x * (1.0 + x * g))
    second = m * m * bend
    above = m * first + second
    for j in range(v.size):
        tilted[j] /= 1.0 + above
    mean = centre + (first + m * bend) * _log_ratio(above)
    return mean, spread / (1.0 + second) - bend * _log_ratio(second)


@array_kernel
def _far_from_zero(
    v: np.ndarray, weight: np.ndarray, m: float, tilted: np.ndarray, total: float, best: float
) -> tuple[float, float]:
    """In the log domain about the largest term."""
    inverse = 1.0 / total
    for j in range(v.size):  # apart from the sums, so that the exponential is vectorised
        d = v[j] - best if weight[j] > 0.0 else 0.0
        tilted[j] = weight[j] * inverse * _exponential(m * d)
    share, shift = 0.0, 0.0
    for j in range(v.size):
        share += tilted[j]
        shift += tilted[j] * (v[j] - best) if tilted[j] > 0.0 else 0.0
    inverse = 1.0 / share
    for j in range(v.size):
        tilted[j] *= inverse
    rise = math.log(share) / m
    return best + rise, (shift / share - rise) / m


@array_kernel
def _extreme(v: np.ndarray, weight: np.ndarray, best: float, tilted: np.ndarray) -> tuple[float, float]:
    """Only the values equal to the best count."""
    share = 0.0
    for j in range(v.size):
        tilted[j] = weight[j] if v[j] == best and weight[j] > 0.0 else 0.0
        share += tilted[j]
    for j in range(v.size):
        tilted[j] /= share
    return best, 0.0


@scalar_kernel
def _exponential(x: float) -> float:
    """e^x for x <= 0, zero below -760."""
    n, q = split_exponential(x if x > -760.0 else -760.0, 0.0)
    return scale(1.0 + q, n)


@scalar_kernel
def _exponential_remainder(x: float) -> float:
    """(e^x - 1 - x)/x^2 for |x| <= 1, by its series: the first term left out is below 1e-17 of the sum."""
    total = 1.0 / 355687428096000.0
    total = total * x + 1.0 / 20922789888000.0
    total = total * x + 1.0 / 1307674368000.0
    total = total * x + 1.0 / 87178291200.0
    total = total * x + 1.0 / 6227020800.0
    total = total * x + 1.0 / 479001600.0
    total = total * x + 1.0 / 39916800.0
    total = total * x + 1.0 / 3628800.0
    total = total * x + 1.0 / 362880.0
    total = total * x + 1.0 / 40320.0
    total = total * x + 1.0 / 5040.0
    total = total * x + 1.0 / 720.0
    total = total * x + 1.0 / 120.0
    total = total * x + 1.0 / 24.0
    total = total * x + 1.0 / 6.0
    return total * x + 0.5


@scalar_kernel
def _log_ratio(t: float) -> float:
    """ln(1 + t)/t, continued to 1 at 0."""
    return math.log1p(t) / t if t != 0.0 else 1.0
