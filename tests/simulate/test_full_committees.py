"""Fully connected committees: finite systems against counting by hand; what is not here is refused in a sentence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import replica
from replica.simulate.algorithms._products import Dense, Signs, products

FULL = replica.committee(3, connectivity="full")


def test_solutions_are_those_of_a_loop_over_all_units():
    """Majorities of three units on the same five inputs, counted without the network's own code."""
    runs = replica.simulate(FULL, n=15, alpha=0.6, samples=3, seed=2)
    units = np.array(list(itertools.product((-1, 1), repeat=5)))
    for k in range(3):
        X, y = replica.instance(FULL, n=15, alpha=0.6, seed=2, sample=k)
        assert X.shape == (9, 5)
        right = (units @ X.T) * y > 0
        votes = right[:, None, None] * 1 + right[None, :, None] + right[None, None, :]
        count = int(np.sum(np.all(votes >= 2, axis=-1)))
        assert np.exp(15 * float(runs["entropy"][k])) == pytest.approx(count, abs=1e-6)
        assert bool(runs["solved"][k]) == (count > 0)


@pytest.mark.parametrize(
    ("algorithm", "weights", "alpha"), [("replicated-sgd", "binary", 0.35), ("least-action", "spherical", 1.0)]
)
def test_solvers_solve_it(algorithm, weights, alpha):
    """Judged again from the weights alone."""
    model = replica.committee(5, connectivity="full", weights=weights)
    keywords = {"n": 305, "alpha": alpha, "seed": 4, "inputs": "sign"}
    runs = replica.simulate(model, algorithm=algorithm, samples=2, **keywords)
    assert runs["solved"].values.tolist() == [True, True]
    for k in range(2):
        X, y = replica.instance(model, sample=k, **keywords)
        rows = runs["weights"].values[k].reshape(5, 61)
        assert np.all(y * np.sign(X @ rows.T).sum(axis=1) > 0)
        assert np.all(abs(rows) == 1) or weights == "spherical"
        assert np.sum(rows**2, axis=1) == pytest.approx(np.full(5, 61.0))


def test_a_users_own_instance_counts_all_weights():
    X, y = replica.instance(FULL, n=9, alpha=1.0, seed=1)
    runs = replica.simulate(FULL, instance=(X, y))
    assert runs["weights"].shape == (1, 9)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: replica.solve(FULL, alpha=0.3),
        lambda: replica.solve(FULL, alpha=0.3, ansatz=replica.Annealed()),
        lambda: replica.solve(FULL, alpha=0.3, ansatz=replica.RSB(m=2.0, q1=0.8)),
        lambda: replica.capacity(FULL),
        lambda: replica.franz_parisi(FULL, alpha=0.3, distance=[0.1]),
        lambda: replica.local_entropy(FULL, alpha=0.3, distance=[0.1]),
        lambda: replica.max_margin(FULL, alpha=0.3),
    ],
)
def test_theories_refuse_it(ask):
    with pytest.raises(ValueError, match="has no theory here"):
        ask()


def test_wrong_networks_are_refused():
    linear = {"activation": "linear"}
    for keywords, word in (({"units": 4}, "odd"), (linear, "must not be linear"), ({"units": 5.5}, "whole")):
        with pytest.raises(ValueError, match=word):
            replica.committee(connectivity="full", **keywords)
    with pytest.raises(ValueError, match="finite network"):
        replica.simulate(replica.committee(connectivity="full"), n=9, alpha=1.0, seed=1)
    with pytest.raises(ValueError, match="connectivity"):
        replica.committee(3, connectivity="fully")
    with pytest.raises(ValueError, match="random labels"):
        replica.instance(replica.committee(3, connectivity="full", labels="teacher"), n=9, alpha=1.0, seed=1)


def test_products_in_one_byte_an_entry(rng):
    """Signs, one value short of signs, and general numbers; rows that are no multiple of four."""
    signs = rng.choice(np.array([-0.3, 0.3]), size=(1027, 1025))
    spoilt = signs.copy()
    spoilt[-1, -1] = 0.0
    assert isinstance(products(signs[:100]), Dense)
    for matrix, kind in ((signs, Signs), (spoilt, Dense), (rng.standard_normal((1027, 1025)), Dense)):
        found = products(matrix)
        assert isinstance(found, kind)
        row, column = rng.standard_normal(1025), rng.standard_normal(1027)
        assert found.forward(row) == pytest.approx(matrix @ row, abs=2e-4)
        assert found.backward(column) == pytest.approx(column @ matrix, abs=2e-4)
