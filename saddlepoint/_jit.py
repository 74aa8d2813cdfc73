"""The one place where numba is configured, with three operations on the bits of floats; no mathematics here.

Every compiled function of the project is a module-level function under one of the five decorators.
They are lazy (nothing compiles at import), kept on disk, release the interpreter lock, follow IEEE
arithmetic for division, infinities and nan, and let the compiler fuse a multiplication and an addition,
which only removes a rounding. With NUMBA_DISABLE_JIT=1 they leave the Python function as it is, and the
same formulas run interpreted.

What is done on a few numbers per row is interpreted at first: compiling it takes as long as some ten thousand rows.

numba's own cache looks only at the file of the function it compiles, although the code of every kernel that this one
calls is inlined: `_KernelCache` adds to its key what the kernel is made of, callees and constants of other files
included. Where nothing can be written, kernels are compiled for this process alone.
"""

from __future__ import annotations

import gc
import hashlib
import math
import struct
import sys
import time
import types as python
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import event, types
from numba.core.caching import FunctionCache, NullCache
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic, overload, typeof_impl

_TWO_52 = 4503599627370496.0
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_ONE_BITS = 0x3FF0000000000000

_PATIENCE = 1.0  # seconds of compilation before a word is said
_common = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}, "no_cfunc_wrapper": True}

#: a compiled function is called as it is written
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def _ingredients(function: Any, seen: set[int]) -> Iterator[bytes]:
    """The code of a Python function and of all that it names: called kernels, and the constants that are frozen in."""
    if id(function) in seen:
        return
    seen.add(id(function))
    codes = [function.__code__]
    for code in codes:  # grows: code within code
        codes += [part for part in code.co_consts if isinstance(part, python.CodeType)]
        plain = [part for part in code.co_consts if not isinstance(part, python.CodeType)]
        yield code.co_code + repr((plain, code.co_names, code.co_varnames)).encode()
        for name in code.co_names:
            if name in function.__globals__:
                yield from _ingredient(name, function.__globals__[name], seen)


def _ingredient(name: str, value: Any, seen: set[int]) -> Iterator[bytes]:
    if isinstance(value, PatientKernel):
        value = value.compiled
    if isinstance(value, Dispatcher):
        yield repr(sorted(map(str, value.targetoptions["fastmath"]))).encode()
        yield from _ingredients(value.py_func, seen)
    elif isinstance(value, python.FunctionType):  # compiled through an overload of this file
        yield from _ingredients(value, seen)
    elif isinstance(value, np.ndarray):
        yield repr((value.dtype.str, value.shape)).encode() + value.tobytes()
    elif isinstance(value, (python.ModuleType, python.BuiltinFunctionType, type)) or callable(value):
        yield f"{name} is {value.__name__}".encode()  # of numpy, math or the language: the versions are numba's matter
    else:
        yield repr((name, value)).encode()


@cache
def _doorway() -> bytes:
    """This file: decorators, and what its overloads are compiled to."""
    return hashlib.sha256(Path(__file__).read_bytes()).digest()


def _composition(function: Any) -> str:
    """Digest of everything that a compiled function is made of."""
    digest = hashlib.sha256(_doorway())
    for part in _ingredients(function, set()):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


class _DiskCache(FunctionCache):
    """numba's cache of a function, keyed by all that is compiled into it; a damaged entry is compiled again."""

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), _composition(self._py_func))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            found = super().load_overload(sig, target_context)
            # two processes that keep kernels of one function at a time may write over each other's
            return found if found is None or tuple(found.signature.args) == tuple(sig) else None
        except (OSError, EOFError, UnpicklingError, ValueError, KeyError, TypeError, AttributeError, ImportError):
            self.flush()
            return None


