"""A large penalty: weights close to those of the limit without bounds, from which they are read off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from replica._registry import exact, per_row
from replica.ansatz.cavity import Cavity
from replica.ansatz.erm.beyond import Beyond
from replica.ansatz.erm.equations import RiskProblem
from replica.ansatz.erm.limits import POWERS
from replica.data import Overlaps


class HeavyState(Beyond):
    r"""A large penalty on a cost of straight pieces, the bias close to the kink that holds it.

    Next to the corners ``cost - L0`` is homogeneous in weights and bias, so the limit is exact while no field reaches
    another kink: ``w = w'/penalty``, and stationarity along the scale gives ``energy = L0 - penalty q``.
    """

    def cavity(self, free: np.ndarray) -> Cavity:
        penalty = per_row(self.found.model.weights.penalty, self.size)
        return self.found.fields(free)._replace(unit=float((self.found.response(free) / penalty)[0]))

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        found = self.found
        seen, floors = found.observe(free)
        penalty, model = per_row(found.model.weights.penalty, found.size), found.model
        seen |= {name: seen[name] / penalty**power for name, power in POWERS.items() if name in seen}
        floors |= {name: floors[name] / penalty**power for name, power in POWERS.items() if name in floors}
        gain = 0.5 * penalty * seen["q"]
        seen["energy"], seen["free_entropy"] = seen["energy"] - 2.0 * gain, seen["free_entropy"] + gain
        values = found.variables.values(free)
        at = found.fields(free).overlaps
        bias = found.bias + found.shift(values) * found.response(free) / penalty
        data = model.learned({"bias": bias}).data
        seen |= data.reported(found.size)
        if model.data.overlaps:
            overlaps = Overlaps(seen["q"], 0.0 * at.q, seen["m"], at.transverse * (found.response(free) / penalty) ** 2)
            seen |= model.architecture.generalization(data, overlaps)
        return seen, floors

    def heaviest(self, free: np.ndarray) -> np.ndarray:
        """The penalty from which on no field comes to another kink than that on which its class rests (40 deviations,
        at rest), or far along a smooth cost.
        """
        found, least = self.found, np.full(self.found.size, 1e-300)
        kinks = found.model.loss.kinks() or (None,)
        for corner, channel in zip(found.corners, found.fields(free).channels(), strict=True):
            spread = np.abs(channel.mean) + 40.0 * channel.deviation + channel.gain * per_row(corner.strong, found.size)
            for kink in kinks:
                gap = np.ones(found.size) if kink is None else np.abs(per_row(kink, found.size) - corner.place)
                least = np.maximum(least, np.where(gap > 0, spread / np.where(gap > 0, gap, 1.0), 0.0))
        return least

    def reaches(self, free: np.ndarray) -> np.ndarray:
        """Whether a field may come to another kink."""
        return per_row(self.found.model.weights.penalty, self.found.size) < self.heaviest(free)

    def point(self, free: np.ndarray, penalty: np.ndarray) -> np.ndarray:
        """Free coordinates of `RiskProblem` at that penalty."""
        found, values = self.found, self.found.variables.values(free)
        small = np.maximum(found.response(free), 1e-300) / penalty
        seen = {"lean": values.get("lean"), "transverse": values["transverse"] * small**2, "V": small}
        shift = found.shift(values)
        seen |= {name: found.bias + shift * small for name in found.model.data.trained}
        variables = RiskProblem(found.model, found.alpha).variables
        return variables.free({name: seen[name] for name in variables.names}, found.size)

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        seen, penalty = self.found.reference_describe(values, mp, digits), exact(self.found.model.weights.penalty, mp)
        scaled = {name: seen[name] / penalty**power for name, power in POWERS.items() if name in seen}
        moved = self.found.exact_shift(values, mp) * seen["V"] / penalty
        return scaled | {"energy": seen["energy"] - seen["q"] / penalty, "bias": seen["bias"] + moved}
