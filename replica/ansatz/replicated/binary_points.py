"""Free entropies and equations of groups of binary weights in terms of their averages; how they are
averaged is not here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from replica.ansatz.replicated.equations import Named, Point


@dataclass
class BinaryPoint(Point):
    """Binary weights at finite power; `pull` is the field towards the centre (0 without one)."""

    rows: np.ndarray
    common_hat: np.ndarray
    gap_hat: np.ndarray
    pull: np.ndarray

    @property
    def centred(self) -> bool:
        return self.groups.distance is not None

    @cached_property
    def q1(self) -> np.ndarray:
        return 1.0 - self.rows[3]

    def equations(self) -> list[np.ndarray]:
        variance, distance = self.rows[3], self.rows[4]
        first = np.log(self.alpha * self.patterns.common / self.common_hat)
        if not self.centred:
            return [first, np.log(variance / self.groups.apart)]
        return [
            first,
            np.log(self.alpha * self.patterns.spread / self.gap_hat),
            np.log(distance / self.groups.distance),
        ]

    def _cross(self) -> np.ndarray:
        """``q1 qh1 - q0 qh0``."""
        return self.q1 * self.gap_hat + self.rows[2] * self.common_hat

    def free_entropy(self) -> np.ndarray:
        mean, *_, variance, _, _ = self.rows
        phi = -0.5 * (self.common_hat + self.gap_hat) * variance - 0.5 * self.power * self._cross()
        phi = phi + mean + self.alpha * self.patterns.mean
        return phi - self.pull * (1.0 - 2.0 * self.rows[4]) + np.log(2.0) / self.power if self.centred else phi

    def complexity(self) -> np.ndarray:
        found = 0.5 * self.power**2 * self._cross() - self.rows[5] - self.alpha * self.patterns.relative
        return found + np.log(2.0) if self.centred else found

    def slope(self) -> np.ndarray:
        return (
            2.0 * self.pull if self.centred else (self.power - 1.0) * (self.gap_hat - self.alpha * self.patterns.spread)
        )

    def measured(self) -> Named:
        hats = {"q0_hat": self.common_hat, "q1_hat": self.common_hat + self.gap_hat}
        pull = {"pull": self.pull} if self.centred else {}
        return {"q0": self.rows[1], "q1": self.q1, **hats, **pull, **self.common()}

    def moduli(self) -> np.ndarray:
        terms = (
            0.5 * self.power * np.abs(self._cross()),
            np.abs(self.rows[0]),
            self.alpha * np.abs(self.patterns.mean),
            np.abs(self.pull),
        )
        return sum(terms)


@dataclass
class BinaryLimitPoint(Point):
    """Binary weights at infinite power: q0 = q1 - gap/y and qh0 = qh1 - gap_hat/y; gaps and strength as logarithms."""

    rows: np.ndarray
    log_strength: np.ndarray
    log_gap_hat: np.ndarray
    pull: np.ndarray
    log_gap: np.ndarray

    @property
    def centred(self) -> bool:
        return self.groups.distance is not None

    @cached_property
    def strength(self) -> np.ndarray:
        return np.exp(self.log_strength)

    @cached_property
    def gap_hat(self) -> np.ndarray:
        return np.exp(self.log_gap_hat)

    @cached_property
    def q1(self) -> np.ndarray:
        return 1.0 - self.rows[2]

    def of_strength(self) -> np.ndarray:
        return np.log(self.alpha * self.patterns.moved) - 2.0 * self.log_gap - self.log_strength

    def of_gap_hat(self) -> np.ndarray:
        """Where q1 is at its extremum."""
        return np.log(self.alpha * self.patterns.stiff) - self.log_gap - self.log_gap_hat

    def equations(self) -> list[np.ndarray]:
        if not self.centred:
            return [self.of_strength(), np.log(self.rows[2] / self.groups.apart)]
        return [self.of_strength(), self.of_gap_hat(), np.log(self.rows[4] / self.groups.distance)]

    def free_entropy(self) -> np.ndarray:
        phi = self.rows[0] - 0.5 * (self.q1 * self.gap_hat + np.sqrt(self.strength) * self.rows[3])
        phi = phi + self.alpha * self.patterns.value
        return phi - self.pull * (1.0 - 2.0 * self.rows[4]) if self.centred else phi

    def complexity(self) -> np.ndarray:
        """The limit of ``F - y S``: the 1/y correction of the free entropy, with the fluctuations about the
        maxima."""
        found = 0.5 * self.gap_hat * self.rows[2] + 0.5 * self.alpha * self.patterns.drawn / np.sqrt(self.q1)
        return -found - 0.5 * self.rows[5] - 0.5 * self.alpha * self.patterns.bending

    def slope(self) -> np.ndarray:
        if self.centred:
            return 2.0 * self.pull
        return self.gap_hat - self.alpha * self.patterns.stiff * np.exp(-self.log_gap)

    def measured(self) -> Named:
        pull = {"pull": self.pull} if self.centred else {}
        hats = {"q0_hat": self.strength, "q1_hat": self.strength, "gap_hat": self.gap_hat}
        gaps = {"gap": np.exp(self.log_gap), "log_gap": self.log_gap}
        return {"q0": self.q1, "q1": self.q1, **hats, **gaps, **pull, **self.common()}

    def moduli(self) -> np.ndarray:
        terms = (
            self.gap_hat,
            np.sqrt(self.strength),
            self.rows[0],
            self.alpha * self.patterns.value,
            self.alpha * self.patterns.drawn,
            self.pull,
        )
        return sum(np.abs(term) for term in terms)


@dataclass
class PlateauPoint(Point):
    """See `BinaryPlateau`."""

    rows: np.ndarray
    strength: np.ndarray
    pull: np.ndarray

    def equations(self) -> list[np.ndarray]:
        reached = np.log(self.rows[3] / (1.0 - 2.0 * self.groups.distance))
        return [np.log(self.alpha * self.patterns.conjugates["q_hat"] / self.strength), reached]

    def free_entropy(self) -> np.ndarray:
        return -0.5 * self.strength * self.rows[1] + self.rows[0] + self.alpha * self.patterns.log_z

    def complexity(self) -> np.ndarray:
        return self.rows[2] - self.pull * self.rows[3]

    def slope(self) -> np.ndarray:
        return np.zeros(self.pull.size)

    def measured(self) -> Named:
        q, zero = 1.0 - self.rows[1], np.zeros(self.pull.size)
        hats = {"q0_hat": self.strength, "q1_hat": self.strength, "gap": zero, "gap_hat": zero}
        return {"q0": q, "q1": q, **hats, "pull": zero, **self.common()}

    def moduli(self) -> np.ndarray:
        return self.strength + np.abs(self.rows[0]) + self.alpha * np.abs(self.patterns.log_z) + self.pull
