"""Loads at which one step changes its standing, as equations in which the load is eliminated: where states appear,
where few dominate, and where they break up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz.rsb.charts import Chart, Order
from replica.ansatz.rsb.equations import EPS
from replica.ansatz.rsb.grids import TooFine
from replica.ansatz.rsb.potential import WARM, Place, Potential
from replica.models.model import Model
from replica.solution.errors import Named
from saddlepoint import REAL, Problem, Variable, Variables
from saddlepoint.quadrature.fields import field_nodes

DYNAMIC, STATIC, GARDNER = "dynamic", "static", "gardner"
_STEP = 1e-3  # of the derivative along q1 by differences of sixth order
_WEIGHTS = np.array([-1.0, 9.0, -45.0, 45.0, -9.0, 1.0]) / 60.0
_PLACES = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])


class GlassPoint(Problem):
    """``q_0``, ``q_1`` (and, at the Gardner point, m) with the load that the equation of ``q_0`` asks for.

    At ``m = 1`` the equation of ``q_1`` and, where states appear, its derivative in ``q_1``; where few dominate the
    complexity. At the Gardner point both equations of one step, and ``replicon_1 = 1``.
    """

    rowwise = ("model",)

    def __init__(self, model: Model, kind: str, size: int, rooted: bool = False, level: int = 1) -> None:
        self.model, self.kind, self.size, self.rooted, self.level = model, kind, size, rooted, level
        held = None if kind == GARDNER else (1.0,)
        self.chart = Chart(1, False, rooted, held)
        self.variables = Variables(*(Variable(name, REAL) for name in self.chart.names))

    def place(self, free: np.ndarray, row: int) -> Place | None:
        """Everything at a point, at the load that it asks for; None where nothing is defined."""
        try:
            with np.errstate(all="ignore"):
                order = self.chart.values(free)
                at = Potential(self.model.row(row), 1.0, WARM).at(order, self.level)
                alpha = float(np.exp(-at.balance[int(self.rooted)]))
                return at.with_load(alpha) if np.isfinite(alpha) else None
        except TooFine:
            return None

    def residual(self, free: np.ndarray) -> np.ndarray:
        found = np.full(free.shape, np.nan)
        for row in range(self.size):
            if (place := self.place(free[row], row)) is not None:
                found[row] = self._equations(free[row], row, place)
        return found

    def _equations(self, free: np.ndarray, row: int, place: Place) -> np.ndarray:
        balance = place.balance
        if self.kind == GARDNER:
            rest = balance[2:] if self.rooted else balance[1:]
            with np.errstate(all="ignore"):
                return np.append(rest, np.log(place.replicons[1]))
        if self.kind == STATIC:
            return np.append(balance[1:2], place.parisi_slopes)[int(self.rooted) :]
        ahead = [self.place(free + np.append(np.zeros(free.size - 1), step), row) for step in _STEP * _PLACES]
        if any(one is None for one in ahead):
            return np.full(free.size, np.nan)
        values = np.array([self._driven(one, place.alpha) for one in ahead if one is not None])
        return np.append(balance[1:2], _WEIGHTS @ values / _STEP)[int(self.rooted) :]

    def _driven(self, ahead: Place, alpha: float) -> float:
        """The equation of ``q_1`` beside a point, at the load of the point."""
        return float(ahead.balance[1] + np.log(alpha / ahead.alpha))

    def noise(self, free: np.ndarray) -> np.ndarray:
        return np.full(free.shape, 64 * EPS * (4.0 / _STEP if self.kind == DYNAMIC else 1.0))

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        rows: list[dict[str, Any]] = []
        for row in range(self.size):
            place = self.place(free[row], row)
            if place is None:
                rows.append({})
                continue
            m, slope = place.order.parisi, place.parisi_slopes
            stability = 1.0 - place.replicons
            seen = {f"q{j}": 1.0 - float(gap) for j, gap in enumerate(place.order.gaps)}
            seen |= {"parisi": float(m[0]), "parisi1": float(m[0]), "alpha": place.alpha, "free_entropy": place.value}
            seen |= {"entropy": place.value + float(m[0] * slope[0]), "complexity": -float(m[0] ** 2 * slope[0])}
            seen |= {f"stability{j}": float(one) for j, one in enumerate(stability)}
            rows.append(seen | {"stability": float(stability.min())})
        names = {name: None for seen in rows for name in seen}
        values = {name: np.array([seen.get(name, np.nan) for seen in rows]) for name in names}
        return values, {name: 64 * EPS * (1.0 + np.abs(value)) for name, value in values.items()}


def breaks_known(model: Model) -> bool:
    """Whether `breaking_point` is for a model."""
    plain = model.architecture.plain and model.data.unrelated and model.weights.isotropic
    return bool(plain and (model.loss.hard or np.all(np.isfinite(model.beta))))


def breaking_point(model: Model, alpha: float, q: float) -> float:
    """``x = alpha E f'''^2 / (2 [(1-q)^-3 + alpha E f''^3])`` where replica symmetry becomes unstable."""
    variance, beta = np.array([1.0 - q]), model.beta
    places, widths = model.loss.features(variance, beta)
    _, weight, field = field_nodes(places, widths, np.zeros(1), np.sqrt([q]), 2)
    step = 0.02 * float(np.min(widths, initial=np.sqrt(1.0 - q)))
    ahead = np.array([model.loss.terms(field + step * place, variance, beta)[2] for place in _PLACES])
    third, bend = np.tensordot(_WEIGHTS, ahead, 1) / step, model.loss.terms(field, variance, beta)[2]
    top, bottom = (alpha * float(np.sum(weight * power)) for power in (third**2, bend**3))
    return float(0.5 * top / ((1.0 - q) ** -3 + bottom))


def states_at_one(model: Model, rooted: bool, shares: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """The equation of ``q_1`` over lowest overlaps (rows) and shares of ``1 - q_0`` that ``1 - q_1`` has (columns)."""
    problem = GlassPoint(model, STATIC, 1, rooted, level=0)
    found = np.full((gaps.size, shares.size), np.nan)
    for i, gap in enumerate(gaps):
        for j, share in enumerate(shares):
            place = problem.place(problem.chart.free(Order(np.array([gap, gap * share]), np.ones(1))), 0)
            if place is not None:
                found[i, j] = place.balance[1]
    return found
