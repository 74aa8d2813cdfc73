"""Compiled averages over groups of replicas: binary weights at finite and at infinite power, tilted sums;
no equations.

A group is a set of y replicas at mutual overlap q1 (and, with a centre, at a given overlap with it). All
averages are
over z0 (what groups share) of tilted averages over z1 (what distinguishes a group), in the log domain.
"""

from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import array_kernel
from saddlepoint.quadrature.fields import rule_and_grading
from saddlepoint.quadrature.panels import build_nodes
from saddlepoint.special import cosh_triple

_LN_SQRT_2PI = 0.9189385332046727
_FARTHEST = 2000.0  # shifts of z1 beyond it are left to the limit of infinite power


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
def _add_branch(shift, scale, power, sign, centre, top, rule, grading, sums):  # type: ignore[no-untyped-def]
    """Add ``int Dz exp(power ln 2cosh(shift + scale z) - top)`` and its moments to ``sums`` (a numerical
    kernel).

    Panels are cut to where the integrand matters and graded towards zero field; ``centre`` is a value of
    tanh about which
    its moments are taken, so that a small spread loses no digits.
    """
    core, growth, near, cap, reach = grading[0], grading[1], grading[2], grading[3], grading[4]
    drift = power * scale
    left, right = -drift - math.sqrt(reach), drift + math.sqrt(reach)
    lowest = top - 0.5 * reach - 3.0
    while left + 1.0 < right:
        z = left + 1.0
        if power * cosh_triple(shift + scale * z)[0] - 0.5 * z * z > lowest:
            break
        left = z
    while right - 1.0 > left:
        z = right - 1.0
        if power * cosh_triple(shift + scale * z)[0] - 0.5 * z * z > lowest:
            break
        right = z
    if right - left <= 1.0:
        return
    origin, finest = -shift / scale, 1.0 / scale
    shrink = growth / (1.0 + growth)
    a = left
    while a < right:
        ahead = origin - a
        away = abs(ahead) - near * finest
        length = min(cap, max(core * finest, (shrink if ahead > 0.0 else growth) * away))
        steepest = cosh_triple(shift + scale * min(max(origin, a), a + length))[2]
        length = min(length, cap / math.sqrt(max(1.0, power * scale * scale * steepest)))
        rest = right - a
        if rest <= 1.1 * length:
            length = rest
        elif rest < 2.0 * length:
            length = 0.5 * rest
        half = 0.5 * length
        for i in range(rule.shape[1]):
            z = a + half * (1.0 + rule[0, i])
            value, mean, spread = cosh_triple(shift + scale * z)
            mass = half * rule[1, i] * math.exp(power * value - 0.5 * z * z - top)
            moved = mean - centre
            sums[0] += mass
            sums[1] += mass * value
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
    sums = np.empty(6)
    for row in range(strength.size):
        scale0, scale, y = math.sqrt(strength[row]), math.sqrt(gap[row]), power[row]
        total = np.zeros(6)
        if not y * scale < _FARTHEST:
            out[:, row] = np.nan
            continue
        for node in range(nodes.shape[1]):
            if nodes[row, node] <= 0.0 or weights[row, node] == 0.0:
                continue  # even in z0: twice the positive half
            shift = scale0 * nodes[row, node]
            field = shift + pull[row]
            z = y * scale
            for _ in range(8):  # towards the maximum, from the right
                _, mean, spread = cosh_triple(field + scale * z)
                z -= (z - y * scale * mean) / max(1.0 - y * gap[row] * spread, 0.1)
            value, mean, _ = cosh_triple(field + scale * z)
            top = y * value - 0.5 * z * z
            sums[:] = 0.0
            _add_branch(field, scale, y, 1.0, mean, top, rule, grading, sums)
            if centre:
                _add_branch(shift - pull[row], scale, y, -1.0, mean, top, rule, grading, sums)
            inverse = 1.0 / sums[0]
            log_mass = top + math.log(sums[0]) - _LN_SQRT_2PI - (math.log(2.0) if centre else 0.0)
            first = sums[2] * inverse
            mass = 2.0 * weights[row, node]
            total[0] += mass * log_mass / y
            total[1] += mass * (mean + first) ** 2
            total[2] += mass * (sums[3] * inverse - first * first)
            total[3] += mass * sums[4] * inverse
            total[4] += mass * 0.5 * sums[5] * inverse
            total[5] += mass * (y * sums[1] * inverse - log_mass)
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
def _limit_nodes(strength, gap, pull, rule, grading):  # type: ignore[no-untyped-def]
    """Nodes for z0 graded towards the branch points of the maximiser, panels ending at 0."""
    rows = strength.size
    position, width, breaks = np.empty((rows, 2)), np.empty((rows, 2)), np.zeros((rows, 1))
    for row in range(rows):
        scale, c = math.sqrt(strength[row]), gap[row]
        position[row, 0], width[row, 0] = -pull[row] / scale, 1.0 / scale
        root = math.sqrt(abs(c * (c - 1.0)))
        if c > 1.0:  # the fold h - c tanh h = field, on the real axis
            position[row, 1] = (math.acosh(math.sqrt(c)) - root - pull[row]) / scale
            width[row, 1] = 0.05 * abs(position[row, 1]) + 1e-14
        else:
            position[row, 1] = -pull[row] / scale
            width[row, 1] = (math.acos(math.sqrt(c)) - root) / scale + 1e-14
        for k in range(2):
            if abs(position[row, k]) > 9.0:
                position[row, k], width[row, k] = 0.0, np.inf
    return build_nodes(position, width, breaks, rule, grading)


