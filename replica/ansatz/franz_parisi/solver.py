"""The Franz-Parisi curve: solved, checked on finer integrals, described at every distance; no equations here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from replica.ansatz.annealed import Annealed
from replica.ansatz.base import Ansatz
from replica.ansatz.franz_parisi.pair_patterns import Side
from replica.ansatz.franz_parisi.paths import STEADY, reached
from replica.ansatz.franz_parisi.thermal import thermal
from replica.ansatz.franz_parisi.typical_held_norm import FranzParisiProblem, Reference
from replica.ansatz.franz_parisi.zeros import zero_of
from replica.ansatz.rs.ansatz import RS
from replica.models.model import Model
from replica.weights._pairs import LADDER
from saddlepoint import Anderson, Ladder, Newton, Status, Tolerance, solve

FIRST = Ladder(Newton(steps=12, halvings=2), Anderson(damping=0.5), Newton())
# the residual of level 1 is known to its quadrature, about 1e-11; errors are told by the next level
FINE = Tolerance(absolute=3e-11)
#: the entropy is looked at on a finer mesh until its change is below this
SURE = 1e-10
NAMES = ("free_entropy", "q", "s", "q_hat", "s_hat", "t_hat", "slope", "stability")
KNOWN: dict[str, type[Ansatz]] = {kind.name: kind for kind in (RS, Annealed)}
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


def problem_of(
    model: Model, alpha: float, reference: Reference, distance: np.ndarray, level: int = 1
) -> FranzParisiProblem:
    """The saddle point of ``model`` at distances from a reference."""
    probe = Side(model.loss, float(model.beta))
    return FranzParisiProblem(reference, probe, model.weights, alpha, distance, level, model.architecture)


def method(ansatz: Ansatz | str | None) -> tuple[Ansatz, bool]:
    """The ansatz (replica symmetry by default), and whether it is the first moment of pairs."""
    chosen = KNOWN[ansatz]() if isinstance(ansatz, str) and ansatz in KNOWN else ansatz or RS()
    if not isinstance(chosen, RS | Annealed):
        raise ValueError(f"ansatz of franz_parisi must be RS() or Annealed(), or {' or '.join(KNOWN)}, got {ansatz!r}")
    return chosen, isinstance(chosen, Annealed)


def curve(problem: FranzParisiProblem, tolerance: float | None = None) -> Columns:
    """Solve every distance, each on a path of its own; meshes are refined until the entropy is sure."""
    point, done, remarks = _solve(problem)
    values = {name: np.full(problem.size, np.nan) for name in NAMES}
    errors = {name: np.full(problem.size, np.nan) for name in NAMES}
    residual = np.full(problem.size, np.nan)
    rows, level = np.flatnonzero(done), 1
    while rows.size:
        part = problem.take(rows).at_level(level)
        seen, spread, left, sure = _checked(part, point[rows], SURE if tolerance is None else tolerance)
        last = level + 2 == len(LADDER)
        for store, found in ((values, seen), (errors, spread)):
            for name in NAMES:
                store[name][rows] = found[name]
        residual[rows] = left
        unsure = rows[~sure]
        if last or not unsure.size:
            done[unsure] = False
            for row in unsure:
                remarks[row] = Status.INTEGRAL_UNSURE.sentence
            break
        level += 1
        again = solve(problem.take(unsure).at_level(level), point[unsure], Newton(), FINE, "keep", check=False)
        point[unsure], rows = again.point, unsure
    for store in (values, errors):
        for column in store.values():
            column[~done] = np.nan
    status = [
        _sentence(problem, bool(done[row]), remarks.get(row, ""), values, errors, row) for row in range(problem.size)
    ]
    return Columns(values, errors, status, residual, point)


def _sentence(problem: Any, good: bool, remark: str, values: Any, errors: Any, row: int) -> str:
    if not good:
        return remark
    return converged_sentence(problem.weights.discrete and problem.probe.loss.hard, values, errors, row)


def converged_sentence(counted: bool, values: dict[str, np.ndarray], errors: dict[str, np.ndarray], row: int) -> str:
    """Facts about a solution: negative entropy of what is counted, unstable copies."""
    facts = [Status.CONVERGED.sentence]
    if counted and values["free_entropy"][row] < -errors["free_entropy"][row]:
        facts.append(NEGATIVE)
    if values["stability"][row] < -errors["stability"][row]:
        facts.append(UNSTABLE)
    return "; ".join(facts)


def _solve(problem: FranzParisiProblem) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
    """Points, which rows are solved, and why others are not: coarse mesh first, then the rounding of level 1."""
    with np.errstate(all="ignore"):
        point, started, remarks = reached(problem.at_level(0), FIRST)
    done = np.zeros(problem.size, dtype=bool)
    rows = np.flatnonzero(started)
    if rows.size:
        fine = solve(problem.take(rows), point[rows], Newton(), FINE, "keep", check=False)
        point[rows], done[rows] = fine.point, fine.converged
        for at in np.flatnonzero(~fine.converged):
            remarks[int(rows[at])] = fine.sentence(int(at))
    return point, done, remarks


def _checked(
    part: FranzParisiProblem, point: np.ndarray, tolerance: float
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Values on the next finer mesh, errors, residuals, and which rows may be believed.

    Order parameters are those after one Newton step on the finer mesh. Error: what that step leaves (its power 3/2,
    and the rounding of the residual), carried by the derivatives, plus the change between the meshes, plus rounding.
    The entropy is stationary: its change between the meshes plus rounding.
    """
    finer = part.refined()
    before, seen = part.describe(point), finer.describe(point)
    residual, jacobian = finer.residual_and_jacobian(point)
    noise = 8 * np.finfo(float).eps * np.maximum(1.0, np.abs(point))
    with np.errstate(all="ignore"):
        inverse = np.linalg.pinv(np.where(np.isfinite(jacobian), jacobian, 0.0))
    step = -np.einsum("bij,bj->bi", inverse, residual)
    left = np.abs(step) ** 1.5 + np.einsum("bij,bj->bi", np.abs(inverse), noise)
    floors, slopes = finer.floors(point), finer.slopes(point)
    errors = {name: np.abs(seen[name] - before[name]) + floors[name] for name in NAMES}
    for name, slope in slopes.items():
        seen[name] = seen[name] + np.einsum("bk,bk->b", slope, step)
        errors[name] += np.einsum("bk,bk->b", np.abs(slope), left)
    # the slope and the replicon move with the point as their terms do
    errors["stability"] += 4.0 * np.abs(1.0 - seen["stability"]) * (np.abs(step) + left).sum(axis=1)
    errors["slope"] += 2.0 * np.einsum("bk,bk->b", np.abs(slopes["t_hat"]), np.abs(step) + left)
    sure = (errors["free_entropy"] < tolerance * np.maximum(1.0, np.abs(seen["free_entropy"]))) & (
        np.abs(step).max(axis=1) < 1e-6
    )
    return seen, errors, np.abs(residual).max(axis=1), sure


