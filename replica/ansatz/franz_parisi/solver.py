"""Franz-Parisi curves: solved on coarse meshes, corrected and checked on finer ones, described; no equations here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from replica.ansatz.annealed import Annealed
from replica.ansatz.base import Ansatz
from replica.ansatz.franz_parisi.equations import AtMaximum, FixedOverlap
from replica.ansatz.franz_parisi.paths import reached, solved_from
from replica.ansatz.franz_parisi.thermal import thermal
from replica.ansatz.rs.ansatz import RS
from replica.weights._pairs import LADDER
from saddlepoint import Status

KNOWN: dict[str, type[Ansatz]] = {kind.name: kind for kind in (RS, Annealed)}
NEGATIVE = "the entropy is negative: typically there is no solution at this distance from the reference"
UNSTABLE = "unstable: the replica symmetry of the copies is broken (stability < 0)"
NOWHERE = float("nan"), float("nan")
#: steps that move what is seen less are not followed: of a coarse Jacobian, of a mesh's own
ENOUGH = 1e-12, 1e-11


@dataclass
class Columns:
    """Values, errors and status sentences over a grid of distances."""

    values: dict[str, np.ndarray]
    errors: dict[str, np.ndarray]
    status: list[str]
    residual: np.ndarray
    point: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    @classmethod
    def blank(cls, names: tuple[str, ...], status: list[str], point: np.ndarray) -> Columns:
        """Nothing known yet."""
        values, errors = ({name: np.full(len(status), np.nan) for name in names} for _ in range(2))
        return cls(values, errors, status, np.full(len(status), np.nan), point)

    def flat(self) -> dict[str, np.ndarray]:
        """One dict of arrays, as a sweep keeps it."""
        named = {f"{name}_error": value for name, value in self.errors.items()}
        return self.values | named | {"residual": self.residual, "status": np.array(self.status)}


@dataclass
class Response:
    """Points of a mesh: how what is seen there moves with the unknowns, (B, k), and these with the residual."""

    seen: dict[str, np.ndarray]
    residual: np.ndarray
    inverse: np.ndarray
    slopes: dict[str, np.ndarray]

    @classmethod
    def of(cls, problem: Any, free: np.ndarray) -> Response:
        """By forward differences, from what is known once the points themselves are."""
        size, k = free.shape
        steps = 1e-7 * np.maximum(1.0, np.abs(free))
        points = np.concatenate([free + steps[:, j : j + 1] * np.eye(k)[j] for j in range(k)])
        seen, residual = problem.observe(free)
        there, moved = problem.take(np.tile(np.arange(size), k)).observe(points)
        moved = moved.reshape(k, size, k)
        jacobian = np.stack([(moved[j] - residual) / steps[:, j : j + 1] for j in range(k)], axis=2)
        slopes = {name: ((there[name].reshape(k, size) - value) / steps.T).T for name, value in seen.items()}
        return cls(seen, residual, inverted(jacobian), slopes)

    def take(self, rows: np.ndarray) -> Response:
        seen, slopes = ({name: value[rows] for name, value in table.items()} for table in (self.seen, self.slopes))
        return Response(seen, self.residual[rows], self.inverse[rows], slopes)

    def moves(self, name: str, step: np.ndarray) -> np.ndarray:
        """What a number moves by with the unknowns."""
        return (self.slopes[name] * step).sum(axis=1)

    def most(self, name: str, step: np.ndarray) -> np.ndarray:
        """The same at most, whatever the signs."""
        return np.abs(self.slopes[name] * step).sum(axis=1)


@dataclass
class Place:
    """Points of a mesh: what is seen there, the Newton step that it leads to, and how far that moves what is seen."""

    free: np.ndarray
    residual: np.ndarray
    inverse: np.ndarray
    step: np.ndarray
    moved: np.ndarray
    seen: dict[str, np.ndarray]

    @classmethod
    def at(cls, mesh: Any, free: np.ndarray, near: Response) -> Place:
        seen, residual = mesh.observe(free)
        inverse = inverted(mesh.jacobian(free)) if mesh.light else near.inverse
        step = -applied(inverse, residual)
        # what is not defined at a point (the error of a barycentre that vanishes) says nothing about it
        moved = np.fmax.reduce([near.most(name, step) / (1.0 + np.abs(value)) for name, value in seen.items()])
        # Newton's own steps leave their square, in the unknowns
        moved = np.maximum(moved, np.abs(step).max(axis=1)) if mesh.light else moved
        return cls(free, residual, inverse, step, moved, seen)

    def improve(self, mesh: Any, near: Response) -> Place:
        """Follow the steps of each row by itself: no point depends on the others."""
        rows = np.arange(len(self.free))
        for _ in range(5):
            rows = rows[self.moved[rows] >= ENOUGH[mesh.light]]
            if not rows.size:
                break
            free, step = self.free[rows], self.step[rows]
            limit = 1.0 + 0.5 * np.abs(free)
            tried = Place.at(mesh.take(rows), free + np.clip(step, -limit, limit), near.take(rows))
            for name in ("free", "residual", "inverse", "step", "moved"):
                getattr(self, name)[rows] = getattr(tried, name)
            for name, value in tried.seen.items():
                self.seen[name][rows] = value
        return self


def applied(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Matrix times vector in each row, to the same bits however many rows there are."""
    return (matrix * vector[:, None, :]).sum(axis=2)


