"""Rows of the RS ansatz that are answered without its branch: minima, the paramagnet, the teacher, ground states."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._registry import per_row
from replica.ansatz.erm.no_vector import UNKEPT, no_vector
from replica.ansatz.erm.solver import minimise
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.ladders import GENERAL, PARAMAGNET
from replica.ansatz.rs.limits import LimitProblem
from replica.ansatz.rs.norm_states import shrinking_pays, states
from replica.ansatz.rs.special_states import FreezingProblem, FrozenState, learns_from_nothing, paramagnet
from replica.models.model import Model
from replica.solution.batch import Part
from replica.solution.ledger import Rows
from replica.weights.base import Average
from saddlepoint import Ladder, Newton, Status, Tolerance, solve

GROUND = "above capacity: the ground state, "
BESIDE = 1e-6  # of a capacity
SAME = 1e-10  # free entropies that differ by less, relatively, are of one state


class RSRows(Rows):
    """A batch of RS solutions; `_Solver` in `replica.ansatz.rs.ansatz` says in which order they are looked for."""

    def __init__(self, ansatz: Any, model: Model, alpha: np.ndarray, tolerance: float) -> None:
        super().__init__(ansatz, model, alpha)
        self.tolerance = Tolerance(absolute=tolerance)

    def _minimised(self, rows: np.ndarray, before: str = "") -> None:
        """Rows solved as vectors of least cost."""
        reasons = no_vector(self.model.take(rows), rows.size)
        for row, reason in zip(rows, reasons, strict=True):
            if reason:
                self.status[row], self.remarks[row] = Status.NO_SOLUTION, reason
        rows = rows[[not reason for reason in reasons]]
        for answer in minimise(self.model.take(rows), self.alpha[rows], self.tolerance):
            self.keep(rows[answer.rows], answer.problem, answer.found, answer.good, before + answer.remark)
            for row in rows[answer.left] if answer.reason else ():
                self.status[row], self.remarks[row] = Status.NO_SOLUTION, answer.reason
        if self.model.loss.hard:
            for row in rows:
                if not self.status[row].converged:
                    self.status[row], self.remarks[row] = Status.NO_SOLUTION, UNKEPT

    def _equations(self, rows: np.ndarray) -> Equations:
        return Equations(self.model.take(rows), rows.size)

    def _paramagnet(self) -> None:
        """q = 0 where it is a stable saddle point of an even loss or network."""
        rows = self.open
        equations = self._equations(rows)
        problem = RSProblem(equations, self.alpha[rows], paramagnet(equations))
        if len(problem.variables):
            found = solve(problem, solver=PARAMAGNET, tolerance=self.tolerance, on_failure="keep")
            point, error, good = found.point, found.error, found.converged
            residual = found.residual
        else:
            point, error = np.zeros((2, rows.size, 0))
            good, residual = np.ones(rows.size, dtype=bool), np.zeros(rows.size)
        stable = good & (problem.observe(point)[0]["stability"] > 0)
        stable &= ~learns_from_nothing(equations, self.alpha[rows])
        index = np.flatnonzero(stable)
        if index.size:
            self.parts.append(Part(rows[index], problem.take(index), point[index], error[index]))
            self.status[rows[index]] = Status.CONVERGED
            self.residual[rows[index]] = residual[index]
        for row in rows[index]:
            self.remarks[row] = "the paramagnet q = 0"
        self.open = np.setdiff1d(self.open, rows[index])

    def _beyond_capacity(self, rows: np.ndarray) -> np.ndarray:
        """Rows in which weights on the sphere pay a convex cost."""
        rows = rows[np.isinf(per_row(self.model.beta, self.size)[rows])]
        model = self.model.take(rows)
        convex = model.loss.log_concave and not model.loss.hard and model.architecture.linear
        if not (convex and isinstance(model.weights.norm, Average)):
            return rows[:0]
        problem = LimitProblem(model, rows.size)
        point, good = np.zeros((rows.size, 0)), np.ones(rows.size, dtype=bool)
        with np.errstate(all="ignore"):  # maps of a user's own need not know V = inf
            if len(problem.variables):
                found = solve(problem, solver=Newton(max_step=1.0), on_failure="keep", check=False)
                point, good = found.point, found.converged
            end = problem.observe(point)[0]["alpha"]
        return rows[good & (self.alpha[rows] > (1.0 + BESIDE) * end)]

    def _paid(self) -> None:
        """Open rows beyond their capacity: no solutions for nothing are to be looked for."""
        rows = self._beyond_capacity(self.open)
        self.open = np.setdiff1d(self.open, rows)
        if rows.size:
            self._minimised(rows, GROUND)

    def _of_other_norms(self) -> None:
        """Where small weights cost less: the state of the largest free entropy, which few patterns may not lead to."""
        hard = self.model.loss.hard  # without errors to count: small weights are all that is left in the end
        warm = (np.isfinite(per_row(self.model.beta, self.size)) | hard) & (self.alpha > 0)
        energy, entropy = np.where(warm, np.inf, -np.inf), np.full(self.size, -np.inf)
        for part in self.parts:
            seen, _ = part.problem.observe(part.point)
            entropy[part.rows] = seen["free_entropy"]
            energy[part.rows] = np.where(warm[part.rows] & ~hard, seen["energy"], energy[part.rows])
        rows = np.flatnonzero(shrinking_pays(self._equations(np.arange(self.size)), self.alpha, energy))
        if not rows.size:
            return
        at, points, values = states(self._equations(rows), self.alpha[rows])
        tops = [mine[values[mine].argmax()] for mine in (np.flatnonzero(at == i) for i in np.unique(at))]
        best = np.array(tops, dtype=int)
        known = entropy[rows[at[best]]]
        floor = np.where(np.isfinite(known), SAME * np.maximum(1.0, np.abs(known)), 0.0)
        best = best[values[best] > known + floor]
        if not best.size:
            return
        rows = rows[at[best]]
        problem = RSProblem(self._equations(rows), self.alpha[rows])
        found = solve(problem, start=points[best], solver=GENERAL, tolerance=self.tolerance, on_failure="keep")
        self.keep(rows, problem, found, found.converged)
        for row in rows[found.converged]:
            few = f"the state that few patterns lead to has the smaller free entropy {entropy[row]:.6g}"
            self.remarks[row] = f"small weights; {few}" if np.isfinite(entropy[row]) else ""

    def _frozen(self, rows: np.ndarray, remarks: list[str]) -> None:
        """The teacher itself, m = q = 1, where it is an isolated state of zero energy."""
        for row, remark in zip(rows, remarks, strict=True):
            index = np.array([row])
            if FrozenState.exists(self.model.take(index)):
                self.branches[row] = "the teacher itself"
                self.hold(row, FrozenState(self.model.take(index), 1), f"the teacher itself (m = q = 1); {remark}")
            else:
                self.status[row] = Status.NO_SOLUTION
                self.remarks[row] = remark

    def _ground_states(self) -> None:
        """Rows at beta = inf of a finite cost that no zero-cost solution satisfies."""
        cold = np.isinf(per_row(self.model.beta, self.size))
        if isinstance(self.model.weights.norm, Average):
            rows = np.flatnonzero(cold & ~np.array([code.converged for code in self.status]))
            if rows.size:
                self._minimised(rows, GROUND)
            return
        entropy = np.full(self.size, -np.inf)
        for part in self.parts:
            entropy[part.rows] = part.problem.observe(part.point)[0]["entropy"]
        rows = np.flatnonzero(cold & (entropy < 0))
        if not rows.size:
            return
        problem = FreezingProblem(self.model.take(rows), self.alpha[rows])
        found = solve(problem, solver=Ladder(Newton(max_step=1.0)), tolerance=self.tolerance, on_failure="keep")
        self.keep(rows, problem, found, found.converged, "above capacity: the ground state")
