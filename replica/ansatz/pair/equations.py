"""The saddle point of two units of common inputs, students drawn as their teacher: one or two conjugates."""

from __future__ import annotations

import numpy as np

from replica.ansatz.differences import EPS
from replica.ansatz.pair.outputs import Outputs, outputs, telling
from replica.ansatz.pair.weights import Pair, bend_of_gaussian, bend_of_signs, gaussian, signs
from replica.solution.batch import State
from saddlepoint import POSITIVE, Problem, Variable, Variables

ROUNDING = 64 * EPS
NAMES = ("sum_hat", "difference_hat")


class PairProblem(Problem):
    r"""Conjugates ``l_+ = q_hat + q_cross_hat`` and ``l_- = q_hat - q_cross_hat`` at given loads per input.

    .. math:: \phi = -\tfrac12 \sum_\pm q_\pm l_\pm + W(l_+, l_-) + \alpha\, E_\omega \sum_y Z_y \ln Z_y, \qquad
              l_\pm = \alpha\, E_\omega \sum_y Z_y^{-1} (\partial_\pm Z_y)^2

    of which half is the free entropy per weight. ``count`` of the conjugates are solved for, the others 0: with one
    the units are not told apart (``q = q_cross``), with none there are no patterns. ``counted``: weights +-1, else
    Gaussian.
    """

    rowwise = ("alpha",)

    def __init__(self, alpha: np.ndarray, counted: bool, count: int, size: int, level: int = 1) -> None:
        self.alpha, self.counted, self.count, self.size, self.level = alpha, counted, count, size, level
        self.variables = Variables(*(Variable(name, POSITIVE) for name in NAMES[:count]))

    def conjugates(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with np.errstate(over="ignore"):
            values = np.exp(free)
        zero = np.zeros(len(free))
        return values[:, 0] if self.count else zero, values[:, 1] if self.count > 1 else zero

    def halves(self, free: np.ndarray) -> tuple[Pair, Outputs]:
        """The weights at given conjugates, and the patterns at their overlaps."""
        with np.errstate(all="ignore"):
            pair = (signs if self.counted else gaussian)(*self.conjugates(free), self.level)
            return pair, outputs(pair.plus, pair.minus, self.level)

    def update(self, free: np.ndarray) -> np.ndarray:
        _, seen = self.halves(free)
        with np.errstate(all="ignore"):
            return np.log(self.alpha[:, None] * np.stack([seen.plus, seen.minus], axis=1)[:, : self.count])

    def noise(self, free: np.ndarray) -> np.ndarray:
        return ROUNDING * np.maximum(1.0, np.abs(free))

    def start(self) -> np.ndarray:
        seen = outputs(np.zeros(self.size), np.zeros(self.size), 0)
        return np.stack([np.log(self.alpha * seen.plus), np.full(self.size, -4.0)], axis=1)[:, : self.count]

    def growth(self, free: np.ndarray) -> np.ndarray:
        """By how much a small difference of the units grows at a step where they are not told apart (one conjugate)."""
        conjugate = self.conjugates(free)[0]
        plus = (signs if self.counted else gaussian)(conjugate, np.zeros(self.size), self.level).plus
        bend = (bend_of_signs if self.counted else bend_of_gaussian)(conjugate, self.level)
        found: np.ndarray = self.alpha * telling(plus, self.level) * bend
        return found

    def potential(self, free: np.ndarray) -> np.ndarray:
        """The free entropy per weight: of +-1 that of their number, else relative to the normalised Gaussian."""
        pair, seen = self.halves(free)
        plus, minus = self.conjugates(free)
        total = pair.log_z - 0.5 * (pair.plus * plus + pair.minus * minus) + self.alpha * seen.log_z
        found: np.ndarray = 0.5 * total + (np.log(2.0) if self.counted else 0.0)
        return found

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        pair, output = self.halves(free)
        plus, minus = self.conjugates(free)
        phi, q, zero = self.potential(free), 0.5 * (pair.plus + pair.minus), np.zeros(self.size)
        seen = {
            "q": q,
            "q_cross": 0.5 * (pair.plus - pair.minus),
            "m": q,
            "V": 1.0 - q,
            "q_hat": 0.5 * (plus + minus),
            "q_cross_hat": 0.5 * (plus - minus),
            "free_entropy": phi,
            "entropy": phi,
            "energy": zero,
            "training_error": zero,
            "generalization_error": output.disagreement,
        }
        floors = {name: ROUNDING * (1.0 + np.abs(value)) for name, value in seen.items()}
        floors |= {"energy": zero, "training_error": zero}
        floors["free_entropy"] = floors["entropy"] = ROUNDING * (1.0 + self.alpha + plus + minus)
        return seen, floors


class PerfectPair(State):
    """The teacher itself: ``q = 1``, no overlap of different units, no errors (weights +-1)."""

    rowwise = ("alpha",)

    def __init__(self, alpha: np.ndarray, size: int, level: int = 1) -> None:
        self.alpha, self.size, self.level = alpha, size, level
        self.variables = Variables()

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        one, zero = np.ones(self.size), np.zeros(self.size)
        none = ("q_cross", "V", "free_entropy", "entropy", "energy", "training_error", "generalization_error")
        seen = {"q": one, "m": one} | dict.fromkeys(none, zero)
        return seen, dict.fromkeys(seen, zero)
