"""Compiled averages over groups of replicas: binary weights at finite power, tilted sums; no equations.

A group is a set of y replicas at mutual overlap q1 (and, with a centre, at a given overlap with it). All
averages are
over z0 (what groups share) of tilted averages over z1 (what distinguishes a group), in the log domain.
"""

from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import array_kernel
from saddlepoint.quadrature.levels import rule_and_grading
from saddlepoint.quadrature.panels import build_nodes
from saddlepoint.special import cosh_triple

_LN_SQRT_2PI = 0.9189385332046727
_FARTHEST = 1e6  # shifts of z1 beyond it are left to the limit of infinite power


@array_kernel
def _outer_nodes(strength, pull, power, rule, grading):  # type: ignore[no-untyped-def]
    """Nodes for z0, panels ending at 0: the branches of either sign cross there on the scale 1/power."""
    rows = strength.size
    position, width, breaks = np.zeros((rows, 2)), np.empty((rows, 2)), np.zeros((rows, 1))
    for row in range(rows):
        scale = math.sqrt(strength[row])
        width[row, 0] = 1.0 / (max(power[row], 1.0) * scale)
        width[row, 1] = 1.0 / scale
        if abs(pull[row]) < 9.0 * scale:
            position[row, 1] = abs(pull[row]) / scale
    return build_nodes(position, width, breaks, rule, grading)


@array_kernel
def _add_branch(scale, power, sign, best, offset, rule, grading, sums):  # type: ignore[no-untyped-def]
    """Add ``int Du exp(power [ln 2cosh h - ln 2cosh b] - z u - u^2/2)`` and moments to ``sums`` (a numerical kernel).

    ``h = b + offset + scale u``; b, z and tanh b are the field, the place and the slope of the highest point (of the
    branch without offset), ``best = (b, z, ln 2cosh b, tanh b)``; moments are taken about tanh b, so that a small
    spread loses no digits. Panels are cut to where the integrand matters and graded towards zero field.
    """
    core, growth, near, cap, reach = grading[0], grading[1], grading[2], grading[3], grading[4]
    field, place, highest, centre = best[0] + offset, best[1], best[2], best[3]
    drift = power * scale
    lowest = -0.5 * reach - 3.0
    left, right = -drift - math.sqrt(reach) - place, drift + math.sqrt(reach) - place
    while left < right:  # the slope of the exponent is at most drift + |z|: no crossing is stepped over
        missing = lowest - power * (cosh_triple(field + scale * left)[0] - highest) + (place + 0.5 * left) * left
        if missing < 0.0:
            left -= 1.0
            break
        left += max(1.0, missing / (drift + abs(left + place)))
    while right > left:
        missing = lowest - power * (cosh_triple(field + scale * right)[0] - highest) + (place + 0.5 * right) * right
        if missing < 0.0:
            right += 1.0
            break
        right -= max(1.0, missing / (drift + abs(right + place)))
    if right <= left:
        return
    origin_u, finest = -field / scale, 1.0 / scale
    shrink = growth / (1.0 + growth)
    a = left
    while a < right:
        ahead = origin_u - a
        away = abs(ahead) - near * finest
        length = min(cap, max(core * finest, (shrink if ahead > 0.0 else growth) * away))
        steepest = cosh_triple(field + scale * min(max(origin_u, a), a + length))[2]
        length = min(length, cap / math.sqrt(max(1.0, power * scale * scale * steepest)))
        rest = right - a
        if rest <= 1.1 * length:
            length = rest
        elif rest < 2.0 * length:
            length = 0.5 * rest
        half = 0.5 * length
        for i in range(rule.shape[1]):
            u = a + half * (1.0 + rule[0, i])
            value, mean, spread = cosh_triple(field + scale * u)
            mass = half * rule[1, i] * math.exp(power * (value - highest) - (place + 0.5 * u) * u)
            moved = mean - centre
            sums[0] += mass
            sums[1] += mass * (value - highest)
            sums[2] += mass * moved
            sums[3] += mass * moved * moved
            sums[4] += mass * spread
            # 1 - w tanh, to its last digits where w tanh is near 1
            aligned = sign * mean
            sums[5] += mass * (spread / (1.0 + aligned) if aligned > 0.0 else 1.0 - aligned)
        a = a + length if rest > 1.1 * length else right


