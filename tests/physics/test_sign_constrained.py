"""Weights of given signs beside a threshold of order N: figures, limits, linear programmes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import replica
from replica.ansatz.rs.threshold_limit import ThresholdLimit, half_moments
from tests.physics.test_paths import agrees, figures


def model_of(margin: float, excitatory: float = 1.0, coding: float = 0.5, inputs: float = 0.3) -> replica.Model:
    data = replica.RandomLabels(coding=coding, inputs=inputs)
    return replica.perceptron(replica.SignConstrained(excitatory), margin=margin, labels=data)


@pytest.mark.parametrize("figure", figures("thr_", "balanced"))
def test_figures(figure: dict[str, Any]) -> None:
    at = figure["params"]
    found = replica.capacity(model_of(at.get("kappa_scaled", 0.1), at["excitatory"], at["f_out"]))
    name = figure["id"].split("_")[0] if figure["id"].startswith("balanced") else figure["id"].split("_")[1]
    value = found.value if name == "capacity" else found.order_parameters[name]
    assert found.converged and agrees(value, figure) and found.error < 1e-12


@pytest.mark.parametrize("coding", [0.5, 0.2, 0.01])
def test_without_a_margin_half_of_gardners_capacity(coding: float) -> None:
    for excitatory in (1.0, 0.7):
        found = replica.capacity(model_of(0.0, excitatory, coding))
        whole = replica.capacity(replica.perceptron("spherical", coding=coding))
        assert found.value == pytest.approx(whole.value / 2, rel=1e-12)
        assert found.order_parameters["silent"] == pytest.approx(0.5, abs=1e-12)


def test_the_share_of_ones_does_not_matter_and_margins_turn_round() -> None:
    one, other = (replica.capacity(model_of(0.7, inputs=f)) for f in (0.1, 0.8))
    assert one.value == other.value
    for excitatory, load in ((1.0, 0.3), (0.9, 0.8)):
        found = replica.max_margin(model_of(0.0, excitatory), alpha=load)
        assert found.converged and found.error < 1e-10
        assert replica.capacity(model_of(found.value, excitatory)).value == pytest.approx(load, rel=1e-11)
        assert {"norm", "silent", "bias"} <= found.order_parameters.keys()


def test_balanced_weights_reach_every_margin() -> None:
    """The curve of loads ends at the balanced one; with as much inhibition as excitation there is nothing else."""
    loads = [replica.capacity(model_of(k, 0.9)).value for k in (0.5, 1.5, 2.1)]
    balanced = replica.capacity(model_of(0.5, 0.9)).order_parameters["balanced"]
    assert loads[0] > loads[1] > loads[2] > balanced and loads[2] == pytest.approx(balanced, rel=1e-3)
    beyond = replica.capacity(model_of(2.2, 0.9))
    assert beyond.value == pytest.approx(balanced, rel=1e-14) and "no finite norm" in beyond.status
    assert not replica.max_margin(model_of(0.0, 0.9), alpha=0.9 * balanced).converged
    for margin in (0.0, 2.0):
        even = replica.capacity(model_of(margin, 0.5))
        assert even.value == pytest.approx(1.0, abs=1e-12) and "balance" in even.status


def test_moments_of_the_tails() -> None:
    t = np.array([-30.0, -8.0, -1.0, 0.0, 5.0])
    chance, first, second = half_moments(t)
    z = np.linspace(-12.0, 12.0, 480001)
    weight = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    for k in (2, 3, 4):
        over = np.maximum(t[k] + z, 0.0)
        assert first[k] == pytest.approx(over @ weight, abs=1e-9)
        assert second[k] == pytest.approx(over**2 @ weight, abs=1e-9)
    ratio = 1 / t[:2] ** 2
    assert first[:2] / chance[:2] == pytest.approx((1 - 2 * ratio) / -t[:2], rel=5e-3)
    assert second[:2] / chance[:2] == pytest.approx(2 * ratio * (1 - 5 * ratio), rel=2e-2)


def test_both_counts_agree_at_the_root() -> None:
    """As many active weights as pinned patterns, and the equation of the norm."""
    found = replica.capacity(model_of(0.6, 0.95, 0.3))
    problem = ThresholdLimit(found.solution.model, 1)
    active, first, second = problem.weights(found.solution.point)
    pinned, _, square, _ = problem.patterns(problem.margin * first / np.sqrt(second))
    assert active / pinned == pytest.approx(found.value, rel=1e-12)
    assert active**2 / (second * square) == pytest.approx(found.value, rel=1e-12)


@pytest.mark.parametrize(("excitatory", "margin"), [(1.0, 1.0), (0.9, 0.2)])
def test_largest_margins_by_linear_programming(excitatory: float, margin: float) -> None:
    """The largest ``K/M1`` of 160 weights at the load of the theory, with first moment 1 + b sqrt((1-f)/(f N))."""
    f, n, samples = 0.5, 160, 12
    theory = replica.capacity(model_of(margin, excitatory))
    rng, found = np.random.default_rng(2), []
    signs = np.where(np.arange(n) < round(excitatory * n), 1.0, -1.0)
    for _ in range(samples):
        x = (rng.random((round(theory.value * n), n)) < f).astype(float)
        label = rng.choice([-1.0, 1.0], size=len(x))
        # variables |w|, K: label (w.x - f N) >= K
        rows = np.concatenate([-label[:, None] * x * signs, np.ones((len(x), 1))], axis=1)
        bounds = [(0, None)] * n + [(None, None)]
        best = optimize.linprog(np.append(np.zeros(n), -1.0), rows, -label * f * n, bounds=bounds)
        w, k = best.x[:n] * signs, best.x[n]
        found.append((k / np.sqrt(n * f * (1 - f)) / w.mean(), np.mean(best.x[:n] < 1e-9)))
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(samples)
    assert abs(mean[0] - margin) < 5 * error[0] + 0.03
    assert abs(mean[1] - theory.order_parameters["silent"]) < 5 * error[1] + 0.02


def test_refusals() -> None:
    for refused, why in (
        (lambda: replica.solve(model_of(0.5), alpha=0.2), "whose mean is free"),
        (lambda: replica.capacity(replica.perceptron("spherical", labels=replica.RandomLabels(inputs=0.3))), "mean 0"),
        (lambda: replica.solve(replica.perceptron(labels=replica.RandomLabels(inputs=0.3)), alpha=0.1), "mean 0"),
        (lambda: replica.capacity(replica.perceptron("sign-constrained", labels="teacher")), "random labels"),
        (lambda: replica.capacity(replica.perceptron("sign-constrained", loss="hinge")), "hard constraint"),
        (lambda: replica.capacity(replica.perceptron("sign-constrained", coding=0.3, bias=False)), "learned"),
        (lambda: replica.SignConstrained(1.2), "excitatory must be in"),
        (lambda: replica.RandomLabels(inputs=0.0), "inputs must be in"),
        (lambda: replica.at_line(model_of(0.5)), "whose mean is free"),
    ):
        with pytest.raises(ValueError, match=why):
            refused()
    assert not replica.capacity(model_of(-0.5)).converged
