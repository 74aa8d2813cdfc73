"""An activation given as a Python function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from replica.architectures.activations._shape import Shape, look_at
from replica.architectures.activations._table import KernelTable, discrepancy
from replica.architectures.activations.base import Activation, Kernel


@dataclass(frozen=True)
class Custom(Activation):
    r"""``g`` from a function of arrays: its kernel is computed once, to about 1e-12, and its error is reported.

    Kinks and jumps are found by bisection. ``k(q) = sum_n c_n^2 q^n`` in the Hermite coefficients of g; with kinks,
    near q = 1, ``k(1) - k(q) = E[(g(x) - g(y))^2]/2`` is tabulated in ``sqrt((1-q)/2)``. Powers (``|x|^0.7``) are
    known to about 1e-8. Two levels of refinement have tables of their own, and what they differ in is seen in the
    errors of solutions. The norm must be held (binary and spherical weights); nothing can be certified.

    Parameters
    ----------
    user : callable
        Array in, array of the same shape out; finite, smooth but for some kinks and jumps, of finite variance under
        a Gaussian.

    Raises
    ------
    ValueError
        What is no such function, or has a kernel that cannot be computed: infinite variance, too many kinks, two
        quadratures that differ.
    """

    user: Callable[[np.ndarray], np.ndarray]

    def __post_init__(self) -> None:
        x = np.linspace(-5.0, 5.0, 60).reshape(3, 20)
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(self.user(x))
        except (TypeError, ValueError) as reason:
            raise ValueError(f"activation: {self} must take arrays (use numpy functions): {reason}") from reason
        if found.dtype.kind not in "fiub":
            kind = "complex" if found.dtype.kind == "c" else found.dtype
            raise ValueError(f"activation: {self} must give real numbers, got {kind}")
        if found.shape != x.shape or not np.all(np.isfinite(found)):
            raise ValueError(f"activation: {self} must give a finite array of the shape it is given")
        if np.ptp(found) == 0:
            raise ValueError(f"activation: {self} is constant")
        _shape(self)

    @property
    def odd(self) -> bool:  # type: ignore[override]
        return self._parity(-1.0)

    @property
    def even(self) -> bool:  # type: ignore[override]
        return self._parity(1.0)

    @property
    def rounding(self) -> float:
        return _rounding(self)

    @classmethod
    def examples(cls) -> list[Custom]:
        return []

    def settings(self) -> dict[str, Any]:
        return {"name": f"{self.user.__module__}.{getattr(self.user, '__qualname__', repr(self.user))}"}

    def __str__(self) -> str:
        return getattr(self.user, "__name__", type(self.user).__name__)

    def function(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(self.user(x), dtype=float)

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        if getattr(q, "context", None) is not None:
            raise ValueError(f"the activation {self} is known by a function in double precision: no certificate")
        if np.any(np.abs(q + variance - 1.0) > 1e-12):
            raise ValueError(f"the activation {self}, a function, needs weights of held norm (binary, spherical)")
        _rounding(self)  # refuses what two levels do not agree on
        found = _table(self, level)
        slope, bend = found.slopes(q, 0.5 * variance)
        nothing = np.full_like(slope, np.nan)  # derivatives with the norm, which is held
        return Kernel(found.value(q), found.rest(q, 0.5 * variance), slope, bend, nothing, nothing)

    def _parity(self, sign: float) -> bool:
        x = np.linspace(0.0137, 5.0, 101)
        right, left = self.function(x), self.function(-x)
        return bool(np.all(np.abs(right - sign * left) <= 1e-13 * np.max(np.abs(right))))


@lru_cache(maxsize=64)
def _table(activation: Custom, level: int) -> KernelTable:
    try:
        return KernelTable(activation.function, _shape(activation), level)
    except ValueError as reason:
        raise ValueError(f"activation: {activation} {reason}") from reason


@lru_cache(maxsize=64)
def _rounding(activation: Custom) -> float:
    """Relative error of the slopes of the kernel, from two levels of its table."""
    error = 2.0 * discrepancy(_table(activation, 1), _table(activation, 2))
    if not error < 1e-3:
        raise ValueError(f"activation: {activation} has a kernel on which two quadratures differ by {error:.1g}")
    return max(error, 1e-16)


@lru_cache(maxsize=64)
def _shape(activation: Custom) -> Shape:
    try:
        return look_at(activation.function)
    except ValueError as reason:
        raise ValueError(f"activation: {activation} {reason}") from reason
