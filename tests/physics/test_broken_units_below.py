"""Parity machines with one step below their capacity against sums of other code, formulas and limits."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from scipy.optimize import brentq
from scipy.special import erf, xlogy

import replica
from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.potential import WARM, Place, Potential
from replica.architectures._unit_fields import fields_on

PAIR = replica.parity(2, weights="spherical")
TRIPLE = replica.parity(3, weights="spherical")


def place(model: replica.Model, gaps: list[float], m: float, alpha: float = 2.0, level: int = 1) -> Place:
    return Potential(model, alpha, WARM).at(Order(np.array(gaps), np.array([m])), level)


def nested(units: int, q0: float, q1: float, m: float, nodes: int) -> float:
    """``E ln E P^m / m`` by products of Hermite rules."""
    z, w = hermegauss(nodes)
    w = w / w.sum()
    masses = reduce(np.multiply.outer, [w] * units)
    outer, every = (z, w) if q0 else (np.zeros(1), np.ones(1))
    total = 0.0
    for at in np.ndindex(*[outer.size] * units):
        turns = [erf((np.sqrt(q0) * outer[i] + np.sqrt(q1 - q0) * z) / np.sqrt(2.0 * (1.0 - q1))) for i in at]
        inside = np.sum(masses * (0.5 + 0.5 * reduce(np.multiply.outer, turns)) ** m)
        total += float(np.prod(every[list(at)]) * np.log(inside))
    return total / m


def free_entropy(units: int, alpha: float, order: tuple[float, float, float], nodes: int) -> float:
    """The functional of one step, written out."""
    q0, q1, m = order
    last, above = 1.0 - q1, 1.0 - q1 + m * (q1 - q0)
    weights = 0.5 * (np.log(last) + np.log(above / last) / m + q0 / above)
    return float(weights + alpha * nested(units, q0, q1, m, nodes))


@pytest.mark.parametrize(
    ("model", "order"), [(PAIR, (0.2, 0.5, 0.4)), (PAIR, (0.0, 0.4, 0.7)), (TRIPLE, (0.0, 0.4, 0.3))]
)
def test_the_functional_is_the_nested_average(model: replica.Model, order: tuple[float, float, float]) -> None:
    units, (q0, q1, m) = model.architecture.few.units, order
    found = place(model, [1.0 - q0, 1.0 - q1], m)
    assert found.value == pytest.approx(free_entropy(units, 2.0, order, 60), abs=1e-9)
    assert found.pattern.lost < 1e-13


@pytest.mark.parametrize(("model", "gaps"), [(PAIR, [0.8, 0.15]), (PAIR, [0.99, 0.97]), (TRIPLE, [1.0, 0.1])])
def test_gradients_are_differences_and_finer_sums_are_the_same(model: replica.Model, gaps: list[float]) -> None:
    m, step = 0.4, 1e-5
    here = place(model, gaps, m)
    finer = place(model, gaps, m, level=2)
    assert here.value == pytest.approx(finer.value, abs=3e-10)
    assert here.replicons == pytest.approx(finer.replicons, abs=1e-6)
    for level in (0, 1)[gaps[0] == 1.0 :]:
        ends = [place(model, [gap - side * step * (i == level) for i, gap in enumerate(gaps)], m) for side in (1, -1)]
        assert here.overlap_slopes[level] == pytest.approx((ends[0].value - ends[1].value) / (2 * step), abs=1e-7)
    ends = [place(model, gaps, m + side * step) for side in (1, -1)]
    assert here.parisi_slopes[0] == pytest.approx((ends[0].value - ends[1].value) / (2 * step), abs=1e-7)


def test_pushes_and_bends_are_those_on_a_tensor_of_fields() -> None:
    """Tilted means of derivatives on plain equidistant fields, not derivatives of means on a wedge."""
    q0, q1, m = 0.3, 0.8, 0.35
    h = np.sqrt(q0) * np.linspace(-8.0, 8.0, 141)
    x = np.linspace(-8.0, 8.0, 701)
    seen = fields_on(x, 1.0 - q1, np.array([1.0, 0.0, 1.0]))
    kernel = np.exp(-((h[:, None] - x) ** 2) / (2 * (q1 - q0))) * (x[1] - x[0]) / np.sqrt(2 * np.pi * (q1 - q0))
    one = np.exp(-(h**2) / (2 * q0)) * (h[1] - h[0]) / np.sqrt(2 * np.pi * q0)
    tilt, mass = np.exp(m * seen.log_z), np.outer(one, one)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(kernel @ (tilt * values) @ kernel.T)

    norm = mean(np.ones_like(tilt))
    g = mean(seen.slope) / norm
    own = mean(seen.bend + m * seen.slope**2) / norm - m * g**2
    mixed = mean(seen.mixed + m * seen.slope * seen.slope.T) / norm - m * g * g.T
    found = place(PAIR, [1.0 - q0, 1.0 - q1], m).pattern
    above = mean(seen.slope**2) / norm
    assert found.pushes == pytest.approx(2.0 * np.array([np.sum(mass * g**2), np.sum(mass * above)]), rel=1e-8)
    top = 2.0 * np.sum(mass * mean(seen.bend**2 + seen.mixed**2) / norm)
    assert found.bends == pytest.approx([2.0 * np.sum(mass * (own**2 + mixed**2)), top], rel=1e-6)


def test_one_level_is_the_symmetric_solution_of_other_code() -> None:
    """At m = 1 whatever the upper overlap, and where the levels are the same."""
    symmetric = replica.solve(PAIR, alpha=2.0)
    gap = 1.0 - symmetric["q"]
    alone = Potential(PAIR, 2.0, WARM).at(Order(np.array([gap]), np.zeros(0)), 2)
    assert alone.value == pytest.approx(symmetric.free_entropy, abs=1e-12)
    assert alone.replicons[0] == pytest.approx(1.0 - symmetric.stability, abs=1e-9)
    assert place(PAIR, [gap, 0.3 * gap], 1.0, level=2).value == pytest.approx(symmetric.free_entropy, abs=1e-13)
    near = place(PAIR, [gap, gap - 4e-3], 0.4)
    assert near.value == pytest.approx(symmetric.free_entropy, abs=1e-5)
    assert near.replicons == pytest.approx(alone.replicons[[0, 0]], abs=0.03)


@pytest.mark.parametrize(("alpha", "nodes"), [(1.5, 40), (2.0, 44)])
def test_a_load_is_a_minimum_of_the_nested_average(alpha: float, nodes: int) -> None:
    found = replica.solve(PAIR, alpha=alpha, ansatz=replica.RSB())
    order = (found["q0"], found["q1"], found["parisi"])
    here = free_entropy(2, alpha, order, nodes)
    assert found.free_entropy == pytest.approx(here, abs=1e-8)
    assert found.entropy == found.free_entropy
    assert found.error < 1e-11
    assert found.free_entropy < replica.solve(PAIR, alpha=alpha).free_entropy - 1e-6
    for i in range(3):
        for side in (0.9, 1.1):
            moved = [value * (side if i == k else 1.0) for k, value in enumerate(order)]
            assert free_entropy(2, alpha, (moved[0], moved[1], moved[2]), nodes) > here


def test_where_symmetry_holds_the_levels_coincide() -> None:
    """Two units up to ``pi^2/8``, where q = 0 becomes unstable; a band seen from outside by other weights too."""
    found = replica.solve(PAIR, alpha=1.0, ansatz=replica.RSB())
    assert found.status == "converged; the saddle point has 0 of 1 steps"
    assert found.free_entropy == pytest.approx(-np.log(2.0), abs=1e-14)
    assert found["q0"] == found["q1"] == 0.0
    assert found.stability == pytest.approx(1.0 - 8.0 / np.pi**2, abs=1e-12)
    outside = replica.perceptron("spherical", loss=replica.OutsideBand(0.5))
    free, held = (replica.solve(outside, alpha=0.6, ansatz=ansatz) for ansatz in (replica.RSB(), replica.RSB(q0=0.0)))
    assert free.status == held.status == "converged; the saddle point has 0 of 1 steps"
    assert free.free_entropy == held.free_entropy


def test_a_weak_step_beside_the_transition() -> None:
    found = replica.solve(PAIR, alpha=1.3, ansatz=replica.RSB())
    assert found.converged
    assert found.free_entropy < replica.solve(PAIR, alpha=1.3).free_entropy
    assert found["q0"] / found["q1"] == pytest.approx(1.0 / 3.0, abs=2e-3)


@pytest.mark.bench
def test_the_capacity_is_where_loads_end() -> None:
    end = replica.capacity(PAIR, ansatz=replica.RSB())
    near = replica.solve(PAIR, alpha=4.03, ansatz=replica.RSB())
    assert near["q1"] > 0.9999
    assert near["parisi"] / (1.0 - near["q1"]) == pytest.approx(end.order_parameters["parisi"], rel=0.03)
    assert near["q0"] == pytest.approx(end.order_parameters["q0"], abs=3e-3)
    beyond = replica.solve(PAIR, alpha=4.05, ansatz=replica.RSB(), on_failure="keep")
    assert "the capacity with 1 steps is 4.03424" in beyond.status


@pytest.mark.bench
def test_three_units_break_with_a_jump() -> None:
    """Where the complexity at m = 1 vanishes, by Hermite sums of ``E P ln P``, one step takes over."""
    z, w = hermegauss(100)
    masses = reduce(np.multiply.outer, [w / w.sum()] * 3)

    def relative(q: float) -> float:
        """``2 E P ln 2P`` around q = 0, the mutual information of a pattern."""
        turn = erf(np.sqrt(q) * z / np.sqrt(2.0 * (1.0 - q)))
        p = 1.0 + reduce(np.multiply.outer, [turn] * 3)
        return float(np.sum(masses * xlogy(p, p)))

    def slope(q: float) -> float:
        step = 1e-4
        return (relative(q + step) - relative(q - step)) / (2.0 * step)

    # at m = 1: alpha relative(q) = -(ln(1-q) + q)/2, stationary in q
    q = brentq(lambda q: -(np.log1p(-q) + q) * slope(q) - relative(q) * q / (1.0 - q), 0.9, 0.95)
    static = -0.5 * (np.log1p(-q) + q) / relative(q)
    held = replica.RSB(q0=0.0)
    below, above = (replica.solve(TRIPLE, alpha=static * share, ansatz=held) for share in (0.998, 1.002))
    assert below.status == "converged; the saddle point has 0 of 1 steps"
    assert above["parisi"] == pytest.approx(1.0, abs=0.01)
    assert above["q1"] == pytest.approx(q, abs=2e-3)
    assert above.free_entropy < -above.alpha * np.log(2.0)
