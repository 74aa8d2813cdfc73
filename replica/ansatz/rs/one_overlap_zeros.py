"""The first zero of the entropy or of the stability on the branch of a model of one conjugate, in compiled loops."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replica._registry import per_row
from replica.ansatz.differences import EPS
from replica.ansatz.rs.equations import Equations
from replica.ansatz.rs.one_overlap import OneOverlap
from replica.weights.base import Pinned
from saddlepoint._jit import array_kernel, call_at, inner_kernel
from saddlepoint._kernels import CONVERGED, STALLED
from saddlepoint._verify import DOUBTED, FINEST, corrected
from saddlepoint.quadrature.levels import rule_and_grading
from saddlepoint.solution import Tolerance

_FALLING = -1e-6  # slope of the residual where alpha clearly rises with q_hat
_NUDGE = 1e-5  # step of central differences in ln q_hat
_STEPS = 100


class Zeros(NamedTuple):
    """``ln q_hat`` (B, 1) with its error, ``alpha`` (B,) with its error and the two between which the condition changes
    sign (B, 2), residuals and codes; NaN where no clear zero is met on a rising branch.
    """

    point: np.ndarray
    slack: np.ndarray
    alpha: np.ndarray
    error: np.ndarray
    bracket: np.ndarray
    residual: np.ndarray
    code: np.ndarray


def covered(equations: Equations, condition: str) -> bool:
    """Whether `first_zeros` knows the condition: the entropy only of weights whose norm needs no multiplier."""
    known = condition == "stability" or condition == "entropy" and isinstance(equations.model.weights.norm, Pinned)
    return equations.compiled is not None and known


def first_zeros(equations: Equations, condition: str, grid: tuple[float, float, float]) -> Zeros:
    """The first zeros on a branch that is followed over a ``grid`` (first, last, step) of ``ln q_hat``, refined between
    two of its points and checked on finer averages as by `saddlepoint.solve`.
    """
    here, finer, size = equations.compiled, equations.refined().compiled, equations.size
    assert here is not None and finer is not None
    asked = condition == "stability", per_row(equations.model.beta, size)
    point, inverse, bracket = np.empty((size, 1)), np.empty((size, 1, 1)), np.empty((size, 2))
    rules = *rule_and_grading(0), *here.rule
    _search(*here.kernels, here.numbers, *rules, *asked, np.array(grid), point, bracket, inverse)

    def there(place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, floor = np.empty((2, size, 1))
        _conditions(*here.kernels, here.numbers, *finer.rule, *asked, place, value, floor)
        return value, floor

    moved, residual, slack, code = corrected(point, there(point)[0], inverse, there, Tolerance(absolute=FINEST))
    code[~(np.abs(moved - point)[:, 0] <= DOUBTED)] = STALLED  # nan too
    alpha, error = _loads(here, finer, moved, slack)
    code[~(np.isfinite(alpha) & np.isfinite(error)) & (code == CONVERGED)] = STALLED
    bracket = np.stack([np.minimum(bracket[:, 0], alpha - error), np.maximum(bracket[:, 1], alpha + error)], axis=1)
    return Zeros(moved, slack, alpha, error, bracket, residual, code)


def _loads(here: OneOverlap, finer: OneOverlap, point: np.ndarray, slack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The load at each point and its error: the change of the averages, over the error of the point, and rounding."""
    q_hat = np.exp(np.concatenate([point, point + slack, point])[:, 0])
    _, pattern = here.around(q_hat, finer)
    best, there, coarse = (q_hat / pattern.conjugates["q_hat"]).reshape(3, -1)
    return best, np.abs(coarse - best) + np.abs(there - best) + 16 * EPS * best


@inner_kernel
def _at(weights, loss, x, numbers, rule, grading, stable, beta, one, other):  # type: ignore[no-untyped-def]
    """Load, condition, its rounding (see `replica.ansatz.rs.floors`) and slope of the residual at ``ln q_hat = x``."""
    q_hat = np.exp(x)
    call_at(weights, q_hat, 0.0, numbers, rule, grading, one)
    call_at(loss, one[1], one[2], numbers, rule, grading, other)
    alpha, slope = q_hat / other[2], q_hat * one[4] * other[4] / other[2] - 1.0
    if stable:
        replicon = alpha * other[3] * one[3]
        return alpha, 1.0 - replicon, 64.0 * EPS * (1.0 + replicon), slope
    heat = beta * other[5] if other[5] > 0.0 else 0.0
    held, cost = 0.5 * q_hat * one[2], alpha * (other[0] + heat)
    moduli = 2.0 * held + abs(one[0]) + alpha * (abs(other[0]) + heat)
    return alpha, one[0] - held + cost, 8.0 * EPS * moduli, slope


@array_kernel
def _conditions(weights, loss, numbers, rule, grading, stable, beta, point, value, floor):  # type: ignore[no-untyped-def]
    one, other = np.empty(5), np.empty(7)
    for row in range(beta.size):
        found = _at(weights, loss, point[row, 0], numbers[row], rule, grading, stable, beta[row], one, other)
        value[row, 0], floor[row, 0] = found[1], found[2]


@array_kernel
def _search(  # type: ignore[no-untyped-def]
    weights, loss, numbers, rough, rough_grading, rule, grading, stable, beta, grid, point, bracket, inverse
):
    """The first cell of the grid in which the condition falls below 0, and its zero there by regula falsi with the
    weight of an end that stays halved (Illinois); all NaN where alpha does not rise up to it.
    """
    one, other = np.empty(5), np.empty(7)
    for row in range(beta.size):
        known, warmth = numbers[row], beta[row]
        point[row, 0] = bracket[row, 0] = bracket[row, 1] = inverse[row, 0, 0] = np.nan
        x, load, before, found = grid[0], np.nan, False, False
        while x <= grid[1]:
            alpha, value, floor, slope = _at(weights, loss, x, known, rough, rough_grading, stable, warmth, one, other)
            if not (alpha > 0.0 and slope < _FALLING and (value > floor or before)):
                break
            if value < -floor:
                found = True
                bracket[row, 0], bracket[row, 1] = load, alpha
                break
            x, load, before = x + grid[2], alpha, True
        if not found:
            continue
        low, high = x - grid[2], x
        first = _at(weights, loss, low, known, rule, grading, stable, warmth, one, other)[1]
        last = _at(weights, loss, high, known, rule, grading, stable, warmth, one, other)[1]
        if not (first > 0.0 > last):
            continue
        side = 0
        for _ in range(_STEPS):
            x = high - last * (high - low) / (last - first)
            _, value, floor, slope = _at(weights, loss, x, known, rule, grading, stable, warmth, one, other)
            if not abs(value) > floor or high - low < 1e-13 * (1.0 + abs(x)):
                break
            if value > 0.0:
                low, first, last, side = x, value, 0.5 * last if side > 0 else last, 1
            else:
                high, last, first, side = x, value, 0.5 * first if side < 0 else first, -1
        up = _at(weights, loss, x + _NUDGE, known, rule, grading, stable, warmth, one, other)[1]
        down = _at(weights, loss, x - _NUDGE, known, rule, grading, stable, warmth, one, other)[1]
        if slope < _FALLING:
            point[row, 0], inverse[row, 0, 0] = x, 2.0 * _NUDGE / (up - down)
