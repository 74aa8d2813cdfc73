r"""Franz-Parisi curves with a teacher: around the teacher, and around a typical Bayes-optimal student (Nishimori).

.. math:: S(R) = \mathrm{extr}\; -\tfrac{\hat q}{2}(1-q) - \theta R + E\ln z(\sqrt{\hat q} z + \theta u)
          + \alpha E \ln Z
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from replica.ansatz.franz_parisi.equations import EPS
from replica.ansatz.franz_parisi.geometry import Geometry
from replica.ansatz.franz_parisi.pair_patterns import Side, pattern_sums
from replica.ansatz.franz_parisi.solver import Columns, curve
from replica.ansatz.franz_parisi.teacher_sphere import TaughtSphere
from replica.ansatz.franz_parisi.teacher_weights import TaughtProblem, TaughtSigns, TaughtWeights
from replica.ansatz.franz_parisi.typical_held_norm import Reference
from replica.ansatz.franz_parisi.zeros import zero_of
from replica.data import Overlaps
from replica.models.model import Model
from replica.solution.said import converged
from replica.weights._pairs import binary_sums, rule_of
from replica.weights.base import Average
from saddlepoint.quadrature.fields import scaled_nodes


def taught_problem(model: Model, alpha: float, distance: np.ndarray) -> TaughtProblem:
    """The saddle point around the direction to be learned."""
    teacher = Reference(Side(model.loss, float(model.beta)), 1.0, np.inf)
    law = model.data.law(model.weights)
    kind: Any = TaughtSphere
    if not isinstance(model.weights.norm, Average):
        kind = TaughtSigns if law is not None and law.values == (1.0,) else TaughtWeights
    return kind(model, alpha, teacher, distance)


def taught_curve(model: Model, alpha: float, distance: np.ndarray, tolerance: float | None = None) -> Columns:
    """The curve over a grid of distances from the teacher; ``s`` is the overlap with it."""
    columns = curve(taught_problem(model, alpha, distance), tolerance)
    columns.values["s"], columns.errors["s"] = 1.0 - 2.0 * distance, np.zeros(distance.size)
    for store in (columns.values, columns.errors):
        store["s"][np.isnan(columns.values["free_entropy"])] = np.nan
    return columns


def overlap_with_teacher(
    reference: Reference,
    probe: Side,
    alpha: float,
    distance: float,
    q: float,
    weigh: Callable[[float], float],
    level: int,
) -> float:
    """``s = E <w~><w>`` of copies held around a typical student: a scalar root in the planted measure.

    References count once (weight ``2H(u0)``); q, q_hat and theta are those of `taught_curve`. ``s`` lies in the range
    in which the three overlaps are those of vectors. ``weigh`` is the overlap for a coupling s_hat.
    """
    t = 1.0 - 2.0 * distance
    beside = max(4.0 * distance * (1.0 - distance) - (1.0 - q), 0.0)  # q - t^2
    middle, half = reference.q * t, np.sqrt(reference.q * (1.0 - reference.q) * beside)
    half *= 1.0 - 4.0 * EPS

    def gap(s: float) -> float:
        at = Geometry.of_rest(t, s, 1.0 - q, reference.q, away=2.0 * distance)
        s_hat = alpha * pattern_sums(reference.side, probe, [at], level, planted=True)[0].rg
        return weigh(s_hat) - s

    low, high = gap(middle - half), gap(middle + half)
    if low > 0.0 > high:
        return zero_of(gap, middle - half, middle + half, 1e-14)
    # at the typical distance the root is the end: nothing is the copies' own
    return float(middle + half) if abs(high) < abs(low) else float(middle - half)


def _common_overlap(
    model: Model, reference: Reference, t: float, q: float, q_hat: float, theta: float, level: int
) -> Callable[[float], float]:
    """Overlap of the copies with the mean of references over their coupling s_hat: ``qt t + (1-qt)(1-q) s_hat`` on the
    sphere.
    """
    if isinstance(model.weights.norm, Average):
        return lambda s_hat: reference.q * t + (1.0 - reference.q) * (1.0 - q) * s_hat
    return lambda s_hat: _common(reference.q_hat, q_hat, s_hat, theta, level)


def _common(known: float, q_hat: float, s_hat: float, theta: float, level: int) -> float:
    """``E tanh h~ tanh h`` with ``h~ = known + sqrt(known) x``, ``h = theta + (s_hat/sqrt known) x + own z``."""
    zero, one = np.zeros((1, 1)), np.ones((1, 1))
    scale, mean = np.array([np.sqrt(known)]), np.array([known])
    z, weight = scaled_nodes(zero, one, mean, scale, *rule_of(level))
    hidden = known + scale * z[0]
    seen = hidden > -17.0  # what is farther weighs less than rounding
    hidden, weight = (
        hidden[seen],
        weight[0][seen] * (1.0 + np.exp(-2.0 * hidden[seen])) / 2.0,
    )  # the kernel adds the gauge
    lean, out = s_hat / known, np.empty(13)
    own = max(q_hat - s_hat * lean, 1e-14 * q_hat)
    binary_sums(theta - s_hat, own, lean, 1.0, hidden, weight, *rule_of(level), out)
    return float(out[5])


def student_curve(
    model: Model, alpha: float, reference: Reference, distance: np.ndarray, tolerance: float | None = None
) -> Columns:
    """`taught_curve` with the overlap ``s`` with the teacher of what lies around a typical student."""
    columns = taught_curve(model, alpha, distance, tolerance)
    values, errors, probe = columns.values, columns.errors, Side(model.loss, float(model.beta))
    found = np.full((2, distance.size), np.nan)
    for row, d in enumerate(distance):
        if converged(columns.status[row]):
            q, q_hat, theta = (float(values[name][row]) for name in ("q", "q_hat", "t_hat"))
            for k, level in enumerate((1, 2)):
                weigh = _common_overlap(model, reference, 1.0 - 2.0 * d, q, q_hat, theta, level)
                found[k, row] = overlap_with_teacher(reference, probe, alpha, d, q, weigh, level)
    values["s"] = s = found[1]
    # the root is as sharp as the gap's slope, which is of order 1; q - t^2 is small near d = 0
    errors["s"] = np.abs(found[1] - found[0]) + 1e-13 + errors["q"] + errors["q_hat"]
    with np.errstate(invalid="ignore"):
        rates = model.data.generalization(Overlaps(values["q"], 1.0 - values["q"], s, values["q"] - s * s))
        sharp = errors["s"] / (np.pi * np.sqrt(1.0 - s * s))
    for name, rate in rates.items():
        values[name], errors[name] = rate, sharp + errors["q"]
    return columns
