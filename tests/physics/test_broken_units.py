"""The capacity of parity machines with one step against differences, brute quadrature and formulas."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import ndtr

import replica
from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.potential import CAPACITY, Potential
from replica.ansatz.rsb.unit_patterns import ColdUnits, Signs
from saddlepoint.quadrature import gauss_legendre

PAIR = replica.parity(2, weights="spherical")
TRIPLE = replica.parity(3, weights="spherical")
MAJORITY = replica.committee(3, weights="spherical")


ONE, TWO = Order(np.array([0.5]), np.array([20.0])), Order(np.array([1.0, 0.2]), np.array([12.0, 40.0]))

THREE = Order(np.array([0.8, 0.4, 0.1]), np.array([5.0, 15.0, 50.0]))


@pytest.mark.parametrize(("model", "order"), [(PAIR, ONE), (MAJORITY, ONE), (PAIR, TWO), (PAIR, THREE)])
def test_gradients_are_those_of_the_potential(model: replica.Model, order: Order) -> None:
    potential = Potential(model, np.nan, CAPACITY)
    chart = potential.chart(order.parisi.size, rooted=order is TWO)
    free = chart.free(order)
    place = potential.at(chart.values(free))
    slopes = chart.pulled(free, place.order, place.overlap_slopes, place.parisi_slopes, place.chi_slope)
    step = 1e-5 * np.eye(free.size)
    ends = [[potential.at(chart.values(free + side * one)).value for side in (1.0, -1.0)] for one in step]
    assert slopes == pytest.approx((np.array(ends) @ [1.0, -1.0]) / 2e-5, abs=2e-7, rel=1e-6)
    assert place.pattern.lost < 1e-12


@pytest.mark.parametrize("order", [
    Order(np.array([0.7, 0.2]), np.array([3.0, 12.0])), Order(np.array([0.9, 0.6, 0.2]), np.array([1.0, 4.0, 13.0])),
], ids=["two", "three"])  # fmt: skip
def test_units_that_must_all_be_right_are_perceptrons(order: Order) -> None:
    """At margin 1 all three signs are asked for: every level is three times that of a perceptron."""
    all_three = replica.committee(3, weights="spherical", margin=1.0)
    several, one = (
        Potential(model, np.nan, CAPACITY).at(order, level).pattern
        for model, level in ((all_three, 0), (replica.perceptron("spherical"), 1))
    )
    assert several.means == pytest.approx(3.0 * one.means, rel=1e-9)
    assert several.pushes == pytest.approx(3.0 * one.pushes, rel=1e-8)
    assert several.gains == pytest.approx(3.0 * one.gains, rel=1e-8)
    assert several.bends[:-1] == pytest.approx(3.0 * one.bends[:-1], rel=1e-6)


@pytest.mark.bench
def test_errors_of_order_parameters_of_three_units_hold_what_finer_integrals_change() -> None:
    found = replica.capacity(MAJORITY, ansatz=replica.RSB())
    assert abs(found.order_parameters["q0"] - 0.63960196291646) < found.solution.errors["q0"]  # of the finest integrals
    assert found.solution.errors["q0"] > 1e-10


def test_more_steps_of_a_pair_have_smaller_capacities() -> None:
    found = [replica.capacity(PAIR, ansatz=replica.RSB(steps=k)) for k in (1, 2)]
    assert all(one.converged for one in found)
    assert 4.0 < found[1].value < found[0].value - 0.02
    assert abs(found[0].order_parameters["q0"] - 0.45498906890134) < found[0].solution.errors["q0"]


def _distance(fields: np.ndarray, allowed: tuple[bool, ...]) -> np.ndarray:
    """Squared distance to the nearest fields whose signs are allowed, by trying all of them."""
    units = fields.shape[0]
    every = [s for s in product((1, -1), repeat=units) if allowed[s.count(1)]]
    costs = [sum(np.where(s[i] * fields[i] < 0, fields[i] ** 2, 0.0) for i in range(units)) for s in every]
    return np.asarray(np.min(costs, axis=0))


def _wedges(units: int, order: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights over all fields, between the edges at which distances change."""
    node, weight = gauss_legendre(order)
    share, part = 0.5 * (1.0 + node), 0.5 * weight
    size = np.array(np.meshgrid(*[share] * units, indexing="ij")).reshape(units, -1)
    mass = np.prod(np.array(np.meshgrid(*[part] * units, indexing="ij")).reshape(units, -1), axis=0)
    radii = reach * np.cumprod(size, axis=0)  # falling
    mass = mass * reach * np.prod(radii[:-1], axis=0)
    cells = [
        (np.array([s[i] * radii[p[i]] for i in range(units)]), mass)
        for s in product((1, -1), repeat=units)
        for p in permutations(range(units))
    ]
    return np.concatenate([c[0] for c in cells], axis=1), np.concatenate([c[1] for c in cells])


