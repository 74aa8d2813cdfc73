"""Where the first step begins just beyond a continuous transition: overlaps on either side of the symmetric one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.potential import Place

BETWEEN = np.geomspace(1e-5, 0.3, 12)  # differences of the overlaps, relative to 1 - q
PARISI = (0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97)

Look = Callable[[Order], Place | None]


def weak_steps(symmetric: Order) -> list[Order]:
    """Starts of one step where overlaps have just become positive: ``q_0`` is a third of ``q_1``, and m as small."""
    q = 1.0 - float(symmetric.gaps[0])
    return [Order(1.0 - q * np.array([0.345, 1.03]), np.array([q * share])) for share in (2.75, 1.3, 6.0)]


def close_steps(symmetric: Order, look: Look) -> list[Order]:
    """Starts of one step whose levels are close: at each m the difference at which both overlaps pull alike, and of
    these m where the step as a whole pulls as its ends do (else the nearest to it).
    """
    found = [(m, order, pull) for m in PARISI for order, pull in _balanced(symmetric, m, look)]
    crossed = []
    for (low, one, left), (high, other, right) in zip(found[:-1], found[1:], strict=True):
        if left * right <= 0.0:
            share = left / (left - right) if left != right else 0.5
            gaps = one.gaps + share * (other.gaps - one.gaps)
            crossed.append(Order(gaps, np.array([low + share * (high - low)])))
    nearest = sorted(found, key=lambda each: abs(each[2]))
    return crossed + [order for _, order, _ in nearest[:2]]


def _balanced(symmetric: Order, m: float, look: Look) -> list[tuple[Order, float]]:
    """The order at an m, and by how much the whole step pulls more than its ends, in squared differences."""
    gap = float(symmetric.gaps[0])
    widest = 1.9 * (1.0 - gap)  # q_0 > 0
    before: tuple[float, float] | None = None
    for between in gap * BETWEEN[gap * BETWEEN < widest]:
        order = Order(gap + between * np.array([0.5, -0.5]), np.array([m]))
        place = look(order)
        if place is None:
            return []
        pull = float(place.balance[1] - place.balance[0])
        if before is not None and before[1] > 0.0 >= pull:
            share = before[1] / (before[1] - pull)
            between = before[0] + share * (between - before[0])
            order = Order(gap + between * np.array([0.5, -0.5]), np.array([m]))
            place = look(order)
            if place is None:
                return []
            return [(order, float(place.balance[2] - place.balance[:2].mean()) / between**2)]
        before = float(between), pull
    return []
