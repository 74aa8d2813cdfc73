"""Franz-Parisi curves of saddle points in the conjugates: solved, followed, checked on finer meshes; no equations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from replica.ansatz._fp_thermal import thermal
from replica.ansatz._held_problem import HeldProblem
from replica.ansatz.franz_parisi import UNBOUND, Columns, converged_sentence
from replica.model import Model
from replica.weights._pairs import LADDER
from saddlepoint import Newton, Status, Tolerance, solve

FIRST = Newton(max_step=1.0, steps=25, halvings=3)
STEADY = Newton(max_step=1.0, steps=8, halvings=1)
ROUGH = Tolerance(absolute=1e-7)  # chord steps on finer meshes do the rest
ANCHORS = 4  # every so many distances one is solved from its own start
SURE = 1e-9  # of the entropy
KNOWN = 1e-6  # of the entropy, with what the errors of the reference add
UNREACHED = "no weights of the set are that close to the reference"
#: shares of the load at which a row that is not solved at once is followed
STEPS = (1e-3, 0.25)


def typical_cosine(problem: HeldProblem) -> tuple[float, float]:
    """Overlap at which the curve has its maximum, with its error: the probe does not feel that a distance is asked for.

    ``problem`` of one row is where the search starts; NaN where nothing is found.
    """
    with np.errstate(all="ignore"):
        point, done, _ = _coarse(problem)
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
    for row in np.arange(problem.size):
        part = problem.take(row[None])
        found = solve(part, starts[row][None], FIRST, ROUGH, "keep", check=False)
        if found.converged[0] and part.sound(found.point)[0]:
            return found.point.copy(), row[None]
    return starts[:0], np.zeros(0, dtype=int)


def held_curve(problem: HeldProblem) -> Columns:
    """Solve every distance on a coarse mesh, correct it on finer ones; unsolved rows are NaN with their reason."""
    with np.errstate(all="ignore"):
        point, done, remarks = _coarse(problem)
        columns = _fine(problem, point, done, remarks)
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


def _coarse(problem: HeldProblem) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
    """Points on the coarse mesh; rows that Newton's method does not solve are followed from few patterns."""
    point, done = _between_anchors(problem)
    remarks: dict[int, str] = {}
    rows = np.flatnonzero(~done)
    if rows.size:
        close = problem.reachable()[rows]
        for row in rows[~close]:
            remarks[int(row)] = f"not converged: {UNREACHED}"
        rows = rows[close]
    if rows.size and done.any():
        remarks |= _spread(problem, point, done, rows)
    elif rows.size:
        point[rows], share = _follow(problem.take(rows))
        done[rows] = share >= 1.0
        for row, reached in zip(rows, share, strict=True):
            remarks[int(row)] = _ended(float(problem.alpha[row]), float(reached))
    return point, done, {row: remark for row, remark in remarks.items() if not done[row]}


def _spread(problem: HeldProblem, point: np.ndarray, done: np.ndarray, rows: np.ndarray) -> dict[int, str]:
    """From solved distances outwards, the nearest row first; beyond one that is not reached nothing is reached."""
    remarks: dict[int, str] = {}
    while rows.size:
        known = np.flatnonzero(done)
        gaps = problem.cosine[rows][:, None] - problem.cosine[known]
        nearest = np.abs(gaps).argmin(axis=1)
        gap = gaps[np.arange(rows.size), nearest]
        k = int(np.abs(gap).argmin())
        row, near = rows[k : k + 1], known[nearest[k : k + 1]]
        point[row], share = _walk(problem, near, row, point[near])
        if share[0] >= 1.0:
            done[row], rows = True, np.delete(rows, k)
            continue
        first, last = (float(problem.cosine[i[0]]) for i in (near, row))
        lost = _lost((1.0 - first) / 2.0, (1.0 - first - float(share[0]) * (last - first)) / 2.0)
        behind = (known[nearest] == near[0]) & (np.sign(gap) == np.sign(gap[k]))
        remarks |= {int(i): lost for i in rows[behind]}
        rows = rows[~behind]
    return remarks