@pytest.mark.parametrize(
    "allowed",
    [(True, False, True), (False, True, False, True), (False, False, True, True), (False, False, False, True)],
)
def test_the_average_over_the_nearest_signs_is_brute_quadrature(allowed: tuple[bool, ...]) -> None:
    units, s, c = len(allowed) - 1, 0.6, 7.0
    nodes = np.array([-0.7, 0.2, 1.1])
    last = ColdUnits(Signs(allowed), lambda level: (np.nan, np.nan))
    found = last.on(nodes, np.full((3,) * units, True), s, c, 1)
    fields, mass = _wedges(units, 44 if units == 2 else 30, 6.5)
    square = _distance(fields, allowed)
    for place in [(0, 1, 2)[:units], (2, 0, 0)[:units], (1, 1, 1)[:units]]:
        apart = fields - nodes[list(place)][:, None]
        density = mass * np.exp(-np.sum(apart**2, axis=0) / (2 * s**2)) / (s * np.sqrt(2 * np.pi)) ** units
        share = density * np.exp(-0.5 * c * square)
        total = share.sum()
        assert found.value[place] == pytest.approx(np.log(total) / c, abs=1e-9)
        assert found.right[place] == pytest.approx(density[square == 0.0].sum() / total, abs=1e-8)
        assert found.squares[place] == pytest.approx((share * square).sum() / total, abs=1e-8)


