"""The overlap gap of m clones that learn from a teacher: the lowest load over the overlap. No equations here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replica.ansatz.coverage import Covers
from replica.ansatz.replicated.taught_replicas import TAUGHT
from replica.ansatz.replicated.taught_tuples import TaughtTuples
from replica.models.model import Model
from replica.thresholds.base import NAN, Threshold

COVERS = Covers("overlap_gap with a teacher", TAUGHT)
STARTS = [np.array([0.7, 0.0, pull, load]) for pull in (2.0, 1.0) for load in (0.18, 0.05, 0.4)]
FIRST, STRIDE = (2.0, 6.0, 10.0), 0.25  # places ln q1/(1-q1) that are tried: the warmer, the closer groups are
FOUND = "groups of {:g} at their energy and at mutual overlap {:.6g} cease to exist beside a teacher"
RISING = "groups of one less cease to exist at {:.6g}: the load rises with the number of clones, which is not physical"


def taught_gap(model: Model, clones: float) -> Threshold:
    """The lowest load over q1 at which ``phi + beta e`` of ``clones`` real replicas vanishes."""
    COVERS.check(model)
    if clones != int(clones) or clones < 2:
        raise ValueError(f"clones beside a teacher must be a whole number of at least 2, got {clones:g}")
    fewer, found = None, _lowest(_Loads(model, 2), None)
    for number in range(3, int(clones) + 1):  # each from the minimum of one clone less
        if found is None:
            break
        fewer, found = found, _lowest(_Loads(model, number), found)
    if found is None:
        return Threshold(NAN, NAN, (NAN, NAN), "not converged: no load with a minimum over the overlap was found")
    values, error = found.seen, found.error
    text = f"converged; {FOUND.format(clones, values['q1'])}"
    if fewer is not None and fewer.seen["alpha"] < values["alpha"] - error - fewer.error:
        text += f"; {RISING.format(fewer.seen['alpha'])}"
    alpha = values["alpha"]
    kept = {k: values[k] for k in ("q1", "q0", "q1_hat", "q0_hat", "m", "m_hat", "parisi", "energy")}
    kept["training_error"] = values["energy"] / alpha
    return Threshold(alpha, error, (alpha - error, alpha + error), text, parameters=kept)


class _Loads:
    """Logarithms of loads at places ``ln q1/(1-q1)``, each solved from the nearest one that is known."""

    def __init__(self, model: Model, clones: int) -> None:
        self.model, self.clones = model, clones
        self.points: dict[float, np.ndarray] = {}

    def problem(self, place: float, level: int = 1) -> TaughtTuples:
        return TaughtTuples(self.model, self.clones, 1.0 / (1.0 + np.exp(-place)), level)

    def __call__(self, place: float) -> float:
        if place not in self.points:
            near = sorted(self.points, key=lambda known: abs(known - place))[:1]
            for start in [self.points[known] for known in near] or STARTS:
                point = self.problem(place).solve(start)
                if point is not None:
                    self.points[place] = point
                    break
        return float(self.points[place][3]) if place in self.points else NAN


@dataclass(frozen=True)
class _Minimum:
    """A load that is lowest over the overlap: its place and point, what is seen there, its error."""

    place: float
    point: np.ndarray
    seen: dict[str, float]
    error: float


def _descent(loads: _Loads, fewer: _Minimum | None) -> tuple[float, float, float] | None:
    """Three places, the load in the middle the lowest: downhill from ``fewer``, else from where it leads there."""
    if fewer is not None:
        for start in (fewer.point, fewer.point - np.array([0.3, 0.0, 0.0, 0.0]), *STARTS):
            point = loads.problem(fewer.place).solve(start)
            if point is not None:
                loads.points[fewer.place] = point
                break
    places = FIRST if fewer is None else (fewer.place,)
    return next(filter(None, (_downhill(loads, place) for place in places)), None)


def _downhill(loads: _Loads, place: float) -> tuple[float, float, float] | None:
    """Three places round the lowest load, in strides from a place; None where the branch ends before."""
    for _ in range(40):
        sides = loads(place - STRIDE), loads(place), loads(place + STRIDE)
        left, here, right = (load if np.isfinite(load) else np.inf for load in sides)
        if not here > min(left, right):
            return (place - STRIDE, place, place + STRIDE) if np.isfinite(sides).all() else None
        place += STRIDE if right < left else -STRIDE
    return None


def _lowest(loads: _Loads, fewer: _Minimum | None) -> _Minimum | None:
    """The minimum over the overlap, solved again on finer integrals."""
    from scipy.optimize import minimize_scalar

    ends = _descent(loads, fewer)
    if ends is None:
        return None
    best = minimize_scalar(loads, bracket=ends, tol=1e-7)
    place = float(best.x)
    fine = loads.problem(place, 3)
    point = fine.solve(loads.points[place]) if np.isfinite(loads(place)) else None
    if point is None:
        return None
    residual, seen = fine.at(point)
    near = max(abs(loads(place + side * 1e-4) - float(best.fun)) for side in (-1.0, 1.0))
    # the place is known to 1e-6 or better, where the load is flat; the change from coarser integrals; the residual
    slack = abs(float(point[3] - best.fun)) + 1e-4 * near + 10.0 * float(np.abs(residual).max()) + 1e-14
    return _Minimum(place, point, seen, seen["alpha"] * slack)
