"""The overlap gap of m clones at a temperature: up to which load groups at their energy exist. No equations here."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import Chebyshev

from replica.ansatz.replicated.equations import Groups
from replica.ansatz.replicated.real import real_replicas
from replica.ansatz.replicated.solver import NEWTON, Typical
from replica.ansatz.replicated.tuples import TupleLoad
from replica.models.model import Model
from replica.solution.batch import Part
from replica.thresholds.base import NAN, Threshold
from saddlepoint import solve

OVERLAPS = 10  # tried between the replica-symmetric overlap and 1
LOADS = np.geomspace(0.05, 50.0, 40)
STRIDE = 0.25  # in ln q1/(1-q1), towards the lowest load
STEPS = 60
NODES, DEGREE = 9, 6  # of the polynomial through the loads around the lowest one
HALVES = (0.25, 0.05, 0.05)  # of its range, closer and closer
FOUND = "groups of {:.6g} weight vectors at their energy and at mutual overlap {:.6g} cease to exist"
FALLING = "the load falls with the overlap as far as it was followed, q1 = {:.9g}; none is lowest below 1"


def warm_gap(model: Model, clones: float) -> Threshold:
    """The lowest load over q1 at which ``phi + beta e`` of ``clones`` real replicas vanishes."""
    walks = [_Walk(model, clones, *start) for start in _starts(model, clones)]
    solved = [walk for walk in walks if np.isfinite(walk.load(walk.begin))]
    walk = min(solved, key=lambda walk: walk.load(walk.begin), default=None)
    if walk is None:
        return _none(f"no load was found at which the number of groups of {clones:g} vanishes")
    place, slack = walk.lowest(), np.inf
    for half in HALVES:
        if place is None:
            break
        place, slack = walk.closer(place, half)
    part = None if place is None else walk.part(place)
    if part is None:
        falling = FALLING.format(walk.closest())
        return _none(falling if walk.falls() else "the load has no minimum over the overlap within reach")
    values, errors = ({k: float(v[0]) for k, v in table.items()} for table in part.measure())
    alpha = values["alpha"]
    error = errors["alpha"] + alpha * slack
    kept = {name: values[name] for name in ("q1", "q0", "q1_hat", "q0_hat", "parisi", "energy", "training_error")}
    text = f"converged; {FOUND.format(values['parisi'], values['q1'])}"
    return Threshold(alpha, error, (alpha - error, alpha + error), text, parameters=kept)


def _none(sentence: str) -> Threshold:
    return Threshold(NAN, NAN, (NAN, NAN), f"not converged: {sentence}")


def _starts(model: Model, clones: float) -> list[tuple[float, np.ndarray, type]]:
    """Loads are tried from below until at some overlap no groups are left: places, points and kinds there."""
    inside = 1.0 / (1.0 + np.exp(-np.linspace(-1.0, 5.0, OVERLAPS)))
    for load in LOADS:
        alpha, batch = np.full(OVERLAPS, load), model.take(np.zeros(OVERLAPS, dtype=int))
        q = Typical.of(batch, alpha).q
        ledger = real_replicas(batch, alpha, clones, q + (1.0 - q) * inside, 1e-10)
        if np.any(ledger.observed("tuple_entropy") < 0.0):
            place = np.log(ledger.groups.q1) - np.log1p(-ledger.groups.q1)
            return [
                (float(place[row]), np.append(point, np.log(load)), type(part.problem))
                for part in ledger.parts
                for row, point in zip(part.rows, part.point, strict=True)
            ]
    return []


class _Walk:
    """Loads at places ``ln q1/(1-q1)``, each solved from the nearest one that is known."""

    def __init__(self, model: Model, clones: float, place: float, point: np.ndarray, kind: type) -> None:
        self.model, self.clones, self.kind = model.take(np.array([0])), clones, kind
        self.begin, self.points = place, {place: point}
        self.parts: dict[float, Part] = {}

    def _problem(self, place: float) -> TupleLoad:
        q1 = np.array([1.0 / (1.0 + np.exp(-place))])
        return TupleLoad(Groups(self.model, np.array([NAN]), np.array([self.clones]), q1=q1), kind=self.kind)

    def part(self, place: float) -> Part | None:
        """The solution at a place."""
        if place not in self.parts:
            near = min(self.points, key=lambda known: abs(known - place))
            problem = self._problem(place)
            found = solve(problem, start=self.points[near][None], solver=NEWTON, on_failure="keep")
            if not found.converged[0]:
                return None
            self.points[place] = found.point[0]
            self.parts[place] = Part(np.array([0]), problem.at_level(1), found.point, found.error)
        return self.parts[place]

    def load(self, place: float) -> float:
        return NAN if self.part(place) is None else float(np.exp(self.points[place][-1]))

    def closest(self) -> float:
        """The largest overlap that was reached."""
        return float(1.0 / (1.0 + np.exp(-max(self.parts))))

    def falls(self) -> bool:
        """Whether the load falls all the way to the largest overlap that was reached."""
        loads = [self.points[place][-1] for place in sorted(self.parts)]
        return bool(np.all(np.diff(loads) < 0.0))

    def lowest(self) -> float | None:
        """A place whose neighbours a stride away both have larger loads."""
        place = self.begin
        for _ in range(STEPS):
            here, (left, right) = self.load(place), (self.load(place + step) for step in (-STRIDE, STRIDE))
            if not np.isfinite(here) or np.isnan(left) and np.isnan(right):
                return None
            if here <= min(left, right):
                return place
            place += STRIDE if right < here or np.isnan(left) else -STRIDE
        return None

    def closer(self, middle: float, half: float) -> tuple[float | None, float]:
        """Where the polynomial through the loads around a place is lowest, and how much of its logarithm is unsure."""
        nodes = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
        loads = np.array([self.load(middle + half * x) for x in nodes])
        if np.isnan(loads).any():
            return None, np.inf
        fits = [Chebyshev.fit(nodes, np.log(loads), degree, domain=[-1, 1]) for degree in (DEGREE, DEGREE - 1)]
        roots = fits[0].deriv().roots()
        roots = roots[(np.abs(roots.imag) < 1e-9) & (np.abs(roots.real) < 1.0)].real
        if not roots.size:
            return None, np.inf
        place = roots[np.argmin(fits[0](roots))]
        return float(middle + half * place), float(abs(fits[0](place) - fits[1](place)))