@pytest.mark.parametrize("allowed", [(True, False, True), (False, False, True, True), (False, False, False, True)])
def test_bends_are_second_differences(allowed: tuple[bool, ...]) -> None:
    step, middle = 2e-3, (1,) * (len(allowed) - 1)
    nodes = -0.4 + step * np.array([-1.0, 0.0, 1.0])
    last = ColdUnits(Signs(allowed), lambda level: (np.nan, np.nan))
    found = last.on(nodes, np.full((3,) * len(middle), True), 0.6, 7.0, 1)
    value = found.value.reshape(3, 3, -1)[:, :, found.value.size // 18]  # what is left of the fields in the middle
    own = (value[2, 1] - 2.0 * value[1, 1] + value[0, 1]) / step**2
    mixed = (value[2, 2] - value[2, 0] - value[0, 2] + value[0, 0]) / (4.0 * step**2)
    units = len(middle)
    assert found.curve()[middle] == pytest.approx(units * (own**2 + (units - 1) * mixed**2), rel=1e-4)


def test_the_capacity_of_a_committee_is_a_minimum() -> None:
    """Beside it all is higher; and where all units must be positive they are three perceptrons."""
    potential = Potential(MAJORITY, np.nan, CAPACITY)
    best = 0.3603980377698652, 21.227061868805162

    def load(gap: float, c: float) -> float:
        return float(potential.at(Order(np.array([gap]), np.array([c]))).value)

    assert load(*best) == pytest.approx(3.1458419235, abs=2e-9)
    for moved in ((0.37, 21.2), (0.35, 21.2), (0.36, 21.8), (0.36, 20.6)):
        assert load(*moved) > load(*best)
    every = replica.capacity(replica.committee(3, weights="spherical", margin=1.0), ansatz=replica.RSB())
    assert every.value == pytest.approx(2.0 / 3.0, abs=1e-14)


@pytest.mark.bench
def test_the_capacity_of_a_committee() -> None:
    """An earlier sum over sorted fields gave 3.145841923557 +- 2.6e-10."""
    found = replica.capacity(MAJORITY, ansatz=replica.RSB())
    assert found.value == pytest.approx(3.145841923557, abs=found.error + 2.6e-10)
    assert found.error < 5e-9
    assert found.value < replica.capacity(MAJORITY).value


@pytest.mark.parametrize("model", [PAIR, TRIPLE])
def test_the_symmetric_capacity_is_a_one_dimensional_formula(model: Any) -> None:
    """``min_w ln(1+w) / (-2 ln I)``, ``I = 1/2 + K/2 int_0^inf dr e^{-w r^2/2} 2G(r) (2H(r))^(K-1)``."""
    units = model.architecture.few.units

    def load(log: float) -> float:
        w = np.exp(log)

        def inside(r: float) -> float:
            density = 2.0 * np.exp(-0.5 * (1.0 + w) * r**2) / np.sqrt(2.0 * np.pi)
            return float(units * density * (2.0 * ndtr(-r)) ** (units - 1))

        average = 0.5 + 0.5 * quad(inside, 0.0, 12.0 / np.sqrt(1.0 + w), epsabs=1e-14, epsrel=1e-13)[0]
        return float(np.log1p(w) / (-2.0 * np.log(average)))

    least = minimize_scalar(load, bounds=(0.0, 8.0), method="bounded", options={"xatol": 1e-7})
    found = replica.capacity(model, ansatz=replica.RSB(q0=0.0))
    assert found.converged
    assert found.value == pytest.approx(least.fun, abs=2e-12)
    assert found.value < replica.capacity(model).value


def test_figures() -> None:
    """The reference figure of three units, and the least of ``-F_S/F_E`` over w and q0 of two."""
    found = replica.capacity(TRIPLE, ansatz=replica.RSB(q0=0.0))
    assert found.value == pytest.approx(4.997543755604427, abs=1e-10)
    pair = replica.capacity(PAIR, ansatz=replica.RSB())
    assert pair.value == pytest.approx(4.0342360419, abs=1e-9)
    assert pair.order_parameters["q0"] == pytest.approx(0.455, abs=5e-4)


def test_what_is_not_here_is_refused() -> None:
    few = "for parity machines of 2 or 3 units and capacities of committees of 3"
    for model in (replica.committee(5, weights="spherical"), replica.parity(4, weights="spherical")):
        with pytest.raises(ValueError, match=few):
            replica.capacity(model, ansatz=replica.RSB())
    with pytest.raises(ValueError, match="extremised"):
        replica.capacity(PAIR, ansatz=replica.RSB(m=0.5))
    for model, steps, most in ((MAJORITY, 3, 2), (PAIR, np.inf, 5)):
        with pytest.raises(ValueError, match=f"at most {most} steps .more take too long., got steps={steps:g}"):
            replica.capacity(model, ansatz=replica.RSB(steps=steps))
    with pytest.raises(ValueError, match="one step, got steps=2"):
        replica.solve(PAIR, alpha=3.0, ansatz=replica.RSB(steps=2, q0=0.0))
    with pytest.raises(ValueError, match=r"RSB\(q0=0.0\)"):
        replica.capacity(TRIPLE, ansatz=replica.RSB())
    with pytest.raises(ValueError, match=few):  # nothing violates it
        replica.capacity(replica.committee(3, weights="spherical", margin=-2.0), ansatz=replica.RSB())
    with pytest.raises(ValueError, match="RSB at a given load is here for .*3 units around those of 3 others"):
        replica.solve(MAJORITY, alpha=2.0, ansatz=replica.RSB())
    states = "the number of states of one step is here for"
    for verb in (replica.dynamic_transition, replica.static_transition, replica.gardner_line):
        with pytest.raises(ValueError, match=states):
            verb(PAIR, ansatz=replica.RSB(q0=0.0))
    with pytest.raises(ValueError, match=states):
        replica.complexity(PAIR, alpha=3.0, parisi=[0.3])
