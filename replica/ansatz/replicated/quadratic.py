r"""Replicas of a quadratic cost at a held mutual overlap: one centre, and differences that see no labels.

.. math:: y \phi_y = \phi_c + \tfrac12 \ln\frac{y Q_c}{Q} + (y-1) F,\qquad Q_c = q_1 + \frac{Q-q_1}{y}, \qquad
          F = \tfrac12 \ln\frac{Q-q_1}{Q} - \tfrac\alpha2 \ln k_1

with ``phi_c`` of a single centre of norm ``Q_c`` at inverse temperature ``y beta`` and ``k1 = 1 + beta Delta (Q-q1)``.
Where ``alpha (beta Delta (Q-q1)/k1)^2 > 1`` and alpha > 1 the differences condense on the smallest eigenvalue
``Delta (sqrt alpha - 1)^2`` of the patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.ansatz.coverage import KNOWN_LABELS, NORM_GIVEN, NORM_ON_AVERAGE, SPHERE, SQUARE
from replica.ansatz.rs.ansatz import RS
from replica.data import Channel, Overlaps, over_classes
from replica.models.model import Model
from replica.solution.batch import Solutions, State
from replica.solution.ledger import Ledger
from replica.solution.said import beside
from saddlepoint.quadrature.fields import field_nodes
from saddlepoint.special import tail

EPS = float(np.finfo(float).eps)
#: what is taken over from the centre
CENTRE = ("q", "m", "bias", "V", "free_entropy", "energy")
CONDENSED = (
    "alpha (beta Delta (Q-q1)/k1)^2 > 1: the differences between replicas are condensed on the smallest eigenvalues of "
    "the patterns"
)
Named = dict[str, np.ndarray]


#: replicas of such models are a centre and differences
CENTRED = (SQUARE, KNOWN_LABELS, NORM_ON_AVERAGE, SPHERE, NORM_GIVEN)


def quadratic_replicas(
    ansatz: Any, model: Model, alpha: np.ndarray, power: float, q1: np.ndarray, tolerance: float, apart: Any = None
) -> Solutions:
    """``power`` replicas at mutual overlap ``q1 = norm - apart`` (batch,), ``inf`` for the limit; the centre is solved
    for.
    """
    norm = model.architecture.scale * np.ones(alpha.size)
    if np.any(q1 >= norm) and apart is None:
        raise ValueError(f"q1 must be below the norm {norm.min():g} of the weights, got {q1.max():g}")
    size, beta = alpha.size, model.beta * np.ones(alpha.size)
    apart = norm - q1 if apart is None else apart
    centre = model.with_parameters(norm=q1 + apart / power, beta=power * beta)
    found = RS().solve(centre, alpha, tolerance=tolerance)
    groups = QuadraticReplicas(model, alpha, beta, norm, np.full(size, power), q1, apart)
    columns = [np.nan_to_num(get(name), neginf=-np.inf) for get in (found.value, found.error) for name in CENTRE]
    point, error = (np.stack(part, axis=1) for part in (columns[: len(CENTRE)], columns[len(CENTRE) :]))
    error = np.where(np.isfinite(point), error, 0.0)
    ledger, rows, lost = Ledger(model, alpha), np.flatnonzero(found.converged), np.flatnonzero(~found.converged)
    remarks = np.where(groups.condensed[rows], CONDENSED, "")
    ledger.hold(rows, groups.take(rows), remarks, point[rows], error[rows])
    ledger.refuse(lost, [beside(found.sentence(int(row))) for row in lost])
    ledger.residual[:] = found.residual
    return ledger.solutions(ansatz)


@dataclass(frozen=True)
class QuadraticReplicas(State):
    """Observables of a batch of groups from those of their centres, which are the point."""

    rowwise: ClassVar[tuple[str, ...]] = ("model", "alpha", "beta", "norm", "power", "q1", "apart")
    model: Model
    alpha: np.ndarray
    beta: np.ndarray
    norm: np.ndarray
    power: np.ndarray
    q1: np.ndarray
    apart: np.ndarray  # Q - q1: squared length of one difference
    level: int = 1

    @property
    def noise(self) -> Any:
        """Variance of the fields of weights of norm 1."""
        one = np.ones(self.alpha.size)
        return self.model.data.channels(Overlaps(one, one, 0.0 * one, one))[0].gain

    @property
    def stiffness(self) -> np.ndarray:
        """``beta Delta (Q-q1)/k1``."""
        with np.errstate(invalid="ignore"):
            x = self.beta * self.noise * self.apart
            return np.where(np.isinf(x), 1.0, x / (1.0 + x))

    @property
    def condensed(self) -> np.ndarray:
        return (self.alpha > 1.0) & (self.alpha * self.stiffness**2 > 1.0)

    def differences(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """F, its derivative in Q - q1, and the energy of one difference; at beta = inf the first two over beta."""
        cold, apart, noise = np.isinf(self.beta), self.apart, self.noise
        beta = np.where(cold, 1.0, self.beta)
        x, edge = beta * noise * apart, np.maximum(np.sqrt(self.alpha) - 1.0, 0.0)
        least, far = noise * edge**2, self.condensed
        edge = np.where(far, edge, 1.0)  # not used elsewhere
        free = -0.5 * self.alpha * np.log1p(x)
        begin = 1.0 / edge  # of the condensed phase
        bound = -0.5 * (self.alpha * np.log1p(begin) + np.log(x / begin) + least / noise * (x - begin))
        volume = 0.5 * np.log(apart / self.norm) + np.where(far, bound, free)
        pull = np.where(far, -0.5 * least * beta, 0.5 / apart - 0.5 * self.alpha * beta * noise / (1.0 + x))
        energy = np.where(far, 0.5 / beta + 0.5 * least * apart, 0.5 * self.alpha * noise * apart / (1.0 + x))
        frozen = 0.5 * least * apart
        return np.where(cold, -frozen, volume), np.where(cold, -0.5 * least, pull), np.where(cold, frozen, energy)

    def observe(self, point: np.ndarray) -> tuple[Named, Named]:
        with np.errstate(all="ignore"):
            seen = self._observed(dict(zip(CENTRE, point.T, strict=True)))
        size = np.ones(len(point))
        floors = {name: 16 * EPS * np.abs(value * size) for name, value in seen.items()}
        floors["free_entropy"] = 16 * EPS * (1.0 + np.abs(seen["free_entropy"]))
        for name in ("entropy", "complexity"):
            if name in floors:
                reach = np.where(np.isfinite(self.power), self.power, 1.0)
                floors[name] = 16 * EPS * (1.0 + reach * np.abs(seen["free_entropy"]) + np.abs(seen["complexity"]))
        return {name: value * size for name, value in seen.items()}, floors

    def _observed(self, centre: Named) -> Named:
        y, beta, alpha, noise = self.power, self.beta, self.alpha, self.noise
        shown, pull, energy = self.differences()
        interpolates = np.isneginf(centre["free_entropy"])  # the centre costs nothing: its response has no end
        cold = np.isinf(y * beta)
        soft = np.where(cold, 1.0, y * beta) * np.where(interpolates & cold, np.inf, centre["V"])
        own = np.where(cold, 0.0, centre["V"])
        stiff = 1.0 + noise * soft  # k2
        share = 1.0 - 1.0 / y
        # dphi/dQc over y; at beta = inf over beta too
        push = 0.5 * np.where(np.isinf(beta), 1.0, beta) * (1.0 / soft - alpha * noise / stiff)
        found = {
            "q0": centre["q"],
            "q1": self.q1,
            "m": centre["m"],
            "parisi": y,
            "energy": centre["energy"] + share * energy,
            "slope": -2.0 * self.norm * share * (push - pull),
            "stability": 1.0 - alpha * self.stiffness**2,
            "training_error": self._wrong(centre, stiff, own, share * 2.0 * energy / alpha),
        }
        found |= self._thermal(centre, shown, push, soft, stiff)
        data = self.model.learned({"bias": centre["bias"]}).data
        if not data.overlaps:
            found.pop("m")
            return found
        rest = np.maximum(centre["q"] - centre["m"] ** 2, 0.0)
        barycentre = self.q1 + self.apart / y
        one = data.generalization(Overlaps(centre["q"], self.norm - centre["q"], centre["m"], rest))
        mean = data.generalization(Overlaps(centre["q"], barycentre - centre["q"], centre["m"], rest))
        found |= {"generalization_error": one["generalization_error"]}
        found |= {"generalization_error_centre": mean["generalization_error"]}
        return found | ({"bias": centre["bias"]} if data.reported(1) else {})

    def _thermal(
        self, centre: Named, shown: np.ndarray, push: np.ndarray, soft: np.ndarray, stiff: np.ndarray
    ) -> Named:
        """Free entropy, local entropy and complexity; the last two at finite beta."""
        y, beta, alpha, noise = self.power, self.beta, self.alpha, self.noise
        share = 1.0 - 1.0 / y
        if np.all(np.isinf(beta)):
            return {"free_entropy": share * shown - centre["energy"] + 0.0}
        if np.all(np.isinf(y)):
            phi = -beta * centre["energy"] + shown
            left = 0.5 * np.log(soft / (beta * self.norm)) - 0.5 - 0.5 * alpha * (np.log(stiff) - noise * soft / stiff)
            complexity = self.apart * push + left - shown
            return {"free_entropy": phi, "entropy": phi, "complexity": np.where(np.isinf(soft), np.nan, complexity)}
        whole = centre["free_entropy"] + 0.5 * np.log((y * self.q1 + self.apart) / self.norm)
        grown = -beta * centre["energy"] - self.apart / y * push + 0.5 / y
        phi = whole / y + share * shown
        return {"free_entropy": phi, "entropy": grown + shown, "complexity": whole - y * grown - shown}

    def _wrong(self, centre: Named, stiff: np.ndarray, own: np.ndarray, apart: np.ndarray) -> np.ndarray:
        """Share of patterns on the wrong side: a field moves towards 1 by the stiffness of the centre."""
        data = self.model.learned({"bias": centre["bias"]}).data
        rest = np.maximum(centre["q"] - centre["m"] ** 2, 0.0)
        spread = np.sqrt(self.noise * own / stiff + apart)

        def of_class(channel: Channel) -> np.ndarray:
            places, widths = (1.0 - stiff)[:, None], (stiff * np.maximum(spread, 1e-13))[:, None]
            if channel.density is not None:
                places = np.concatenate([places, channel.places], axis=1)
                widths = np.concatenate([widths, channel.widths], axis=1)
            z, weight, field = field_nodes(places, widths, channel.mean, channel.deviation, self.level)
            weight = weight if channel.density is None else weight * channel.density(z)[0]
            edge = (1.0 - (1.0 - field) / stiff[:, None]) / np.maximum(spread, 1e-13)[:, None]
            return (weight * np.exp(tail(edge)[0])).sum(axis=1)

        return over_classes(data.channels(Overlaps(centre["q"], own, centre["m"], rest)), of_class)
