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
    level = ridge + modes.tail
    if level == 0.0 and samples >= modes.times[modes.value > 0].sum():
        return 0.0, 0.0
    trace = float(modes.times @ modes.value)
    u = samples / (trace + level)
    for _ in range(STEPS):
        part = 1.0 / (1.0 + modes.value * u)
        lack = samples - float(modes.times @ (modes.value * u * part)) - (level - modes.second * u) * u
        slope = float(modes.times @ (modes.value * part * part)) + level - 2.0 * modes.second * u
        if not slope > 0.0:
            return 1.0 / u, 1.0
        step = lack / slope
        u += max(step, 0.0)
        if step <= 4.0 * ROUNDING * u:
            break
    doubt = ROUNDING * samples * np.sqrt(modes.value.size) * 4.0
    return 1.0 / u, float(abs(lack) + doubt) / (slope * u)


def learn(samples: float, modes: Modes, power: np.ndarray, ridge: float, noise: float) -> Learned:
    """Kernel ridge regression; ``noise`` counts the power of modes that are not listed.

    Errors follow those of kappa and of the eigenvalues to first order, each with its modulus.
    """
    kappa, slack = root(samples, modes, ridge)
    share, lost = modes.learned(kappa), modes.lost(kappa)
    flow = modes.times * share * lost  # of the count with ln kappa, mode by mode
    pulled = float(flow.sum()) + (ridge + modes.tail) / kappa if kappa > 0 else 1.0
    beyond = modes.second / kappa**2 if kappa > 0 else 0.0
    pulled -= 2.0 * beyond
    missed = modes.missed(kappa) if kappa > 0 else 0.0
    slack += (modes.shifted(kappa) / kappa + missed) / pulled if kappa > 0 else 0.0
    own = modes.error / np.where(modes.value > 0, modes.value, 1.0)
    moved = share * lost * (slack + own)
    share_error, lost_error = moved + ROUNDING * share, moved + 2.0 * ROUNDING * lost
    used = float(modes.times @ share**2) + beyond
    free = samples - used
    if not free > 4.0 * ROUNDING * samples or not np.isfinite(kappa):
        return _nothing(modes, share, samples)
    left = float(lost**2 @ power) + noise
    test = samples / free * left
    free_error = 2.0 * float(modes.times @ (share * share_error)) + 2.0 * beyond * slack + missed
    free_error += 8.0 * ROUNDING * samples
    test_error = samples / free * (
        2.0 * float((lost * lost_error) @ power) + left * (free_error / free + 8.0 * ROUNDING)
    )
    # ridge/kappa = n - sum L of the modes that have an eigenvalue, where there is no tail: at kappa = 0 too
    gap = ridge / kappa if kappa > 0 else samples - float(modes.times @ share)
    rate = (gap / samples) ** 2
    train_error = rate * (test_error + 2.0 * test * (slack + 4.0 * ROUNDING * samples / max(gap, 1e-300)) * (gap > 0))
    status = "converged"
    if free_error > 0.01 * free:
        status = "not converged: so near the interpolation of as many modes as samples that digits are lost"
        return Learned(NAN, NAN, NAN, NAN, NAN, NAN, share, share_error, status)
    return Learned(kappa, kappa * slack, test, test_error, rate * test, train_error, share, share_error, status)


def _nothing(modes: Modes, share: np.ndarray, samples: float) -> Learned:
    status = f"not converged: {samples:g} samples are as many as the modes that they determine: the error is infinite"
    return Learned(NAN, NAN, NAN, NAN, NAN, NAN, share, np.full(share.size, NAN), status)