def _between_anchors(problem: HeldProblem) -> tuple[np.ndarray, np.ndarray]:
    """A few distances from their own starts, the others from what lies between these."""
    spread = np.linspace(0, problem.size - 1, max(2, problem.size // ANCHORS)).round().astype(int)
    anchors = np.unique(spread) if problem.size > ANCHORS else np.arange(problem.size)
    part = problem.take(anchors)
    found = solve(part, part.start(), FIRST, ROUGH, "keep", check=False)
    point, done = np.zeros((problem.size, len(problem.variables))), np.zeros(problem.size, dtype=bool)
    point[anchors], done[anchors] = found.point, found.converged & part.sound(found.point)
    rows = np.setdiff1d(np.arange(problem.size), anchors)
    known = np.flatnonzero(done)[np.argsort(problem.cosine[done])]
    if rows.size and known.size:
        for k in range(point.shape[1]):
            point[rows, k] = np.interp(problem.cosine[rows], problem.cosine[known], point[known, k])
        found = solve(problem.take(rows), point[rows], FIRST, ROUGH, "keep", check=False)
        point[rows], done[rows] = found.point, found.converged & problem.take(rows).sound(found.point)
    return point, done


def _lost(first: float, last: float) -> str:
    return f"not converged: {UNBOUND}: followed from distance {first:.4g} they end at {last:.4g}"


def _ended(alpha: float, share: float) -> str:
    if share == 0.0:
        return "not converged: no replica-symmetric solution was found at this distance, not even for few patterns"
    return f"not converged: {UNBOUND}: followed from alpha = 0 they end at alpha = {share * alpha:.2g} of the probe"


def _walk(problem: HeldProblem, near: np.ndarray, rows: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From the solved distances ``near`` to those of ``rows``, each with its own step; points and share of the way."""
    first, last = problem.distance[near], problem.distance[rows]

    def part(index: np.ndarray, share: np.ndarray) -> HeldProblem:
        return problem.take(rows[index]).at_distance(first[index] + share * (last[index] - first[index]))

    return approach(part, start, 0.3)


def _follow(problem: HeldProblem) -> tuple[np.ndarray, np.ndarray]:
    """All rows from a small load to theirs, each with its own step; points and the share of the load reached."""
    full = problem.alpha

    def part(index: np.ndarray, share: np.ndarray) -> HeldProblem:
        return problem.take(index).at_alpha(share * full[index])

    return approach(part, problem.at_alpha(STEPS[0] * full).start(), STEPS[0])


def approach(
    part: Callable[[np.ndarray, np.ndarray], HeldProblem], start: np.ndarray, first: float
) -> tuple[np.ndarray, np.ndarray]:
    """Solve ``part(rows, share)`` for shares from 0 to 1 with steps that grow where they succeed."""
    reached, step = np.zeros(len(start)), np.full(len(start), first)
    best = start.copy()
    while True:
        rows = np.flatnonzero((reached < 1.0) & (step > 5e-3 * np.maximum(reached, 0.1 * first)))
        if not rows.size:
            return best, reached
        share = np.minimum(1.0, reached[rows] + step[rows])
        tried = part(rows, share)
        found = solve(tried, best[rows], STEADY, ROUGH, "keep", check=False)
        good = found.converged & tried.sound(found.point)
        best[rows[good]], reached[rows[good]] = found.point[good], share[good]
        step[rows[good]] = np.minimum(np.maximum(2.0 * step[rows[good]], 0.02), STEPS[1])
        step[rows[~good]] *= 0.4


def _fine(problem: HeldProblem, point: np.ndarray, done: np.ndarray, remarks: dict[int, str]) -> Columns:
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
    part: HeldProblem, point: np.ndarray, rows: np.ndarray, level: int
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
        if np.all(moved < 1e-12):
            break
        free = free + np.clip(step, -1.0 - 0.5 * np.abs(free), 1.0 + 0.5 * np.abs(free))
    point[rows] = free
    noise = 16 * np.finfo(float).eps * np.maximum(1.0, np.abs(free))
    left = 2.0 * np.abs(step) + np.einsum("bij,bj->bi", np.abs(inverse), noise)
    before, floors = part.at_level(level - 1).observe(free)[0], fine.floors(seen)
    errors = {}
    for name, value in seen.items():
        carried = np.einsum("bk,bk->b", np.abs(slopes[name]), left) if name != "free_entropy" else 0.0
        errors[name] = np.abs(value - before[name]) + floors[name] + carried
    sure = (moved < 1e-7) & (errors["free_entropy"] < SURE * np.maximum(1.0, np.abs(seen["free_entropy"])))
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
