"""Averages over groups of replicas together with their centre, which is a solution itself: patterns and weights.

What groups share are two Gaussians (of the centre and of the replicas), what distinguishes a group is a third one. All
integrands are analytic in a strip, so that the trapezoidal rule converges like ``exp(-2 pi width/step)``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica.ansatz.replicated.kernels import joint_rows
from replica.models.model import Model
from saddlepoint.special import two_cosh

#: by level: digits (in e-folds) that a step should give, and the reach of the Gaussians
RULES = ((22.0, 6.8), (34.0, 8.6), (42.0, 9.2), (48.0, 9.6), (54.0, 10.0), (60.0, 10.4))
#: distance of the zeros of H from the real axis, and of those of cosh, less a margin
TAIL, COSH = 2.6, 1.4


class Joint(NamedTuple):
    """Overlaps: between centres, centre to own and to other replicas, replicas of two groups and of one; (batch,)."""

    centre: np.ndarray
    t: np.ndarray
    s: np.ndarray
    q0: np.ndarray
    q1: np.ndarray

    @property
    def gap(self) -> np.ndarray:
        return self.q1 - self.q0

    @property
    def own(self) -> np.ndarray:
        """What of the centre's field is not given by those of its replicas."""
        return 1.0 - self.centre - (self.t - self.s) ** 2 / self.gap


class JointSums(NamedTuple):
    """``E ln`` of the group's mass; of the slopes c (centre) and r (replicas) ``E<c>^2, E<c><r>, E<r>^2, E<r^2>``,
    ``E<c r>``; ``E<ln Z>`` of a replica; each (batch,)."""

    log_mass: np.ndarray
    cc: np.ndarray
    cr: np.ndarray
    rr: np.ndarray
    inner: np.ndarray
    along: np.ndarray
    single: np.ndarray