class _KernelCache(NullCache):
    """The disk cache of a kernel, opened at its first use."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self._disk: Any = None

    def _open(self) -> Any:
        if self._disk is None:
            try:
                self._disk = _DiskCache(self._function)
            except RuntimeError:  # no folder can be written: neither beside the source nor the user's
                self._disk = NullCache()
        return self._disk

    @property
    def cache_path(self) -> Any:
        return self._open().cache_path

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        return self._open().load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            self._open().save_overload(sig, data)
        except OSError:  # a full disk: the kernel is compiled all the same
            self._disk = NullCache()

    def flush(self) -> None:
        self._open().flush()


def kept_in() -> str | None:
    """The folder in which compiled kernels are kept; None where nothing can be written."""
    folder: str | None = _KernelCache(power_of_two).cache_path
    return folder


class _Word(event.Listener):
    """Says once where the time goes when compiling kernels takes long, and lets Python collect garbage afterwards: what
    a compiler makes mostly stays. numba tells of the end of a compilation also where it fails.
    """

    def __init__(self) -> None:
        self.spent, self.since, self.depth, self.said, self.collecting = 0.0, 0.0, 0, False, False

    def on_start(self, started: Any) -> None:
        kernel, now = getattr(started.data["dispatcher"], "_cache", None), time.perf_counter()
        if self.depth == 0:
            self.since, self.collecting = now, gc.isenabled()
            gc.disable()
        self.depth += 1
        if isinstance(kernel, _KernelCache) and not self.said and self.spent + now - self.since > _PATIENCE:
            self.said = True
            kept = "once: it takes some seconds, and the result is kept for later runs" if kernel.cache_path else (
                "as in every new process: no folder can be written to keep the result (NUMBA_CACHE_DIR may name one)"
            )
            print(f"compiling numerical kernels, {kept}", file=sys.stderr, flush=True)

    def on_end(self, _ended: Any) -> None:
        self.depth -= 1
        if self.depth == 0:
            self.spent += time.perf_counter() - self.since
            if self.collecting:
                gc.enable()


_word = _Word()
event.register("numba:compile", _word)


def _of_any_numbers(template: Callable[..., Any]) -> Callable[..., Any]:
    """The typing of a call in compiled code where a constant counts as any number: numba would compile the kernel for
    each constant anew.
    """
    return lambda args, kws: template(
        tuple(map(types.unliteral, args)), {name: types.unliteral(kind) for name, kind in kws.items()}
    )


def _decorator(**options: Any) -> Callable[[Kernel], Kernel]:
    compiled: Any = numba.njit(**options)

    def decorate(function: Any) -> Any:
        kernel = compiled(function)
        if isinstance(kernel, Dispatcher):  # a plain function with NUMBA_DISABLE_JIT=1
            kernel._cache = _KernelCache(function)
            kernel.get_call_template = _of_any_numbers(kernel.get_call_template)
        return kernel

    return decorate


class PatientKernel:
    """A kernel that is interpreted until its first arguments had ``few`` numbers in all, and compiled from then on.

    Both give the same bits: nothing is fused. Compiled kernels may call it, and are compiled with it.
    """

    def __init__(self, function: Callable[..., Any], few: int) -> None:
        self.py_func, self.few, self.seen = function, few, 0
        self.compiled: Any = _decorator(**(_common | {"fastmath": set()}))(function)
        self.__doc__, self.__name__, self.__module__ = function.__doc__, function.__name__, function.__module__

    def __call__(self, first: Any, *others: Any) -> Any:
        if self.seen < self.few:
            self.seen += first.size if isinstance(first, np.ndarray) else 1
            if self.seen < self.few:
                with np.errstate(all="ignore"):
                    return self.py_func(first, *others)
        return self.compiled(first, *others)


@typeof_impl.register(PatientKernel)
def _type_of_patient_kernel(kernel: Any, _context: Any) -> types.Dispatcher:
    return types.Dispatcher(kernel.compiled)


def patient_kernel(few: int) -> Callable[[Kernel], Kernel]:
    """Decorator of functions that do little for each row: interpreted while they were asked for ``few`` numbers."""
    return lambda function: function if numba.config.DISABLE_JIT else cast(Any, PatientKernel(function, few))


#: Decorator of functions of a few numbers: always inlined, so that loops that call them are vectorised.
scalar_kernel = _decorator(forceinline=True, **_common)
#: Decorator of functions that loop over arrays and write into arrays given by the caller.
array_kernel = _decorator(**_common)
#: The same for functions that only compiled ones call: they need no way in from Python.
inner_kernel = _decorator(**(_common | {"no_cpython_wrapper": True}))
#: Decorator of loops over arrays whose sums may be taken in another order, and so be vectorised: rounding then depends
#: on the processor.
summing_kernel = _decorator(**(_common | {"fastmath": {"contract", "reassoc", "nsz"}}))


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


def _reinterpret(context, builder, signature, arguments):
    return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))


@intrinsic
def _bits_of(_typing_context, x):
    return types.int64(types.float64), _reinterpret


@intrinsic
def _float_of(_typing_context, bits):
    return types.float64(types.int64), _reinterpret


@overload(power_of_two, jit_options={"forceinline": True})
def _compiled_power_of_two(n):
    def kernel(n):
        return _float_of(_bits_of(n + (_TWO_52 + 1023.0)) << 52)

    return kernel


@overload(split_exponent, jit_options={"forceinline": True})
def _compiled_split_exponent(x):
    def kernel(x):
        shifted = _bits_of(x) + (_ONE_BITS - _SQRT_HALF_BITS)
        m = _float_of((shifted & 0xFFFFFFFFFFFFF) + _SQRT_HALF_BITS)
        return m, _float_of((shifted >> 52) | 0x4330000000000000) - (_TWO_52 + 1023.0)

    return kernel


@overload(leading_bits, jit_options={"forceinline": True})
def _compiled_leading_bits(x):
    def kernel(x):
        return _float_of(_bits_of(x) & ~0x7FFFFFF)

    return kernel