def _carry(problem: FranzParisiProblem, columns: Columns, rows: np.ndarray) -> None:
    """Add what the errors of the reference move: the linear response of the solution to each of its numbers."""
    given = problem.reference
    if given.q == 0:
        return
    part, point = problem.take(rows).at_level(1), columns.point[rows]
    residual, jacobian = part.residual_and_jacobian(point)
    inverse, base = np.linalg.pinv(np.where(np.isfinite(jacobian), jacobian, 0.0)), part.describe(point)
    for name, error in given.errors:
        if error > 0.0:
            step = 1e-6 * given.number(name)
            moved = part.around(given.varied(name, step))
            answer = -np.einsum("bij,bj->bi", inverse, moved.residual(point) - residual)
            there = moved.describe(point + answer)
            for key in NAMES:
                columns.errors[key][rows] += np.abs(there[key] - base[key]) * error / step


def random_curve(
    model: Model, alpha: float, reference: Reference, distance: np.ndarray, tolerance: float | None = None
) -> Columns:
    """The curve for random labels around a typical solution, with what is thermal and the reference's own error."""
    problem = problem_of(model, alpha, reference, distance)
    columns = curve(problem, tolerance)
    solved = np.flatnonzero([text.startswith("converged") for text in columns.status])
    if solved.size:
        with np.errstate(all="ignore"):
            _carry(problem, columns, solved)
    thermal(problem, columns, solved)
    return columns


def typical_overlap(model: Model, alpha: float, reference: Reference, q: float) -> tuple[float, float]:
    """Overlap at which the curve has its maximum, ``dS/dd = 0``, with its error; NaN where it is not found.

    There the probe is typical of its own model, whose RS overlap is ``q``.
    """
    if reference.q == 0 and q == 0:
        return 0.0, 0.0
    if reference.side == Side(model.loss, float(model.beta)):
        return reference.q, reference.q_error  # two references are typical of each other
    guess = np.sqrt(reference.q * q) if reference.q > 0 and q > 0 else 0.1
    problem = problem_of(model, alpha, reference, np.array([(1.0 - guess) / 2.0]))

    known: list[np.ndarray] = []

    def slope(t: float) -> float:
        one = problem.at_distance(np.array([(1.0 - t) / 2.0]))
        if known:  # the last point is close
            found = solve(one, known[-1], STEADY, FINE, "keep", check=False)
            point, done = found.point, found.converged & one.sound(found.point)
        if not known or not done[0]:
            point, done, _ = _solve(one)
        if not done[0]:
            return float("nan")
        known.append(point)
        return float(one.describe(point)["slope"][0])

    room = 1.0 - guess
    for width in (0.02, 0.06, 0.2, 0.6, 0.95):
        # closer than the maximum, that is at larger overlap, the entropy grows with the distance
        low, high = guess - width * guess, guess + width * room
        ends = slope(low), slope(high)
        if ends[0] < 0.0 < ends[1]:
            root = zero_of(slope, low, high, 1e-12)
            return root, 2e-12 + abs(slope(root)) * (high - low) / (ends[1] - ends[0])
    return float("nan"), float("nan")
