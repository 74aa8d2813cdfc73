"""Read-outs beside the theory's curves: the names meet, biases and kinks are heeded, ties follow the architecture."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.simulate.instances import draw
from replica.simulate.readouts import Flatness, Margins
from replica.simulate.statistics import mean_of_noisy

FIELD = np.arange(-2.0, 3.1, 0.5)


@pytest.mark.parametrize(
    ("model", "algorithm", "n"),
    [
        (replica.mixture("logistic", balance=0.3), "erm", 200),
        (replica.mixture("hinge", bias=False), "erm", 200),
        (replica.Model(weights="spherical", loss=replica.Hinge(1.0), beta=2.0), "langevin", 100),
    ],
    ids=str,
)
def test_flatness_and_margins_are_those_of_the_theory(model, algorithm, n):
    """A learned bias, an atom at a kink (left out of the density), a temperature."""
    keywords = {"moves": 400} if algorithm == "langevin" else {}
    readouts = [Flatness(noise=(0.05, 0.1, 0.2)), Flatness.find("margins")(FIELD)]
    samples = 12 if algorithm == "erm" else 16  # of few, errors from their spread have long tails
    runs = replica.simulate(
        model, algorithm=algorithm, n=n, alpha=1.5, samples=samples, seed=3, readouts=readouts, **keywords
    )
    solution = replica.solve(model, alpha=1.5)
    for theory in (
        replica.flatness(solution, noise=[0.05, 0.1, 0.2]), replica.margin_distribution(solution, field=FIELD)
    ):  # fmt: skip
        report = replica.compare(theory, runs)
        assert report["observable"].values.tolist() == [theory.attrs["main"]]
        assert np.all(np.isfinite(report["z"]))
        assert np.all(np.abs(report["z"]) < 4)
        assert np.median(report["standard_error"]) < 0.05


def test_the_density_ends_at_kinks():
    """Solutions of a margin, beside it: where the theory jumps the windows do not see across; files keep the names."""
    model = replica.perceptron("binary", margin=0.3)
    runs = replica.simulate(model, n=20, alpha=0.3, samples=150, seed=2, readouts=[Margins(np.arange(-0.2, 1.6, 0.1))])
    theory = replica.margin_distribution(replica.solve(model, alpha=0.3), field=runs["field"].values)
    report = replica.compare(theory, runs)
    below = report["field"] < 0.3 - 1e-9
    assert np.all(report["simulation"].values[0][below] == 0)
    assert np.all(np.abs(report["z"]) < 4)
    assert float(report["simulation"].sel(field=0.3, method="nearest")[0]) > 0.5


def test_the_margin_that_flatness_counts(tmp_path):
    model = replica.perceptron("binary")
    keywords = {"algorithm": "reinforced-bp", "rate": 0.02, "n": 200, "alpha": 0.3, "samples": 4, "seed": 1}
    strict, plain = (
        replica.simulate(model, readouts=[Flatness(noise=(0.02, 0.1), margin=margin)], **keywords)
        for margin in (0.5, None)
    )
    assert np.all(strict["perturbed_training_error"] > plain["perturbed_training_error"])
    replica.save(strict, tmp_path / "runs.csv")
    theory = replica.flatness(replica.solve(model, alpha=0.3), noise=[0.02, 0.1])
    with pytest.warns(UserWarning, match="margin of flatness: None and 0.5"):
        report = replica.compare(theory, str(tmp_path / "runs.csv"))
    assert report["observable"].values.tolist() == ["training_error"]


def test_local_entropies_have_both_names():
    """Of the theory's curves: around typical references ``entropy``, in dense regions ``local_entropy``."""
    model = replica.perceptron("binary")
    keywords = {"n": 300, "alpha": 0.3, "samples": 3, "seed": 1, "readouts": ["local-entropy"]}
    runs = replica.simulate(model, algorithm="focusing-bp", full=True, **keywords)
    grid = [0.02, 0.05, 0.1]
    densest = replica.compare(replica.local_entropy(model, alpha=0.3, distance=grid), runs)
    typical = replica.compare(replica.franz_parisi(model, alpha=0.3, distance=grid), runs)
    assert densest["observable"].values.tolist() == ["local_entropy"]
    assert typical["observable"].values.tolist() == ["entropy"]
    assert np.all(np.abs(densest["theory"] - densest["simulation"]).sel(distance=grid) < 0.01)
    assert np.all((typical["simulation"] - typical["theory"]).sel(distance=grid) > 0.01)


@pytest.mark.parametrize("ties", ["satisfied", pytest.param("violated", marks=pytest.mark.bench)])
def test_ties_of_rectified_units(ties):
    """At margin 0 all units may be off: brute force over the signs, and the theory."""
    model = replica.committee(units=2, activation="relu", weights="binary", ties=ties)
    found = draw(model, n=8, alpha=0.5, seed=1)
    weights = 2.0 * ((np.arange(256)[:, None] >> np.arange(8)) & 1) - 1.0
    fields = np.einsum("pki,wki->kwp", found.X.reshape(-1, 2, 4), weights.reshape(-1, 2, 4))
    output = found.y * (np.maximum(fields[0], 0) - np.maximum(fields[1], 0))
    good = output >= 0 if ties == "satisfied" else output > 0
    runs = replica.simulate(model, instance=(found.X, found.y))
    assert float(runs["entropy"][0]) == pytest.approx(np.log(np.all(good, axis=1).sum()) / 8)
    runs = replica.simulate(model, n=[8, 12, 16], alpha=0.25, samples=400, seed=2)
    report = replica.compare(replica.solve(model, alpha=0.25), runs, observables=["entropy"])
    assert abs(float(report["z"][0])) < 3.5
    assert float(report["standard_error"][0]) < 0.02


def test_errors_of_single_samples_that_are_noise():
    """Their spread shows them; where there is no spread they are what is known."""
    noisy = mean_of_noisy(np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), np.full((2, 3), 0.3))
    assert noisy.error == pytest.approx([1 / np.sqrt(3), 0.3 / np.sqrt(3)])
    assert np.isnan(mean_of_noisy(np.ones((1, 1)), np.ones((1, 1))).error[0])


def test_two_sizes_do_not_test_their_fit():
    model = replica.perceptron("binary")
    solution = replica.solve(model, alpha=0.4)
    two, three = (
        replica.compare(solution, replica.simulate(model, n=n, alpha=0.4, samples=10, seed=3))
        for n in ([10, 15], [5, 10, 15])
    )
    assert "fit_freedom" not in two
    assert float(three["fit_freedom"].sel(observable="entropy")) == 1


def test_a_load_of_zero_is_refused():
    with pytest.raises(ValueError, match="alpha must be above 0"):
        replica.simulate(replica.perceptron("binary"), n=9, alpha=0.0)
