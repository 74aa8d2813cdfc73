"""Special functions for each node against scipy.special giving the same outputs: a part of `speed`."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import erfcx, log_ndtr

from benchmarks._clock import least, line
from benchmarks._plain import ROOT_TAU
from saddlepoint import special


def plain_cosh(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """ln 2cosh and two derivatives."""
    h, slope = np.abs(x), np.tanh(x)
    return h + np.log1p(np.exp(-2 * h)), slope, 1 - slope**2


def plain_difference(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """ln[H(x) - H(y)] and both slopes."""
    a, b = log_ndtr(-x), log_ndtr(-y)
    value = a + np.log(-np.expm1(b - a))
    return value, np.exp(-x * x / 2 - value) / ROOT_TAU, np.exp(-y * y / 2 - value) / ROOT_TAU


def plain_mixed(x: np.ndarray, beta: float) -> tuple[np.ndarray, ...]:
    """ln[e^-b + (1-e^-b) H] and its slope."""
    log_kept = np.log(-np.expm1(-beta))
    value = np.logaddexp(-beta, log_kept + log_ndtr(-x))
    return value, np.exp(log_kept - x * x / 2 - value) / ROOT_TAU


def function_lines() -> list[dict[str, Any]]:
    """Special functions, seconds a value on 20,000 values."""
    x = np.random.default_rng(2).normal(0.0, 4.0, 20_000)
    y, beta = x + 1.0, np.array([3.0])
    one, two, three = np.empty((3, 1, x.size))
    pairs = {
        "ln H and G": (
            lambda: special.tail_terms(x, one[0], two[0]),
            lambda: (log_ndtr(-x), np.sqrt(2 / np.pi) / erfcx(x / np.sqrt(2))),
        ),
        "ln 2cosh, tanh, 1 - tanh^2": (
            lambda: special.cosh_terms(x, one[0], two[0], three[0]),
            lambda: plain_cosh(x),
        ),
        "ln[H(a) - H(b)] and both slopes": (
            lambda: special.tail_difference_terms(x, y, one[0], two[0], three[0]),
            lambda: plain_difference(x, y),
        ),
        "ln[e^-b + (1-e^-b)H] and slope": (
            lambda: special.mixed_tail_terms(x[None], beta, one, two),
            lambda: plain_mixed(x, 3.0),
        ),
    }
    lines = []
    with np.errstate(all="ignore"):
        for name, (ours, theirs) in pairs.items():
            fast, slow = least(ours, 2000, 2.0), least(theirs, 500, 2.0)
            lines.append(line(name, fast / x.size, "", None, **{"times scipy.special": slow / fast}))
    return lines