def inverted(jacobian: np.ndarray) -> np.ndarray:
    return np.linalg.pinv(np.where(np.isfinite(jacobian), jacobian, 0.0))


def method(ansatz: Ansatz | str | None) -> tuple[Ansatz, bool]:
    """The ansatz (replica symmetry by default), and whether it is the first moment of pairs."""
    chosen = KNOWN[ansatz]() if isinstance(ansatz, str) and ansatz in KNOWN else ansatz or RS()
    if not isinstance(chosen, RS | Annealed):
        raise ValueError(f"ansatz of franz_parisi must be RS() or Annealed(), or {' or '.join(KNOWN)}, got {ansatz!r}")
    return chosen, isinstance(chosen, Annealed)


def curve(problem: FixedOverlap, tolerance: float | None = None) -> Columns:
    """Solve every distance on a coarse mesh, correct it on finer ones; unsolved rows are NaN with their reason."""
    problem = problem.at_level(0)
    with np.errstate(all="ignore"):
        point, done, remarks = reached(problem)
        columns = _fine(problem, point, done, remarks, problem.sure if tolerance is None else tolerance)
        _well_known(problem, columns, done, remarks)
        thermal(problem, columns, np.flatnonzero(done))
    for store in (columns.values, columns.errors):
        store.pop("t")
        for column in store.values():
            column[~done] = np.nan
    counted = problem.weights.discrete and problem.model.loss.hard
    columns.status = [remarks.get(row) or _sentence(counted, columns, row) for row in range(problem.size)]
    return columns


def _sentence(counted: bool, columns: Columns, row: int) -> str:
    """Facts about a solution: negative entropy of what is counted, unstable copies."""
    facts = [Status.CONVERGED.sentence]
    for name, text in (("free_entropy", NEGATIVE), ("stability", UNSTABLE)):
        if columns.values[name][row] < -columns.errors[name][row] and (counted or text is UNSTABLE):
            facts.append(text)
    return "; ".join(facts)


def _well_known(problem: FixedOverlap, columns: Columns, done: np.ndarray, remarks: dict[int, str]) -> None:
    """Drop rows whose entropy is known too badly with what the errors of the reference add."""
    value, error = columns.values["free_entropy"], columns.errors["free_entropy"]
    for row in np.flatnonzero(done & ~(error < problem.known * np.maximum(1.0, np.abs(value)))):
        done[row] = False
        why = f"the reference is known too badly: the entropy would be off by {error[row]:.0e}"
        remarks[int(row)] = f"not converged: {why}"


