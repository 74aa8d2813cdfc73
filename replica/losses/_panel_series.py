"""Chebyshev series of a function on panels, with their bounds and what they may be wrong by; no losses here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from saddlepoint._jit import array_kernel

ORDER = 16  # Chebyshev nodes of a panel
_K = np.arange(ORDER)
_QUARTER = np.sin(np.pi * np.arange(ORDER + 1) / (2 * ORDER))  # sin of m pi/32, from which all cosines are taken


def _cosine(m: np.ndarray) -> np.ndarray:
    """``cos(m pi/32)`` for whole m, to the last bit."""
    m = np.abs((m + 2 * ORDER) % (4 * ORDER) - 2 * ORDER)
    return np.where(m <= ORDER, _QUARTER[np.abs(ORDER - m)], -_QUARTER[np.abs(m - ORDER)])


NODES = _cosine(2 * _K + 1)
TO_SERIES = _cosine(np.outer(_K, 2 * _K + 1)) * np.where(_K == 0, 1.0, 2.0)[:, None] / ORDER
AT_NODES = _cosine(np.outer(_K, 2 * _K + 1))
_SIGNS = np.where(_K % 2, -1.0, 1.0)


class Panels(NamedTuple):
    """Resolved panels in order."""

    low: np.ndarray
    high: np.ndarray
    series: np.ndarray
    slack: np.ndarray
    degree: np.ndarray
    least: np.ndarray
    most: np.ndarray

    @classmethod
    def none(cls) -> Panels:
        shape = np.zeros((0, ORDER))
        return cls(np.zeros(0), np.zeros(0), shape, np.zeros(0), np.zeros(0, dtype=np.int64), *np.zeros((2, 0)))

    @classmethod
    def of(cls, a: Any, b: Any, values: Any, series: Any, rounding: Any, known: Any) -> Panels:
        above = np.abs(series) > 0.5 * rounding[:, None]
        degree = np.where(above.any(axis=1), ORDER - above[:, ::-1].argmax(axis=1), 1)
        series = np.where(degree[:, None] > _K, series, 0.0)
        spread = np.abs(series[:, 1:]).sum(axis=1)
        low, high = (np.where(known, edge, 0.0) for edge in (values.min(axis=1), values.max(axis=1)))
        # between the nodes a resolved series exceeds them by little
        beyond = 0.02 * (high - low) + rounding
        least = np.where(known, np.maximum(low - beyond, series[:, 0] - spread), np.inf)
        most = np.where(known, np.minimum(high + beyond, series[:, 0] + spread), np.inf)
        zero = known & (low == 0) & (high == 0)
        least, most, degree = np.where(zero, 0.0, least), np.where(zero, 0.0, most), np.where(zero, 1, degree)
        return cls(a, b, series, rounding, degree, least, most)

    def anchored(self, function: Callable[[np.ndarray], np.ndarray]) -> Panels:
        """The series moved within their rounding onto the function at the ends: where a cost falls to 0, a cold weight
        sees what is left of it.
        """
        edges = np.stack([self.low, self.high], axis=1)
        inside = np.stack([np.nextafter(self.low, np.inf), np.nextafter(self.high, -np.inf)], axis=1)
        ends = np.stack([self.series @ _SIGNS, self.series.sum(axis=1)], axis=1)
        turns = np.stack([self.series @ (-_SIGNS * _K**2), self.series @ _K**2], axis=1)
        lack = function(inside) - ends - turns * (inside - edges) * 2.0 / (self.high - self.low)[:, None]
        near = (np.abs(lack).max(axis=1) <= 8.0 * self.slack) & (self.degree > 1)
        series = self.series.copy()
        series[near, 0] += 0.5 * (lack[near, 1] + lack[near, 0])
        series[near, 1] += 0.5 * (lack[near, 1] - lack[near, 0])
        return self._replace(series=series)

    @classmethod
    def joined(cls, parts: list[Panels]) -> Panels:
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.argsort(columns[0])
        return cls(*(column[order] for column in columns))

    def without(self, at: np.ndarray) -> Panels:
        return Panels(*(np.delete(column, at, axis=0) for column in self))

    def kept(self) -> tuple[np.ndarray, ...]:
        """The arrays of `CostPanels`."""
        width = (self.high - self.low)[:, None]
        slopes = np.zeros_like(self.series)
        if len(self.series):
            slopes[:, :-1] = np.polynomial.chebyshev.chebder(self.series, axis=1) * 2.0 / width
        ends = np.stack([self.series @ _SIGNS, self.series.sum(axis=1)], axis=1)
        ends = np.where(np.isfinite(self.most)[:, None], ends, np.inf)
        return self.low, self.high, self.series, slopes, self.degree, self.least, self.most, ends


@array_kernel
def probe(u, values, low, high, series, degree, most, slack, first, missed):  # type: ignore[no-untyped-def]
    """Marks the panels whose series a value of the cost denies; ``u`` increases from the panel ``first`` on."""
    panel = first
    for i in range(u.size):
        while panel < low.size and u[i] > high[panel]:
            panel += 1
        if panel == low.size:
            break
        if u[i] <= low[panel]:
            continue  # on a jump
        if not most[panel] < np.inf:
            missed[panel] |= values[i] < np.inf
            continue
        x = (2.0 * u[i] - low[panel] - high[panel]) / (high[panel] - low[panel])
        one, two = 0.0, 0.0
        for k in range(degree[panel] - 1, 0, -1):
            one, two = 2.0 * x * one - two + series[panel, k], one
        found = x * one - two + series[panel, 0]
        if not abs(found - values[i]) <= 32.0 * slack[panel]:
            missed[panel] = True
