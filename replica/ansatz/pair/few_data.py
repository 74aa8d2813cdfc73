"""Infinitely many units of common inputs and few data, P in proportion to the inputs: only their sum is learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz.coverage import SHARED_INPUTS, SHARED_WARM, Covers, Demand
from replica.ansatz.differences import EPS
from replica.architectures import PatternAverage
from replica.data import Overlaps
from replica.models.model import Model
from replica.solution.batch import Solutions
from replica.solution.ledger import Ledger
from saddlepoint import UNIT, Bracket, Ladder, Newton, Problem, Variable, Variables

COVERS = Covers(
    "RS of few data per input",
    (
        Demand("is here for random labels", lambda m: m.data.unrelated, "data"),
        *SHARED_INPUTS,
        SHARED_WARM,
        Demand(
            "needs units with a linear part (that are not even): nothing else is learned from few data",
            lambda m: m.architecture.parts_of_one()[1] > 0,
            "architecture",
        ),
    ),
    shared=True,
)
LADDER = Ladder(Newton(max_step=1.0), Bracket(low=-60.0, high=30.0))
ROUNDING = 64 * EPS


class FewData(Problem):
    r"""The response ``D = 1 + C - p`` of the sum of all units, in which the load per input is explicit.

    Different units of one network overlap by ``C/K``, units of two networks by ``p/K``. With ``c = k'(0)`` the fields
    of two networks, of variance ``k(1) + c C``, have the correlation ``r = c p/(k(1) + c C)``, and

    .. math:: \phi = -\tfrac C2 + \tfrac12\ln D + \tfrac{p}{2D} + a \int Dz \ln Z(\sqrt r z, 1-r), \qquad
              D^2 - D + p (1-r) = 0, \quad \frac{p}{D^2} = \frac{a c}{k(1) + c C}\, E f^2

    per input and relative to all weights; f is the slope of ``ln Z`` of a pattern (E. Barkai, D. Hansel and
    H. Sompolinsky, Phys. Rev. A 45, 4146 (1992); R. Urbanczik, J. Phys. A 30, L387 (1997)).
    """

    rowwise = ("model", "alpha")

    def __init__(self, model: Model, alpha: np.ndarray, size: int, level: int = 1) -> None:
        self.model, self.alpha, self.size, self.level = model, alpha, size, level
        self.whole, self.linear = model.architecture.parts_of_one()
        self.variables = Variables(Variable("V", UNIT))

    def overlaps(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """``C``, ``p``, the variance of the field, ``r`` and ``1 - r``, from the first equation."""
        response = UNIT.to_value(free[:, 0])
        rest = UNIT.to_value(-free[:, 0])  # 1 - D
        left = self.whole - self.linear * rest
        scale = self.whole - self.linear * rest * (1.0 + response)
        p, c = response * rest * left / scale, -(rest**2) * (self.whole - self.linear) / scale
        variance = left + self.linear * p
        return c, p, variance, self.linear * p / variance, left / variance

    def pattern(self, free: np.ndarray, *, whole: bool = False) -> PatternAverage:
        """Averages over a pattern whose fields have the variance 1."""
        *_, r, rest = self.overlaps(free)
        model, at = self.model, Overlaps(r, rest, np.zeros(self.size), r)
        return model.architecture.patterns(model.loss, model.data, at, model.beta, self.level, whole=whole)

    def residual(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            _, p, variance, _, _ = self.overlaps(free)
            pull = self.linear / variance * self.pattern(free).conjugates["q_hat"]
            load = p / (UNIT.to_value(free[:, 0]) ** 2 * pull)
            return (np.log(load) - np.log(self.alpha))[:, None]

    def noise(self, free: np.ndarray) -> np.ndarray:
        return ROUNDING * np.maximum(1.0, np.abs(free))

    def potential(self, free: np.ndarray) -> np.ndarray:
        c, p, *_ = self.overlaps(free)
        response = UNIT.to_value(free[:, 0])
        found: np.ndarray = 0.5 * (np.log(response) - c + p / response) + self.alpha * self.pattern(free).log_z
        return found

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        c, p, *_ = self.overlaps(free)
        pattern = self.pattern(free, whole=True)
        phi, energy = self.potential(free), self.alpha * pattern.cost
        with np.errstate(invalid="ignore"):
            heat = np.where(energy == 0, 0.0, self.model.beta * energy)
        seen = {
            "C": c,
            "p": p,
            "V": UNIT.to_value(free[:, 0]),
            "free_entropy": phi,
            "entropy": phi + heat,
            "energy": energy,
            "training_error": pattern.wrong,
        }
        floors = {name: ROUNDING * np.abs(value) for name, value in seen.items()}
        floors["free_entropy"] = ROUNDING * (1.0 + self.alpha + np.abs(np.log(seen["V"])))
        floors["entropy"] = floors["free_entropy"] + ROUNDING * heat
        return seen, floors


def solve(ansatz: Any, model: Model, alpha: np.ndarray, start: Any, tolerance: float) -> Solutions:
    """Solutions of a batch of loads per input."""
    if start is not None:
        raise ValueError(f"start must be None where only the sum of all units is learned, got {start!r}")
    ledger = Ledger(model, np.ascontiguousarray(alpha, dtype=float), tolerance)
    ledger.refuse(np.flatnonzero(ledger.alpha == 0), "without patterns nothing is learned (C = p = 0)")
    if (rows := ledger.rows).size:
        problem = FewData(model.take(rows), ledger.alpha[rows], rows.size)
        ledger.keep(rows, ledger.solve(problem, LADDER), "units are not told apart; per input, relative to all weights")
    return ledger.solutions(ansatz)


def doubts(solutions: Solutions, row: int) -> list[str]:
    """Nothing is known against it."""
    return []
