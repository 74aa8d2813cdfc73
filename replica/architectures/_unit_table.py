"""One Boolean unit at the nodes of a trapezoidal rule over its outer field; no sums here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from saddlepoint.special import tail


class Rule(NamedTuple):
    """A trapezoidal rule: radius of the ball of outer fields, and step."""

    reach: float
    step: float


#: radius of the ball by level: the Gaussian weight beyond it, times the fourth power of a field, is left out
NEAR, FAR = (6.3, 8.4, 8.7, 9.1, 9.4), (5.8, 7.7, 8.4, 8.8, 9.1)
#: minus the logarithm of what the step leaves out, by level
FEW, MANY = (10.0, 25.0, 34.0, 40.0, 46.0), (9.0, 21.0, 28.0, 33.0, 38.0)
#: what is left out beside that exponential falls by so much from wide strips to narrow ones
FALL = 10.0
#: the same in units of that of level 1, where less is asked for because it would take too long
SHARES = (0.45, 1.0, 1.8, 2.2, 2.6)
#: nodes per unit that are affordable at level 1, by number of units, and the share of the digits that is worth a sum
LARGEST, LEAST = {2: 2000, 3: 140, 4: 75, 5: 48}, 0.2
#: half-widths of the strip around the real fields in which ``ln Z`` is analytic, as sums of 2 to 5 units show them: in
#: ``V/q`` where two units compete; in its square root with a teacher, who seldom sees them compete
STRIP, TAUGHT = 1.0, 0.75
#: share of the overlap in the norm above which panels take the place of the trapezoidal rule
PANELLED = 0.8


def rule_of(units: int, level: int, q: float, variance: float, m: float, transverse: float) -> Rule | None:
    """The rule of a level for one unit's overlaps; None where it would be too long.

    On a strip of half-width d where the integrand grows as ``exp(g d^2/2)`` (the Gaussian weight, and the teacher's
    probability) a step h leaves ``exp(-2 pi d/h + g d^2/2)`` out.
    """
    digits, reach = (FEW, NEAR) if units <= 3 else (MANY, FAR)
    taught, width = m * m / transverse if m else 0.0, np.sqrt(variance / q) if q > 0 else np.inf
    strip = max(STRIP * width**2, TAUGHT * width * min(taught * width**2, 1.0)) if taught else STRIP * width**2
    share = min(1.0, LARGEST[units] * _step(digits[1], strip, 1.0 + taught) / (2.0 * reach[1]))
    if share < LEAST:
        return None
    return Rule(reach[level], _step(min(share * SHARES[level] * digits[1], digits[level]), strip, 1.0 + taught))


def _step(digits: float, strip: float, grown: float) -> float:
    """The step that leaves ``exp(-digits)`` out."""
    digits += FALL / (1.0 + 2.0 * digits / (grown * strip**2))
    place = 1.0 / np.hypot(1.0 / strip, np.sqrt(0.5 * grown / digits))  # within the strip the best is here
    return float(2.0 * np.pi * place / (digits + 0.5 * grown * place**2))


def unit_table(q: float, variance: float, m: float, transverse: float, rule: Rule) -> np.ndarray:
    """One unit at the nodes of a trapezoidal rule, as the kernels want it.

    ``ln Z`` is analytic in a strip around the real z whose width goes with ``V/q`` where two units compete: the rule
    converges exponentially with a step in that proportion.
    """
    step = rule.step
    half = int(rule.reach / step) + 1
    z = step * np.arange(-half, half + 1)
    weight = step * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    spread = np.sqrt(variance)
    u = np.sqrt(q) / spread * z
    log_r = tail(u)[0]
    log_p = log_r[::-1]  # the nodes are symmetric
    log_slope = -0.5 * u * u - np.log(spread) - 0.5 * np.log(2.0 * np.pi)
    table = np.empty((12, z.size))
    r = np.exp(log_r)
    table[:9] = z, weight, r[::-1], r, log_p, log_r, np.exp(log_slope), u / spread, log_slope
    table[9:] = [[0.5], [0.5], [0.0]]
    if m:
        rest, t = np.sqrt(transverse / q), m / np.sqrt(transverse) * z
        rt = np.exp(tail(t)[0])
        table[9:] = rt[::-1], rt, np.exp(-0.5 * t * t) / np.sqrt(2.0 * np.pi) / rest
    return table
