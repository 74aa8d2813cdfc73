"""The lower edge of the spectrum of a kernel matrix of many inputs on the sphere. No networks here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._checks import one_number
from replica.solution.quantity import Quantity
from replica.wide.modes import ROUNDING, Modes, of_kernel
from replica.wide.sphere import OfAngle, checked_dimension


def least_eigenvalue(kernel: OfAngle, samples: Any, dimension: Any) -> Quantity:
    r"""``max_kappa [sum_l N_l lambda_l kappa/(lambda_l + kappa) - n kappa]``, the edge for n of the order of ``N_l``.

    At the maximum ``sum_l N_l L_l^2 = n``: what kappa is off by does not count, and errors are those of the sum.
    """
    n = one_number("samples", samples, low=1.0)
    dimension = checked_dimension(dimension)

    def wrong(modes: Modes) -> float:
        kappa = _at_most(n, modes)
        return modes.missed(kappa) / n if kappa > 0 else 0.0

    modes = of_kernel(kernel, dimension, 0, wrong)
    kappa = _at_most(n, modes)
    status = "converged; of many samples, whose mean least eigenvalue lies above by O(n^(-2/3))"
    if kappa == 0.0:
        return Quantity(0.0, 0.0, "converged; more samples than modes: the matrix is singular")
    value = float(modes.times @ (modes.value * modes.lost(kappa))) + modes.tail - modes.second / kappa - n * kappa
    error = modes.shifted(kappa) + modes.missed(kappa) * kappa
    error += 16.0 * ROUNDING * (float(modes.times @ (modes.value * modes.lost(kappa))) + modes.tail + n * kappa)
    if value < error:
        return Quantity(0.0, max(error, abs(value)), f"{status}; not told from 0")
    return Quantity(value, error, status)


def _at_most(samples: float, modes: Modes) -> float:
    """The kappa at which the sum of ``L^2``, which falls with it, is n, by bisection of its logarithm; or 0."""
    if samples >= modes.times[modes.value > 0].sum():
        return 0.0
    low, high = np.log(float(modes.value[modes.value > 0].min())) - 60.0, np.log(float(modes.value.max())) + 60.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (
            (middle, high) if _squares(modes, np.exp(middle)) > samples else (low, middle)
        )
        if high - low < 1e-9:
            break
    return float(np.exp(0.5 * (low + high)))


def _squares(modes: Modes, kappa: float) -> float:
    """The sum of ``L^2``."""
    return float(modes.times @ modes.learned(kappa) ** 2) + modes.second / kappa**2
