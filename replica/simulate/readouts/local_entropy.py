"""Local entropy of a configuration, by belief propagation in its field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import grid, number
from replica.models.model import Model
from replica.simulate.algorithms._amp import System, iterate
from replica.simulate.instances import Instance
from replica.simulate.readouts.base import Measured, Readout

#: strengths of the field, from near the configuration outwards
STRENGTHS = (4.0, 3.5, 3.0, 2.6, 2.3, 2.0, 1.8, 1.6, 1.4, 1.25, 1.1, 0.95, 0.8, 0.7, 0.6, 0.5, 0.4)
DAMPING, TOLERANCE, SWEEPS = 0.3, 1e-4, 500


@dataclass(frozen=True)
class LocalEntropy(Readout):
    r"""Entropy of the solutions at a distance from weights +-1 that were found: ``local_entropy`` over ``distance``.

    Belief propagation with the external field ``gamma w`` gives ``S = phi - gamma (1 - 2d)`` at the distance
    ``d = (1 - m.w/N)/2``; gamma falls from 4 to 0.4, each fixed point starting from the last, and S is interpolated
    (monotone cubic) at the distances asked for.

    Parameters
    ----------
    distance : increasing grid
        In (0, 1).

    Notes
    -----
    Errors: 1/N (terms of order one in ``ln Z``), and the change when every other fixed point is left out. Fixed points
    that do not settle are left out and counted in ``unsettled`` (and the status of the run): near isolated solutions
    there are many, and the distance is NaN where no two settled ones embrace it.
    """

    distance: Any = (0.01, 0.02, 0.05, 0.1, 0.15)
    name: ClassVar[str] = "local-entropy"
    meanings: ClassVar[dict[str, dict[str, str]]] = {"local_entropy": {"theory": "entropy"}}

    def __post_init__(self) -> None:
        points = grid("distance", self.distance)
        number("distance", points, low=0.0, high=1.0, open_low=True, open_high=True)
        object.__setattr__(self, "distance", tuple(points.tolist()))

    def check(self, model: Model) -> None:
        if not (model.weights.signs and model.loss.hard and model.architecture.units == 1):
            raise ValueError(f"local-entropy is for a hard constraint on one unit with weights +-1, got {model}")

    def coordinates(self) -> dict[str, np.ndarray]:
        return {"distance": np.array(self.distance)}

    def measure(self, instance: Instance, weights: np.ndarray, rng: np.random.Generator) -> Measured:
        d, entropy = _settled(instance, weights)
        asked, n = np.array(self.distance), instance.n
        values, errors = np.full((2, asked.size), np.nan)
        missing = np.full(asked.size, float(len(STRENGTHS) - d.size))
        if d.size > 4:
            from scipy.interpolate import PchipInterpolator

            within = (asked >= d[0]) & (asked <= d[-1])
            coarse = np.unique([*range(0, d.size, 2), d.size - 1])
            values[within] = PchipInterpolator(d, entropy)(asked[within])
            rough = PchipInterpolator(d[coarse], entropy[coarse])(asked[within])
            errors[within] = np.abs(rough - values[within]) + 1.0 / n
        return {"local_entropy": (values, errors), "unsettled": (missing, np.zeros(asked.size))}

    def remark(self, row: dict[str, np.ndarray]) -> str:
        missing, gaps = int(row["unsettled:distance"].max()), np.isnan(row["local_entropy:distance"])
        if not missing:
            return ""
        text = f"{self.name}: {missing} of {len(STRENGTHS)} fixed points did not settle"
        left = ", ".join(f"{d:g}" for d in np.array(self.distance)[gaps])
        return f"{text}, no value at distance {left}" if left else f"{text}, the others are interpolated"


def _settled(instance: Instance, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Increasing distances of the settled fixed points, and their entropies."""
    system = System.of(instance)
    mean, g, found = 0.999 * weights, np.zeros(instance.patterns), []
    for strength in STRENGTHS:
        system.external = strength * weights
        point = iterate(system, mean, g, damping=DAMPING, tolerance=TOLERANCE, sweeps=SWEEPS)
        if point.settled(TOLERANCE) and np.isfinite(point.free_entropy):
            mean, g = point.mean, point.g
            d = 0.5 * (1.0 - float(mean @ weights) / instance.n)
            found.append((d, point.free_entropy - strength * (1.0 - 2.0 * d)))
    places = np.array(sorted(found)).reshape(-1, 2)
    keep = np.append(True, np.diff(places[:, 0]) > 0) if len(places) else np.zeros(0, dtype=bool)
    return places[keep, 0], places[keep, 1]
