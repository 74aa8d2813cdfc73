"""Annealing is Metropolis sampling: in equilibrium it draws from the Gibbs measure of coupled replicas."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import replica
from replica.simulate.algorithms._walks import anneal


@pytest.mark.parametrize(("linear", "beta"), [(False, 1.0), (True, 0.5)])
@pytest.mark.parametrize(("replicas", "gamma"), [(1, 0.0), (2, 0.7)])
def test_equilibrium(linear, beta, replicas, gamma):
    """Mean energy of the first replica, and overlap of two, over independent chains, against all configurations."""
    n, chains = 7, 1500
    X, y = replica.instance(replica.perceptron("binary"), n=n, alpha=3.0, seed=2, inputs="sign")
    patterns = y[:, None] * X
    every = np.array(list(itertools.product((-1.0, 1.0), repeat=n)))
    slack = every @ patterns.T
    energy = (np.where(slack < 0, (1 - slack) / 2, 0.0) if linear else 1.0 * (slack < 0)).sum(axis=1)
    assert energy.min() > 0  # so that no chain ends early
    alone = np.exp(-beta * energy)
    pulled = np.prod(np.cosh(gamma * (every[:, None, :] + every[None, :, :])), axis=2)
    pairs = alone[:, None] * pulled * alone
    chance = (pairs.sum(axis=1) if replicas == 2 else alone) / (pairs.sum() if replicas == 2 else alone.sum())
    overlap = np.sum(pairs * (every @ every.T)) / pairs.sum() / n
    mean, spread = chance @ energy, np.sqrt(chance @ energy**2 - (chance @ energy) ** 2)
    rng = np.random.default_rng(1)
    columns = np.ascontiguousarray(patterns.T, dtype=np.float32)
    schedule = np.full((2, 60), [[beta], [gamma]])
    found, together = np.empty((2, chains))
    for chain in range(chains):
        weights = np.tile(rng.choice(np.array([-1, 1], dtype=np.float32), size=n), (replicas, 1))
        room, best = np.empty(replicas + 1), np.empty(n + 1)
        assert anneal(columns, np.float32(0), *schedule, linear, weights, room, best, rng) == -1
        at = np.flatnonzero(np.all(every == weights[0], axis=1))[0]
        found[chain], together[chain] = energy[at], weights[0] @ weights[-1] / n
        assert best[n] <= np.sum(slack[at] < 0)
    assert abs(found.mean() - mean) < 4 * spread / np.sqrt(chains)
    if replicas == 2:
        assert abs(together.mean() - overlap) < 4 * together.std() / np.sqrt(chains)
