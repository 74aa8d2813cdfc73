"""The RS equations with one conjugate held and alpha eliminated, so that a branch can be followed past its folds."""

from __future__ import annotations

import numpy as np

from replica.ansatz.rs.equations import Equations
from saddlepoint import Problem


class HeldProblem(Problem):
    """One conjugate held, alpha eliminated: ``alpha = conjugate / pattern average``. Folds in alpha are
    ordinary points.

    With a single conjugate nothing is left to solve, and `alpha` is an explicit function.
    """

    rowwise = ("equations", "value")

    def __init__(self, equations: Equations, held: str, value: np.ndarray) -> None:
        self.equations, self.held, self.value = equations, held, value
        self.size = value.size
        self.names = tuple(name for name in equations.names if name != held)
        self.variables = equations.variables(self.names)

    def conjugates(self, free: np.ndarray) -> dict[str, np.ndarray]:
        return self.variables.values(free) | {self.held: self.value}

    def alpha(self, free: np.ndarray) -> np.ndarray:
        """The load at which the held value belongs to a saddle point."""
        with np.errstate(all="ignore"):
            _, pattern = self.equations.halves(self.conjugates(free))
            return self.value / self.equations.conjugate(pattern, self.held)

    def update(self, free: np.ndarray) -> np.ndarray:
        out = np.empty_like(free)
        with np.errstate(all="ignore"):
            values = self.conjugates(free)
            _, pattern = self.equations.halves(values)
            alpha = self.value / self.equations.conjugate(pattern, self.held)
            for i, name in enumerate(self.names):
                out[:, i] = free[:, i] + self.equations.mismatch(alpha, values, pattern, name)
        return out

    def start(self) -> np.ndarray:
        """Ratios of the conjugates as they are without overlaps; their sizes, where few patterns push the other way."""
        first = self.equations.start(np.ones(self.size))
        with np.errstate(all="ignore"):
            scale = np.abs(self.value / first[self.held])
        scale = np.where(np.isfinite(scale) & (scale > 0.0), scale, 1.0)
        learned = self.equations.learned
        values = {name: first[name] * (1.0 if name in learned else scale) for name in self.names}
        return self.variables.free(values, self.size)
