"""A penalty so large that the limit without bounds is the answer to rounding: from which it is read off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from replica._registry import exact, per_row
from replica.ansatz.cavity import Cavity
from replica.ansatz.erm.beyond import Beyond
from replica.ansatz.erm.limits import POWERS, WeakProblem

HUGE = 1e12  # a penalty beyond which a limit may be the answer
FAR = 40.0  # deviations of a field, beyond which nothing is
CLOSE = 1e-9  # change of a force, relative to it, up to which the limit is the answer
STEP = 1e-6  # of a stability, over which a bend of the cost is seen


class HugeState(Beyond):
    r"""The state of a penalty beside which every field is small: that of the limit, ``w = w'/penalty``.

    Stationarity along the scale gives ``energy = L0 - penalty q`` to first order. What fields of that size change in
    the force of a pattern, relative to it, is the error.
    """

    rowwise = ("found", "penalty")

    def __init__(self, found: Any, penalty: np.ndarray) -> None:
        super().__init__(found)
        self.penalty = penalty

    @property
    def weak(self) -> WeakProblem:
        """The equations of the limit."""
        found = self.found
        while not isinstance(found, WeakProblem):
            found = found.found
        return found

    def cavity(self, free: np.ndarray) -> Cavity:
        found: Cavity = self.found.cavity(free)
        return found._replace(unit=float(found.unit / self.penalty[0]), vanishing=False)

    def spread(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How far fields are from their corner at most, what that changes in a force relative to the force, and the
        least distance of a corner from 0 that is not 0, or from another kink.
        """
        weak, size = self.weak, self.size
        reach, bent, square, apart = np.zeros(size), np.zeros(size), np.zeros(size), np.full(size, np.inf)
        loss = weak.model.loss
        for corner, channel in zip(weak.corners, weak.fields(free).channels(), strict=True):
            place, strong = per_row(corner.place, size), per_row(corner.strong, size)
            far = np.abs(channel.mean) + FAR * channel.deviation + channel.gain * np.abs(strong)
            step = STEP * (1.0 + np.abs(place))
            ends = [-loss.slope_beside((place + side * step)[:, None], side)[:, 0] for side in (1, -1)]
            bend = np.maximum(np.abs(ends[0] - per_row(corner.weak, size)), np.abs(ends[1] - strong)) / step
            reach, bent = np.maximum(reach, far), np.maximum(bent, far * bend)
            square = square + per_row(channel.probability, size) * strong**2
            for kink in (0.0, *loss.kinks()):
                gap = np.abs(per_row(kink, size) - place)
                apart = np.where(gap > 0, np.minimum(apart, gap), apart)
        with np.errstate(divide="ignore", invalid="ignore"):
            return reach / self.penalty, bent / np.sqrt(square) / self.penalty, apart

    def reached(self, free: np.ndarray) -> np.ndarray:
        """Where the limit is the answer: no field comes to another kink or side, and forces are what they are."""
        reach, off, apart = self.spread(free)
        return (self.penalty > HUGE) & (reach < 0.5 * apart) & (off < CLOSE)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        seen, floors = self.found.observe(free)
        reach, off, _ = self.spread(free)
        gain, rounding = 0.5 * seen["q"] / self.penalty, floors["q"] / self.penalty
        for name in seen:
            power = POWERS.get(name, 0)
            seen[name] = seen[name] / self.penalty**power
            floors[name] = floors[name] / self.penalty**power + off * (np.abs(seen[name]) if power else 1.0)
        level = seen["energy"]
        seen["energy"], seen["free_entropy"] = level - 2.0 * gain, seen["free_entropy"] + gain
        for name in ("energy", "free_entropy"):
            floors[name] = 4.0 * (np.finfo(float).eps * np.abs(level) + off * gain + rounding)
        if "bias" in seen:
            floors["bias"] = floors["bias"] + reach
        return seen, floors

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        seen, penalty = self.found.reference_describe(values, mp, digits), exact(self.penalty, mp)
        scaled = {name: value / penalty ** POWERS.get(name, 0) for name, value in seen.items()}
        return scaled | {"energy": seen["energy"] - seen["q"] / penalty}
