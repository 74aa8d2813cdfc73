"""Kernels of algorithms that flip signs one at a time: driven pushes, and annealing of coupled replicas."""

from __future__ import annotations

import numpy as np

from saddlepoint._jit import summing_kernel


@summing_kernel
def push_sweeps(inputs, offset, chance, longest, hidden, sweeps, rng):  # type: ignore[no-untyped-def]
    """Sweeps of stochastic pushes on ``hidden`` until one of them meets no error; sweeps done, -1 when they are spent.

    A pattern with slack ``s = x.sign(h) - offset``: ``s < 0`` pushes all hidden variables by ``2 x``; ``0 <= s < 2``
    those that agree with it, with probability ``chance``.
    """
    patterns, n = inputs.shape
    signs = np.where(hidden >= 0, np.float32(1), np.float32(-1))
    order = np.arange(patterns)
    for sweep in range(1, sweeps + 1):
        errors = 0
        for last in range(patterns - 1, 0, -1):
            other = int(rng.random() * (last + 1))
            order[last], order[other] = order[other], order[last]
        for at in range(patterns):
            mu = order[at]
            total = np.float32(0)
            for i in range(n):
                total += inputs[mu, i] * signs[i]
            slack = total - offset
            if slack < 0:
                errors += 1
                for i in range(n):
                    pushed = hidden[i] + np.float32(2) * inputs[mu, i]
                    hidden[i] = pushed if abs(pushed) <= longest else hidden[i]
                    signs[i] = np.float32(1) if hidden[i] >= 0 else np.float32(-1)
            elif slack < 2 and rng.random() < chance:
                for i in range(n):
                    along = inputs[mu, i] * signs[i] > 0
                    pushed = hidden[i] + np.float32(2) * inputs[mu, i]
                    hidden[i] = pushed if along and abs(pushed) <= longest else hidden[i]
        if errors == 0:
            return sweep
    return -1


@summing_kernel
def slacks(columns, offset, weights, out):  # type: ignore[no-untyped-def]
    """``out = x.w - offset`` for each pattern, from the inputs by weight (N, P)."""
    out[:] = -offset
    for i in range(columns.shape[0]):
        for mu in range(columns.shape[1]):
            out[mu] += columns[i, mu] * weights[i]


@summing_kernel
def anneal(columns, offset, beta, gamma, linear, weights, log_cosh, best, rng):  # type: ignore[no-untyped-def]
    """Single flips of y replicas in the field of a traced-out centre; sweeps done, -1 when they are spent.

    The energy is the number of slacks below 0, or with ``linear`` the sum of ``(1 - s)/2`` over them. ``weights``
    (y, N) start equal; ``log_cosh`` (y + 1) is room for a table. ``best`` (N + 1) receives the weights with the fewest
    errors and their number, looked at once a sweep; the walk ends when that is 0.
    """
    y, n = weights.shape
    patterns = columns.shape[1]
    slack = np.empty((y, patterns), dtype=np.float32)
    total = np.zeros(n, dtype=np.int64)
    for a in range(y):
        for i in range(n):
            total[i] += int(weights[a, i])
    best[n] = patterns + 1
    two, one, half = np.float32(2), np.float32(1), np.float32(0.5)
    for sweep in range(beta.size):
        for s in range(y + 1):
            log_cosh[s] = np.log(np.cosh(gamma[sweep] * s))
        if sweep % 64 == 0:  # rounding of the steps must not add up
            for a in range(y):
                slacks(columns, offset, weights[a], slack[a])
        for _ in range(n):
            for a in range(y):
                i = int(rng.random() * n)
                turn = -two * np.float32(weights[a, i])
                change = np.float32(0)
                if linear:
                    for mu in range(patterns):
                        s, t = slack[a, mu], slack[a, mu] + turn * columns[i, mu]
                        change += (half * (one - t) if t < 0 else np.float32(0)) - (
                            half * (one - s) if s < 0 else np.float32(0)
                        )
                else:
                    for mu in range(patterns):
                        s, t = slack[a, mu], slack[a, mu] + turn * columns[i, mu]
                        change += (one if t < 0 else np.float32(0)) - (one if s < 0 else np.float32(0))
                after = total[i] - 2 * int(weights[a, i])
                gain = log_cosh[abs(after)] - log_cosh[abs(total[i])] - beta[sweep] * change
                if gain >= 0 or rng.random() < np.exp(gain):
                    weights[a, i] = -weights[a, i]
                    total[i] = after
                    for mu in range(patterns):
                        slack[a, mu] += turn * columns[i, mu]
        for a in range(y):
            errors = 0
            for mu in range(patterns):
                errors += 1 if slack[a, mu] < 0 else 0
            if errors < best[n]:
                best[n] = errors
                best[:n] = weights[a]
        if best[n] == 0:
            return sweep + 1
    return -1


@summing_kernel
def count_moves(columns, kappa, beta, reach, first, weights, fields, cost, order, flips, steps, rng):  # type: ignore[no-untyped-def]
    """Metropolis moves of many copies of one unit at the cost of fields below kappa; share of them accepted.

    ``weights`` (R, N) and ``fields`` (R, P) are those of the copies, ``cost`` (R) their counts. With ``reach > 0`` two
    weights from ``first`` on turn in their plane by up to it; else signs flip, with ``flips > 0`` in pairs: one of the
    first ``flips`` of the copy's ``order`` and one of the others.
    """
    copies, n = weights.shape
    patterns = columns.shape[1]
    passed = 0
    for a in range(copies):
        for _ in range(steps):
            i, j, x, y, p, q = 0, 0, 0.0, 0.0, 0, 0
            if reach > 0:
                i = first + int(rng.random() * (n - first))
                j = first + (i - first + 1 + int(rng.random() * (n - first - 1))) % (n - first)
                angle = reach * (2.0 * rng.random() - 1.0)
                x = (np.cos(angle) - 1.0) * weights[a, i] - np.sin(angle) * weights[a, j]
                y = np.sin(angle) * weights[a, i] + (np.cos(angle) - 1.0) * weights[a, j]
            elif flips > 0:
                p, q = int(rng.random() * flips), flips + int(rng.random() * (n - flips))
                i, j = order[a, p], order[a, q]
                x, y = -2.0 * weights[a, i], -2.0 * weights[a, j]
            else:
                i = int(rng.random() * n)
                j, x = i, -2.0 * weights[a, i]
            count = 0
            for mu in range(patterns):
                count += 1 if fields[a, mu] + x * columns[i, mu] + y * columns[j, mu] < kappa else 0
            if count <= cost[a] or rng.random() < np.exp(-beta * (count - cost[a])):
                passed += 1
                cost[a] = count
                weights[a, i] += x
                weights[a, j] += y
                for mu in range(patterns):
                    fields[a, mu] += x * columns[i, mu] + y * columns[j, mu]
                if flips > 0:
                    order[a, p], order[a, q] = j, i
    return passed / (copies * max(steps, 1))
