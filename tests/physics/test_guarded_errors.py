"""Errors that are not to be understated: each is put where it alone can hold what a number is off by."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import replica
from replica.ansatz.replicated.gap import GapProblem
from replica.ansatz.rs.branch import ConditionProblem
from replica.ansatz.rs.equations import Equations
from replica.ansatz.rs.equilibrium import equilibrium
from replica.ansatz.rs.informed import InformedLine
from replica.ansatz.rs.limits import LimitProblem
from replica.landscape import overlap_gap_at_temperature as warm
from replica.observables import _fields, generalization
from replica.thresholds import branch, first_moment, first_order, inverse, paramagnet, penalty, stability
from replica.thresholds.base import Line
from replica.thresholds.tangency import Curve, fine_dip, first_tangency
from saddlepoint.minimum import Lowest

BINARY = replica.perceptron("binary")
TAUGHT = replica.perceptron("binary", labels="teacher")
CLUSTERS = replica.mixture(replica.Margin(0.0), weights="spherical", balance=0.4)


def off(solution: Any, size: float) -> Any:
    """The same solution stopped too early: off by what it says of itself."""
    for part in solution.parts:
        part.point[:] += size
        part.error[:] = size
    return dataclasses.replace(solution)  # measured anew


def stopped(solve: Callable[..., Any], kind: type, size: float) -> Callable[..., Any]:
    """A solver that stops too early on some equations."""

    def early(problem: Any, *args: Any, **options: Any) -> Any:
        found = solve(problem, *args, **options)
        if isinstance(problem, kind):
            found.point[...] += size
            found.error[...] += size
        return found

    return early


#: modules that bear the name of a verb
NAMES = ("thresholds.constraint", "observables.flatness", "landscape.overlap_gap")
CAPACITY, FLATNESS, GAP = (import_module(f"replica.{name}") for name in NAMES)
EARLY: dict[str, tuple[Any, type, float, Callable[[], Any]]] = {
    "capacity": (CAPACITY, LimitProblem, 1e-3, lambda: replica.capacity(CLUSTERS)),
    "paramagnet": (
        paramagnet, paramagnet.ParamagnetPoint, 1e-6,
        lambda: replica.at_line(replica.perceptron("binary", loss=replica.Band(1.0))),
    ),
    "freezing": (
        first_order, first_order.FreezingProblem, 1e-6,
        lambda: replica.freezing(replica.perceptron("binary", loss="error-count"), alpha=2.0),
    ),
    "gap of clones": (GAP, GapProblem, 1e-6, lambda: replica.overlap_gap(BINARY, clones=2)),
    "fold": (branch, ConditionProblem, 1e-3, lambda: replica.spinodal(TAUGHT)),
}  # fmt: skip


@pytest.mark.parametrize("name", EARLY)
def test_errors_of_thresholds_hold_what_the_solver_left(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, kind, size, find = EARLY[name]
    clean = find()
    monkeypatch.setattr(module, "solve", stopped(module.solve, kind, size))
    found = find()
    away = abs(found.value - clean.value)
    assert found.converged and away > 1e3 * clean.error
    assert away <= 1.01 * found.error < 10 * away


def test_the_end_of_a_branch_by_its_last_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its formula: ``4/pi`` lies within what the table of the branch says."""
    monkeypatch.setattr(stability, "_limits", lambda model, size: None)
    found = replica.spinodal(BINARY)
    assert 0.0 < abs(found.value - 4 / np.pi) <= found.error < 1e-8


def test_a_zero_that_rounding_hides_is_known_as_the_range_of_its_loads() -> None:
    loads, equations = 0.5 + np.array([[0.0, 1e-8, 2e-8]]), Equations(BINARY, 1)
    table = SimpleNamespace(alpha=loads, free=np.zeros((1, 3, 1)))
    course: Any = SimpleNamespace(table=table, values=np.array([[1.0, 1e-3, -1.0]]), floors=np.full((1, 3), 0.1))
    findings = branch._Findings(equations, "entropy", np.ones(1), "", "")
    findings.enclose(course)
    assert np.all(np.abs(loads[0] - findings.value[0]) <= findings.error[0]) and findings.error[0] < 2e-8


@pytest.mark.parametrize("size", [0.0, 1e-6, -1e-6])
def test_a_line_turned_round_is_known_as_its_values_and_its_root(size: float) -> None:
    """``alpha = exp(-margin)``, off by its own error."""
    target = np.exp(-np.array([0.11, 0.23, 0.57, 0.71, 0.83]))

    def line(model: replica.Model, count: int) -> Line:
        value = np.exp(-model.parameter("margin") * np.ones(count)) * (1.0 + size)
        error = np.abs(size) * value
        return Line(value, error, np.stack([value - error, value + error], 1), ["converged"] * count)

    model = BINARY.take(np.zeros(target.size, dtype=int))
    found = inverse.invert(line, model, "margin", target, np.linspace(0.0, 1.0, 5))
    away = np.abs(found.value - -np.log(target))
    assert found.converged.all()
    assert np.all(away <= (1 + 1e-5) * found.error) and np.all(found.error < 1.01 * abs(size) + 1e-11)


