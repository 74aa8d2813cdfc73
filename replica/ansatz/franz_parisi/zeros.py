"""Zeros of functions that may have no value somewhere."""

from __future__ import annotations

from collections.abc import Callable


class _NoValueError(Exception):
    """The function has no value at a point that was tried."""


def zero_of(function: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    """The zero between places of different sign; NaN where a point has no value (the function gives NaN)."""
    from scipy.optimize import brentq

    def certain(place: float) -> float:
        value = function(place)
        if value != value:
            raise _NoValueError
        return value

    try:
        return float(brentq(certain, low, high, xtol=tolerance, rtol=tolerance))
    except _NoValueError:
        return float("nan")
