"""How the weights of a teacher are distributed, one component of them; no sets of weights and no averages here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Law:
    """Distribution of one component of a teacher with unit norm; ``values=None`` is the standard Gaussian.

    ``folded``: -u is as likely as u, and u >= 0 stands for both, a gauge of students who may turn their weights too.
    ``letters`` are the equally likely values themselves, not rescaled, where these are exact.
    """

    values: tuple[float, ...] | None = None
    probabilities: tuple[float, ...] = (1.0,)
    folded: bool = False
    letters: tuple[float, ...] | None = field(default=None, compare=False)

    @classmethod
    def of_alphabet(cls, alphabet: tuple[float, ...]) -> Law:
        """Uniform over an alphabet, scaled to unit norm; a symmetric alphabet is folded to ``u >= 0`` (a gauge)."""
        letters = np.asarray(alphabet, dtype=float)
        scaled, folded = letters / np.sqrt(np.mean(letters**2)), is_symmetric(alphabet)
        if folded:
            scaled = np.abs(scaled)
        values, counts = np.unique(np.round(scaled, 15), return_counts=True)
        return cls(tuple(values.tolist()), tuple((counts / counts.sum()).tolist()), folded, tuple(letters.tolist()))

    def seen_by(self, weights: Any) -> Law:
        """As students with these weights see it: both signs, where turning a weight would leave their set."""
        if not self.folded or self.values is None or weights.symmetric:
            return self
        pairs = [(sign * u, 0.5 * p) for u, p in zip(self.values, self.probabilities, strict=True) for sign in (-1, 1)]
        chances: dict[float, float] = {}
        for u, p in pairs:
            chances[u + 0.0] = chances.get(u + 0.0, 0.0) + p
        values = sorted(chances)
        return Law(tuple(values), tuple(chances[u] for u in values), False, self.letters)

    def reference_atoms(self, mp: Any) -> list[tuple[Any, Any]]:
        """Atoms and chances in mpmath, the norm restored to 1 beyond double precision."""
        values = [mp.mpf(v) for v in self.values or ()]
        chances = [mp.mpf(p) for p in self.probabilities]
        chances = [p / mp.fsum(chances) for p in chances]
        scale = mp.sqrt(mp.fsum(p * v * v for v, p in zip(values, chances, strict=True)))
        return [(v / scale, p) for v, p in zip(values, chances, strict=True)]


def is_symmetric(alphabet: tuple[float, ...]) -> bool:
    """Whether ``-w`` is in the alphabet with each ``w``."""
    letters = np.sort(np.asarray(alphabet, dtype=float))
    return bool(np.all(np.abs(letters + letters[::-1]) <= 1e-15 * np.abs(letters).max()))
