"""How groups round a free centre are found: the limit of infinitely many first, finite numbers from it; no
equations here."""

from __future__ import annotations

import numpy as np

from replica.ansatz._group_binary import BinaryCentre, BinaryCentreLimit, BinaryPlateau
from replica.ansatz._group_kernels import cosh_limit
from replica.ansatz._group_problem import GroupProblem, Groups
from replica.ansatz._group_solver import PATHS, Book, Typical, along
from replica.ansatz._group_spherical import SphericalCentre, SphericalReplicasLimit
from replica.model import Model
from replica.weights.base import Pinned

#: numbers of replicas from which the physical one is sought
STARTS = (10.0, 4.0, 40.0)


class Centre:
    """Groups round a free centre: the limit first, then finite numbers of replicas from it."""

    def __init__(self, model: Model, alpha: np.ndarray, distance: np.ndarray, tolerance: float) -> None:
        self.groups = Groups(model, alpha, np.full(alpha.size, np.inf), distance=distance)
        self.model, self.tolerance = model, tolerance
        self.typical = Typical.of(model, alpha)
        self.pinned = isinstance(model.weights.norm, Pinned)
        if self.pinned:
            none = np.zeros(alpha.size)
            self.farthest = cosh_limit(
                np.where(np.isnan(self.typical.q_hat), 1.0, self.typical.q_hat), none, none, 1
            )[4]

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
            remark = "typical solutions are this far from some centre: the local entropy is that of them all"
            book.settle(rows, BinaryPlateau(self.groups.take(rows)), np.log(start), remark)
        self._near(book, np.flatnonzero(~far))
        return book

    def _near(self, book: Book, rows: np.ndarray) -> None:
        """Binary weights nearer than the farthest useful distance: direct attempts, then along a path in
        the distance."""
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
                return BinaryCentreLimit(
                    Groups(part.model, part.alpha, part.power, distance=far[index] * share)
                )

            if not left.size:
                break
            path = np.linspace(np.zeros(left.size), np.log(near[left] / (1.0 - near[left])), steps, axis=1)
            reached = along(at, left, path, self._guess(rows[left], np.full(left.size, 0.5)))
            left = left[book.settle(rows[left], problem.take(left), reached)]
        for row in rows[left]:
            book.remarks[row] = (
                f"no saddle point of infinitely many replicas was found at distance {groups.distance[row]:g}"
            )

    def _guess(self, rows: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Close to typical: conjugates that vanish with 1 - near."""
        q, q_hat = self.typical.q[rows], self.typical.q_hat[rows]
        pull = np.maximum(1.4 - 2.0 * q, 0.2) * (1.0 - near)
        return np.stack([np.log(q_hat * near), np.log(1.5 * q * (1.0 - near)), pull], axis=1)

    def _second_guess(self, rows: np.ndarray) -> np.ndarray:
        """Close to the centre."""
        pull = 0.5 * np.arctanh(1.0 - 2.0 * self.groups.distance[rows])
        return np.stack(
            [np.log(0.5 * self.typical.q_hat[rows]), np.full(rows.size, np.log(0.5)), pull], axis=1
        )

    def _spherical_limit(self, book: Book) -> None:
        q1 = (1.0 - 2.0 * self.groups.distance) ** 2
        book.refuse(
            q1 <= self.typical.q,
            lambda row: (
                f"at distance {self.groups.distance[row]:g} or more the local entropy is that of all solutions: "
                f"their barycentre has a squared length of {self.typical.q[row]:.6g}"
            ),
        )
        rows = book.rows
        start = np.log(q1[rows] - self.typical.q[rows])[:, None]
        book.settle(rows, SphericalReplicasLimit(self.groups.take(rows)), start)

    def finite(self, power: float) -> Book:
        """``power`` replicas."""
        groups = self.groups.with_power(np.full(self.groups.size, power))
        book = Book(groups, self.tolerance)
        kind, starts = (
            (BinaryCentre, self._binary_starts) if self.pinned else (SphericalCentre, self._spherical_starts)
        )
        for start in starts(groups.power):
            rows = book.rows
            book.settle(rows, kind(groups.take(rows)), start[rows])
        for row in book.rows:
            book.remarks[row] = (
                f"no saddle point of {power:g} replicas was found at distance {groups.distance[row]:g}; "
                "at small distances few replicas near capacity have none"
            )
        return book

    def physical(self) -> Book:
        """As many replicas as make the complexity vanish; where it never does, infinitely many."""
        book, far = Book(self.groups, self.tolerance), self.limit()
        endless = np.zeros(self.groups.size, dtype=bool)
        if self.pinned:
            found = far.solutions(None).value("complexity")
            endless = np.nan_to_num(found, nan=-1.0) >= 0.0
            remark = (
                "the complexity is positive for any number of replicas: this is the limit of infinitely many"
            )
            book.adopt(far, endless, remark)
        for power in STARTS:
            if not book.rows.size:
                break
            near = self._subset(book.rows).finite(power)
            self._close(book, near, far, power)
        for row in book.rows:
            book.remarks[row] = (
                "no number of replicas was found at which the complexity vanishes "
                f"at distance {self.groups.distance[row]:g}"
            )
        return book

    def _subset(self, rows: np.ndarray) -> Centre:
        return Centre(
            self.model.take(rows), self.groups.alpha[rows], self.groups.distance[rows], self.tolerance
        )

    def _close(self, book: Book, near: Book, far: Book, power: float) -> None:
        """From solutions at one number of replicas and in the limit to the number where the complexity
        vanishes."""
        rows = book.rows
        kind = BinaryCentre if self.pinned else SphericalCentre
        point, complexity = np.full((rows.size, len(kind.own)), np.nan), np.full(rows.size, np.nan)
        for part in near.parts:
            point[part.rows], complexity[part.rows] = (
                part.point,
                part.problem.observe(part.point)[0]["complexity"],
            )
        inverse = np.full(rows.size, 1.0 / power)
        if self.pinned:
            # linear in 1/y between the two, as the complexity is at large y
            limit, last = self._limit_point(far)[rows], far.solutions(None).value("complexity")[rows]
            share = np.clip(-last / (complexity - last), 1e-7, 0.8 * power)
            share = np.where(np.isfinite(share), share, 1.0)
            inverse = inverse * share
            rescaled = point + np.array([0.0, np.log(power), 0.0])
            limit[:, 2] = np.where(
                limit[:, 2] > 0, np.log(np.where(limit[:, 2] > 0, limit[:, 2], 1.0)), np.nan
            )
            mixed = np.where(
                np.isfinite(limit), limit + np.minimum(share, 1.0)[:, None] * (rescaled - limit), rescaled
            )
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
        rescaled = np.stack(
            [limit[:, 0], limit[:, 1] - np.log(power), np.log(np.maximum(limit[:, 2], 0.03))], axis=1
        )
        return rescaled, self._cold_binary(power)

    def _cold_binary(self, power: np.ndarray) -> np.ndarray:
        pull = 0.8 * np.arctanh(1.0 - 2.0 * self.groups.distance)
        return np.stack([np.log(0.8 * self.typical.q_hat), np.log(0.5 / power), np.log(pull)], axis=1)

    def _cold_spherical(self, power: np.ndarray) -> np.ndarray:
        return self._spherical_starts(power)[0]

    def _limit_point(self, limit: Book) -> np.ndarray:
        """Conjugates of the limit in the coordinates of `BinaryCentreLimit`; beyond its end those of small
        gaps."""
        point = np.full((self.groups.size, 3), np.nan)
        for part in limit.parts:
            if isinstance(part.problem, BinaryPlateau):
                strength, pull = part.point.T
                point[part.rows] = np.stack(
                    [strength, np.full(pull.size, np.log(0.05)), 0.2 * np.exp(pull)], axis=1
                )
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
