"""Where the search for one more step begins; and when levels are the same. No equations here."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.potential import CAPACITY, GROUND

CLOSE = 1e-4  # levels nearer than that, relatively, coincide
APART = 1e-2  # and where the steps before are stable, so that a new one starts with a jump


def symmetric(setting: str) -> list[Order]:
    """Starts without a step, of ground states and at finite temperature."""
    none = np.zeros(0)
    if setting == GROUND:
        return [Order(none, none, chi) for chi in np.geomspace(1e-4, 1e4, 25)]
    return [Order(np.array([gap]), none) for gap in (1 - 1e-4, 0.98, 0.9, 0.7, 0.5, 0.3, 0.1, 0.03, 0.01, 1e-3)]


def first_steps(setting: str, rooted: bool, symmetric: Order) -> list[Order]:
    """Starts of one step, from the replica-symmetric point."""
    low = [1.0] if rooted else []
    if setting == CAPACITY:
        grid = product(low or (0.995, 0.8, 0.5, 0.25, 0.1, 0.03), (1.5, 5.0, 15.0, 50.0, 200.0, 2e3))
        return [Order(np.array([gap]), np.array([c])) for gap, c in grid]
    if setting == GROUND:
        rows = product(low or (0.6, 0.25, 0.06), (0.3, 3.0, 30.0, 300.0), (0.2, 0.6, 2.0))
        chis = [(gap, c, share * symmetric.chi) for gap, c, share in rows]
        return [Order(np.array([gap]), np.array([c / chi]), chi) for gap, c, chi in chis]
    gap = float(symmetric.gaps[0])
    lower = low or [1.0 - (1.0 - gap) * share for share in (0.96, 0.75, 0.4, 0.15)]
    return [
        Order(np.array([high, min(0.97 * high, gap * share)]), np.array([m]))
        for high, m, share in product(lower, (0.08, 0.25, 0.6, 0.9, 0.98), (0.9, 0.6, 0.25, 0.08))
    ]


def raised(order: Order) -> list[Order]:
    """Orders with ``q_0 > 0`` beside one at ``q_0 = 0``."""
    next_gap = float(order.gaps[1]) if order.gaps.size > 1 else 0.0
    lowest = [1.0 - share * (1.0 - next_gap) for share in (0.02, 0.1, 0.3, 0.6)]
    return [replace(order, gaps=np.append(gap, order.gaps[1:])) for gap in lowest]


def one_more(before: Order, unstable: np.ndarray, cold: bool, rooted: bool) -> list[Order]:
    """Starts of one step more: the levels that are unstable split, and last the same profile with more steps there."""
    split = [one for level in np.flatnonzero(unstable) for one in _split(before, int(level), cold, rooted)]
    from_zero = rooted and not cold and unstable[0]
    filled = [_filled(before, max(int(np.flatnonzero(unstable)[-1]), 1))] if from_zero else []
    return [*split, _stretched(before, unstable, cold, rooted), *filled]


def nearer(before: Order) -> Order:
    """One step more of few that end at zero temperature, where levels are as near as Parisi parameters are large: the
    step of few units.
    """
    m = before.parisi
    gap = min(0.5 / float(m[-1]), 0.3 * float(before.gaps[-1]))
    return Order(np.append(before.gaps, gap), np.append(1.5 * m, 4.0 * m[-1]))


def coincide(order: Order, cold: bool, close: float) -> bool:
    """Whether levels, or the Parisi parameters of neighbours, are the same."""
    gaps, m = order.gaps, order.parisi
    if not m.size:
        return False
    between = -np.diff(np.append(gaps, 0.0) if cold else gaps)
    if not np.all(np.isfinite(m)) or gaps[0] > 1.0 or np.any(between < close * gaps[: between.size]):
        return True
    if m[0] * gaps[0] < close * close * order.chi or gaps[-1] < 0.1 * close * close:
        return True
    return bool(np.any(np.diff(m) < CLOSE * m[1:]) or (not cold and m[-1] > 1.0 - CLOSE))


def _stretched(order: Order, unstable: np.ndarray, cold: bool, rooted: bool) -> Order:
    """The profile with one more step, where its levels are unstable: logarithms over the number of the level, straight
    between levels; at zero temperature beyond the last one too.
    """
    levels = np.flatnonzero(unstable)
    k = order.parisi.size
    first, last = max(int(levels[0]), int(rooted)), int(levels[-1])
    top = cold and last == k
    gaps, shares = np.log(order.gaps), np.log(order.parisi)
    inner, between = gaps[first : last if top else last + 1], shares[first:last]
    below = gaps[first - 1] if first else 0.0
    if inner.size > 1:
        inner = _between(inner, top)
    elif inner.size:
        above = inner[0] - 1.5 if top or first + 1 >= gaps.size else gaps[first + 1]
        inner = inner[0] + np.array([0.3 * (below - inner[0]), (0.6 if top else 0.3) * (above - inner[0])])
    else:
        inner = np.array([below - 3.0])
    inner = np.minimum(inner, below - 0.02) if inner.size else inner
    lower = shares[first - 1] if first else -np.inf
    if between.size > 1:
        between = _between(between, True)
    elif between.size:
        room = 0.35 * min(between[0] - lower, 1.0)
        between = between[0] + np.array([-room, 1.2 if top else room])
    elif top:
        between = np.array([shares[-1] + 1.2])
    else:
        upper = shares[last] if last < k else 0.0 if not cold else shares[-1] + 1.2
        between = np.array([0.5 * (max(lower, upper - 2.0) + upper)])
    if not cold:
        between = np.minimum(between, 0.3 * shares[-1])
    found = np.concatenate([gaps[:first], inner, gaps[last if top else last + 1 :]])
    return Order(np.exp(found), np.exp(np.concatenate([shares[:first], between, shares[last:]])), order.chi)


def _filled(order: Order, last: int) -> Order:
    """The profile from ``q = 0`` to level `last` with one more step: it starts as a straight line there, of which the
    best steps are equal, ``q_j ~ j`` and ``m_j ~ 2j - 1``.
    """
    gaps, m = order.gaps, order.parisi
    upper = m[last] if last < m.size else 1.0
    between = _between(m[:last], True) if last > 1 else m[0] * np.array([0.5, 1.5])
    between[-1] = min(between[-1], 0.5 * (between[-2] + upper))
    filled = _between(gaps[: last + 1], False)
    return Order(np.concatenate([filled, gaps[last + 1 :]]), np.concatenate([between, m[last:]]))


def _between(values: np.ndarray, spread: bool) -> np.ndarray:
    """Values on one point more: in the middles of equal cells, or with the ends where they are."""
    n = values.size
    if not spread:
        return np.interp(np.linspace(0.0, 1.0, n + 1), np.linspace(0.0, 1.0, n), values)
    old, new = (np.arange(n) + 0.5) / n, (np.arange(n + 1) + 0.5) / (n + 1)
    found = np.interp(new, old, values)
    found[0] = values[0] + (values[1] - values[0]) * (new[0] - old[0]) / (old[1] - old[0])
    found[-1] = values[-1] + (values[-1] - values[-2]) * (new[-1] - old[-1]) / (old[-1] - old[-2])
    return found


def _split(order: Order, level: int, cold: bool, rooted: bool) -> list[Order]:
    """The order with one level split in two, by more and by less, and a Parisi parameter between its neighbours."""
    k, gaps, m = order.parisi.size, order.gaps, order.parisi
    top = cold and level == k
    here = 0.0 if top else gaps[level]
    below = (gaps[level - 1] if level else 1.0) - here  # room to the level below
    above = here - (gaps[level + 1] if level + 1 < gaps.size else 0.0)
    new = []
    low, high = (m[level - 1] if level else 0.0), (m[level] if level < k else (1.0 if not cold else 9.0 * m[-1]))
    between = np.sqrt(low * high) if low else 0.5 * high
    for share in (0.1, 0.3):
        lower, upper = here + share * below, here - share * above
        if rooted and level == 0:
            lower = 1.0
        pair = [lower] if top else [lower, upper]
        found = np.concatenate([gaps[:level], pair, gaps[level + 1 :]])
        new.append(Order(found, np.insert(m, level, between), order.chi))
    return new
