"""Kernels of on-line rules for real weights: dual ascent to the largest margin, and pushes of the fewest units."""

from __future__ import annotations

import numpy as np

from saddlepoint._jit import summing_kernel


@summing_kernel
def ascend(inputs, norms, rate, tolerance, sweeps, multipliers, weights):  # type: ignore[no-untyped-def]
    """AdaTron: dual coordinate ascent for ``min |w|^2/2`` with ``inputs w >= 1``; sweeps done, -1 when they are spent.

    It ends after a sweep in which no pattern with a multiplier was off 1, and none below 1, by more than ``tolerance``.
    """
    patterns, n = inputs.shape
    for sweep in range(1, sweeps + 1):
        worst = 0.0
        for mu in range(patterns):
            field = 0.0
            for i in range(n):
                field += inputs[mu, i] * weights[i]
            gap = 1.0 - field
            if multipliers[mu] > 0:
                worst = max(worst, abs(gap))
            elif gap > 0:
                worst = max(worst, gap)
            step = max(-multipliers[mu], rate * gap / norms[mu])
            if step != 0:
                multipliers[mu] += step
                for i in range(n):
                    weights[i] += step * inputs[mu, i]
        if worst < tolerance:
            return sweep
    return -1


@summing_kernel
def push_units(inputs, labels, offset, binary, units, hidden, sweeps, rng):  # type: ignore[no-untyped-def]
    """Least action on a committee of sign units: a wrong pattern pushes the fewest units that mend it.

    Each unit sees a block of the inputs, or all of them where there are only N/K. ``hidden`` (N) are the weights, or
    with ``binary`` the variables whose signs are the weights. Of the units on the wrong side those nearest to the right
    one are pushed by ``label x`` (binary: twice that). ``offset`` is the field that a single unit must reach. Sweeps
    done, -1 when they are spent.
    """
    patterns, size = inputs.shape[0], hidden.size // units
    stride = 0 if inputs.shape[1] < hidden.size else size
    order, fields = np.arange(patterns), np.empty(units)
    for sweep in range(1, sweeps + 1):
        errors = 0
        for last in range(patterns - 1, 0, -1):
            other = int(rng.random() * (last + 1))
            order[last], order[other] = order[other], order[last]
        for at in range(patterns):
            mu = order[at]
            balance = 0
            for k in range(units):
                total = 0.0
                for i in range(size):
                    own = hidden[k * size + i]
                    weight = (1.0 if own >= 0 else -1.0) if binary else own
                    total += inputs[mu, k * stride + i] * weight
                fields[k] = labels[mu] * total - offset
                balance += 1 if fields[k] > 0 or (fields[k] == 0 and labels[mu] > 0) else -1
            if balance > 0:
                continue
            errors += 1
            for _ in range((1 - balance) // 2):
                nearest, chosen = -np.inf, 0
                for k in range(units):
                    if fields[k] <= 0 and fields[k] > nearest:
                        nearest, chosen = fields[k], k
                fields[chosen] = 1.0
                for i in range(size):
                    step = labels[mu] * inputs[mu, chosen * stride + i]
                    hidden[chosen * size + i] += step * (2.0 if binary else 1.0)
        if errors == 0:
            return sweep
    return -1


@summing_kernel
def least_satisfied(gram, tolerance, steps, counts):  # type: ignore[no-untyped-def]
    """MinOver: again and again the pattern of the smallest field is added to the weights; steps done.

    ``gram`` are the products of the patterns, ``counts`` (P) receives how often each was added. It ends when the margin
    is within ``tolerance`` (relative) of the bound ``|w|/steps``.
    """
    patterns = gram.shape[0]
    fields, square = np.zeros(patterns), 0.0
    for step in range(1, steps + 1):
        worst = 0
        for mu in range(patterns):
            if fields[mu] < fields[worst]:
                worst = mu
        # |w|^2 before this step; both sides of the margin of the weights so far
        if step > 1 and fields[worst] * (step - 1) >= (1.0 - tolerance) * square:
            return step - 1
        square += 2.0 * fields[worst] + gram[worst, worst]
        counts[worst] += 1
        for mu in range(patterns):
            fields[mu] += gram[worst, mu]
    return steps
