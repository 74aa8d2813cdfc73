"""Averages over the stability with the weight ``exp(-beta l)``, for losses without closed forms; no loss lives here."""

from __future__ import annotations

import dataclasses
from copy import copy
from typing import Any

import numpy as np

from replica._registry import per_row
from replica.losses._cost_panels import CostPanels, cost_panels, cost_scale
from replica.losses._protocol import AnyCost, Cost
from replica.losses._tabulated import resting
from replica.losses._tilted import nodes_row, terms_rows
from replica.losses._tilted_nodes import DEEP, ROOM
from saddlepoint.quadrature.levels import LEVELS
from saddlepoint.quadrature.rules import gauss_legendre

#: nodes of a piece and the e-folds by which its weight may vary, by level: two levels share neither
RULES = ((16, 6.0), (20, 6.0), (24, 5.0), (28, 4.0), (32, 3.0))
FEATURES = 12  # of ln Z at most
_NEAR = 8.0  # edges of panels beyond it, or of panels wider than 2, are no features of a cost (units of large spreads)
_GRID = 12  # places by which a panel of fields is judged
_AT = np.cos(np.pi * (np.arange(_GRID) + 0.5) / _GRID)
_LAST = 2.0 / _GRID * np.cos(np.outer(np.pi * (np.arange(_GRID) + 0.5) / _GRID, (_GRID - 2, _GRID - 1)))
# what is left in the last two terms of twelve (of sixteen nodes, which are as exact as 32 terms, it is 1e-15), and what
# counts as small
_SMOOTH, _RARE = 1e-5, 1e-6
_ALIKE = 1e-4  # logarithm by which spreads may differ that share features
_EFOLDS = 50.0
_CARRIED = 1e5  # deviations by which a weight may be carried: farther, f is not known to `_SMOOTH` of itself
MANY = 1024  # panels of one width: what is rough on so many is rounding, as where a weight is 1e7 deviations away


def marked(loss: AnyCost, **how: Any) -> AnyCost:
    """A copy whose averages are taken in a way of their own: ``inner_level``, the level of their rule;
    ``inner_elsewhere``, with the cost as series on other panels know it.
    """
    other = copy(loss)
    vars(other).update(how)
    return other


def tilted_terms(loss: Cost, field: np.ndarray, variance: np.ndarray, beta: Any, whole: bool) -> np.ndarray:
    """``ln Z``, its first two derivatives in the field, the mean cost and P(u < 0) (5, batch, node).

    ``whole``: the last two to their relative digits, however rare they are.
    """
    out = np.empty((5, *field.shape))
    for own, at, spread, inverse in _groups(loss, variance, beta):
        if _rests(own, inverse):
            out[:, at] = _at_rest(own, field[at], spread)
            continue
        panels, rows = cost_panels(own), np.ascontiguousarray(field[at], dtype=float)
        _cover(panels, rows, spread, inverse)
        panels = panels.elsewhere() if vars(loss).get("inner_elsewhere") else panels
        found = np.empty((5, *rows.shape))
        rule, span = _rule(loss)
        limits = panels.limits(not np.all(np.isfinite(inverse)))
        terms_rows(rows, spread, inverse, whole, *panels.tables, limits, rule, span, *_scratch(), found)
        out[:, at] = found
    return out


