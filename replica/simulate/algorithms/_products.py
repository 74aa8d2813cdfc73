"""Products with the patterns of an instance, in the fewest bytes that hold them: a sweep reads all of them twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from saddlepoint._jit import summing_kernel

SINGLE = 1 << 20  # entries of the matrix above which products are in single precision


@dataclass(frozen=True)
class Dense:
    """A matrix as it is, in double precision while it is small."""

    matrix: np.ndarray

    @property
    def single(self) -> bool:
        return bool(self.matrix.dtype == np.float32)

    def forward(self, vector: np.ndarray) -> np.ndarray:
        """``F v``."""
        return (self.matrix @ vector.astype(self.matrix.dtype)).astype(float)

    def backward(self, vector: np.ndarray) -> np.ndarray:
        """``F^T v``."""
        return (vector.astype(self.matrix.dtype) @ self.matrix).astype(float)


@dataclass(frozen=True)
class Signs:
    """A matrix of +-size in one byte an entry: memory, which bounds these products, is read four times faster."""

    signs: np.ndarray
    size: float
    single = True

    def forward(self, vector: np.ndarray) -> np.ndarray:
        """``F v``."""
        out = np.empty(len(self.signs), dtype=np.float32)
        sign_rows(self.signs, vector.astype(np.float32), out)
        return self.size * out.astype(float)

    def backward(self, vector: np.ndarray) -> np.ndarray:
        """``F^T v``."""
        out = np.zeros(self.signs.shape[1], dtype=np.float32)
        sign_columns(self.signs, vector.astype(np.float32), out)
        return self.size * out.astype(float)


def products(F: np.ndarray) -> Any:
    """What multiplies with F."""
    if F.size <= SINGLE:
        return Dense(F)
    size = float(abs(F[0, 0]))
    if size > 0 and np.all(np.abs(F) == size):
        return Signs(np.sign(F).astype(np.int8), size)
    return Dense(F.astype(np.float32))


@summing_kernel
def sign_rows(signs, vector, out):  # type: ignore[no-untyped-def]
    """``out = signs @ vector`` in single precision, four rows at a time."""
    rows, n = signs.shape
    zero = np.float32(0)
    whole = rows - rows % 4
    for r in range(0, whole, 4):
        a, b, c, d = zero, zero, zero, zero
        for i in range(n):
            x = vector[i]
            a += np.float32(signs[r, i]) * x
            b += np.float32(signs[r + 1, i]) * x
            c += np.float32(signs[r + 2, i]) * x
            d += np.float32(signs[r + 3, i]) * x
        out[r], out[r + 1], out[r + 2], out[r + 3] = a, b, c, d
    for r in range(whole, rows):
        a = zero
        for i in range(n):
            a += np.float32(signs[r, i]) * vector[i]
        out[r] = a


@summing_kernel
def sign_columns(signs, vector, out):  # type: ignore[no-untyped-def]
    """``out += vector @ signs`` in single precision, four rows at a time."""
    rows, n = signs.shape
    whole = rows - rows % 4
    for r in range(0, whole, 4):
        a, b, c, d = vector[r], vector[r + 1], vector[r + 2], vector[r + 3]
        for i in range(n):
            left = a * np.float32(signs[r, i]) + b * np.float32(signs[r + 1, i])
            out[i] += left + (c * np.float32(signs[r + 2, i]) + d * np.float32(signs[r + 3, i]))
    for r in range(whole, rows):
        for i in range(n):
            out[i] += vector[r] * np.float32(signs[r, i])
