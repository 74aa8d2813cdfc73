"""Compiled proximal map of the logistic loss; no loss lives here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import per_row
from saddlepoint._jit import array_kernel, inner_kernel, scalar_kernel
from saddlepoint.special._elementary import scale, split_exponential

_FAR = 745.0  # the exponential there is the smallest double; beyond it is 0
_STEPS = 1000


@scalar_kernel
def _sides(t):  # type: ignore[no-untyped-def]
    """``1/(1 + e^-|t|)`` and what it lacks of 1, without a branch: loops over it are vectorised."""
    size = abs(t)
    n, q = split_exponential(-(size if size < _FAR else _FAR), 0.0)
    small = scale(1.0 + q, n) if size < _FAR else 0.0
    share = 1.0 / (1.0 + small)
    return share, small * share


@scalar_kernel
def _first_logit(a, c):  # type: ignore[no-untyped-def]
    return min(0.0, -a) if a + 0.5 * c > 0.0 else max(0.0, -a - c)


@scalar_kernel
def _next_logit(t, a, c):  # type: ignore[no-untyped-def]
    """One step of Newton's method, and whether anything but rounding was left."""
    share, rest = _sides(t)
    p = share if t > 0.0 else rest
    value = t + a + c * p
    moved = t - value / (1.0 + c * share * rest)
    return moved, abs(value) > 1e-15 * (abs(moved) + abs(a) + c * p)


@scalar_kernel
def logistic_push(field, gain, variance):  # type: ignore[no-untyped-def]
    """The root p in (0, 1) of ``p = 1/(1 + e^{gain (h + V p)})``.

    In the logit ``t = ln(p/(1-p))`` it is ``F(t) = t + a + c/(1 + e^-t) = 0`` with ``a = gain h``, ``c = gain V``: F is
    convex below 0 and concave above, so Newton's method that starts at 0, or at the bound ``-a`` or ``-a-c`` beyond it,
    approaches the root from one side and never overshoots. Relatively accurate also where p is an exponential.
    """
    a, c = gain * field, gain * variance
    t = _first_logit(a, c)
    for _ in range(_STEPS):
        t, more = _next_logit(t, a, c)
        if not more:
            break
    share, rest = _sides(t)
    return share if t > 0.0 else rest


@inner_kernel
def _pushes(field, gain, variance, push):  # type: ignore[no-untyped-def]
    """`logistic_push` at all nodes of a row: they take their steps together."""
    c = gain * variance
    for node in range(field.size):
        push[node] = _first_logit(gain * field[node], c)
    for _ in range(_STEPS):
        open_nodes = 0
        for node in range(field.size):
            push[node], more = _next_logit(push[node], gain * field[node], c)
            open_nodes += 1 if more else 0
        if open_nodes == 0:
            break
    for node in range(field.size):
        share, rest = _sides(push[node])
        push[node] = share if push[node] > 0.0 else rest


@array_kernel
def _push_kernel(field, gain, variance, out):  # type: ignore[no-untyped-def]
    for row in range(field.shape[0]):
        _pushes(field[row], gain[row], variance[row], out[row])


def logistic_prox(field: np.ndarray, gain: Any, variance: np.ndarray) -> np.ndarray:
    """``p = -l'(u)`` at the proximal point ``u = h + V p``."""
    out = np.empty(field.shape)
    size = len(field)
    _push_kernel(np.ascontiguousarray(field, dtype=float), per_row(gain, size), per_row(variance, size), out)
    return out


@array_kernel
def _sums_kernel(weight, field, gain, variance, whole, out):  # type: ignore[no-untyped-def]
    """Averages of the move ``V p``, of ``1 - u' = V l''/(1 + V l'')`` and of the cost, with ``l'' = gain p (1-p)``."""
    pushes = np.empty(field.shape[1])
    for row in range(field.shape[0]):
        one, two, held, square, cost, wrong = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        chi = variance[row]
        _pushes(field[row], gain[row], chi, pushes)
        for node in range(field.shape[1]):
            mass, push = weight[row, node], pushes[node]
            best = field[row, node] + chi * push
            bend = chi * gain[row] * push * (1.0 - push)
            share = bend / (1.0 + bend)
            grown = gain[row] * best
            one += mass * push
            two += mass * push * push
            held += mass * share
            square += mass * share * share
            if not whole:
                continue
            cost += mass * (np.log1p(np.exp(-abs(grown))) + max(-grown, 0.0))
            wrong += mass if best < 0.0 else 0.0
        out[0, row], out[1, row], out[2, row], out[3, row] = chi * one, chi * chi * two, held, square
        out[4, row], out[5, row] = cost / gain[row], wrong


