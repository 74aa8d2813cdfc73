"""Zero temperature and the limit q -> 1 on the sphere: closed formulas in the proximal map, not extrapolations."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz._cavity import Cavity, ground_cavity
from replica.architectures import Slopes
from replica.data import Channel, Overlaps
from replica.model import Model
from saddlepoint import POSITIVE, UNIT, Problem, Variable, Variables
from saddlepoint.quadrature.panels import gaussian_nodes

EPS = np.finfo(float).eps
STEP = 2.0**-24  # of the slope of a proximal map, exact in binary


def generalization_at_one(model: Model, m: np.ndarray, level: int) -> dict[str, np.ndarray]:
    """Generalisation errors at ``q = 1``."""
    one = np.ones_like(m)
    return model.architecture.generalization(model.data, Overlaps(one, 0.0 * one, m, 1.0 - m**2), level)


def ground_channels(
    model: Model, m: np.ndarray, chi: np.ndarray, level: int = 1
) -> tuple[list[Channel], Slopes, np.ndarray]:
    """Classes of patterns at ``q = 1``, the slopes of the field overlaps there, and the response ``chi`` of a field."""
    weights = Overlaps(np.ones_like(chi), np.zeros_like(chi), m, 1.0 - m**2)
    fields, slopes = model.architecture.field_overlaps(weights, level)
    response = slopes.q * chi
    return model.data.channels(fields._replace(variance=response)), slopes, response


class Projection:
    r"""Averages of the proximal map at ``q = 1``: ``E (u-w)^2``, ``E[(u-w) s]``, the cost at u, the share of
    fields that move.

    ``w`` is the cavity field, ``u = argmin l(u) + (u-w)^2/(2 chi)``; for hard constraints u is the projection and
    chi drops out.
    """

    def __init__(self, model: Model, m: np.ndarray, chi: np.ndarray, level: int) -> None:
        if model.architecture.few is not None:
            self._of_few_units(model, m, chi, level)
            return
        channels, slopes, chi = ground_channels(model, m, chi, level)
        self.square, self.score, self.cost, self.rigidity, self.wrong = np.zeros((5, chi.size))
        for channel in channels:
            breaks = (model.loss.ground_breaks(chi) - channel.mean[:, None]) / channel.deviation[:, None]
            none = np.zeros((chi.size, 0))
            deviation = channel.deviation[:, None]
            places = none if channel.places is None else (channel.places - channel.mean[:, None]) / deviation
            widths = none if channel.widths is None else channel.widths / deviation
            zero = -channel.mean[:, None] / channel.deviation[:, None]
            z, weight = gaussian_nodes(places, widths, np.concatenate([breaks, zero], axis=1), level)
            density, scores = (1.0, {}) if channel.density is None else channel.density(z)
            field = channel.mean[:, None] + channel.deviation[:, None] * z
            best, _ = model.loss.ground(field, chi)
            move = best - field
            mass = channel.probability * weight * density
            self.square += np.einsum("bn,bn->b", mass, move**2)
            self.cost += np.einsum("bn,bn->b", mass, model.loss.cost(best))
            ahead, _ = model.loss.ground(field + STEP, chi)
            self.rigidity += np.einsum("bn,bn->b", mass, (1.0 - (ahead - best) / STEP) ** 2)  # E (1 - du/dw)^2
            self.wrong += np.einsum("bn,bn->b", mass, model.loss.violated(best).astype(float))
            if "m" in scores:
                self.score += np.einsum("bn,bn->b", channel.probability * weight * scores["m"], move)
        # in units of the weights: chi of a field is that of the weights times the slope of q
        with np.errstate(invalid="ignore"):  # an infinite slope leaves no finite capacity
            self.rigidity += slopes.bend * self.square / slopes.q**2
            self.square /= slopes.q
            self.score *= slopes.m / slopes.q


    def _of_few_units(self, model: Model, m: np.ndarray, chi: np.ndarray, level: int) -> None:
        """Hard constraints on a few units: the distance to the nearest allowed fields."""
        if not model.data.unrelated or np.any(np.isfinite(chi)):
            raise ValueError(
                f"the zero-temperature limit of {model.architecture} is here for the capacity with random labels only"
            )
        losses = [model.loss.take(np.array([row])) for row in range(chi.size)]
        self.square, self.rigidity = np.array([model.architecture.few.nearest(loss, level) for loss in losses]).T
        self.score, self.cost, self.wrong = np.zeros((3, chi.size))


class LimitProblem(Problem):
    r"""Capacity of spherical weights, ``q -> 1``: ``alpha E (u-w)^2 = 1 - m^2`` and ``alpha E[(u-w) s] = m``.

    Without a teacher nothing is left to solve; with one, the ratio of the two equations fixes ``m`` (largest margin).
    """

    def __init__(self, model: Model, size: int, level: int = 1) -> None:
        self.model, self.size, self.level = model, size, level
        self.taught = bool(model.data.overlaps)
        self.variables = Variables(*((Variable("m", UNIT),) if self.taught else ()))

    def take(self, index: np.ndarray) -> LimitProblem:
        return LimitProblem(self.model.take(index), len(index), self.level)

    def refined(self) -> LimitProblem:
        return LimitProblem(self.model, self.size, self.level + 1)

    def averages(self, free: np.ndarray) -> tuple[np.ndarray, Projection]:
        m = self.variables.values(free)["m"] if self.taught else np.zeros(self.size)
        return m, Projection(self.model, m, np.full(self.size, np.inf), self.level)  # every cost is worth avoiding

    def residual(self, free: np.ndarray) -> np.ndarray:
        m, found = self.averages(free)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(found.score / m * (1.0 - m**2) / found.square)[:, None]

    def start(self) -> np.ndarray:
        return np.zeros((self.size, len(self.variables)))

    def alpha(self, free: np.ndarray) -> np.ndarray:
        m, found = self.averages(free)
        with np.errstate(divide="ignore"):
            return (1.0 - m**2) / found.square

    def cavity(self, free: np.ndarray) -> Cavity:
        m = self.variables.values(free)["m"] if self.taught else np.zeros(self.size)
        return ground_cavity(self.model, m, np.full(self.size, np.inf), self.level)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        m, found = self.averages(free)
        with np.errstate(divide="ignore"):
            alpha = (1.0 - m**2) / found.square
        one = np.ones(self.size)
        jumps = self.model.loss.ground_jumps and self.model.loss.hard  # no pattern is given up at capacity
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
            seen["m"] = m
            seen |= generalization_at_one(self.model, m, self.level)
        floors = {
            name: 8 * EPS * np.where(np.isfinite(value), 1.0 + np.abs(value), 0.0) for name, value in seen.items()
        }
        return seen, floors


class GroundProblem(Problem):
    r"""Ground state of spherical weights: ``chi = lim beta (1-q)`` from ``alpha E (u-w)^2 = 1 - m^2`` (and m
    from its own).

    ``energy = alpha E l(u)``; ``free_entropy`` is the limit of ``phi/beta``, minus the energy.
    """

    def __init__(self, model: Model, alpha: np.ndarray, level: int = 1) -> None:
        self.model, self.alpha, self.level, self.size = model, alpha, level, alpha.size
        self.taught = bool(model.data.overlaps)
        self.variables = Variables(Variable("V", POSITIVE), *((Variable("m", UNIT),) if self.taught else ()))

    def take(self, index: np.ndarray) -> GroundProblem:
        return GroundProblem(self.model.take(index), self.alpha[index], self.level)

    def refined(self) -> GroundProblem:
        return GroundProblem(self.model, self.alpha, self.level + 1)

    def averages(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], Projection]:
        values = self.variables.values(free)
        m = values.get("m", np.zeros(self.size))
        return values | {"m": m}, Projection(self.model, m, values["V"], self.level)

    def residual(self, free: np.ndarray) -> np.ndarray:
        values, found = self.averages(free)
        with np.errstate(divide="ignore", invalid="ignore"):
            rows = [np.log(self.alpha * found.square / (1.0 - values["m"] ** 2))]
            if self.taught:
                rows.append(np.log(self.alpha * found.score / values["m"]))
        return np.stack(rows, axis=1)

    def cavity(self, free: np.ndarray) -> Cavity:
        values = self.variables.values(free)
        return ground_cavity(self.model, values.get("m", np.zeros(self.size)), values["V"], self.level)

    def start(self) -> np.ndarray:
        return np.zeros((self.size, len(self.variables)))

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        values, found = self.averages(free)
        energy = self.alpha * found.cost
        one = np.ones(self.size)
        stability = -np.inf * one if self.model.loss.ground_jumps else 1.0 - self.alpha * found.rigidity
        seen: dict[str, Any] = {
            "q": one,
            "V": values["V"],
            "free_entropy": -energy,
            "energy": energy,
            "training_error": found.wrong,
            "stability": stability,
        }
        if self.taught:
            m = values["m"]
            seen |= {"m": m} | generalization_at_one(self.model, m, self.level)
        floors = {
            name: 8 * EPS * np.where(np.isfinite(value), 1.0 + np.abs(value), 0.0) for name, value in seen.items()
        }
        return seen, floors
