"""Franz-Parisi curves of saddle points in the conjugates: solved, checked on finer meshes; no equations."""

from __future__ import annotations

import numpy as np

from replica.ansatz.franz_parisi.equations import HeldProblem
from replica.ansatz.franz_parisi.paths import reached, solved_from
from replica.ansatz.franz_parisi.solver import Columns, converged_sentence
from replica.ansatz.franz_parisi.thermal import thermal
from replica.models.model import Model
from replica.weights._pairs import LADDER
from saddlepoint import Newton, Status

FIRST = Newton(max_step=1.0, steps=25, halvings=3)
SURE = 1e-9  # of the entropy
KNOWN = 1e-6  # of the entropy, with what the errors of the reference add


def typical_cosine(problem: HeldProblem) -> tuple[float, float]:
    """Overlap at which the curve has its maximum, with its error: the probe does not feel that a distance is asked for.

    ``problem`` of one row is where the search starts; NaN where nothing is found.
    """
    with np.errstate(all="ignore"):
        point, done, _ = reached(problem, FIRST)
        if not done[0]:
            return float("nan"), float("nan")
        return located(*problem.unheld(point))


def located(problem: HeldProblem, starts: np.ndarray) -> tuple[float, float]:
    """The overlap, with its error, of a problem that does not hold it, from the first start that leads to a solution.

    The rows of ``problem`` are alike; NaN where no start does.
    """
    with np.errstate(all="ignore"):
        point, row = settled(problem, starts)
        if row.size:
            part, done = problem.take(row), np.ones(1, dtype=bool)
            columns = _fine(part, point, done, {})
            if done[0]:
                _carry(part, columns, np.arange(1))
                return float(columns.values["t"][0]), float(columns.errors["t"][0])
    return float("nan"), float("nan")


