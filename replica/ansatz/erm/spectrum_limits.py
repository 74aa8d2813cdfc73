"""A penalty without bounds on inputs of one covariance: the weights follow the sum of the patterns, in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from replica.ansatz.cavity import Cavity
from replica.ansatz.differences import EPS
from replica.ansatz.erm.corners import corners
from replica.ansatz.zero_temperature import Projection, floors_of
from replica.data import Overlaps, over_classes
from replica.models.model import Model
from saddlepoint import CertificationFailed, Problem, Variables

KINKED = "the limit penalty -> inf needs a cost that is smooth at the stability 0: give a finite penalty"
SHORT = 1e-60  # a response that moves no field beyond the slope of the cost there


class HebbProblem(Problem):
    r"""``penalty -> inf``: ``penalty w = sum f v/sqrt(N)`` with f the force on vanishing weights.

    ``m = m_hat <t>``, ``q = m_hat^2 <omega t> + q_hat <omega^2>``, ``|w|^2/N = m_hat^2 <t> + q_hat <omega>``,
    ``V = <omega>`` of penalty times the weights.
    """

    rowwise = ("model", "alpha")

    def __init__(self, model: Model, alpha: np.ndarray, level: int = 1) -> None:
        self.model, self.alpha, self.level, self.size = model, alpha, level, alpha.size
        self.variables = Variables()

    @property
    def kinked(self) -> np.ndarray:
        """Rows whose vanishing weights rest on a kink."""
        if self.model.data.residual:
            return np.zeros(self.size, dtype=bool)
        found = [c.strong > c.weak for c in corners(self.model, self.size)[1]]
        return np.any(found, axis=0) * np.ones(self.size, dtype=bool)

    def residual(self, free: np.ndarray) -> np.ndarray:
        return np.zeros((self.size, 0))

    def start(self) -> np.ndarray:
        return np.zeros((self.size, 0))

    def _forces(self) -> tuple[np.ndarray, np.ndarray, Projection | None]:
        """``m_hat``, ``q_hat``, and averages over residuals of no weights at all."""
        data, one, zero = self.model.data, np.ones(self.size), np.zeros(self.size)
        power = np.asarray(data.power) * one
        root = np.sqrt(power)
        if data.residual:
            still = Overlaps(zero, zero, zero, power)
            found = Projection(Cavity(self.model, still, np.full(self.size, SHORT), self.level))
            return self.alpha * found.pull / SHORT, self.alpha * found.square / SHORT**2, found
        found_corners = corners(self.model, self.size)[1]
        blank = Overlaps(one, one, zero, one)

        def of_class(channel: Any, corner: Any) -> tuple[np.ndarray, np.ndarray]:
            force = corner.weak * one
            return force * channel.density(np.zeros((self.size, 1)))[1]["m"][:, 0], force**2

        score, square = over_classes(data.channels(blank), of_class, found_corners)
        return self.alpha * score / root, self.alpha * square, None

    def cavity(self, free: np.ndarray) -> Cavity:
        """What one pattern sees, in units of penalty times the weights."""
        at, response, _ = self._state()
        if self.model.data.residual:
            zero, power = np.zeros(self.size), np.asarray(self.model.data.power) * np.ones(self.size)
            still = Overlaps(zero, zero, zero, power)
            return Cavity(self.model, still, np.full(self.size, SHORT), self.level)
        return Cavity(self.model, at, response, self.level, corners(self.model, self.size)[1], vanishing=True)

    def _state(self) -> tuple[Overlaps, np.ndarray, np.ndarray]:
        push, force, _ = self._forces()
        second, t, along = self.model.data.modes.moments()
        scale = self.model.data.modes.scale * np.ones(self.size)
        data = self.model.data
        power, root = np.asarray(data.power), np.sqrt(np.asarray(data.power))
        q, m = push**2 * along + force * second, push * t
        at = Overlaps(q, 0.0 * q, m / root, np.maximum(q - m**2 / power, 1e-300))
        return at, scale, push**2 * t + force * scale

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        at, response, norm = self._state()
        data, zero = self.model.data, np.zeros(self.size)
        found = Projection(self.cavity(free), None if data.residual else corners(self.model, self.size)[1])
        root = np.sqrt(np.asarray(data.power))
        seen: dict[str, Any] = {"q": at.q, "m": at.m * root, "V": response, "norm": norm}
        if data.residual:
            at = Overlaps(zero, zero, zero, root**2 * np.ones(self.size))
        seen |= data.generalization(at)
        energy = self.alpha * found.cost
        wrong = found.wrong if not data.residual else data.generalization(at)["generalization_error"]
        seen |= {"free_entropy": 0.0 - energy, "energy": energy, "training_error": wrong}
        seen["stability"] = np.ones(self.size)
        floors = floors_of(seen)
        return seen, {name: floor + 32 * EPS * np.abs(seen[name]) for name, floor in floors.items()}

    def reference_update(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        raise CertificationFailed("this limit is a closed form in double precision: take a large penalty")
