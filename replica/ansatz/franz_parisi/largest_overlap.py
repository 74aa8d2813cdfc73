r"""Largest overlap with a reference of weights without errors: the limit ``q -> 1`` of the Franz-Parisi equations.

Conjugates times ``1-q`` stay finite and become the weights themselves; ``(1-q) d ln Z/dh`` becomes what a field lacks
to the nearest one that costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from replica.ansatz.coverage import NORM_ON_AVERAGE, Covers, Demand, cold
from replica.ansatz.franz_parisi.equations import EPS
from replica.ansatz.franz_parisi.minimiser import MinimiserProblem
from replica.ansatz.franz_parisi.minimiser_patterns import Minimiser, PairSums, Stretched, pair_sums
from replica.ansatz.franz_parisi.minimiser_weights import Centre, Conjugates, Weighed
from replica.ansatz.franz_parisi.paths import IN_LOAD, approach
from replica.ansatz.franz_parisi.solver import located, settled
from replica.data import PairOverlaps
from replica.losses.base import Loss
from replica.models.model import Model
from replica.weights.base import Average, SingleWeight

KINK = 1e-4  # width that stands for none
FIRST = (0.01, 0.05, 0.15)  # distances tried as starts
SHARES = (0.5, 0.2, 0.05)  # of the load, tried where none of them leads to a solution
GROWN = replace(IN_LOAD, first=0.3)  # from such a share to all of it


@dataclass(frozen=True)
class Shortfall:
    """``-r^2/(2V)`` of a field that lacks r; stands in the place of ``ln Z``."""

    loss: Loss

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        places = np.tile(np.array(self.loss.kinks(), dtype=float), (variance.size, 1))
        return places, KINK * np.sqrt(variance)[:, None] * np.ones_like(places)

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        best, _ = self.loss.ground(field, np.full(len(field), np.inf))
        lacks, over = best - field, 1.0 / variance[:, None]
        return -0.5 * over * lacks**2, over * lacks, -over * (lacks != 0.0)


class Frozen:
    """Weights on the sphere whose conjugates are multiplied by ``1-q``, at q = 1: they are their own fields."""

    norm = Average()  # of the fields themselves

    def single(self, q_hat: Any, m_hat: Any, curvature: Any, beta: Any, law: Any, level: int) -> SingleWeight:
        one = np.ones_like(q_hat)
        return SingleWeight(None, q_hat + m_hat**2, one, 1.0, m_hat, q_hat, one)

    def entropic(self, single: SingleWeight, q_hat: Any, m_hat: Any, curvature: Any) -> Any:
        return 0.0 * q_hat


class NearestProblem(MinimiserProblem):
    """Unknowns as around a minimiser, the overlap among them; weights of norm 1 take the place of the held distance."""

    holds = False

    def __init__(self, model: Model, alpha: Any, reference: Minimiser, centre: Centre, distance: np.ndarray) -> None:
        super().__init__(model, alpha, reference, centre, distance, 0)
        self.stretched = Stretched(Shortfall(model.loss), self.stretched.root)

    @property
    def weights(self) -> Any:
        return Frozen()

    def _residual(self, hats: Conjugates, weighed: Weighed, sums: PairSums, free_own: np.ndarray) -> np.ndarray:
        found = super()._residual(hats, weighed, sums, free_own)
        found[:, self.variables.names.index("lean" if self.centre.same else "t_hat")] = weighed.single.q - 1.0
        return found

    def start(self) -> np.ndarray:
        """Nothing but the vector that the distance is measured from, and noise."""
        t, zero = self.cosine, np.zeros(self.size)
        values = {"own_hat": self.room, "t_hat": t, "lean": t * (1.0 - self.centre.m**2)}
        return np.stack([values.get(name, zero) for name in self.variables.names], axis=1)

    def sound(self, free: np.ndarray) -> np.ndarray:
        hats, weighed, sums = self.halves(free)
        # the field that pulls towards the reference: at the smallest overlap it pushes away
        return (free[:, 0] > 0.0) & (np.abs(weighed.t) < 1.0) & (self._pull(hats, sums) > 0.0)

    def lacking(self) -> float:
        """``E r^2`` of the vector that distances are measured from."""
        one = np.ones(self.size)
        at = PairOverlaps(one, one, self.centre.m * one, one, self.stretched.root)
        sums = pair_sums(self.reference, self.stretched, self.model.beta, self.model.data, at, one, 0.0 * one, 1)
        return float(-2.0 * sums.log_z[0])


#: a largest overlap is that of weights on the sphere that must make no errors
STRICT = Covers(
    "the largest overlap",
    (
        NORM_ON_AVERAGE,
        Demand("needs a constraint", lambda model: model.loss.hard or cold(model) and model.loss.satisfiable, "loss"),
        Demand("needs a constraint that neighbours can keep", lambda model: not model.loss.exact, "loss"),
        Demand("needs a constraint with a nearest field", lambda model: model.loss.has_ground, "loss"),
    ),
)


def nearest_overlap(model: Model, alpha: float, reference: Minimiser, centre: Centre) -> tuple[float, float]:
    """The largest overlap and its error; 1 where the reference makes no errors itself, NaN where it is not found."""
    problem = NearestProblem(model, alpha, reference, centre, np.array(FIRST))
    if centre.same and (lacks := problem.take(np.arange(1)).lacking()) < EPS:
        return 1.0, 4.0 * EPS * (lacks > 0.0)
    found = located(problem, problem.start())
    return found if np.isfinite(found[0]) else _followed(problem)


def _followed(problem: NearestProblem) -> tuple[float, float]:
    """From a smaller load of the weights, at which a start leads to a solution (the reference stays)."""
    with np.errstate(all="ignore"):
        for share in SHARES:
            part = problem.at_alpha(share * problem.alpha)
            point, row = settled(part, part.start())
            if row.size:
                return _grown(problem.take(row), point, share)
    return np.nan, np.nan


def _grown(problem: NearestProblem, point: np.ndarray, share: float) -> tuple[float, float]:
    """From a point at that share of the load to all of it."""
    load = problem.alpha

    def part(index: np.ndarray, way: np.ndarray) -> NearestProblem:
        return problem.take(index).at_alpha((share + (1.0 - share) * way) * load[index])

    near, reached = approach(part, point, GROWN)
    return located(problem, near) if reached[0] >= 1.0 else (np.nan, np.nan)
