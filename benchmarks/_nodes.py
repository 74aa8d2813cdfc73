"""Trapezoidal rules in mpmath for Gaussian averages with narrow features; no code of the packages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mpmath import mp

REACH = 13.5  # exp(-REACH^2/2) = 3e-40
COARSEST = 0.32
AGREED = (
    1e-11  # halving the step squares the error of an analytic integrand: 1e-11 between two steps leaves 1e-22
)


class Nodes:
    r"""Nodes for ``int Dz f(z)``: the trapezoidal rule in ``t(z) = sum_i asinh((z - p_i)/w_i)``.

    ``f`` may vary on the scale ``w_i`` next to ``p_i``. The error of an analytic f falls
    exponentially in 1/step.
    """

    def __init__(self, features: Sequence[tuple[float, float]]) -> None:
        near = [
            (p, w)
            for p, w in features
            if np.isfinite(p) and np.isfinite(w) and abs(p) < REACH + 3 * w and w < 3
        ]
        if not near or min(abs(p) for p, _ in near) > 5:
            near.append((0.0, 2.0))
        self.features = list(dict.fromkeys((float(p), float(w)) for p, w in near))
        self.ends = tuple(self._chart(np.array([-REACH, REACH])))
        self.steps = COARSEST
        self.z, self.weight = self._build(COARSEST, range(*self._range(COARSEST)))

    def _range(self, step: float) -> tuple[int, int]:
        return int(np.ceil(self.ends[0] / step)), int(np.floor(self.ends[1] / step)) + 1

    def _chart(self, z: np.ndarray) -> np.ndarray:
        return sum(np.arcsinh((z - p) / w) for p, w in self.features)

    def _build(self, step: float, index: Any) -> tuple[list[Any], list[Any]]:
        """Places and weights (density and step included) at ``t = step k`` for the k of ``index``."""
        target = np.array([step * k for k in index])
        low, high = np.full(target.shape, -REACH - 1), np.full(target.shape, REACH + 1)
        for _ in range(
            60
        ):  # bisection: a start for Newton's method that is right to all digits of the narrowest width
            middle = (low + high) / 2
            above = self._chart(middle) > target
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        z, weight = [], []
        for k, guess in zip(index, (low + high) / 2, strict=True):
            place, slope = self._invert(mp.mpf(step) * k, mp.mpf(float(guess)))
            z.append(place)
            weight.append(mp.mpf(step) / slope * mp.npdf(place))
        return z, weight

    def _invert(self, t: Any, z: Any) -> tuple[Any, Any]:
        """The z with ``t(z) = t``, and the slope of the chart there."""
        if len(self.features) == 1:
            (p, w), e = self.features[0], mp.exp(t)
            return p + w * (e - 1 / e) / 2, 2 / (w * (e + 1 / e))
        tiny = mp.mpf(10) ** (-mp.dps // 2 - 2) * min(w for _, w in self.features)
        for _ in range(12):
            gaps = [(z - p) / mp.mpf(w) for p, w in self.features]
            slope = mp.fsum(
                1 / (mp.sqrt(1 + x * x) * w) for x, (_, w) in zip(gaps, self.features, strict=True)
            )
            move = (mp.fsum(mp.asinh(x) for x in gaps) - t) / slope
            z -= move
            if abs(move) < tiny:
                break
        gaps = [(z - p) / mp.mpf(w) for p, w in self.features]
        return z, mp.fsum(1 / (mp.sqrt(1 + x * x) * w) for x, (_, w) in zip(gaps, self.features, strict=True))

    def refine(self) -> list[int]:
        """Halve the step; the old nodes are kept, in order. Returns where the new ones are in the list."""
        first, _ = self._range(self.steps)
        self.steps /= 2
        low, high = self._range(self.steps)
        odd = [k for k in range(low, high) if k % 2]
        z, weight = self._build(self.steps, odd)
        merged = {
            2 * (first + i): (a, b / 2) for i, (a, b) in enumerate(zip(self.z, self.weight, strict=True))
        }
        merged |= {k: pair for k, pair in zip(odd, zip(z, weight, strict=True), strict=True)}
        order = sorted(merged)
        self.z, self.weight = (list(column) for column in zip(*(merged[k] for k in order), strict=True))
        return [i for i, k in enumerate(order) if k % 2]

    def average(self, f: Callable[[Any], tuple[Any, ...]]) -> list[Any]:
        """Averages of the components of f."""
        return self._sums([f(z) for z in self.z])[0]

    def _sums(self, values: list[tuple[Any, ...]]) -> tuple[list[Any], float]:
        """Averages from values at the nodes, and the largest relative change against every second node."""
        first, _ = self._range(self.steps)
        columns = list(
            zip(*([w * v for v in row] for row, w in zip(values, self.weight, strict=True)), strict=True)
        )
        whole = [mp.fsum(column) for column in columns]
        every_second = [2 * mp.fsum(column[first % 2 :: 2]) for column in columns]
        size = [mp.fsum(column, absolute=True) for column in columns]
        change = [abs(a - b) / s if s else mp.zero for a, b, s in zip(whole, every_second, size, strict=True)]
        return whole, float(max(change))

    def settle(self, f: Callable[[Any], tuple[Any, ...]]) -> None:
        """Halve the step until f is averaged to about 22 digits."""
        values = [f(z) for z in self.z]
        while self._sums(values)[1] > AGREED:
            if self.steps < 2e-3:
                raise ArithmeticError(f"the trapezoidal rule does not converge; features {self.features}")
            old = iter(values)
            new = set(self.refine())
            values = [f(z) if i in new else next(old) for i, z in enumerate(self.z)]
