"""Eigenvalues of a kernel with their multiplicities, and what of its trace they leave. No learning here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from replica.wide.sphere import OfAngle, multiplicities, spectrum

FIRST, LAST = 60, 960  # degrees that are tried
ENOUGH = 1e-15  # share of the learned modes that a tail may leave out
ROUNDING = 2.3e-16


class Modes(NamedTuple):
    r"""Eigenvalues ``value`` and errors, ``times``, of each; ``tail``: the trace of all others, ``top``: their largest.

    ``doubt`` is a trace that may be there although nothing is told from 0 beyond the listed modes. A mode of eigenvalue
    ``eta`` is learned to the share ``L = eta/(eta + kappa)``; those of the tail, all far below kappa, to ``eta/kappa``
    each, with an error of the second order.
    """

    value: np.ndarray
    error: np.ndarray
    times: np.ndarray
    tail: float = 0.0
    top: float = 0.0
    doubt: float = 0.0

    def learned(self, kappa: float) -> np.ndarray:
        """``L`` of each listed mode; at kappa = 0 all that have an eigenvalue."""
        if kappa == 0.0:
            return (self.value > 0).astype(float)
        return self.value / (self.value + kappa)

    def missed(self, kappa: float) -> float:
        """Bound on the sum of ``L^2`` over the tail, which is also what ``sum L = tail/kappa`` is off by."""
        return self.tail * self.top / kappa**2 if self.tail > 0 else 0.0

    def shifted(self, kappa: float) -> float:
        """Error of the count ``n(kappa)`` times kappa by those of the eigenvalues, which with a tail keep the trace."""
        share = self.learned(kappa)
        felt = share * (2.0 - share) if self.tail > 0 else (1.0 - share) ** 2
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
        modes = Modes(found.value, found.error, found.multiplicity, tail, top)
        if resolved(modes) < ENOUGH or highest >= LAST:
            return modes
        highest *= 2
