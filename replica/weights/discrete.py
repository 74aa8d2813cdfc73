"""Finite alphabets other than +-1: each letter counts once, the norm is solved for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.weights.base import Free, Law, Norm, Weights, is_symmetric


@dataclass(frozen=True)
class Discrete(Weights):
    r"""Weights from a finite alphabet: ``z(h, A) = sum_w exp(h w - A w^2/2)`` with ``A = q_hat + Q_hat``.

    The self-overlap ``Q = <w^2>`` is an order parameter with its own conjugate ``Q_hat``; the field is ``w.x/sqrt(N)``
    whatever ``Q``. Free entropies count configurations (``alpha = 0``: the logarithm of the number of letters).
    For weights +-1 use `Binary`, whose norm needs no conjugate.

    Parameters
    ----------
    values : tuple of float
        The letters, at least two different ones.

    References
    ----------
    H. Gutfreund and Y. Stein, J. Phys. A 23, 2613 (1990).
    """

    values: tuple[float, ...] = (-2.0, -1.0, 1.0, 2.0)
    name: ClassVar[str] = "discrete"
    norm: ClassVar[Norm] = Free()
    discrete: ClassVar[bool] = True

    def __post_init__(self) -> None:
        letters = tuple(float(v) for v in np.ravel(np.asarray(self.values, dtype=float)))
        if len(set(letters)) < 2 or len(set(letters)) != len(letters) or not np.all(np.isfinite(letters)):
            raise ValueError(f"values must be at least two different finite letters, got {self.values}")
        if len({abs(v) for v in letters}) == 1:
            raise ValueError(
                f"letters of one modulus {abs(letters[0]):g} have a held norm: use Binary() and rescale the margin"
            )
        object.__setattr__(self, "values", tuple(sorted(letters)))

    @property
    def letters(self) -> tuple[float, ...]:  # type: ignore[override]
        """The alphabet itself."""
        return self.values

    @property
    def vanishing(self) -> bool:  # type: ignore[override]
        """Whether 0 is a letter."""
        return 0.0 in self.values

    @property
    def symmetric(self) -> bool:  # type: ignore[override]
        """Whether the alphabet contains -w with each w."""
        return is_symmetric(self.values)

    def log_z(self, field: np.ndarray, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        half = 0.5 * curvature[:, None]
        exponents = [field * w - half * w * w for w in self.values]
        top = np.maximum.reduce(exponents)
        masses = [np.exp(e - top) for e in exponents]
        total = np.add.reduce(masses)
        largest = [e == top for e in exponents]
        rest = sum(np.where(at, 0.0, m) for at, m in zip(largest, masses, strict=True)) + (sum(largest) - 1)
        mean = sum(m * w for m, w in zip(masses, self.values, strict=True)) / total
        if self.symmetric:  # at small fields e^(hw) - e^(-hw) would cancel
            small = np.abs(field) < 0.1 / max(map(abs, self.values))
            odd = sum(w * np.exp(-half * w * w - top) * np.expm1(np.where(small, field * w, 0.0)) for w in self.values)
            mean = np.where(small, odd / total, mean)
        # centred on each letter in turn, so that a frozen weight keeps a relative accuracy of its small variance
        spread = sum(m * (w - mean) ** 2 for m, w in zip(masses, self.values, strict=True)) / total
        return np.log1p(rest) + top, mean, spread

    def features(self, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """Neighbouring letters a < b change places at ``h = A (a+b)/2`` over a width ``1/(b-a)``."""
        letters = np.asarray(self.values)
        middles, gaps = 0.5 * (letters[1:] + letters[:-1]), np.diff(letters)
        places = curvature[:, None] * middles[None, :]
        # a negative curvature favours the outer letters, which then change places directly at h = A (a+b)/2
        outer = np.full((curvature.size, 1), 0.5 * (letters[0] + letters[-1])) * curvature[:, None]
        widths = np.broadcast_to(1.0 / gaps, places.shape)
        reach = np.full((curvature.size, 1), 1.0 / (letters[-1] - letters[0]))
        return np.concatenate([places, outer], axis=1), np.concatenate([widths, reach], axis=1)

    def law(self) -> Law:
        return Law.of_alphabet(self.values)

    def initial_norm(self, beta: Any) -> Any:
        return float(np.mean(np.square(self.values)))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.choice(np.asarray(self.values), size=n)

    def reference(self, field: Any, curvature: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        letters = [mp.mpf(w) for w in self.values]
        masses = [mp.exp(field * w - curvature * w * w / 2) for w in letters]
        total = mp.fsum(masses)
        mean = mp.fsum(m * w for m, w in zip(masses, letters, strict=True)) / total
        spread = mp.fsum(m * (w - mean) ** 2 for m, w in zip(masses, letters, strict=True)) / total
        return mp.log(total), mean, spread
