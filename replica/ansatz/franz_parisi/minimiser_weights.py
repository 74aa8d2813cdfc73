"""One weight of a probe beside that of a zero-temperature reference: overlaps and part of the potential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from replica.weights.base import Average, SingleWeight, Weights
from replica.weights.law import Law
from saddlepoint.quadrature.fields import weighted_sums
from saddlepoint.quadrature.panels import gaussian_nodes

MEAN_MODULUS = float(np.sqrt(2.0 / np.pi))  # of a Gaussian component: overlap of a vector with its signs


class Conjugates(NamedTuple):
    """Fields on a weight of the probe, arrays over the batch.

    ``own`` is the variance of its own noise (``q_hat - zeta_hat^2/(1-m_r^2)``), ``zeta`` couples to the noise in the
    reference, ``t`` to the vector ``c`` from which the distance is measured, ``u`` to the minimiser itself, ``m`` to
    the direction to be learned, ``curvature`` to the norm.
    """

    own: Any
    zeta: Any
    t: Any
    u: Any
    m: Any
    curvature: Any


class Weighed(NamedTuple):
    """Overlaps of a probe (``t`` with c, ``u`` with the minimiser), its response and its part of the potential.

    ``beside = q - u^2`` where it is known without cancellation.
    """

    single: SingleWeight
    t: np.ndarray
    u: np.ndarray
    zeta: np.ndarray
    potential: np.ndarray
    beside: np.ndarray | None = None


@dataclass(frozen=True)
class Centre:
    """The vector ``c = tilt s(u) + sqrt(1-tilt^2) noise`` that distances are measured from.

    ``s`` is the identity or, ``clipped``, the sign; ``m`` the overlap of the minimiser u with the direction to be
    learned.
    """

    tilt: float = 1.0
    clipped: bool = False
    m: float = 0.0

    @property
    def same(self) -> bool:
        """Whether c is the minimiser itself: then its overlap with the probe is no unknown."""
        return self.tilt == 1.0 and not self.clipped

    def weigh(self, weights: Weights, law: Law | None, beta: Any, at: Conjugates, level: int) -> Weighed:
        r"""Overlaps at given conjugates.

        With ``u = m_r v + sqrt(1-m_r^2) x`` the field of a weight is ``m_hat v + u_hat u + t_hat c + zeta_hat
        x/sqrt(1-m_r^2) + sqrt(own) z``. It is Gaussian unless u is clipped; on the sphere only its second moments
        matter.
        """
        if not self.clipped:
            return self._linear(self.tilt, weights, law, beta, at, level)
        if isinstance(weights.norm, Average):
            return self._linear(self.tilt * MEAN_MODULUS, weights, law, beta, at, level)
        return self._signs(weights, law, beta, at, level)

    def _linear(self, tilt: float, weights: Weights, law: Law | None, beta: Any, at: Conjugates, level: int) -> Weighed:
        room, apart = 1.0 - self.m**2, (1.0 - tilt) * (1.0 + tilt)
        along = at.u + tilt * at.t  # what couples to u in all
        beyond = 2.0 * along * at.zeta + along**2 * room + at.t**2 * apart  # field variance beyond q_hat
        variance = at.own + (at.zeta / np.sqrt(room) + along * np.sqrt(room)) ** 2 + at.t**2 * apart
        lean = at.m + along * self.m
        single = weights.single(variance, lean, at.curvature, beta, law, level)
        u = self.m * single.m + (along * room + at.zeta) * single.variance
        t = tilt * u + at.t * apart * single.variance
        potential = weights.entropic(single, variance, lean, at.curvature) - 0.5 * beyond * single.variance
        if not isinstance(weights.norm, Average):
            return Weighed(single, t, u, along * single.variance, potential)
        # on the sphere what a strong field along u adds cancels: here it is left out
        across = at.m * np.sqrt(room) - at.zeta * self.m / np.sqrt(room)
        potential = 0.5 * np.log(single.variance) + 0.5 * (at.own + at.zeta**2 / room) * single.variance
        beside = (at.own + at.t**2 * apart + across**2) * single.variance**2
        return Weighed(single, t, u, along * single.variance, potential, beside)

    def _signs(self, weights: Weights, law: Law | None, beta: Any, at: Conjugates, level: int) -> Weighed:
        room, size = 1.0 - self.m**2, at.own.size
        apart = at.t**2 * (1.0 - self.tilt**2)
        total = np.zeros((8, size))
        if law is None or law.values is None:  # u itself is standard Gaussian; given u, v is Gaussian too
            slope = at.u + at.zeta + self.m * at.m
            aside = (at.m * room - at.zeta * self.m) / np.sqrt(room)
            found = self._over(
                weights, beta, at, 0.0 * slope, slope, 0.0, 1.0, np.sqrt(at.own + apart + aside**2), level
            )
            total[:7] = found
            total[7] = self.m * found[6] + np.sqrt(room) * aside * found[1]
        else:
            for atom, chance in zip(law.values, law.probabilities, strict=True):
                slope, start = at.u + at.zeta / room, (at.m - at.zeta * self.m / room) * atom
                middle, spread = self.m * atom, np.sqrt(room)
                found = self._over(weights, beta, at, start, slope, middle, spread, np.sqrt(at.own + apart), level)
                total[:7] += chance * found
                total[7] += chance * atom * found[2]
        log_z, variance, _, q, stiff, sign, u, m = total
        m = m if law is not None else 0.0 * m
        single = weights.assemble(log_z, q, variance, m, q - m * m, stiff)
        t = self.tilt * sign + at.t * (1.0 - self.tilt**2) * variance
        zeta = (u - self.m * m - at.zeta * variance) / room
        q_hat = at.own + at.zeta**2 / room
        rest = weights.entropic(single, q_hat, at.m, at.curvature)
        return Weighed(single, t, u, zeta, rest - at.t * t - at.u * u - at.zeta * zeta)

    def _over(
        self,
        weights: Weights,
        beta: Any,
        at: Conjugates,
        start: np.ndarray,
        slope: np.ndarray,
        middle: float,
        spread: float,
        scale: np.ndarray,
        level: int,
    ) -> np.ndarray:
        """Averages of ln z, var w, <w>, <w>^2, (var w)^2, s(u)<w>, u<w> over ``u = middle + spread x``.

        The field of a weight is ``start + slope u + tilt t_hat s(u) + scale z``.
        """
        size, jump = at.own.size, self.tilt * at.t
        edges, narrow = weights.features(at.curvature, beta)
        wide = np.sqrt(narrow**2 + scale[:, None] ** 2) / np.abs(slope[:, None] * spread)
        sides = [(edges - (start + sign * jump)[:, None]) / (slope[:, None] * spread) for sign in (1.0, -1.0)]
        places = np.concatenate(sides, axis=1) - middle / spread
        kink = np.full((size, 1), -middle / spread)
        x, outer = gaussian_nodes(places, np.concatenate([wide, wide], axis=1), kink, min(level + 1, 4))
        u = middle + spread * x
        side = np.sign(u)
        shift = (start[:, None] + slope[:, None] * u + jump[:, None] * side).ravel()
        curvature = np.repeat(at.curvature, x.shape[1])
        weight, log_z, mean, var = weights.on_field(shift, np.repeat(scale, x.shape[1]), curvature, beta, level)
        sums = weighted_sums(weight, (log_z, var, mean), (mean, var)).reshape(5, size, x.shape[1])
        own = weighted_sums(outer, tuple(sums))
        marked = [weighted_sums(outer * mark, (sums[2],))[0] for mark in (side, u)]
        return np.concatenate([own, marked])
