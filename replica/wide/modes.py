"""Eigenvalues of a kernel with their multiplicities, and what of its trace they leave. No learning here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from replica.wide.sphere import OfAngle, Spectrum, multiplicities, spectrum

FIRST, LAST = 60, 3840  # degrees that are tried
ENOUGH = 1e-15  # share of the learned modes that a tail may leave out
ROUNDING = 2.3e-16


class Modes(NamedTuple):
    r"""Eigenvalues ``value`` and errors, ``times``, of each; ``tail``: the trace of all others, ``top``: their largest.

    ``doubt`` is a trace that may be there although nothing is told from 0 beyond the listed modes. A mode of eigenvalue
    ``eta`` is learned to the share ``L = eta/(eta + kappa)``; those of the tail, far below kappa, to ``eta/kappa -
    eta^2/kappa^2``: ``second`` is the sum of their squares, with its error (None is known: at most ``tail top``).
    """

    value: np.ndarray
    error: np.ndarray
    times: np.ndarray
    tail: float = 0.0
    top: float = 0.0
    doubt: float = 0.0
    second: float = 0.0
    second_error: float = 0.0

    def learned(self, kappa: float) -> np.ndarray:
        """``L`` of each listed mode; at kappa = 0 all that have an eigenvalue."""
        if kappa == 0.0:
            return (self.value > 0).astype(float)
        return self.value / (self.value + kappa)

    def lost(self, kappa: float) -> np.ndarray:
        """``1 - L``, with the digits of small ones."""
        if kappa == 0.0:
            return (self.value == 0).astype(float)
        return kappa / (self.value + kappa)

    def missed(self, kappa: float) -> float:
        """What the sums of L and of ``L^2`` over the tail may be off by."""
        if self.tail == 0.0:
            return 0.0
        ratio = min(self.top / kappa, 1.0)
        return (self.second_error + 3.0 * ratio * (self.second + self.second_error)) / kappa**2

    def shifted(self, kappa: float) -> float:
        """Error of the count ``n(kappa)`` times kappa by those of the eigenvalues, which with a tail keep the trace."""
        share = self.learned(kappa)
        felt = share * (2.0 - share) if self.tail > 0 else self.lost(kappa) ** 2
        return float((self.times * self.error) @ felt) + self.doubt


def of_kernel(kernel: OfAngle, dimension: int, least: int, resolved: Callable[[Modes], float]) -> Modes:
    """All degrees that matter: until ``resolved``, the share that the tail may have wrong, is small enough.

    Degrees that are not told from 0 are 0, and so is a rest of the trace that is below its error.
    """
    highest = max(FIRST, least)
    while True:
        found = spectrum(kernel, dimension, highest)
        seen = found.value > 0
        counted = np.where(seen, found.multiplicity, 0.0)
        tail = found.trace - float(counted @ found.value)
        doubt = float(counted @ np.where(seen, found.error, 0.0)) + 1e-14 * found.trace
        if tail <= doubt:
            known = np.where(seen, found.error, 0.0)
            return Modes(found.value, known, found.multiplicity, doubt=doubt + max(tail, 0.0))
        # no eigenvalue of a higher degree is above the rest over its multiplicity, and they fall in either parity
        beyond = multiplicities(dimension, highest + 1)[-1]
        top = min(tail / beyond, 2.0 * float(np.max(found.value[-4:] + found.error[-4:])))
        squares = _squares(found, dimension, tail)
        second = squares if squares[1] < tail * top else (0.0, tail * top)
        modes = Modes(found.value, found.error, found.multiplicity, tail, top, 0.0, *second)
        if resolved(modes) < ENOUGH or highest >= LAST:
            return modes
        highest *= 2


def _squares(found: Spectrum, dimension: int, tail: float) -> tuple[float, float]:
    """Sum of squares over the degrees beyond: powers of the degree that continue the last ones, each parity its own.

    How far the sum of the eigenvalues themselves then misses the tail is the relative error, doubled for the square.
    """
    last = found.value.size - 1
    beyond = np.arange(last + 1.0, 64.0 * last)
    times = multiplicities(dimension, 64 * last - 1)[last + 1 :]
    values = np.zeros_like(beyond)
    for end in (last, last - 1):
        half = end - 2 * (end // 4)  # of the same parity
        if found.value[end] > 0 and found.value[half] > found.value[end]:
            power = np.log(found.value[half] / found.value[end]) / np.log(end / half)
            own = (beyond - end) % 2 == 0
            values[own] = found.value[end] * (end / beyond[own]) ** power
    with np.errstate(over="ignore", invalid="ignore"):
        total, squares = float(times @ values), float(times @ values**2)
        # the sum of the first powers itself goes on beyond the last of these degrees
        total += float(times[-1] * values[-1] * beyond[-1])
    if not np.isfinite(total) or total <= 0.0 or not np.isfinite(squares):
        return 0.0, np.inf
    scale = tail / total
    return squares * scale**2, 2.0 * squares * max(scale**2, 1.0) * abs(scale - 1.0) + 1e-3 * squares * scale**2
