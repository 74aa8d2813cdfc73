"""Where the square loss at finite temperature starts from: all its averages are closed, one unknown is left."""

from __future__ import annotations

import numpy as np

from replica._registry import per_row
from replica.ansatz.erm.equations import square_moments
from replica.ansatz.rs.equations import RSProblem
from replica.data import Overlaps


def closed_point(problem: RSProblem) -> np.ndarray:
    r"""Free coordinates at the overlaps of weights on the sphere: ``D = Q - q`` by bisection.

    With ``k = 1 + beta g D`` (g the gain of the fields) the overlap and the bias solve linear equations at
    ``t = alpha beta D/k``, and ``q - m^2 = alpha g (beta D/k)^2 E (1-w)^2`` is left: the solution itself for spherical
    weights, a start for any others.
    """
    equations, alpha, size = problem.equations, problem.alpha, problem.size
    model, one, zero = equations.model, np.ones(problem.size), np.zeros(problem.size)
    fields, slopes = model.architecture.field_overlaps(Overlaps(one, zero, zero, one))
    channels, names = model.data.channels(fields), (*model.data.overlaps, *model.data.trained)
    norm, root, gain = slopes.q * one, slopes.m * one, channels[0].gain * one
    beta, (constant, pull, matrix) = per_row(model.beta, size), square_moments(channels, names, size)

    def at(gap: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``m``, the bias and what is left of the equation for q, in units of the fields."""
        share = beta * gap / (1.0 + beta * gain * gap)
        system, right = matrix.copy(), pull.copy()
        for k, name in enumerate(names):
            if name in model.data.overlaps:
                system[:, k], right[:, k] = (alpha * share)[:, None] * system[:, k], (alpha * share) * right[:, k]
                system[:, k, k] += 1.0
            else:
                system[:, k, k] += 1e-300
        x = np.linalg.solve(system, right[:, :, None])[:, :, 0] if names else np.zeros((size, 0))
        m = x[:, 0] if model.data.overlaps else zero
        square = constant - 2.0 * (pull * x).sum(axis=1) + np.einsum("bi,bij,bj->b", x, matrix, x)
        rest = norm - gap - m**2 - alpha * gain * share**2 * (square + gain * (norm - gap))
        return m, x[:, -1] if model.data.trained else zero, rest

    low, high = np.log(norm) - 600.0, np.log(norm)
    for _ in range(80):
        middle = 0.5 * (low + high)
        below = at(np.exp(middle))[2] > 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    gap = np.exp(0.5 * (low + high))
    m, bias, _ = at(gap)
    q, m = 1.0 - gap / norm, m / root
    overlaps = Overlaps(q, gap / norm, m, np.maximum(q - m**2, 1e-12 * q))
    data = model.learned({"bias": bias}).data
    pattern = model.architecture.patterns(model.loss, data, overlaps, model.beta, 1)
    conjugates = [name for name in problem.names if name not in equations.learned]
    values = {name: alpha * equations.conjugate(pattern, name) for name in conjugates}
    values |= dict.fromkeys(equations.learned, bias)
    return np.stack([equations.chart(name).to_free(values[name]) for name in problem.names], axis=1)
