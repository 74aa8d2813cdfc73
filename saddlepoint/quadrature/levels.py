"""How fine each level of a quadrature is; no meshes are laid here."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from saddlepoint.quadrature.rules import gauss_legendre


class Grading(NamedTuple):
    """How one level lays its panels.

    A panel at distance d from a feature of width w is no longer than ``max(core w, growth (d - near w))``,
    none is longer than ``cap``, and ``reach`` is the square of the shortest half-domain. Rows of one or two features no
    farther out than ``far`` and without breaks have the trapezoidal rule instead, of that ``step`` and ``shift``.
    """

    order: int
    core: float
    growth: float
    near: float
    cap: float
    reach: float
    step: float = 0.0
    shift: float = 0.0
    far: float = 0.0

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """The rule (2, order) and the grading as the kernels want them."""
        return np.array(gauss_legendre(self.order)), np.array([*self[1:], self.order])


#: what lies farther out adds nothing to averages, only to their relative digits where they are all tail
OUTER = 9.5
# Found by a search for the fewest nodes at w = 1, 1e-2 and 1e-4 together that leave only rounding (level 1)
# or 1e-8 (level 0) in the averages of ln H, G, G^2, G'^2, ln 2cosh, tanh^2, sech^4 and z^4, features anywhere
# in [-8, 6]. The higher levels differ in order, in mesh and in domain, so that two levels share no error; steps of the
# trapezoidal rule become 1.5 times shorter from level to level, and neighbouring levels share no node.
LEVELS = (
    Grading(10, 2.0, 3.5, 2.0, 3.5, 50.0, 0.17, 0.0, 2.5),
    Grading(20, 2.25, 4.0, 2.0, 4.5, 80.0, 0.1, 0.0, 2.5),
    Grading(24, 1.9, 3.1, 2.0, 3.8, 84.0, 0.0667, 0.5, 2.5),
    Grading(28, 1.6, 2.5, 2.0, 3.2, 88.0, 0.045, 0.0, 2.5),
    Grading(34, 1.3, 2.0, 2.0, 2.6, 92.0, 0.031, 0.5, 2.5),
)


def _at(level: int) -> Grading:
    if level not in range(len(LEVELS)):
        raise ValueError(f"level must be a whole number from 0 to {len(LEVELS) - 1}, got {level!r}")
    return LEVELS[level]


@cache
def rule_and_grading(level: int, tails: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """The rule (2, order) and the grading of a level, as the kernels want them.

    Without ``tails`` far features have the trapezoidal rule too: digits are those of the average, not of a far tail.
    """
    return (_at(level) if tails else _at(level)._replace(far=OUTER)).arrays()


@cache
def panels_alone(level: int) -> tuple[np.ndarray, np.ndarray]:
    """The same without the trapezoidal rule, for integrands that may have kinks nobody told of."""
    return _at(level)._replace(step=0.0).arrays()
