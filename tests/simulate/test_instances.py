"""Instances: shapes, laws, seeds, users' files, wrong input."""

from __future__ import annotations

import json

import numpy as np
import pytest

import replica
from replica.simulate.instances import draw, given_instance

MODEL = replica.perceptron("binary")


def test_conventions():
    """P = floor(alpha N + 1/2); inputs N(0,1) or signs, neither scaled nor multiplied by the label."""
    X, y = replica.instance(MODEL, n=201, alpha=0.5, seed=3)
    assert X.shape == (101, 201)
    assert set(np.unique(y)) == {-1.0, 1.0}
    assert abs(X.mean()) < 4 / np.sqrt(X.size)
    assert abs(X.var() - 1) < 4 * np.sqrt(2 / X.size)
    assert abs((y @ X).mean()) < 4 * np.sqrt(101 / 201)
    signs, _ = replica.instance(MODEL, n=201, alpha=0.5, seed=3, inputs="sign")
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert replica.instance(MODEL, n=3, alpha=0.49, seed=0)[0].shape == (1, 3)


def test_a_sample_depends_on_its_number_alone():
    first = replica.instance(MODEL, n=15, alpha=0.4, seed=7, sample=2)
    again = replica.instance(MODEL, n=15, alpha=0.4, seed=7, sample=2)
    other = replica.instance(MODEL, n=15, alpha=0.4, seed=7, sample=3)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0], replica.instance(MODEL, n=15, alpha=0.4, seed=8, sample=2)[0])
    runs = [replica.simulate(MODEL, n=15, alpha=0.4, samples=count, seed=7) for count in (3, 10)]
    assert np.array_equal(runs[0]["weights"].values, runs[1]["weights"].values[:3])


@pytest.mark.parametrize("weights", ["binary", "spherical", "ternary"])
def test_a_teacher_satisfies_its_patterns(weights):
    found = draw(replica.perceptron(weights, labels="teacher"), n=30, alpha=3.0, seed=1)
    assert found.direction @ found.direction == pytest.approx(30)
    assert found.training_error(found.direction) == 0
    assert np.allclose(found.stabilities(found.direction), found.y * (found.X @ found.direction) / np.sqrt(30))


def test_own_patterns_from_arrays_and_files(tmp_path):
    X, y = replica.instance(MODEL, n=11, alpha=0.6, seed=5)
    table = np.column_stack([X, y])
    np.savez(tmp_path / "own.npz", X=X, y=y)
    np.save(tmp_path / "own.npy", table)
    np.savetxt(tmp_path / "own.csv", table, delimiter=",", fmt="%.17g")
    expected = replica.simulate(MODEL, instance=(X, y))["solutions"].values
    assert expected == replica.simulate(MODEL, n=11, alpha=0.6, seed=5)["solutions"].values
    for name in ("own.npz", "own.npy", "own.csv"):
        read = given_instance(MODEL, str(tmp_path / name))
        assert np.array_equal(read.X, X)
        assert np.array_equal(read.y, y)
        assert replica.simulate(MODEL, instance=tmp_path / name)["solutions"].values == expected


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"n": 0, "alpha": 0.5, "seed": 1}, "n must be a whole number of at least 1, got 0"),
        ({"n": 5.5, "alpha": 0.5, "seed": 1}, "n must be a whole number"),
        ({"n": 5, "alpha": -1.0, "seed": 1}, "alpha must be at least 0"),
        ({"n": 5, "alpha": 0.5, "seed": -1}, "seed must be a whole number"),
        ({"n": 5, "alpha": 0.5, "seed": 1, "inputs": "signs"}, "did you mean 'sign'"),
    ],
)
def test_wrong_values_are_named(keywords, words):
    with pytest.raises(ValueError, match=words):
        replica.instance(MODEL, **keywords)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((np.ones((3, 2)), np.ones(2)), "must have shape"),
        ((np.ones((3, 2)), np.array([1.0, 0.0, 0.5])), "labels must hold two classes"),
        ((np.ones((2, 2)), np.zeros(2)), "labels must hold two classes, got 2 of 0"),
        ((np.full((2, 2), np.nan), np.ones(2)), "X must be finite: 4 values are missing"),
        ((np.ones((2, 2)) + 1j, np.ones(2)), "X must be real"),
        ("nowhere.npz", "cannot be read"),
        ("patterns.txt", "unknown suffix"),
        (3, "a pair"),
    ],
)
def test_wrong_instances_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        replica.simulate(MODEL, instance=given)


@pytest.mark.parametrize("names", [(0, 1), (False, True), ("sick", "well"), (1, 2)])
def test_two_kinds_of_labels_are_signs(names):
    """Of two labels the later in sorted order is +1, and the settings name both; +1 and -1 are themselves."""
    X, y = replica.instance(MODEL, n=11, alpha=0.6, seed=5)
    found = replica.simulate(MODEL, instance=(X, [names[int(one > 0)] for one in y]))
    assert found["solutions"].values == replica.simulate(MODEL, instance=(X, y))["solutions"].values
    assert json.loads(found.attrs["settings"])["classes"] == list(names)
    alone = given_instance(MODEL, (X, np.ones(len(y), dtype=int)))
    assert alone.y.tolist() == [1.0] * len(y)
