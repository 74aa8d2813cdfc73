"""Order parameters of k steps in coordinates in which they are ordered whatever the point; no equations here.

Overlaps by sticks, ``1 - q_j = (1 - q_{j-1}) sigma(-a_j)``; Parisi parameters at finite temperature
``m_j = m_{j+1} sigma(b_j)`` with ``m_{k+1} = 1``, at zero temperature ``c_1 = e^{b_1}`` and
``c_j = c_{j-1} (1 + e^{b_j})``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Order:
    """Overlaps through ``gaps = 1 - q_j`` (1 - q_k is left out at zero temperature), Parisi parameters, and the
    response ``chi`` (of ground states; 1 elsewhere).
    """

    gaps: np.ndarray
    parisi: np.ndarray
    chi: float = 1.0


def _sigma(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _logit(share: np.ndarray, rest: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(share) - np.log(rest))


@dataclass(frozen=True)
class Chart:
    """The free coordinates of ``steps`` steps: overlaps, Parisi parameters, ``ln chi``.

    ``cold``: zero temperature, where ``q_k = 1``. ``rooted``: ``q_0 = 0`` is held. ``parisi``: they are held, at these.
    ``responds``: chi is sought.
    """

    steps: int
    cold: bool
    rooted: bool = False
    parisi: tuple[float, ...] | None = None
    responds: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each coordinate."""
        overlaps = [f"overlap{j}" for j in range(self.rooted, self.overlaps)]
        shares = [] if self.parisi is not None else [f"share{j}" for j in range(1, self.steps + 1)]
        return (*overlaps, *shares, *(["chi"] if self.responds else []))

    @property
    def overlaps(self) -> int:
        return self.steps if self.cold else self.steps + 1

    def values(self, free: np.ndarray) -> Order:
        """The order parameters at a point (n,)."""
        first = self.overlaps - self.rooted
        sticks = np.append(np.full(int(self.rooted), -np.inf), free[:first])
        gaps = np.cumprod(_sigma(-sticks))
        chi = float(np.exp(free[-1])) if self.responds else 1.0
        if self.parisi is not None:
            return Order(gaps, np.array(self.parisi), chi)
        shares = free[first : first + self.steps]
        if self.cold:
            with np.errstate(over="ignore"):
                return Order(gaps, np.exp(np.cumsum(np.append(shares[:1], np.log1p(np.exp(shares[1:]))))), chi)
        return Order(gaps, np.cumprod(_sigma(shares)[::-1])[::-1], chi)

    def free(self, order: Order) -> np.ndarray:
        """The point of order parameters that are ordered."""
        before = np.append(1.0, order.gaps[:-1])
        sticks = _logit(before - order.gaps, order.gaps)[int(self.rooted) :]
        found = [sticks]
        if self.parisi is None:
            m = order.parisi
            if self.cold:
                found.append(np.append(np.log(m[:1]), np.log(m[1:] - m[:-1]) - np.log(m[:-1])))
            else:
                above = np.append(m[1:], 1.0)
                found.append(_logit(m, above - m))
        if self.responds:
            found.append(np.array([np.log(order.chi)]))
        return np.concatenate(found)

    def pulled(
        self, free: np.ndarray, order: Order, overlaps: np.ndarray, parisi: np.ndarray, chi: float
    ) -> np.ndarray:
        """The gradient in the coordinates, from that in ``q_j``, ``m_j`` and chi."""
        first = self.overlaps - self.rooted
        upward = np.cumsum((order.gaps * overlaps)[::-1])[::-1]
        found = [_sigma(free[:first]) * upward[int(self.rooted) :]]
        if self.parisi is None:
            shares, pull = free[first : first + self.steps], order.parisi * parisi
            if self.cold:
                found.append(np.append(1.0, _sigma(shares[1:])) * np.cumsum(pull[::-1])[::-1])
            else:
                found.append(_sigma(-shares) * np.cumsum(pull))
        if self.responds:
            found.append(np.array([order.chi * chi]))
        return np.concatenate(found)
