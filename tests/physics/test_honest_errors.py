"""Reported errors against certificates in mpmath: the truth lies within what a solution says of itself."""

from __future__ import annotations

from functools import cache

import mpmath
import numpy as np
import pytest

import replica
from replica.ansatz.franz_parisi.pair_patterns import Side
from replica.ansatz.franz_parisi.solver import Columns, curve
from replica.ansatz.franz_parisi.typical_held_norm import FranzParisiProblem
from replica.ansatz.franz_parisi.typical_held_norm import Reference as Typical

POINTS = 30


@cache
def random_models() -> list[tuple[replica.Model, float]]:
    """Models and loads drawn at random over weights, losses, labels, margins and temperatures."""
    rng = np.random.default_rng(42)
    weights = [replica.Binary(), replica.Spherical(), replica.Ternary(), replica.Discrete((-2.0, -1.0, 1.0, 2.0))]
    losses = [replica.Margin, replica.ErrorCount, replica.OutsideBand, replica.Band]
    drawn = []
    while len(drawn) < POINTS:
        loss_type = losses[int(rng.choice(4, p=[0.5, 0.3, 0.1, 0.1]))]
        even = loss_type in losses[2:]
        loss = loss_type(float(rng.uniform(0.4, 1.6) if even else rng.uniform(-1.0, 1.0)))
        beta = np.inf if loss.hard else float(np.exp(rng.uniform(-1.0, 2.0)))
        labels = "random" if even else str(rng.choice(["random", "teacher"]))
        chosen = weights[int(rng.integers(4))] if loss_type is not replica.ErrorCount or rng.random() < 0.7 else None
        model = replica.perceptron(
            chosen or replica.Gaussian(float(rng.uniform(0.3, 3.0))), loss=loss, beta=beta, labels=labels
        )
        drawn.append((model, float(np.exp(rng.uniform(-4.0, -0.5)))))
    return drawn


@pytest.mark.parametrize("index", range(POINTS))
def test_true_error_is_within_the_reported_one(index: int) -> None:
    """Free entropy and conjugates; one unit in the last place is granted to the stored double itself."""
    model, alpha = random_models()[index]
    solution = replica.solve(model, alpha=alpha)
    certificate = solution.certify(digits=22)
    assert certificate.residual < mpmath.mpf(10) ** -22
    checked = {"free_entropy": certificate.potential} | {
        name: value for name, value in certificate.values.items() if name in solution.errors
    }
    assert len(checked) >= 1 + ("q_hat" in certificate.values)
    for name, exact in checked.items():
        last_place = float(np.spacing(abs(solution[name])))
        assert abs(solution[name] - exact) <= solution.errors[name] + last_place, name


def test_reported_errors_are_not_idle() -> None:
    """An error that is always right because it is huge says nothing: most are near rounding."""
    errors = [replica.solve(model, alpha=alpha).error for model, alpha in random_models()]
    assert np.median(errors) < 2e-14
    assert max(errors) < 1e-11


@pytest.mark.parametrize("margin", [-0.5, 0.0, 0.8])
def test_errors_of_thresholds_against_closed_forms(margin: float) -> None:
    found = replica.capacity(replica.perceptron("spherical", margin=margin))
    with mpmath.workdps(40):
        k = mpmath.mpf(margin)
        exact = 1 / ((1 + k * k) * mpmath.ncdf(k) + k * mpmath.npdf(k))
        assert abs(found.value - exact) <= found.error + np.spacing(found.value)
    assert found.error < 1e-12


@pytest.mark.parametrize(
    ("model", "alpha"),
    [
        (replica.perceptron("spherical", labels="teacher"), 1.5),
        pytest.param(replica.perceptron("ternary", loss="error-count", beta=2.0), 0.6, marks=pytest.mark.bench),
    ],
    ids=["sphere-teacher", "ternary-warm"],
)
def test_a_certificate_agrees_with_a_longer_one_to_the_digits_asked(model: replica.Model, alpha: float) -> None:
    solution = replica.solve(model, alpha=alpha)
    short, long = solution.certify(digits=30), solution.certify(digits=36)
    assert set(short.values) == set(long.values)
    for name, value in short.values.items():
        assert abs(value / long.values[name] - 1) < mpmath.mpf(10) ** -28, name
    assert abs(short.potential - long.potential) < mpmath.mpf(10) ** -28


def test_errors_grow_honestly_towards_capacity() -> None:
    """Close to q = 1 the free entropy is what is left of large terms: its error must grow with them, and hold."""
    for distance in (1e-2, 1e-5):
        solution = replica.solve(replica.perceptron("spherical"), alpha=2.0 * (1 - distance))
        certificate = solution.certify(digits=22)
        assert abs(solution.free_entropy - certificate.potential) <= solution.error
        assert solution.error < 1e-13 / distance


@pytest.mark.parametrize("name", ["q", "q_hat", "entropy", "stability"])
def test_a_point_that_is_known_badly_makes_every_number_bad(name: str) -> None:
    """The error of a number holds that of the point times its slope: here of a point moved by that much."""
    model, slack = replica.perceptron("binary", margin=0.2), 1e-5
    good, bad = (replica.solve(model, alpha=0.5) for _ in range(2))
    part = bad.batch.parts[0]
    part.error[:] = slack
    bad = replica.Solution(bad.batch)  # measured anew
    moved = type(part)(part.rows, part.problem, part.point + slack, np.zeros_like(part.error)).measure()[0][name][0]
    assert bad.errors[name] == pytest.approx(abs(moved - good[name]), rel=1e-3, abs=1e-12)
    assert good.errors[name] < 1e-12


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_every_column_carries_the_errors_of_the_reference(weights: str) -> None:
    """A reference known to 1e-5 only: the errors are what the columns move by when its numbers do."""
    model, size = replica.perceptron(weights), 1e-5
    alone, distance = replica.solve(model, alpha=0.5), np.array([0.02, 0.1, 0.4])

    def columns(q: float, q_hat: float, error: float = 0.0) -> Columns:
        known = Typical(Side(model.loss, np.inf), q, q_hat, error * q, error * q_hat)
        return curve(FranzParisiProblem(model, 0.5, known, distance), tolerance=1e-12)

    at = alone["q"], alone["q_hat"]
    base, unsure = columns(*at), columns(*at, size)
    moved = [columns(at[0] * (1 + size), at[1]), columns(at[0], at[1] * (1 + size))]
    for name in ("free_entropy", "q", "s", "t_hat", "slope", "stability"):
        change = sum(np.abs(other.values[name] - base.values[name]) for other in moved)
        assert np.allclose(unsure.errors[name], change, rtol=1e-3, atol=1e-11), name
