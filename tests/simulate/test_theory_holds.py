"""Theory against enumeration, extrapolated in 1/N, through the public verbs; tolerances are standard errors."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.simulate.distances import entropy_around
from replica.simulate.statistics import extrapolate, fraction, mean_over

MODEL = replica.perceptron("binary")


@pytest.mark.parametrize("margin", [None, 0.4])
def test_solutions_around_a_solution_are_those_of_franz_and_parisi(margin):
    """References at the probe's margin and above it; distances that are whole numbers of flips for each n."""
    keywords = {"n": [10, 15, 20], "alpha": 0.2, "samples": 300, "seed": 11}
    runs = replica.simulate(MODEL, references=20, reference_margin=margin, list_up_to=1 << 18, **keywords)
    curve = replica.franz_parisi(MODEL, alpha=0.2, distance=[0.2, 0.4], reference=replica.Reference(margin=margin))
    report = replica.compare(curve, runs)
    z = report["z"].sel(observable="entropy", distance=[0.2, 0.4]).values
    assert np.all(report["standard_error"].sel(observable="entropy", distance=[0.2, 0.4]) < 0.006)
    assert np.all(np.abs(z) < 3)
    assert float(report["fit_chi_square"][0]) < 12  # of 2 degrees of freedom: 1/N describes the approach
    wrong = replica.franz_parisi(MODEL, alpha=0.3, distance=[0.2, 0.4], reference=replica.Reference(margin=margin))
    with pytest.warns(UserWarning, match="differ in alpha"):
        far = replica.compare(wrong, runs)["z"].sel(observable="entropy", distance=0.4)
    assert abs(float(far)) > 5


def test_entropies_overlaps_and_errors_of_a_student():
    """A Bayes-optimal student at finite N: entropy, overlaps, generalisation error."""
    model = replica.perceptron("binary", labels="teacher")
    runs = replica.simulate(model, n=[10, 15, 20], alpha=0.4, samples=400, seed=3)
    report = replica.compare(replica.solve(model, alpha=0.4), runs, observables=["entropy", "generalization_error"])
    assert np.all(np.abs(report["z"]) < 3)
    assert np.all(report["standard_error"] < 0.02)


def test_a_thermal_state():
    model = replica.perceptron("binary", loss="error-count", beta=1.0)
    runs = replica.simulate(model, n=[8, 10, 12], alpha=1.0, samples=1000, seed=3)
    report = replica.compare(replica.solve(model, alpha=1.0), runs, observables=["free_entropy", "energy", "entropy"])
    assert np.all(np.abs(report["z"]) < 3)
    assert np.all(report["standard_error"] < 0.01)


def test_the_shell_of_all_configurations():
    """Without patterns every count is a binomial coefficient, and the entropy h(d) to rounding."""
    runs = replica.simulate(MODEL, n=[10, 20], alpha=0.01, samples=2, seed=0, references=3)
    around = entropy_around(runs)
    d = around["distance"].values
    assert np.allclose(d, np.arange(1, 10) / 10)
    assert np.allclose(around["entropy"], -d * np.log(d) - (1 - d) * np.log(1 - d), atol=1e-12)
    assert np.all(around["empty"] == 0)
    with pytest.raises(ValueError, match="whole"):
        entropy_around(runs, [0.15])
    with pytest.raises(ValueError, match="references=NUMBER"):
        entropy_around(replica.simulate(MODEL, n=10, alpha=0.2))


def test_missing_solutions_are_said():
    runs = replica.simulate(MODEL, n=10, alpha=0.6, samples=30, seed=1, references=5, reference_margin=0.6)
    around = entropy_around(runs)
    assert np.any(np.isnan(around["entropy"]))
    unsolved = np.isnan(around["entropy"].values)
    status = around["status"].values
    assert all(text.startswith("not converged") for text in status[unsolved])
    assert all(text.startswith("converged") for text in status[~unsolved])
    assert "samples have no reference" in status[0]


