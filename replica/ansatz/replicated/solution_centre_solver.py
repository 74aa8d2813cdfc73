"""How groups round a centre that is a solution are found: from the Franz-Parisi solution; no equations here."""

from __future__ import annotations

import numpy as np

from replica.ansatz.franz_parisi.pair_patterns import Side
from replica.ansatz.franz_parisi.solver import curve
from replica.ansatz.franz_parisi.typical_held_norm import FranzParisiProblem, Reference
from replica.ansatz.replicated.equations import GroupProblem, Groups
from replica.ansatz.replicated.solution_centre import BinaryJoint, SphericalJoint
from replica.ansatz.replicated.solver import GroupLedger, Typical, followed
from replica.models.model import Model
from replica.weights.base import Pinned

#: number of replicas from which the Franz-Parisi solution is near
FEW = 0.1
MODERATE = 3.0  # below it the Franz-Parisi solution is worth a try itself


def around_solutions(
    model: Model, alpha: np.ndarray, power: float, distance: np.ndarray, tolerance: float
) -> GroupLedger:
    """``power`` replicas round a centre that is a solution; rows share the model and the load."""
    groups = Groups(model, alpha, np.full(alpha.size, power), distance=distance)
    pinned = isinstance(model.weights.norm, Pinned)
    kind: type[GroupProblem] = BinaryJoint if pinned else SphericalJoint
    ledger = GroupLedger(groups, tolerance)
    near = _near_typical(groups, pinned)
    if power < MODERATE:
        ledger.settle(ledger.rows, kind(groups), near)
    rows = ledger.rows
    if rows.size:
        path = np.linspace(np.log(min(FEW, power)), np.log(power), 3 + int(np.log(max(power / FEW, 1.0))))
        path = np.tile(path, (rows.size, 1))
        climbed = followed(kind, groups.take(rows), path, near[rows], power=np.exp(path))
        ledger.settle(rows, kind(groups.take(rows)), climbed)
    lost = "no saddle point of {:g} replicas was found at distance {:g}, followed from the typical centre"
    ledger.remarks[ledger.open] = [lost.format(power, far) for far in distance[ledger.open]]
    return ledger


def _near_typical(groups: Groups, pinned: bool) -> np.ndarray:
    """Points of hardly any replica: the centre is typical, its neighbourhood that of Franz and Parisi."""
    model, t = groups.model.take(np.array([0])), 1.0 - 2.0 * groups.distance
    typical = Typical.of(model, groups.alpha[:1])
    q, q_hat = float(typical.q[0]), float(typical.q_hat[0])
    side = Side(model.loss, float(np.asarray(model.beta).reshape(-1)[0]))
    alpha, reference = float(groups.alpha[0]), Reference(side, q, q_hat)
    seen = curve(FranzParisiProblem(model, alpha, reference, groups.distance)).values
    if not pinned:
        least = seen["s"] ** 2 / q  # of q0; what is above it replicas have beside their centre
        ratio = (least + 0.02 * (seen["q"] - least - (t - seen["s"]) ** 2 / (1.0 - q))) / seen["q"]
        columns = (np.full(t.size, np.log(q / (1.0 - q))), seen["s"], np.log(ratio / (1.0 - ratio)))
        return np.stack([*columns, np.log(seen["q"] / (1.0 - seen["q"]))], axis=1)
    between = np.minimum(1.05 * seen["s_hat"] ** 2 / q_hat, 0.98 * seen["q_hat"])
    cross = seen["s_hat"] / np.sqrt(q_hat * between)
    reach = np.log(np.minimum(FEW, groups.power) * (seen["q_hat"] - between))
    hats = (np.full(t.size, np.log(q_hat)), cross, np.log(between), reach)
    return np.stack([*hats, seen["t_hat"] - seen["s_hat"]], axis=1)
