"""Very many replicas: between the limit of infinitely many and numbers that the integrals still resolve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from replica.ansatz.replicated.equations import EPS, Groups, Named
from replica.ansatz.replicated.known import Known
from replica.ansatz.replicated.solver import GroupLedger

#: numbers of replicas that are solved; what is above the largest is interpolated to the limit
KNOTS = (1e4, 4e3, 1e3)
SURE = 1e-9  # of entropies, else the number is solved for itself
BETWEEN = "interpolated in 1/y to the limit of infinitely many replicas"


def between(groups: Groups, limit: GroupLedger, ledgers: Sequence[GroupLedger]) -> tuple[Known, np.ndarray]:
    """Observables at many replicas, polynomials in 1/y through the limit and the ledgers of `KNOTS`; and where they are
    sure (a mask). Errors: the change when the middle number is left out, and those of what they go through.
    """
    tables = [_table(ledger) for ledger in (limit, *ledgers)]
    names = set.intersection(*(set(values) for values, _ in tables)) - {"parisi"}
    places = np.array([0.0, *(1.0 / power for power in KNOTS)])
    seen, errors = {"parisi": groups.power}, {"parisi": np.zeros(groups.size)}
    for name in sorted(names):
        at = 1.0 / groups.power
        whole, shares = _lagrange(places, at), _lagrange(places[[0, 1, 3]], at)
        values, floors = (np.stack([table[i][name] for table in tables]) for i in (0, 1))
        seen[name] = np.sum(whole * values, axis=0)
        change = np.abs(seen[name] - np.sum(shares * values[[0, 1, 3]], axis=0))
        errors[name] = change + np.sum(np.abs(whole) * floors, axis=0) + 8 * EPS * np.abs(seen[name])
    slack = errors["entropy"] + errors["free_entropy"]
    return Known(groups, seen, errors), np.isfinite(slack) & (slack < SURE)


def _lagrange(knots: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Weights of the values at the knots: (knots, places)."""
    found = np.ones((knots.size, place.size))
    for i in range(knots.size):
        for j in range(knots.size):
            if i != j:
                found[i] *= (place - knots[j]) / (knots[i] - knots[j])
    return found


def _table(ledger: GroupLedger) -> tuple[Named, Named]:
    """Values and errors of all rows, nan where unsolved."""
    found = ledger.solutions(None)
    values = {name: np.where(ledger.solved, found.value(name), np.nan) for name in found.names}
    return values, {name: np.nan_to_num(found.error(name)) for name in found.names}