def tilted_mean(loss: Cost, function: Any, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
    """Mean of ``function(u)``, which may jump where the cost has a kink and at 0."""
    out = np.empty(field.shape)
    for own, at, spread, inverse in _groups(loss, variance, beta):
        if _rests(own, inverse):
            out[at] = np.asarray(function(own, np.array([[resting(own)[0]]])), dtype=float)
            continue
        panels, rule = cost_panels(own), _rule(loss)
        for row, s, b in zip(at, spread, inverse, strict=True):
            line = np.ascontiguousarray(field[row], dtype=float)
            _cover(panels, line[None], np.array([s]), np.array([b]))
            given = line, s, b, True, *panels.tables, panels.limits(not b < np.inf), *rule, *_scratch()
            none = np.empty((line.size, 0))
            u, mass = np.empty((2, line.size, max(nodes_row(*given, none, none), 1)))
            nodes_row(*given, u, mass)
            value = np.asarray(function(own, u.reshape(1, -1)), dtype=float).reshape(u.shape)
            with np.errstate(invalid="ignore"):
                out[row] = np.where(mass == 0, 0.0, mass * value).sum(axis=1)
    return out


def tilted_features(loss: Cost, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
    """Positions and widths (batch, F), in units of the field, next to which ``ln Z`` or P(u < 0) varies fast."""
    places, widths = np.zeros((variance.size, FEATURES)), np.full((variance.size, FEATURES), np.inf)
    count = 1
    for own, at, spread, inverse in _groups(loss, variance, beta):
        if _rests(own, inverse):  # ln Z is a parabola
            continue
        panels = cost_panels(own)
        for row, s, b in zip(at, spread, inverse, strict=True):
            if not (0.0 < s < np.inf and b >= 0.0):
                continue
            # the same for spreads that hardly differ: a mesh that moves with every step of a solver would cost as much
            # as the averages themselves
            step = round(float(np.log(s)) / _ALIKE)
            if (step, b) not in panels.features:
                near = float(np.exp(step * _ALIKE))
                stops = _stops(panels, near, b)
                _cover(panels, stops[None, [0, -1]], np.array([near]), np.array([b]))
                panels.keep_features((step, b), _narrow(*_resolving(loss, panels, stops, near, b)))
            narrow = panels.features[step, b]
            number = len(narrow)
            places[row, :number], widths[row, :number] = narrow.T
            places[row, number:], widths[row, number:] = places[row, 0], widths[row, 0]
            count = max(count, number)
    return places[:, :count], widths[:, :count]


def _rests(loss: Cost, inverse: np.ndarray) -> bool:
    """Whether all the weight of cold rows is at one stability."""
    return not np.isfinite(inverse[0]) and not loss.hard and loss.exact


def _at_rest(loss: Cost, field: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """`tilted_terms` of the weight at the stability of least cost: a set without volume."""
    place, least = resting(loss)
    with np.errstate(divide="ignore", invalid="ignore"):
        stiffness = 1.0 / (spread**2)[:, None]
    flat = np.ones_like(field)
    return np.stack(
        [-np.inf * flat, stiffness * (place - field), -stiffness * flat, least * flat, float(place < 0) * flat]
    )


def _resolving(
    loss: Cost, panels: CostPanels, stops: np.ndarray, s: float, beta: float
) -> tuple[np.ndarray, np.ndarray]:
    """Middles and lengths of the panels between the stops on each of which f and P(u < 0) are smooth."""
    rule, limits = _rule(loss), panels.limits(not beta < np.inf)
    waiting, size = np.stack([stops[:-1], stops[1:]], axis=1), 0.0
    middles: list[np.ndarray] = []
    lengths: list[np.ndarray] = []
    scratch = _scratch()
    while len(waiting):
        middle, half = waiting.mean(axis=1), 0.5 * (waiting[:, 1] - waiting[:, 0])
        found = np.empty((5, len(waiting), _GRID))
        alike = np.full(len(waiting), s), np.full(len(waiting), beta)
        terms_rows(middle[:, None] + half[:, None] * _AT, *alike, False, *panels.tables, limits, *rule, *scratch, found)
        seen = np.where(np.isfinite(found[[1, 4]]), found[[1, 4]], 0.0)
        largest = np.abs(seen).max(axis=2)
        size = max(size, float(largest[0].max()))
        least = np.array([_RARE * size, _RARE])[:, None]
        rough = np.any(np.abs(seen @ _LAST).max(axis=2) > _SMOOTH * (largest + least), axis=0)
        rough &= (half > 1e-6 * s) & (len(middles) < 50) & (len(waiting) < MANY)
        middles.append(middle[~rough])
        lengths.append(2.0 * half[~rough])
        low, mid, high = waiting[rough, 0], middle[rough], waiting[rough, 1]
        waiting = np.concatenate([np.stack([low, mid], axis=1), np.stack([mid, high], axis=1)])
    return np.concatenate(middles), np.concatenate(lengths)


def _narrow(middle: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Places and widths (F, 2) of features that lay panels of such lengths: the narrow ones that the grading around
    narrower ones would not give.
    """
    core, growth = LEVELS[1].core, LEVELS[1].growth
    found = np.zeros((0, 2))
    for i in np.argsort(length, kind="stable"):
        away = np.abs(middle[i] - found[:, 0]) - 2.0 * found[:, 1]
        given = np.maximum(core * found[:, 1], growth / (1.0 + growth) * away)
        if len(found) < FEATURES and not np.any(given <= 1.3 * length[i]):
            found = np.append(found, [[middle[i], length[i] / core]], axis=0)
    return found


def _rows_of(loss: Cost, size: int) -> list[tuple[Cost, np.ndarray]]:
    """The costs of a batch, numbers for parameters, each with its rows."""
    names = [f.name for f in dataclasses.fields(loss) if isinstance(getattr(loss, f.name), np.ndarray)]
    if not names or size == 0:
        return [(loss, np.arange(size))]
    table = np.stack([per_row(getattr(loss, name), size) for name in names], axis=1)
    kinds, which = np.unique(table, axis=0, return_inverse=True)
    which = which.reshape(-1)
    return [
        (dataclasses.replace(loss, **dict(zip(names, map(float, kind), strict=True))), np.flatnonzero(which == i))
        for i, kind in enumerate(kinds)
    ]


def tilted_grain(loss: Cost, beta: Any, norm: Any) -> Any:
    """Rounding of these averages in units of that of closed forms: a cost known by its values is known to their
    rounding, which the inverse temperature multiplies, wherever weights of such a norm (squared) have stabilities.
    Measured beside closed forms of hinges.
    """
    reach = 4.0 * max(1.0, float(np.sqrt(np.max(norm, where=np.isfinite(norm), initial=0.0))))
    return 1.0 + 0.1 * np.where(np.isfinite(beta), beta, 0.0) * cost_scale(loss, reach)


def _groups(loss: Cost, variance: np.ndarray, beta: Any) -> list[tuple[Cost, np.ndarray, np.ndarray, np.ndarray]]:
    """Costs with numbers for parameters, their rows, and spreads and inverse temperatures of these: cold and warm rows
    apart.
    """
    with np.errstate(invalid="ignore"):
        spread = np.sqrt(np.asarray(variance, dtype=float))
    inverse = np.full(spread.size, 1.0) if loss.hard else per_row(beta, spread.size)
    parts = []
    for own, rows in _rows_of(loss, spread.size):
        cold = np.isinf(inverse[rows])
        parts += [(own, at, spread[at], inverse[at]) for at in (rows[cold], rows[~cold]) if at.size]
    return parts


def _scratch() -> tuple[np.ndarray, np.ndarray]:
    """Where the kernels keep the nodes of one field, and what they forget."""
    return np.empty((5, ROOM)), np.empty((7, DEEP))


def _rule(loss: Cost) -> tuple[np.ndarray, float]:
    order, span = RULES[min(loss.inner_level, len(RULES) - 1)]
    return np.array(gauss_legendre(order)), span


def _cover(panels: CostPanels, field: np.ndarray, spread: np.ndarray, beta: np.ndarray) -> None:
    """Widen the panels until nothing outside can matter: beyond ``h +- R`` a cost that is nowhere lower than where it
    is known has no weight left. ``h +- R`` grow with h, so the outermost fields decide.
    """
    with np.errstate(invalid="ignore"):
        good = (spread > 0) & np.isfinite(spread) & (beta >= 0)
    known = np.isfinite(field) & good[:, None]
    if known.any():
        panels.sharpen(float(np.max(np.abs(field) + 8.0 * spread[:, None], where=known, initial=0.0)))
    for row in np.flatnonzero(known.any(axis=1)):
        line = field[row, known[row]]
        for h in {float(line.min()), float(line.max())}:
            while True:
                low, high = _reach(panels, h, float(spread[row]), float(beta[row]))
                before = list(panels.reach)
                panels.cover(low, high)
                if panels.reach == before:
                    break


def _reach(panels: CostPanels, h: float, s: float, beta: float) -> tuple[float, float]:
    warm = beta if beta < np.inf else 0.0
    used = panels.most == 0.0 if beta == np.inf else np.isfinite(panels.most)
    if not np.any(used):
        return h - 40.0 * s, h + 40.0 * s
    near = np.clip(h, panels.low[used], panels.high[used])
    ends = np.stack([near, panels.low[used], panels.high[used]])
    costs = np.stack([panels.most[used], panels.ends[used, 0], panels.ends[used, 1]])
    best = np.max(-warm * costs - 0.5 * ((ends - h) / s) ** 2)
    reach = s * np.sqrt(2.0 * max(_EFOLDS - best - warm * panels.least[used].min(), _EFOLDS))
    return h - reach, h + reach


def _stops(panels: CostPanels, s: float, beta: float) -> np.ndarray:
    """Fields between which features are looked for: around those that are carried to the ends of narrow panels, and
    as far as a step of the cost can pull.
    """
    warm = beta if beta < np.inf else 0.0
    unit = max(1.0, s)
    near = np.maximum(np.abs(panels.low), np.abs(panels.high)) <= _NEAR * unit
    bent = np.isin(panels.low, panels.kinks) | np.isin(panels.high, panels.kinks)
    narrow = (bent | (near & (panels.high - panels.low < 2.0 * unit))) & np.isfinite(panels.most)
    signs = np.where(np.arange(panels.slopes.shape[1]) % 2, -1.0, 1.0)
    edges = np.concatenate([[0.0], panels.low[narrow], panels.high[narrow]])
    pulls = np.concatenate([[0.0], (panels.slopes @ signs)[narrow], panels.slopes.sum(axis=1)[narrow]])
    costs = panels.ends[narrow]
    leap = s * min(np.sqrt(2.0 * warm * np.ptp(costs)), _CARRIED) if costs.size else 0.0
    fields = edges + s * np.clip(warm * s * pulls, -_CARRIED, _CARRIED)
    low = min(edges.min(), fields.min()) - leap - 8.0 * s
    high = max(edges.max(), fields.max()) + leap + 8.0 * s
    # within the range a first look sees what is not much narrower than the Gaussian; the rest is pointed out
    sharp = (panels.high - panels.low)[narrow] < 0.1 * s
    edged = [sharp | np.isin(edge[narrow], panels.kinks) for edge in (panels.low, panels.high)]
    told = np.concatenate([[True], *edged])
    fields = np.sort(np.concatenate([[low], edges[told], fields[told], [high]]))
    kept = [fields[0]]
    for field in fields[1:]:
        if field - kept[-1] >= 0.5 * s:
            kept.append(field)
    return np.array(kept)


def reference_moments(loss: Cost, field: Any, variance: Any, beta: Any, strip: Any, mp: Any) -> tuple[Any, Any, Any]:
    """``ln Z`` and its first two derivatives of a smooth convex cost in mpmath.

    By the trapezoidal rule, outwards from the mode. The cost is analytic within about ``strip/4`` of the real line, so
    the error falls exponentially with the inverse step.
    """
    mode = mp.mpf(float(loss.ground(np.array([[float(field)]]), np.array([float(beta * variance)]))[0][0, 0]))
    step = min(strip, 14 * mp.sqrt(variance)) / (2.4 * mp.dps)
    top = beta * loss.reference_cost(mode, mp) + (mode - field) ** 2 / (2 * variance)
    mass, first, second = mp.one, mode - field, (mode - field) ** 2
    for sign in (1, -1):
        u, part = mode, mp.one
        while part > mp.eps / 100:
            u += sign * step
            part = mp.exp(top - beta * loss.reference_cost(u, mp) - (u - field) ** 2 / (2 * variance))
            mass, first, second = mass + part, first + part * (u - field), second + part * (u - field) ** 2
    first, second = first / mass, second / mass
    log_z = mp.log(mass * step / mp.sqrt(2 * mp.pi * variance)) - top
    return log_z, first / variance, ((second - first**2) / variance - 1) / variance
