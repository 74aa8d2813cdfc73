"""Rows of the RS ansatz that are answered without its branch: minima, the paramagnet, the teacher, ground states."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from replica._registry import per_row
from replica.ansatz.erm.no_vector import UNKEPT, no_vector
from replica.ansatz.erm.solver import minimise
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.ladders import GENERAL, PARAMAGNET
from replica.ansatz.rs.limits import LimitProblem
from replica.ansatz.rs.norm_states import shrinking_pays, states
from replica.ansatz.rs.special_states import (
    TRACELESS,
    FreezingProblem,
    FrozenState,
    hardly_felt,
    learns_from_nothing,
    paramagnet,
)
from replica.models.model import Model
from replica.solution.batch import Part
from replica.solution.ledger import Ledger, without
from replica.weights.base import Average
from saddlepoint import Ladder, Newton, Status, solve
from saddlepoint._kernels import CONVERGED

UNMAGNETISED = "the paramagnet q = 0"
GROUND = "above capacity: the ground state, "
BESIDE = 1e-6  # of a capacity
SAME = 1e-10  # free entropies that differ by less, relatively, are of one state


class RSLedger(Ledger):
    """A batch of RS solutions; `_Solver` in `replica.ansatz.rs.ansatz` says in which order they are looked for."""

    def __init__(self, ansatz: Any, model: Model, alpha: np.ndarray, tolerance: float) -> None:
        super().__init__(model, alpha, tolerance)
        self.ansatz = ansatz

    def _minimised(self, rows: np.ndarray, before: str = "") -> None:
        """Rows solved as vectors of least cost."""
        reasons = np.array(no_vector(self.model.take(rows), rows.size), dtype=object)
        self.refuse(rows[reasons != ""], reasons[reasons != ""])
        rows = rows[reasons == ""]
        self.adopt(minimise(self.model.take(rows), self.alpha[rows], self.tolerance), rows)
        good = self.solved[rows]
        self.remarks[rows[good]] = before + self.remarks[rows[good]]
        if self.model.loss.hard:
            self.refuse(rows[~good], UNKEPT)

    def _equations(self, rows: np.ndarray) -> Equations:
        return Equations(self.model.take(rows), rows.size)

    def _at_once(self, problem: RSProblem, rows: np.ndarray) -> bool:
        """Whether compiled loops are for these rows: those that they have solved are closed."""
        here, finer = problem.equations.compiled, problem.refined().equations.compiled
        if here is None or finer is None:
            return False
        with np.errstate(all="ignore"):
            point, error, self.residual[rows], code = here.solve(self.alpha[rows], finer, self.tolerance)
        good = code == CONVERGED
        self.status[rows[good]] = Status.CONVERGED
        found = Part(rows, problem, point, error)
        self.last += without([replace(found, error=np.full_like(error, np.nan))], rows[good])
        self._close(rows[good], without([found], rows[~good]), "")
        return True

    def _untouched(self) -> None:
        """Rows on whose weights the patterns hardly act: what cannot be told from 0 is held there."""
        for row in self.rows:
            at = np.array([row])
            known = hardly_felt(self._equations(at), float(self.alpha[row]))
            if known is None:
                continue
            problem, point, solved = known
            if solved and problem.observe(point)[0]["stability"][0] > 1.0 - 1e-9:
                self.hold(row, problem, TRACELESS if problem.held else "", point)
            elif not solved:
                found = self.solve(problem, GENERAL, point)
                self.keep(at, found, good=problem.observe(found.point)[0]["stability"] > 0)

    def _paramagnet(self) -> None:
        """q = 0 where it is a stable saddle point of an even loss or network."""
        rows = self.rows
        equations = self._equations(rows)
        problem = RSProblem(equations, self.alpha[rows], paramagnet(equations))
        found = self.solve(problem, PARAMAGNET) if len(problem.variables) else None
        point = np.zeros((rows.size, 0)) if found is None else found.point
        stable = problem.observe(point)[0]["stability"] > 0
        stable &= ~learns_from_nothing(equations, self.alpha[rows])
        if found is None:
            self.hold(rows[stable], problem.take(np.flatnonzero(stable)), UNMAGNETISED)
        else:
            self.keep(rows, found, UNMAGNETISED, stable)

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
        rows = self._beyond_capacity(self.rows)
        if rows.size:
            self._minimised(rows, GROUND)

    def _of_other_norms(self) -> None:
        """Where small weights cost less: the state of the largest free entropy, which few patterns may not lead to."""
        hard = self.model.loss.hard  # without errors to count: small weights are all that is left in the end
        warm = (np.isfinite(per_row(self.model.beta, self.size)) | hard) & (self.alpha > 0)
        entropy = self.observed("free_entropy", -np.inf)
        energy = np.where(warm, np.inf if hard else self.observed("energy", np.inf), -np.inf)
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
        self.drop(rows)
        self.keep(rows, self.solve(problem, GENERAL, points[best]))
        for row in rows[np.isfinite(entropy[rows]) & self.solved[rows]]:
            few = f"the state that few patterns lead to has the smaller free entropy {entropy[row]:.6g}"
            self.remarks[row] = f"small weights; {few}"

    def _frozen(self, rows: np.ndarray, remarks: list[str]) -> None:
        """The teacher itself, m = q = 1, where it is an isolated state of zero energy."""
        for row, remark in zip(rows, remarks, strict=True):
            index = np.array([row])
            if FrozenState.exists(self.model.take(index)):
                self.branches[row] = "the teacher itself"
                self.hold(row, FrozenState(self.model.take(index), 1), f"the teacher itself (m = q = 1); {remark}")
            else:
                self.refuse(index, remark)

    def _ground_states(self) -> None:
        """Rows at beta = inf of a finite cost that no zero-cost solution satisfies."""
        cold = np.isinf(per_row(self.model.beta, self.size))
        if isinstance(self.model.weights.norm, Average):
            rows = np.flatnonzero(cold & ~self.solved & (self.alpha > 0))
            if rows.size:
                self._minimised(rows, GROUND)
            return
        rows = np.flatnonzero(cold & (self.observed("entropy", -np.inf) < 0))
        if not rows.size:
            return
        problem = FreezingProblem(self.model.take(rows), self.alpha[rows])
        self.drop(rows)
        self.keep(rows, self.solve(problem, Ladder(Newton(max_step=1.0))), "above capacity: the ground state")
