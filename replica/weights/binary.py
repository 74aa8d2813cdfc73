"""Binary weights +-1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.weights.base import Law, Norm, Pinned, Weights
from saddlepoint._jit import array_kernel
from saddlepoint.quadrature.fields import rule_and_grading, scaled_nodes
from saddlepoint.special import cosh_terms, cosh_triple


@array_kernel
def _binary_sums(scale, rule, grading, out):  # type: ignore[no-untyped-def]
    """Averages of ln 2cosh, sech^2, tanh^2 and sech^4 over h = scale z: nodes and sums in one pass."""
    rows = scale.size
    z, weight = scaled_nodes(np.zeros((rows, 1)), np.ones((rows, 1)), np.zeros(rows), scale, rule, grading)
    count = z.shape[1]
    value, mean, spread = np.empty(count), np.empty(count), np.empty(count)
    for row in range(rows):
        for node in range(count):
            value[node], mean[node], spread[node] = cosh_triple(scale[row] * z[row, node])
        sums = 0.0, 0.0, 0.0, 0.0
        for node in range(count):
            mass = weight[row, node]
            sums = (
                sums[0] + mass * value[node],
                sums[1] + mass * spread[node],
                sums[2] + mass * mean[node] ** 2,
                sums[3] + mass * spread[node] ** 2,
            )
        for i in range(4):
            out[i, row] = sums[i]


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
        _binary_sums(scale, *rule_and_grading(level), out)
        return out

    def law(self) -> Law:
        return Law((1.0,), (1.0,))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.choice(np.array([-1.0, 1.0]), size=n)

    def reference(self, field: Any, curvature: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        return mp.log(2 * mp.cosh(field)), mp.tanh(field), mp.sech(field) ** 2
