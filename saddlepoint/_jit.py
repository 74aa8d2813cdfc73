"""The one place where kernels are declared, with three operations on the bits of floats; no mathematics here.

Every compiled function of the project is a module-level function under one of the six decorators.
They are lazy (numba, in `saddlepoint._compiler`, is imported at the first call of one), kept on disk, release the
interpreter lock, follow IEEE arithmetic for division, infinities and nan, and let the compiler fuse a multiplication
and an addition, which only removes a rounding. With NUMBA_DISABLE_JIT=1 they leave the Python function as it is, and
the same formulas run interpreted.

What is done on a few numbers per row is interpreted at first: compiling it takes as long as some ten thousand rows.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

import numpy as np

_common = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}, "no_cfunc_wrapper": True}
_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")

#: a compiled function is called as it is written
Compiled = TypeVar("Compiled", bound=Callable[..., Any])


class Kernel:
    """A function that is compiled at its first call, or with a compiled one that calls it."""

    def __init__(self, function: Any, **options: Any) -> None:
        update_wrapper(self, function)
        self.py_func, self._options, self._run = function, options, self._first

    def __call__(self, *arguments: Any) -> Any:
        return self._run(*arguments)

    def __reduce__(self) -> str:
        return self.py_func.__qualname__

    @property
    def compiled(self) -> Any:
        """numba's dispatcher."""
        if self._run == self._first:
            from saddlepoint._compiler import compiler_of  # heavy: no command that computes nothing needs it

            self._run = compiler_of(self.py_func, self._options)
        return self._run

    def _first(self, *arguments: Any) -> Any:
        return self.compiled(*arguments)


class PatientKernel(Kernel):
    """A kernel that is interpreted until its first arguments had ``few`` numbers in all, and compiled from then on.

    Both give the same bits: nothing is fused. Compiled kernels may call it, and are compiled with it.
    """

    def __init__(self, function: Callable[..., Any], few: int) -> None:
        super().__init__(function, **(_common | {"fastmath": set()}))
        self.few, self.seen = few, 0

    def __call__(self, first: Any, *others: Any) -> Any:
        if self.seen < self.few:
            self.seen += first.size if isinstance(first, np.ndarray) else 1
            if self.seen < self.few:
                with np.errstate(all="ignore"):
                    return self.py_func(first, *others)
        return self._run(first, *others)


class PointKernel(Kernel):
    """A kernel that compiled loops call through a pointer: `compiled` is what they are given."""

    @property
    def compiled(self) -> Any:
        if self._run == self._first:
            from saddlepoint._compiler import pointer_to  # as heavy as the compiler

            self._run = pointer_to(self.py_func, self._options)
        return self._run


def _decorator(**options: Any) -> Callable[[Compiled], Compiled]:
    return lambda function: function if _INTERPRETED else cast(Any, Kernel(function, **options))


def patient_kernel(few: int) -> Callable[[Compiled], Compiled]:
    """Decorator of functions that do little for each row: interpreted while they were asked for ``few`` numbers."""
    return lambda function: function if _INTERPRETED else cast(Any, PatientKernel(function, few))


#: Decorator of functions of a few numbers: always inlined, so that loops that call them are vectorised.
scalar_kernel = _decorator(forceinline=True, **_common)
#: Decorator of functions that loop over arrays and write into arrays given by the caller.
array_kernel = _decorator(**_common)
#: The same for functions that only compiled ones call: they need no way in from Python.
inner_kernel = _decorator(**(_common | {"no_cpython_wrapper": True}))
#: Decorator of loops over arrays whose sums may be taken in another order, and so be vectorised: rounding then depends
#: on the processor.
summing_kernel = _decorator(**(_common | {"fastmath": {"contract", "reassoc", "nsz"}}))


def point_kernel(function: Compiled) -> Compiled:
    """Decorator of averages at one point, ``(x, y, numbers, rule, grading, out)``: two floats, an array (p,), a rule
    and a grading, and where to write (n,). Loops over points are compiled once for all of them.
    """
    return function if _INTERPRETED else cast(Any, PointKernel(function, **_common))


def pointer(kernel: Any) -> Any:
    """What a compiled loop is given for such a function, to be called with `call_at`: its address."""
    return kernel.compiled.address if isinstance(kernel, PointKernel) else kernel


def call_at(address: Any, *arguments: Any) -> None:
    """Call the function of one point behind a `pointer` (interpreted: the function itself)."""
    address(*arguments)


def power_of_two(n: float) -> float:
    """2^n for a whole number n in [-1022, 1023], exactly (compiled: two integer operations)."""
    return math.ldexp(1.0, int(n))


def split_exponent(x: float) -> tuple[float, float]:
    """(m, k) with x = m 2^k and m in [1/sqrt(2), sqrt(2)), exactly, for a positive normal x."""
    m, k = math.frexp(x)
    return (2.0 * m, k - 1.0) if m < math.sqrt(0.5) else (m, float(k))


def leading_bits(x: float) -> float:
    """x cut to its first 26 significant bits, so that its square is exact."""
    (bits,) = struct.unpack("<q", struct.pack("<d", x))
    return struct.unpack("<d", struct.pack("<q", bits & ~0x7FFFFFF))[0]
