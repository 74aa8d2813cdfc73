"""Convex costs known by their values alone, beside the same costs with closed proximal maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import replica
from replica.losses import Loss
from replica.losses._cost_table import cost_table
from replica.losses._logistic import logistic_prox
from replica.losses._tabulated import tabulated_map


@dataclass(frozen=True)
class Smooth(Loss):
    gain: float = 1.0
    log_concave: ClassVar[bool] = True
    parameters: ClassVar[dict[str, str]] = {"gain": "gain"}

    def cost(self, u: np.ndarray) -> np.ndarray:
        gain = self.gain[:, None] if isinstance(self.gain, np.ndarray) else self.gain
        return np.logaddexp(0.0, -gain * u) / gain


@dataclass(frozen=True)
class Kinked(Loss):
    log_concave: ClassVar[bool] = True

    def cost(self, u: np.ndarray) -> np.ndarray:
        return np.maximum(0.0, 1.0 - u)

    def kinks(self) -> tuple[float, ...]:
        return (1.0,)


@dataclass(frozen=True)
class Steep(Loss):
    log_concave: ClassVar[bool] = True

    def cost(self, u: np.ndarray) -> np.ndarray:
        return np.exp(-u)


@pytest.mark.parametrize("chi", [0.1, 1.0, 100.0, 1e5])
def test_the_map_is_the_closed_one(chi: float) -> None:
    field, reach = np.linspace(-60.03, 40.01, 501)[None, :], np.array([chi])
    found = tabulated_map(Smooth(), field, reach).best
    assert found == pytest.approx(field + chi * logistic_prox(field, 1.0, reach), abs=1e-11)
    kinked, _, held = tabulated_map(Kinked(), field, reach)
    assert kinked == pytest.approx(np.clip(1.0, field, field + chi), abs=1e-11)
    assert np.array_equal(held == 1.0, (field < 1.0) & (field > 1.0 - chi))


@pytest.mark.parametrize("penalty, alpha", [(0.5, 2.0), (1e-3, 1.0), (100.0, 5.0), (1e-5, 0.6), (0.01, 12.0)])
@pytest.mark.parametrize("own, known", [(Smooth(), "logistic"), (Kinked(), "hinge")], ids=["smooth", "kinked"])
def test_solutions_are_those_of_the_closed_cost(own: Loss, known: str, penalty: float, alpha: float) -> None:
    model = replica.mixture(own, penalty=penalty, balance=0.3)
    found = replica.solve(model, alpha=alpha)
    expected = replica.solve(replica.mixture(known, penalty=penalty, balance=0.3), alpha=alpha)
    for name in ("q", "m", "V", "bias", "generalization_error", "energy"):
        assert abs(found[name] - expected[name]) <= found.errors[name] + expected.errors[name], name
        assert found.errors[name] <= 1e-8 * max(abs(found[name]), 0.1), name


def test_parameters_along_a_sweep_have_tables_of_their_own() -> None:
    curve = replica.sweep(replica.mixture(Smooth(2.0)), alpha=1.5, gain=[0.5, 2.0], observables="q")
    for gain, q in zip((0.5, 2.0), curve["q"].values, strict=True):
        expected = replica.solve(replica.mixture(replica.Logistic(gain)), alpha=1.5)["q"]
        assert q == pytest.approx(expected, rel=1e-9)


def test_a_cost_that_overflows_is_tabulated_as_far_as_it_is_finite() -> None:
    """The minimiser of a cost `exp(-u)`: with V the response, `u + V exp(-u) = h` by Lambert's function."""
    from scipy.special import lambertw

    field, chi = np.linspace(-900.0, 30.0, 101)[None, :], 2.0
    found = tabulated_map(Steep(), field, np.array([chi])).best
    near = field > -600.0
    expected = field + np.real(lambertw(chi * np.exp(-np.where(near, field, 0.0))))
    assert found[near] == pytest.approx(expected[near], abs=1e-9)
    assert len(cost_table(Steep()).edges) < 2000


