"""How the saddle points of groups of replicas are found: starts, continuation along a path; no equations here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica.ansatz._group_equations import (
    BinaryCentre,
    BinaryCentreLimit,
    BinaryPlateau,
    BinaryReplicas,
    BinaryReplicasEven,
    BinaryReplicasLimit,
    GroupProblem,
    Groups,
    SphericalCentre,
    SphericalReplicas,
    SphericalReplicasEven,
    SphericalReplicasLimit,
)
from replica.ansatz._group_kernels import cosh_limit
from replica.ansatz.rs import RS
from replica.architectures import Architecture
from replica.batch import Part, Solutions
from replica.model import Model
from replica.weights.base import Free, Pinned
from saddlepoint import Newton, Status, Tolerance, solve

NEWTON = Newton(steps=50, max_step=1.0, patience=10, halvings=6)
#: steps of a continuation: the second number where the first was too coarse
PATHS = (8, 32)
#: numbers of replicas from which the physical one is sought
STARTS = (10.0, 4.0, 40.0)


def check_model(model: Model, what: str) -> None:
    """Refuse models that the equations of groups do not cover."""
    if isinstance(model.weights.norm, Free):
        raise ValueError(f"{what} is here for weights of held norm (binary, spherical), got {model.weights}")
    if model.data.overlaps or len(model.data.parameters):
        raise ValueError(f"{what} is here for random labels, got {model.data}")
    kind = type(model.architecture)
    if kind.patterns is not Architecture.patterns or kind.field_overlaps is not Architecture.field_overlaps:
        raise ValueError(f"{what} is here for the perceptron, got {model.architecture}")
    if np.any(np.isinf(model.beta)) and not model.loss.hard:
        raise ValueError(f"{what} needs a hard constraint or a finite beta, got {model.loss} at beta = inf")


def check_concave(model: Model, what: str) -> None:
    """Refuse losses whose maximisers are not unique."""
    if not model.loss.log_concave:
        raise ValueError(f"{what} needs a loss with log-concave exp(-beta loss), as a margin or a band; got {model.loss}")
    if model.loss.even:
        raise ValueError(f"{what} needs a loss that is not even in the field, got {model.loss}")


@dataclass
class Typical:
    """What the replica-symmetric theory knows about a batch: overlap, conjugate, sentences of the unsolved."""

    q: np.ndarray
    q_hat: np.ndarray
    free_entropy: np.ndarray

    @classmethod
    def of(cls, model: Model, alpha: np.ndarray) -> Typical:
        found = RS().solve(model, alpha)
        return cls(found.value("q"), found.value("q_hat"), found.value("free_entropy"))


class Book:
    """Rows of a batch and the answers found for them."""

    def __init__(self, groups: Groups, tolerance: float) -> None:
        self.groups, self.tolerance = groups, Tolerance(absolute=tolerance)
        size = groups.size
        self.parts: list[Part] = []
        self.status = np.full(size, Status.NO_SOLUTION, dtype=object)
        self.residual = np.full(size, np.nan)
        self.remarks = [""] * size
        self.open = np.ones(size, dtype=bool)

    @property
    def rows(self) -> np.ndarray:
        return np.flatnonzero(self.open)

    def refuse(self, refused: np.ndarray, sentence: Callable[[int], str]) -> None:
        """Close rows that have no solution, saying why."""
        for row in np.flatnonzero(refused & self.open):
            self.remarks[row], self.open[row] = sentence(row), False

    def settle(self, rows: np.ndarray, problem: GroupProblem, start: np.ndarray, remark: str = "") -> np.ndarray:
        """Solve ``rows`` from ``start`` and close those that converge; says which of them are left."""
        if not rows.size:
            return np.zeros(0, dtype=bool)
        finite = np.isfinite(start).all(axis=1)
        start = np.where(finite[:, None], start, 0.0)
        found = solve(problem, start=start, solver=NEWTON, tolerance=self.tolerance, on_failure="keep")
        good = found.converged & finite
        self.status[rows] = np.where(finite, found.status, Status.NO_SOLUTION)
        self.residual[rows] = np.where(finite, found.residual, np.nan)
        at = np.flatnonzero(good)
        if at.size:
            fine = problem.at_level(problem.level + 1).take(at)
            self.parts.append(Part(rows[at], fine, found.point[at], found.error[at]))
            self.open[rows[at]] = False
            for row in rows[at]:
                self.remarks[row] = remark
        return ~good

    def adopt(self, other: Book, rows: np.ndarray, remark: str) -> None:
        """Take over the answers of another book for some rows (a mask)."""
        for part in other.parts:
            at = np.flatnonzero(rows[part.rows])
            if at.size:
                self.parts.append(Part(part.rows[at], part.problem.take(at), part.point[at], part.error[at]))
        for row in np.flatnonzero(rows):
            self.status[row], self.residual[row] = other.status[row], other.residual[row]
            self.remarks[row], self.open[row] = remark, False

    def solutions(self, ansatz: Any) -> Solutions:
        groups = self.groups
        return Solutions(groups.model, ansatz, groups.alpha, self.parts, self.status, self.residual, self.remarks)


def along(
    make: Callable[[np.ndarray, np.ndarray], GroupProblem], rows: np.ndarray, path: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Continuation: ``make(rows, path[:, k])`` for each k, with secant predictions; nan where it was lost."""
    before, now = np.full_like(start, np.nan), start.copy()
    alive = np.arange(rows.size)
    for k in range(path.shape[1]):
        if not alive.size:
            break
        guess = now[alive]
        if k > 1:
            guess = 2.0 * guess - before[alive]
        found = solve(make(rows[alive], path[alive, k]), start=guess, solver=NEWTON, on_failure="keep", check=False)
        before[alive], now[alive] = now[alive], found.point
        now[alive[~found.converged]] = np.nan
        alive = alive[found.converged]
    return now


