"""Zero temperature and the limit q -> 1 on the sphere: closed formulas in the proximal map, not extrapolations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from replica.ansatz.cavity import Cavity, exact_scale, rescaled
from replica.ansatz.differences import astray
from replica.ansatz.rs.equations import EPS
from replica.ansatz.zero_temperature_certified import ReferenceProjection, reference_projection
from replica.data import Channel, Overlaps
from replica.losses import Loss
from replica.losses._ground import ground_nodes
from replica.models.model import Model
from saddlepoint import POSITIVE, REAL, Problem, Variable, Variables
from saddlepoint.quadrature.fields import weighted_sums

WHOLE = 1.0 - 1e-15  # a share of the push that is all of it


class Projection:
    r"""Averages of the proximal map over the patterns at zero temperature, in units of the weights.

    ``w`` is the cavity field, ``u = argmin l(u) + (u-w)^2/(2 chi)``, chi the response of the field; for hard
    constraints u is the projection and chi drops out. With the gain g of a class of patterns: ``square = E (u-w)^2/g``,
    ``scores[name] = E[(u-w) s]/g``, ``pull = E (1-u')``, ``rigidity = E (1-u')^2``, ``cost = E l(u)``, ``wrong``.
    ``losses`` replace the model's, one for each class; ``whole=False`` leaves out the last two.
    """

    def __init__(self, cavity: Cavity, losses: Sequence[Loss] | None = None, whole: bool = True) -> None:
        model, level = cavity.model, cavity.level
        if model.architecture.few is not None:
            self._of_few_units(cavity)
            return
        _, slopes = model.architecture.field_overlaps(cavity.overlaps, level)
        size = cavity.overlaps.q.size
        self.square, self.cost, self.pull, self.rigidity, self.wrong = np.zeros((5, size))
        self.scores: dict[str, np.ndarray] = {}
        for k, channel in enumerate(cavity.channels()):
            sums, scores = _channel_sums(losses[k] if losses else model.loss, channel, level, whole)
            _, square, pull, rigidity, cost, wrong = channel.probability * sums
            self.square += square / channel.gain
            self.pull += pull
            self.rigidity += rigidity
            self.cost += cost
            self.wrong += wrong
            scores |= {name: lever * sums[0] for name, lever in (channel.levers or {}).items()}
            for name, score in scores.items():
                self.scores[name] = self.scores.get(name, 0.0) + channel.probability * score / channel.gain
        # chi of a field is that of the weights times the slope of q
        with np.errstate(invalid="ignore"):  # an infinite slope leaves no finite capacity
            self.rigidity += slopes.bend * self.square / slopes.q**2
            self.square /= slopes.q
            for name in self.scores:
                self.scores[name] *= slopes.m / slopes.q

    def _of_few_units(self, cavity: Cavity) -> None:
        """Hard constraints on a few units: the distance to the nearest allowed fields."""
        model, size = cavity.model, cavity.overlaps.q.size
        if not model.data.unrelated or cavity.response is None or np.any(np.isfinite(cavity.response)):
            raise ValueError(
                f"the zero-temperature limit of {model.architecture} is here for the capacity with random labels only"
            )
        losses = [model.loss.take(np.array([row])) for row in range(size)]
        nearest = [model.architecture.few.nearest(loss, cavity.level) for loss in losses]
        self.square, self.rigidity = np.array(nearest).T
        self.cost, self.pull, self.wrong = np.zeros((3, size))
        self.scores = {}

    @property
    def score(self) -> np.ndarray:
        """``E[(u-w) s]`` of the overlap with the direction to be learned."""
        return self.scores["m"]


def _channel_sums(
    loss: Loss, channel: Channel, level: int, whole: bool
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """`Loss.ground_sums` of one class of patterns, and the scores of a field that is reweighted."""
    if channel.density is None:
        return loss.ground_sums(channel.mean, channel.deviation, channel.variance, level, whole), {}
    at = channel.mean, channel.deviation, channel.variance
    z, weight, field = ground_nodes(loss, *at, level, channel.places, channel.widths, whole)
    density, factors = channel.density(z)
    best, move, held = loss.moved(field, channel.variance)
    scores = {name: np.einsum("bn,bn,bn->b", weight, factor, move) for name, factor in factors.items()}
    wrong = loss.violated(best).astype(float)
    sums = weighted_sums(weight * density, (move, held, loss.paid(best), wrong), (move, held))
    return sums[[0, 4, 1, 5, 2, 3]], scores


def unit_overlaps(lean: np.ndarray) -> Overlaps:
    """A single vector of norm 1 whose overlap with the direction to be learned is ``lean`` times its other part."""
    transverse = 1.0 / (1.0 + lean**2)
    return Overlaps(np.ones_like(lean), np.zeros_like(lean), lean * np.sqrt(transverse), transverse)


def floors_of(seen: dict[str, Any]) -> dict[str, Any]:
    """Rounding of what is observed at zero temperature."""
    return {name: 32 * EPS * np.where(np.isfinite(value), np.abs(value), 0.0) for name, value in seen.items()}


class LimitProblem(Problem):
    r"""Capacity of spherical weights, ``q -> 1``: ``alpha E (u-w)^2 = 1 - m^2`` and ``alpha E[(u-w) s] = m``.

    Without a direction to be learned nothing is left to solve; with one, the ratio of the two equations fixes
    ``lean = m/sqrt(1-m^2)`` (largest margin). A bias that is learned obeys ``E[(u-w) label] = 0``.
    """

    def __init__(self, model: Model, size: int, level: int = 1) -> None:
        self.model, self.size, self.level = model, size, level
        self.taught = bool(model.data.overlaps)
        names = (*(("lean",) if self.taught else ()), *model.data.trained)
        self.variables = Variables(*(Variable(name, POSITIVE if name == "lean" else REAL) for name in names))

    def take(self, index: np.ndarray) -> LimitProblem:
        return LimitProblem(self.model.take(index), len(index), self.level)

    def refined(self) -> LimitProblem:
        return LimitProblem(self.model, self.size, self.level + 1)

    def astray(self) -> list[Any]:
        return astray(self)

    def cavity(self, free: np.ndarray) -> Cavity:
        values = self.variables.values(free)
        overlaps = unit_overlaps(values.get("lean", np.zeros(self.size)))
        return Cavity(
            self.model.learned(values), overlaps, np.full(self.size, np.inf), self.level
        )  # every cost is worth avoiding

    def residual(self, free: np.ndarray) -> np.ndarray:
        cavity = self.cavity(free)
        found, rest = Projection(cavity, whole=False), np.sqrt(cavity.overlaps.transverse)
        with np.errstate(divide="ignore", invalid="ignore"):
            rows = [np.log(rest * found.score / found.square) - free[:, 0]]
            for name in self.model.data.trained:  # pushes of both classes may be tiny: they are compared by logarithms
                rows.append(np.arctanh(np.clip(found.scores[name] / found.score, -WHOLE, WHOLE)))
        return np.stack(rows, axis=1)

    def noise(self, free: np.ndarray) -> np.ndarray:
        """Fields are known to their rounding, and tails fall with the square of their distance."""
        return 4 * EPS * np.maximum(1.0 + self.steepness(free)[:, None], np.abs(free))

    def steepness(self, free: np.ndarray) -> np.ndarray:
        """By how much the logarithm of an average changes with that of a field: ``1 + (mean/deviation)^2``."""
        with np.errstate(all="ignore"):
            return np.maximum.reduce([1.0 + (c.mean / c.deviation) ** 2 for c in self.cavity(free).channels()])

    def start(self) -> np.ndarray:
        """Overlap and bias of clusters that are far apart."""
        free = np.zeros((self.size, len(self.variables)))
        if self.taught:
            free[:, 0] = -0.5 * np.log(2.0 * self.model.data.width(self.size))
        if self.model.data.trained:
            one, lean = np.ones(self.size), np.exp(free[:, 0])
            free[:, -1] = self.model.data.best_bias(one, lean / np.hypot(1.0, lean))
        return free

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        cavity = self.cavity(free)
        at, found, one = cavity.overlaps, Projection(cavity), np.ones(self.size)
        with np.errstate(divide="ignore", over="ignore"):
            alpha = at.transverse / found.square
        jumps = self.model.loss.ground_jumps and self.model.loss.hard  # no pattern is given up at capacity
        with np.errstate(invalid="ignore"):
            stability = np.full(self.size, -np.inf) if jumps else 1.0 - alpha * found.rigidity
        seen = {
            "q": one,
            "alpha": alpha,
            "free_entropy": -np.inf * one,
            "entropy": -np.inf * one,
            "energy": 0.0 * one,
            "training_error": found.wrong,
            "stability": stability,
        }
        if self.taught:
            seen |= {"m": at.m} | self.model.architecture.generalization(cavity.model.data, at, self.level)
            seen |= cavity.model.data.reported(self.size)
        seen = rescaled(seen, self.model.architecture.scale)
        floors = floors_of(seen)
        if self.taught:
            floors["alpha"] = floors["alpha"] * self.steepness(free)
        return seen, floors

    def _reference(self, values: dict[str, Any], mp: Any, digits: int) -> tuple[Overlaps, ReferenceProjection]:
        """Overlaps and averages of one row in mpmath numbers."""
        lean = values.get("lean", mp.zero)
        at = Overlaps(mp.one, mp.zero, lean / mp.sqrt(1 + lean**2), 1 / (1 + lean**2))
        return at, reference_projection(self.model.learned(values), at, mp.inf, mp, digits)

    def reference_update(self, values: dict[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        """The steps of `residual`."""
        at, found = self._reference(values, mp, digits)
        new = {"lean": mp.sqrt(at.transverse) * found.scores["m"] / found.square} if self.taught else {}
        step = mp.sqrt(found.square)
        return new | {name: values[name] + found.scores[name] / step for name in self.model.data.trained}

    def reference_describe(self, values: dict[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        at, found = self._reference(values, mp, digits)
        seen = {"q": at.q, "alpha": at.transverse / found.square}
        if self.taught:
            data, network = self.model.learned(values).data, self.model.architecture
            seen |= {"m": at.m} | data.reference_generalization(network.field_overlaps(at)[0], mp)
        return rescaled(seen, exact_scale(self.model, mp))
