"""Averages and Newton's method for models of one conjugate, a row at a time in compiled loops; the equations are those
of `replica.ansatz.rs.equations`.

Weights and losses hand over one kernel each (`Weights.point_sums`, `Loss.point_sums`), which the loops call through
pointers: a loop is compiled once for all members, and every slope is a sum beside the others, no difference.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, Self, cast

import numpy as np

from replica._registry import vouched
from replica.architectures import PatternAverage
from replica.models.model import Model
from replica.weights.base import Average, SingleWeight
from saddlepoint._jit import array_kernel, call_at, inner_kernel, pointer
from saddlepoint._kernels import STALLED
from saddlepoint._verify import DOUBTED, FINEST, corrected
from saddlepoint.quadrature.levels import rule_and_grading
from saddlepoint.solution import Tolerance

_SMALL = 1e-6  # an overlap that is as good as none
_STEPS = 40
_CLOSE = 1e-7  # a step from which Newton's method doubles the digits, and so is at its end
_LONGEST = 3.0  # step in ln q_hat
_FLAT = -3.0  # inverse slope of the residual, -1 without patterns, where the load rises slowly
_SCAN = 0.25  # of ln q_hat, between places that are looked at
_END = 46.0  # of ln q_hat: beyond it q is 1 to all digits
NO_NOISE = np.empty((0, 0))


class OneOverlap:
    """The two halves of the saddle point of a batch whose only conjugate is ``q_hat``.

    ``Weights.point_sums`` is a `point_kernel` of ``(q_hat, 0)`` that gives ``E ln z`` (nan where `Weights.entropic`
    needs none), ``q``, ``V``, the susceptibility and ``dq/dq_hat``; ``Loss.point_sums`` one of ``(q, V)``, told the
    numbers (B, p) of the loss's ``point_numbers(beta, B)``, that averages over the field ``sqrt(q) z``: ``ln Z``,
    ``f'``, ``f^2``, ``f'^2``, ``f'^2 - 2 f^2 f'`` (the slope of ``E f^2`` in q at fixed ``q + V``), and where there is
    room the mean cost and the training error.
    """

    def __init__(self, model: Model, size: int, level: int) -> None:
        self.kernels = pointer(model.weights.point_sums), pointer(model.loss.point_sums)
        self.numbers = np.ascontiguousarray(model.loss.point_numbers(model.beta, size))
        self.rule = rule_and_grading(level)
        self.closed = isinstance(model.weights.norm, Average)  # its free entropy needs no ln z

    @classmethod
    def of(cls, model: Model, names: tuple[str, ...], size: int, level: int) -> Self | None:
        """None where a member has no such kernel, or another than the class whose other methods it inherits."""
        weights, loss = model.weights, model.loss
        plain = names == ("q_hat",) and model.architecture.plain and model.data.unrelated and not model.data.threshold
        if not (plain and weights.point_sums is not None and loss.point_sums is not None):
            return None
        kinds = cast(tuple[Hashable, Hashable], (type(weights), type(loss)))
        return cls(model, size, level) if _own(*kinds) else None

    def halves(self, q_hat: np.ndarray, whole: bool) -> tuple[SingleWeight, PatternAverage]:
        """As `Equations.halves`."""
        one, other = np.empty((q_hat.size, 5)), np.empty((q_hat.size, 7 if whole else 5))
        _sums(*self.kernels, q_hat, self.numbers, *self.rule, one, other)
        return self._told(one, other, whole)

    def _told(self, one: np.ndarray, other: np.ndarray, whole: bool) -> tuple[SingleWeight, PatternAverage]:
        log_z, q, variance, susceptibility, _ = one.T
        none = np.zeros(q.size)
        single = SingleWeight(None if self.closed else log_z, q, variance, 1.0, none, q, susceptibility)
        value, bend, square, rigidity, _, *rest = other.T
        conjugates = {"q_hat": square, "curvature": -bend}
        return single, PatternAverage(value, conjugates, *((rigidity, *rest) if whole else (None, None, None)))

    def residual_and_slope(self, alpha: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``ln(alpha E f^2) - ln q_hat`` at ``ln q_hat`` (B, 1), and its derivative."""
        q_hat, one, other = np.exp(free[:, 0]), np.empty((len(free), 5)), np.empty((len(free), 5))
        _sums(*self.kernels, q_hat, self.numbers, *self.rule, one, other)
        residual = np.log(alpha * other[:, 2]) - free[:, 0]
        slope = q_hat * one[:, 4] * other[:, 4] / other[:, 2] - 1.0
        return residual[:, None], slope[:, None, None]

    def descend(self, alpha: np.ndarray) -> np.ndarray:
        """``ln q_hat`` (B, 1) where Newton's method leads from what it is to first order in the patterns."""
        point = np.empty((alpha.size, 1))
        _descend(*self.kernels, alpha, self.numbers, *self.rule, point)
        return point

    def solve(self, alpha: np.ndarray, finer: Self, tolerance: float) -> tuple[np.ndarray, ...]:
        """Points (B, 1), their errors, residuals (B,) and codes: `descend` and the check of `saddlepoint.solve` on the
        ``finer`` averages.
        """
        point = self.descend(alpha)
        before, slope = finer.residual_and_slope(alpha, point)

        def there(moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return finer.residual_and_slope(alpha, moved)[0], NO_NOISE

        asked = Tolerance(absolute=max(tolerance, FINEST))
        moved, residual, error, code = corrected(point, before, 1.0 / slope, there, asked)
        code[np.abs(moved - point)[:, 0] > DOUBTED] = STALLED
        return moved, error, residual, code

    def around(self, q_hat: np.ndarray, finer: Self) -> tuple[SingleWeight, PatternAverage]:
        """The halves (3B,) of three batches: the first two on ``finer`` averages."""
        one, other = np.empty((q_hat.size, 5)), np.empty((q_hat.size, 7))
        numbers, two = np.concatenate([self.numbers, self.numbers]), 2 * len(self.numbers)
        _sums(*self.kernels, q_hat[:two], numbers, *finer.rule, one[:two], other[:two])
        _sums(*self.kernels, q_hat[two:], self.numbers, *self.rule, one[two:], other[two:])
        return self._told(one, other, True)


@cache
def _own(weights: Hashable, loss: Hashable) -> bool:
    """Whether kernels were declared by the classes whose other methods they stand for."""
    members: tuple[Any, Any] = weights, loss
    declared = ("point_sums", "single", "log_z"), ("point_sums", "terms", "cost")
    return all(vouched(member, *names) for member, names in zip(members, declared, strict=True))


@array_kernel
def _sums(weights, loss, q_hat, numbers, rule, grading, one, other):  # type: ignore[no-untyped-def]
    for row in range(q_hat.size):
        call_at(weights, q_hat[row], 0.0, numbers[row], rule, grading, one[row])
        call_at(loss, one[row, 1], one[row, 2], numbers[row], rule, grading, other[row])


@inner_kernel
def _next_step(residual, way, last, pace, before):  # type: ignore[no-untyped-def]
    """To the zero of the residual by the cubic of its inverse through this point and the ``last`` one, ``before`` it,
    with their slopes ``way`` and ``pace``; Newton's step where there is no last one, or the cubic leads far from that.
    """
    plain, apart = -residual * way, residual - last
    if pace == 0.0 or not abs(apart) > abs(residual):
        return plain
    share = -residual / apart
    cubic = (way + pace) * apart - 2.0 * before
    curved = plain + share * share * (cubic * (1.0 + share) + way * apart - before)
    return curved if abs(curved - plain) < 0.5 * abs(plain) else plain


@inner_kernel
def _at(weights, loss, x, alpha, numbers, rule, grading, one, other):  # type: ignore[no-untyped-def]
    """The residual at ``ln q_hat = x``, and the inverse of its slope."""
    q_hat = np.exp(x)
    call_at(weights, q_hat, 0.0, numbers, rule, grading, one)
    call_at(loss, one[1], one[2], numbers, rule, grading, other)
    return np.log(alpha * other[2]) - x, 1.0 / (q_hat * one[4] * other[4] / other[2] - 1.0)


@inner_kernel
def _newton(weights, loss, x, alpha, numbers, rule, grading, one, other):  # type: ignore[no-untyped-def]
    """Newton's method in ln q_hat; steps that do not lower the residual are halved, the last one is not looked at.
    Gives the place, whether it arrived, and whether it passed where the load hardly rises.
    """
    step, best, last, pace, flat = 0.0, np.inf, 0.0, 0.0, False
    for _ in range(_STEPS):
        residual, way = _at(weights, loss, x + step, alpha, numbers, rule, grading, one, other)
        if abs(residual) < best:
            x, best, before = x + step, abs(residual), step
            flat = flat or not _FLAT < way < 0.0
            step = _next_step(residual, way, last, pace, before)
            step = min(max(step, -_LONGEST), _LONGEST)
            last, pace = residual, way
        else:  # nan too
            step *= 0.5
        if abs(step) < _CLOSE or not abs(step) > 0.0 or x > _END:
            break
    found = best < _CLOSE and abs(step) < _CLOSE
    return x + step if found else x, found, flat


@array_kernel
def _descend(weights, loss, alpha, numbers, rule, grading, point):  # type: ignore[no-untyped-def]
    """From the place that few patterns lead to; where the load hardly rises in between, lower places are looked for: it
    may have risen so far before, and the branch from ``alpha = 0`` is there.
    """
    one, other = np.empty(5), np.empty(5)
    for row in range(alpha.size):
        load, known = alpha[row], numbers[row]
        call_at(loss, _SMALL, 1.0 - _SMALL, known, rule, grading, other)
        low = np.log(load * max(other[2], 1e-300))
        x, found, flat = _newton(weights, loss, low, load, known, rule, grading, one, other)
        while found and flat and low + 2.0 * _SCAN < x:
            low += _SCAN
            if _at(weights, loss, low, load, known, rule, grading, one, other)[0] < -_CLOSE:
                high = low
                low -= _SCAN
                while high - low > 1e-3:
                    middle = 0.5 * (low + high)
                    if _at(weights, loss, middle, load, known, rule, grading, one, other)[0] > 0.0:
                        low = middle
                    else:
                        high = middle
                x, found, flat = _newton(weights, loss, low, load, known, rule, grading, one, other)
                break
        point[row, 0] = x
