"""How real replicas at a held mutual overlap are found: starts and paths; no equations here."""

from __future__ import annotations

import numpy as np

from replica.ansatz.replicated.binary import BinaryReplicas, BinaryReplicasEven, BinaryReplicasLimit
from replica.ansatz.replicated.equations import Groups
from replica.ansatz.replicated.known import HARDLY, UNTOUCHED, centres_of_many, taken
from replica.ansatz.replicated.sharing import LOGITS, STRENGTHS, share
from replica.ansatz.replicated.solver import PATHS, GroupLedger, Typical, followed
from replica.ansatz.replicated.spherical import SphericalReplicas, SphericalReplicasEven, SphericalReplicasLimit
from replica.ansatz.replicated.starts import steep_replicas, steep_sphere
from replica.models.model import Model
from replica.weights.base import Pinned

APART = "groups at overlap q0 = 0"
BELOW = (
    "q1 = {:g} is not above the replica-symmetric overlap {:.6g}, below which real replicas have no saddle point at "
    "alpha = {:g}"
)


def real_replicas(
    model: Model, alpha: np.ndarray, power: float, q1: np.ndarray, tolerance: float, apart: np.ndarray | None = None
) -> GroupLedger:
    """``power`` real replicas at mutual overlap ``q1 = 1 - apart`` (batch,), ``inf`` for the limit."""
    size = alpha.size
    groups = Groups(model, alpha, np.full(size, power), q1, apart=apart)
    ledger, typical = GroupLedger(groups, tolerance), Typical.of(model, alpha)
    idle = taken(model, alpha, q1, groups.apart) <= HARDLY
    typical.q = np.where(idle, 0.0, typical.q)  # no pattern acts: nothing is shared between groups
    if np.isinf(power) and idle.any():
        ledger.hold(np.flatnonzero(idle), centres_of_many(groups).take(np.flatnonzero(idle)), UNTOUCHED)
    below = np.flatnonzero((q1 <= typical.q) & ledger.open)
    ledger.refuse(below, [BELOW.format(q1[row], typical.q[row], alpha[row]) for row in below])
    rows = ledger.rows
    q, q_hat = typical.q[rows], typical.q_hat[rows]
    q, q_hat = np.where(np.isnan(q), 0.5 * q1[rows], q), np.where(np.isnan(q_hat), 1.0, q_hat)
    part = (q1[rows] - q) / (1.0 - q)
    even = q == 0.0
    counted = model.architecture.few is not None  # m-tuples of a few units are counted by their mean number
    told = f"{APART}: the first moment, a bound from above" if counted else APART
    if np.isinf(power):
        q, q_hat = np.where(even, 0.5 * q1[rows], q), np.where(even, 1.0, q_hat)  # nothing is shared: any start
        part = (q1[rows] - q) / (1.0 - q)
        _limit_of_replicas(ledger, rows, q, q_hat, part)
    elif isinstance(model.weights.norm, Pinned):
        strength = q_hat / max(power, 1.0) ** 0.5
        gap = part / np.sqrt(1.0 - part) * min(power, 1.0)
        start = np.log(np.stack([np.where(even, 1.0, strength), gap], axis=1))
        ledger.settle(rows[~even], BinaryReplicas(groups.take(rows[~even])), start[~even])
        ledger.settle(rows[even], BinaryReplicasEven(groups.take(rows[even])), start[even][:, 1:], told)
        if not counted:
            share(ledger, rows[even], BinaryReplicas, STRENGTHS)
    else:
        ratio = np.minimum(q / q1[rows], 0.999)
        start = np.log(np.where(even, 1.0, ratio) / (1.0 - ratio))[:, None]
        ledger.settle(rows[~even], SphericalReplicas(groups.take(rows[~even])), start[~even])
        problem = SphericalReplicasEven(groups.take(rows[even]))
        ledger.settle(rows[even], problem, np.zeros((int(even.sum()), 0)), told)
        if not counted:
            share(ledger, rows[even], SphericalReplicas, LOGITS)
    return ledger


def _limit_of_replicas(
    ledger: GroupLedger, rows: np.ndarray, q: np.ndarray, q_hat: np.ndarray, part: np.ndarray
) -> None:
    """Infinitely many real replicas; where a direct attempt fails, along a path from smaller q1."""
    groups = ledger.groups.take(rows)
    pinned = isinstance(groups.model.weights.norm, Pinned)
    kind = BinaryReplicasLimit if pinned else SphericalReplicasLimit
    binary, sphere = (q_hat * (1.0 - part), 0.5 + part), (groups.q1 - q,)
    start = np.log(np.stack(binary if pinned else sphere, axis=1))
    left = np.flatnonzero(ledger.settle(rows, kind(groups), start))
    close = (steep_replicas if pinned else steep_sphere)(groups.model, groups.alpha, groups.q1)
    left = left[ledger.settle(rows[left], kind(groups.take(left)), close[left])]
    level = np.log(part / (1.0 - part))
    for steps in PATHS:
        if not left.size:
            return
        path = np.linspace(np.full(left.size, -0.5), level[left], steps, axis=1)
        overlap = q[left, None] + (1.0 - q[left, None]) / (1.0 + np.exp(-path))
        middle = 1.0 / (1.0 + np.exp(0.5))
        first = start[left].copy()
        if pinned:
            first = np.log(np.stack([q_hat[left] * (1.0 - middle), np.full(left.size, 0.5 + middle)], axis=1))
        reached = followed(kind, groups.take(left), path, first, q1=overlap, apart=1.0 - overlap)
        left = left[ledger.settle(rows[left], kind(groups.take(left)), reached)]