def test_the_informed_transition_is_known_as_its_averages_are() -> None:
    """A load with its least value 1, averages that are off by less at each level."""

    class Known(InformedLine):
        def parts(self, pull: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray]:
            gain = pull / (1.0 + pull)
            return -gain * (1.0 + (np.log(pull) - 1.2) ** 2 + 10.0 ** (-3 * level)), gain

    found = Known(TAUGHT).crossing()
    assert not isinstance(found, str)
    assert 1e-7 < abs(found[0] - 1.0) <= found[1] < 1e-2


def test_the_best_penalty_is_known_as_the_place_of_the_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    model, size, search = replica.mixture("square", balance=0.2), 1e-4, penalty.lowest
    clean = replica.optimal_penalty(model, alpha=2.0)

    def rough(*args: Any) -> Lowest:
        found = search(*args)
        return found._replace(place=found.place + size, error=found.error + size)

    monkeypatch.setattr(penalty, "lowest", rough)
    found = replica.optimal_penalty(model, alpha=2.0)
    assert abs(found.value - clean.value) <= 1.01 * found.error < 1e-3


@pytest.mark.parametrize(("part", "order"), [("misfit", 10), ("degree", 14), ("given", 0)])
def test_the_lowest_slope_is_known_as_its_polynomial(part: str, order: int) -> None:
    """Ripples that the nodes see and the polynomial does not hold, those that they take for others, a slope off."""
    near, half, size = 0.02, 0.2, 1e-5
    for sign in (-1.0, 1.0):

        def seen(load: float, distance: np.ndarray, sign: float = sign) -> Curve:
            place = (np.log(distance) - np.log(near)) / half
            ripple = np.polynomial.chebyshev.chebval(place, np.eye(order + 1)[order])
            slope = 0.3 + (place - 0.1) ** 2 + sign * size * ripple
            return Curve(distance, slope, np.full(distance.size, size if part == "given" else 0.0))

        found = fine_dip(seen, 0.5, near, half)
        assert found is not None
        at = (np.log(found.distance / near)) / half
        assert 0.0 < abs(found.slope - 0.3 - (at - 0.1) ** 2) <= 1.01 * found.error < 10 * size


def test_the_drift_of_a_curve_moves_its_tangency() -> None:
    """A slope that is off by its own error and by what only the drift knows, at a load where some of it is left."""
    size, drift, bend = 4e-7, 1e-7, 5.0

    def seen(load: float, distance: np.ndarray) -> Curve:
        place = np.log(distance) - np.log(0.02)
        slope = 0.3 * place**2 + (np.exp(bend * 0.6) - np.exp(bend * load)) / bend + size + drift
        slope = np.where(place > 2.3, -1.0, slope)
        return Curve(np.where(place > 2.3, 2.0 - distance, distance), slope, np.full(distance.size, size))

    found = first_tangency(seen, 1.0, "a test", lambda load, distance: drift)
    assert found.converged and abs(found.value - 0.6) <= found.error < 3 * size * np.exp(-bend * 0.6)


def test_differences_of_errors_are_known_as_both() -> None:
    solutions = replica.solve(replica.perceptron("spherical", labels="teacher"), alpha=2.0).batch
    clean = generalization.bayes_gap(solutions)[0]
    for name in ("typical_error", "bayes_error"):
        with pytest.MonkeyPatch.context() as patch:
            moved = tuple(x + 1e-6 for x in getattr(generalization, name)(solutions))
            patch.setattr(generalization, name, lambda solutions, moved=moved: moved)
            value, error = generalization.bayes_gap(solutions)
        assert np.abs(value - clean) <= error


def test_the_optimal_rule_of_few_units_is_known_as_the_overlap() -> None:
    model = replica.parity(2, weights="spherical", labels="teacher")
    solution = replica.solve(model, alpha=3.0)
    clean = replica.generalization_error(solution, estimator="bayes")
    bad = replica.generalization_error(replica.Solution(off(solution.batch, 1e-5)), estimator="bayes")
    assert 1e-7 < abs(bad - clean) <= 1.01 * bad.error


def test_averages_over_fields_are_known_as_point_and_quadrature() -> None:
    """Something whose quadrature errs by less at each level, and something that follows the point."""
    solution = replica.solve(BINARY, alpha=0.5)
    value, error = _fields.average(
        solution, lambda cavity: (np.array([10.0 ** (-3 * cavity.level)]), np.zeros(1)), 1, "a test"
    )
    assert abs(value[0]) <= error[0]
    clean = replica.margin_distribution(solution, field=[0.3, 1.0])["density"].values
    bad = replica.margin_distribution(replica.Solution(off(solution.batch, 1e-5)), field=[0.3, 1.0])
    assert np.all(np.abs(bad["density"].values - clean) <= 1.01 * bad["error"].values)


