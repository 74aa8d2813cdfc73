"""The vector of least cost at zero temperature: its equations, for a norm that is held, penalised or left alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from replica._registry import exact, per_row
from replica.ansatz.cavity import Cavity, exact_scale, rescaled
from replica.ansatz.differences import EPS
from replica.ansatz.erm.base import LeastCost
from replica.ansatz.zero_temperature import Projection, floors_of, unit_overlaps
from replica.ansatz.zero_temperature_certified import ReferenceProjection, reference_projection
from replica.data import Channel, Overlaps, over_classes
from replica.models.model import Model
from saddlepoint import POSITIVE, REAL, Variable, Variables

CHARTS = {"lean": REAL, "transverse": POSITIVE, "V": POSITIVE}


@lru_cache(maxsize=64)
def _variables(names: tuple[str, ...]) -> Variables:
    return Variables(*(Variable(name, CHARTS.get(name, REAL)) for name in names))


class RiskProblem(LeastCost):
    r"""Minimise ``sum l(h) + (penalty/2)|w|^2``, or the cost on the sphere; one vector, ``Q = q``.

    A cavity field w of a pattern is moved to ``u = argmin l(u) + (u-w)^2/(2 chi)`` with ``chi = gain V`` and V the
    response of the weights. With ``transverse = q - m^2`` and ``lean = m/sqrt(transverse)``

    .. math:: q - m^2 = \alpha E (u-w)^2/g, \quad m = \alpha E[(u-w) s]/g, \quad
              \lambda V = 1 - \alpha E (1-u'), \quad E[(u-w)\,\mathrm{label}] = 0

    the last for a bias that is learned. ``lambda`` is the penalty, or (q held) the multiplier that is read off. With
    ``interpolates`` V is infinite: the smallest of all vectors that pay nothing.
    """

    damped = ("lean", "transverse")

    def __init__(self, model: Model, alpha: np.ndarray, level: int = 1, interpolates: bool = False) -> None:
        super().__init__(model, alpha, level, interpolates)
        self.penalised = model.weights.penalised
        self.taught = bool(model.data.overlaps)
        names = [*(("lean",) if self.taught else ()), *(("transverse",) if self.penalised else ())]
        names += [*(() if interpolates else ("V",)), *model.data.trained]
        self.variables = _variables(tuple(names))

    def cavity(self, free: np.ndarray) -> Cavity:
        values = self.variables.values(free)
        lean, model = values.get("lean", np.zeros(self.size)), self.model.learned(values)
        response = values.get("V", np.full(self.size, np.inf))
        if not self.penalised:
            return Cavity(model, unit_overlaps(lean), response, self.level)
        rest = values["transverse"]
        at = Overlaps(rest * (1.0 + lean**2), np.zeros(self.size), lean * np.sqrt(rest), rest)
        return Cavity(model, at, response, self.level)

    def residual(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            cavity = self.cavity(free)
            found, rest = Projection(cavity, whole=False), cavity.overlaps.transverse
            rows = [lean_step(self.alpha * found.score / np.sqrt(rest), free[:, 0])] if self.taught else []
            rows.append(np.log(self.alpha * found.square / rest))
            if self.penalised and not self.interpolates:
                rows.append(self.model.weights.penalty * cavity.response + self.alpha * found.pull - 1.0)
            rows += [found.scores[name] / np.sqrt(found.square) for name in self.model.data.trained]
        return np.stack(rows, axis=1)

    def row_of(self, name: str) -> int:
        """The residual that fixes one variable when the others are known."""
        if name == "V" and not self.penalised:
            return int(self.taught)
        return super().row_of(name)

    def interpolated(self, free: np.ndarray) -> np.ndarray:
        """Whether a point of the limit ``penalty -> 0`` pays nothing: fewer patterns hold it than there are weights."""
        with np.errstate(all="ignore"):
            return self.alpha * Projection(self.cavity(free)).pull < 1.0

    def noise(self, free: np.ndarray) -> np.ndarray:
        """Fields are known to their rounding, which weighs more the narrower their distribution is, and in the overlap
        the stiffer the patterns hold it; overlaps to that of their logarithms.
        """
        with np.errstate(all="ignore"):
            cavity = self.cavity(free)
            channels = cavity.channels()
            sharp = np.maximum.reduce([1.0 + (1.0 + np.abs(c.mean)) / c.deviation for c in channels])
            found = np.maximum(sharp[:, None], np.abs(free))
            if self.taught:
                logs = [k for k, variable in enumerate(self.variables) if variable.chart is POSITIVE]
                stiff = self.held(cavity) * np.maximum.reduce([(1.0 + np.abs(c.mean)) / c.gain for c in channels])
                own = np.maximum(np.abs(free[:, logs]).max(axis=1, initial=0.0), stiff / np.sqrt(cavity.overlaps.q))
                found[:, 0] = np.maximum(sharp, own)
        return 8 * EPS * found

    def held(self, cavity: Cavity) -> np.ndarray:
        """``alpha E (1-u')`` at a solution: the share of the weights that patterns hold."""
        if self.interpolates or not self.penalised:
            return np.ones(self.size)
        return np.clip(1.0 - self.model.weights.penalty * cavity.response, 0.0, 1.0)

    def start(self) -> np.ndarray:
        """The solution for the square loss, in closed form."""
        return self.variables.free(square_start(self), self.size)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        cavity = self.cavity(free)
        at, found = cavity.overlaps, Projection(cavity)
        energy = self.alpha * found.cost
        penalty = per_row(self.model.weights.penalty, self.size) if self.penalised else 0.0
        jumps = self.model.loss.ground_jumps
        seen: dict[str, Any] = {
            "q": at.q,
            "V": cavity.response,
            "free_entropy": 0.0 - (energy + 0.5 * penalty * at.q),
            "energy": energy,
            "training_error": found.wrong,
            "stability": np.full(self.size, -np.inf) if jumps else 1.0 - self.alpha * found.rigidity,
        }
        if not self.penalised:
            seen["multiplier"] = (1.0 - self.alpha * found.pull) / cavity.response
        if self.taught:
            seen |= {"m": at.m} | self.model.architecture.generalization(cavity.model.data, at)
            seen |= cavity.model.data.reported(self.size)
        seen = rescaled(seen, self.model.architecture.scale)
        floors = floors_of(seen)
        floors["stability"] = floors["stability"] + 32 * EPS
        if not self.penalised:
            floors["multiplier"] = 8 * EPS * (1.0 + self.alpha * found.pull) / cavity.response
        return seen, floors

    def _reference(self, values: Mapping[str, Any], mp: Any, digits: int) -> tuple[Overlaps, Any, ReferenceProjection]:
        """Overlaps, response and averages of one row in mpmath numbers."""
        lean, response = values.get("lean", mp.zero), values.get("V", mp.inf)
        rest = values["transverse"] if self.penalised else 1 / (1 + lean**2)
        at = Overlaps(rest * (1 + lean**2), mp.zero, lean * mp.sqrt(rest), rest)
        return at, response, reference_projection(self.model.learned(values), at, response, mp, digits)

    def reference_update(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        """The steps of `residual`."""
        at, response, found = self._reference(values, mp, digits)
        alpha, new = mp.mpf(float(self.alpha[0])), dict(values)
        if self.taught:
            new["lean"] = alpha * found.scores["m"] / mp.sqrt(at.transverse)
        new["transverse" if self.penalised else "V"] *= alpha * found.square / at.transverse
        if self.penalised and not self.interpolates:
            new["V"] *= mp.exp(exact(self.model.weights.penalty, mp) * response + alpha * found.pull - 1)
        for name in self.model.data.trained:
            new[name] += found.scores[name] / mp.sqrt(found.square)
        return new

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        """Order parameters, energy and generalisation error at certified variables."""
        at, response, found = self._reference(values, mp, digits)
        alpha = mp.mpf(float(self.alpha[0]))
        seen = {"q": at.q, "energy": alpha * found.cost}
        if not self.interpolates:
            seen["V"] = response
        if not self.penalised:
            seen["multiplier"] = (1 - alpha * found.pull) / response
        if self.taught:
            data, network = self.model.learned(values).data, self.model.architecture
            seen |= {"m": at.m} | data.reference_generalization(network.field_overlaps(at)[0], mp)
        return rescaled(seen, exact_scale(self.model, mp))

    def reference_potential(self, values: Mapping[str, Any], mp: Any, digits: int) -> Any:
        at, _, found = self._reference(values, mp, digits)
        penalty = exact(self.model.weights.penalty, mp) if self.penalised else mp.zero
        return -mp.mpf(float(self.alpha[0])) * found.cost - penalty * at.q / 2


def lean_step(asked: np.ndarray, lean: np.ndarray) -> np.ndarray:
    """What the overlap lacks of the one that is asked for, in units of the whole vector: a lean may be large."""
    return (asked - lean) / np.sqrt(1.0 + lean**2)


def square_start(problem: RiskProblem) -> dict[str, np.ndarray]:
    r"""Order parameters of the square loss: with ``p = chi/(1+chi)`` every average of ``u-w = p (1-w)`` is closed.

    ``lambda V = 1 - alpha p`` gives V, m and the bias solve linear equations, and q is explicit: the exact solution
    where the loss is the square loss, a start for any other.
    """
    size, alpha, data = problem.size, problem.alpha, problem.model.data
    names = (*data.overlaps, *data.trained)
    one, zero = np.ones(size), np.zeros(size)
    blank = Overlaps(one, one, zero, one)
    fields, slopes = problem.model.architecture.field_overlaps(blank)
    channels = data.channels(fields)
    gain = channels[0].gain * slopes.q * one
    response = _square_response(problem.model.weights.penalty, alpha, gain) if problem.penalised else one
    if problem.interpolates:
        response = np.full(size, np.inf)
    share = 1.0 / (1.0 + 1.0 / (gain * response))
    constant, pull, matrix = square_moments(channels, names, size)
    system, right = (alpha * share)[:, None, None] * matrix, (alpha * share)[:, None] * pull
    for k, name in enumerate(names):
        system[:, k, k] += gain if name in data.overlaps else 1e-300
    x = np.linalg.solve(system, right[:, :, None])[:, :, 0] if names else np.zeros((size, 0))
    m = x[:, 0] if problem.taught else zero
    square = constant - 2.0 * (pull * x).sum(axis=1) + np.einsum("bi,bij,bj->b", x, matrix, x)
    left = 1.0 - alpha * share**2
    if problem.penalised and not problem.interpolates:  # nothing cancels
        left = problem.model.weights.penalty * response + alpha * share / (1.0 + gain * response)
    rest = alpha * share**2 * (square / gain + m**2) / np.where(left > 0, left, 1e-3)
    least = 0.0 if problem.penalised and problem.model.loss.quadratic else 1e-3 * m**2  # others may not fit it
    rest = np.clip(rest, least + 1e-250, 1e250)
    response = np.minimum(response, 1e250)
    values = {"V": response, "transverse": rest, "lean": m / np.sqrt(rest)} | dict(zip(names, x.T, strict=True))
    return {name: values[name] for name in problem.variables.names}


def _square_response(penalty: Any, alpha: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """The positive root of ``penalty gain V^2 + (penalty + (alpha-1) gain) V = 1``."""
    penalty = np.clip(per_row(penalty, alpha.size), 1e-12, 1e12)
    linear = penalty + (alpha - 1.0) * gain
    root = np.hypot(linear, 2.0 * np.sqrt(penalty * gain))
    return np.where(linear > 0, 2.0 / (linear + root), (root - linear) / (2.0 * penalty * gain))


def square_moments(
    channels: list[Channel], names: tuple[str, ...], size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``E(1-w)^2 - gain q`` as a polynomial in the overlap and the bias: constant, half slope (negative), curvature."""
    one = np.ones(size)

    def of_class(channel: Channel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # rows last
        short = one - channel.mean
        if channel.density is not None:  # E(1-w)^2 is linear in an overlap that reweights: its score at field 0
            scores = channel.density(np.zeros((size, 1)))[1]
            pull = np.array([scores[name][:, 0] for name in names])
            return short**2, pull, np.zeros((len(names), len(names), size))
        given = channel.levers or {}
        levers = np.array([given[name] for name in names])
        return short**2, np.outer(levers, short), np.multiply.outer(np.outer(levers, levers), one)

    constant, pull, matrix = over_classes(channels, of_class)
    return constant, np.moveaxis(pull, -1, 0), np.moveaxis(matrix, -1, 0)
