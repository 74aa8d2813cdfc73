"""Errors of places that are sought (zeros, minima, ends): each with a stand-in whose answer and error are known."""

from __future__ import annotations

import dataclasses
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import replica
from replica.ansatz.differences import with_level_change
from replica.ansatz.rsb.solver import StepsLedger
from replica.landscape import overlap_gap_at_temperature as warm
from replica.landscape import overlap_gap_many as many
from replica.landscape import overlap_gap_taught as taught
from replica.landscape.star_shape import _margin
from replica.observables._moves import Counted, shaken
from replica.observables.flatness import _ground
from replica.solution.batch import Part
from replica.thresholds import appearance, largest_margin, pair, stability

BINARY = replica.perceptron("binary")
NEGATIVE = replica.perceptron("spherical", margin=-0.5)
ISOLATION, PATH, STAR, FRANZ_PARISI = (
    import_module(f"replica.landscape.{name}") for name in ("isolation", "path", "star_shape", "franz_parisi")
)


def test_the_zero_of_an_entropy_is_unsure_by_the_error_of_the_entropy() -> None:
    """``S = ln(d/0.01)``, known to 1e-6: its zero is known to 1e-6 of itself."""

    def columns(places: np.ndarray) -> Any:
        values = {"free_entropy": np.log(places / 0.01)}
        errors = {"free_entropy": np.full(places.size, 1e-6)}
        return SimpleNamespace(values=values, errors=errors, status=["converged"] * 3)

    found = ISOLATION._zero(SimpleNamespace(columns=columns), 1e-3, 0.1)
    assert found.value == pytest.approx(0.01, rel=1e-12)
    assert found.error == pytest.approx(1e-8, rel=1e-3)


def test_a_margin_is_unsure_by_the_error_of_what_it_asks_for() -> None:
    """``k' = 0.8 k``, the factor known to 1e-6."""
    found = _margin(NEGATIVE, 1.0, lambda margin, sure: (0.8, 1e-6, {}, "converged"))
    assert found.value == pytest.approx(-0.4, abs=1e-15)
    assert 0.5e-6 <= found.error < 1e-6


def test_the_convex_margin_is_unsure_by_the_error_of_the_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """``k' = k sqrt((1+q)/2)`` at an overlap of 0.28 to 1e-4."""
    monkeypatch.setattr(STAR, "resolve", lambda *_: None)
    known = SimpleNamespace(overlap=(0.28, 1e-4), sentence="converged")
    monkeypatch.setattr(STAR.Pair, "between", lambda *_: known)
    found = replica.convex_margin(NEGATIVE, alpha=1.0)
    off = [abs(0.5 * np.sqrt((1.28 + side * 1e-4) / 2.0) - 0.4) for side in (-1.0, 1.0)]
    assert found.value == pytest.approx(-0.4, abs=1e-15) and found.error >= max(off) * (1.0 - 1e-3)


