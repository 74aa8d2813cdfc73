"""Rules that follow from two clusters (Hebb, posterior mean, their signs) beside the same rules on drawn patterns."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import replica

RULES = ("bayes", "hebb", "clipped", "clipped-hebb")


def error(rule: str, model: replica.Model, alpha: float, labelled: float = 1.0) -> replica.Quantity:
    found = replica.generalization_error(replica.solve(model, alpha=alpha), estimator=rule, labelled=labelled)
    assert found.converged and found.error < 1e-12
    return found


def drawn(model: replica.Model, alpha: float, signs: bool, samples: int = 16, n: int = 1000) -> dict[str, np.ndarray]:
    """Errors of the rules on instances, from the overlaps of their weights with the centroid and their best bias."""
    noise, balance, found = model.data.noise, model.data.balance, {rule: [] for rule in RULES}
    rng = np.random.default_rng(5)
    for _ in range(samples):
        centroid = rng.choice([-1.0, 1.0], n) if signs else rng.standard_normal(n)
        centroid *= np.sqrt(n / np.sum(centroid**2))
        labels = np.where(rng.random(int(alpha * n)) < balance, 1.0, -1.0)
        inputs = np.outer(labels, centroid) / np.sqrt(n) + np.sqrt(noise) * rng.standard_normal((labels.size, n))
        field = labels @ inputs / np.sqrt(n) / noise
        mean = np.tanh(field) if signs else field / (1.0 + alpha / noise)
        for rule, weights in zip(RULES, (mean, field, np.sign(mean), np.sign(field)), strict=True):
            m, size = weights @ centroid / n, weights @ weights / n
            bias = 0.5 * noise * size * np.log(balance / (1.0 - balance)) / m
            wrong = [norm.sf((m + side * bias) / np.sqrt(noise * size)) for side in (1, -1)]
            found[rule].append(balance * wrong[0] + (1.0 - balance) * wrong[1])
    return {rule: np.array(errors) for rule, errors in found.items()}


@pytest.mark.parametrize("centroid", ["gaussian", "binary"])
def test_a_rule_errs_as_often_on_drawn_patterns(centroid: str) -> None:
    model = replica.mixture("square", noise=1.5, balance=0.3, centroid=centroid)
    for rule, seen in drawn(model, 1.2, centroid == "binary").items():
        spread = seen.std(ddof=1) / np.sqrt(seen.size)
        assert abs(seen.mean() - error(rule, model, 1.2)) < 3.5 * spread + 3e-4, rule  # finite size moves it by 1/N


@pytest.mark.parametrize("centroid", ["gaussian", "binary", "ternary"])
@pytest.mark.parametrize("labelled", [1.0, 0.4, 0.0])
def test_no_rule_is_better_than_the_optimal_one(centroid: str, labelled: float) -> None:
    model = replica.mixture("square", noise=0.8, balance=0.3, centroid=centroid)
    found = {rule: float(error(rule, model, 2.0, labelled)) for rule in RULES}
    assert found["bayes"] <= min(found.values()) and found["clipped"] <= found["clipped-hebb"] + 1e-15
    if labelled == 1.0:
        assert found["clipped"] == pytest.approx(found["clipped-hebb"], rel=1e-13)
        assert (found["bayes"] == pytest.approx(found["hebb"], rel=1e-13)) == (centroid == "gaussian")
    if labelled == 0.0:
        assert found["hebb"] == pytest.approx(0.3, rel=1e-13)


def test_closed_forms_of_balanced_clusters() -> None:
    """`H(m/sqrt(noise))` with `m = sqrt(2 q/pi)` for the signs of a Gaussian centroid's Hebb vector."""
    alpha, noise = 1.7, 0.6
    model = replica.mixture("square", noise=noise)
    q = alpha / (alpha + noise)
    expected = norm.sf(np.sqrt(2 * q / np.pi / noise))
    assert error("clipped-hebb", model, alpha) == pytest.approx(expected, rel=1e-13)
    assert error("hebb", model, alpha) == pytest.approx(norm.sf(np.sqrt(q / noise)), rel=1e-13)


def test_gaps_along_a_sweep_are_those_of_single_points() -> None:
    model = replica.mixture("logistic", balance=0.3)
    names = ["generalization_error", "bayes_error", "oracle_error", "bayes_gap"]
    data = replica.sweep(model, alpha=[0.5, 2.0], noise=[0.4, 1.0], observables=names, lines=["capacity"])
    for i, alpha in enumerate((0.5, 2.0)):
        for j, noise in enumerate((0.4, 1.0)):
            solution = replica.solve(model.with_parameters(noise=noise), alpha=alpha)
            for name, rule in zip(names, ("typical", "bayes", "oracle"), strict=False):
                single = replica.generalization_error(solution, estimator=rule)
                assert data[name].values[i, j] == pytest.approx(float(single), rel=1e-13)
    assert np.all(data["bayes_gap"].values > 0)
    single = replica.capacity(model.with_parameters(noise=0.4))
    assert data["capacity"].values[0] == pytest.approx(single.value, rel=1e-12)
    taught = replica.perceptron("gaussian", loss="hinge", labels=replica.Teacher(noise=0.3))
    gap = replica.sweep(taught, alpha=[1.0, 3.0], observables="bayes_gap")
    assert np.all(gap["bayes_gap"].values > 0)


def test_the_best_penalty_is_a_line_in_the_penalty() -> None:
    model = replica.mixture("square", balance=0.2)
    found = replica.diagram(model, x=("alpha", [0.5, 2.0]), y="penalty", lines=["optimal-penalty"])
    single = replica.optimal_penalty(model, alpha=2.0)
    assert abs(found["optimal-penalty"].values[1] - single.value) <= 2 * single.error
    near = [replica.solve(model.with_parameters(penalty=single.value * x), alpha=2.0) for x in (0.9, 1.0, 1.1)]
    errors = [s["generalization_error"] for s in near]
    assert errors[1] < min(errors[0], errors[2])
    assert found["optimal-penalty_generalization_error"].values[1] == pytest.approx(errors[1], rel=1e-12)
    balanced = replica.diagram(model, x=("balance", [0.3, 0.5]), y="penalty", alpha=2.0, lines=["optimal-penalty"])
    assert np.isinf(balanced["optimal-penalty"].values[1])
    assert str(balanced["optimal-penalty_status"].values[1]).startswith("converged")
    with pytest.raises(ValueError, match="give y='penalty'"):
        replica.diagram(model, x=("noise", [0.5, 1.0]), lines=["optimal-penalty"])
    with pytest.raises(ValueError, match="grids of alpha and one parameter"):
        replica.sweep(model, alpha=[0.5, 1.0], observables=["q"], lines=["capacity"])