def _grid(step: float, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """The trapezoidal rule for a standard Gaussian."""
    count = int(np.ceil(reach / step))
    z = step * np.arange(-count, count + 1)
    return z, np.exp(-0.5 * z**2) * step / np.sqrt(2.0 * np.pi)


PLACED = 1e-3  # the nodes lie round their middle to that
NODES = 3e7  # at most, of one average


def _plane(steps: tuple[float, float], reach: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two Gaussians; nodes that cannot matter are left out."""
    (x, weight_x), (z, weight_z) = (_grid(step, reach) for step in steps)
    weight = weight_x[:, None] * weight_z[None, :]
    keep = weight > np.exp(-0.5 * reach**2) * steps[0] * steps[1] / (2.0 * np.pi)
    x, z = np.broadcast_to(x[:, None], weight.shape), np.broadcast_to(z[None, :], weight.shape)
    return x[keep], z[keep], weight[keep]


def _step(efolds: float, strip: float) -> float:
    """Step of the trapezoidal rule for a Gaussian times a function that is analytic in a strip."""
    return min(2.0 * np.pi * strip / (efolds + 0.5 * strip**2), 2.0 * np.pi / np.sqrt(2.0 * efolds))


def joint_patterns(model: Model, at: Joint, power: np.ndarray, level: int) -> JointSums:
    """Averages over a pattern that the centre and its replicas all see."""
    size = at.t.size
    rows = [
        _patterns_of(model.take(np.array([row])), Joint(*(c[row] for c in at)), power[row], level)
        for row in range(size)
    ]
    return JointSums(*np.array(rows).reshape(size, 7).T)


def _patterns_of(model: Model, at: Joint, power: float, level: int) -> tuple[float, ...]:
    if not (at.gap > 0 and at.own > 0 and at.q0 * at.centre >= 0.98 * at.s**2 and at.q1 < 1 and at.q0 > 0):
        return (np.nan,) * 7
    efolds, reach = RULES[level]
    crowd = 1.0 + 0.5 * np.log1p(power)  # a power makes a tail steeper
    strips = (TAIL * np.sqrt((1.0 - q) / q) / crowd for q in (at.centre, at.q0))
    step = _step(efolds, min(strips))
    if not (reach / step) ** 2 < NODES:
        return (np.nan,) * 7
    x, z, weight = _plane(2 * (step,), reach)
    mean_c = np.sqrt(at.centre) * x
    mean_r = at.s / np.sqrt(at.centre) * x + np.sqrt(max(at.q0 - at.s**2 / at.centre, 0.0)) * z
    lever, scale = (at.t - at.s) / np.sqrt(at.gap), np.sqrt(at.gap)
    rest_c, rest_r = np.array([at.own]), np.array([1.0 - at.q1])
    strip = TAIL * min(np.sqrt(at.own) / max(abs(lever), 1e-12), np.sqrt(1.0 - at.q1) / scale)
    step = _step(efolds, strip)
    if not x.size * reach / step < NODES:  # a point far from any solution
        return (np.nan,) * 7
    u, mass = _grid(step, reach)
    beta, loss = model.beta, model.loss.at_level(level)

    def terms(shift: np.ndarray) -> tuple[Any, Any]:
        flat = shift.reshape(1, -1)
        count = shift.shape[-1]
        centre = loss.terms(np.repeat(mean_c, count)[None] + lever * flat, rest_c, beta)
        return centre, loss.terms(np.repeat(mean_r, count)[None] + scale * flat, rest_r, beta)

    top = np.zeros(x.size)
    low, high = np.full(x.size, -np.inf), np.full(x.size, np.inf)
    for _ in range(12):  # the highest point of a log-concave integrand, about which the nodes lie
        centre, own = terms(top[:, None])
        slope = -top + lever * centre[1][0] + power * scale * own[1][0]
        bend = 1.0 - lever**2 * centre[2][0] - power * scale**2 * own[2][0]
        low, high = np.where(slope > 0, top, low), np.where(slope > 0, high, top)
        moved = top + slope / bend
        middle = np.where(np.isfinite(low + high), 0.5 * (low + high), moved)
        before, top = top, np.where((moved > low) & (moved < high), moved, middle)
        if np.abs(top - before).max() < PLACED:
            break
    centre, own = terms(top[:, None] + u)
    shape = (x.size, u.size)
    tables = (centre[0], centre[1], own[0], own[1])
    return joint_rows(weight, top, u, mass, power, *(table.reshape(shape) for table in tables))


def joint_weights(hats: Joint, power: np.ndarray, level: int) -> JointSums:
    """The same over a binary weight: ``hats`` are conjugates, ``t`` holds the field of the centre on its replicas."""
    size = hats.t.size
    rows = [_weights_of(Joint(*(c[row] for c in hats)), power[row], level) for row in range(size)]
    return JointSums(*np.array(rows).reshape(size, 7).T)


def _weights_of(hats: Joint, power: float, level: int) -> tuple[float, ...]:
    if not (hats.centre > 0 and hats.q0 > 0 and hats.q1 > hats.q0 and np.isfinite(hats.t)):
        return (np.nan,) * 7
    efolds, reach = RULES[level]
    # the replicas of a group pull at the sign of its centre as one
    slope = np.sqrt(hats.centre) + min(power, 4.0) * abs(np.tanh(hats.t)) * np.sqrt(hats.q0)
    scale, step = np.sqrt(hats.gap), _step(efolds, COSH / slope)
    fine = _step(efolds, COSH / scale)
    if not (reach / step) ** 2 * (reach + power * scale) / fine < NODES:  # a point far from any solution
        return (np.nan,) * 7
    x, z, weight = _plane(2 * (step,), reach)
    field = hats.s / np.sqrt(hats.centre) * x + np.sqrt(max(hats.q0 - hats.s**2 / hats.centre, 0.0)) * z
    u, mass = _grid(fine, reach + power * scale)
    sign = np.array([1.0, -1.0])
    inner = field[:, None, None] + scale * u[None, None, :] + hats.t * sign[None, :, None]
    log_cosh, mean, _ = two_cosh(inner)
    own = np.broadcast_to((np.sqrt(hats.centre) * x)[:, None, None] * sign[None, :, None], inner.shape)
    centre = np.broadcast_to(sign[None, :, None], inner.shape)
    tables = (own, centre, log_cosh, mean)
    shape = (x.size, 2 * u.size)
    nothing = np.zeros(x.size)
    return joint_rows(
        weight,
        nothing,
        np.tile(u, 2),
        np.tile(mass, 2),
        power,
        *(np.ascontiguousarray(c).reshape(shape) for c in tables),
    )