def _fine(problem: Any, point: np.ndarray, done: np.ndarray, remarks: dict[int, str], tolerance: float) -> Columns:
    """Steps on finer meshes, until the entropy is sure."""
    columns = Columns.blank(problem.names, [""] * problem.size, point)
    rows, level = np.flatnonzero(done), 2
    while rows.size:
        seen, errors, residual, sure = _corrected(problem.take(rows), point, rows, level, tolerance)
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
    part: Any, point: np.ndarray, rows: np.ndarray, level: int, tolerance: float
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Values and errors at ``level``, the residual, and which rows are sure.

    Errors: what the last step leaves and rounding, carried by differences (not to the entropy, which is stationary);
    the change from the mesh below; what the errors of the reference add, which makes no row unsure.
    """
    below = fine = coarse = part.at_level(0)
    near = Response.of(coarse, point[rows])
    carried = _carried(coarse, point[rows], near)
    for n in (level - 1, level):  # the first steps where they cost less
        below, fine, start = fine, fine.at_level(n), point[rows]
        at = Place.at(fine, start.copy(), near).improve(fine, near)
        point[rows] = at.free
    noise = 16 * np.finfo(float).eps * np.maximum(1.0, np.abs(at.free))
    # a step of a coarse Jacobian may go to either side, and again
    left = np.abs(at.step) ** 1.5 if fine.light else 2.1 * np.abs(at.step)
    left += applied(np.abs(at.inverse), noise)
    moved = np.abs(at.free - start)
    left += moved if fine.loose else moved**1.35  # the rules converge geometrically, each step 1.36 times finer
    before, errors = below.observe(at.free)[0], fine.floors(at.free, at.seen)
    for name, value in at.seen.items():
        errors[name] += np.abs(value - before[name])
        if name != "free_entropy":
            errors[name] += near.most(name, left)
            at.seen[name] = value + near.moves(name, at.step) * fine.light
    sure = (at.moved < 1e-7) & (errors["free_entropy"] < tolerance * np.maximum(1.0, np.abs(at.seen["free_entropy"])))
    errors = {name: error + carried[name] for name, error in errors.items()}
    return at.seen, errors, np.abs(at.residual).max(axis=1), sure


def _carried(coarse: Any, free: np.ndarray, near: Response) -> dict[str, np.ndarray]:
    """What the errors of the reference move: the linear response of the solution to each of its numbers."""
    total = {name: np.zeros(len(free)) for name in near.seen}
    for name, error in coarse.reference.errors:
        if error > 0.0:
            step = max(1e-6 * (abs(coarse.reference.number(name)) or 1.0), error)
            there, moved = coarse.around(coarse.reference.varied(name, step)).observe(free)
            answer = -applied(near.inverse, moved - near.residual)
            for key, sum_ in total.items():
                change = there[key] - near.seen[key] + near.moves(key, answer)
                sum_ += np.abs(change) * error / step
    return total


def typical_overlap(problem: FixedOverlap) -> tuple[float, float]:
    """Overlap at which the curve has its maximum, with its error: the probe does not feel that a distance is asked for.

    ``problem`` of one row is where the search starts; NaN where nothing is found.
    """
    problem = problem.at_level(0)
    with np.errstate(all="ignore"):
        point, done, _ = reached(problem)
        free = AtMaximum(problem)
        return located(free, free.above(point)) if done[0] else NOWHERE


def located(problem: Any, starts: np.ndarray) -> tuple[float, float]:
    """The overlap, with its error, of a problem that does not hold it, from the first start that leads to a solution.

    The rows of ``problem`` are alike; NaN where no start does.
    """
    with np.errstate(all="ignore"):
        point, row = settled(problem, starts)
        if row.size:
            done = np.ones(1, dtype=bool)
            columns = _fine(problem.take(row), point, done, {}, problem.sure)
            if done[0]:
                return float(columns.values["t"][0]), float(columns.errors["t"][0])
    return NOWHERE


def settled(problem: Any, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Point and row of the first start that leads to a solution on the coarse mesh; empty where none does."""
    for row in range(problem.size):
        here = np.array([row])
        point, done = solved_from(problem.take(here), starts[here])
        if done[0]:
            return point, here
    return starts[:0], np.zeros(0, dtype=int)