def real_replicas(model: Model, alpha: np.ndarray, power: float, q1: np.ndarray, tolerance: float) -> Book:
    """``power`` real replicas at mutual overlap ``q1`` (batch,), ``inf`` for the limit."""
    size = alpha.size
    groups = Groups(model, alpha, np.full(size, power), q1)
    book, typical = Book(groups, tolerance), Typical.of(model, alpha)
    book.refuse(q1 <= typical.q, lambda row: (
        f"q1 = {q1[row]:g} is not above the replica-symmetric overlap {typical.q[row]:.6g}, below which real replicas have no "
        f"saddle point at alpha = {alpha[row]:g}"
    ))
    rows = book.rows
    q, q_hat = typical.q[rows], typical.q_hat[rows]
    q, q_hat = np.where(np.isnan(q), 0.5 * q1[rows], q), np.where(np.isnan(q_hat), 1.0, q_hat)
    share = (q1[rows] - q) / (1.0 - q)
    even = q == 0.0
    if np.isinf(power):
        _limit_of_replicas(book, rows, q, q_hat, share)
    elif isinstance(model.weights.norm, Pinned):
        strength = q_hat / max(power, 1.0) ** 0.5
        gap = share / np.sqrt(1.0 - share) / max(power, 1.0)
        start = np.log(np.stack([np.where(even, 1.0, strength), gap], axis=1))
        book.settle(rows[~even], BinaryReplicas(groups.take(rows[~even])), start[~even])
        book.settle(rows[even], BinaryReplicasEven(groups.take(rows[even])), start[even][:, 1:], "groups at overlap q0 = 0")
    else:
        ratio = np.minimum(q / q1[rows], 0.999)
        start = np.log(np.where(even, 1.0, ratio) / (1.0 - ratio))[:, None]
        book.settle(rows[~even], SphericalReplicas(groups.take(rows[~even])), start[~even])
        problem = SphericalReplicasEven(groups.take(rows[even]))
        book.settle(rows[even], problem, np.zeros((int(even.sum()), 0)), "groups at overlap q0 = 0")
    return book


def _limit_of_replicas(book: Book, rows: np.ndarray, q: np.ndarray, q_hat: np.ndarray, share: np.ndarray) -> None:
    """Infinitely many real replicas; where a direct attempt fails, along a path from smaller q1."""
    groups = book.groups.take(rows)
    pinned = isinstance(groups.model.weights.norm, Pinned)
    kind = BinaryReplicasLimit if pinned else SphericalReplicasLimit
    if pinned:
        start = np.log(np.stack([q_hat * (1.0 - share), 0.5 + share], axis=1))
    else:
        start = np.log(groups.q1 - q)[:, None]
    left = np.flatnonzero(book.settle(rows, kind(groups), start))
    level = np.log(share / (1.0 - share))
    for steps in PATHS:
        if not left.size:
            return

        def at(index: np.ndarray, place: np.ndarray) -> GroupProblem:
            part = groups.take(index)
            overlap = q[index] + (1.0 - q[index]) / (1.0 + np.exp(-place))
            return kind(Groups(part.model, part.alpha, part.power, overlap))

        path = np.linspace(np.full(left.size, -0.5), level[left], steps, axis=1)
        middle = 1.0 / (1.0 + np.exp(0.5))
        first = start[left].copy()
        if pinned:
            first = np.log(np.stack([q_hat[left] * (1.0 - middle), np.full(left.size, 0.5 + middle)], axis=1))
        reached = along(at, left, path, first)
        left = left[book.settle(rows[left], kind(groups.take(left)), reached)]


