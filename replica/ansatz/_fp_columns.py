"""What a Franz-Parisi curve is made of: values, errors and statuses over the distances, and what is thermal in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from saddlepoint import Status

NEGATIVE = "the entropy is negative: typically there is no solution at this distance from the reference"
UNSTABLE = "unstable: the replica symmetry of the copies is broken (stability < 0)"


@dataclass
class Columns:
    """Values, errors and status sentences over a grid of distances."""

    values: dict[str, np.ndarray]
    errors: dict[str, np.ndarray]
    status: list[str]
    residual: np.ndarray
    point: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    def flat(self) -> dict[str, np.ndarray]:
        """One dict of arrays, as a sweep keeps it."""
        named = {f"{name}_error": value for name, value in self.errors.items()}
        return self.values | named | {"residual": self.residual, "status": np.array(self.status)}


def converged_sentence(counted: bool, values: dict[str, np.ndarray], errors: dict[str, np.ndarray], row: int) -> str:
    """Facts about a solution: negative entropy of what is counted, unstable copies."""
    facts = [Status.CONVERGED.sentence]
    if counted and values["free_entropy"][row] < -errors["free_entropy"][row]:
        facts.append(NEGATIVE)
    if values["stability"][row] < -errors["stability"][row]:
        facts.append(UNSTABLE)
    return "; ".join(facts)


def thermal(problem: Any, columns: Columns, rows: np.ndarray) -> None:
    """Training error of solved rows, and for finite costs energy and entropy ``free_entropy + beta energy``."""
    probe, size = problem.probe, problem.size
    names = ("training_error",) if probe.loss.hard else ("training_error", "energy", "entropy")
    values, errors = ({name: np.full(size, np.nan) for name in names} for _ in range(2))
    if probe.loss.hard and not np.any(probe.loss.error_rate(np.zeros((1, 1)), np.ones(1), probe.beta)):
        values["training_error"][rows] = errors["training_error"][rows] = 0.0  # whatever the field
    elif rows.size:
        coarse, fine = (problem.take(rows).at_level(level).means(columns.point[rows]) for level in (1, 2))
        change = {name: np.abs(fine[name] - coarse[name]) + 1e-14 for name in fine}
        values["training_error"][rows], errors["training_error"][rows] = (
            fine["training_error"],
            change["training_error"],
        )
        if not probe.loss.hard:
            alpha = problem.take(rows).alpha
            energy, error = alpha * fine["cost"], alpha * change["cost"]
            heat = np.where(energy == 0, 0.0, probe.beta * energy) if np.isfinite(probe.beta) else 0.0 * energy
            values["energy"][rows], errors["energy"][rows] = energy, error
            values["entropy"][rows] = columns.values["free_entropy"][rows] + heat
            spread = probe.beta * error if np.isfinite(probe.beta) else 0.0
            errors["entropy"][rows] = columns.errors["free_entropy"][rows] + spread
    columns.values.update(values)
    columns.errors.update(errors)
