"""What least squares sees of labels: their part that is linear in the inputs, and a rest that is noise to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class LinearLabels(NamedTuple):
    r"""Inputs of covariance Omega and labels y, known to least squares by ``c = E[x y]`` and ``E y^2``.

    ``variance`` are the eigenvalues ``omega_i`` of Omega, ``projection`` the ``t_i = N (u_i.c)^2`` on its eigenvectors
    (with ``weight``, which sums to 1, times that: means are then sums), ``power`` is ``E y^2``. ``error(m, q)`` is the
    generalisation error of a student whose field has the variance q and the covariance m with the labels; None: it is
    the mean square error.
    """

    variance: np.ndarray
    projection: np.ndarray
    power: float
    error: Callable[[np.ndarray, np.ndarray], np.ndarray] | None
    weight: np.ndarray | None = None
