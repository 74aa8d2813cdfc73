"""Networks of a few units at the edges of their parameters: nonsense, extreme margins, overlaps near 1."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

import replica
from replica.architectures._boolean_kernels import residual_sums, whole_sums
from replica.architectures._majority_kernels import majority_sums
from replica.architectures._unit_table import Rule, rule_of, unit_table
from replica.architectures.boolean import BooleanUnits


@pytest.mark.parametrize("units", [0, 2, 3.5, np.nan, "5", True, None, [3, 5], -np.inf])
def test_units_that_are_none_are_refused_by_name(units: Any) -> None:
    with pytest.raises(ValueError, match="^units must be"):
        replica.committee(units)
    with pytest.raises(ValueError, match="^units must be"):
        replica.parity(1 if isinstance(units, int) and units == 2 else units)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
@pytest.mark.parametrize("margin, why", [(50.0, "no pattern can be stored"), (-50.0, "every pattern|without bound")])
def test_margins_beyond_every_field_are_told(weights: str, margin: float, why: str) -> None:
    model = replica.committee(3, weights=weights, margin=margin)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        capacity, solution = replica.capacity(model), replica.solve(model, alpha=0.3, on_failure="keep")
        assert not capacity.converged
        assert any(words in capacity.status for words in why.split("|")), capacity.status
        if margin < 0:  # no pattern acts: all weights are solutions
            assert solution.converged and solution["q"] == 0.0, solution.status
            assert abs(solution.free_entropy - (np.log(2.0) if weights == "binary" else 0.0)) <= solution.error
        else:
            assert not solution.converged
            assert why in solution.status


def test_far_corner_of_two_rectified_units() -> None:
    """At a large margin the distance is that to the corner: E D^2 -> |c|^2 + ..., never an overflow."""
    loads = [replica.capacity(replica.committee(2, activation="relu", weights="spherical", margin=k)) for k in (8, 50)]
    assert all(load.converged for load in loads)
    # E D^2 = t^2 + O(1), t = kappa sqrt 2: the corner of the convex set is at distance t of the mean
    assert loads[1].value * 2 * 50**2 == pytest.approx(1.0, abs=1e-3)


def test_three_units_reach_the_end_of_their_branch() -> None:
    """The sphere has q = 1 at the load of `capacity`, where (alpha_c - alpha)/(1 - q) tends to a constant."""
    model = replica.committee(3, weights="spherical")
    end = replica.capacity(model)
    found = [replica.solve(model, alpha=end.value * share) for share in (0.98, 0.9999)]
    away = [float(solution.order_parameters["V"]) for solution in found]
    assert 0.9 < away[0] / away[1] / 200 < 1.6
    branch = replica.spinodal(model)
    assert abs(branch.value - end.value) <= 1e-12 * end.value


@pytest.mark.parametrize("overlap", [0.7, 0.82])
def test_panels_agree_with_the_trapezoidal_rule(overlap: float) -> None:
    rule, sums = Rule(8.5, 0.055), np.empty(2)
    table = unit_table(overlap, 1 - overlap, 0.0, 1 - overlap, rule)
    residual_sums(table, np.array([0.0, 0.0, 1.0, 1.0]), np.ones(4), 3, rule.reach**2, sums)
    assert majority_sums(overlap, 1 - overlap, 1, False)[2] == pytest.approx(sums[0], rel=1e-10)


def test_three_units_that_must_all_be_right_near_the_end() -> None:
    """Three perceptrons at three times the load, also where the overlap is near 1."""
    three = replica.solve(replica.committee(3, weights="spherical", margin=1.0), alpha=0.66)
    single = replica.solve(replica.perceptron("spherical"), alpha=1.98)
    for name in ("q", "free_entropy", "stability"):
        assert abs(three[name] - single[name]) <= three.errors[name] + single.errors[name] + 1e-14


@pytest.mark.parametrize("alpha, units_right", [(0.6, 3), (1.0, 2), (4.1, 1), (50.0, 0)])
def test_largest_margin_of_sign_units_is_a_step(alpha: float, units_right: int) -> None:
    """sqrt 3 up to the load of three perceptrons, 2/3; 1/sqrt 3 up to the capacity at margin 0; and so on."""
    for ties in ("satisfied", "violated"):
        found = replica.max_margin(replica.committee(3, weights="spherical", ties=ties), alpha=alpha)
        assert found.converged
        assert abs(found.value - (2 * units_right - 3) / np.sqrt(3)) <= found.error
        assert found.bracket[0] == found.value < found.bracket[1]


def test_largest_margin_of_two_rectified_units_turns_the_capacity_round() -> None:
    model = replica.committee(2, activation="relu", weights="spherical")
    found = replica.max_margin(model, alpha=0.8)
    assert replica.capacity(model.with_parameters(margin=found.value)).value == pytest.approx(0.8, rel=1e-10)


def test_units_as_an_axis() -> None:
    """Each point of a grid over units is the model with that many of them; one without equations says so."""
    model = replica.committee(3, weights="spherical")
    found = replica.sweep(model, alpha=[0.5, 1.0], units=[3, 5], margin=[0.0, 0.2], observables=["q"])
    assert found["q"].dims == ("alpha", "units", "margin")
    single = replica.solve(replica.committee(5, weights="spherical"), alpha=0.5)["q"]
    assert float(found["q"].sel(alpha=0.5, units=5, margin=0.0)) == pytest.approx(single, rel=1e-10)
    lines = replica.diagram(model, x=("units", [3, 9]), lines=["capacity", "at"])
    nine = replica.capacity(replica.committee(9, weights="spherical"))
    assert float(lines["capacity"].sel(units=9)) == nine.value
    assert "2 to 5 units" in str(lines["at_status"].sel(units=9).values)
    assert np.isnan(float(lines["at"].sel(units=9)))
    assert replica.plot(lines).get_xlabel() == "units $K$"
    with pytest.raises(ValueError, match="units must be odd"):
        replica.diagram(model, x=("units", [3, 4]), lines=["capacity"])


def test_certificate_of_two_units() -> None:
    """Sums in extended precision, checked by a finer step, agree within the errors."""
    solution = replica.solve(replica.parity(2, weights="spherical"), alpha=2.0)
    certificate = solution.certify(digits=15)
    names = {"q": solution["q"], "q_hat": solution["q_hat"]}
    assert all(certificate.agrees(names, solution.errors).values())
    assert abs(float(certificate.potential) - solution.free_entropy) <= solution.error
    assert certificate.residual < 1e-15


@pytest.mark.slow
def test_certificate_of_three_units() -> None:
    solution = replica.solve(replica.committee(3), alpha=0.8)
    certificate = solution.certify(digits=16)
    assert all(certificate.agrees({"q": solution["q"]}, solution.errors).values())
    assert abs(float(certificate.potential) - solution.free_entropy) <= solution.error


@pytest.mark.parametrize("q", [0.3, 0.8])
def test_optimal_rule_of_three_units(q: float) -> None:
    """``E min(P, 1-P)`` over outer fields, sampled; a better rule than any one student, on a teacher's labels."""
    value, error = BooleanUnits.committee(3, "satisfied").bayes_error(q)
    p = ndtr(np.sqrt(q / (1 - q)) * np.random.default_rng(5).standard_normal((3, 2_000_000)))
    right = p[0] * p[1] + p[0] * p[2] + p[1] * p[2] - 2 * p[0] * p[1] * p[2]
    drawn = np.minimum(right, 1 - right)
    assert abs(drawn.mean() - value) < 4 * drawn.std() / np.sqrt(drawn.size) + error
    assert error < 1e-6


