"""numba itself: kernels compiled for `saddlepoint._jit`, kept on disk by all that they are made of; imported late.

numba's own cache looks only at the file of the function it compiles, although the code of every kernel that this one
calls is inlined: `_KernelCache` adds to its key what the kernel is made of, callees and constants of other files
included. Where nothing can be written, kernels are compiled for this process alone.
"""

from __future__ import annotations

import gc
import hashlib
import sys
import time
import types as python
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import event, types
from numba.core.caching import FunctionCache, NullCache
from numba.core.ccallback import CFunc
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic, overload, typeof_impl

from saddlepoint._jit import Kernel, call_at, leading_bits, power_of_two, split_exponent

_TWO_52 = 4503599627370496.0
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_ONE_BITS = 0x3FF0000000000000

_PATIENCE = 1.0  # seconds of compilation before a word is said


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
    if isinstance(value, Kernel):
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
    """This file and that of the decorators: options, and what overloads are compiled to."""
    both = (Path(__file__).with_name(name).read_bytes() for name in ("_compiler.py", "_jit.py"))
    return hashlib.sha256(b"".join(both)).digest()


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
            return found if found is None or tuple(found.signature.args) == tuple(getattr(sig, "args", sig)) else None
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


def compiler_of(function: Any, options: dict[str, Any]) -> Any:
    """The dispatcher of a function: it compiles at its first call, or finds on disk what was compiled before."""
    kernel = numba.njit(**options)(function)
    kernel._cache = _KernelCache(function)
    kernel.get_call_template = _of_any_numbers(kernel.get_call_template)
    return kernel


_VECTOR, _TABLE = types.float64[::1], types.float64[:, ::1]
_AT_A_POINT = types.void(types.float64, types.float64, _VECTOR, _TABLE, _VECTOR, _VECTOR)


def pointer_to(function: Any, options: dict[str, Any]) -> Any:
    """A function of one point (see `saddlepoint._jit.point_kernel`), compiled or found on disk."""
    known = {name: value for name, value in options.items() if name != "no_cfunc_wrapper"}
    kernel = CFunc(function, (_AT_A_POINT.args, _AT_A_POINT.return_type), {}, {"nopython": True} | known)
    kernel._cache = _KernelCache(function)
    kernel.compile()
    return kernel


@typeof_impl.register(Kernel)
def _type_of_kernel(kernel: Any, _context: Any) -> types.Dispatcher:
    return types.Dispatcher(kernel.compiled)


def _reinterpret(context, builder, signature, arguments):
    return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))


@intrinsic
def _bits_of(_typing_context, x):
    return types.int64(types.float64), _reinterpret


@intrinsic
def _float_of(_typing_context, bits):
    return types.float64(types.int64), _reinterpret


def _through_pointer(context, builder, signature, arguments):
    kinds = [context.get_value_type(kind) for kind in signature.args[1:]]
    function = ir.FunctionType(context.get_value_type(types.void), kinds)
    builder.call(builder.inttoptr(arguments[0], function.as_pointer()), arguments[1:])
    return context.get_dummy_value()


@intrinsic
def _called(_typing_context, address, x, y, numbers, rule, grading, out):
    return types.void(types.int64, *_AT_A_POINT.args), _through_pointer


@overload(call_at)
def _compiled_call_at(address, x, y, numbers, rule, grading, out):
    def kernel(address, x, y, numbers, rule, grading, out):
        _called(address, x, y, numbers, rule, grading, out)

    return kernel


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
