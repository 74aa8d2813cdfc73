"""Limits of the vector of least cost: a penalty without bounds, weights that vanish or diverge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from replica._registry import exact, per_row
from replica.ansatz.cavity import Cavity
from replica.ansatz.differences import EPS
from replica.ansatz.erm.beyond import Beyond
from replica.ansatz.erm.corners import corners
from replica.ansatz.erm.equations import lean_step
from replica.ansatz.zero_temperature import Projection, floors_of
from replica.ansatz.zero_temperature_certified import ReferenceProjection, reference_corners, reference_projection
from replica.data import Overlaps, over_classes
from replica.models.model import Model
from saddlepoint import POSITIVE, REAL, Problem, Variable, Variables

TINY = 1e-140
#: how order parameters fall with a large penalty
POWERS = {"q": 2, "m": 1, "V": 1}


class WeakProblem(Problem):
    r"""``penalty -> inf``: the weights vanish like ``1/penalty``; every pattern sees only the corner of the
    loss at its bias.

    With ``w' = penalty w`` and ``V' = penalty V = 1 - alpha E(1-u')`` the equations do not depend on V': at V' = 1,

    .. math:: q' - m'^2 = \alpha g E f^2, \quad m' = \alpha E[f s], \quad E[f\,\mathrm{label}] = 0,

    f the force, between the two slopes of the corner. Order parameters are those of w': ``lim penalty^2 q``,
    ``lim penalty m``, ``lim penalty V``; the bias is the limit itself. Where ``alpha E(1-u') >= 1`` the weights vanish
    at every penalty.
    """

    #: variables that approach their solution by damped steps; the others by roots
    damped = ("lean", "transverse")

    rowwise = ("model", "alpha")

    def __init__(self, model: Model, alpha: np.ndarray, level: int = 1) -> None:
        self.model, self.alpha, self.level, self.size = model, alpha, level, alpha.size
        self.taught = bool(model.data.overlaps)
        self.bias, self.corners, kinked = corners(model, self.size)
        self.learned = model.data.trained if kinked else ()
        self.rested = self._rested()
        names = (*(("lean",) if self.taught else ()), "transverse", *(("hold",) if self.learned else ()))
        self.variables = Variables(*(Variable(name, POSITIVE if name == "transverse" else REAL) for name in names))

    def on(self, model: Model) -> WeakProblem:
        """The equations of another model."""
        return WeakProblem(model, self.alpha, self.level)

    def fields(self, free: np.ndarray) -> Cavity:
        """The cavity of a batch, at V' = 1."""
        values = self.variables.values(free)
        lean, rest = values.get("lean", np.zeros(self.size)), values["transverse"]
        at = Overlaps(rest * (1.0 + lean**2), np.zeros(self.size), lean * np.sqrt(rest), rest)
        model = self.model.on(self.model.data.learned({"bias": self.shift(values)}))
        return Cavity(model, at, np.ones(self.size), self.level, self.corners)

    def cavity(self, free: np.ndarray) -> Cavity:
        """What one pattern sees, fields in units of the weights at V' = 1."""
        return self.fields(free)._replace(unit=float(self.response(free)[0]), vanishing=True)

    def averages(self, free: np.ndarray) -> Projection:
        return Projection(self.fields(free), self.corners)

    def _rested(self) -> np.ndarray:
        """Lever of the bias in the class that rests on a kink; 0 where none does."""
        found = np.zeros(self.size)
        channels = self.model.data.resting(self.size) if self.learned else []
        for corner, channel in zip(self.corners, channels, strict=bool(channels)):
            found = np.where(corner.strong > corner.weak, (channel.levers or {})["bias"], found)
        return found

    def shift(self, values: dict[str, Any]) -> Any:
        """What the bias differs by from its limit, ``+-(hold - lean) sqrt(transverse)``: ``hold`` is the mean field of
        the class that rests, beside which overlap and bias may be large.
        """
        if not self.learned:
            return np.zeros(self.size)
        return self.rested * (values["hold"] - values["lean"]) * values["transverse"] ** 0.5

    def residual(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            found, rest = self.averages(free), self.variables.values(free)["transverse"]
            rows = [lean_step(self.alpha * found.score / np.sqrt(rest), free[:, 0])] if self.taught else []
            rows.append(np.log(self.alpha * found.square / rest))
            rows += [self.rested * found.scores[name] / np.sqrt(found.square) for name in self.learned]
        return np.stack(rows, axis=1)

    def row_of(self, name: str) -> int:
        return self.variables.names.index(name)

    def noise(self, free: np.ndarray) -> np.ndarray:
        """As for `RiskProblem`: fields are known to their rounding."""
        with np.errstate(all="ignore"):
            channels = self.fields(free).channels()
            sharp = np.maximum.reduce([1.0 + np.abs(c.mean) / c.deviation for c in channels])
        return 8 * EPS * np.maximum(sharp[:, None], np.abs(free))

    def response(self, free: np.ndarray) -> np.ndarray:
        """``penalty V``; not above 0 where the weights vanish at every penalty."""
        return 1.0 - self.alpha * self.averages(free).pull

    def start(self) -> np.ndarray:
        """A class that rests on a kink pulls as hard as the others push the bias."""
        one, forces = np.ones(self.size), self.forces()
        channels = self.model.data.resting(self.size)
        gain = channels[0].gain * one
        square = gain * over_classes(channels, lambda _, force: force**2, forces)
        free = np.zeros((self.size, len(self.variables)))
        rest = np.maximum(self.alpha * square, 1e-200)
        free[:, int(self.taught)] = np.log(rest)
        pushed = self.alpha * over_classes(channels, lambda c, force: force * (c.levers or {}).get("m", 0.0), forces)
        if self.taught:
            free[:, 0] = pushed / np.sqrt(rest)
        if self.learned:
            held = self._resting_mean(channels, forces, np.sqrt(gain * (rest + pushed**2)))
            free[:, -1] = held / np.sqrt(rest)
        return free

    def forces(self) -> list[np.ndarray]:
        """Mean forces of the classes: between the slopes of a kink, the one that holds the bias."""
        ends = [(per_row(c.weak, self.size), per_row(c.strong, self.size)) for c in self.corners]
        found = [0.5 * (weak + strong) + 1e-3 * (strong == weak) * (strong == 0) for weak, strong in ends]
        if not self.learned:
            return found
        channels = self.model.data.resting(self.size)
        push = [c.probability * (c.levers or {})["bias"] * np.ones(self.size) for c in channels]
        for k, (weak, strong) in enumerate(ends):
            others = sum(push[i] * found[i] for i in range(len(ends)) if i != k)
            found[k] = np.where(strong > weak, np.clip(-others / push[k], weak, strong), found[k])
        return found

    def _resting_mean(self, channels: Any, forces: Any, deviation: np.ndarray) -> np.ndarray:
        """At which the share of a resting class that is held is that of its mean force."""
        found = np.zeros(self.size)
        for corner, channel, force in zip(self.corners, channels, forces, strict=True):
            weak, strong = per_row(corner.weak, self.size), per_row(corner.strong, self.size)
            share = (force - weak) / np.maximum(strong - weak, 1e-300)
            from scipy.special import ndtri  # what needs no limit need not load it

            mean = -channel.gain * force - deviation * ndtri(np.clip(share, 1e-12, 1.0 - 1e-12))
            found = np.where(strong > weak, mean, found)
        return found

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        at, found = self.fields(free).overlaps, self.averages(free)
        response = 1.0 - self.alpha * found.pull
        seen: dict[str, Any] = {"q": at.q * response**2, "V": response}
        seen["stability"] = 1.0 - self.alpha * found.rigidity
        seen |= weak_observables(self.model, self.alpha, at, self.bias, found)
        if self.taught:
            seen["m"] = at.m * response
        floors = floors_of(seen)
        floors["V"] = floors["stability"] = 32 * EPS * np.ones(self.size)
        return seen, floors

    def exact_shift(self, values: Mapping[str, Any], mp: Any) -> Any:
        """`shift` of one row in mpmath numbers."""
        if not self.learned:
            return mp.zero
        return float(self.rested[0]) * (values["hold"] - values["lean"]) * mp.sqrt(values["transverse"])

    def _reference(
        self, values: Mapping[str, Any], mp: Any, digits: int
    ) -> tuple[Model, Overlaps, ReferenceProjection]:
        """The model with its bias, overlaps and averages of one row in mpmath numbers, at V' = 1."""
        bias, found = reference_corners(self.model, self.bias, mp)
        lean, rest = values.get("lean", mp.zero), values["transverse"]
        at = Overlaps(rest * (1 + lean**2), mp.zero, lean * mp.sqrt(rest), rest)
        shifted = self.model.on(self.model.data.learned({"bias": self.exact_shift(values, mp)}))
        averages = reference_projection(shifted, at, mp.one, mp, digits, found)
        return self.model.learned({"bias": bias}), at, averages

    def reference_update(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        """The steps of `residual`."""
        _, at, found = self._reference(values, mp, digits)
        alpha, new = mp.mpf(float(self.alpha[0])), dict(values)
        if self.taught:
            new["lean"] = alpha * found.scores["m"] / mp.sqrt(at.transverse)
        new["transverse"] *= alpha * found.square / at.transverse
        for name in self.learned:
            new["hold"] += float(self.rested[0]) * found.scores[name] / mp.sqrt(found.square)
        return new

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        model, at, found = self._reference(values, mp, digits)
        alpha = mp.mpf(float(self.alpha[0]))
        response = 1 - alpha * found.pull
        seen = {"q": at.q * response**2, "V": response, "energy": alpha * found.cost}
        if self.taught:
            small = at._replace(q=at.q * mp.mpf(TINY) ** 2, m=at.m * TINY, transverse=at.transverse * mp.mpf(TINY) ** 2)
            seen |= {"m": at.m * response} | model.data.reference_generalization(small, mp)
            seen |= {name: exact(model.data.held, mp) for name in model.data.trained or self.model.data.trained}
        return seen

    def reference_potential(self, values: Mapping[str, Any], mp: Any, digits: int) -> Any:
        return -mp.mpf(float(self.alpha[0])) * self._reference(values, mp, digits)[2].cost


class VanishedState(Beyond):
    """Weights that vanish at any penalty: the kink of the loss holds the larger class at the bias alone."""

    ends: ClassVar[dict[str, float]] = {"q": 0.0, "V": 0.0, "m": 0.0}

    def cavity(self, free: np.ndarray) -> Cavity:
        return self.found.fields(free)._replace(unit=0.0, vanishing=True, still=True)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        found, zero = self.found, np.zeros(self.size)
        seen = {"q": zero, "V": zero} | ({"m": zero} if found.taught else {})
        at, averages = found.fields(free).overlaps, found.averages(free)
        seen |= weak_observables(found.model, found.alpha, at, found.bias, averages)
        return seen, floors_of(seen)


def weak_observables(
    model: Model, alpha: np.ndarray, at: Overlaps, bias: np.ndarray | None, found: Projection
) -> dict[str, np.ndarray]:
    """What vanishing weights cost and how they err: by their bias, or where that is 0 by their direction."""
    energy = alpha * found.cost
    seen = {"free_entropy": 0.0 - energy, "energy": energy, "training_error": found.wrong}
    if model.data.overlaps:
        small = Overlaps(at.q * TINY**2, 0.0 * at.q, at.m * TINY, at.transverse * TINY**2)
        data = model.learned({"bias": bias}).data
        seen |= model.architecture.generalization(data, small) | data.reported(alpha.size)
    return seen
