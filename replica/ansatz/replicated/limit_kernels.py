"""Compiled averages over groups of infinitely many binary replicas, and over centres that see one; no equations."""

from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import array_kernel
from saddlepoint.quadrature.levels import rule_and_grading
from saddlepoint.quadrature.panels import build_nodes
from saddlepoint.special import cosh_triple


@array_kernel
def _limit_nodes(strength, gap, pull, sharp, rule, grading):  # type: ignore[no-untyped-def]
    """Nodes for z0 graded towards the branch points of the maximiser, panels ending at 0, ``sharp`` times finer."""
    rows = strength.size
    position, width, breaks = np.empty((rows, 2)), np.empty((rows, 2)), np.zeros((rows, 1))
    for row in range(rows):
        scale, c = math.sqrt(strength[row]), gap[row]
        position[row, 0], width[row, 0] = -pull[row] / scale, 1.0 / (scale * sharp[row])
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
def _highest(field, c):  # type: ignore[no-untyped-def]
    """The largest solution of ``h = field + c tanh h``, with ``ln 2cosh h``, ``tanh h`` and ``sech^2 h``."""
    h = field + c
    value, mean, spread = cosh_triple(h)
    for _ in range(200):  # from the right the steps are monotone
        step = (h - field - c * mean) / (1.0 - c * spread)
        h -= step
        value, mean, spread = cosh_triple(h)
        if not abs(step) > 1e-15 * (1.0 + abs(h)):
            break
    return h, value, mean, spread


@array_kernel
def _cosh_limit(strength, gap, pull, rule, grading, out):  # type: ignore[no-untyped-def]
    """See `cosh_limit` (a numerical kernel)."""
    nodes, weights = _limit_nodes(strength, gap, pull, np.ones(strength.size), rule, grading)
    for row in range(strength.size):
        scale, c = math.sqrt(strength[row]), gap[row]
        total = np.zeros(6)
        for node in range(nodes.shape[1]):
            if nodes[row, node] <= 0.0 or weights[row, node] == 0.0:
                continue
            field = scale * nodes[row, node] + pull[row]
            h, value, mean, spread = _highest(field, c)
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
def _cosh_displaced(strength, gap, push, rule, grading, out):  # type: ignore[no-untyped-def]
    """See `cosh_displaced` (a numerical kernel)."""
    sharp = np.maximum(push, 1.0)
    nodes, weights = _limit_nodes(strength, gap, np.zeros(strength.size), sharp, rule, grading)
    for row in range(strength.size):
        scale, far, loose = math.sqrt(strength[row]), 0.0, 0.0
        for node in range(nodes.shape[1]):
            if nodes[row, node] <= 0.0 or weights[row, node] == 0.0:
                continue
            _, _, mean, spread = _highest(scale * nodes[row, node], gap[row])
            _, aim, rest = cosh_triple(push[row] * mean)
            mass = 2.0 * weights[row, node]
            turned = rest / (1.0 + aim)  # 1 - tanh, to its last digits
            far += mass * 0.5 * (spread / (1.0 + mean) + mean * turned)
            # ln 2cosh x - x tanh x = ln(1 + e^(-2x)) + x (1 - tanh x)
            loose += mass * (math.log1p(math.exp(-2.0 * push[row] * mean)) + push[row] * mean * turned)
        out[0, row], out[1, row] = far, loose


def cosh_displaced(strength: np.ndarray, gap: np.ndarray, push: np.ndarray, level: int) -> np.ndarray:
    r"""Centres that only see a group of infinitely many replicas: ``(2, batch)`` averages over z0.

    With T = tanh h of `cosh_limit` without pull, a weight of the centre has the mean ``tanh(push T)``: its distance
    ``E(1 - T tanh(push T))/2`` and its entropy ``E[ln 2cosh(push T) - push T tanh(push T)]``.
    """
    out = np.empty((2, strength.size))
    _cosh_displaced(strength, gap, push, *rule_and_grading(level), out)
    return out
