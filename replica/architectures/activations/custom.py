"""An activation given as a Python function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from replica._registry import FAILURES, settings_of_function
from replica.architectures.activations._differences import derivatives
from replica.architectures.activations._shape import BLUR, COARSE, Shape, look_at
from replica.architectures.activations._table import KernelTable, discrepancy, unexplained
from replica.architectures.activations.base import Activation, Kernel


@dataclass(frozen=True)
class Custom(Activation):
    r"""``g`` from a function of arrays: its kernel is computed once, to about 1e-12, and its error is reported.

    The function is looked at every 1.9e-6 within ``|x| < 8.2``: a kink, jump or pulse there that is wider is found,
    wherever it is, and is located by bisection; a bump without edges is found from a width of 1e-4, and so is a pulse
    beyond. What is narrower is taken for what surrounds it. ``k(q) = sum_n c_n^2 q^n`` in the Hermite coefficients of
    g; where that converges slowly, near q = 1, ``k'(q)`` is the mean square of the slope of g smoothed over
    ``sqrt(1-q)``, tabulated and integrated. Powers (``|x|^0.7``) are known to about 1e-8, functions that round to
    single precision to about 1e-7 (1e-4 with kinks).

    The error of the kernel is what two levels of refinement differ in, how far its integral from 1 to 1/2 misses the
    Hermite series, and how far ``E g^2`` misses the mean over all probes; it is seen in the errors of solutions.

    When not to use it: weights whose norm is not held (ternary, penalised), or a certificate; committees of a number of
    units: ``units=inf`` only.

    Parameters
    ----------
    user : callable
        Array in, array of the same shape out; finite, smooth but for at most 80 kinks and jumps, of finite variance
        under a Gaussian.

    Raises
    ------
    ValueError
        What is no such function, or has a kernel that cannot be computed: infinite variance, too many kinks, two
        quadratures that differ.

    See Also
    --------
    TreeCommittee : Takes the function itself.
    Activation : Activations with closed forms.

    Examples
    --------
    The kernel of ``exp(-x^2)`` at q = 0.6, whose closed form is ``1/sqrt(9 - 4 q^2) - 1/3``:

    >>> import numpy as np
    >>> from replica.architectures.activations import Custom
    >>> found = Custom(lambda x: np.exp(-x * x)).kernel(np.array([0.6]), np.array([0.4]))
    >>> print(f"{found.value[0]:.12f} {1 / np.sqrt(9 - 4 * 0.36) - 1 / 3:.12f}")
    0.030363150393 0.030363150393
    """

    user: Callable[[np.ndarray], np.ndarray]

    def __post_init__(self) -> None:
        x = np.linspace(-5.0, 5.0, 60).reshape(3, 20)
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(self.user(x))
        except FAILURES as reason:
            said = f"{type(reason).__name__}: {reason}"
            raise ValueError(f"activation: {self} must take arrays (use numpy functions): {said}") from reason
        if found.dtype.kind not in "fiub":
            kind = "complex" if found.dtype.kind == "c" else found.dtype
            raise ValueError(f"activation: {self} must give real numbers, got {kind}")
        if found.shape != x.shape or not np.all(np.isfinite(found)):
            raise ValueError(f"activation: {self} must give a finite array of the shape it is given")
        _shape(self)

    def __hash__(self) -> int:  # callable objects need not have one: numpy's polynomials
        return hash(self.user) if getattr(type(self.user), "__hash__", None) else id(self.user)

    @property
    def odd(self) -> bool:  # type: ignore[override]
        return _shape(self).probe.odd

    @property
    def even(self) -> bool:  # type: ignore[override]
        return bool(_table(self, 1).first[0] == 0)

    @property
    def tangent(self) -> bool:  # type: ignore[override]
        shape = _shape(self)
        if shape.jumps or not shape.singular:
            return not shape.jumps
        return bool(np.isfinite(_table(self, 1).slopes(np.ones(1), np.zeros(1))[0][0]))

    @property
    def rounding(self) -> float:
        return _rounding(self)

    @classmethod
    def examples(cls) -> list[Custom]:
        return []

    def settings(self) -> dict[str, Any]:
        return settings_of_function(self.user, self.function, _shape(self).kinks)

    def __str__(self) -> str:
        return getattr(self.user, "__name__", type(self.user).__name__)

    def function(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(self.user(x), dtype=float)

    def slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kinks = _shape(self).kinks
        if kinks.size:
            raise ValueError(f"activation: {self} has a kink or jump at {kinks[0]:.6g}: its slopes are not known there")
        try:
            return derivatives(self.function, x)
        except ValueError as reason:
            raise ValueError(f"activation: {self} {reason}") from reason

    def kernel(self, q: Any, variance: Any, level: int = 1) -> Kernel:
        if getattr(q, "context", None) is not None:
            raise ValueError(f"the activation {self} is known by a function in double precision: no certificate")
        if np.any(np.abs(q + variance - 1.0) > 1e-8):  # more than the rounding of a coarse average
            raise ValueError(f"the activation {self}, a function, needs weights of held norm (binary, spherical)")
        _rounding(self)  # refuses what two levels do not agree on
        found = _table(self, level)
        slope, bend = found.slopes(q, 0.5 * variance)
        nothing = np.full_like(slope, np.nan)  # derivatives with the norm, which is held
        return Kernel(found.value(q, 0.5 * variance), found.rest(q, 0.5 * variance), slope, bend, nothing, nothing)


@lru_cache(maxsize=64)
def _table(activation: Custom, level: int) -> KernelTable:
    try:
        return KernelTable(_shape(activation), level)
    except ValueError as reason:
        raise ValueError(f"activation: {activation} {reason}") from reason


@lru_cache(maxsize=64)
def _rounding(activation: Custom) -> float:
    """Relative error of the slopes of the kernel, from two levels of its table."""
    tables = _table(activation, 1), _table(activation, 2)
    error = max(2.0 * discrepancy(*tables), *(table.gap for table in tables), unexplained(tables[1]))
    shape = _shape(activation)
    if shape.probe.grain > COARSE:
        error = max(error, (BLUR if shape.kinks.size else 4.0) * shape.probe.grain)
    if not error < 1e-3:
        raise ValueError(f"activation: {activation} has a kernel on which two quadratures differ by {error:.1g}")
    return max(error, 1e-16)


@lru_cache(maxsize=64)
def _shape(activation: Custom) -> Shape:
    try:
        return look_at(activation.function)
    except ValueError as reason:
        raise ValueError(f"activation: {activation} {reason}") from reason


Activation.from_callable = Custom
