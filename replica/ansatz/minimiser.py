"""The Franz-Parisi curve around a zero-temperature minimiser: solved, checked on finer integrals; no equations here."""

from __future__ import annotations

import numpy as np

from replica.ansatz._minimiser_patterns import Minimiser
from replica.ansatz._minimiser_problem import MinimiserProblem
from replica.ansatz._minimiser_weights import Centre
from replica.ansatz.franz_parisi import NEGATIVE, SURE, UNBOUND, Columns, thermal
from replica.model import Model
from replica.weights._pairs import LADDER
from replica.weights.base import Average
from saddlepoint import Newton, Status, Tolerance, solve

FIRST = Newton(max_step=1.0, steps=40)
STEADY = Newton(max_step=1.0, steps=15, halvings=3)
ROUGH = Tolerance(absolute=1e-7)
UNREACHED = "no weights of the set are that close to the reference"
#: shares of the load at which a row that is not solved at once is followed
STEPS = (1e-3, 0.25)


def check_probe(model: Model) -> None:
    """Refuse, in one sentence, probes that the equations around a minimiser do not cover."""
    if not model.weights.discrete and not isinstance(model.weights.norm, Average):
        raise ValueError(f"franz_parisi is here for weights from an alphabet or on the sphere, got {model.weights}")
    if not model.loss.hard and np.isinf(model.beta) and not model.loss.has_ground:
        raise ValueError(f"{model.loss} at beta = inf is not a constraint; give a finite beta")


def typical_cosine(model: Model, alpha: float, reference: Minimiser, centre: Centre) -> tuple[float, float]:
    """Overlap at which the curve has its maximum: the probe does not feel that a distance is asked for."""
    problem = MinimiserProblem(model, alpha, reference, centre, np.array([0.3]), 0)
    with np.errstate(all="ignore"):
        point, done, _ = _coarse(problem)
        if not done[0]:
            return float("nan"), float("nan")
        free = problem.unheld()
        found = solve(free, point, FIRST, ROUGH, "keep", check=False)
        done &= found.converged & free.sound(found.point)
        if not done[0]:
            return float("nan"), float("nan")
        columns = _fine(free, found.point.copy(), done, {})
        _carry(free, columns, np.arange(1))
    return float(columns.values["t"][0]), float(columns.errors["t"][0])


def minimiser_curve(model: Model, alpha: float, reference: Minimiser, centre: Centre, distance: np.ndarray) -> Columns:
    """Solve every distance on a coarse mesh, correct it on finer ones; unsolved rows are NaN with their reason."""
    problem = MinimiserProblem(model, alpha, reference, centre, 1.0 - 2.0 * distance, 0)
    with np.errstate(all="ignore"):
        point, done, remarks = _coarse(problem)
        columns = _fine(problem, point, done, remarks)
        rows = np.flatnonzero(done)
        if rows.size:
            _carry(problem, columns, rows)
        thermal(problem, columns, rows)
    for store in (columns.values, columns.errors):
        store.pop("t")
        for column in store.values():
            column[~done] = np.nan
    columns.status = [_sentence(model, columns, row, remarks) for row in range(problem.size)]
    return columns


def _sentence(model: Model, columns: Columns, row: int, remarks: dict[int, str]) -> str:
    if row in remarks:
        return remarks[row]
    value, error = columns.values["free_entropy"][row], columns.errors["free_entropy"][row]
    facts = [Status.CONVERGED.sentence]
    if model.weights.discrete and model.loss.hard and value < -error:
        facts.append(NEGATIVE)
    if columns.values["stability"][row] < 0:
        facts.append("unstable: the replica symmetry of the copies is broken (stability < 0)")
    return "; ".join(facts)


def _coarse(problem: MinimiserProblem) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
    """Points on the coarse mesh; rows that Newton's method does not solve are followed from few patterns."""
    found = solve(problem, problem.start(), FIRST, ROUGH, "keep", check=False)
    point, done = found.point.copy(), found.converged & problem.sound(found.point)
    remarks: dict[int, str] = {}
    rows = np.flatnonzero(~done)
    if rows.size:
        close = problem.reachable()[rows]
        for row in rows[~close]:
            remarks[int(row)] = f"not converged: {UNREACHED}"
        rows = rows[close]
    if rows.size:
        point[rows], reached = _follow(problem.take(rows))
        done[rows] = reached >= 1.0
        for row, share in zip(rows[reached < 1.0], reached[reached < 1.0], strict=True):
            remarks[int(row)] = _ended(float(np.ravel(problem.alpha)[0]), float(share))
    return point, done, remarks


