"""The equations of k steps as problems the engine can solve, and what is read from their solutions."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from replica.ansatz.cavity import rescaled
from replica.ansatz.rsb.certificates import Certified
from replica.ansatz.rsb.charts import Chart
from replica.ansatz.rsb.grids import TooFine
from replica.ansatz.rsb.potential import CAPACITY, GROUND, WARM, Place, Potential, dear
from replica.models.model import Model
from replica.solution.errors import Named
from saddlepoint import REAL, Variable, Variables

EPS = float(np.finfo(float).eps)
MANY = 3  # steps from which valleys are flat
LEFT = 0.3  # of what a refinement of sums over fields of a few units changes: the next gain a factor of 5 or more each
STEP = 2e-4  # of differences along them


class StepsProblem(Certified):
    """Stationary points of k steps in one `setting`: per overlap ``ln(alpha k' E_j/S_j) = 0`` (the response of ground
    states has that of the last), per Parisi parameter the same of the two halves of ``d phi/d m_j``.

    ``rooted``: ``q_0 = 0`` is held. ``parisi`` (batch, steps): the Parisi parameters, where they are held. ``shown``:
    the steps that were asked for, of which the last coincide.
    """

    rowwise = ("model", "alpha", "parisi")
    stride: ClassVar[float] = 1e-4

    def __init__(
        self, model: Model, alpha: np.ndarray, setting: str, steps: int, rooted: bool = False, parisi: Any = None,
        shown: int | None = None, level: int = 1,
    ) -> None:
        self.model, self.alpha, self.setting, self.steps, self.rooted = model, alpha, setting, steps, rooted
        self.parisi, self.level, self.size = parisi, level, alpha.size
        self.shown = steps if shown is None else shown
        self.variables = Variables(*(Variable(name, REAL) for name in self.chart(0).names))
        self._seen: dict[bytes, Place | None] = {}

    def take(self, index: np.ndarray) -> StepsProblem:
        parisi = None if self.parisi is None else self.parisi[index]
        return self.like(model=self.model.take(index), alpha=self.alpha[index], parisi=parisi)

    def chart(self, row: int) -> Chart:
        """The coordinates of one row."""
        held = None if self.parisi is None else tuple(self.parisi[row])
        return Chart(self.steps, self.setting != WARM, self.rooted, held, self.setting == GROUND)

    def potential_of(self, row: int) -> Potential:
        """The functional of one row."""
        alpha = np.nan if self.setting == CAPACITY else float(self.alpha[row])
        return Potential(self.model.row(row), alpha, self.setting)

    def place(self, free: np.ndarray, row: int) -> Place | None:
        """Everything at a point (n,) of one row; None where nothing is defined. The last ones are kept."""
        key = row.to_bytes(4, "little") + free.tobytes()
        if key not in self._seen:
            if len(self._seen) > (0 if dear(self.model) else 4 * self.size):  # levels of three units fill memory
                self._seen.clear()
            try:
                with np.errstate(all="ignore"):
                    self._seen[key] = self.potential_of(row).at(self.chart(row).values(free), self.level)
            except TooFine:
                self._seen[key] = None
        return self._seen[key]

    @property
    def _units(self) -> bool:
        """Whether fields are those of a few units."""
        return self.model.architecture.few is not None

    @property
    def flat(self) -> bool:
        """Whether valleys are flat: at finite temperature with many steps, or a weak one of a few units."""
        weak = self._units and not self.rooted
        return self.steps >= (1 if weak else MANY) and self.setting == WARM

    def residual(self, free: np.ndarray) -> np.ndarray:
        found = np.full(free.shape, np.nan)
        for row in range(self.size):
            if (place := self.place(free[row], row)) is not None:
                found[row] = self._equations(place.balance)
        return found

    def residual_and_jacobian(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both; where valleys are flat by central differences, which lose fewer digits. Sums over fields of a few units
        are dear: the coarsest are enough for slopes.
        """
        if self._units and self.level > 0 and not self.flat:
            return self.residual(free), self.at_level(0).residual_and_jacobian(free)[1]
        if not self.flat:
            return super().residual_and_jacobian(free)
        jacobian = np.empty((*free.shape, free.shape[1]))
        for i in range(free.shape[1]):
            step = STEP * np.eye(free.shape[1])[i]
            jacobian[:, :, i] = (self.residual(free + step) - self.residual(free - step)) / (2.0 * STEP)
        return self.residual(free), jacobian

    def _equations(self, balance: np.ndarray) -> np.ndarray:
        """Those of the variables, in their order: overlaps, Parisi parameters, response."""
        last = self.steps + 1
        overlaps = balance[int(self.rooted) : last if self.setting == WARM else last - 1]
        shares = balance[last:] if self.parisi is None else balance[:0]
        response = balance[last - 1 : last] if self.setting == GROUND else balance[:0]
        return np.concatenate([overlaps, shares, response])

    def noise(self, free: np.ndarray) -> np.ndarray:
        """Differences of free entropies of neighbouring levels are known to the rounding of these, small overlaps to
        that of 1.
        """
        floor = np.full(free.shape, 64 * EPS)
        if not self.rooted and self.chart(0).overlaps:
            with np.errstate(over="ignore"):
                floor *= 1.0 + np.exp(-free[:, :1])  # 1/q_0
        if self.parisi is None and self.steps:
            for row in range(self.size):
                if (place := self.place(free[row], row)) is not None:
                    start = len(self.chart(row).names) - self.steps - (self.setting == GROUND)
                    floor[row, start : start + self.steps] += place.pattern.gains_noise
        if self._units and self.level > 1:
            before = self.at_level(self.level - 1).residual(free)
            floor += LEFT * np.abs(np.nan_to_num(before - self.residual(free)))
        return floor

    def observe(self, free: np.ndarray) -> tuple[Named, Named]:
        rows = [self._observed(self.place(free[row], row)) for row in range(self.size)]
        names = {name: None for seen, _ in rows for name in seen}
        none = float("nan")
        values = {name: np.array([seen.get(name, none) for seen, _ in rows]) for name in names}
        floors = {name: np.array([floor.get(name, none) for _, floor in rows]) for name in names}
        return rescaled(values, self.model.architecture.scale), floors

    def _observed(self, place: Place | None) -> tuple[dict[str, float], dict[str, float]]:
        if place is None:
            return {}, {}
        order, m, pattern = place.order, place.order.parisi, place.pattern
        top = pattern.levels[-1]
        cost, wrong = place.base.observed(top.nodes)
        slope = m * place.parisi_slopes
        held = 0.0 if self.parisi is None else float(slope.sum())  # extremised, what is left of it is second order
        seen = self._overlaps(place) | self._replicons(place)
        rounding = EPS * (1.0 + abs(place.value)) * (8.0 + 4.0 * (place.alpha / m[0] if m.size else 0.0))
        rounding = min(rounding, 1.0) + pattern.lost * (1.0 + abs(place.value))
        if self.setting == CAPACITY:
            seen |= {"alpha": place.value, "free_entropy": -np.inf, "entropy": -np.inf, "energy": 0.0}
        elif self.setting == GROUND:
            seen |= {"V": order.chi, "free_entropy": place.value, "energy": -place.value - held}
            seen |= {"complexity": -float(m[0] * slope[0])} if m.size == 1 else {}
        else:
            energy = 0.0 if self.model.loss.hard else place.alpha * float(top.mass @ cost)
            seen |= {"free_entropy": place.value, "energy": energy, "entropy": place.value + held}
            seen |= {"complexity": -float(m[0] * slope[0])} if m.size == 1 else {}
        seen["training_error"] = float(top.mass @ wrong)
        floors = {name: 16 * EPS * abs(value) if np.isfinite(value) else 0.0 for name, value in seen.items()}
        for name in ("alpha", "free_entropy", "energy", "entropy", "complexity"):
            if name in seen and np.isfinite(seen[name]):
                floors[name] = rounding
        return seen, floors

    def _overlaps(self, place: Place) -> dict[str, float]:
        """Overlaps and Parisi parameters by name; levels that coincide have the same overlap."""
        order, cold = place.order, self.chart(0).cold
        gaps = np.append(order.gaps, np.zeros(self.shown - self.steps) if cold else [])
        gaps = np.append(gaps, np.full(self.shown + (not cold) - gaps.size, gaps[-1] if gaps.size else 0.0))
        seen = {f"q{j}": 1.0 - float(gap) for j, gap in enumerate(gaps)}
        shares = np.append(order.parisi, np.full(self.shown - self.steps, np.nan))
        seen |= {f"parisi{j + 1}": float(m) for j, m in enumerate(shares)}
        return seen | ({"parisi": float(shares[0])} if self.shown == 1 else {})

    def profile(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray, None]:
        """The Parisi function of one row: overlaps (each step at both ends), x; errors are those of the parameters."""
        order = self.chart(0).values(point[: len(self.chart(0).names)])
        q = 1.0 - (np.append(order.gaps, 0.0) if self.chart(0).cold else order.gaps)
        at = np.repeat(q, 2)[1:-1] if order.parisi.size else q
        x = np.repeat(order.parisi, 2) if order.parisi.size else np.zeros(q.size)
        return at, x, None

    def _replicons(self, place: Place) -> dict[str, float]:
        """Stabilities of every level, and the least of them."""
        found = 1.0 - place.replicons
        found = np.append(found, np.full(self.shown - self.steps, found[-1]))
        return {f"stability{j}": float(one) for j, one in enumerate(found)} | {"stability": float(found.min())}
