"""Scalars whose zeros on a branch are located: folds and functions of the caller; stepping is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from saddlepoint.continuation.branch import Event, Point

_TRIALS = 80


@dataclass(frozen=True)
class Fold:
    """A turning point: the parameter stops growing along the branch. Needs `Arclength`.

    Parameters
    ----------
    tolerance : float
        Of the place within the step, as a part of the step.
    """

    name: ClassVar[str] = "fold"
    tolerance: float = 1e-9

    def value(self, point: Point) -> float:
        """Slope of the parameter along the branch."""
        return float(point.direction[-1])


@dataclass(frozen=True)
class ZeroOf:
    """A zero of ``function(point)``, such as a stability or a difference of potentials.

    Parameters
    ----------
    function : callable of `Point`, returning a float
    name : str
    tolerance : float
        Of the place within the step, as a part of the step.
    """

    function: Callable[[Point], float]
    name: str
    tolerance: float = 1e-9

    def value(self, point: Point) -> float:
        return float(self.function(point))


def locate(
    event: Fold | ZeroOf, between: Callable[[float], Point], start: Point, stop: Point
) -> tuple[float, Point] | None:
    """A zero of an event in a step, as (part of the step, point with `Event`); None without change of sign.

    Regula falsi with the Illinois weights, and bisection whenever three trials did not halve the bracket. A
    solve that fails on the way, or a zero that is a jump, leaves a guess.
    """
    low, high = event.value(start), event.value(stop)
    # a zero at the end of the step belongs to it, one at the beginning belonged to the step before
    if not (np.isfinite(low) and np.isfinite(high)) or low == 0.0 or low * high > 0:
        return None
    search = _Search(event, (0.0, low, start), (1.0, high, stop))
    standing = search.run(between)
    ends = sorted((search.a[2].parameter, search.b[2].parameter))
    part, _, point = search.best
    found = Event(event.name, point.parameter, (ends[0], ends[1]), standing)
    return part, replace(point, event=found)


class _Search:
    """A bracket (part of the step, value, point) at each end, shrinking."""

    def __init__(
        self, event: Fold | ZeroOf, a: tuple[float, float, Point], b: tuple[float, float, Point]
    ) -> None:
        self.event, self.a, self.b = event, a, b

    @property
    def best(self) -> tuple[float, float, Point]:
        return min(self.a, self.b, key=lambda end: abs(end[1]))

    def run(self, between: Callable[[float], Point]) -> str:
        scale = max(abs(self.a[1]), abs(self.b[1]))
        weight_a = weight_b = 1.0
        width = [self.b[0] - self.a[0]] * 4
        for _ in range(_TRIALS):
            if self.b[0] - self.a[0] <= self.event.tolerance or self.best[1] == 0.0:
                # a jump changes sign and stays large
                return "converged" if abs(self.best[1]) <= 1e-4 * scale else "guess"
            fa, fb = self.a[1] * weight_a, self.b[1] * weight_b
            part = self.a[0] + (self.b[0] - self.a[0]) * fa / (fa - fb)
            if width[-1] > 0.5 * width[-4] and len(width) > 4:
                part = 0.5 * (self.a[0] + self.b[0])
            # stay clear of the ends by the tolerance, so that a last trial closes the bracket from the other
            # side
            margin = min(0.4 * self.event.tolerance, 0.25 * (self.b[0] - self.a[0]))
            part = min(max(part, self.a[0] + margin), self.b[0] - margin)
            point = between(part)
            value = self.event.value(point) if point.converged else np.nan
            if not np.isfinite(value):
                return "guess"
            if (value > 0) == (self.a[1] > 0) and value != 0:
                self.a, weight_a, weight_b = (part, value, point), 1.0, weight_b * 0.5
            else:
                self.b, weight_a, weight_b = (part, value, point), weight_a * 0.5, 1.0
            width.append(self.b[0] - self.a[0])
        return "guess"