def logistic_sums(
    weight: np.ndarray, field: np.ndarray, gain: Any, variance: np.ndarray, whole: bool
) -> np.ndarray:
    """The averages of `Loss.ground_sums` on nodes."""
    out = np.empty((6, len(field)))
    rows = np.ascontiguousarray(weight), np.ascontiguousarray(field), per_row(gain, len(field))
    _sums_kernel(*rows, np.ascontiguousarray(variance, dtype=float), whole, out)
    return out


def _steps(gain: np.ndarray, variance: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Of the trapezoidal rule. The integrand is analytic for ``|Im u| < pi/gain`` and falls like a Gaussian of variance
    V or faster, so with the half-strip d the step ``2 pi d/(37 + d^2/(2 s^2))`` leaves rounding; s is the least width
    of the tilted measure.
    """
    narrow = 1.0 / (1.0 / variance + 0.25 * beta * gain)
    strip = np.minimum(0.8 * np.pi / gain, 8.6 * np.sqrt(narrow))
    return 2.0 * np.pi * strip / (37.0 + 0.5 * strip * strip / narrow)


def logistic_nodes(gain: np.ndarray, variance: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """About how many nodes `logistic_terms` takes for a field, one number per row."""
    return 18.0 * np.sqrt(variance) / _steps(gain, variance, beta)


@array_kernel
def _terms_kernel(field, gain, variance, beta, steps, log_z, slope, curvature, cost):  # type: ignore[no-untyped-def]
    """``ln Z``, ``-beta <l'>``, ``beta^2 Var(l') - beta <l''>`` and ``<l>`` by the trapezoidal rule around the mode."""
    for row in range(field.shape[0]):
        v, b, g, step = variance[row], beta[row], gain[row], steps[row]
        for node in range(field.shape[1]):
            h = field[row, node]
            push = logistic_push(h, g, b * v)
            mode = h + b * v * push
            tilt = (mode - h) / v
            grown = g * mode
            least = (np.log1p(np.exp(-abs(grown))) + max(-grown, 0.0)) / g
            mass, first, second, bent, paid = 0.0, 0.0, 0.0, 0.0, 0.0
            for side in range(2):
                k = side
                while True:
                    t = (k if side == 0 else -k) * step
                    grown = g * (mode + t)
                    small = np.exp(-abs(grown))
                    share = 1.0 / (1.0 + small)
                    p = small * share if grown > 0.0 else share  # -l'
                    price = (np.log1p(small) + max(-grown, 0.0)) / g
                    exponent = b * (least - price) - tilt * t - 0.5 * t * t / v
                    if not exponent > -40.0:  # also where nothing is finite
                        break
                    part = np.exp(exponent)
                    mass += part
                    first += part * (p - push)
                    second += part * (p - push) ** 2
                    bent += part * small * share * share
                    paid += part * price
                    k += 1
            shift = first / mass
            log_z[row, node] = np.log(mass * step / np.sqrt(2.0 * np.pi * v)) - b * least - 0.5 * tilt * tilt * v
            slope[row, node] = b * (push + shift)
            curvature[row, node] = b * (b * (second / mass - shift * shift) - g * bent / mass)
            cost[row, node] = paid / mass


def logistic_terms(field: np.ndarray, gain: Any, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, ...]:
    """``ln Z`` with its first two derivatives in the field, and the mean cost."""
    size, out = len(field), tuple(np.empty(field.shape) for _ in range(4))
    rows = per_row(gain, size), per_row(variance, size), per_row(beta, size)
    with np.errstate(all="ignore"):  # rows that have left the range of doubles give nan
        _terms_kernel(np.ascontiguousarray(field, dtype=float), *rows, _steps(*rows), *out)
    return out
