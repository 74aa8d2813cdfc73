"""The one doorway to random numbers of simulations: a stream for each sample and purpose, whoever draws it and when."""

from __future__ import annotations

import numpy as np

#: what a stream is for; streams of different purposes are independent
PURPOSES = ("patterns", "algorithm", "readout", "split")


def generator(seed: int, sample: int, n: int, patterns: int, purpose: str) -> np.random.Generator:
    """The generator of one sample of one size: it depends on nothing but these arguments.

    Samples of different sizes or loads are independent, so that errors along a curve are.
    """
    key = (sample, n, patterns, PURPOSES.index(purpose))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy=seed, spawn_key=key)))
