"""An activation given as a Python function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from replica.architectures.activations._table import FAR, KernelTable, Shape, discrepancy, find_kinks
from replica.architectures.activations.base import Activation, Kernel


@dataclass(frozen=True)
class Custom(Activation):
    r"""``g`` from a function of arrays: its kernel is computed once, to about 1e-12, and its error is reported.

    Kinks and jumps are found by bisection; ``k(1) - k(q) = E[(g(x) - g(y))^2]/2`` is tabulated in
    ``sqrt((1-q)/2)``. Levels of refinement have tables of their own, so that what a table leaves out is seen in
    the errors of solutions. The norm must be held (binary and spherical weights); nothing can be certified.

    Parameters
    ----------
    user : callable
        Array in, array of the same shape out; finite, smooth but for some kinks and jumps.
    """

    user: Callable[[np.ndarray], np.ndarray]

    def __post_init__(self) -> None:
        x = np.linspace(-FAR, FAR, 60).reshape(3, 20)
        try:
            found = np.asarray(self.user(x), dtype=float)
        except (TypeError, ValueError) as reason:
            raise ValueError(f"activation: {self} must take arrays (use numpy functions): {reason}") from reason
        if found.shape != x.shape or not np.all(np.isfinite(found)):
            raise ValueError(f"activation: {self} must give a finite array of the shape it is given")
        if np.ptp(found) == 0:
            raise ValueError(f"activation: {self} is constant")

    @property
    def odd(self) -> bool:  # type: ignore[override]
        return self._parity(-1.0)

    @property
    def even(self) -> bool:  # type: ignore[override]
        return self._parity(1.0)

    @property
    def rounding(self) -> float:
        return 2.0 * discrepancy(_table(self, 1), _table(self, 2))

    @classmethod
    def examples(cls) -> list[Custom]:
        return []

    def settings(self) -> dict[str, Any]:
        return {"name": f"{self.user.__module__}.{getattr(self.user, '__qualname__', repr(self.user))}"}

    def __str__(self) -> str:
        return getattr(self.user, "__name__", type(self.user).__name__)

    def function(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.user(x), dtype=float)

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        if getattr(q, "context", None) is not None:
            raise ValueError(f"the activation {self} is known by a function in double precision: no certificate")
        if np.any(np.abs(q + variance - 1.0) > 1e-12):
            raise ValueError(f"the activation {self}, a function, needs weights of held norm (binary, spherical)")
        found = _table(self, level)
        slope, bend = found.slopes(0.5 * variance)
        nothing = np.full_like(slope, np.nan)  # derivatives with the norm, which is held
        return Kernel(found.value(q), found.rest(0.5 * variance), slope, bend, nothing, nothing)

    def _parity(self, sign: float) -> bool:
        x = np.linspace(0.0137, 5.0, 101)
        right, left = self.function(x), self.function(-x)
        return bool(np.all(np.abs(right - sign * left) <= 1e-13 * np.max(np.abs(right))))


@lru_cache(maxsize=32)
def _table(activation: Custom, level: int) -> KernelTable:
    return KernelTable(activation.function, _shape(activation), level)


@lru_cache(maxsize=32)
def _shape(activation: Custom) -> Shape:
    return find_kinks(activation.function)
