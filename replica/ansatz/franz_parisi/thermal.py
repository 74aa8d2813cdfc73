"""What is thermal about solved distances of a Franz-Parisi curve: errors, energy, entropy; no equations here."""

from __future__ import annotations

from typing import Any

import numpy as np


def thermal_names(probe: Any) -> tuple[str, ...]:
    """What `thermal` adds to a curve."""
    return ("training_error",) if probe.loss.hard else ("training_error", "energy", "entropy")


def thermal(problem: Any, columns: Any, rows: np.ndarray) -> None:
    """Training error of solved rows, and for finite costs energy and entropy ``free_entropy + beta energy``."""
    probe, size = problem.probe, problem.size
    names = thermal_names(probe)
    values, errors = ({name: np.full(size, np.nan) for name in names} for _ in range(2))
    if probe.loss.hard and not np.any(probe.loss.error_rate(np.zeros((1, 1)), np.ones(1), probe.beta)):
        values["training_error"][rows] = errors["training_error"][rows] = 0.0  # whatever the field
    elif rows.size:
        point = columns.point[rows]
        rough, finer = (problem.take(rows).at_level(level) for level in (1, 2))
        coarse, fine = rough.means(point), finer.means(point)
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
