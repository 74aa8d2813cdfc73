"""One Boolean unit at the nodes of a trapezoidal rule over its outer field; no sums here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from saddlepoint.special import tail


class Rule(NamedTuple):
    """A level of the trapezoidal rule: radius of the ball of outer fields, step in units of the width, and at most."""

    reach: float
    share: float
    widest: float


FEW = (Rule(8.7, 0.42, 0.8), Rule(8.7, 0.3, 0.65), Rule(8.9, 0.25, 0.58), Rule(9.1, 0.16, 0.42), Rule(9.3, 0.135, 0.36))
MANY = (Rule(6.6, 0.55, 0.9), Rule(7.3, 0.42, 0.8), Rule(8.5, 0.36, 0.7), Rule(8.9, 0.29, 0.62), Rule(9.2, 0.25, 0.56))
#: nodes per unit that are still affordable at level 1, by number of units
LARGEST = {2: 4000, 3: 450, 4: 150, 5: 80}
#: share of the overlap in the norm above which panels take the place of the trapezoidal rule
PANELLED = 0.8


def rule_of(units: int, level: int) -> tuple[Rule, int]:
    """The rule of a level, and the largest number of nodes (a little more at finer levels)."""
    return (FEW if units <= 3 else MANY)[level], int(LARGEST[units] * (1.0 + 0.3 * max(level - 1, 0)))


def unit_table(q: float, variance: float, m: float, transverse: float, rule: Rule, most: int) -> np.ndarray | None:
    """One unit at the nodes of the trapezoidal rule, as the kernels want it; None for more than ``most`` nodes.

    ``ln Z`` is analytic in a strip around the real z whose width goes with ``w = sqrt(V/q)`` (with ``w^2`` where two
    units compete): the rule converges exponentially with a step in that proportion.
    """
    width = np.sqrt(variance / q) if q > 0 else np.inf
    if m:
        width = min(width, np.sqrt(transverse) / abs(m))
    step = 1.0 / (1.0 / rule.widest + 1.0 / (rule.share * width) + 0.3 / width**2) if width > 0 else 0.0
    half = int(rule.reach / max(step, 1e-9)) + 1
    if not step > 0 or 2 * half + 1 > most:
        return None
    z = step * np.arange(-half, half + 1)
    weight = step * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    spread = np.sqrt(variance)
    u = np.sqrt(q) / spread * z
    log_r, log_p = tail(u)[0], tail(-u)[0]
    log_slope = -0.5 * u * u - np.log(spread) - 0.5 * np.log(2.0 * np.pi)
    pt, rt, slope_t = np.full(z.size, 0.5), np.full(z.size, 0.5), np.zeros(z.size)
    if m:
        rest, t = np.sqrt(transverse / q), m / np.sqrt(transverse) * z
        pt, rt = np.exp(tail(-t)[0]), np.exp(tail(t)[0])
        slope_t = np.exp(-0.5 * t * t) / np.sqrt(2.0 * np.pi) / rest
    sides, slope = (np.exp(log_p), np.exp(log_r), log_p, log_r), np.exp(log_slope)
    return np.array([z, weight, *sides, slope, u / spread, log_slope, pt, rt, slope_t])
