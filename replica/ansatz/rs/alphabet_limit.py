"""Where the RS branch of an alphabet ends, q -> Q: closed formulas in the frozen weights and the proximal map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from replica.ansatz.cavity import Cavity
from replica.ansatz.zero_temperature import Projection, floors_of
from replica.data import Overlaps
from replica.models.model import Model
from replica.weights.base import Free
from saddlepoint import POSITIVE, Problem, Variable, Variables
from saddlepoint.special import tail


class Frozen(NamedTuple):
    """Weights in a strong field ``sqrt(q_hat) z``: self-overlap Q, and ``v = sqrt(q_hat) (Q - q)``."""

    norm: NDArray[np.float64]
    softness: NDArray[np.float64]


def frozen(letters: tuple[float, ...], lean: NDArray[np.float64]) -> Frozen:
    """Each weight takes the letter of largest ``z w - lean w^2/2``, but for a layer of width 1/sqrt(q_hat) at each
    change of letter, which gives the gap of the letters times the Gaussian density.
    """
    w = np.array(sorted(letters))
    edges = lean[:, None] * 0.5 * (w[1:] + w[:-1])
    below = np.exp(tail(-edges)[0])
    chance = np.diff(below, axis=1, prepend=0.0, append=1.0)
    density = np.exp(-0.5 * edges**2) / np.sqrt(2.0 * np.pi)
    return Frozen(chance @ w**2, density @ np.diff(w))


class AlphabetLimit(Problem):
    r"""End of the branch of counted weights and a hard constraint, random labels, without a fold.

    For ``q_hat -> inf`` patterns give ``q_hat = alpha E(u-w)^2/(Q-q)^2`` and weights ``Q - q = v/sqrt(q_hat)``, so
    that ``alpha = v^2/E(u-w)^2``. A free norm has ``lean = A/sqrt(q_hat)`` from ``A = alpha E(1-u')/(Q-q)``. For
    weights +-1 and the margin 0: 4/pi (E. Gardner and B. Derrida, J. Phys. A 21, 271 (1988)).
    """

    rowwise = ("model",)

    def __init__(self, model: Model, size: int, level: int = 1) -> None:
        self.model, self.size, self.level = model, size, level
        self.free_norm = isinstance(model.weights.norm, Free)
        self.variables = Variables(*((Variable("lean", POSITIVE),) if self.free_norm else ()))

    @staticmethod
    def covers(model: Model) -> bool:
        """Whether the formulas hold: an alphabet and, where the norm is free, a proximal map that does not jump."""
        smooth = not (isinstance(model.weights.norm, Free) and model.loss.ground_jumps)
        return model.weights.letters is not None and smooth

    def _weights(self, free: np.ndarray) -> Frozen:
        lean = np.exp(free[:, 0]) if self.free_norm else np.ones(self.size)
        return frozen(self.model.weights.letters, lean)

    def cavity(self, free: np.ndarray) -> Cavity:
        norm, zero = self._weights(free).norm, np.zeros(self.size)
        return Cavity(self.model, Overlaps(norm, zero, zero, norm), np.full(self.size, np.inf), self.level)

    def residual(self, free: np.ndarray) -> np.ndarray:
        found, weights = Projection(self.cavity(free)), self._weights(free)
        return np.log(weights.softness * found.pull / found.square)[:, None] - free

    def start(self) -> np.ndarray:
        norm = float(np.mean(np.square(self.model.weights.letters)))  # the lean is in units of 1/w
        return np.full((self.size, len(self.variables)), -0.5 * np.log(norm))

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        found, weights = Projection(self.cavity(free)), self._weights(free)
        with np.errstate(divide="ignore"):  # inf for a field whose slope is infinite at q = 1
            alpha = weights.softness**2 / found.square
        seen = {"q": weights.norm, "V": np.zeros(self.size), "alpha": alpha}
        seen |= {"Q": weights.norm} if self.free_norm else {}
        return seen, floors_of(seen)
