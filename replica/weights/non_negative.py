"""Weights that keep their sign, on the sphere; signs that are prescribed are a gauge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np

from replica._registry import column
from replica.weights.base import Average, Norm, SingleWeight, Weights
from replica.weights.half_line import LOG_ROOT_2PI, half_line
from replica.weights.law import Law
from saddlepoint.quadrature.fields import field_nodes
from saddlepoint.quadrature.rules import gauss_legendre

ROUNDS = 40
#: panels of the law of a teacher: graded towards 0, where a strong field makes the mean of a weight bend
PANELS = (0.0, *np.geomspace(1e-4, 0.4096, 7), 1.0, 2.0, 3.5, 5.5, 9.0)


@cache
def half_normal() -> Law:
    """Law of ``|z|``, z a standard Gaussian, at Gauss nodes."""
    nodes, shares = gauss_legendre(10)
    places, chances = [], []
    for low, high in zip(PANELS[:-1], PANELS[1:], strict=True):
        u = 0.5 * (low + high) + 0.5 * (high - low) * nodes
        places.append(u)
        chances.append(0.5 * (high - low) * shares * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * u * u))
    u, p = np.concatenate(places), np.concatenate(chances)
    p = p / p.sum()
    return Law(tuple((u / np.sqrt(p @ u**2)).tolist()), tuple(p.tolist()))


@dataclass(frozen=True)
class NonNegative(Weights):
    r"""Weights ``w >= 0`` with ``|w|^2 = N``: synapses that keep their sign. Any prescribed signs are the same.

    .. math:: z(h, A) = \int_0^\infty dw\, e^{hw - Aw^2/2}, \qquad
              \langle w\rangle = \mu/\sqrt A,\ \langle w^2\rangle = (1 + x\mu)/A,\ x = h/\sqrt A,\
              \mu = x + g(x)/H(-x)

    The multiplier A holds ``E<w^2> = 1`` and is solved for at every field. Volumes are relative to the whole sphere:
    without patterns the free entropy is ``-ln 2`` and q is ``2/pi``. At capacity, exactly half of that of the sphere at
    every margin and coding, half of the weights are silent. A teacher has weights ``|z|``.

    When not to use it: inputs of non-zero mean with a threshold of order N; take `SignConstrained`.

    See Also
    --------
    Spherical : Weights of any sign.
    SignConstrained : Excitatory and inhibitory weights and inputs of 0 and 1.
    weight_distribution : The law of a weight.

    References
    ----------
    D. J. Amit, K. Y. M. Wong and C. Campbell, J. Phys. A 22, 2039 (1989); N. Brunel et al., Neuron 43, 745 (2004).

    Examples
    --------
    >>> import replica
    >>> model = replica.perceptron(replica.NonNegative(), margin=0.5)
    >>> print(f"{replica.capacity(model):.9f} {replica.solve(model, alpha=0.3)['q']:.9f}")
    0.480602526 0.871963819
    """

    name: ClassVar[str] = "non-negative"
    norm: ClassVar[Norm] = Average()
    dimension: ClassVar[float | None] = 0.5

    @classmethod
    def examples(cls) -> list[NonNegative]:
        return []  # to try with every loss: averages whose multiplier is solved for are dear

    @property
    def symmetric(self) -> bool:
        return False

    def law(self) -> Law:
        return half_normal()

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        draw = np.abs(rng.standard_normal(n))
        return draw * np.sqrt(n) / np.linalg.norm(draw)

    def log_z(self, field: np.ndarray, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One weight at multiplier ``A > 0``, relative to ``sqrt(2 pi e)``; see `single` for the sphere."""
        stiffness = column(curvature)
        root = np.sqrt(stiffness)
        log_z, mean, variance = half_line(field / root)
        return log_z - 0.5 * np.log(stiffness) - 0.5, mean / root, variance / stiffness

    def log_measure(self, weight: np.ndarray, beta: Any) -> np.ndarray:
        return np.where(weight >= 0.0, -LOG_ROOT_2PI - 0.5, -np.inf)

    def multiplier(
        self, q_hat: np.ndarray, m_hat: np.ndarray, curvature: np.ndarray, law: Law | None, level: int
    ) -> np.ndarray:
        values, chances = ((0.0,), (1.0,)) if law is None or law.values is None else (law.values, law.probabilities)
        widened = q_hat if law is None or law.values is not None else q_hat + m_hat**2
        return self._multiplier(m_hat[:, None] * np.array(values), np.sqrt(widened), np.array(chances), level)

    def at_capacity(self, weight: np.ndarray) -> tuple[np.ndarray, list[tuple[float, float]]]:
        return np.where(weight >= 0.0, np.exp(-0.25 * weight**2) / np.sqrt(4.0 * np.pi), 0.0), [(0.0, 0.5)]

    def features(self, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((curvature.size, 1)), np.sqrt(curvature)[:, None]

    def single(
        self, q_hat: np.ndarray, m_hat: np.ndarray, curvature: np.ndarray, beta: Any, law: Law | None, level: int
    ) -> SingleWeight:
        gaussian = law is not None and law.values is None
        atoms, chances = np.zeros(1), np.ones(1)
        if law is not None and law.values is not None:
            atoms, chances = np.array(law.values), np.array(law.probabilities)
        shift = m_hat[:, None] * atoms
        scale = np.sqrt(q_hat + m_hat**2) if gaussian else np.sqrt(q_hat)
        stiffness = self._multiplier(shift, scale, chances, level)
        weight, _, (log_z, mean, variance) = self._averages(shift, scale, stiffness, level)

        def whole(of_node: np.ndarray) -> np.ndarray:
            return np.einsum("an,an->a", weight, of_node).reshape(shift.shape) @ chances

        root = np.sqrt(stiffness)
        spread = whole(variance) / stiffness
        means = np.einsum("an,an->a", weight, mean).reshape(shift.shape) / root[:, None]
        m = m_hat * spread if gaussian else means @ (chances * atoms)
        q = whole(mean**2) / stiffness
        rows = np.repeat(np.arange(q_hat.size), atoms.size)
        away = mean / root[rows, None] - (m[:, None] * atoms).reshape(-1, 1)
        transverse = q - m * m if gaussian else whole(away**2)
        log_z = whole(log_z) + 0.5 * (stiffness - np.log(stiffness) - 1.0)
        return SingleWeight(log_z, q, spread, 1.0, m, transverse, whole(variance**2) / stiffness**2)

    def entropic(self, single: SingleWeight, q_hat: Any, m_hat: Any, curvature: Any) -> Any:
        """With the multiplier that `single` has found, whose part is in its ``log_z``."""
        return -q_hat * single.variance / 2 - m_hat * single.m + single.log_z

    def _averages(
        self, shift: np.ndarray, scale: np.ndarray, stiffness: np.ndarray, level: int
    ) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Weights and places x of nodes for every row and atom (row x atom, n), and `half_line` there."""
        atoms = shift.shape[1]
        deviation, root = (np.repeat(x, atoms) for x in (scale, np.sqrt(stiffness)))
        _, weight, field = field_nodes(0.0 * root[:, None], root[:, None], shift.reshape(-1), deviation, level)
        x = field / root[:, None]
        return weight, x, half_line(x)

    def _multiplier(self, shift: np.ndarray, scale: np.ndarray, chances: np.ndarray, level: int) -> np.ndarray:
        """``A`` at which ``E<w^2> = 1``, by Newton steps in its logarithm: the slope lies between -2 and -1."""
        stiffness = np.sqrt(1.0 + 0.5 * (scale**2 + shift**2 @ chances))
        for mesh, enough in ((0, 1e-6), (level, 4e-15)):
            for _ in range(ROUNDS):
                weight, x, (_, mean, variance) = self._averages(shift, scale, stiffness, mesh)
                second = variance + mean**2
                fourth = x * (x * second + 2.0 * mean) + 3.0 * second
                norm, bend = (
                    np.einsum("an,an->a", weight, part).reshape(shift.shape) @ chances
                    for part in (second, fourth - second**2)
                )
                step = np.log(norm / stiffness) * 2.0 * norm / bend
                stiffness = stiffness * np.exp(step)
                if not np.any(np.abs(step) > enough):
                    break
        return stiffness

    def reference_single(
        self, q_hat: Any, m_hat: Any, curvature: Any, beta: Any, law: Law | None, mp: Any, digits: int
    ) -> SingleWeight:
        def whole(stiffness: Any) -> SingleWeight:
            return super(NonNegative, self).reference_single(q_hat, m_hat, stiffness, beta, law, mp, digits)

        values, chances = (law.values, law.probabilities) if law is not None and law.values else ((0.0,), (1.0,))
        widened = q_hat + m_hat**2 if law is not None and law.values is None else q_hat
        shift, scale = float(m_hat) * np.array([values]), np.sqrt(np.array([float(widened)]))
        start = mp.mpf(float(self._multiplier(shift, scale, np.array(chances), 1)[0]))
        stiffness = mp.findroot(lambda a: whole(a).norm - 1, (start, start * (1 + mp.mpf("1e-9"))))
        found = whole(stiffness)
        return found._replace(log_z=found.log_z + stiffness / 2, norm=mp.one)

    def reference(self, field: Any, curvature: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        root = mp.sqrt(curvature)
        x = field / root
        below = mp.erfc(-x / mp.sqrt(2)) / 2
        hazard = mp.exp(-(x**2) / 2) / mp.sqrt(2 * mp.pi) / below
        log_z = x**2 / 2 + mp.log(below) - mp.log(curvature) / 2 - mp.mpf(1) / 2
        return log_z, (x + hazard) / root, (1 - (x + hazard) * hazard) / curvature
