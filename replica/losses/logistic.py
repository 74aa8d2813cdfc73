"""The logistic loss: cross-entropy of the sign of the stability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica._registry import column, per_row
from replica.losses._inner import tilted_nodes
from replica.losses._logistic import logistic_prox
from replica.losses.base import Loss


@dataclass(frozen=True)
class Logistic(Loss):
    r"""``l(u) = ln(1 + exp(-gain u))/gain``; ``gain -> inf`` is the hinge at margin 0.

    The proximal point is ``h + V p`` with p the root of ``p = 1/(1 + exp(gain (h + V p)))`` in (0, 1), by Newton in
    a bracket. Every stability costs something: there is no capacity below which nothing has to be paid.

    Parameters
    ----------
    gain : float
        Sharpness, above 0.

    References
    ----------
    D. Salehi, E. Abbasi and B. Hassibi, NeurIPS (2019); F. Mignacco et al., ICML (2020).
    """

    gain: float = 1.0
    name: ClassVar[str] = "logistic"
    parameters: ClassVar[dict[str, str]] = {"gain": "gain"}
    log_concave: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "gain", number("gain", self.gain, low=0.0, open_low=True))

    @classmethod
    def examples(cls) -> list[Logistic]:
        return [cls(2.0)]

    def cost(self, u: np.ndarray) -> np.ndarray:
        gain = column(self.gain)
        return np.logaddexp(0.0, -gain * u) / gain

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """From 0 down to ``-beta V``, the fields that a tilt of slope beta carries to the bend of the cost."""
        place = np.zeros(variance.size)
        width = np.sqrt(variance + (2.0 / per_row(self.gain, variance.size)) ** 2)
        low = np.maximum(-per_row(beta, variance.size) * variance, -1e300)
        return np.stack([place, low], axis=1), np.stack([width, width], axis=1)

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """By inner quadrature: ``-beta <l'>`` and ``beta^2 Var(l') - beta <l''>``, which cancel less than moments of u."""
        shape, cold = field.shape, column(per_row(beta, len(field)))
        inner = tilted_nodes(self, field, variance, beta, ())
        total = inner.mass.sum(axis=1)
        rows = inner.u.reshape(shape[0], -1)
        slope, bend = (np.reshape(part, inner.u.shape) for part in (self.slope(rows), self.bend(rows)))
        first = (inner.mass * slope).sum(axis=1) / total
        width = (inner.mass * (slope - first[:, None]) ** 2).sum(axis=1) / total
        bent = (inner.mass * bend).sum(axis=1) / total
        log_z = (np.log(total) + inner.top).reshape(shape)
        return log_z, -cold * first.reshape(shape), cold * (cold * width.reshape(shape) - bent.reshape(shape))

    def inner_features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        gain, inverse = per_row(self.gain, variance.size), per_row(beta, variance.size)
        width = np.minimum(2.0 / gain, 2.0 / np.sqrt(inverse * gain))
        return np.zeros((variance.size, 1)), width[:, None]

    def slope(self, u: np.ndarray) -> np.ndarray:
        grown = column(self.gain) * u
        small = np.exp(-np.abs(grown))
        return -np.where(grown > 0, small, 1.0) / (1.0 + small)

    def bend(self, u: np.ndarray) -> np.ndarray:
        small = np.exp(-np.abs(column(self.gain) * u))
        return column(self.gain) * small / (1.0 + small) ** 2

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        push = logistic_prox(field, self.gain, variance)
        best = field + variance[:, None] * push
        return best, self.cost(best) + 0.5 * variance[:, None] * push**2

    def reference_cost(self, u: Any, mp: Any) -> Any:
        gain = mp.mpf(self.gain)
        return mp.log1p(mp.exp(-gain * u)) / gain

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        """Moments of ``exp(-beta l)`` by the trapezoidal rule in mpmath, outwards from the mode: the integrand is analytic
        in a strip of half-width ``pi/gain``, so the error falls exponentially with the inverse step.
        """
        stretched = np.array([float(beta * variance)])
        mode = mp.mpf(float(self.ground(np.array([[float(field)]]), stretched)[0][0, 0]))
        step = min(mp.mpf(14) / mp.mpf(self.gain), 14 * mp.sqrt(variance)) / (2.4 * mp.dps)
        top = beta * self.reference_cost(mode, mp) + (mode - field) ** 2 / (2 * variance)
        mass, first, second = mp.one, mode - field, (mode - field) ** 2
        for sign in (1, -1):
            u, part = mode, mp.one
            while part > mp.eps / 100:
                u += sign * step
                part = mp.exp(top - beta * self.reference_cost(u, mp) - (u - field) ** 2 / (2 * variance))
                mass, first, second = mass + part, first + part * (u - field), second + part * (u - field) ** 2
        first, second = first / mass, second / mass
        log_z = mp.log(mass * step / mp.sqrt(2 * mp.pi * variance)) - top
        return log_z, first / variance, ((second - first**2) / variance - 1) / variance
