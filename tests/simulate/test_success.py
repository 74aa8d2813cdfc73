"""Sigmoids through success fractions: honest errors on drawn counts, all-or-nothing fractions, the public verb."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.simulate.statistics import summary
from replica.simulate.success import _fit

RUNS = {"algorithm": "sbpi", "n": [51, 101], "alpha": [0.4, 0.6, 0.8, 1.0], "samples": 8, "seed": 1, "inputs": "sign"}


@pytest.mark.parametrize(("step", "width"), [(0.02, 0.003), (0.02, 0.01), (0.05, 0.03), (0.05, 0.003)])
def test_errors_of_thresholds_are_honest(step, width):
    """Counts drawn from sigmoids anywhere between two loads: about 68 % within one error, 99 % within three."""
    rng = np.random.default_rng(5)
    load = np.arange(0.6, 0.801, step)
    scores = []
    for _ in range(60):
        truth = 0.7 + step * rng.uniform(-0.5, 0.5)
        solved = rng.binomial(20, 1 / (1 + np.exp((load - truth) / width)))
        fit = _fit(load, solved, 20)
        assert fit.status.startswith("converged")
        scores.append((fit.threshold - truth) / fit.error)
    assert np.mean(np.abs(scores) < 1) > 0.5
    assert np.max(np.abs(scores)) < 4.2
    if width == 0.01:
        assert np.sqrt(np.mean(np.square(scores))) > 0.7  # nor are they much too large


def test_fractions_without_a_fall_have_no_threshold():
    load = np.array([0.5, 0.6, 0.7])
    for solved, words in (([5, 5, 5], "all instances"), ([0, 0, 0], "no instances"), ([2, 3, 2], "does not fall")):
        fit = _fit(load, np.array(solved), 5)
        assert np.isnan(fit.threshold)
        assert fit.status.startswith("not converged")
        assert words in fit.status
    jump = _fit(load, np.array([5, 5, 0]), 5)
    assert "between the loads 0.6 and 0.7" in jump.status
    assert abs(jump.threshold - 0.65) < 0.03
    assert jump.error > 0.0499


def test_over_sizes(tmp_path):
    """The table of fits is that of each size alone; a file and its command say the same."""
    runs = replica.simulate(replica.perceptron("binary"), max_sweeps=60, **RUNS)
    found = replica.success_threshold(runs, power=2 / 3)
    alone = replica.success_threshold(runs.isel(n=1))
    assert float(alone["n"][0]) == 101
    assert float(alone["threshold"][0]) == float(found["threshold"][1])
    assert np.isnan(alone["limit"])
    turned = replica.success_threshold(runs.isel(alpha=slice(None, None, -1)), power=2 / 3)
    assert turned["status"].values.tolist() == found["status"].values.tolist()
    assert turned["error"].values.tolist() == found["error"].values.tolist()
    a, b = found["threshold"].values
    x, y = np.array([51, 101]) ** (-2 / 3)
    assert float(found["limit"]) == pytest.approx((b * x - a * y) / (x - y), rel=1e-9)
    replica.save(runs, tmp_path / "runs.nc")
    assert replica.success_threshold(tmp_path / "runs.nc")["threshold"].values.tolist() == [a, b]


def test_loads_of_one_number_of_patterns_are_one_load():
    """A finer grid of loads that draws no new instances gives the same threshold and error, and says so."""
    model = replica.perceptron("binary")
    for n, fine in ((20, np.linspace(0.6, 1.2, 37)), (11, np.linspace(0.4, 1.3, 21))):
        alpha = np.unique(np.floor(fine * n + 0.5)) / n
        coarse = replica.simulate(model, n=n, alpha=alpha, samples=6, seed=3)
        with pytest.warns(UserWarning, match="the same instances"):
            runs = replica.simulate(model, n=n, alpha=fine, samples=6, seed=3)
        known, found = replica.success_threshold(coarse), replica.success_threshold(runs)
        for name in ("threshold", "error", "width", "deviance", "freedom"):
            assert found[name].values == pytest.approx(known[name].values, rel=1e-12, nan_ok=True), name
        assert f"{len(fine) - len(alpha)} loads have the patterns of another" in str(found["status"].values[0])
    few = coarse.isel(alpha=[0, 1, 2]).assign_coords(alpha=[0.4, 0.401, 0.402])
    assert "1 different numbers of patterns" in str(replica.success_threshold(few)["status"].values[0])


def test_other_data_is_refused():
    runs = replica.simulate(replica.perceptron("binary"), n=9, alpha=[0.3, 0.5], samples=2)
    for given, word in ((runs, "3 loads"), (runs.isel(alpha=0), "3 loads"), (5, "dataset of replica.simulate")):
        with pytest.raises(ValueError, match=word):
            replica.success_threshold(given)
    with pytest.raises(ValueError, match="power"):
        replica.success_threshold(runs, power=0)


def test_the_power_of_the_finite_size_correction_is_heeded():
    """Three sizes on a straight line in N^-power end where that line does."""
    model = replica.perceptron("binary")
    runs = replica.simulate(model, n=[5, 10, 15], alpha=0.2, samples=30, seed=4)
    means, errors = summary(runs)["entropy"].values, summary(runs)["entropy_error"].values
    theory = replica.solve(model, alpha=0.2)
    for power in (1.0, 2 / 3):
        report = replica.compare(theory, runs, observables=["entropy"], power=power)
        known = np.polynomial.Polynomial.fit(np.array([5, 10, 15]) ** -power, means, 1, w=1 / errors)
        assert float(report["simulation"][0]) == pytest.approx(known(0.0), rel=1e-9)
    with pytest.raises(ValueError, match="power"):
        replica.compare(theory, runs, power=-1.0)
