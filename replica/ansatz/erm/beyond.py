"""Limits whose state is read off another problem; weights that diverge are one."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar

import numpy as np

from replica.ansatz.cavity import Cavity
from saddlepoint import CertificationFailed, Problem


class Beyond(Problem):
    """A limit whose state is read off another problem, at that one's point."""

    #: what the limit makes of numbers of the other problem, by name
    ends: ClassVar[dict[str, float]] = {}

    rowwise: ClassVar[tuple[str, ...]] = ("found",)

    def __init__(self, found: Any) -> None:
        self.found, self.size, self.variables = found, found.size, found.variables

    def astray(self) -> list[Any]:
        others = []
        for found in self.found.astray():
            others.append(copy(self))
            others[-1].found = found
        return others

    def residual(self, free: np.ndarray) -> np.ndarray:
        return self.found.residual(free)

    def reference_update(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        if type(self.found).reference_update is Problem.reference_update:
            raise CertificationFailed("the equations of this limit have no form in mpmath")
        return self.found.reference_update(values, mp, digits)

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        found = self.found.reference_describe(values, mp, digits)
        return {name: mp.mpf(self.ends.get(name, value)) for name, value in found.items()}


class DivergedState(Beyond):
    """Separable patterns without a penalty, where costs fall for ever: the direction is that of largest margin."""

    ends: ClassVar[dict[str, float]] = {"q": np.inf, "V": np.inf, "m": np.inf, "energy": 0.0}

    def cavity(self, free: np.ndarray) -> Cavity:
        return self.found.cavity(free)._replace(unit=np.inf)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        seen, floors = self.found.observe(free)
        zero, gone = np.zeros(self.size), np.full(self.size, np.inf)
        ends = {"q": gone, "V": gone, "m": gone, "norm": gone}
        ends |= {"free_entropy": zero, "energy": zero, "training_error": zero}
        if "bias" in seen:
            ends["bias"] = np.where(seen["bias"] == 0, 0.0, np.copysign(np.inf, seen["bias"]))
        seen = {name: ends.get(name, value) for name, value in seen.items()}
        return seen, {name: zero if name in ends else floor for name, floor in floors.items()}
