"""Capacity of weights of given signs whose mean a threshold of order N holds: two equations, closed formulas."""

from __future__ import annotations

import numpy as np

from replica._registry import per_row
from replica.models.model import Model
from replica.weights.half_line import half_line
from saddlepoint import REAL, Bracket, Problem, Variable, Variables, solve
from saddlepoint.special import tail

EPS = float(np.finfo(float).eps)
LOWEST, HIGHEST = -36.0, 0.5
STEPS = 200


def half_moments(t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``Phi(t)``, ``g_1 = E (t+z)_+`` and ``g_2 = E (t+z)_+^2``, to relative digits in both tails."""
    _, mean, variance = half_line(t)
    chance = np.exp(tail(-t)[0])
    return chance, chance * mean, chance * (variance + mean**2)


class ThresholdLimit(Problem):
    r"""Unknown: the onset B of the weights, from ``B + kappa sqrt(G) sum p g_1(t)/sum p Phi(t) = 0``.

    That is ``sum p g_2/sum p Phi = P_B/G`` (see `SignConstrained`) less its root ``m = 0``, of balanced weights, since
    ``G = P_B + B m`` and ``sum p g_2 = sum p Phi + kappa/sqrt(Q) sum p g_1``.
    """

    rowwise = ("model",)

    def __init__(self, model: Model, size: int, level: int = 1) -> None:
        self.model, self.size, self.level = model, size, level
        self.variables = Variables(Variable("onset", REAL))
        self.excitatory = per_row(model.weights.excitatory, size)
        self.coding, self.margin = per_row(model.data.coding, size), per_row(model.margin, size)

    def weights(self, onset: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Share of active weights, first and second moment of ``(B + z)_+`` and ``-(-B + z)_+``."""
        share, up, down = self.excitatory, half_moments(onset), half_moments(-onset)
        active, second = (share * up[k] + (1.0 - share) * down[k] for k in (0, 2))
        return active, share * up[1] - (1.0 - share) * down[1], second

    def patterns(self, margin: np.ndarray) -> tuple[np.ndarray, ...]:
        """``sum p`` of Phi, g_1 and g_2 at the best threshold, and this, in units of the field's deviation."""
        place, low, high = np.zeros((3, self.size))
        low, high = low - 39.0, high + 39.0
        for _ in range(STEPS):  # Newton steps in logarithms, of which the slope is negative; inside a bracket
            (up, above, _), (down, below, _) = (half_moments(margin - sign * place) for sign in (1.0, -1.0))
            with np.errstate(all="ignore"):
                away = np.log(self.coding * above) - np.log((1.0 - self.coding) * below)
                new = place + away / (up / above + down / below)
            low, high = np.where(away > 0.0, place, low), np.where(away > 0.0, high, place)
            new = np.where((new > low) & (new < high), new, 0.5 * (low + high))
            still = np.abs(new - place) <= 4 * EPS * (1.0 + np.abs(place))
            place = new
            if still.all():
                break
        both = [half_moments(margin - sign * place) for sign in (1.0, -1.0)]
        return *(self.coding * above + (1.0 - self.coding) * below for above, below in zip(*both, strict=True)), place

    def residual(self, free: np.ndarray) -> np.ndarray:
        onset = np.ascontiguousarray(free[:, 0])
        _, first, second = self.weights(onset)
        pinned, push, *_ = self.patterns(self.margin * first / np.sqrt(second))
        return (onset + self.margin * np.sqrt(second) * push / pinned)[:, None]

    def noise(self, free: np.ndarray) -> np.ndarray:
        return 64 * EPS * (1.0 + np.abs(free))

    def balance(self) -> tuple[np.ndarray, np.ndarray]:
        """The onset at which excitation and inhibition balance (-inf without inhibition), and the load there."""
        some = self.excitatory < 1.0
        low, high = np.full(self.size, LOWEST), np.full(self.size, -LOWEST)
        for _ in range(STEPS if some.any() else 0):
            middle = 0.5 * (low + high)
            if np.all((middle <= low) | (middle >= high)):
                break
            above = self.weights(middle)[1] > 0
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        active, _, second = self.weights(low)
        load = active**2 / (second * self.patterns(np.zeros(self.size))[2])
        return np.where(some, low, -np.inf), np.where(some, load, 0.0)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        onset = np.ascontiguousarray(free[:, 0])
        active, first, second = self.weights(onset)
        pinned, _, _, threshold = self.patterns(self.margin * first / np.sqrt(second))
        norm, one = second / first**2, np.ones(self.size)
        seen = {
            "alpha": active / pinned,
            "norm": norm,
            "silent": 1.0 - active,
            "bias": threshold * np.sqrt(norm),
            "balanced": self.balance()[1],
            "free_entropy": -np.inf * one,
            "entropy": -np.inf * one,
            "energy": 0.0 * one,
            "training_error": 0.0 * one,
        }
        floors = {k: 64 * EPS * np.where(np.isfinite(v), np.abs(v), 0.0) for k, v in seen.items()}
        floors["bias"] += 64 * EPS * np.sqrt(norm)
        return seen, floors


def onsets(model: Model, size: int) -> tuple[ThresholdLimit, np.ndarray, np.ndarray, np.ndarray]:
    """The problem of a batch, its points, their errors, and which rows are solved.

    Beside too much inhibition, and at large margins beside some, no finite norm is best: those rows stay open.
    """
    problem = ThresholdLimit(model, size)
    low = np.maximum(problem.balance()[0], LOWEST)
    ends = [problem.residual(x[:, None])[:, 0] for x in (low, np.full(size, HIGHEST))]
    rows = np.flatnonzero((low < 0.0) & (problem.margin >= 0.0) & (ends[0] < 0.0) & (ends[1] > 0.0))
    point, error, good = np.full((size, 1), np.nan), np.full((size, 1), np.nan), np.zeros(size, dtype=bool)
    if rows.size:
        bracket = Bracket(low=low[rows], high=np.full(rows.size, HIGHEST))
        start = np.full((rows.size, 1), -0.3)
        start = np.clip(start, low[rows][:, None], HIGHEST)
        found = solve(problem.take(rows), start=start, solver=bracket, on_failure="keep")
        point[rows], error[rows], good[rows] = found.point, found.error, found.converged
    return problem, point, error, good