@array_kernel
def _cosh_groups(strength, gap, pull, power, centre, rule, grading, out):  # type: ignore[no-untyped-def]
    """See `cosh_groups` (a numerical kernel)."""
    nodes, weights = _outer_nodes(strength, pull, power, rule, grading)
    sums, best = np.empty(6), np.empty(4)
    for row in range(strength.size):
        scale0, scale, y = math.sqrt(strength[row]), math.sqrt(gap[row]), power[row]
        total = np.zeros(6)
        if not y * scale < _FARTHEST:
            out[:, row] = np.nan
            continue
        for node in range(nodes.shape[1]):
            if nodes[row, node] <= 0.0 or weights[row, node] == 0.0:
                continue  # even in z0: twice the positive half
            field = scale0 * nodes[row, node] + pull[row]
            h = field + y * gap[row]
            for _ in range(8):  # towards the maximum, from the right
                _, mean, spread = cosh_triple(h)
                h -= (h - field - y * gap[row] * mean) / max(1.0 - y * gap[row] * spread, 0.1)
            value, mean, _ = cosh_triple(h)
            place = (h - field) / scale
            best[0], best[1], best[2], best[3] = h, place, value, mean
            sums[:] = 0.0
            _add_branch(scale, y, 1.0, best, 0.0, rule, grading, sums)
            if centre:
                _add_branch(scale, y, -1.0, best, -2.0 * pull[row], rule, grading, sums)
            inverse = 1.0 / sums[0]
            # per replica and without what cancels: y (value - place^2/(2y)) is the exponent at the maximum
            top = value - 0.5 * place * place / y
            log_sum = math.log(sums[0]) - _LN_SQRT_2PI - (math.log(2.0) if centre else 0.0)
            first = sums[2] * inverse
            mass = 2.0 * weights[row, node]
            total[0] += mass * (top + log_sum / y)
            total[1] += mass * (mean + first) ** 2
            total[2] += mass * (sums[3] * inverse - first * first)
            total[3] += mass * sums[4] * inverse
            total[4] += mass * 0.5 * sums[5] * inverse
            total[5] += mass * (y * sums[1] * inverse + 0.5 * place * place - log_sum)
        for i in range(6):
            out[i, row] = total[i]


def cosh_groups(
    strength: np.ndarray, gap: np.ndarray, pull: np.ndarray, power: np.ndarray, centre: bool, level: int
) -> np.ndarray:
    r"""Groups of binary weights: ``(6, batch)`` averages over z0, with ``h = sqrt(strength) z0 + sqrt(gap)
    z1 + w pull``.

    Tilted averages <.> over z1 and w = +-1 (w = 1 and no pull without a centre) with the weight ``(2 cosh
    h)^power``; rows:
    the power mean of ``2 cosh h`` (average over w, in logarithms, per power), ``E <tanh>^2``, ``E(<tanh^2>
    - <tanh>^2)``,
    ``E <sech^2>``, ``E <1 - w tanh>/2``, and the relative entropy of the tilt, ``E(power <ln 2cosh> - ln of
    the mass)``.
    """
    out = np.empty((6, strength.size))
    _cosh_groups(strength, gap, pull, power, centre, *rule_and_grading(level), out)
    return out


@array_kernel
def tilted_rows(weight, drift, z, log_z, slope, power, out):  # type: ignore[no-untyped-def]
    """Per row the tilted average with masses ``weight exp(power log_z - drift z - drift^2/2)`` (a numerical
    kernel).

    Fills out (R, 4): logarithm of the mass, mean and variance of ``slope``, relative entropy; and turns
    ``weight`` into
    the normalised masses.
    """
    for row in range(weight.shape[0]):
        count, y, c = weight.shape[1], power[row], drift[row]
        top = -np.inf
        for j in range(count):
            top = max(top, y * log_z[row, j] - c * z[row, j])
        total, value, first = 0.0, 0.0, 0.0
        for j in range(count):
            mass = weight[row, j] * math.exp(y * log_z[row, j] - c * z[row, j] - top)
            weight[row, j] = mass
            total += mass
            value += mass * log_z[row, j] if mass > 0.0 else 0.0
            first += mass * slope[row, j] if mass > 0.0 else 0.0
        inverse = 1.0 / total
        first *= inverse
        second = 0.0
        for j in range(count):
            weight[row, j] *= inverse
            second += weight[row, j] * (slope[row, j] - first) ** 2
        log_mass = top + math.log(total) - 0.5 * c * c
        out[row, 0], out[row, 1], out[row, 2] = log_mass, first, second
        out[row, 3] = y * value * inverse - log_mass


@array_kernel
def joint_rows(weight, top, u, mass, power, log_c, slope_c, log_r, slope_r):  # type: ignore[no-untyped-def]
    """Sums over groups with a centre: tilted by ``exp(log_c + power log_r)`` about ``top`` (a numerical kernel).

    ``mass`` holds the Gaussian density of u; returns, averaged with ``weight``, the logarithm of the group's mass, the
    products of the means of both slopes, the means of the products, and the mean of ``log_r``.
    """
    total = np.zeros(7)
    for row in range(weight.size):
        c, highest = top[row], -np.inf
        for j in range(u.size):
            highest = max(highest, log_c[row, j] + power * log_r[row, j] - c * u[j])
        sums = np.zeros(6)
        for j in range(u.size):
            share = mass[j] * math.exp(log_c[row, j] + power * log_r[row, j] - c * u[j] - highest)
            sums[0] += share
            sums[1] += share * slope_c[row, j]
            sums[2] += share * slope_r[row, j]
            sums[3] += share * slope_r[row, j] ** 2
            sums[4] += share * slope_c[row, j] * slope_r[row, j]
            sums[5] += share * log_r[row, j]
        mean_c, mean_r = sums[1] / sums[0], sums[2] / sums[0]
        total[0] += weight[row] * (highest + math.log(sums[0]) - 0.5 * c * c)
        total[1] += weight[row] * mean_c * mean_c
        total[2] += weight[row] * mean_c * mean_r
        total[3] += weight[row] * mean_r * mean_r
        total[4] += weight[row] * sums[3] / sums[0]
        total[5] += weight[row] * sums[4] / sums[0]
        total[6] += weight[row] * sums[5] / sums[0]
    return total[0], total[1], total[2], total[3], total[4], total[5], total[6]
