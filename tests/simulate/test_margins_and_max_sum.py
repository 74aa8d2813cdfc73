"""MinOver beside AdaTron and Gardner's margin; max-sum messages against all configurations, and what it solves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import replica
from replica.simulate.algorithms._max_sum import max_sum_sweep
from replica.simulate.algorithms.max_sum import agreeing
from replica.simulate.instances import draw

SPHERE = replica.perceptron("spherical")
SIGNS = replica.perceptron("binary")


@pytest.mark.parametrize(("n", "alpha"), [(100, 0.05), (200, 0.5), (100, 1.2)])
def test_min_over_bounds_the_largest_margin(n, alpha):
    keywords = {"n": n, "alpha": alpha, "samples": 4, "seed": 1}
    exact = replica.simulate(SPHERE, algorithm="max-margin", **keywords)["max_margin"].values
    runs = replica.simulate(SPHERE, algorithm="min-over", tolerance=3e-3, **keywords)
    assert np.all(np.abs(runs["max_margin"].values - exact) <= runs["max_margin_error"].values + 1e-6)
    assert np.all(runs["max_margin_error"].values < 2e-3 * exact)
    for sample in range(4):
        found = draw(SPHERE, n=n, alpha=alpha, seed=1, sample=sample)
        reached = found.stabilities(runs["weights"].values[sample]).min()
        assert exact[sample] * (1 - 3.1e-3) < reached <= exact[sample] + 1e-6


def test_min_over_agrees_with_gardner():
    runs = replica.simulate(SPHERE, algorithm="min-over", tolerance=0.01, n=400, alpha=0.5, samples=16, seed=3)
    theory = replica.max_margin(SPHERE, alpha=0.5)
    error = runs["max_margin"].values.std(ddof=1) / 4 + 0.005
    assert abs(runs["max_margin"].values.mean() - theory.value) < 3 * error


def test_min_over_without_a_margin():
    runs = replica.simulate(SPHERE, algorithm="min-over", n=20, alpha=3.0, seed=1, max_steps=2000)
    assert str(runs["status"][0].values).startswith("not converged: the margin is between")
    assert np.isnan(runs["max_margin"][0])


@pytest.mark.parametrize("margin", [0.0, 0.5, -0.4])
def test_messages_are_differences_of_maxima(margin):
    """One pattern: the message to each weight from the best of the others' 2^8 configurations."""
    n = 9
    model = replica.perceptron("binary", margin=margin)
    found = draw(model, n=n, alpha=1 / 9, seed=4, inputs="sign")
    signs = found.y[:, None] * found.X
    fields = np.random.default_rng(2).standard_normal(n) - 0.8 * signs[0]
    every = np.array(list(itertools.product((-1.0, 1.0), repeat=n)))
    value = np.where(found.stabilities(every)[:, 0] >= margin, every @ fields, -np.inf)
    best = np.array([[value[every[:, i] == s].max() for s in (1.0, -1.0)] for i in range(n)])
    expected = (best[:, 0] - best[:, 1]) / 2
    messages, moved = np.zeros((1, n)), fields.copy()
    max_sum_sweep(signs, agreeing(found, margin), np.arange(1), messages, moved)
    assert np.allclose(moved, expected, atol=1e-12)
    assert np.allclose(moved, fields + signs[0] * messages[0])
    assert np.any(messages > 0)


@pytest.mark.parametrize(("n", "margin"), [(501, 0.0), (400, 0.0), (301, 0.2)])
def test_max_sum_solves(n, margin):
    model = replica.perceptron("binary", margin=margin)
    alpha = 0.5 if margin == 0 else 0.3
    runs = replica.simulate(model, algorithm="max-sum", rate=0.01, n=n, alpha=alpha, samples=3, seed=1, inputs="sign")
    assert bool(runs["solved"].all())
    for sample in range(3):
        found = draw(model, n=n, alpha=alpha, seed=1, sample=sample, inputs="sign")
        fields = found.y * np.rint(found.X @ runs["weights"].values[sample])
        assert np.all(fields >= margin * np.sqrt(n))


def test_max_sum_says_what_it_cannot_do():
    with pytest.raises(ValueError, match="inputs='sign'"):
        replica.simulate(SIGNS, algorithm="max-sum", n=9, alpha=0.5)
    far = replica.perceptron("binary", margin=3.5)
    runs = replica.simulate(far, algorithm="max-sum", n=9, alpha=0.5, inputs="sign")
    assert str(runs["status"][0].values).startswith("not converged")
    hard = replica.simulate(SIGNS, algorithm="max-sum", n=51, alpha=2.0, inputs="sign", max_sweeps=30)
    assert "patterns violated after 30 sweeps" in str(hard["status"][0].values)
