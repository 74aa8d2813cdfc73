"""Finite alphabets other than +-1: each letter counts once, the norm is solved for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import shown, sized
from replica.weights._enclosed import letters_single
from replica.weights.base import Free, Norm, SingleWeight, Weights
from replica.weights.law import Law, is_symmetric
from saddlepoint._jit import array_kernel


@array_kernel
def _letter_terms(field, curvature, letters, symmetric, out):  # type: ignore[no-untyped-def]
    """``ln z``, mean and variance of a letter (a numerical kernel).

    The variance is centred, so that a frozen weight keeps a relative accuracy; at small fields of a symmetric alphabet
    ``e^(hw) - e^(-hw)`` would cancel.
    """
    count = letters.size
    mass = np.empty(count)
    small = 0.1 / np.max(np.abs(letters))
    for row in range(field.shape[0]):
        half = 0.5 * curvature[row]
        for node in range(field.shape[1]):
            h = field[row, node]
            first, top = 0, -np.inf
            for k in range(count):
                mass[k] = h * letters[k] - half * letters[k] * letters[k]
                if mass[k] > top:
                    first, top = k, mass[k]
            rest, mean = 0.0, 0.0
            for k in range(count):
                mass[k] = np.exp(mass[k] - top)
                if k != first:
                    rest += mass[k]
                mean += mass[k] * letters[k]
            if symmetric and abs(h) < small:
                mean = 0.0
                for k in range(count):
                    w = letters[k]
                    mean += w * np.exp(-half * w * w - top) * np.expm1(h * w)
            mean /= 1.0 + rest
            spread = 0.0
            for k in range(count):
                spread += mass[k] * (letters[k] - mean) ** 2
            out[0, row, node] = np.log1p(rest) + top
            out[1, row, node] = mean
            out[2, row, node] = spread / (1.0 + rest)


@dataclass(frozen=True)
class Discrete(Weights):
    r"""Weights from a finite alphabet, -2, -1, 1, 2 unless told: ``z(h, A) = sum_w exp(h w - A w^2/2)``.

    Here ``A = q_hat + Q_hat``. The self-overlap ``Q = <w^2>`` is an order parameter with its own conjugate ``Q_hat``;
    the field is ``w.x/sqrt(N)`` whatever ``Q``. Free entropies count configurations (``alpha = 0``: the logarithm of
    the number of letters).

    When not to use it: weights +-1; take `Binary`, whose norm needs no conjugate.

    Parameters
    ----------
    values : tuple of float
        The letters, at least two different ones.

    See Also
    --------
    Binary : Weights +-1.
    Ternary : Weights -1, 0, +1.

    References
    ----------
    H. Gutfreund and Y. Stein, J. Phys. A 23, 2613 (1990).

    Examples
    --------
    >>> import replica
    >>> found = replica.capacity(replica.perceptron(replica.Discrete((0.0, 1.0, 2.0))))
    >>> print(f"{found:.9f} {found.error < 1e-12}")
    0.741150890 True
    """

    values: tuple[float, ...] = (-2.0, -1.0, 1.0, 2.0)
    name: ClassVar[str] = "discrete"
    norm: ClassVar[Norm] = Free()
    discrete: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if np.iscomplexobj(self.values):
            raise ValueError(f"values must be real letters, got {self.values}")
        try:
            letters = tuple(float(v) for v in np.ravel(np.asarray(self.values, dtype=float)))
        except (TypeError, ValueError):
            letters = ()
        if len(set(letters)) < 2 or len(set(letters)) != len(letters) or not np.all(np.isfinite(letters)):
            raise ValueError(f"values must be at least two different finite letters, got {shown(self.values)}")
        sized("the largest letter", max(map(abs, letters)))
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
    def symmetric(self) -> bool:
        """Whether the alphabet contains -w with each w."""
        return is_symmetric(self.values)

    def log_z(self, field: np.ndarray, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = np.empty((3, *field.shape))
        letters = np.array(self.values)
        _letter_terms(np.ascontiguousarray(field), curvature * np.ones(len(field)), letters, self.symmetric, found)
        return found[0], found[1], found[2]

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

    def moved(self, letter: float) -> Discrete:
        """The alphabet as seen from one of its letters, which becomes 0."""
        return Discrete(tuple(value - letter for value in self.values))

    def law(self) -> Law:
        return Law.of_alphabet(self.values)

    def initial_norm(self, beta: Any) -> Any:
        return float(np.mean(np.square(self.values)))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.choice(np.asarray(self.values), size=n)

    def enclosed_single(self, q_hat: Any, m_hat: Any, curvature: Any, law: Law | None) -> SingleWeight:
        return letters_single(self.values, False, q_hat, m_hat, curvature, law)

    def reference(self, field: Any, curvature: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        letters = [mp.mpf(w) for w in self.values]
        masses = [mp.exp(field * w - curvature * w * w / 2) for w in letters]
        total = mp.fsum(masses)
        mean = mp.fsum(m * w for m, w in zip(masses, letters, strict=True)) / total
        spread = mp.fsum(m * (w - mean) ** 2 for m, w in zip(masses, letters, strict=True)) / total
        return mp.log(total), mean, spread


Weights.from_letters = Discrete
