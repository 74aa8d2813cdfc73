"""Kernel of max-sum: messages of one sweep over the patterns."""

from __future__ import annotations

import numpy as np

from saddlepoint._jit import summing_kernel


@summing_kernel
def max_sum_sweep(signs, needed, order, messages, fields):  # type: ignore[no-untyped-def]
    """One sweep over the patterns in a given order; ``fields`` (N) and ``messages`` (P, N) are changed in place.

    ``signs`` (P, N) are inputs times labels, +-1. A pattern holds where at least ``needed`` weights agree with it, so
    that the best weights without weight i lose ``max(0, -s)`` by i's disagreement, s the ``needed``-th largest of the
    others' fields along the pattern. Messages are along the pattern's signs.
    """
    patterns, n = signs.shape
    along = np.empty(n)
    for at in range(patterns):
        mu = order[at]
        for i in range(n):
            along[i] = signs[mu, i] * fields[i] - messages[mu, i]
        parts = np.partition(-along, needed)
        next_one, last = -parts[needed], -np.max(parts[:needed])
        inside, outside = max(0.0, -next_one), max(0.0, -last)
        for i in range(n):
            message = inside if along[i] >= last else outside
            fields[i] += signs[mu, i] * (message - messages[mu, i])
            messages[mu, i] = message
