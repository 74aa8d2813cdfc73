"""Teachers of their own kind: committees and parity machines that learn, by brute force over outer fields and draws."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import ndtr

import replica
from replica.data import Overlaps
from tests.contracts.members import trapezoid


def three_signs(p: np.ndarray) -> np.ndarray:
    """Probability of a majority of three."""
    return p[0] * p[1] + p[0] * p[2] + p[1] * p[2] - 2 * p[0] * p[1] * p[2]


def two_signs(p: np.ndarray) -> np.ndarray:
    """Probability of an even number of negative signs among two."""
    return p[0] * p[1] + (1 - p[0]) * (1 - p[1])


CASES = {
    "committee": (replica.committee(3, labels="teacher"), three_signs),
    "parity": (replica.parity(2, labels="teacher"), two_signs),
}


def brute_log(units: int, chance: Callable[..., np.ndarray], q: float, m: float) -> float:
    """``sum_labels E[P(teacher gives it) ln P(student gives it)]`` on a full grid of outer fields."""
    z, weight = trapezoid(0.25 if units == 3 else 0.15)
    mesh = np.stack(np.meshgrid(*([z] * units), indexing="ij"))
    mass = np.prod(np.stack(np.meshgrid(*([weight] * units), indexing="ij")), axis=0)
    student = chance(ndtr(np.sqrt(q / (1 - q)) * mesh))
    teacher = chance(ndtr(m / np.sqrt(q - m * m) * mesh))
    with np.errstate(divide="ignore", invalid="ignore"):
        both = teacher * np.log(student) + (1 - teacher) * np.log1p(-student)
    return float((mass * np.where(mass > 1e-20, both, 0.0)).sum())


@pytest.mark.parametrize("name", CASES)
def test_average_over_taught_patterns_and_its_slopes(name: str) -> None:
    model, chance = CASES[name]
    units, q, m, h = model.architecture.units, 0.4, 0.3, 2e-3
    at = Overlaps(*(np.array([x]) for x in (q, 1 - q, m, q - m * m)))
    found = model.architecture.patterns(model.loss, model.data, at, np.inf, 1, whole=True)
    assert found.log_z[0] == pytest.approx(brute_log(units, chance, q, m), abs=1e-11)

    def slope(by: Callable[[float], float]) -> float:
        wide, narrow = ((by(s) - by(-s)) / (2 * s) for s in (h, h / 2))
        return (4 * narrow - wide) / 3

    in_q = slope(lambda s: brute_log(units, chance, q + s, m))
    in_m = slope(lambda s: brute_log(units, chance, q, m + s))
    assert found.conjugates["q_hat"][0] == pytest.approx(-2 * in_q, abs=1e-8)
    assert found.conjugates["m"][0] == pytest.approx(in_m, abs=1e-8)
    quick = model.architecture.patterns(model.loss, model.data, at, np.inf, 1)
    for key in ("q_hat", "curvature", "m"):
        assert quick.conjugates[key][0] == pytest.approx(found.conjugates[key][0], rel=1e-11)


@pytest.mark.parametrize(
    "model", [replica.committee(3), replica.committee(5), replica.parity(2), replica.parity(3)], ids=str
)
def test_generalisation_error_is_that_of_drawn_fields(model: replica.Model) -> None:
    """Two networks whose units have correlated fields: how often their signs differ."""
    overlap, units = 0.6, model.architecture.units
    rng = np.random.default_rng(5)
    first, noise = rng.standard_normal((2, 400_000, units))
    second = overlap * first + np.sqrt(1 - overlap**2) * noise
    differ = model.architecture.readout(first) * model.architecture.readout(second) < 0
    rate = model.architecture.few.error_rate(np.array([np.arccos(overlap) / np.pi]))[0]
    assert abs(rate - differ.mean()) < 4 * np.sqrt(rate * (1 - rate) / 400_000)


@pytest.mark.parametrize(
    "model", [replica.committee(3, labels="teacher"), replica.parity(2, labels="teacher")], ids=str
)
def test_bayes_optimal_students_are_on_the_nishimori_line(model: replica.Model) -> None:
    solution = replica.solve(model, alpha=0.6 if model.architecture.units == 3 else 0.5)
    assert solution["q"] == pytest.approx(solution["m"], abs=1e-11)
    errors = [replica.generalization_error(solution, estimator=name) for name in ("typical", "centre")]
    assert 0 < errors[1] <= errors[0] + 1e-12
    assert errors[0] <= 0.5 + 1e-12


def test_even_units_specialise_at_a_finite_load() -> None:
    """Quadratic units: k'(0) = 0, nothing is learned below alpha = pi/4; parity of two: below pi^2/8."""
    for network, load in (
        (replica.committee(activation="quadratic", weights="spherical", labels="teacher"), np.pi / 4),
        (replica.parity(2, weights="spherical", labels="teacher"), np.pi**2 / 8),
    ):
        below, above = (replica.solve(network, alpha=load * factor) for factor in (0.98, 1.05))
        assert below["m"] == 0.0
        assert "paramagnet" in below.status
        assert 0.01 < above["m"] < 0.5
        assert replica.at_line(network).value == pytest.approx(load, rel=1e-10)
        assert replica.generalization_error(below) == pytest.approx(0.5, abs=1e-12)


def test_first_order_transitions_to_the_teacher() -> None:
    """Binary weights: the transition lies between the information bound 1 and the perceptron's."""
    three, wide = (replica.transition(replica.committee(units, labels="teacher")).value for units in (3, np.inf))
    assert 1.0 < wide < three < replica.transition(replica.perceptron(labels="teacher")).value
    for units in (2, 3):
        assert replica.transition(replica.parity(units, labels="teacher")).value == pytest.approx(1.0, abs=1e-12)


def test_wide_committees_learn_less_from_a_pattern_than_perceptrons() -> None:
    wide = replica.solve(replica.committee(weights="spherical", labels="teacher"), alpha=2.0)
    single = replica.solve(replica.perceptron("spherical", labels="teacher"), alpha=2.0)
    assert replica.generalization_error(wide) > replica.generalization_error(single)
    centre, bayes = (replica.generalization_error(wide, estimator=name) for name in ("centre", "bayes"))
    assert centre == pytest.approx(bayes, abs=1e-13)
    with pytest.raises(ValueError, match="optimal rule"):
        replica.generalization_error(
            replica.solve(replica.committee(5, weights="spherical", labels="teacher"), alpha=0.5), estimator="bayes"
        )
