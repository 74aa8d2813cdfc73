"""How infinitely many replicas round a free centre are found; no equations here. Rows share the model and the load."""

from __future__ import annotations

import numpy as np

from replica.ansatz.replicated.binary import BinaryCentreLimit, BinaryPlateau
from replica.ansatz.replicated.centre_summits import ROUGHLY, Summit, find_summits, rise
from replica.ansatz.replicated.equations import Groups
from replica.ansatz.replicated.limit_kernels import cosh_limit
from replica.ansatz.replicated.solver import PATHS, GroupLedger, Typical, followed
from replica.ansatz.replicated.spherical import SphericalPlateau, SphericalReplicasLimit
from replica.ansatz.replicated.starts import steep_centre, steep_sphere
from replica.models.model import Model
from replica.weights.base import Pinned

SCANNED = f"larger values at smaller distances were looked for at {ROUGHLY.size} distances from {ROUGHLY[0]:g} on"
PLATEAU = "typical solutions are this far from some centre: the local entropy is that of them all"


class Centre:
    """Groups of infinitely many replicas round a free centre."""

    def __init__(
        self,
        model: Model,
        alpha: np.ndarray,
        distance: np.ndarray,
        tolerance: float,
        shared: dict[str, list[Summit]] | None = None,
    ) -> None:
        self.shared = {} if shared is None else shared  # what is known of the load
        self.groups = Groups(model, alpha, np.full(alpha.size, np.inf), distance=distance)
        self.model, self.tolerance = model, tolerance
        self.typical = Typical.of(model, alpha)
        self.pinned = isinstance(model.weights.norm, Pinned)
        if self.pinned:
            none, pull = np.zeros(alpha.size), self.typical.q_hat
            self.farthest = cosh_limit(np.where(pull > 0, pull, 1.0), none, none, 1)[4]
            self.farthest[pull == 0] = 0.5  # typical solutions that share nothing have no centre

    def elsewhere(self, distance: np.ndarray) -> Centre:
        """The same model and load at other distances."""
        rows = np.zeros(distance.size, dtype=int)
        return Centre(self.model.take(rows), self.groups.alpha[rows], distance, self.tolerance, self.shared)

    @property
    def beyond_capacity(self) -> np.ndarray:
        """Rows at whose load there are no solutions (a mask)."""
        counted = self.model.weights.discrete and self.model.loss.hard
        return counted & (self.typical.free_entropy < -1e-12)

    def limit(self) -> GroupLedger:
        """Infinitely many replicas: the saddle points, or where larger the maxima of their curve at smaller
        distances."""
        ledger = self.stationary()
        for summit in self.summits:
            rise(ledger, summit)
        if self.model.architecture.few is not None:
            ledger.note(ledger.solved, SCANNED)
        return ledger

    @property
    def summits(self) -> list[Summit]:
        """The maxima of the curve of saddle points, from small distances."""
        if "summits" not in self.shared:
            few = self.model.architecture.few is not None
            curve = find_summits(lambda distance: self.elsewhere(distance).stationary(), self.pinned, few)
            self.shared["summits"] = curve
        return self.shared["summits"]

    def stationary(self) -> GroupLedger:
        """Saddle points at each distance, whether or not others have a larger free entropy."""
        ledger = GroupLedger(self.groups, self.tolerance)
        if not self.pinned:
            self._spherical_limit(ledger)
            return ledger
        far = self.groups.distance >= self.farthest
        rows = np.flatnonzero(far)
        if rows.size:
            cover = (1.0 - 2.0 * self.groups.distance[rows]) / (1.0 - 2.0 * self.farthest[rows])
            start = np.stack([self.typical.q_hat[rows], 2.0 * cover / (1.001 - cover)], axis=1)
            ledger.settle(rows, BinaryPlateau(self.groups.take(rows)), np.log(start), PLATEAU)
        self._near(ledger, np.flatnonzero(~far))
        return ledger

    def _near(self, ledger: GroupLedger, rows: np.ndarray) -> None:
        """Binary weights nearer than the farthest useful distance: direct attempts, then along a path in
        the distance."""
        groups, far = self.groups, self.farthest[rows]
        near = groups.distance[rows] / far
        problem = BinaryCentreLimit(groups.take(rows))
        left = np.arange(rows.size)
        for start in (self._guess(rows, near), self._close_guess(rows), self._second_guess(rows)):
            left = left[ledger.settle(rows[left], problem.take(left), start[left])]
        for steps in PATHS:
            if not left.size:
                break
            path = np.linspace(np.zeros(left.size), np.log(near[left] / (1.0 - near[left])), steps, axis=1)
            there, start = far[left, None] / (1.0 + np.exp(-path)), self._guess(rows[left], np.full(left.size, 0.5))
            reached = followed(BinaryCentreLimit, groups.take(rows[left]), path, start, distance=there)
            left = left[ledger.settle(rows[left], problem.take(left), reached)]
        lost = "no saddle point of infinitely many replicas was found at distance {:g}"
        ledger.remarks[rows[left]] = [lost.format(far) for far in groups.distance[rows[left]]]

    def _shared(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The overlap of typical solutions and its conjugate, or such numbers where these share nothing."""
        q, q_hat = self.typical.q[rows], self.typical.q_hat[rows]
        return np.where(q == 0, 0.3, q), np.where(q == 0, 0.6, q_hat)

    def _guess(self, rows: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Close to typical: conjugates that vanish with 1 - near."""
        q, q_hat = self._shared(rows)
        pull = np.maximum(1.4 - 2.0 * q, 0.2) * (1.0 - near)
        return np.stack([np.log(q_hat * near), np.log(1.5 * q * (1.0 - near)), pull], axis=1)

    def _close_guess(self, rows: np.ndarray) -> np.ndarray:
        """So close to the centre that it alone pulls."""
        return steep_centre(self.model.take(rows), self.groups.alpha[rows], self.groups.distance[rows])

    def _second_guess(self, rows: np.ndarray) -> np.ndarray:
        """Close to the centre."""
        pull = 0.5 * np.arctanh(1.0 - 2.0 * self.groups.distance[rows])
        return np.stack([np.log(0.5 * self._shared(rows)[1]), np.full(rows.size, np.log(0.5)), pull], axis=1)

    def _spherical_limit(self, ledger: GroupLedger) -> None:
        q1 = (1.0 - 2.0 * self.groups.distance) ** 2
        rows = np.flatnonzero(q1 <= self.typical.q)
        if rows.size:
            q = self.typical.q[rows]
            ledger.settle(rows, SphericalPlateau(self.groups.take(rows)), np.log(q / (1.0 - q))[:, None], PLATEAU)
        rows = np.flatnonzero(q1 > self.typical.q)
        problem = SphericalReplicasLimit(self.groups.take(rows))
        left = np.arange(rows.size)
        close = steep_sphere(self.model.take(rows), self.groups.alpha[rows], q1[rows])
        for start in (np.log(q1[rows] - self.typical.q[rows])[:, None], close):
            left = left[ledger.settle(rows[left], problem.take(left), start[left])]
