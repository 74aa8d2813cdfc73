"""The state of equilibrium among the branches of a model: of two solutions the one with the larger free entropy."""

from __future__ import annotations

import numpy as np

from replica.solution.batch import Solutions
from replica.solution.ledger import Ledger
from replica.solution.said import beside

SAME = 1e-6  # overlaps that differ by less are of one state


def equilibrium(first: Solutions, second: Solutions) -> Solutions:
    """Row by row the solution with the larger free entropy; the first where they agree to their errors. Where one of
    them was not found, or the two cannot be compared, the remark says so.
    """
    one, two = first.value("free_entropy"), second.value("free_entropy")
    known = np.isfinite(one) & np.isfinite(two)
    with np.errstate(invalid="ignore"):
        better = two > one + 2 * (first.error("free_entropy") + second.error("free_entropy"))
    better = np.where(known, better, ~first.converged & second.converged)
    ledger = Ledger(first.model, first.alpha)
    ledger.adopt(first, np.arange(first.size))
    ledger.adopt(second, np.flatnonzero(better))
    ledger.branches[:] = np.where(better, second.branches, first.branches)
    same = np.abs(first.value("q") - second.value("q")) <= SAME
    for row in np.flatnonzero((first.converged | second.converged) & ~known & ~same):
        said = _missing(first, second, int(row))
        ledger.remarks[row] = "; ".join(filter(None, (ledger.remarks[row], said)))
    return ledger.solutions(first.ansatz)


def _missing(first: Solutions, second: Solutions, row: int) -> str:
    """Why the free entropies of a row were not compared."""
    if first.converged[row] and second.converged[row]:
        return "two branches were found, whose free entropies are not finite: which is that of equilibrium is not known"
    lost = second if first.converged[row] else first
    why = beside(lost.sentence(row)).split("; ")[0]
    return f"whether it is that of equilibrium is not known: the {lost.branches[row]} branch was not found ({why})"