def test_a_barrier_is_the_top_of_its_parabola() -> None:
    def errors(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 0.3 - 2.0 * (places - 0.437) ** 2, np.full(places.size, 1e-6)

    grid = np.linspace(0.0, 1.0, 33)
    top, slack, place = PATH._barrier(SimpleNamespace(errors=errors), grid, *errors(grid))
    assert top == pytest.approx(0.3, abs=1e-14) and place == pytest.approx(0.437, abs=1e-10)
    assert 1e-6 <= slack < 2e-6


def test_places_of_a_curve_carry_the_errors_of_their_overlaps() -> None:
    """``d = (1-t)/2``: half the error of an overlap."""
    found = FRANZ_PARISI._places(SimpleNamespace(typical=lambda: (0.6, 1e-3), largest=lambda: (0.9, 1e-4)))
    assert found["typical_distance"] == pytest.approx(0.2) and found["typical_distance_error"] == 5e-4
    assert (found["largest_overlap"], found["largest_overlap_error"]) == (0.9, 1e-4)


def test_a_load_lowest_over_the_overlap_is_unsure_by_its_polynomial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two polynomials that differ by 1e-3 in the logarithm of the load: so does the load."""
    tables = {name: np.ones(1) for name in ("q1", "q0", "q1_hat", "q0_hat", "parisi", "energy", "training_error")}
    part = SimpleNamespace(measure=lambda: ({"alpha": np.full(1, 0.5), **tables}, {"alpha": np.full(1, 1e-9)}))
    walk = SimpleNamespace(
        begin=0.0, load=lambda _: 0.5, lowest=lambda: 0.0, closer=lambda place, half: (place, 1e-3), part=lambda _: part
    )
    monkeypatch.setattr(warm, "_starts", lambda *_: [(0.0, np.zeros(1), object)])
    monkeypatch.setattr(warm, "_Walk", lambda *_: walk)
    found = warm.warm_gap(replica.perceptron("binary", loss="error-count", beta=2.0), 2.0)
    assert found.converged and found.error >= 0.5e-3


def test_the_lowest_load_of_taught_clones_is_unsure_by_its_change_with_the_integrals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A load whose logarithm moves by 1e-3 from coarser to finer integrals."""

    class Loads:
        def __init__(self) -> None:
            self.points: dict[float, np.ndarray] = {}

        def __call__(self, place: float) -> float:
            self.points[place] = np.zeros(4)
            return (place - 0.3) ** 2

        def problem(self, place: float, level: int) -> Any:
            point, seen = np.array([0.0, 0.0, 0.0, 1e-3]), {"alpha": 2.0}
            return SimpleNamespace(solve=lambda _: point, at=lambda _: (np.zeros(4), seen))

    monkeypatch.setattr(taught, "_descent", lambda *_: (0.0, 0.2, 1.0))
    found = taught._lowest(Loads(), None)  # type: ignore[arg-type]
    assert found is not None and found.place == pytest.approx(0.3, abs=1e-6)
    assert 2e-3 <= found.error < 2.1e-3


def test_groups_that_have_ceased_to_exist_elsewhere_leave_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A free entropy below zero at the end of a profile, where there is no minimum to go on from."""
    start = many.Start(np.zeros(4), object, 3.0)  # type: ignore[arg-type]
    monkeypatch.setattr(many.Start, "settled", lambda self, model: self)
    for last, gap in ((1e-3, start), (-1e-3, None)):
        profile = many.Profile(np.arange(3.0), np.array([1e-3, 0.0, last]), np.zeros((3, 4)))
        monkeypatch.setattr(many.Profile, "round", lambda model, start, profile=profile: profile)
        monkeypatch.setattr(many.Profile, "minima", lambda self: [])
        assert many.lowest(BINARY, start) is gap


def test_profiles_reach_overlaps_at_which_groups_are_all_but_one_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to ``(q1 - q)/(1 - q1) = m^2 e^6`` and from ``e^-4`` on, however far the way is."""
    ends: list[float] = []

    def march(attempt: Any, point: Any, stride: Any, end: float, secant: bool) -> tuple[Any, np.ndarray]:
        ends.append(end)
        return point, np.array([end])

    monkeypatch.setattr(many, "march", march)
    start = many.Start(np.array([0.0, 0.0, np.log(0.6), np.log(0.1 / 0.9)]), object, 30.0)  # type: ignore[arg-type]
    profile = many.Profile.round(BINARY, start)
    assert profile is not None
    own = profile.place[0]
    assert own - ends[0] == pytest.approx(-4.0) and own + ends[1] == pytest.approx(np.log(900.0) + 6.0)


@pytest.mark.parametrize("slack", [1e-3, 1e-9])
def test_lines_of_two_kinds_of_units_keep_the_errors_of_their_points(
    slack: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = 2.0, slack, 0.1, slack
    monkeypatch.setattr(appearance.Appearance, "least", lambda self: found)
    shared = replica.committee(np.inf, connectivity="full", weights="spherical", margin=0.1)
    line = appearance.appearance_line(shared, 1, replica.RS())
    assert line.value[0] == 2.0 and line.error[0] == slack and line.bracket[0] == pytest.approx([2 - slack, 2 + slack])
    monkeypatch.setattr(pair, "beginning", lambda signs: found)
    two = replica.committee(2, activation="quadratic", connectivity="full", weights="gaussian", labels="teacher")
    assert pair._line(two, 1, replica.RS(), (2.0, slack, np.full(4, 0.1), np.full(4, slack)), "").error[0] == slack


def test_the_end_of_a_branch_without_a_formula_holds_that_of_the_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    model = replica.perceptron("spherical")
    exact = float(replica.spinodal(model))
    monkeypatch.setattr(stability, "_limits", lambda *_: None)
    found = replica.spinodal(model)
    assert exact == pytest.approx(2.0, abs=1e-12)
    assert found.value != exact and abs(found.value - exact) <= found.error < 1e-5


def test_a_margin_is_unsure_by_half_the_error_of_the_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    """``1/sqrt(|w|^2)`` of a norm of 4 to 4e-3: 1/2 to 0.25e-3."""
    norm = SimpleNamespace(
        value=lambda _: np.full(1, 4.0), error=lambda _: np.full(1, 4e-3), sentences=lambda: ["converged"],
        converged=np.ones(1, dtype=bool),
    )  # fmt: skip
    monkeypatch.setattr(largest_margin, "Solution", lambda found: None)
    ansatz: Any = SimpleNamespace(solve=lambda *_: norm)
    model = replica.mixture("hinge", penalty=1.0, bias=False)
    found = largest_margin.margin_of_smallest(model, np.ones(1), ansatz)
    assert found.value == 0.5 and found.error == pytest.approx(0.25e-3)


def test_the_rounding_of_a_step_is_felt_over_its_scatter() -> None:
    """Moves whose mean is unsure by 1e-3 leave a chance unsure by 1e-3 over their deviation."""
    solution = replica.solve(replica.mixture("logistic", penalty=1.0), alpha=2.0)
    part = solution.batch.parts[0]
    cavity = part.problem.cavity(part.point)
    moves = [shaken(cavity, 0.1)[0]._replace(blur=1e-3)]
    _, floor, _ = _ground(cavity, cavity.channels()[0], cavity.loss(0), moves, Counted.of(solution.model, None))
    assert floor[0] >= 1e-3 / np.sqrt(moves[0].rest)


def test_a_bias_of_fewest_errors_moves_all_else_by_its_error() -> None:
    """By differences of solutions at held biases."""
    model = replica.mixture("logistic", balance=0.2, bias="optimal")
    batch = replica.solve(model, alpha=1.0).batch
    loose = dataclasses.replace(batch, slack=np.full(1, 1e-3))
    place = float(batch.value("bias")[0])
    held = (replica.mixture("logistic", balance=0.2, bias=place + side * 1e-3) for side in (-1, 1))
    ends = [replica.solve(one, alpha=1.0) for one in held]
    for name in ("q", "m"):
        moved = 0.5 * abs(ends[1][name] - ends[0][name])
        assert loose.error(name)[0] == pytest.approx(moved, rel=0.01) and moved > 1e-6 > batch.error(name)[0]


def test_steps_that_are_hardly_unstable_are_unsure_by_what_more_steps_change() -> None:
    """To second order in the replicon: an excess of 1e-6 of a free entropy of -0.3."""
    place = SimpleNamespace(excess=1e-6, value=-0.3)
    problem = SimpleNamespace(place=lambda point, level: place, steps=2)
    part = Part(np.array([0]), problem, np.zeros((1, 1)), np.zeros((1, 1)))
    ledger: Any = SimpleNamespace(parts=[part], keep=lambda *_: None)
    StepsLedger._keep_stable(ledger, np.array([0]), SimpleNamespace(problem=problem, point=[None]), "", True)  # type: ignore[arg-type]
    slack = ledger.parts[0].slack
    assert slack is not None and slack["free_entropy"][0] == pytest.approx(0.5e-12 * 1.3)


def test_masses_of_weights_carry_their_rounding() -> None:
    found = replica.weight_distribution(replica.capacity(replica.perceptron("non-negative")).solution, weight=[1.0])
    assert found.attrs["atoms"] == [(0.0, 0.5)] and found.attrs["atom_errors"][0] >= 4.0 * np.finfo(float).eps


def test_averages_over_few_fields_are_unsure_by_a_share_of_their_last_change() -> None:
    """A residual that moves by 1e-6 from one level to the next, each of which gains a factor of 5."""

    def at_level(level: int) -> Any:
        equations = SimpleNamespace(model=replica.committee(3), level=level)
        return SimpleNamespace(
            equations=equations, at_level=at_level, residual=lambda free: np.full(free.shape, 1e-6 * level)
        )

    floor = with_level_change(at_level(2), np.full((1, 2), 1e-15), np.zeros((1, 2)))
    assert floor == pytest.approx(3e-7) and floor.min() > 1e-6 / 5.0