class Centre:
    """Groups round a free centre: the limit first, then finite numbers of replicas from it."""

    def __init__(self, model: Model, alpha: np.ndarray, distance: np.ndarray, tolerance: float) -> None:
        self.groups = Groups(model, alpha, np.full(alpha.size, np.inf), distance=distance)
        self.model, self.tolerance = model, tolerance
        self.typical = Typical.of(model, alpha)
        self.pinned = isinstance(model.weights.norm, Pinned)
        if self.pinned:
            none = np.zeros(alpha.size)
            self.farthest = cosh_limit(np.where(np.isnan(self.typical.q_hat), 1.0, self.typical.q_hat), none, none, 1)[4]

    def limit(self) -> Book:
        """Infinitely many replicas."""
        book = Book(self.groups, self.tolerance)
        if not self.pinned:
            self._spherical_limit(book)
            return book
        far = self.groups.distance >= self.farthest
        rows = np.flatnonzero(far)
        if rows.size:
            cover = (1.0 - 2.0 * self.groups.distance[rows]) / (1.0 - 2.0 * self.farthest[rows])
            start = np.stack([self.typical.q_hat[rows], 2.0 * cover / (1.001 - cover)], axis=1)
            remark = "typical solutions are at this distance from some centre: the local entropy is that of all solutions"
            book.settle(rows, BinaryPlateau(self.groups.take(rows)), np.log(start), remark)
        self._near(book, np.flatnonzero(~far))
        return book

    def _near(self, book: Book, rows: np.ndarray) -> None:
        """Binary weights nearer than the farthest useful distance: direct attempts, then along a path in the distance."""
        groups, far = self.groups, self.farthest[rows]
        near = groups.distance[rows] / far
        problem = BinaryCentreLimit(groups.take(rows))
        left = np.arange(rows.size)
        for start in (self._guess(rows, near), self._second_guess(rows)):
            left = left[book.settle(rows[left], problem.take(left), start[left])]
        for steps in PATHS:

            def at(index: np.ndarray, place: np.ndarray) -> GroupProblem:
                part = groups.take(rows[index])
                share = 1.0 / (1.0 + np.exp(-place))
                return BinaryCentreLimit(Groups(part.model, part.alpha, part.power, distance=far[index] * share))

            if not left.size:
                break
            path = np.linspace(np.zeros(left.size), np.log(near[left] / (1.0 - near[left])), steps, axis=1)
            reached = along(at, left, path, self._guess(rows[left], np.full(left.size, 0.5)))
            left = left[book.settle(rows[left], problem.take(left), reached)]
        for row in rows[left]:
            book.remarks[row] = f"no saddle point of infinitely many replicas was found at distance {groups.distance[row]:g}"

    def _guess(self, rows: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Close to typical: conjugates that vanish with 1 - near."""
        q, q_hat = self.typical.q[rows], self.typical.q_hat[rows]
        pull = np.maximum(1.4 - 2.0 * q, 0.2) * (1.0 - near)
        return np.stack([np.log(q_hat * near), np.log(1.5 * q * (1.0 - near)), pull], axis=1)

    def _second_guess(self, rows: np.ndarray) -> np.ndarray:
        """Close to the centre."""
        pull = 0.5 * np.arctanh(1.0 - 2.0 * self.groups.distance[rows])
        return np.stack([np.log(0.5 * self.typical.q_hat[rows]), np.full(rows.size, np.log(0.5)), pull], axis=1)

    def _spherical_limit(self, book: Book) -> None:
        q1 = (1.0 - 2.0 * self.groups.distance) ** 2
        book.refuse(q1 <= self.typical.q, lambda row: (
            f"at distance {self.groups.distance[row]:g} or more the local entropy is that of all solutions: their barycentre has "
            f"a squared length of {self.typical.q[row]:.6g}"
        ))
        rows = book.rows
        start = np.log(q1[rows] - self.typical.q[rows])[:, None]
        book.settle(rows, SphericalReplicasLimit(self.groups.take(rows)), start)

    def finite(self, power: float) -> Book:
        """``power`` replicas."""
        groups = self.groups.with_power(np.full(self.groups.size, power))
        book = Book(groups, self.tolerance)
        kind, starts = (BinaryCentre, self._binary_starts) if self.pinned else (SphericalCentre, self._spherical_starts)
        for start in starts(groups.power):
            rows = book.rows
            book.settle(rows, kind(groups.take(rows)), start[rows])
        for row in book.rows:
            book.remarks[row] = (
                f"no saddle point of {power:g} replicas was found at distance {groups.distance[row]:g}; at small distances few "
                "replicas near capacity have none"
            )
        return book

    def physical(self) -> Book:
        """As many replicas as make the complexity vanish; where it never does, infinitely many."""
        book, far = Book(self.groups, self.tolerance), self.limit()
        endless = np.zeros(self.groups.size, dtype=bool)
        if self.pinned:
            found = far.solutions(None).value("complexity")
            endless = np.nan_to_num(found, nan=-1.0) >= 0.0
            remark = "the complexity is positive for any number of replicas: this is the limit of infinitely many"
            book.adopt(far, endless, remark)
        for power in STARTS:
            if not book.rows.size:
                break
            near = self._subset(book.rows).finite(power)
            self._close(book, near, far, power)
        for row in book.rows:
            book.remarks[row] = (
                f"no number of replicas was found at which the complexity vanishes at distance {self.groups.distance[row]:g}"
            )
        return book

    def _subset(self, rows: np.ndarray) -> Centre:
        return Centre(self.model.take(rows), self.groups.alpha[rows], self.groups.distance[rows], self.tolerance)

    def _close(self, book: Book, near: Book, far: Book, power: float) -> None:
        """From solutions at one number of replicas and in the limit to the number where the complexity vanishes."""
        rows = book.rows
        kind = BinaryCentre if self.pinned else SphericalCentre
        point, complexity = np.full((rows.size, len(kind.own)), np.nan), np.full(rows.size, np.nan)
        for part in near.parts:
            point[part.rows], complexity[part.rows] = part.point, part.problem.observe(part.point)[0]["complexity"]
        inverse = np.full(rows.size, 1.0 / power)
        if self.pinned:
            # linear in 1/y between the two, as the complexity is at large y
            limit, last = self._limit_point(far)[rows], far.solutions(None).value("complexity")[rows]
            share = np.clip(-last / (complexity - last), 1e-7, 0.8 * power)
            share = np.where(np.isfinite(share), share, 1.0)
            inverse = inverse * share
            rescaled = point + np.array([0.0, np.log(power), 0.0])
            limit[:, 2] = np.where(limit[:, 2] > 0, np.log(np.where(limit[:, 2] > 0, limit[:, 2], 1.0)), np.nan)
            mixed = np.where(np.isfinite(limit), limit + np.minimum(share, 1.0)[:, None] * (rescaled - limit), rescaled)
            point = mixed + np.stack([0.0 * inverse, np.log(inverse), 0.0 * inverse], axis=1)
        start = np.concatenate([point, -np.log(inverse)[:, None]], axis=1)
        lost = ~np.isfinite(start).all(axis=1)
        if lost.any():  # nothing to start from: independent solutions
            cold = self._subset(rows[lost])
            number = np.full(int(lost.sum()), power)
            guess = (cold._cold_binary if self.pinned else cold._cold_spherical)(number)
            start[lost] = np.concatenate([guess, np.log(number)[:, None]], axis=1)
        book.settle(rows, kind(self.groups.take(rows), closed=True), start)

    def _binary_starts(self, power: np.ndarray) -> tuple[np.ndarray, ...]:
        """From the limit, and from independent solutions."""
        limit = self._limit_point(self.limit())
        rescaled = np.stack([limit[:, 0], limit[:, 1] - np.log(power), np.log(np.maximum(limit[:, 2], 0.03))], axis=1)
        return rescaled, self._cold_binary(power)

    def _cold_binary(self, power: np.ndarray) -> np.ndarray:
        pull = 0.8 * np.arctanh(1.0 - 2.0 * self.groups.distance)
        return np.stack([np.log(0.8 * self.typical.q_hat), np.log(0.5 / power), np.log(pull)], axis=1)

    def _cold_spherical(self, power: np.ndarray) -> np.ndarray:
        return self._spherical_starts(power)[0]

    def _limit_point(self, limit: Book) -> np.ndarray:
        """Conjugates of the limit in the coordinates of `BinaryCentreLimit`; beyond its end those of small gaps."""
        point = np.full((self.groups.size, 3), np.nan)
        for part in limit.parts:
            if isinstance(part.problem, BinaryPlateau):
                strength, pull = part.point.T
                point[part.rows] = np.stack([strength, np.full(pull.size, np.log(0.05)), 0.2 * np.exp(pull)], axis=1)
            else:
                point[part.rows] = part.point
        return point

    def _spherical_starts(self, power: np.ndarray) -> tuple[np.ndarray, ...]:
        q = self.typical.q
        q1 = np.maximum((1.0 - 2.0 * self.groups.distance) ** 2, q + 0.1 * (1.0 - q))
        ratio, found = np.minimum(q / q1, 0.95), []
        for place in (np.minimum(0.5 / power, 0.5), np.minimum(0.1 / power, 0.5), np.full(power.size, 0.3)):
            found.append(np.stack([np.log(ratio / (1.0 - ratio)), np.log(place / (1.0 - place))], axis=1))
        return tuple(found)