def _ended(alpha: float, share: float) -> str:
    if share == 0.0:
        return f"not converged: {UNBOUND}: none was found even for few patterns"
    return (
        f"not converged: {UNBOUND}: followed from alpha = 0 they end at alpha = {share * alpha:.3g} of the probe, "
        "where its overlap q goes to its norm"
    )


def _follow(problem: MinimiserProblem) -> tuple[np.ndarray, np.ndarray]:
    """All rows from a small load to theirs, each with its own step; points and the share of the load reached."""
    size, full = problem.size, problem.alpha
    reached, step = np.zeros(size), np.full(size, STEPS[0])
    point = problem.at_alpha(STEPS[0] * full).start()
    best = point.copy()
    while True:
        rows = np.flatnonzero((reached < 1.0) & (step > 1e-3 * np.maximum(reached, 0.5 * STEPS[0])))
        if not rows.size:
            return best, reached
        share = np.minimum(1.0, reached[rows] + step[rows])
        part = problem.take(rows).at_alpha(share * full[rows])
        found = solve(part, best[rows], STEADY, ROUGH, "keep", check=False)
        good = found.converged & part.sound(found.point)
        best[rows[good]], reached[rows[good]] = found.point[good], share[good]
        step[rows[good]] = np.minimum(np.maximum(2.0 * step[rows[good]], 0.02), STEPS[1])
        step[rows[~good]] *= 0.4


def _fine(problem: MinimiserProblem, point: np.ndarray, done: np.ndarray, remarks: dict[int, str]) -> Columns:
    """Chord steps with the coarse Jacobian on finer meshes, until the entropy is sure."""
    blank = {name: np.full(problem.size, np.nan) for name in problem.names}
    columns = Columns(blank, {n: c.copy() for n, c in blank.items()}, [], np.full(problem.size, np.nan), point)
    rows, level = np.flatnonzero(done), 2
    while rows.size:
        part = problem.take(rows)
        seen, errors, residual, sure = _corrected(part, point, rows, level)
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
    part: MinimiserProblem, point: np.ndarray, rows: np.ndarray, level: int
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
        settled = np.abs(step) < 1e-11 * np.maximum(1.0, np.abs(free))
        if settled.all():
            break
        free = free + step
    point[rows] = free
    noise = 16 * np.finfo(float).eps * np.maximum(1.0, np.abs(free))
    left = 2.0 * np.abs(step) + np.einsum("bij,bj->bi", np.abs(inverse), noise)
    before, floors = part.at_level(level - 1).observe(free)[0], fine.floors(seen)
    errors = {}
    for name, value in seen.items():
        carried = np.einsum("bk,bk->b", np.abs(slopes[name]), left) if name != "free_entropy" else 0.0
        errors[name] = np.abs(value - before[name]) + floors[name] + carried
    small = np.abs(step).max(axis=1) < 1e-8 * np.maximum(1.0, np.abs(free).max(axis=1))
    sure = small & (errors["free_entropy"] < SURE * np.maximum(1.0, np.abs(seen["free_entropy"])))
    return seen, errors, np.abs(residual).max(axis=1), sure


def _inverse_and_slopes(problem: MinimiserProblem, free: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
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


def _carry(problem: MinimiserProblem, columns: Columns, rows: np.ndarray) -> None:
    """Add what the errors of the reference move: by differences of the whole solution on the coarse mesh."""
    part, reference = problem.take(rows), problem.reference
    base = part.observe(columns.point[rows])[0]
    for name, error in reference.errors:
        if not error > 0.0:
            continue
        step = max(1e-5, error)
        moved = part.around(reference.varied(name, step))
        found = solve(moved, columns.point[rows], STEADY, Tolerance(absolute=1e-9), "keep", check=False)
        there = moved.observe(found.point)[0]
        for key in columns.errors:
            change = np.where(found.converged, np.abs(there[key] - base[key]), np.inf)
            columns.errors[key][rows] += change * error / step
