"""Groups whose averages are known without a saddle point: all replicas one vector, or no pattern that acts."""

from __future__ import annotations

import numpy as np

from replica.ansatz.replicated.equations import EPS, GroupProblem, Groups, Named
from replica.ansatz.rs.ansatz import RS
from replica.data import Overlaps
from replica.models.model import Model
from replica.weights._pairs import binary_room
from saddlepoint import Variables

HARDLY = 1e-11  # of an entropy: patterns that take less do not act
ALONE = "single solutions dominate: the replicas of a group are one and the same"
UNTOUCHED = "no pattern acts: every neighbour is a solution"


class Known(GroupProblem):
    """Observables (batch,) and their errors, given; nothing is unknown."""

    own = Variables()

    rowwise = ("groups", "seen", "errors")

    def __init__(self, groups: Groups, seen: Named, errors: Named, level: int = 0) -> None:
        super().__init__(groups, level)
        self.seen, self.errors = seen, errors

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        floors = {name: self.errors.get(name, 8 * EPS * np.abs(v)) for name, v in self.seen.items()}
        return self.seen, {name: np.where(np.isfinite(v), floors[name], 0.0) for name, v in self.seen.items()}


def one_vector(groups: Groups) -> tuple[Known, np.ndarray]:
    r"""Groups whose replicas are one and the same vector, and where they are (a mask): a bound of all others.

    A sum of positive terms to the power y >= 1 is at least the sum of their powers, so that

    .. math:: F(y, d) \ge \phi(y \beta) + h(d)

    with the free entropy of single vectors at y times the inverse temperature, counted once for every centre at the
    distance; at y = 1 both are equal. For binary weights.
    """
    model, y, d = groups.model, groups.power, groups.distance
    found = RS().solve(model.with_parameters(beta=y * model.beta), groups.alpha)
    phi, cost = found.value("free_entropy"), np.nan_to_num(found.value("energy"))
    beta, room = np.where(np.isinf(model.beta), 0.0, model.beta), model.weights.room(d)
    inner, none = 0.0 - beta * cost, np.full(d.size, np.nan)
    seen = {
        "free_entropy": (phi + room) / y,
        "entropy": inner,
        "complexity": phi + room - y * inner,
        "q0": found.value("q"),
        "q1": np.ones(d.size),
        "q0_hat": found.value("q_hat"),
        "q1_hat": none,
        "parisi": y,
        "slope": (np.log1p(-d) - np.log(d)) / y,
        "energy": found.value("energy"),
        "training_error": found.value("training_error"),
    }
    error, heat = found.error("free_entropy") + 4 * EPS, beta * np.nan_to_num(found.error("energy"))
    errors = {"free_entropy": error / y, "entropy": heat, "complexity": error + y * heat}
    errors |= {name: found.error(own) for name, own in (("q0", "q"), ("q0_hat", "q_hat"))}
    real = found.converged & (found.value("entropy") >= -found.error("entropy"))
    return Known(groups, seen, errors), real


def untouched(groups: Groups) -> tuple[Known, np.ndarray]:
    r"""Groups of a constraint that hardly acts, and where it does (a mask): else every vector at a distance solves.

    To first order the patterns take ``alpha (1/y) E ln <Z^y>`` from the entropy, at the overlaps that there are without
    them: less than ``alpha |E ln Z|`` with those of random neighbours, which is the error.
    """
    model, y, d = groups.model, groups.power, groups.distance
    t, zero, binary = 1.0 - 2.0 * d, np.zeros(d.size), model.weights.discrete
    loss = taken(model, groups.alpha, t * t, 4.0 * d * (1.0 - d))
    room = model.weights.room(d)
    centres = np.full(d.size, np.log(2.0) if binary else 0.0)
    # the best of infinitely many centres are better by less than anything: their number is not known
    centres = np.where(np.isinf(y), np.nan if binary else -np.inf, centres)
    few, many = np.where(np.isinf(y), 0.0, centres) / y, np.where(np.isinf(y), 0.0, y)
    hats = zero if binary else np.full(d.size, np.nan)
    seen = {
        "free_entropy": room + few,
        "entropy": room,
        "complexity": centres,
        "q0": zero,
        "q1": t * t,
        "q0_hat": hats,
        "q1_hat": hats,
        "parisi": y,
        "slope": np.log1p(-d) - np.log(d) if binary else t / (2.0 * d * (1.0 - d)),
        "energy": zero,
        "training_error": zero,
    }
    slack = 2.0 * loss + 8 * EPS * np.abs(room)
    errors = {"free_entropy": slack, "entropy": slack, "complexity": 4.0 * many * loss + 8 * EPS * centres}
    errors |= {"slope": 8 * EPS * np.abs(seen["slope"]) + 2.0 * loss / d, "q0": loss, "q1": loss + 4 * EPS}
    return Known(groups, seen, errors), ~(np.maximum(many, 1.0) * loss <= HARDLY)


def taken(model: Model, alpha: np.ndarray, q: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """What patterns take from the entropy of vectors at an overlap with their centre, to first order (batch,)."""
    if not model.loss.hard:
        return np.full(alpha.size, np.inf)
    zero = np.zeros(alpha.size)
    with np.errstate(all="ignore"):
        at = Overlaps(q + zero, variance + zero, zero, q + zero)
        return alpha * np.abs(model.architecture.patterns(model.loss, model.data, at, model.beta, 1).log_z)


def centres_of_many(groups: Groups) -> Known:
    """The same for infinitely many replicas at a mutual overlap q1: all vectors round their barycentre."""
    model, q1, apart = groups.model, groups.q1, groups.apart
    loss, root = taken(model, groups.alpha, q1, apart), np.sqrt(q1)
    binary = model.weights.discrete
    room = binary_room(apart / (2.0 * (1.0 + root))) if binary else 0.5 * np.log(apart)
    slope = np.arctanh(root) / root if binary else 1.0 / apart
    none, zero = np.full(q1.size, np.nan), np.zeros(q1.size)
    seen = {"free_entropy": room, "entropy": room, "complexity": none, "q0": q1, "q1": q1, "q0_hat": none}
    seen |= {"q1_hat": none, "parisi": groups.power, "slope": slope, "energy": zero, "training_error": zero}
    slack = 2.0 * loss + 8 * EPS * np.abs(room)
    return Known(groups, seen, {"free_entropy": slack, "entropy": slack})
