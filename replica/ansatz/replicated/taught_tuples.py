r"""Groups of m weight vectors +-1 at a mutual overlap that learn from a teacher of their kind: equations and the load.

.. math:: \phi = -\tfrac{\hat q_1}{2}(1-q_1) - \tfrac m2 (q_1\hat q_1 - q_0 \hat q_0) - \hat R R
          + \tfrac1m E \ln E_1 (2\cosh h)^m
          + \tfrac{\alpha}{m} E\, 2H\!\left(\tfrac{-R z_0}{\sqrt{q_0-R^2}}\right) \ln E_1 Z^m

with ``h = R_hat + sqrt(q_hat0) z_0 + sqrt(q_hat1 - q_hat0) z_1`` and Z that of the loss at ``sqrt(q_0) z_0 +
sqrt(q_1-q_0) z_1``, variance ``1 - q_1``. Groups at their energy are counted by ``phi + beta e``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from replica.ansatz.franz_parisi.vertices import NONE, nodes
from replica.ansatz.replicated.patterns import outer_features
from replica.models.model import Model
from saddlepoint.special import tail

FAR, STEP = 9.0, 0.25  # of sums over the field inside a group, in its deviations


class Averages(NamedTuple):
    """Of one pattern: ``log_z = E ln E_1 Z^m``, ``square = E<g>^2``, the pull of the teacher, and of groups the means
    of the cost, of ``ln Z`` (``value``), of ``g^2`` (``inner``), and of errors.
    """

    log_z: float
    square: float
    pull: float
    cost: float
    value: float = np.nan
    inner: float = np.nan
    wrong: float = np.nan


@dataclass(frozen=True)
class TaughtTuples:
    """The equations at a mutual overlap ``q1``; unknowns ``ln q_hat0, ln(q_hat1 - q_hat0), R_hat, ln alpha``."""

    model: Model
    clones: float
    q1: float
    level: int = 1

    def spread(self, low: float, gap: float, pull: float) -> tuple[float, ...]:
        """`weights` for any number of clones, by sums over the field inside a group, and ``E <ln 2 cosh h>``."""
        m, root = self.clones, np.sqrt(low)
        share, field = (x[0] for x in nodes(np.zeros(1), np.full(1, 1.0 / m), NONE, np.array([pull]), root, self.level))
        step = STEP * 0.8**self.level * min(1.0, 1.0 / np.sqrt(gap))
        y = step * np.arange(-int((FAR + m * np.sqrt(gap)) / step) - 1, int((FAR + m * np.sqrt(gap)) / step) + 2)
        h = field[:, None] + np.sqrt(gap) * y
        log_cosh = np.logaddexp(h, -h)
        exponent = m * log_cosh - 0.5 * y * y + np.log(step / np.sqrt(2.0 * np.pi))
        top = exponent.max(axis=1, keepdims=True)
        mass = np.exp(exponent - top)
        total = mass.sum(axis=1)
        mean, square, value = (np.sum(mass * part, axis=1) / total for part in (np.tanh(h), np.tanh(h) ** 2, log_cosh))
        seen = np.log(total) + top[:, 0], mean**2, square, mean, value
        return tuple(float(share @ part) for part in seen)

    def weights(self, low: float, gap: float, pull: float) -> tuple[float, ...]:
        """``E ln E_1 (2 cosh h)^m``, ``q_0``, ``q_1`` and ``R`` at conjugates, by a binomial sum."""
        m = int(self.clones)
        letters = float(m) - 2.0 * np.arange(m + 1)
        counts = np.cumsum(np.append(0.0, np.log((m - np.arange(m)) / (1.0 + np.arange(m)))))
        root = np.sqrt(low)
        share, field = (x[0] for x in nodes(np.zeros(1), np.full(1, 1.0 / m), NONE, np.array([pull]), root, self.level))
        exponent = counts + letters * field[:, None] + 0.5 * letters**2 * gap
        top = exponent.max(axis=1, keepdims=True)
        mass = np.exp(exponent - top)
        total = mass.sum(axis=1)
        first, second = (mass @ letters**k / total for k in (1, 2))
        mean, pair = first / m, (second - m) / (m * (m - 1.0))
        return (
            float(share @ (np.log(total) + top[:, 0])),
            float(share @ mean**2),
            float(share @ pair),
            float(share @ mean),
        )

    def _inner(self, cavity: np.ndarray, q0: float, whole: bool = False) -> tuple[np.ndarray, ...]:
        """``ln E_1 Z^m`` and the means of the slope and of the cost in that measure, given the common field; the
        ``whole`` has those of ``ln Z``, of the squared slope and of errors too.
        """
        rest, own = 1.0 - self.q1, float(np.sqrt(self.q1 - q0))
        loss, beta = self.model.loss, float(self.model.beta)
        places, widths = (x[0] for x in loss.features(np.array([rest]), beta))
        share, field = nodes(places, widths, NONE, cavity, own, self.level)
        variance = np.full(len(field), rest)
        value, slope, _ = loss.terms(field, variance, beta)
        cost = loss.mean_cost(field, variance, beta) if np.isfinite(beta) else 0.0 * field
        with np.errstate(divide="ignore"):
            exponent = self.clones * value + np.log(share)
        top = exponent.max(axis=1, keepdims=True)
        mass = np.exp(exponent - top)
        total = mass.sum(axis=1)
        means = [slope, cost]
        if whole:
            wrong = loss.error_rate(field, variance, beta) if np.isfinite(beta) else 0.0 * field
            means += [np.where(mass > 0, value, 0.0), slope**2, wrong]
        return np.log(total) + top[:, 0], *((mass * part).sum(axis=1) / total for part in means)

    def _turns(self, q0: float) -> tuple[np.ndarray, np.ndarray]:
        """Places and widths where groups cease to pay for a pattern, or begin to, in the common field."""
        m, beta, common = np.array([self.clones]), float(self.model.beta), np.array([q0])
        gap, rest = np.log(m * (self.q1 - q0)), np.array([1.0 - self.q1])
        places, widths = outer_features(self.model.loss, beta, np.zeros(1), common, gap, rest, m)
        return np.append(0.0, places[0]), np.append(np.sqrt(1.0 - q0), widths[0])

    def patterns(self, q0: float, overlap: float) -> tuple[float, ...]:
        """``E ln E_1 Z^m``, ``E<g>^2``, the pull of the teacher, and the mean cost, per pattern."""
        return self.averages(q0, overlap, whole=False)[:4]

    def averages(self, q0: float, overlap: float, whole: bool = True) -> Averages:
        """The same, and with the ``whole`` the other means inside groups."""
        across = float(np.sqrt(max(q0 - overlap**2, 1e-300)))
        places, widths = self._turns(q0)
        own = places.size  # features of the groups; that of the teacher comes last
        places = np.append(places, 0.0)
        widths = np.append(widths, across * np.sqrt(q0) / max(abs(overlap), 1e-300))
        share, cavity = (x[0] for x in nodes(places, widths, NONE, np.zeros(1), float(np.sqrt(q0)), self.level))
        rule = 2.0 * np.exp(tail(-overlap * cavity / (np.sqrt(q0) * across))[0])
        log_z, slope, *others = self._inner(cavity, q0, whole)
        value, square, *means = (float(share @ (rule * part)) for part in (log_z, slope**2, *others))
        share, cavity = (x[0] for x in nodes(places[:own], widths[:own], NONE, np.zeros(1), across, self.level))
        pull = 2.0 / np.sqrt(2.0 * np.pi) * float(share @ self._inner(cavity, q0)[1])
        return Averages(value, square, pull, *means)

    def at(self, free: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        """Residuals, and what is seen there."""
        low, gap, alpha = (float(np.exp(free[k])) for k in (0, 1, 3))
        pull, m, q1 = float(free[2]), self.clones, self.q1
        entropic, q0, inner, overlap = self.weights(low, gap, pull)
        q0 = min(q0, q1 * (1.0 - 1e-12))
        log_z, square, teacher, cost = self.patterns(q0, overlap)
        high = low + gap
        phi = -0.5 * high * (1.0 - q1) - 0.5 * m * (q1 * high - q0 * low) - pull * overlap
        phi += (entropic + alpha * log_z) / m
        energy = alpha * cost
        number = phi + (float(self.model.beta) * energy if energy else 0.0)
        residual = [inner - q1, np.log(alpha * square / low), (alpha * teacher - pull) / (1.0 + abs(pull)), number]
        seen = {"alpha": alpha, "q1": q1, "q0": q0, "q1_hat": high, "q0_hat": low, "m": overlap, "m_hat": pull}
        return np.array(residual), seen | {"parisi": float(m), "energy": energy, "free_entropy": phi, "number": number}

    def solve(self, start: Any) -> np.ndarray | None:
        """Newton steps from there; None where they do not settle."""
        point = np.array(start, dtype=float)
        with np.errstate(all="ignore"):
            for _ in range(40):
                residual, _ = self.at(point)
                if not np.all(np.isfinite(residual)):
                    return None
                columns = [(self.at(point + 1e-6 * unit)[0] - residual) / 1e-6 for unit in np.eye(4)]
                matrix = np.stack(columns, axis=1)
                if not np.all(np.isfinite(matrix)) or np.linalg.cond(matrix) > 1e14:
                    return None
                step = -np.linalg.solve(matrix, residual)
                size = float(np.abs(step).max())
                point = point + step * min(1.0, 0.5 / size if size else 1.0)
                if size < 1e-9:
                    return point
        return None
