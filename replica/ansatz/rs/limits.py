"""The limit q -> 1 on the sphere as an RS problem: closed formulas in the proximal map, not extrapolations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from replica.ansatz.cavity import Cavity, exact_scale, rescaled
from replica.ansatz.differences import EPS, astray
from replica.ansatz.zero_temperature import WHOLE, Projection, floors_of, unit_overlaps
from replica.ansatz.zero_temperature_certified import ReferenceProjection, reference_projection
from replica.data import Overlaps
from replica.models.model import Model
from saddlepoint import POSITIVE, REAL, Problem, Variable, Variables


class LimitProblem(Problem):
    r"""Capacity of spherical weights, ``q -> 1``: ``alpha E (u-w)^2 = 1 - m^2`` and ``alpha E[(u-w) s] = m``.

    In a cone of directions (random labels) only its share of the dimensions answers: ``alpha E (u-w)^2 = dimension``.

    Without a direction to be learned nothing is left to solve; with one, the ratio of the two equations fixes
    ``lean = m/sqrt(1-m^2)`` (largest margin). A bias that is learned obeys ``E[(u-w) label] = 0``.
    """

    rowwise = ("model",)

    def __init__(self, model: Model, size: int, level: int = 1) -> None:
        self.model, self.size, self.level = model, size, level
        self.taught = bool(model.data.overlaps)
        self.share = np.nan if model.weights.dimension is None else model.weights.dimension
        names = (*(("lean",) if self.taught else ()), *model.data.trained)
        self.variables = Variables(*(Variable(name, POSITIVE if name == "lean" else REAL) for name in names))

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
            rows = [np.log(rest * found.score / found.square) - free[:, 0]] if self.taught else []
            for name in self.model.data.trained:  # pushes of both classes may be tiny: they are compared by logarithms
                rows.append(np.arctanh(np.clip(found.scores[name] / found.push, -WHOLE, WHOLE)))
        return np.stack(rows, axis=1)

    def noise(self, free: np.ndarray) -> np.ndarray:
        """Fields are known to their rounding, and tails fall with the square of their distance."""
        return 4 * EPS * np.maximum(1.0 + self.steepness(free)[:, None], np.abs(free))

    def steepness(self, free: np.ndarray) -> np.ndarray:
        """By how much the logarithm of an average changes with that of a field: ``1 + (mean/deviation)^2``."""
        with np.errstate(all="ignore"):
            return np.maximum.reduce([1.0 + (c.mean / c.deviation) ** 2 for c in self.cavity(free).channels()])

    def site(self, free: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[float]]:
        """Density of a single weight at places (n,): (batch, n); masses of its atoms, and their places."""
        density, atoms = self.model.weights.at_capacity(weight)
        masses = np.array([mass for _, mass in atoms])
        return np.tile(density, (self.size, 1)), np.tile(masses, (self.size, 1)), [place for place, _ in atoms]

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
            alpha = self.share * at.transverse / found.square
        jumps = self.model.loss.ground_jumps and self.model.loss.hard  # no pattern is given up at capacity
        with np.errstate(invalid="ignore"):
            stability = np.full(self.size, -np.inf) if jumps else 1.0 - alpha * found.rigidity / self.share
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
        if len(self.variables):
            floors["alpha"] = floors["alpha"] * self.steepness(free)
        return seen, floors

    def _reference(self, values: Mapping[str, Any], mp: Any, digits: int) -> tuple[Overlaps, ReferenceProjection]:
        """Overlaps and averages of one row in mpmath numbers."""
        lean = values.get("lean", mp.zero)
        at = Overlaps(mp.one, mp.zero, lean / mp.sqrt(1 + lean**2), 1 / (1 + lean**2))
        return at, reference_projection(self.model.learned(values), at, mp.inf, mp, digits)

    def reference_update(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        """The steps of `residual`."""
        at, found = self._reference(values, mp, digits)
        new = {"lean": mp.sqrt(at.transverse) * found.scores["m"] / found.square} if self.taught else {}
        step = mp.sqrt(found.square)
        return new | {name: values[name] + found.scores[name] / step for name in self.model.data.trained}

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        at, found = self._reference(values, mp, digits)
        seen = {"q": at.q, "alpha": self.share * at.transverse / found.square}
        if self.taught:
            data, network = self.model.learned(values).data, self.model.architecture
            seen |= {"m": at.m} | data.reference_generalization(network.field_overlaps(at)[0], mp)
        return rescaled(seen, exact_scale(self.model, mp))
