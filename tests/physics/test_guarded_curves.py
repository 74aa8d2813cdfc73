"""Errors of curves around references and of groups: each is put where it alone can hold what a number is off by."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import replica
from replica import thresholds
from replica.ansatz.franz_parisi import first_moment, solver, teacher
from replica.ansatz.franz_parisi.equations import AtMaximum
from replica.ansatz.franz_parisi.pair_patterns import Side
from replica.ansatz.franz_parisi.solver import Columns
from replica.ansatz.franz_parisi.thermal import thermal
from replica.ansatz.franz_parisi.typical_held_norm import FranzParisiProblem
from replica.ansatz.franz_parisi.typical_held_norm import Reference as Typical
from replica.ansatz.replicated import known
from replica.ansatz.replicated.centre_many import KNOTS, between
from replica.ansatz.replicated.equations import Groups
from replica.landscape import isolation, references, threshold
from replica.landscape.franz_parisi import _places
from replica.landscape.kinds import FreeNorm
from replica.landscape.references import resolve
from tests.physics.test_guarded_errors import off

BINARY = replica.perceptron("binary")
SPHERE = replica.perceptron("spherical")
WARM = replica.perceptron("binary", loss="error-count", beta=1.5)
CLUSTERS = replica.mixture(replica.Margin(0.0), weights="spherical", balance=0.4)


def test_the_drift_of_a_largest_margin_is_what_it_moves_the_slope_by(monkeypatch: pytest.MonkeyPatch) -> None:
    margin, error, at = 0.5, 1e-4, np.array([0.05])
    monkeypatch.setattr(threshold, "max_margin", lambda *args, **options: SimpleNamespace(value=margin, error=error))
    slopes = [
        threshold._around(BINARY, replica.Reference(margin=m))(0.3, at).slope[0] for m in (margin, margin + error)
    ]
    assert threshold._of_margin(BINARY)(0.3, 0.05) == pytest.approx(abs(slopes[1] - slopes[0]), rel=1e-2)


def test_a_hole_is_known_as_the_entropy_around_it() -> None:
    """The zero of ``c ln(d/d0)``, off by its error."""
    size, place = 1e-6, 0.01

    def columns(distance: np.ndarray) -> Columns:
        value = 0.1 * np.log(distance / place) + 0.9 * size
        return Columns({"free_entropy": value}, {"free_entropy": size + 0.0 * value}, ["converged"] * 3, value)

    found = isolation._zero(SimpleNamespace(columns=columns), 1e-3, 0.1)  # type: ignore[arg-type]
    assert abs(found.value - place) <= found.error < 2 * abs(found.value - place)


def test_the_cosine_of_free_norms_is_known_as_overlap_and_norm() -> None:
    model = replica.perceptron("ternary", margin=0.2)
    given = resolve(model, 0.4, None, False).given  # type: ignore[attr-defined]
    for name, size in (("q", 1e-6), ("norm", 1e-6)):
        bad = dataclasses.replace(given.varied(name, size), **{f"{name}_error": size})
        kinds = [FreeNorm(model, 0.4, given=known) for known in (given, bad)]
        one, other = (kind.typical() for kind in kinds)
        assert 1e-8 < abs(other[0] - one[0]) <= 1.01 * other[1]
        places = [_places(kind) for kind in kinds]
        away = abs(places[1]["typical_distance"] - places[0]["typical_distance"])
        assert 1e-8 < away <= 1.01 * places[1]["typical_distance_error"]


REFERENCES = {
    "minimiser": (
        CLUSTERS, 0.8, replica.Reference(model=replica.mixture("logistic", balance=0.4, penalty=0.3)), 1e-8,
    ),
    "typical": (replica.perceptron("ternary", margin=0.2), 0.4, replica.Reference(margin=0.25), 1e-8),
}  # fmt: skip


@pytest.mark.parametrize("name", REFERENCES)
def test_what_a_reference_is_off_by_is_in_its_errors_and_those_around_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, alpha, reference, size = REFERENCES[name]
    distance, solve = np.array([0.1, 0.3]), references.solve
    clean: Any = resolve(model, alpha, reference, False)
    monkeypatch.setattr(
        references, "solve", lambda *args, **options: replica.Solution(off(solve(*args, **options).batch, size))
    )
    bad: Any = resolve(model, alpha, reference, False)
    for key, error in bad.given.errors:
        assert abs(bad.given.number(key) - clean.given.number(key)) <= 1.01 * error, key
    assert {"response", "norm", "m"} <= {key for key, error in bad.given.errors if error > 0} or name == "typical"
    one, other = clean.columns(distance), bad.columns(distance)
    for key, column in other.values.items():
        assert np.all(np.abs(column - one.values[key]) <= 1.01 * other.errors[key] + one.errors[key]), key


def test_what_a_largest_margin_is_off_by_is_in_the_errors_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    exact, off_by = thresholds.max_margin(SPHERE, alpha=0.8), 1e-7
    near = thresholds.max_margin(SPHERE, alpha=0.8 * (1 + off_by))
    reference, distance = replica.Reference(margin="max"), np.array([0.1, 0.3])
    clean = resolve(SPHERE, 0.8, reference, False).columns(distance)
    bad = thresholds.base.Threshold(near.value, abs(near.value - exact.value), *near.__getnewargs__()[2:])
    monkeypatch.setattr(thresholds, "max_margin", lambda *args, **options: bad)
    found = resolve(SPHERE, 0.8, reference, False).columns(distance)
    for key, column in found.values.items():
        assert np.all(np.abs(column - clean.values[key]) <= 1.01 * found.errors[key]), key


def test_pairs_are_known_as_their_averages(monkeypatch: pytest.MonkeyPatch) -> None:
    distance, pairs = np.array([0.1, 0.7]), first_moment.log_pairs
    clean = replica.franz_parisi(BINARY, alpha=0.5, distance=distance, ansatz="annealed")
    monkeypatch.setattr(first_moment, "log_pairs", lambda *args: pairs(*args) + 10.0 ** (-3 * args[-1]))
    found = replica.franz_parisi(BINARY, alpha=0.5, distance=distance, ansatz="annealed")
    away = np.abs(found["free_entropy"].values - clean["free_entropy"].values)
    assert np.all((away > 1e-8) & (away <= found["error"].values))


class Warm:
    """One row whose cost and training error are off by less on each mesh."""

    probe, size, alpha, means_at = Side(WARM.loss, 1.5), 1, 0.8, {0: 1e-1, 1: 1e-3, 2: 1e-6}

    def __init__(self, level: int = 0) -> None:
        self.level = level

    def take(self, rows: np.ndarray) -> Warm:
        return self

    def at_level(self, level: int) -> Warm:
        return Warm(level)

    def means(self, point: np.ndarray) -> dict[str, np.ndarray]:
        off_by = np.array([self.means_at[self.level]])
        return {"cost": 0.2 + off_by, "training_error": 0.3 + off_by}


def test_what_is_thermal_is_known_as_its_averages() -> None:
    columns = Columns(
        {"free_entropy": np.array([0.1])}, {"free_entropy": np.zeros(1)}, [""], np.zeros(1), np.zeros((1, 1))
    )
    thermal(Warm(), columns, np.array([0]))
    exact = {"training_error": 0.3, "energy": 0.8 * 0.2, "entropy": 0.1 + 1.5 * 0.8 * 0.2}
    for name, value in exact.items():
        assert 0.0 < abs(columns.values[name][0] - value) <= columns.errors[name][0], name


def test_what_a_student_says_of_the_teacher_is_known_as_overlap_and_mesh(monkeypatch: pytest.MonkeyPatch) -> None:
    model, distance = replica.perceptron("spherical", labels="teacher"), np.array([0.05, 0.2])
    alone, curve, overlap = replica.solve(model, alpha=2.0), teacher.taught_curve, teacher.overlap_with_teacher
    given = Typical(Side(model.loss, np.inf), alone["q"], alone["q_hat"])
    clean = teacher.student_curve(model, 2.0, given, distance).values
    monkeypatch.setattr(
        teacher, "overlap_with_teacher", lambda *args: overlap(*args) + (1e-6 if args[-1] == 2 else 0.0)
    )
    rough = teacher.student_curve(model, 2.0, given, distance)

    def moved(*args: Any) -> Columns:
        columns = curve(*args)
        for name in ("q", "q_hat"):
            columns.values[name] = columns.values[name] + 1e-6
            columns.errors[name] = columns.errors[name] + 1e-6
        return columns

    monkeypatch.setattr(teacher, "overlap_with_teacher", overlap)
    monkeypatch.setattr(teacher, "taught_curve", moved)
    for found in (rough, teacher.student_curve(model, 2.0, given, distance)):
        for name in ("s", "generalization_error"):
            away = np.abs(found.values[name] - clean[name])
            assert np.all((away > 1e-9) & (away <= found.errors[name])), name


def test_what_a_curve_holds_is_known_as_its_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """A point that is off, of which one Newton step is known: what this leaves is in the errors."""
    alone, distance = replica.solve(BINARY, alpha=0.5), np.array([0.05, 0.3])
    given = Typical(Side(BINARY.loss, np.inf), alone["q"], alone["q_hat"])
    problem = FranzParisiProblem(BINARY, 0.5, given, distance)
    clean = solver.curve(problem)
    monkeypatch.setattr(solver.Place, "improve", lambda self, *args: self)
    seen, errors, _, _ = solver._corrected(problem, clean.point + 1e-5, np.arange(2), 2, 1e-10)
    for name in ("q", "s", "q_hat", "s_hat", "t_hat", "slope", "stability"):
        away = np.abs(seen[name] - clean.values[name])
        assert np.all((away > 1e-13) & (away <= errors[name]) & (errors[name] < 1e-6)), name


class Rough(AtMaximum):
    """The slope of the entropy is off by a known amount, to one side and to the other."""

    turn = 1e-8

    def observe(self, free: np.ndarray) -> Any:
        seen, residual = super().observe(free)
        Rough.turn = -Rough.turn
        return seen, residual + Rough.turn * (self.held.level >= 2) * (np.arange(residual.shape[1]) == 2)


def test_the_typical_distance_is_known_as_the_root_of_the_slope(monkeypatch: pytest.MonkeyPatch) -> None:
    """Around solutions of another margin, by a root that is found roughly."""
    given = resolve(BINARY, 0.5, replica.Reference(margin=0.2), False).given  # type: ignore[attr-defined]
    problem = FranzParisiProblem(BINARY, 0.5, given, np.array([0.3]))
    clean, small = solver.typical_overlap(problem)
    monkeypatch.setattr(solver, "AtMaximum", Rough)
    found, error = solver.typical_overlap(problem)
    assert small < 1e-10 < abs(found - clean) <= 1.1 * error < 1e-6


def test_replicas_that_are_one_vector_are_known_as_that_vector(monkeypatch: pytest.MonkeyPatch) -> None:
    distance = np.array([0.02, 0.02 + 1e-5, 0.02 - 1e-5])
    models, solve = WARM.take(np.zeros(3, dtype=int)), known.RS.solve
    groups = Groups(models, np.full(3, 0.7), np.full(3, 3.0), distance=distance)
    clean = known.one_vector(groups)[0].seen
    assert clean["slope"][0] == pytest.approx((clean["free_entropy"][1] - clean["free_entropy"][2]) / 2e-5, rel=1e-6)
    monkeypatch.setattr(known.RS, "solve", lambda *args: off(solve(*args), 1e-6))
    bad = known.one_vector(groups)[0]
    for name in ("free_entropy", "entropy", "complexity", "q0"):
        assert np.all(np.abs(bad.seen[name] - clean[name]) <= 1.01 * bad.errors[name]), name


def test_very_many_replicas_are_known_as_the_polynomial_through_fewer() -> None:
    """What is no polynomial in 1/y: ``1/(1 + 300/y)``."""

    def ledger(y: float) -> Any:
        value = np.array([1.0 / (1.0 + 300.0 / y)])
        found = SimpleNamespace(
            names=("entropy", "free_entropy"), value=lambda name: value, error=lambda name: 0 * value
        )
        return SimpleNamespace(solutions=lambda ansatz: found, solved=np.array([True]))

    groups = Groups(BINARY.take(np.zeros(1, dtype=int)), np.array([0.5]), np.array([2e4]), distance=np.array([0.1]))
    found, _ = between(groups, ledger(np.inf), [ledger(y) for y in KNOTS])
    assert 1e-12 < abs(found.seen["entropy"][0] - 1.0 / (1.0 + 300.0 / 2e4)) <= found.errors["entropy"][0]
