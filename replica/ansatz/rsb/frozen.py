"""The frozen step of counted weights: below the temperature at which the entropy vanishes states are single vectors."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from replica._registry import per_row
from replica.ansatz.coverage import COUNTED, GAUSSIAN_FIELD, RANDOM_LABELS, TEMPERED, Covers
from replica.ansatz.rs.special_states import FreezingProblem
from replica.models.model import Model
from replica.solution.batch import Solutions
from replica.solution.errors import Named
from replica.solution.ledger import Ledger
from saddlepoint import Ladder, Newton

COVERS = Covers("the frozen step of RSB", (COUNTED, RANDOM_LABELS, GAUSSIAN_FIELD, TEMPERED))
LADDER = Ladder(Newton(max_step=1.0))
GROUND = "frozen: states are single vectors, those of the least energy"
WARM = "above the freezing temperature, or below the capacity, there is one state: RS() gives it"


class FrozenStep(FreezingProblem):
    """One step with ``q_1 = Q``: ``m = beta_f/beta``, ``phi = -beta e`` with beta_f and e of the point where the RS
    entropy vanishes; at zero temperature ``lim beta m = beta_f`` and ``-e``. Further steps, up to ``shown``,
    coincide with it.
    """

    rowwise: ClassVar[tuple[str, ...]] = ("model", "alpha", "cold")

    def __init__(self, model: Model, alpha: np.ndarray, cold: np.ndarray, shown: int = 1, level: int = 1) -> None:
        super().__init__(model, alpha, level)
        self.cold, self.shown = cold, shown

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        seen, floors = super().observe(free)
        frozen, beta = seen["beta"], np.where(np.isfinite(self.cold), self.cold, 1.0)
        top = seen["Q"] if "Q" in seen else np.ones(self.size)
        share = frozen / beta
        found = {"q0": seen["q"], "q1": top, "parisi1": share, "beta": frozen}
        found |= {"parisi": share} if self.shown == 1 else {}
        for j in range(2, self.shown + 1):
            found |= {f"q{j}": top, f"parisi{j}": np.full(self.size, np.nan)}
        found |= {"energy": seen["energy"], "free_entropy": -beta * seen["energy"], "stability": seen["stability"]}
        found |= {"entropy": np.zeros(self.size), "complexity": np.zeros(self.size)}
        found |= {name: seen[name] for name in ("training_error",) if name in seen}
        like = {"q0": "q", "parisi": "beta", "parisi1": "beta", "complexity": "entropy"}
        like |= {f"q{j}": "Q" for j in range(1, self.shown + 1)}
        zero = 8 * np.finfo(float).eps * np.ones(self.size)
        rounding = {name: floors.get(like.get(name, name), zero) for name in found}
        rounding["free_entropy"] = beta * rounding["energy"]
        return found, rounding


def frozen_states(ansatz: object, steps: float, model: Model, alpha: np.ndarray, tolerance: float) -> Solutions:
    """A batch, with one step of those asked; rows that are not frozen are refused in a sentence."""
    ledger = Ledger(model, alpha, tolerance)
    beta = per_row(model.beta, alpha.size)
    problem = FrozenStep(model, alpha, beta, int(steps) if np.isfinite(steps) else 1)
    found = ledger.solve(problem, LADDER)
    frozen = beta > problem.observe(found.point)[0]["beta"]
    asked = f" of {steps:g}" if np.isfinite(steps) else ""
    fewer = f"; the saddle point has 1{asked} steps" if steps > 1 else ""
    ledger.keep(np.arange(alpha.size), found, GROUND + fewer, frozen)
    ledger.refuse(np.flatnonzero(~(found.converged & frozen)), WARM)
    return ledger.solutions(ansatz)
