"""The limit of many steps, from the minima of 1, 2, 3, ... of them. Their values converge as ``A (k + b)^-4``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replica.ansatz.rsb.steps import Minimum
from replica.solution.batch import State
from replica.solution.errors import Named
from saddlepoint import Variables

POWER = 4.0
MOST = 10
FEWEST = 4
ENOUGH = 3e-9  # relative change of the limit at which no more steps are taken
_SHIFTS = np.linspace(0.0, 1.0, 401)


@dataclass(frozen=True)
class Limit:
    """A limit, its error, and the minima (the last two) that it is told from."""

    value: float
    error: float
    last: Minimum
    before: Minimum


def limit_of(minima: list[Minimum]) -> Limit | None:
    """The limit of minima of 0, 1, 2, ... steps; None while there are too few.

    Three values give the limit, the amplitude and the shift b; the error is twice the change of the limit with the
    last step, and a twentieth of what is extrapolated where that is less.
    """
    if len(minima) < FEWEST + 1:
        return None
    values = np.array([one.value for one in minima])
    ends = [_extrapolated(one.steps, values[one.steps - 2 : one.steps + 1]) for one in minima[FEWEST - 1 :]]
    rounding = 1e-12 * (1.0 + abs(values[-1]))
    error = 2.0 * abs(ends[-1] - ends[-2]) + rounding
    return Limit(ends[-1], max(error, 0.002 * abs(ends[-1] - values[-1])), minima[-1], minima[-2])


def settled(found: Limit | None) -> bool:
    """Whether more steps are worth nothing."""
    return found is not None and found.error < ENOUGH * (1.0 + abs(found.value))


def _extrapolated(k: int, three: np.ndarray) -> float:
    """The limit of the values of k-2, k-1 and k steps."""
    shift = (k - 2.0) * -1.0 + 0.02 + (k + 10.0) * _SHIFTS
    one, two, last = ((j + shift) ** -POWER for j in (k - 2.0, k - 1.0, k))
    ratio = (three[0] - three[1]) / (three[1] - three[2])
    apart = np.log((one - two) / (two - last)) - np.log(max(ratio, 1e-3))
    b = float(np.interp(0.0, -apart, shift)) if apart[0] > 0.0 > apart[-1] else 0.0
    two, last = (k - 1.0 + b) ** -POWER, (k + b) ** -POWER
    return float(three[2] - (three[1] - three[2]) * last / (two - last))


class FullState(State):
    """The limit of many steps as a solved state: numbers and errors by name, and the Parisi function of the last
    minimum that was taken.
    """

    rowwise = ("values", "errors")

    def __init__(self, values: dict[str, Any], errors: dict[str, Any], profiles: list[Any], size: int = 1) -> None:
        self.values, self.errors, self.profiles, self.size = values, errors, profiles, size
        self.variables = Variables()

    def take(self, index: np.ndarray) -> FullState:
        values = {name: column[index] for name, column in self.values.items()}
        errors = {name: column[index] for name, column in self.errors.items()}
        return FullState(values, errors, [self.profiles[i] for i in index], len(index))

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        return dict(self.values), dict(self.errors)

    def profile(self, point: np.ndarray) -> Any:
        """Overlaps, Parisi function and its error, of one row."""
        return self.profiles[0]


def profile_of(found: Limit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The Parisi function in the middles of the steps: overlaps, x, and how far those of one step fewer are."""
    q, x = _middles(found.last)
    other = np.interp(q, *_middles(found.before))
    return q, x, np.abs(other - x) + 1e-12 * x


def _middles(found: Minimum) -> tuple[np.ndarray, np.ndarray]:
    gaps, x = found.order.gaps, found.order.parisi
    gaps = gaps if gaps.size > x.size else np.append(gaps, 0.0)  # q_k = 1 is left out
    return 1.0 - 0.5 * (gaps[1:] + gaps[:-1]), x
