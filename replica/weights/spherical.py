"""Spherical weights: uniform on the sphere |w|^2 = N."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.weights._enclosed_pair import EnclosedPair, sphere_pair
from replica.weights._pairs import SphericalPair, spherical_room
from replica.weights.base import Average, Norm, SingleWeight, Weights
from replica.weights.law import Law
from saddlepoint._jit import point_kernel
from saddlepoint.enclosures import Functions


@point_kernel
def _sphere_at(q_hat, _variance, numbers, rule, grading, out):  # type: ignore[no-untyped-def]
    """As `replica.ansatz.rs.one_overlap` asks: see `Spherical`; ``dq/dq_hat = D^2/(1 + 2 q_hat D)``."""
    distance = 2.0 / (1.0 + np.sqrt(1.0 + 4.0 * q_hat))
    square = distance * distance
    out[0], out[1], out[2], out[3] = np.nan, q_hat * square, distance, square
    out[4] = square / (1.0 + 2.0 * q_hat * distance)


@dataclass(frozen=True)
class Spherical(Weights):
    r"""Weights on the sphere ``|w|^2 = N``; volumes relative to the whole sphere (free entropy 0 without patterns).

    The multiplier of the norm is eliminated: with ``D = 1 - q`` the field equations give
    ``D = 2/(1 + sqrt(1 + 4(q_hat + m_hat^2)))``, ``m = m_hat D``, ``q - m^2 = q_hat D^2`` and the entropic part is
    ``ln(D)/2 + (q - m^2)/(2D)``.

    When not to use it: a norm that a penalty chooses; take `Gaussian`. Another held norm is ``norm`` of `Perceptron`.

    See Also
    --------
    Gaussian : A penalty in the place of the norm.
    Binary : Counted weights of the same norm.

    References
    ----------
    E. Gardner and B. Derrida, J. Phys. A 21, 271 (1988).

    Examples
    --------
    >>> import replica
    >>> found = replica.capacity(replica.perceptron(replica.Spherical(), margin=0.5))
    >>> print(f"{found:.9f} {found.error < 1e-12}")
    0.961205053 True
    """

    name: ClassVar[str] = "spherical"
    norm: ClassVar[Norm] = Average()
    isotropic: ClassVar[bool] = True
    dimension: ClassVar[float | None] = 1.0
    point_sums: ClassVar[Any] = _sphere_at

    def single(
        self, q_hat: np.ndarray, m_hat: np.ndarray, curvature: np.ndarray, beta: Any, law: Law | None, level: int
    ) -> SingleWeight:
        strength = q_hat + m_hat * m_hat
        distance = 2.0 / (1.0 + np.sqrt(1.0 + 4.0 * strength))
        square = distance * distance
        return SingleWeight(None, strength * square, distance, 1.0, m_hat * distance, q_hat * square, square)

    def entropic(self, single: SingleWeight, q_hat: Any, m_hat: Any, curvature: Any) -> Any:
        """``ln(D)/2 + q_hat D/2``, written with ``D (1 + (q_hat + m_hat^2) D) = 1`` so that ``D -> 1`` loses no
        digits.
        """
        distance = single.variance
        log1p = np.log1p if isinstance(distance, np.ndarray) else distance.context.log1p
        return (q_hat * distance - log1p((q_hat + m_hat * m_hat) * distance)) / 2

    def reference_single(
        self, q_hat: Any, m_hat: Any, curvature: Any, beta: Any, law: Law | None, mp: Any, digits: int
    ) -> SingleWeight:
        strength = q_hat + m_hat**2
        distance = 2 / (1 + mp.sqrt(1 + 4 * strength))
        q, transverse = strength * distance**2, q_hat * distance**2
        return SingleWeight(None, q, distance, mp.one, m_hat * distance, transverse, distance**2)

    def enclosed_single(self, q_hat: Any, m_hat: Any, curvature: Any, law: Law | None) -> SingleWeight:
        return self.reference_single(q_hat, m_hat, curvature, None, law, Functions, 0)

    def enclosed_pair(self, known: Mapping[str, Any], distance: Any, *hats: Any) -> EnclosedPair:
        return sphere_pair(known["q"], 4 * distance * (1 - distance), 1 - 2 * distance, *hats)

    def log_z(self, field: np.ndarray, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One Gaussian weight at multiplier ``A``: ``ln z = h^2/(2A) - (ln A + 1)/2``; see `single` for the sphere."""
        stiffness = curvature[:, None]
        log_z = 0.5 * field**2 / stiffness - 0.5 * np.log(stiffness) - 0.5
        return log_z, field / stiffness, np.broadcast_to(1.0 / stiffness, field.shape)

    def log_measure(self, weight: np.ndarray, beta: Any) -> np.ndarray:
        return np.full_like(weight, -0.5 * np.log(2.0 * np.pi) - 0.5)

    def multiplier(
        self, q_hat: np.ndarray, m_hat: np.ndarray, curvature: np.ndarray, law: Law | None, level: int
    ) -> np.ndarray:
        return 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * (q_hat + m_hat * m_hat)))

    def at_capacity(self, weight: np.ndarray) -> tuple[np.ndarray, list[tuple[float, float]]]:
        return np.exp(-0.5 * weight**2) / np.sqrt(2.0 * np.pi), []

    def pair(self, qt: float, qt_hat: float) -> SphericalPair:
        return SphericalPair(qt, qt_hat)

    def room(self, distance: np.ndarray) -> np.ndarray:
        return spherical_room(distance)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        draw = rng.standard_normal(n)
        return draw * np.sqrt(n) / np.linalg.norm(draw)

    def reference(self, field: Any, curvature: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        return field**2 / (2 * curvature) - mp.log(curvature) / 2 - mp.mpf(1) / 2, field / curvature, 1 / curvature
