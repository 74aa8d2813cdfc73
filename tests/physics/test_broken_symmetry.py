"""Steps of symmetry breaking against independent truths: differences, brute quadrature, two formulas, limits."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr

import replica
from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.potential import CAPACITY, GROUND, WARM, Potential
from replica.ansatz.rsb.solver import StepsLedger
from replica.ansatz.rsb.weights import sphere
from replica.thresholds.base import Line
from replica.thresholds.inverse import by_secants

NEGATIVE = replica.perceptron("spherical", margin=-1.0)
COUNTED = replica.perceptron("spherical", loss="error-count")
WIDE = replica.committee(np.inf, activation="erf", weights="spherical")
HINGE = replica.perceptron("spherical", loss="hinge", margin=-1.0)
POINTS = [
    (NEGATIVE, 9.0, WARM, Order(np.array([0.4, 0.05]), np.array([0.3]))),
    (NEGATIVE, 9.0, WARM, Order(np.array([0.4, 0.2, 0.05]), np.array([0.2, 0.4]))),
    (NEGATIVE, np.nan, CAPACITY, Order(np.array([0.4, 0.03]), np.array([18.0, 80.0]))),
    (COUNTED, 4.0, GROUND, Order(np.array([0.3, 0.1]), np.array([4.5, 9.0]), 0.16)),
    (HINGE, 14.0, GROUND, Order(np.array([0.3]), np.array([4.5]), 0.5)),
    (COUNTED.with_parameters(beta=10.0), 3.0, WARM, Order(np.array([0.3, 0.1, 0.05]), np.array([0.2, 0.5]))),
    (WIDE, np.nan, CAPACITY, Order(np.array([0.4]), np.array([12.0]))),
    (WIDE, 2.1, WARM, Order(np.array([0.4, 0.2, 0.05]), np.array([0.2, 0.4]))),
]


@pytest.mark.parametrize(("model", "alpha", "setting", "order"), POINTS)
def test_gradients_are_those_of_the_potential(model: Any, alpha: float, setting: str, order: Order) -> None:
    potential = Potential(model, alpha, setting)
    chart = potential.chart(order.parisi.size)
    free = chart.free(order)
    place = potential.at(chart.values(free))
    slopes = chart.pulled(free, place.order, place.overlap_slopes, place.parisi_slopes, place.chi_slope)
    step = 1e-5 * np.eye(free.size)
    ends = [[potential.at(chart.values(free + side * one)).value for side in (1.0, -1.0)] for one in step]
    assert slopes == pytest.approx((np.array(ends) @ [1.0, -1.0]) / 2e-5, abs=3e-9, rel=1e-8)


@pytest.mark.parametrize(("model", "alpha", "setting", "order"), POINTS)
def test_finer_integrals_change_nothing(model: Any, alpha: float, setting: str, order: Order) -> None:
    potential = Potential(model, alpha, setting)
    usual, finer = (potential.at(order, level) for level in (1, 2))
    assert usual.value == pytest.approx(finer.value, rel=1e-9)
    assert usual.pattern.lost < 1e-12
    assert potential.at(order, 3).value == pytest.approx(finer.value, rel=2e-12)


def test_one_step_is_the_nested_integral() -> None:
    """Hard margin: both averages by adaptive quadrature, which shares nothing with the grids."""
    q0, q1, m, alpha = 0.6, 0.95, 0.3, 9.0

    def density(z: float) -> float:
        return float(np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi))

    def outer(z0: float) -> float:
        def inner(z1: float) -> float:
            field = np.sqrt(q0) * z0 + np.sqrt(q1 - q0) * z1
            return density(z1) * np.exp(m * log_ndtr((field + 1.0) / np.sqrt(1.0 - q1)))

        return density(z0) * np.log(quad(inner, -9.0, 9.0, epsabs=1e-14, epsrel=1e-12, limit=200)[0]) / m

    pattern = quad(outer, -9.0, 9.0, epsabs=1e-13, epsrel=1e-11, limit=200)[0]
    b = 1.0 - q1 + m * (q1 - q0)
    weights = 0.5 * (np.log(1.0 - q1) + np.log(b / (1.0 - q1)) / m + q0 / b)
    found = Potential(NEGATIVE, alpha, WARM).at(Order(np.array([1.0 - q0, 1.0 - q1]), np.array([m])))
    assert found.value == pytest.approx(weights + alpha * pattern, rel=1e-10)


def test_equal_parisi_parameters_are_fewer_steps() -> None:
    potential = Potential(NEGATIVE, np.nan, CAPACITY)
    one = potential.at(Order(np.array([0.4]), np.array([12.0])))
    two = potential.at(Order(np.array([0.4, 0.05]), np.array([12.0, 12.0])))
    assert two.value == pytest.approx(one.value, rel=2e-12)


def test_slopes_of_the_sphere_lose_no_digits_in_small_steps() -> None:
    steps, m = np.array([1e-5, 2e-3]), np.array([0.2, 0.7])

    def value(one: Any) -> Any:
        b3 = mp.mpf("0.1")
        b2 = b3 + mp.mpf(0.7) * mp.mpf(steps[1])
        b1 = b2 + one * mp.mpf(steps[0])
        return (mp.log(b1 / b2) / one + mp.log(b2 / b3) / mp.mpf(0.7) + mp.mpf("0.5") / b1) / 2

    with mp.workdps(40):
        expected = float(mp.diff(value, mp.mpf(0.2)))
    assert sphere(0.5, steps, m, 0.1).slopes[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("model", "alpha"), [(COUNTED, 4.0), (HINGE, 14.0), (COUNTED, 2.5)])
def test_energies_of_ground_states_by_two_formulas(model: Any, alpha: float) -> None:
    ledger = StepsLedger(model, np.array([alpha]), 1e-12).run(1)
    part = ledger.parts[0]
    place = part.problem.place(part.point[0], 0)
    top = place.pattern.levels[-1]
    paid = alpha * float(top.mass @ place.base.observed(top.nodes)[0])
    assert paid == pytest.approx(-place.value, abs=1e-11)


def test_steps_lower_the_capacity_and_raise_the_energy() -> None:
    loads = [float(replica.capacity(NEGATIVE, ansatz=a)) for a in (replica.RS(), replica.RSB(1), replica.RSB(2))]
    assert loads[0] > loads[1] > loads[2]
    broken = (replica.RS(), replica.RSB(1), replica.RSB(2))
    energies = [replica.solve(HINGE, alpha=14.0, ansatz=a).energy for a in broken]
    assert energies[0] < energies[1] < energies[2]


def test_energies_of_many_steps_are_as_sure_as_their_saddle_point() -> None:
    found = replica.solve(HINGE, alpha=14.0, ansatz=replica.RSB(steps=4))
    assert found.errors["energy"] < 1e-9 * found.energy


def test_few_patterns_need_no_steps() -> None:
    found = replica.solve(NEGATIVE, alpha=5.0, ansatz=replica.RSB(steps=3))
    known = replica.solve(NEGATIVE, alpha=5.0)
    assert "the saddle point has 0 of 3 steps" in found.status
    assert found.free_entropy == pytest.approx(known.free_entropy, rel=1e-12)
    assert found["q0"] == found["q3"] == pytest.approx(known["q"], rel=1e-10)
    assert np.isnan(found["parisi1"])
    assert found["stability"] == pytest.approx(float(replica.stability(known)), rel=1e-8)


def test_a_jump_is_found_although_replica_symmetry_is_stable() -> None:
    """At margin -2.5 one step takes over at 287.1 by a jump; the second step has nothing to add below 446."""
    found = replica.solve(replica.perceptron("spherical", margin=-2.5), alpha=300.0, ansatz=replica.RSB(steps=2))
    assert found["q1"] > 0.8 > 0.2 > found["q0"]
    assert "the saddle point has 1 of 2 steps" in found.status
    assert found["stability"] > 0


def test_beyond_the_capacity_there_is_nothing() -> None:
    with pytest.raises(replica.SolveFailed, match="the capacity with 1 steps is 12.3196"):
        replica.solve(NEGATIVE, alpha=13.0, ansatz=replica.RSB())
    with pytest.raises(replica.SolveFailed, match="the capacity with 2 steps is 80.86"):
        deep = replica.perceptron("spherical", margin=-1.831128834317651)
        replica.solve(deep, alpha=81.607, ansatz=replica.RSB(steps=2))


def test_the_limit_of_many_steps() -> None:
    found = replica.solve(replica.perceptron("spherical", margin=-1.5), alpha=30.0, ansatz=replica.RSB(steps=np.inf))
    assert abs(found.free_entropy + 2.5667274760467906) < found.error + 1e-9
    profile = found.profile
    assert np.all(np.diff(profile["q"]) > 0)
    assert np.all(np.diff(profile["x"]) > 0)


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"steps": 21}, "steps must be at most 20, or inf"),
        ({"steps": 2, "m": 0.5}, "m and q1 are held with one step only"),
        ({"q0": 0.3}, "q0 is extremised"),
    ],
)
def test_wrong_parameters(keywords: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replica.RSB(**keywords)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (replica.perceptron("ternary"), "RSB of counted weights is here for weights of .*-1"),
        (replica.perceptron("spherical", labels="teacher"), "RSB is here for random labels"),
        (replica.committee(5, weights="spherical"), "RSB is here for the perceptron, for units=inf, for parity"),
        (replica.committee(np.inf, weights="spherical"), "overlap smoothly as q -> 1"),
    ],
)
def test_what_is_not_covered_is_refused(model: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replica.capacity(model, ansatz=replica.RSB())


def test_the_stability_is_that_of_the_least_stable_level() -> None:
    solution = replica.solve(replica.perceptron("spherical", margin=-1.0), alpha=11.0, ansatz=replica.RSB(steps=2))
    assert solution.stability == min(solution[f"stability{level}"] for level in range(3)) < 0
    symmetric = replica.solve(replica.perceptron("binary"), alpha=0.5)
    assert symmetric.stability == replica.stability(symmetric)


def test_complexity_is_the_slope_of_the_free_entropy() -> None:
    m, step = 0.2, 1e-3
    found = replica.complexity(NEGATIVE, alpha=11.0, parisi=[m - step, m, m + step])
    phi = found["free_entropy"].values
    assert found["complexity"].values[1] == pytest.approx(-(m**2) * (phi[2] - phi[0]) / (2.0 * step), abs=1e-6)
    internal = phi - found["complexity"].values / found["parisi"].values
    assert found["entropy"].values == pytest.approx(internal, abs=1e-10)
    assert found.attrs["static_parisi"] == pytest.approx(0.1353528, abs=1e-6)


def test_states_at_parisi_parameter_one_are_followed_between_the_transitions() -> None:
    found = replica.complexity(replica.perceptron("spherical", margin=-2.5), alpha=284.0, parisi=[1.0])
    symmetric = replica.solve(replica.perceptron("spherical", margin=-2.5), alpha=284.0)
    assert found["q1"].values[0] == pytest.approx(0.76136649828542, abs=1e-10)
    assert found["q0"].values[0] == pytest.approx(symmetric["q"], abs=1e-10)
    assert found["free_entropy"].values[0] == pytest.approx(symmetric.free_entropy, abs=1e-11)
    assert found["complexity"].values[0] > 0


def test_where_symmetry_breaks_continuously_there_is_no_jump() -> None:
    found = replica.dynamic_transition(NEGATIVE)
    assert not found.converged
    assert "symmetry breaks continuously" in found.status


def test_below_freezing_the_free_entropy_is_that_of_the_ground_state() -> None:
    model = replica.perceptron("binary", loss="error-count")
    cold = replica.solve(model, alpha=2.0, ansatz=replica.RSB())
    warm = replica.solve(model.with_parameters(beta=6.0), alpha=2.0, ansatz=replica.RSB())
    assert warm.free_entropy == pytest.approx(-6.0 * cold.energy, rel=1e-12)
    assert warm["parisi"] == pytest.approx(cold["parisi"] / 6.0, rel=1e-12)
    assert cold.energy == pytest.approx(replica.solve(model, alpha=2.0).energy, rel=1e-12)
    with pytest.raises(replica.SolveFailed, match="there is one state"):
        replica.solve(model.with_parameters(beta=1.0), alpha=2.0, ansatz=replica.RSB())


@pytest.mark.parametrize(("word", "steps"), [("1rsb", 1), ("2rsb", 2), ("full", np.inf)])
def test_an_ansatz_by_its_name(word: str, steps: float) -> None:
    found = replica.capacity(replica.perceptron("spherical", margin=0.5), ansatz=word)
    assert found.solution is not None
    assert found.solution.ansatz.steps == steps


@pytest.mark.parametrize(("steps", "load"), [(1, 4.70013948771907), (2, 4.697236443024)])
def test_the_largest_margin_is_the_capacity_turned_round(steps: int, load: float) -> None:
    found = replica.max_margin(replica.perceptron("spherical"), alpha=load, ansatz=replica.RSB(steps=steps))
    assert found.converged
    assert abs(found.value + 0.5) < found.error + 1e-11


def test_lines_of_a_diagram_have_an_ansatz_of_their_own() -> None:
    spheres = replica.perceptron("spherical")
    found = replica.diagram(spheres, x=("margin", [-0.5, 0.5]), lines=["capacity", "capacity:1rsb"])
    assert found["capacity"].values[0] > found["capacity:1rsb"].values[0]
    assert found["capacity"].values[1] == pytest.approx(found["capacity:1rsb"].values[1], rel=1e-12)
    with pytest.raises(ValueError, match="unknown name '0rsc'"):
        replica.diagram(spheres, x=("margin", [-0.5, 0.5]), lines=["capacity:0rsc"])


def test_far_margins_and_few_patterns_converge() -> None:
    deep = replica.capacity(replica.perceptron("spherical", margin=-4.0), ansatz=replica.RSB())
    assert deep.converged
    assert deep < float(replica.capacity(replica.perceptron("spherical", margin=-4.0)))
    few = replica.solve(NEGATIVE, alpha=1e-3, ansatz=replica.RSB())
    assert few.free_entropy == pytest.approx(replica.solve(NEGATIVE, alpha=1e-3).free_entropy, rel=1e-11)


def test_the_symmetric_saddle_point_is_held() -> None:
    model = replica.perceptron("spherical", loss="outside-band", margin=1.0)
    held = replica.solve(model, alpha=1.9, ansatz=replica.RSB(q0=0.0))
    free = replica.solve(model, alpha=1.9, ansatz=replica.RSB())
    assert held["q0"] == 0.0
    assert free.free_entropy < held.free_entropy


@pytest.mark.parametrize("steps", [2, np.inf])
def test_the_parisi_function_is_drawn_and_has_errors(steps: float) -> None:
    solution = replica.solve(replica.perceptron("spherical", margin=-1.0), alpha=11.0, ansatz=replica.RSB(steps=steps))
    profile = solution.profile
    assert np.all(np.diff(profile["x"]) >= 0) and np.all(profile["x_error"] > 0)
    assert replica.plot(profile).lines
    if steps == 2:
        assert profile["x"].values[::2] == pytest.approx([solution["parisi1"], solution["parisi2"]])
        assert profile["x_error"].values[::2] == pytest.approx([solution.errors["parisi1"], solution.errors["parisi2"]])


def test_secants_take_the_slope_from_places_that_are_apart() -> None:
    """A line of values that scatter in their last digits, begun where it already passes through the target."""

    def line(batch: Any) -> Line:
        value = 2.0 * np.exp(-0.5 * batch.margin) * (1.0 + 1e-15 * np.sin(1e17 * batch.margin))
        one, error = np.array([value]), np.array([1e-9])
        return Line(one, error, np.array([[value, value]]), ["converged"])

    found = by_secants(line, replica.perceptron("spherical"), "margin", 2.0, 0.0)
    assert found.converged and abs(found.value) < 1e-13
    assert found.error == pytest.approx(1e-9, rel=0.01)  # that of the line over its value and slope


def test_a_line_that_secants_lose_has_no_value() -> None:
    def line(batch: Any) -> Line:
        value = 2.0 if batch.margin == 0.0 else np.nan
        return Line(np.array([value]), np.zeros(1), np.zeros((1, 2)), ["not converged: lost"])

    found = by_secants(line, replica.perceptron("spherical"), "margin", 3.0, 0.0)
    assert not found.converged and np.isnan(found.value) and "the line was lost" in found.status
