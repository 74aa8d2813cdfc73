"""Exact enumeration against sums over all configurations written here, and the verb around it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import replica
from replica.simulate.algorithms._counting import intervals, plan, signs_of
from replica.simulate.instances import draw

HARD = [
    replica.Margin(0.0),
    replica.Margin(0.4),
    replica.Margin(-0.7),
    replica.Band(0.9),
    replica.OutsideBand(0.5),
]


def everything(letters: tuple[float, ...], n: int) -> np.ndarray:
    return np.array(list(itertools.product(letters, repeat=n)))


@pytest.mark.parametrize("inputs", ["normal", "sign"])
@pytest.mark.parametrize("n", [3, 6, 9, 14])
@pytest.mark.parametrize("loss", HARD, ids=str)
def test_packed_counts_are_those_of_brute_force(loss, n, inputs):
    """The listed solutions are all solutions, each once; ties of +-1 inputs follow the loss."""
    model = replica.perceptron("binary", loss=loss)
    for sample in range(4):
        found = draw(model, n=n, alpha=0.6, seed=11, sample=sample, inputs=inputs)
        weights = everything((-1.0, 1.0), n)
        stability = found.y * np.round(weights @ found.X.T, 12) / np.sqrt(n)
        good = np.all(loss.cost(stability) == 0, axis=1)
        count, words = plan(found, loss).search(0, 1 << 14)
        assert count == good.sum() == len(words)
        assert len(np.unique(words)) == count
        assert {tuple(row) for row in signs_of(words, n)} == {tuple(row) for row in weights[good]}
        if count > 2:
            assert np.array_equal(plan(found, loss).search(1, 2)[1], words[1:3])


def test_margins_of_whole_number_fields_include_ties():
    """kappa sqrt(N) a whole number: ``>=`` holds there, also when the product is rounded."""
    for n, whole in ((25, 1), (9, 2), (49, 3), (21, 3)):
        low = intervals(replica.Margin(whole / np.sqrt(n)), np.sqrt(n))[0, 0]
        assert replica.Margin(whole / np.sqrt(n)).cost(np.array([low / np.sqrt(n)]))[0] == 0
        assert low == whole
    outside = intervals(replica.OutsideBand(0.5), 10.0)
    assert outside[:, 0].tolist()[1] == 5
    assert outside[0, 1] == -5


@pytest.mark.parametrize(
    ("weights", "letters", "n"),
    [
        ("binary", (-1.0, 1.0), 13),
        ("ternary", (-1.0, 0.0, 1.0), 8),
        (replica.Discrete((-2, -1, 1, 2)), (-2, -1, 1, 2), 6),
    ],
)
@pytest.mark.parametrize(("loss", "beta"), [("error-count", 1.3), ("error-count", np.inf), ("margin", np.inf)])
def test_sums_over_all_configurations(weights, letters, n, loss, beta):
    """Free entropy, entropy, energy, overlaps: thermal means written out."""
    model = replica.perceptron(weights, loss=loss, beta=beta, labels="teacher")
    runs = replica.simulate(model, n=n, alpha=1.5, samples=3, seed=2)
    for sample in range(3):
        found = draw(model, n=n, alpha=1.5, seed=2, sample=sample)
        every = everything(letters, n)
        cost = np.where(found.y * (every @ found.X.T) >= 0, 0.0, 1e9 if loss == "margin" else 1.0).sum(axis=1)
        chance = (cost == cost.min()) * 1.0 if np.isinf(beta) else np.exp(-beta * cost)
        log_z = np.log(chance.sum())
        chance /= chance.sum()
        energy = chance @ cost / n
        mean = chance @ every
        row = runs.isel(sample=sample)
        entropy = log_z / n + (0.0 if np.isinf(beta) else beta * energy)
        assert float(row["entropy"]) == pytest.approx(entropy, abs=1e-12)
        free = log_z / n if loss == "margin" or np.isfinite(beta) else -energy
        assert float(row["free_entropy"]) == pytest.approx(free, abs=1e-12)
        assert float(row["q"]) == pytest.approx(np.mean(mean**2), abs=1e-12)
        assert float(row["m"]) == pytest.approx(mean @ found.direction / n, abs=1e-12)


def test_weights_are_drawn_from_the_gibbs_measure():
    """Uniform over solutions: each is found about equally often (chi-square over all of them)."""
    X, y = replica.instance(replica.perceptron("binary"), n=11, alpha=0.6, seed=4)
    for model in (replica.perceptron("binary"), replica.perceptron("binary", loss="error-count")):
        runs = replica.simulate(model, instance=(X, y), samples=1500, seed=1)
        _, counts = np.unique(runs["weights"].values, axis=0, return_counts=True)
        solutions = int(replica.simulate(replica.perceptron("binary"), instance=(X, y))["solutions"][0])
        assert 5 < solutions < 150
        assert len(counts) == solutions
        expected = 1500 / solutions
        chi_square = np.sum((counts - expected) ** 2) / expected
        assert abs(chi_square - (solutions - 1)) < 5 * np.sqrt(2 * solutions)


def test_solutions_around_references():
    """Counts at each distance from solutions of a larger margin, against all pairs."""
    model, n = replica.perceptron("binary"), 12
    runs = replica.simulate(model, n=n, alpha=0.4, samples=4, seed=3, references=300, reference_margin=0.4)
    assert runs["solutions_around"].dims == ("sample", "reference", "flips")
    every = everything((-1.0, 1.0), n)
    for sample in range(4):
        found = draw(model, n=n, alpha=0.4, seed=3, sample=sample)
        stability = found.y * (every @ found.X.T) / np.sqrt(n)
        solutions = every[np.all(stability >= 0, axis=1)]
        references = every[np.all(stability >= 0.4, axis=1)]
        flips = np.rint((n - solutions @ references.T) / 2).astype(int)
        histograms = np.array([np.bincount(column, minlength=n + 1) for column in flips.T])
        counted = runs["solutions_around"].values[sample]
        assert {tuple(row) for row in counted} <= {tuple(row) for row in histograms}
        spread = histograms.std(axis=0) / np.sqrt(300)
        assert np.all(np.abs(counted.mean(axis=0) - histograms.mean(axis=0)) <= 5 * spread + 1e-12)


def test_long_lists_are_not_taken_for_whole_ones():
    runs = replica.simulate(replica.perceptron("binary"), n=14, alpha=0.1, seed=1, references=2, list_up_to=100)
    assert int(runs["solutions"][0]) > 100
    assert "not listed" in str(runs["status"][0].values)
    assert np.all(np.isnan(runs["solutions_around"]))
    assert np.isnan(runs["q"][0])
    assert bool(runs["solved"][0])


def test_no_solution_is_an_answer():
    runs = replica.simulate(replica.perceptron("binary", margin=2.0), n=10, alpha=2.0, seed=1)
    assert str(runs["status"][0].values) == "converged; no solution exists"
    assert (float(runs["entropy"][0]), bool(runs["solved"][0])) == (-np.inf, False)
    assert np.all(np.isnan(runs["weights"]))


def test_results_do_not_depend_on_workers_nor_on_interruption(tmp_path):
    keywords = {"n": [9, 11], "alpha": [0.3, 0.6], "samples": 10, "seed": 5, "references": 3}
    model = replica.perceptron("binary", labels="teacher")
    once = replica.simulate(model, **keywords)
    assert once["entropy"].dims == ("n", "alpha", "sample")
    assert once.identical(replica.simulate(model, workers=2, checkpoint=tmp_path, **keywords))
    (tmp_path / "chunk-00003.npz").unlink()
    assert once.identical(replica.simulate(model, checkpoint=tmp_path, **keywords))
    alone = replica.simulate(model, **(keywords | {"n": 11, "alpha": 0.6}))
    assert np.array_equal(alone["entropy"], once["entropy"].sel(n=11, alpha=0.6))
    with pytest.raises(ValueError, match="other settings"):
        replica.simulate(model, checkpoint=tmp_path, **(keywords | {"seed": 6}))


@pytest.mark.parametrize(
    ("model", "keywords", "words"),
    [
        (replica.perceptron("binary"), {"algorithm": "enumerate"}, "did you mean 'enumeration'"),
        (replica.perceptron("binary"), {"reference": 3}, "did you mean 'references'"),
        (replica.perceptron("spherical"), {}, "finite alphabet"),
        (replica.perceptron("binary"), {"n": 41}, "n up to 40"),
        (replica.perceptron("ternary"), {"n": 20}, "n up to 15"),
        (replica.perceptron("ternary"), {"references": 2}, "weights"),
        (replica.perceptron("binary"), {"instance": (np.ones((2, 2)), np.ones(2))}, "leave them out"),
        (replica.perceptron("binary"), {"samples": 0}, "samples must be"),
        (replica.perceptron("binary"), {"alpha": [0.5, 0.2]}, "alpha must increase"),
    ],
)
def test_wrong_usage(model, keywords, words):
    with pytest.raises(ValueError, match=words):
        replica.simulate(model, **({"n": 9, "alpha": 0.5} | keywords))
