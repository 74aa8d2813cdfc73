"""Groups of an even model: those that share nothing, or where that has less those that share something."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from replica.ansatz.replicated.equations import GroupProblem
from replica.ansatz.replicated.solver import GroupLedger, followed

STRENGTHS = tuple(np.log([0.3, 1.0]))  # where binary weights begin: logarithms of the conjugate of what is shared
LOGITS = (-1.0, 1.0)  # the same on the sphere, of q0/q1
FEW = 6.0  # replicas from which many are approached
STRIDE = 0.4  # of the logarithm of their number
TINY = -18.0  # coordinate of almost nothing shared
GROWS = 1e-3  # logarithm of its growth from which it does
UNSTABLE = "groups at overlap q0 = 0 are unstable, and none that share something were found"


def share(ledger: GroupLedger, rows: np.ndarray, kind: type[GroupProblem], starts: Iterable[float]) -> None:
    """Groups at overlap 0 are a bound of F from above; where groups that share something have less, that is the saddle
    point, F being lowest in q0 for more than one replica. ``starts`` of the first coordinate of a `kind`; its others
    are those of the rows' solutions. Rows that are unstable with no such groups known are refused.
    """
    rows = rows[(ledger.groups.power[rows] > 1.0) & ledger.solved[rows]]
    if not rows.size:
        return
    groups = ledger.groups
    start = np.full((ledger.size, len(kind.own)), np.nan)
    for part in ledger.parts:
        start[part.rows, 1:] = part.point[:, : start.shape[1] - 1]

    # many replicas are found from few
    ends = np.log(groups.power[rows])
    steps = 1 + int(np.ceil(max(ends.max() - np.log(FEW), 0.0) / STRIDE))
    path = np.linspace(np.minimum(ends, np.log(FEW)), ends, steps, axis=1)
    alone = start.copy()
    for first in starts:
        start[:, 0] = first
        ways = [start[rows]]
        if steps > 1:
            ways.append(followed(kind, groups.take(rows), path, start[rows], power=np.exp(path)))
        for way in ways:
            ledger.improve(rows, kind(groups.take(rows)), way, -1.0)
    left = rows[ledger.observed("q0")[rows] == 0.0]
    if left.size:
        alone[:, 0] = TINY
        with np.errstate(all="ignore"):
            grown = kind(groups.take(left)).residual(alone[left])[:, 0]
        ledger.refuse(left[~(grown <= GROWS)], UNSTABLE)  # or not known
