"""Whether a cost is convex and whether it is free somewhere, seen from its values, wherever its kinks lie."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.losses._cost_table import cost_table
from tests.physics._values import Values


def excess(place: float, power: int = 1):
    return lambda u: np.maximum(place - u, 0.0) ** power


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("place", [0.05, 0.3, 1.8, 0.125, -0.375, 0.5, 0.0, 1 / 3, 1e3, -1e3, 1e-3])
def test_one_kink_anywhere(place: float, power: int, declared: bool) -> None:
    cost = Values(excess(place, power), (place,) if declared else ())
    assert (cost.log_concave, cost.satisfiable) == (True, True)
    if not declared and power == 1 and cost_table(cost).kinks:  # the others are at the edge of a panel
        assert cost_table(cost).kinks == pytest.approx([place], rel=1e-13, abs=1e-15)


def bump(place: float, width: float, height: float):
    """A hill between two dips, of a continuous slope, and nothing elsewhere."""
    return lambda u: np.where(np.abs(u - place) < width, height * np.cos(np.pi * (u - place) / width / 2) ** 2, 0.0)


SUM = Values(lambda u: np.maximum(1.0 - u, 0.0) + np.maximum(-u, 0.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("cost", "convex", "free"),
    [
        (SUM, True, True),
        (Values(SUM.function), True, True),
        (Values(lambda u: np.where(u < 0.5, 0.75 - u, np.where(u < 1, (1 - u) ** 2, 0.0)), (0.5, 1.0)), True, True),
        (Values(lambda u: np.maximum(1 - u, 0) + np.maximum(1.0001 - u, 0), (1.0, 1.0001)), True, True),
        (Values(lambda u: np.maximum(1 - u, 0) + np.maximum(1.0001 - u, 0)), True, True),
        (Values(lambda u: np.where(u < 1 / 3, 0.9 * (1 / 3 - u), 0.1 * (u - 1 / 3))), True, False),
        (Values(lambda u: u**2 + 1e-3 * np.sin(30.0 * u)), True, False),
        (Values(lambda u: np.logaddexp(0.0, -1e4 * u) / 1e4), True, False),
        (Values(lambda u: np.exp(-20.0 * u)), True, False),
        (Values(lambda u: np.log(1.0 + np.exp(-100.0 * u)) / 100.0), True, False),
        (Values(lambda u: u**2 + 1e-3 * np.sin(50.0 * u)), False, False),
        (Values(lambda u: u**2 - 0.01 * np.exp(-(((u - 0.313) / 0.01) ** 2))), False, False),
        (Values(lambda u: np.maximum(1 - u, 0) + bump(7.313, 0.01, 1e-3)(u), (1.0,)), False, True),
        (Values(lambda u: np.abs(u) + bump(3.33, 0.04, 1e-3)(u), (0.0,)), False, False),
        (Values(lambda u: excess(1)(u) - excess(0.9)(u) / 2 + excess(0.8)(u) / 2, (0.8, 0.9, 1.0)), False, True),
        (Values(lambda u: excess(1)(u) - excess(0.9)(u) / 2 + excess(0.8)(u) / 2), False, True),
        (Values(lambda u: np.clip(1.0 - u, 0.0, 1.0)), False, True),
        (Values(lambda u: (u < 0.3).astype(float)), False, True),
        (Values(lambda u: np.where((u > 0.3) & (u < 0.33), 0.0, 1.0), (0.3, 0.33)), False, True),
    ],
)
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_any_cost_of_any_size(cost: Values, convex: bool, free: bool, size: float) -> None:
    scaled = Values(lambda u: size * cost.function(u), cost.corners)
    assert (scaled.log_concave, scaled.satisfiable) == (convex, free)


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e3])
def test_any_unit_of_the_stability(unit: float) -> None:
    """A sum of hinges and its minimiser, where everything scales; and a concave stretch."""
    scaled = Values(lambda u: SUM.function(u / unit), (0.0, unit))
    assert (scaled.log_concave, scaled.satisfiable) == (True, True)
    setting = {"noise": 1.3, "balance": 0.3, "bias": False}
    one = replica.solve(replica.mixture(SUM, penalty=0.7, **setting), alpha=1.5)
    # |w| is unit times as long, so that the penalty weighs unit^2 less beside the cost
    other = replica.solve(replica.mixture(scaled, penalty=0.7 / unit**2, **setting), alpha=1.5)
    assert other["m"] / unit == pytest.approx(one["m"], rel=1e-11)
    assert other.energy == pytest.approx(one.energy, rel=1e-11)
    bent = Values(lambda u: excess(1)(u / unit) - 0.5 * excess(0.9)(u / unit), (unit, 0.9 * unit))
    assert not bent.log_concave


def test_kinks_that_were_not_declared_leave_the_solution_as_it_is() -> None:
    huber = Values(lambda u: np.where(u < 0.5, 0.75 - u, np.where(u < 1, (1 - u) ** 2, 0.0)), (0.5, 1.0))
    for cost in (SUM, Values(excess(0.3)), huber):
        for setting in ({"penalty": 1e-3}, {"penalty": 30.0, "noise": 0.2, "balance": 0.4}):
            told, found = (
                replica.solve(replica.mixture(Values(cost.function, corners), bias=0.1, **setting), alpha=1.5)
                for corners in (cost.corners or (0.3,), ())
            )
            for name, value in told.order_parameters.items():
                assert abs(found[name] - value) <= told.errors[name] + found.errors[name] + 1e-15, name
                assert found.errors[name] <= 1e-9 * max(abs(value), 1e-3), name
