"""Binary weights +-1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.weights.base import Law, Norm, Pinned, Weights
from saddlepoint.special import cosh_terms


@dataclass(frozen=True)
class Binary(Weights):
    r"""Weights +-1, counted: ``z(h) = 2 cosh h``, ``<w> = tanh h``; free entropy ``ln 2`` without patterns.

    References
    ----------
    W. Krauth and M. Mezard, J. Phys. France 50, 3057 (1989).
    """

    name: ClassVar[str] = "binary"
    norm: ClassVar[Norm] = Pinned()
    discrete: ClassVar[bool] = True

    def log_z(self, field: np.ndarray, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        log_two_cosh, mean, spread = np.empty((3, *field.shape))
        cosh_terms(np.ascontiguousarray(field), log_two_cosh, mean, spread)
        return log_two_cosh, mean, spread

    def law(self) -> Law:
        return Law((1.0,), (1.0,))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.choice(np.array([-1.0, 1.0]), size=n)

    def reference(self, field: Any, curvature: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        return mp.log(2 * mp.cosh(field)), mp.tanh(field), mp.sech(field) ** 2
