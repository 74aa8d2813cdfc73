r"""Franz-Parisi curves with a teacher: around the teacher, and around a typical Bayes-optimal student (Nishimori).

.. math:: S(R) = \mathrm{extr}\; -\tfrac{\hat q}{2}(1-q) - \theta R + E\ln z(\sqrt{\hat q} z + \theta u)
          + \alpha E \ln Z
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from replica.ansatz._fp_geometry import Geometry
from replica.ansatz._fp_patterns import Side, pattern_sums
from replica.ansatz._fp_problem import EPS, Reference
from replica.ansatz._held_curve import held_curve
from replica.ansatz._rs_equations import Equations
from replica.ansatz._taught_sphere import TaughtSphere
from replica.ansatz.franz_parisi import FINE, NEGATIVE, SURE, Columns
from replica.model import Model
from replica.weights._pairs import binary_sums, rule_of
from replica.weights.base import Average
from saddlepoint import POSITIVE, REAL, Anderson, Ladder, Newton, Problem, Status, Variable, Variables, solve
from saddlepoint.quadrature.fields import scaled_nodes

NAMES = ("free_entropy", "q", "q_hat", "t_hat", "slope")
SOLVER = Ladder(Newton(max_step=1.0), Anderson(damping=0.5), Newton(max_step=0.3))


class TaughtProblem(Problem):
    """Overlap of copies at fixed overlap ``t`` with a teacher; unknowns q_hat and the field that holds t."""

    variables = Variables(Variable("q_hat", POSITIVE), Variable("t_hat", REAL))

    def __init__(self, model: Model, alpha: float, t: np.ndarray, level: int = 1) -> None:
        self.model, self.alpha, self.t, self.size, self.level = model, alpha, t, t.size, level
        self.equations = Equations(model, t.size, level)

    def take(self, index: np.ndarray) -> TaughtProblem:
        return TaughtProblem(self.model, self.alpha, self.t[index], self.level)

    def refined(self) -> TaughtProblem:
        return TaughtProblem(self.model, self.alpha, self.t, min(self.level + 1, 4))

    def _halves(self, free: np.ndarray) -> tuple[Any, Any]:
        return self.equations.halves({"q_hat": np.exp(free[:, 0]), "m_hat": free[:, 1]})

    def start(self) -> np.ndarray:
        """Weak patterns: the field of free weights at that overlap."""
        return np.stack([np.log(0.1 + self.alpha * self.t**2), np.arctanh(self.t)], axis=1)

    def residual(self, free: np.ndarray) -> np.ndarray:
        single, pattern = self._halves(free)
        first = np.log(self.alpha * pattern.conjugates["q_hat"]) - free[:, 0]
        return np.stack([first, single.m - self.t], axis=1)

    def describe(self, free: np.ndarray) -> dict[str, np.ndarray]:
        single, pattern = self._halves(free)
        q_hat, theta = np.exp(free[:, 0]), free[:, 1]
        own = self.equations.entropic({"q_hat": q_hat, "m_hat": theta}, single) + theta * (single.m - self.t)
        slope = 2.0 * (theta - self.alpha * pattern.conjugates["m"])
        return {
            "free_entropy": own + self.alpha * pattern.log_z,
            "q": single.q,
            "q_hat": q_hat,
            "t_hat": theta,
            "slope": slope,
        }


def taught_curve(model: Model, alpha: float, distance: np.ndarray) -> Columns:
    """Entropy and overlaps at distances from the teacher; `Columns.errors` from the point's error and a finer mesh."""
    t = 1.0 - 2.0 * distance
    if isinstance(model.weights.norm, Average):
        teacher = Reference(Side(model.loss, float(model.beta)), 1.0, np.inf)
        return held_curve(TaughtSphere(model, alpha, teacher, distance, 0))
    problem = TaughtProblem(model, alpha, t)
    with np.errstate(all="ignore"):
        found = solve(problem, solver=SOLVER, tolerance=FINE, on_failure="keep")
        fine, coarse = problem.refined().describe(found.point), problem.describe(found.point)
        errors = {name: np.abs(fine[name] - coarse[name]) + 32 * EPS * (1.0 + np.abs(fine[name])) for name in NAMES}
        for k in range(2):
            shifted = found.point.copy()
            shifted[:, k] += found.error[:, k]
            moved = problem.refined().describe(shifted)
            for name in NAMES:
                errors[name] = errors[name] + np.abs(moved[name] - fine[name])
    sure = found.converged & (errors["free_entropy"] < SURE * np.maximum(1.0, np.abs(fine["free_entropy"])))
    status = []
    for row in range(t.size):
        if not sure[row]:
            status.append(found.sentence(row) if not found.converged[row] else Status.INTEGRAL_UNSURE.sentence)
        elif model.weights.discrete and model.loss.hard and fine["free_entropy"][row] < -errors["free_entropy"][row]:
            status.append(f"converged; {NEGATIVE}")
        else:
            status.append("converged")
    for store in (fine, errors):
        for name in store:
            store[name] = np.where(sure, store[name], np.nan)
    return Columns(fine, errors, status, found.residual, found.point)


def overlap_with_teacher(
    reference: Reference, probe: Side, alpha: float, t: float, q: float, weigh: Callable[[float], float], level: int
) -> float:
    """``s = E <w~><w>`` of copies held around a typical student: a scalar root in the planted measure.

    References count once (weight ``2H(u0)``); q, q_hat and theta are those of `taught_curve`. ``s`` lies in the range
    in which the three overlaps are those of vectors. ``weigh`` is the overlap for a coupling s_hat.
    """
    from scipy.optimize import brentq

    middle, half = reference.q * t, np.sqrt(reference.q * (1.0 - reference.q) * max(q - t * t, 0.0))
    half *= 1.0 - 4.0 * EPS

    def gap(s: float) -> float:
        at = Geometry.of_rest(t, s, 1.0 - q, reference.q)
        s_hat = alpha * pattern_sums(reference.side, probe, at, level, planted=True).rg
        return weigh(s_hat) - s

    low, high = gap(middle - half), gap(middle + half)
    if low > 0.0 > high:
        return float(brentq(gap, middle - half, middle + half, xtol=1e-14, rtol=1e-14))
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


def student_curve(model: Model, alpha: float, reference: Reference, distance: np.ndarray) -> Columns:
    """`taught_curve` with the overlap ``s`` with the teacher of what lies around a typical student."""
    columns = taught_curve(model, alpha, distance)
    probe = Side(model.loss, float(model.beta))
    found = np.full((2, distance.size), np.nan)
    for row, d in enumerate(distance):
        if columns.status[row].startswith("converged"):
            q, q_hat, theta = (float(columns.values[name][row]) for name in ("q", "q_hat", "t_hat"))
            for k, level in enumerate((1, 2)):
                weigh = _common_overlap(model, reference, 1.0 - 2.0 * d, q, q_hat, theta, level)
                found[k, row] = overlap_with_teacher(reference, probe, alpha, 1.0 - 2.0 * d, q, weigh, level)
    columns.values["s"] = found[1]
    # the root is as sharp as the gap's slope, which is of order 1; q - t^2 is small near d = 0
    columns.errors["s"] = np.abs(found[1] - found[0]) + 1e-13 + columns.errors["q"] + columns.errors["q_hat"]
    return columns