def settled(problem: HeldProblem, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Point and row of the first start that leads to a solution on the coarse mesh; empty where none does."""
    for row in range(problem.size):
        here = np.array([row])
        part = problem.take(here)
        point, done = solved_from(part, starts[here], FIRST)
        if done[0]:
            return point, here
    return starts[:0], np.zeros(0, dtype=int)


def held_curve(problem: HeldProblem, tolerance: float | None = None) -> Columns:
    """Solve every distance on a coarse mesh, correct it on finer ones; unsolved rows are NaN with their reason."""
    with np.errstate(all="ignore"):
        point, done, remarks = reached(problem, FIRST)
        columns = _fine(problem, point, done, remarks, SURE if tolerance is None else tolerance)
        rows = np.flatnonzero(done)
        if rows.size:
            _carry(problem, columns, rows)
            rows = _known(columns, rows, done, remarks)
        thermal(problem, columns, rows)
    for store in (columns.values, columns.errors):
        store.pop("t")
        for column in store.values():
            column[~done] = np.nan
    columns.status = [_sentence(problem.model, columns, row, remarks) for row in range(problem.size)]
    return columns


def _known(columns: Columns, rows: np.ndarray, done: np.ndarray, remarks: dict[int, str]) -> np.ndarray:
    """The rows whose entropy is known well enough with what the errors of the reference add."""
    value, error = columns.values["free_entropy"][rows], columns.errors["free_entropy"][rows]
    bad = ~(error < KNOWN * np.maximum(1.0, np.abs(value)))
    for row, size in zip(rows[bad], error[bad], strict=True):
        done[row] = False
        remarks[int(row)] = f"not converged: the reference is known too badly: the entropy would be off by {size:.0e}"
    return rows[~bad]


def _sentence(model: Model, columns: Columns, row: int, remarks: dict[int, str]) -> str:
    if row in remarks:
        return remarks[row]
    return converged_sentence(model.weights.discrete and model.loss.hard, columns.values, columns.errors, row)


def _fine(
    problem: HeldProblem, point: np.ndarray, done: np.ndarray, remarks: dict[int, str], tolerance: float = SURE
) -> Columns:
    """Chord steps with the coarse Jacobian on finer meshes, until the entropy is sure."""
    blank = {name: np.full(problem.size, np.nan) for name in problem.names}
    columns = Columns(blank, {n: c.copy() for n, c in blank.items()}, [], np.full(problem.size, np.nan), point)
    rows, level = np.flatnonzero(done), 2
    while rows.size:
        part = problem.take(rows)
        seen, errors, residual, sure = _corrected(part, point, rows, level, tolerance)
        for name in problem.names:
            columns.values[name][rows], columns.errors[name][rows] = seen[name], errors[name]
        columns.residual[rows] = residual
        rows, level = rows[~sure], level + 1
        if level == len(LADDER):
            done[rows] = False
            remarks |= {int(row): Status.INTEGRAL_UNSURE.sentence for row in rows}
            break
    return columns


def _corrected(
    part: HeldProblem, point: np.ndarray, rows: np.ndarray, level: int, tolerance: float
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Values and errors at ``level``: what the last step left and rounding, carried by differences, and the change
    from the mesh below.
    """
    free = point[rows]
    inverse, slopes = _inverse_and_slopes(part.at_level(0), free)
    fine = part.at_level(level)
    for _ in range(6):
        seen, residual = fine.observe(free)
        step = -np.einsum("bij,bj->bi", inverse, residual)
        # what is not defined at a point (the error of a barycentre that vanishes) says nothing about it
        moved = np.fmax.reduce(
            [np.einsum("bk,bk->b", np.abs(slopes[n]), np.abs(step)) / (1.0 + np.abs(seen[n])) for n in seen]
        )
        going = moved >= 1e-12  # each row by itself: no point depends on the others
        if not going.any():
            break
        limit = 1.0 + 0.5 * np.abs(free)
        free = free + np.where(going[:, None], np.clip(step, -limit, limit), 0.0)
    point[rows] = free
    noise = 16 * np.finfo(float).eps * np.maximum(1.0, np.abs(free))
    left = 2.0 * np.abs(step) + np.einsum("bij,bj->bi", np.abs(inverse), noise)
    before, floors = part.at_level(level - 1).observe(free)[0], fine.floors(seen)
    errors = {}
    for name, value in seen.items():
        carried = np.einsum("bk,bk->b", np.abs(slopes[name]), left) if name != "free_entropy" else 0.0
        errors[name] = np.abs(value - before[name]) + floors[name] + carried
    sure = (moved < 1e-7) & (errors["free_entropy"] < tolerance * np.maximum(1.0, np.abs(seen["free_entropy"])))
    return seen, errors, np.abs(residual).max(axis=1), sure


def _inverse_and_slopes(problem: HeldProblem, free: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Inverse Jacobian and the derivatives (B, k) of what is observed, by forward differences in one call."""
    size, k = free.shape
    steps = 1e-7 * np.maximum(1.0, np.abs(free))
    points = np.concatenate([free, *(free + steps[:, j : j + 1] * np.eye(k)[j] for j in range(k))])
    seen, residual = problem.take(np.tile(np.arange(size), k + 1)).observe(points)
    residual = residual.reshape(k + 1, size, k)
    jacobian = np.stack([(residual[j + 1] - residual[0]) / steps[:, j : j + 1] for j in range(k)], axis=2)
    inverse = np.linalg.pinv(np.where(np.isfinite(jacobian), jacobian, 0.0))
    slopes = {}
    for name, value in seen.items():
        parts = value.reshape(k + 1, size)
        slopes[name] = ((parts[1:] - parts[0]) / steps.T).T
    return inverse, slopes


def _carry(problem: HeldProblem, columns: Columns, rows: np.ndarray) -> None:
    """Add what the errors of the reference move: the linear response of the solution to each of its numbers."""
    part, point = problem.take(rows).at_level(0), columns.point[rows]
    inverse, slopes = _inverse_and_slopes(part, point)
    base, residual = part.observe(point)
    for name, error in problem.reference.errors:
        if not error > 0.0:
            continue
        step = max(1e-6 * (abs(problem.reference.number(name)) or 1.0), error)
        there, moved = part.around(problem.reference.varied(name, step)).observe(point)
        answer = -np.einsum("bij,bj->bi", inverse, moved - residual)
        for key, store in columns.errors.items():
            change = there[key] - base[key] + np.einsum("bk,bk->b", slopes[key], answer)
            store[rows] += np.abs(change) * error / step
