"""The one place where numba is configured, with three operations on the bits of floats; no mathematics here.

Every compiled function of the project is a module-level function under one of the three decorators.
They are lazy (nothing compiles at import), cached on disk, release the interpreter lock, follow IEEE
arithmetic for division, infinities and nan, and let the compiler fuse a multiplication and an addition,
which only removes a rounding. With NUMBA_DISABLE_JIT=1 they leave the Python function as it is, and the
same formulas run interpreted.

numba's cache looks only at the file of the function it compiles: after an edit of a scalar kernel that
kernels of other files call, delete the `*.nbi` and `*.nbc` files in `__pycache__`.
"""

from __future__ import annotations

import math
import struct

import numba
from numba.core import types
from numba.extending import intrinsic, overload

_TWO_52 = 4503599627370496.0
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_ONE_BITS = 0x3FF0000000000000

_common = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract"}}

#: Decorator of functions of a few numbers: always inlined, so that loops that call them are vectorised.
scalar_kernel = numba.njit(forceinline=True, **_common)
#: Decorator of functions that loop over arrays and write into arrays given by the caller.
array_kernel = numba.njit(**_common)
#: The same where sums may be taken in another order, and so be vectorised: rounding then depends on the processor.
summing_kernel = numba.njit(**(_common | {"fastmath": {"contract", "reassoc", "nsz"}}))


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
