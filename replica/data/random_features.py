"""Random features of Gaussian inputs: the Gaussian equivalent, whose spectrum has a closed form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica.data._chances import Chance
from replica.data._spectra import MarchenkoPastur, orthogonal
from replica.data._structured import Structured, checked_labels


@dataclass(frozen=True)
class RandomFeatures(Structured):
    r"""N features ``sigma(F x/sqrt(D))`` of D Gaussian inputs, with labels of a teacher ``theta.x/sqrt(D)``.

    In the limit of large N and D they are as good as ``kappa_1 F x/sqrt(D) + kappa_star z``, z independent noise: with
    s the eigenvalues of ``F F^T/D``, ``omega = kappa_1^2 s + kappa_star^2`` and ``t = ratio kappa_1^2 s``.

    When not to use it: features that are trained, or inputs with structure (`Covariates`).

    Parameters
    ----------
    kappa_1, kappa_star : float
        ``E z sigma(z)``, and the root of ``E sigma^2 - (E sigma)^2 - kappa_1^2``.
    ratio : float
        Features per input, N/D, above 0.
    orthogonal : bool
        Rows of F, of squared norm D, are orthogonal (as far as there are dimensions); else they are Gaussian.
    teacher, noise, flips
        As of `Covariates`.

    Raises
    ------
    ValueError
        Values outside their domain.

    See Also
    --------
    random_features : A model of it, from an activation.

    References
    ----------
    S. Mei and A. Montanari, Comm. Pure Appl. Math. (2022), arXiv:1908.05355; F. Gerace, B. Loureiro, F. Krzakala, M.
    Mezard and L. Zdeborova, ICML (2020).

    Examples
    --------
    >>> import replica
    >>> data = replica.RandomFeatures(kappa_1=0.5, kappa_star=0.3, ratio=2.0)
    >>> print(f"{data.explained:.10f}")
    0.7731372761
    """

    kappa_1: float = 1.0
    kappa_star: float = 0.0
    ratio: Any = 1.0
    orthogonal: bool = False
    teacher: Any = "sign"
    noise: Any = 0.0
    flips: Any = 0.0
    name: ClassVar[str] = "random-features"
    parameters: ClassVar[dict[str, str]] = {"ratio": "ratio", "noise": "noise", "flips": "flips"}

    loads: ClassVar[tuple[str, ...]] = ("patterns_per_input",)
    shown: ClassVar[tuple[str, ...]] = ("explained", "kappa_1", "kappa_star")

    def __post_init__(self) -> None:
        for name in ("kappa_1", "kappa_star"):
            object.__setattr__(self, name, float(number(name, getattr(self, name))))
        if self.kappa_star < 0:
            raise ValueError(f"kappa_star must be at least 0, got {self.kappa_star}")
        if self.kappa_1 == 0 and self.kappa_star == 0:
            raise ValueError("activation must not be constant: its features would all be the same")
        object.__setattr__(self, "ratio", number("ratio", self.ratio, low=0.0, open_low=True))
        teacher, noise, flips = checked_labels(self.teacher, self.noise, self.flips, 1.0)
        for name, value in (("teacher", teacher), ("noise", noise), ("flips", flips)):
            object.__setattr__(self, name, value)

    @cached_property
    def modes(self) -> Any:
        ratio = np.atleast_1d(np.asarray(self.ratio, dtype=float))
        a, b = (np.full(ratio.size, x * x) for x in (self.kappa_star, self.kappa_1))
        return (orthogonal if self.orthogonal else MarchenkoPastur)(ratio, a, b)

    def load(self, name: str, value: np.ndarray) -> np.ndarray:
        return value / np.asarray(self.ratio)

    def settings(self) -> dict[str, Any]:
        found = super().settings()
        return found | ({"teacher": self.teacher.described()} if isinstance(self.teacher, Chance) else {})