@array_kernel
def _cosh_limit(strength, gap, pull, rule, grading, out):  # type: ignore[no-untyped-def]
    """See `cosh_limit` (a numerical kernel)."""
    nodes, weights = _limit_nodes(strength, gap, pull, rule, grading)
    for row in range(strength.size):
        scale, c = math.sqrt(strength[row]), gap[row]
        total = np.zeros(6)
        for node in range(nodes.shape[1]):
            if nodes[row, node] <= 0.0 or weights[row, node] == 0.0:
                continue
            field = scale * nodes[row, node] + pull[row]
            h = field + c
            value, mean, spread = cosh_triple(h)
            for _ in range(200):  # from the right the steps are monotone: the largest solution
                step = (h - field - c * mean) / (1.0 - c * spread)
                h -= step
                value, mean, spread = cosh_triple(h)
                if not abs(step) > 1e-15 * (1.0 + abs(h)):
                    break
            if not (h > 0.0 and 1.0 - c * spread > 0.0):
                total[:] = np.nan  # no maximum with the sign of z0
                break
            mass = 2.0 * weights[row, node]
            total[0] += mass * (value - 0.5 * c * mean * mean)
            total[1] += mass * mean * mean
            total[2] += mass * spread
            total[3] += mass * nodes[row, node] * mean
            total[4] += mass * 0.5 * spread / (1.0 + mean)
            total[5] += mass * math.log1p(-c * spread)
        for i in range(6):
            out[i, row] = total[i]


def cosh_limit(strength: np.ndarray, gap: np.ndarray, pull: np.ndarray, level: int) -> np.ndarray:
    r"""Binary weights in the limit of infinite power (gap times power held): ``(6, batch)`` averages over z0.

    With ``h`` the largest solution of ``h = sqrt(strength) |z0| + pull + gap tanh h``: ``E max``, ``E
    tanh^2 h``,
    ``E sech^2 h``, ``E z0 tanh h``, ``E(1 - tanh h)/2``, ``E ln(1 - gap sech^2 h)``; nan where there is no
    maximum.
    """
    out = np.empty((6, strength.size))
    _cosh_limit(strength, gap, pull, *rule_and_grading(level), out)
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
