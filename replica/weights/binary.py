"""Binary weights +-1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.weights._enclosed import letters_single
from replica.weights._enclosed_pair import EnclosedPair, signs_pair
from replica.weights._pairs import BinaryPair, binary_room
from replica.weights.base import Norm, Pinned, SingleWeight, Weights
from replica.weights.law import Law
from saddlepoint._jit import array_kernel, point_kernel
from saddlepoint.quadrature.fields import field_panels, nodes_at, sums_of_row
from saddlepoint.quadrature.panels import row_nodes
from saddlepoint.special import cosh_terms, cosh_triple


@array_kernel
def _binary_sums(edges, panels, rule, most, scale, out):  # type: ignore[no-untyped-def]
    """Averages of ln 2cosh, sech^2, tanh^2 and sech^4 over h = scale z: nodes and sums in one pass."""
    z, weight, value, mean, spread = np.empty(most), np.empty(most), np.empty(most), np.empty(most), np.empty(most)
    for row in range(scale.size):
        count = row_nodes(row, edges, panels[row], rule, z, weight)
        for node in range(count):  # a loop of its own: sums in a fixed order are not vectorised
            value[node], mean[node], spread[node] = cosh_triple(scale[row] * z[node])
        out[0, row], out[1, row], out[2, row], out[3, row], _ = sums_of_row(weight, value, mean, spread, count)


@point_kernel
def _binary_at(q_hat, _variance, numbers, rule, grading, out):  # type: ignore[no-untyped-def]
    """As `replica.ansatz.rs.one_overlap` asks; ``dq/dq_hat = E(3 sech^4 - 2 sech^2)``."""
    scale = np.sqrt(q_hat)
    nodes = nodes_at(scale, 0.0, 1.0, 0.0, np.inf, rule, grading)
    for node in range(nodes.shape[1]):
        nodes[2, node], nodes[3, node], nodes[4, node] = cosh_triple(scale * nodes[0, node])
    log_z, variance, q, square, _ = sums_of_row(nodes[1], nodes[2], nodes[3], nodes[4], nodes.shape[1])
    out[0], out[1], out[2], out[3], out[4] = log_z, q, variance, square, 3.0 * square - 2.0 * variance


@dataclass(frozen=True)
class Binary(Weights):
    r"""Weights +-1, counted: ``z(h) = 2 cosh h``, ``<w> = tanh h``; free entropy ``ln 2`` without patterns.

    When not to use it: other letters, or weights that may vanish: `Discrete`, `Ternary`.

    See Also
    --------
    Discrete : Other alphabets.
    Spherical : Real weights of the same norm.

    References
    ----------
    W. Krauth and M. Mezard, J. Phys. France 50, 3057 (1989).

    Examples
    --------
    >>> import replica
    >>> found = replica.capacity(replica.perceptron(replica.Binary()))
    >>> print(f"{found:.9f} {found.error < 1e-12}")
    0.833078600 True
    """

    name: ClassVar[str] = "binary"
    norm: ClassVar[Norm] = Pinned()
    discrete: ClassVar[bool] = True
    letters: ClassVar[tuple[float, ...] | None] = (-1.0, 1.0)
    point_sums: ClassVar[Any] = _binary_at

    def log_z(self, field: np.ndarray, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        log_two_cosh, mean, spread = np.empty((3, *field.shape))
        cosh_terms(np.ascontiguousarray(field), log_two_cosh, mean, spread)
        return log_two_cosh, mean, spread

    def plain_sums(self, scale: np.ndarray, curvature: np.ndarray, beta: Any, level: int) -> np.ndarray:
        out = np.empty((4, scale.size))
        zero = np.zeros((scale.size, 1))
        _binary_sums(*field_panels(zero, zero + 1.0, zero[:, 0], scale, level), scale, out)
        return out

    def pair(self, qt: float, qt_hat: float) -> BinaryPair:
        return BinaryPair(qt, qt_hat)

    def room(self, distance: np.ndarray) -> np.ndarray:
        return binary_room(distance)

    @property
    def symmetric(self) -> bool:
        return True

    def law(self) -> Law:
        return Law.of_alphabet((-1.0, 1.0))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.choice(np.array([-1.0, 1.0]), size=n)

    def enclosed_single(self, q_hat: Any, m_hat: Any, curvature: Any, law: Law | None) -> SingleWeight:
        return letters_single((-1.0, 1.0), True, q_hat, m_hat, curvature, law)

    def enclosed_pair(self, known: Mapping[str, Any], distance: Any, *hats: Any) -> EnclosedPair:
        return signs_pair(known["q_hat"], 1 - 2 * distance, *hats)

    def reference(self, field: Any, curvature: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        return mp.log(2 * mp.cosh(field)), mp.tanh(field), mp.sech(field) ** 2
