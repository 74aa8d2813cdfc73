"""The state of equilibrium among the branches of a model: of two solutions the one with the larger free entropy."""

from __future__ import annotations

import numpy as np

from replica.ansatz._rows import without
from replica.batch import Solutions


def equilibrium(first: Solutions, second: Solutions) -> Solutions:
    """Row by row the solution with the larger free entropy; the first where they agree to their errors."""
    one, two = first.value("free_entropy"), second.value("free_entropy")
    known = np.isfinite(one) & np.isfinite(two)
    with np.errstate(invalid="ignore"):
        better = two > one + 2 * (first.error("free_entropy") + second.error("free_entropy"))
    better = np.where(known, better, ~first.converged & second.converged)
    rows, others = np.flatnonzero(better), np.flatnonzero(~better)
    parts = without(first.parts, rows) + without(second.parts, others)
    last = without(first.last, rows) + without(second.last, others)
    status, residual = (
        np.where(better, getattr(second, name), getattr(first, name)) for name in ("status", "residual")
    )
    remarks, branches = (
        [b if take else a for a, b, take in zip(getattr(first, name), getattr(second, name), better, strict=True)]
        for name in ("remarks", "branches")
    )
    return Solutions(first.model, first.ansatz, first.alpha, parts, status, residual, remarks, last, branches)
