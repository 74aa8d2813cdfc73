"""Kernel ridge regression at one number of samples, from the modes of its kernel. No kernels here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replica.wide.modes import ROUNDING, Modes

STEPS, NAN = 400, float("nan")


class Learned(NamedTuple):
    """At one number of samples."""

    kappa: float
    kappa_error: float
    test: float
    test_error: float
    train: float
    train_error: float
    share: np.ndarray
    share_error: np.ndarray
    status: str


def root(samples: float, modes: Modes, ridge: float) -> tuple[float, float]:
    r"""kappa, and the relative error that rounding leaves it.

    As a function of ``u = 1/kappa`` the count ``sum_i eta_i u/(1 + eta_i u) + (ridge + tail) u - second u^2`` is
    concave and grows, as long as the tail is below kappa: Newton's steps from ``n/(trace + ridge)``, where it is too
    small, never pass the root. Without a ridge n modes at most determine it: kappa = 0.
    """
    level, seen = ridge + modes.tail, modes.value > 0
    most = float(modes.times[seen].sum())
    if level == 0.0 and samples >= most:
        return 0.0, 0.0
    trace = float(modes.times @ modes.value)
    u = samples / (trace + level)
    for _ in range(STEPS):
        part = 1.0 / (1.0 + modes.value * u)
        taken, left = float(modes.times @ (modes.value * u * part)), float(modes.times @ (part * seen))
        # near the interpolation of all modes what they lack is known with more digits than what they have
        size = min(samples + taken, abs(samples - most) + left)
        have = samples - taken if size == samples + taken else (samples - most) + left
        lack = have - (level - modes.second * u) * u
        slope = float(modes.times @ (modes.value * part * part)) + level - 2.0 * modes.second * u
        if not slope > 0.0:
            return 1.0 / u, 1.0
        step = lack / slope
        u += max(step, 0.0)
        if step <= 4.0 * ROUNDING * u:
            break
    doubt = 4.0 * ROUNDING * (size + level * u) * np.sqrt(modes.value.size)
    return 1.0 / u, float(abs(lack) + doubt) / (slope * u)


def learn(samples: float, modes: Modes, power: np.ndarray, ridge: float, noise: float) -> Learned:
    """Kernel ridge regression; ``noise`` counts the power of modes that are not listed.

    Errors follow those of kappa and of the eigenvalues to first order, each with its modulus.
    """
    kappa, slack = root(samples, modes, ridge)
    share, lost = modes.learned(kappa), modes.lost(kappa)
    flow = modes.times * share * lost  # of the count with ln kappa, mode by mode
    if kappa > 0:  # n - sum L^2, which is also -dn/d(ln kappa), as a sum in which nothing cancels
        missed, felt = modes.missed(kappa), modes.shifted(kappa) / kappa
        free = float(flow.sum()) + (ridge + modes.tail) / kappa - 2.0 * modes.second / kappa**2
        slack += (felt + missed) / max(free, 1e-300)
    else:
        missed, felt, free = 0.0, 0.0, samples - float(modes.times @ share)
    own = modes.error / np.where(modes.value > 0, modes.value, 1.0)
    moved = share * lost * (slack + own)
    share_error, lost_error = moved + ROUNDING * share, moved + 2.0 * ROUNDING * lost
    if not free > 0.0 or not np.isfinite(kappa):
        return _nothing(modes, share, samples)
    left = float(lost**2 @ power) + noise
    test = samples / free * left
    free_error = free * (slack + 8.0 * ROUNDING * np.sqrt(share.size)) + 2.0 * (missed + felt)
    relative = free_error / free + 8.0 * ROUNDING
    test_error = samples / free * (2.0 * float((lost * lost_error) @ power) + left * relative)
    # ridge/kappa = n - sum L of the modes that have an eigenvalue, where there is no tail: at kappa = 0 too
    gap = ridge / kappa if kappa > 0 else samples - float(modes.times @ share)
    rate = (gap / samples) ** 2
    train_error = rate * (test_error + 2.0 * test * (slack + 4.0 * ROUNDING * samples / max(gap, 1e-300)) * (gap > 0))
    status = "converged"
    if free_error > 0.01 * free:
        reason = "so many samples that modes beyond the last ones are learned: list more of them"
        status = f"not converged: {reason if missed > 0.5 * felt else 'eigenvalues are not known so well'}"
        return Learned(NAN, NAN, NAN, NAN, NAN, NAN, share, share_error, status)
    return Learned(kappa, kappa * slack, test, test_error, rate * test, train_error, share, share_error, status)


def _nothing(modes: Modes, share: np.ndarray, samples: float) -> Learned:
    status = f"not converged: {samples:g} samples are as many as the modes that they determine: the error is infinite"
    return Learned(NAN, NAN, NAN, NAN, NAN, NAN, share, np.full(share.size, NAN), status)
