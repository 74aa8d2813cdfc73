"""What a cost is seen to be from its values: convex, free over an interval, even; no loss lives here."""

from __future__ import annotations

import numpy as np

from replica.losses._cost_table import NoTable, cost_table, single_rows
from replica.losses._pieces import Function
from replica.losses._protocol import Cost

NEAR = np.linspace(-12.0, 12.0, 4801)
FAR = np.geomspace(12.0, 1e5, 400)
STEPS = np.geomspace(1e-6, 1.0, 25)  # on either side of kinks
BOTH = np.concatenate([np.linspace(0.0, 16.0, 16_385)[1:] - 3.7e-4, np.geomspace(16.0, 1e5, 400)])  # signs compared
LOST = 1e-14  # of other costs: what may be left of one in rounding


def _rows(loss: Cost) -> int:
    return next((len(v) for v in vars(loss).values() if isinstance(v, np.ndarray) and v.ndim == 1), 1)


def seems_convex(loss: Cost) -> bool:
    """Whether the slopes of a finite cost never decrease, for each row of a batch: see `CostTable.convex`."""
    if loss.hard:
        return False
    try:
        return all(cost_table(single).convex for single in single_rows(loss, _rows(loss)))
    except NoTable:
        return False


def seems_exact(loss: Cost) -> bool:
    """Whether a finite convex cost is least at one stability and higher at any other, in each row of a batch."""
    if loss.hard or not loss.log_concave:
        return False
    return all(np.isfinite(cost_table(single).rest[0]) for single in single_rows(loss, _rows(loss)))


def costs_nothing(loss: Cost) -> bool:
    """Whether a finite cost is 0 over an interval of stabilities, in each row of a batch; a tail that is lost in
    rounding does not count.
    """
    return loss.hard or all(_free(single) for single in single_rows(loss, _rows(loss)))


def seems_even(loss: Cost) -> bool:
    """Whether stabilities of either sign cost the same, to rounding, in each row of a batch."""
    kinks = [np.ravel(kink).astype(float) for kink in loss.kinks()]
    beside = [np.abs(kink[:, None] + sign * STEPS).ravel() for kink in kinks for sign in (-1.0, 1.0)]
    u = np.concatenate([BOTH, *beside])[None, :]
    with np.errstate(all="ignore"):
        one, two = (np.asarray(loss.cost(sign * u), dtype=float) for sign in (1.0, -1.0))
        near = np.abs(one - two) <= 8.0 * LOST * np.maximum(np.abs(one), np.abs(two))
        return bool(np.all((one == two) | near & np.isfinite(one - two)))


def _free(loss: Cost) -> bool:
    kinks = np.array([float(kink) for kink in loss.kinks()])
    beside = (kinks[:, None] + np.concatenate([-STEPS, STEPS])).ravel()
    u = np.unique(np.concatenate([-FAR, NEAR, FAR, beside, 0.5 * (kinks[1:] + kinks[:-1])]))

    def cost(u: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(loss.cost(u[None, :]), dtype=float)[0]

    values = cost(u)
    free = values == 0.0
    typical = float(np.median(np.abs(values[np.abs(u) <= 12.0]))) or 1.0
    starts = np.flatnonzero(free[1:] & free[:-1] & ~np.append(False, free[:-2]))
    ends = np.flatnonzero(free[1:] & free[:-1] & ~np.append(free[2:], False)) + 1
    return any(
        _real(cost, u, first, first - 1, typical) and _real(cost, u, last, last + 1, typical)
        for first, last in zip(starts.tolist(), ends.tolist(), strict=True)
    )


def _real(cost: Function, u: np.ndarray, inside: int, outside: int, typical: float) -> bool:
    """Whether a cost of 0 ends where it begins to grow, not where a tail that is as small all around is rounded."""
    if not 0 <= outside < u.size:
        return True
    zero, paid = u[inside], u[outside]
    step = np.sign(paid - zero) * max(1e-8 * abs(paid - zero), 1e-10 * abs(paid))
    for _ in range(80):
        middle = 0.5 * (zero + paid)
        zero, paid = (middle, paid) if cost(np.array([middle]))[0] == 0.0 else (zero, middle)
    near, far = np.abs(cost(paid + step * np.array([1.0, 2.0])))
    return not (near <= LOST * typical and far <= 1.2 * near)