def test_margins_that_are_lost_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    solution, whole = replica.solve(BINARY, alpha=0.5), FLATNESS.thermal_shares
    clean = replica.flatness(solution, noise=[0.1])["training_error"].item()

    def lossy(*args: Any) -> Any:
        return (share._replace(value=share.value * (1.0 - 1e-9)) for share in whole(*args))

    monkeypatch.setattr(FLATNESS, "thermal_shares", lossy)
    found = replica.flatness(solution, noise=[0.1])
    assert 1e-12 < abs(found["training_error"].item() - clean) <= 1.01 * found["error"].item()


def test_stretched_densities_are_known_as_the_slope_of_the_map() -> None:
    """Smooth costs move a field u + V l'(u) to u: the density is that of the field times 1 + V l''(u)."""
    gain, field = 30.0, np.linspace(-0.25, 0.25, 11)
    solution = replica.solve(replica.perceptron("spherical", loss=replica.Logistic(gain=gain)), alpha=3.0)
    found, response = replica.margin_distribution(solution, field=field), solution["V"]
    share = 1.0 / (1.0 + np.exp(gain * field))
    before, stretch = field - response * share, 1.0 + response * gain * share * (1.0 - share)
    exact = np.exp(-0.5 * before**2) / np.sqrt(2 * np.pi) * stretch
    assert np.all(np.abs(found["density"].values - exact) <= found["error"].values)
    assert found["error"].values.max() < 1e-4


@pytest.mark.parametrize("first", [True, False])
def test_free_entropies_that_agree_to_their_errors_leave_the_first_branch(first: bool) -> None:
    solution, other = (replica.solve(TAUGHT, alpha=0.9).batch for _ in range(2))
    solution.branches[:], other.branches[:] = ["one"], ["other"]
    other = off(other, 1e-5)
    pair = (solution, other) if first else (other, solution)
    assert pair[0].value("free_entropy") != pair[1].value("free_entropy")
    assert equilibrium(*pair).branches == pair[0].branches


def test_a_tuned_bias_carries_its_error_into_every_number() -> None:
    model, size = replica.mixture("square", balance=0.3, bias="optimal"), 1e-5
    found: Any = replica.solve(model, alpha=2.0).batch
    bad = dataclasses.replace(found, slack=np.array([size]))
    moved = replica.solve(model.with_parameters(bias=float(found.place[0]) + size), alpha=2.0)
    for name in ("q", "m", "energy", "training_error"):
        assert abs(moved[name] - found.value(name)[0]) <= 1.01 * bad.error(name)[0] < 1e-4, name


def test_squares_stretch_densities_evenly_to_rounding() -> None:
    """A field w = u + V (u - 1) is moved to u, everywhere alike."""
    field = np.linspace(-2.0, 3.0, 400)
    solution = replica.solve(replica.perceptron("spherical", loss="square"), alpha=3.0)
    found, response = replica.margin_distribution(solution, field=field), solution["V"]
    exact = np.exp(-0.5 * (field + response * (field - 1.0)) ** 2) / np.sqrt(2 * np.pi) * (1.0 + response)
    assert np.all(np.abs(found["density"].values - exact) <= found["error"].values)


def test_a_first_moment_is_known_as_its_averages(monkeypatch: pytest.MonkeyPatch) -> None:
    class Rough(first_moment.AnnealedState):
        def observe(self, free: np.ndarray) -> Any:
            seen, floors = super().observe(free)
            return seen | {"free_entropy": seen["free_entropy"] + self.alpha * 10.0 ** (-3 * self.level)}, floors

    monkeypatch.setattr(first_moment, "AnnealedState", Rough)
    found = replica.capacity(BINARY, ansatz=replica.Annealed())
    assert 1e-8 < abs(found.value - 1.0) <= found.error


def test_the_gap_of_clones_at_a_temperature_is_known_as_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk along loads that are least at 0, which ends beside it as far as it says."""

    class Walk:
        begin = 0.0

        def __init__(self, *args: Any) -> None:
            pass

        def load(self, place: float) -> float:
            return 0.5 + place**2

        def lowest(self) -> float:
            return 0.3

        def closer(self, middle: float, half: float) -> tuple[float, float]:
            return 1e-3, 3e-6

        def part(self, place: float) -> Any:
            kept = dict.fromkeys(("q1", "q0", "q1_hat", "q0_hat", "parisi", "energy", "training_error"), np.zeros(1))
            seen = kept | {"alpha": np.array([self.load(place)])}
            return SimpleNamespace(measure=lambda: (seen, {name: 1e-15 + 0.0 * value for name, value in seen.items()}))

    monkeypatch.setattr(warm, "_starts", lambda model, clones: [(0.0, None, None)])
    monkeypatch.setattr(warm, "_Walk", Walk)
    found = warm.warm_gap(BINARY, 2.0)
    assert 0.0 < found.value - 0.5 <= found.error < 2e-6
