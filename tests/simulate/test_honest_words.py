"""Errors, statuses and refusals of simulations as a first user meets them."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.simulate.readouts import Readout

SIGNS = replica.perceptron("binary")
RIDGE = replica.perceptron(replica.Gaussian(0.5), loss=replica.Square(), beta=2)


def test_langevin_is_the_gaussian_posterior():
    """No mode swings by whole periods in a move: with equal steps runs failed, and overlaps were off by 5 errors."""
    n = 20
    X, y = replica.instance(RIDGE, n=n, alpha=2.0, seed=2)
    F = y[:, None] * X / np.sqrt(n)
    mean = np.linalg.solve(F.T @ F + 0.5 * np.eye(n), F.T @ np.ones(y.size))
    runs = replica.simulate(RIDGE, algorithm="langevin", instance=(X, y), samples=5, seed=9, moves=800)
    assert all(text.startswith("converged") for text in runs["status"].values)
    z = ((runs["q"] - mean @ mean / n) / runs["q_error"]).values
    assert np.all(np.abs(z) < 3.5)
    assert np.all(runs["q_error"] < 0.1 * runs["q"])


def test_errors_of_population_annealing_have_the_tails_of_few_populations():
    model = replica.perceptron("binary", loss=replica.Hinge(0.5), beta=0.7)
    given = replica.instance(model, n=12, alpha=1.0, seed=3)
    exact = replica.simulate(model, instance=given)
    runs = replica.simulate(model, instance=given, algorithm="population-annealing", samples=30, seed=11)
    for name in ("free_entropy", "entropy", "energy"):
        z = ((runs[name] - float(exact[name][0])) / runs[f"{name}_error"]).values
        assert 0.4 < np.sqrt(np.mean(z**2)) < 1.1
        assert np.max(np.abs(z)) < 4


def test_populations_that_say_nothing_are_cooled_in_finer_steps():
    runs = replica.simulate(RIDGE, algorithm="population-annealing", n=20, alpha=2.0, samples=3, seed=2)
    assert np.all(np.isfinite(runs["energy"]))


def test_a_threshold_beside_runs():
    model = replica.perceptron("spherical")
    runs = replica.simulate(model, algorithm="max-margin", n=40, alpha=1.0, samples=5, seed=1)
    theory = replica.max_margin(model, alpha=1.0)
    report = replica.compare(theory, runs)
    assert report["observable"].values.tolist() == ["max_margin"]
    assert float(report["theory"][0]) == theory.value
    assert np.isfinite(report["z"]).all()
    with pytest.raises(ValueError, match="name it"):
        replica.compare(theory, replica.simulate(SIGNS, n=9, alpha=0.4, samples=2))


def test_one_size_in_a_list_is_that_size():
    runs = replica.simulate(SIGNS, n=[15], alpha=0.4, samples=5, seed=1)
    theory = replica.solve(SIGNS, alpha=0.4)
    assert replica.compare(theory, runs)["z"].equals(replica.compare(theory, runs.isel(n=0))["z"])


def test_refusals_say_what_to_give():
    with pytest.raises(ValueError, match=r"instance=\(X, y\)"):
        replica.simulate(SIGNS, X=np.eye(3), y=np.ones(3))
    with pytest.raises(ValueError, match="2 absolute values"):
        replica.simulate(replica.committee(units=3, weights="binary"), n=15, alpha=0.4, readouts=["margins"])
    Readout.find("margins")().check(replica.committee(units=4, activation="relu", weights="binary"))


def test_statuses_tell_what_is_missing():
    runs = replica.simulate(
        SIGNS, algorithm="sbpi", n=101, alpha=[0.4, 0.6, 1.2], samples=4, seed=1, max_sweeps=60,
        readouts=["local-entropy"],
    )  # fmt: skip
    missing = (runs["unsettled"] > 0).any("distance").values
    said = np.array(["did not settle" in text for text in runs["status"].values.flat]).reshape(missing.shape)
    assert missing.any()
    assert np.array_equal(said, missing)
    found = replica.success_threshold(runs)
    assert str(found["limit_status"].values).startswith("not converged: a limit needs two sizes")
    hard = replica.simulate(replica.perceptron("spherical"), algorithm="max-margin", n=20, alpha=3.0, max_sweeps=200)
    assert "may not be separable" in str(hard["status"][0].values)


def test_figures_show_success_and_readouts():
    runs = replica.simulate(
        SIGNS, algorithm="sbpi", n=51, alpha=[0.4, 1.2], samples=3, seed=1, max_sweeps=30, readouts=["local-entropy"]
    )
    ax = replica.plot(runs)
    assert ax.get_ylabel() == "fraction of samples solved"
    assert [panel.get_ylabel() for panel in ax.figure.axes][1] == "mean local entropy"
    single = replica.plot(replica.simulate(SIGNS, n=9, alpha=0.4, samples=3))
    assert np.all(np.asarray(single.get_xticks()) % 1 == 0)


def test_means_at_one_size_are_called_so():
    model = replica.perceptron("binary")
    for n, said in ((12, True), ([10, 12], False)):
        runs = replica.simulate(model, algorithm="enumeration", n=n, alpha=0.5, samples=4, seed=1)
        report = replica.compare(replica.solve(model, alpha=0.5), runs)
        assert ("n = 12 as they are" in report.attrs.get("remark", "")) is said


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
def test_one_label_alone_has_a_minimiser_without_a_bias(loss):
    """Turning a pattern and its label round changes no stability, so neither weights nor energy."""
    X = np.random.default_rng(0).standard_normal((6, 4))
    model = replica.mixture(loss, penalty=0.7, bias=False)
    turned, y = X * np.array([-1.0, 1.0, 1.0, -1.0, 1.0, 1.0])[:, None], np.array([-1.0, 1.0, 1.0, -1.0, 1.0, 1.0])
    known = replica.simulate(model, algorithm="erm", instance=(turned, y))
    found = replica.simulate(model, algorithm="erm", instance=(X, np.ones(6)))
    for name in ("q", "energy", "training_error"):
        assert float(found[name][0]) == pytest.approx(float(known[name][0]), rel=1e-9), name
    alone = replica.simulate(model, algorithm="erm", instance=(X[:1], [-1.0]))
    assert str(alone["status"].values[0]) == "converged"
    learned = replica.simulate(
        replica.mixture(loss, penalty=0.7, bias=True), algorithm="erm", instance=(X, np.ones(6))
    )
    if loss == "square":  # the bias alone gives every pattern its label
        assert float(learned["bias"][0]) == pytest.approx(1.0, rel=1e-12)
        assert float(learned["q"][0]) < 1e-20
    else:
        assert "says nothing of how large the bias is" in str(learned["status"].values[0])


def test_a_field_of_zero_is_on_neither_side():
    """Equal inputs with opposite labels leave the weights 0: nothing is solved. Inputs of zero have no margin."""
    for X in (np.ones((4, 3)), np.full((4, 5), -2.0)):
        for loss in ("square", "logistic", "hinge"):
            model = replica.mixture(loss, penalty=0.7, bias=False)
            found = replica.simulate(model, algorithm="erm", instance=(X, [1, -1, 1, -1]))
            assert not found["solved"].values[0]
            assert float(found["training_error"][0]) >= 0.5  # 1 where the weights are 0 to the last digit
    for X, row in ((np.zeros((4, 3)), 0), (np.vstack([np.eye(3), np.zeros(3)]), 3)):
        found = replica.simulate(replica.perceptron("spherical"), algorithm="max-margin", instance=(X, np.ones(4)))
        assert f"the inputs of pattern {row} are 0" in str(found["status"].values[0])
        assert not found["solved"].values[0]


@pytest.mark.parametrize("scale", [1e-310, 1e-30, 1e200])
def test_inputs_beyond_the_arithmetic_are_refused(scale):
    X = np.random.default_rng(0).standard_normal((6, 4)) * scale
    with pytest.raises(ValueError, match="X must have a largest modulus between 1e-18 and 1e"):
        replica.simulate(replica.perceptron("binary"), instance=(X, np.ones(6)))