def test_optimal_rule_beats_students_and_their_centre() -> None:
    for model in (replica.committee(3, labels="teacher"), replica.parity(2, labels="teacher", weights="spherical")):
        solution = replica.solve(model, alpha=0.5 if model.weights.discrete else 4.0)
        rates = [replica.generalization_error(solution, estimator=name) for name in ("bayes", "centre", "typical")]
        assert rates[0].value <= rates[1].value + rates[0].error + rates[1].error < rates[2].value
    with pytest.raises(ValueError, match="optimal rule"):
        model = replica.committee(5, labels="teacher", weights="spherical")
        replica.generalization_error(replica.solve(model, alpha=0.5), estimator="bayes")


@pytest.mark.parametrize("ties", ["satisfied", "violated"])
@pytest.mark.parametrize("margin", [0.0, -0.6, 3**-0.5, 1.0])
def test_packed_enumeration_of_networks_is_that_of_all_configurations(
    ties: str, margin: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three sign units on 9 weights, and parity: the same solutions and errors with and without the packed words."""
    from replica.simulate.algorithms import _counting

    models = [replica.committee(3, margin=margin, ties=ties), replica.parity(3)]
    keys = ("entropy", "q", "training_error")
    for model in models:
        setting = dict(algorithm="enumeration", n=9, alpha=0.4, samples=4, seed=3)
        fast = replica.simulate(model, **setting)
        with monkeypatch.context() as patch:
            patch.setattr(_counting, "counts_signs", lambda instance: False)
            slow = replica.simulate(model, **setting)
        for key in keys:
            np.testing.assert_allclose(fast[key].values, slow[key].values, rtol=1e-13, atol=1e-14)


def test_entropy_of_small_networks_tends_to_the_theory() -> None:
    """Exact counts at N = 12 and 18, extrapolated in 1/N, within three standard errors."""
    model = replica.committee(3)
    runs = replica.simulate(model, algorithm="enumeration", n=[12, 18], alpha=1 / 3, samples=200, seed=4)
    report = replica.compare(replica.solve(model, alpha=1 / 3), runs)
    assert abs(float(report["z"].sel(observable="entropy"))) < 3
    assert float(report["standard_error"].sel(observable="entropy")) < 0.02


@pytest.mark.parametrize(("weight", "q", "m"), [
    ([0.0, 0.0, 1.0, 1.0], 0.02, 0.0), ([0.0, 0.0, 1.0, 1.0], 0.3, 0.0), ([0.0, 0.0, 1.0, 1.0], 0.6, 0.0),
    ([0.0, 1.0, 0.0, 1.0], 0.1, 0.0), ([0.0, 1.0, 0.0, 1.0], 0.5, 0.0), ([0.1, 0.3, 1.0, 1.0], 0.4, 0.0),
    ([0.0, 0.0, 1.0, 1.0], 0.8, 0.8), ([0.0, 0.0, 1.0, 1.0], 0.7, 0.4), ([0.0, 1.0, 0.0, 1.0], 0.6, 0.6),
    ([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], 0.2, 0.0), ([0.0, 1.0, 0.0, 1.0, 0.0], 0.3, 0.0),
])  # fmt: skip
def test_levels_of_few_units_differ_by_more_than_half_their_digits(weight: list[float], q: float, m: float) -> None:
    """Against a rule of another step and a wider ball: level 2 is exact where level 1 is off by little."""
    units, boltzmann, transverse = len(weight) - 1, np.array(weight), q - m * m
    taught = (boltzmann > 0.5).astype(float) if m else np.ones(units + 1)

    def sums(rule: Rule) -> np.ndarray:
        found = np.zeros(5)
        table = unit_table(q, 1 - q, m, transverse, rule)
        whole_sums(table, boltzmann, taught, units, rule.reach**2, found)
        return found[[0, 2, 4]]

    rules = [rule_of(units, level, q, 1 - q, m, transverse) for level in (1, 2)]
    assert rules[0] is not None and rules[1] is not None
    exact = sums(Rule(9.3, 0.77 * rules[1].step))
    for rule, off in zip(rules, (1e-8, 3e-13 if units < 4 else 1e-10), strict=True):
        assert sums(rule) == pytest.approx(exact, rel=off, abs=off)
