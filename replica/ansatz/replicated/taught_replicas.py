r"""Real replicas +-1 at a held mutual overlap that learn from a teacher of their kind, at given loads.

``phi`` is that of `taught_tuples`, for any number m > 0 of replicas. At its saddle point

.. math:: \frac{d (m\phi)}{dm} = -\tfrac{\hat q_1}{2}(1-q_1) - m (q_1 \hat q_1 - q_0 \hat q_0) - \hat R R
          + E \langle \ln 2\cosh h \rangle + \alpha E \langle \ln Z \rangle, \qquad
          \frac{\partial \phi}{\partial q_1} = \tfrac{m-1}{2} (\alpha E \langle g^2 \rangle - \hat q_1)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz.coverage import HARD_OR_WARM, PERCEPTRON, SIGNS, Demand
from replica.ansatz.replicated.equations import EPS, Groups, Named
from replica.ansatz.replicated.solver import NEWTON, GroupLedger
from replica.ansatz.replicated.taught_tuples import TaughtTuples
from replica.ansatz.rs.ansatz import RS
from replica.models.model import Model
from saddlepoint import POSITIVE, REAL, Problem, Variable, Variables

OWN_KIND = Demand(
    "needs a noise-free teacher with weights of its own kind",
    lambda model: model.data.realizable and model.data.law(model.weights) == model.weights.law(),
    "data",
    weight=0.5,
)
TAUGHT = (SIGNS, PERCEPTRON, OWN_KIND, HARD_OR_WARM)
LARGEST = 1e5  # of conjugates, times m squared
SEEN = ("q0", "q1", "q0_hat", "q1_hat", "m", "m_hat", "parisi", "free_entropy", "entropy", "complexity", "energy",
        "training_error", "slope", "tuple_entropy")  # fmt: skip
ROUNDING = 64 * EPS
STARTS = ((0.7, 0.0, 2.0), (0.7, 0.0, 1.0), (0.0, 0.5, 0.5), (1.0, -1.0, 3.0), (1.5, 0.5, 5.0))


class TaughtReplicas(Problem):
    """Unknowns ``q0_hat``, ``q1_hat - q0_hat`` and ``m_hat``."""

    rowwise = ("groups",)

    def __init__(self, groups: Groups, level: int = 1) -> None:
        self.groups, self.level, self.size = groups, level, groups.size
        names = Variable("q0_hat", POSITIVE), Variable("gap_hat", POSITIVE), Variable("m_hat", REAL)
        self.variables = Variables(*names)

    def row(self, free: np.ndarray, k: int) -> tuple[np.ndarray, dict[str, float]]:
        """Residuals and what is seen at a point of one row."""
        m, q1, alpha = (float(column[k]) for column in (self.groups.power, self.groups.q1, self.groups.alpha))
        tuples = TaughtTuples(self.groups.model.row(k), m, q1, self.level)
        low, gap, pull = float(np.exp(free[0])), float(np.exp(free[1])), float(free[2])
        if not max(low, gap * m, gap * m * m, abs(pull)) < LARGEST:  # a step to where nothing is
            return np.full(3, np.nan), dict.fromkeys(SEEN, np.nan)
        entropic, q0, inner, overlap, mean_log = tuples.spread(low, gap, pull)
        q0 = min(q0, q1 * (1.0 - 1e-12))
        seen = tuples.averages(q0, overlap)
        high = low + gap
        own = -0.5 * high * (1.0 - q1) - pull * overlap
        both = q1 * high - q0 * low
        phi = own - 0.5 * m * both + (entropic + alpha * seen.log_z) / m
        entropy = own - m * both + mean_log + alpha * seen.value
        residual = [inner - q1, np.log(alpha * seen.square / low), (alpha * seen.pull - pull) / (1.0 + abs(pull))]
        beta, energy = float(self.groups.model.row(k).beta), alpha * seen.cost
        found = {"q0": q0, "q1": q1, "q0_hat": low, "q1_hat": high, "m": overlap, "m_hat": pull, "parisi": m}
        found |= {"free_entropy": phi, "entropy": entropy, "complexity": m * (phi - entropy), "energy": energy}
        found |= {"training_error": seen.wrong, "slope": (m - 1.0) * (high - alpha * seen.inner)}
        found |= {"tuple_entropy": phi + (beta * energy if energy else 0.0)}
        return np.array(residual), found

    def residual(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.stack([self.row(free[k], k)[0] for k in range(self.size)])

    def noise(self, free: np.ndarray) -> np.ndarray:
        return ROUNDING * np.maximum(1.0, np.abs(free)) * (1.0 + self.groups.power[:, None])

    def potential(self, free: np.ndarray) -> np.ndarray:
        return self.observe(free)[0]["free_entropy"]

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        with np.errstate(all="ignore"):
            rows = [self.row(free[k], k)[1] for k in range(self.size)]
        seen = {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}
        scale = 1.0 + self.groups.alpha + seen["q1_hat"] * self.groups.power
        floors = {name: ROUNDING * np.abs(value) for name, value in seen.items()}
        for name in ("free_entropy", "entropy", "tuple_entropy"):
            floors[name] = ROUNDING * scale
        floors["complexity"] = 2.0 * ROUNDING * scale * self.groups.power
        return seen, floors


def taught_replicas(
    model: Model, alpha: np.ndarray, power: float, q1: np.ndarray, tolerance: float, apart: Any = None
) -> GroupLedger:
    """``power`` real replicas at mutual overlap ``q1`` (batch,), from the replica-symmetric state of the load."""
    size = alpha.size
    groups = Groups(model, alpha, np.full(size, power), q1, apart=apart)
    ledger, typical = GroupLedger(groups, tolerance), RS().solve(model, alpha)
    q, q_hat, m_hat = (typical.value(name) for name in ("q", "q_hat", "m_hat"))
    below = np.flatnonzero((q1 <= q) & (q < 1.0))
    ledger.refuse(below, [f"q1 = {q1[row]:g} is not above the replica-symmetric overlap {q[row]:.6g}" for row in below])
    known = np.isfinite(q_hat) & (q < 1.0)
    share = np.where(known, (q1 - q) / (1.0 - np.where(known, q, 0.0)), 0.5)
    with np.errstate(all="ignore"):
        own = [q_hat / max(power, 1.0) ** 0.5, share / np.sqrt(1.0 - share) * min(power, 1.0)]
        first = np.stack([*np.log(own), m_hat], axis=1)
    for start in (first, *(np.tile(np.array(one), (size, 1)) for one in STARTS)):
        rows = ledger.rows
        rows = rows[np.isfinite(start[rows]).all(axis=1)]
        if rows.size:
            ledger.keep(rows, ledger.solve(TaughtReplicas(groups.take(rows)), NEWTON, start[rows]), "beside a teacher")
    return ledger
