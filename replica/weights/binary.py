"""Binary weights +-1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.weights.base import Law, Norm, Pinned, Weights
from saddlepoint._jit import array_kernel
from saddlepoint.quadrature.fields import field_nodes
from saddlepoint.special import cosh_terms, cosh_triple


@array_kernel
def _binary_sums(field, weight, out):  # type: ignore[no-untyped-def]
    """Averages of ln 2cosh, sech^2, tanh^2 and sech^4 over a field."""
    count = field.shape[1]
    value, mean, spread = np.empty(count), np.empty(count), np.empty(count)
    for row in range(field.shape[0]):
        for node in range(count):  # a loop of its own: sums in a fixed order are not vectorised
            value[node], mean[node], spread[node] = cosh_triple(field[row, node])
        sums = 0.0, 0.0, 0.0, 0.0
        for node in range(count):
            mass = weight[row, node]
            sums = (
                sums[0] + mass * value[node],
                sums[1] + mass * spread[node],
                sums[2] + mass * (mean[node] * mean[node]),
                sums[3] + mass * (spread[node] * spread[node]),
            )
        out[0, row], out[1, row], out[2, row], out[3, row] = sums


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
    letters: ClassVar[tuple[float, ...] | None] = (-1.0, 1.0)

    def log_z(self, field: np.ndarray, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        log_two_cosh, mean, spread = np.empty((3, *field.shape))
        cosh_terms(np.ascontiguousarray(field), log_two_cosh, mean, spread)
        return log_two_cosh, mean, spread

    def plain_sums(self, scale: np.ndarray, curvature: np.ndarray, beta: Any, level: int) -> np.ndarray:
        out = np.empty((4, scale.size))
        zero, one = np.zeros((scale.size, 1)), np.ones((scale.size, 1))
        _, weight, field = field_nodes(zero, one, zero[:, 0], scale, level)
        _binary_sums(field, weight, out)
        return out

    def law(self) -> Law:
        return Law((1.0,), (1.0,))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.choice(np.array([-1.0, 1.0]), size=n)

    def reference(self, field: Any, curvature: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        return mp.log(2 * mp.cosh(field)), mp.tanh(field), mp.sech(field) ** 2