@pytest.mark.parametrize("norm, beta, noise, alpha", [(67.2, 11036.0, 0.12, 8.2), (341.0, 2294.5, 0.066, 4.87)])
def test_a_large_norm_of_the_square_loss_is_found_at_low_temperature(
    norm: float, beta: float, noise: float, alpha: float
) -> None:
    """Where the map of the conjugates runs away, from the closed equation for `Q - q`; its own residual vanishes."""
    model = replica.mixture("square", weights="spherical", norm=norm, beta=beta, noise=noise, balance=0.3, bias=False)
    found = replica.solve(model, alpha=alpha)
    gap = norm - found["q"]
    k = 1.0 + beta * noise * gap
    share = alpha * beta * gap / k
    assert found["m"] == pytest.approx(share / (1.0 + share), rel=1e-9)
    spread = (1.0 - found["m"]) ** 2 + noise * found["q"]
    assert found["q"] - found["m"] ** 2 == pytest.approx(alpha * noise * (beta * gap / k) ** 2 * spread, rel=1e-6)
    assert found.errors["training_error"] < 1e-8


@pytest.mark.parametrize("mean", [-25.0, 0.4, 21.0])
@pytest.mark.parametrize("deviation, chi", [(1.0, 0.3), (0.2, 40.0), (4.0, 1e3)])
def test_averages_keep_their_digits_however_far_the_cost_bends(mean: float, deviation: float, chi: float) -> None:
    """Panels end only where an average feels it: with the bend of the cost up to a hundred deviations away."""
    at = np.array([mean]), np.array([deviation]), np.array([chi])
    own, known = (loss.ground_sums(*at, 2, whole=False)[:4] for loss in (Smooth(), replica.Logistic()))
    assert own == pytest.approx(known, rel=1e-9)


@dataclass(frozen=True)
class Squared(Loss):
    place: float = 1.0

    def cost(self, u: np.ndarray) -> np.ndarray:
        return 0.5 * np.maximum(self.place - u, 0.0) ** 2

    def kinks(self) -> tuple[float, ...]:
        return (self.place,)


@pytest.mark.parametrize("place", [1.0, -0.37])
def test_a_map_of_straight_pieces_breaks_at_its_kink_alone(place: float) -> None:
    """However much steeper it is on the other side."""
    for chi in (0.1, 30.0, 1e6):
        breaks = Squared(place).ground_breaks(np.array([chi]))
        found = breaks[np.isfinite(breaks)]
        assert found == pytest.approx(np.full(found.size, place), abs=1e-15 * (1.0 + chi))
        assert found.size <= 4


@pytest.mark.parametrize("gain", [0.7, 3.96, 40.0])
def test_a_table_that_reaches_far_knows_what_bends_near(gain: float) -> None:
    """Beside values of 1e10 the bend of a cost is rounding: panels are not joined over it."""
    cost = Smooth(gain)
    table = cost_table(cost)
    table.cover(-1e10, 1e10)
    u = np.concatenate([np.linspace(-12.0, 12.0, 241) / gain, [-3.0, 3.0, 40.0]])
    slope = table.slopes(u)[0]
    assert slope == pytest.approx(-0.5 * (1.0 - np.tanh(0.5 * gain * u)), abs=1e-10)
    assert not table.kinked.size


def test_a_load_with_a_wandering_search_is_solved_as_well() -> None:
    """``ln 2cosh`` of the field at a large load, whose search looks at fields of 1e10: the equations by plain sums."""
    from scipy.optimize import root

    place, gain, noise, penalty, alpha = -0.55, 3.96, 1.056, 0.0785, 17.39

    def cost(u: np.ndarray) -> np.ndarray:
        return np.logaddexp(gain * (u - place), -gain * (u - place)) / gain

    model = replica.mixture(cost, penalty=penalty, noise=noise, balance=0.74, bias=False)
    found = replica.solve(model, alpha=alpha)
    z = np.linspace(-9.0, 9.0, 4001)
    weight = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi) * (z[1] - z[0])

    def equations(order: np.ndarray) -> list[float]:
        q, variance, m = order
        reach = noise * variance
        field = m + np.sqrt(noise * q) * z
        u = field.copy()
        for _ in range(60):
            tilt = np.tanh(gain * (u - place))
            u = u - (u + reach * tilt - field) / (1.0 + reach * gain * (1.0 - tilt**2))
        tilt = np.tanh(gain * (u - place))
        bend = reach * gain * (1.0 - tilt**2)
        stiff = penalty + alpha * noise * (weight @ (bend / (1.0 + bend))) / reach
        pull = -alpha * (weight @ tilt) / stiff
        return [variance - 1.0 / stiff, m - pull, q - pull**2 - alpha * noise * (weight @ tilt**2) / stiff**2]

    right = root(equations, [found["q"], found["V"], found["m"]], tol=1e-14).x
    for name, value in zip(("q", "V", "m"), right, strict=True):
        assert abs(found[name] - value) <= found.errors[name] + 1e-12, name
