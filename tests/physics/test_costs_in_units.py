"""A cost of one's own in other units: weights times c and ``l(u/c)`` are the same model, to within what each claims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import replica

COSTS: dict[str, Callable[[Any], Any]] = {
    "quartic": lambda u: 0.356 * (u - 0.414) ** 4,
    "squared hinge": lambda u: 2.065 * (abs(u + 1.67) - (u + 1.67)) ** 2 / 2,
    "huber": lambda u: np.where(np.abs(u + 0.47) < 0.65, 0.5 * (u + 0.47) ** 2 / 0.65, np.abs(u + 0.47) - 0.325),
}
POWERS = {"q": 2, "V": 2, "Q": 2, "q_hat": -2, "free_entropy": 0, "energy": 0, "stability": 0}
KINKS = {"quartic": (), "squared hinge": (-1.67,), "huber": (-1.12, 0.18)}


def in_units(name: str, unit: float) -> replica.losses.Loss:
    return replica.losses.from_function(lambda u: COSTS[name](u / unit), kinks=[unit * kink for kink in KINKS[name]])


@pytest.mark.parametrize("unit", [5.47e-4, 0.0127, 0.3])
@pytest.mark.parametrize(("name", "beta"), [("quartic", 1.8), ("squared hinge", 300.0)])
def test_series_on_other_panels_tell_what_is_not_known_of_a_force(name: str, beta: float, unit: float) -> None:
    loss, field = in_units(name, unit), unit * np.linspace(-1.4, 1.5, 7)
    variance = np.array([0.4 * unit**2])
    (other,) = loss.recut
    found, again = (one.terms(field[None], variance, beta)[1][0] for one in (loss, other))
    with mpmath.workdps(30):
        edges = [mpmath.mpf(x) for x in (-8, -4, KINKS[name][0] if KINKS[name] else -2, -1, 0, 1, 2, 4, 8)]

        def force(h: float) -> float:
            def weight(u: Any) -> Any:
                return mpmath.exp(-beta * COSTS[name](u) - (u - mpmath.mpf(h) / unit) ** 2 / mpmath.mpf("0.8"))

            mean = mpmath.quad(lambda u: u * weight(u), edges) / mpmath.quad(weight, edges)
            return float((mean - mpmath.mpf(h) / unit) / mpmath.mpf("0.4") / unit)

        right = np.array([force(h) for h in field])
    off, told = np.abs(found - right), np.abs(found - again)
    assert off.max() <= 3.0 * told.max() + 2e-14 * np.abs(right).max()
    assert told.max() <= 1e-9 * np.abs(right).max()


def letters(unit: float) -> replica.Discrete:
    return replica.Discrete((-0.8 * unit, 1.1 * unit))


@pytest.mark.bench
@pytest.mark.parametrize("unit", [5.47e-4, 0.0127, 960.0])
@pytest.mark.parametrize(
    ("name", "beta", "alpha"), [("quartic", 1.8, 0.18), ("squared hinge", 300.0, 0.1), ("huber", 9.0, 0.3)]
)
def test_errors_hold_what_other_units_change(name: str, beta: float, alpha: float, unit: float) -> None:
    one, other = (
        replica.solve(replica.perceptron(letters(c), loss=in_units(name, c), beta=beta), alpha=alpha)
        for c in (1.0, unit)
    )
    assert one.converged and other.converged
    for quantity, power in POWERS.items():
        scale = unit**power
        known = one.errors[quantity] + other.errors[quantity] / scale
        assert abs(other[quantity] / scale - one[quantity]) <= known, quantity
        assert known < 1e-7 * abs(one[quantity]) + 1e-12, quantity