def test_statistics():
    mean = mean_over(np.array([1.0, 2.0, 3.0, np.nan, -np.inf]))
    assert (float(mean.value), int(mean.used)) == (2.0, 3)
    assert float(mean.error) == pytest.approx(1 / np.sqrt(3))
    assert float(mean_over(np.array([1.0, 3.0]), np.array([0.1, 0.1])).error) == pytest.approx(np.hypot(1.0, 0.1))
    assert np.isnan(mean_over(np.array([1.0])).error)
    none = fraction(np.zeros(20, dtype=bool))
    assert (float(none.value), float(none.error) > 0.02) == (0.0, True)
    n = np.array([10, 20, 40, 80])
    found = extrapolate(n, 1 + 3 / n + 2 / n ** (2 / 3), [1e-14, 0.1, 0.1, 0.1], powers=(1.0, 2 / 3))
    assert found.value == pytest.approx(1.0, abs=1e-9)
    rng = np.random.default_rng(5)
    draws = [extrapolate(n, 2 + 1 / n + rng.normal(0, 0.01, 4), [0.01] * 4) for _ in range(400)]
    assert np.std([fit.value for fit in draws]) == pytest.approx(draws[0].error, rel=0.15)
    assert np.mean([fit.chi_square for fit in draws]) == pytest.approx(2.0, abs=0.4)
    with pytest.raises(ValueError, match="more sizes"):
        extrapolate([10], [1.0], [0.1])


def test_a_report_warns_and_refuses(tmp_path):
    runs = replica.simulate(MODEL, n=15, alpha=0.4, samples=5, seed=1)
    other = replica.solve(replica.perceptron("binary", margin=0.1), alpha=0.4)
    with pytest.warns(UserWarning, match="differ in loss"):
        assert replica.compare(other, runs)["z"].size
    odd = replica.simulate(MODEL, n=14, alpha=0.4, samples=5, seed=1)
    with pytest.warns(UserWarning, match="P/N = 0.428571"):
        replica.compare(replica.solve(MODEL, alpha=0.4), odd)
    with pytest.raises(ValueError, match="did you mean 'entropy'"):
        replica.compare(replica.solve(MODEL, alpha=0.4), runs, observables=["entrop"])
    for bad in ("alpha,entropy\n0.2,0.5\n", "x,entropy,error\n0.2,1,1\n", "alpha,entropy,error\n0.2,1\n", ""):
        (tmp_path / "bad.csv").write_text(bad)
        with pytest.raises(ValueError, match="bad.csv"):
            replica.compare(replica.sweep(MODEL, alpha=[0.2, 0.4]), tmp_path / "bad.csv")


def test_a_table_of_ones_own_between_the_points_of_a_curve(tmp_path):
    curve = replica.sweep(MODEL, alpha=np.linspace(0.1, 0.7, 25), observables=["entropy", "q"])
    replica.save(curve, tmp_path / "curve.nc")
    exact = replica.solve(MODEL, alpha=0.33)["q"]
    (tmp_path / "own.csv").write_text(f"alpha,q,se\n0.33,{exact + 0.02},0.01\n0.1,0.06,0.01\n0.9,1,0.1\n")
    report = replica.compare(tmp_path / "curve.nc", tmp_path / "own.csv")
    assert report["z"].values[0, 0] == pytest.approx(2.0, abs=0.01)
    assert abs(report["theory"].values[0, 0] - exact) < report["theory_error"].values[0, 0] < 1e-3
    assert str(report["status"].values[0, 2]).startswith("not converged: the theory")
    assert float(report["points"][0]) == 2
    replica.plot(report)


@pytest.mark.parametrize(
    ("model", "sizes", "alpha"),
    [
        (replica.committee(units=3, activation="sign", weights="binary"), [9, 12, 15], 1 / 3),
        (replica.parity(units=2, weights="binary"), [6, 8, 12], 0.5),
        (replica.committee(units=2, activation="relu", weights="binary", margin=0.1), [8, 12], 0.25),
    ],
    ids=str,
)
def test_networks_of_a_few_units(model, sizes, alpha):
    """Every configuration of small committees and parity machines, through their read-out alone."""
    runs = replica.simulate(model, n=sizes, alpha=alpha, samples=60, seed=1)
    report = replica.compare(replica.solve(model, alpha=alpha), runs, observables=["entropy"])
    assert abs(float(report["z"][0])) < 3
    assert float(report["standard_error"][0]) < 0.05


def test_loads_of_the_same_patterns_count_once() -> None:
    model = replica.perceptron("binary")
    grid = [0.2, 0.3, 0.31, 0.4]  # 0.3 and 0.31 of 20 weights are 6 patterns
    theory = replica.sweep(model, alpha=grid, observables=["entropy"])
    with pytest.warns(UserWarning, match="the same instances"):
        runs = replica.simulate(model, n=20, alpha=grid, samples=20, seed=3)
    with pytest.warns(UserWarning, match="have P/N"):
        report = replica.compare(theory, runs)
    z = report["z"].values[0]
    assert np.all(np.isfinite(z)) and report["points"].values[0] == 3
    assert report["chi_square"].values[0] == pytest.approx(np.sum(z[[0, 1, 3]] ** 2), rel=1e-12)
