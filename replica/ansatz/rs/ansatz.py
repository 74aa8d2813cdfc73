"""The replica-symmetric ansatz: which equations a model needs, and which branch a number belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from replica._checks import number, one_of
from replica._registry import per_row
from replica.ansatz.base import Ansatz
from replica.ansatz.coverage import LEARNABLE, LEAST_COST, NO_MEAN, ONE_OVERLAP, RESIDUAL, STORABLE, Covers
from replica.ansatz.erm.optimal_bias import tuned_solutions
from replica.ansatz.erm.solver import check_penalty, single_vectors
from replica.ansatz.pair import own_equations
from replica.ansatz.rs.branch import scan_branch, tabulate, up_in_load, zoom
from replica.ansatz.rs.doubts import against, suspected
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.equilibrium import equilibrium
from replica.ansatz.rs.informed import informed_pulls
from replica.ansatz.rs.ladders import CAREFUL, FIRST_STEPS, GENERAL, ROUGH, SCALAR, WHOLE_BRANCH
from replica.ansatz.rs.learned_bias import ENDLESS, endless_bias
from replica.ansatz.rs.rows import RSLedger
from replica.ansatz.rs.special_states import (
    FrozenState,
    attracting,
    has_paramagnet,
    idle_rows,
    no_solution,
    start_from,
)
from replica.ansatz.rs.square_start import closed_point
from replica.models.model import Model
from replica.solution.batch import Solutions
from replica.weights.base import Free
from saddlepoint import Newton, Status, solve

DEAR = "no solution where averages over K fields are affordable: beyond the branch (see capacity), or q near 1"
COVERS = Covers("RS", (LEARNABLE, LEAST_COST, *STORABLE, RESIDUAL), shared=True)
MEASURED = Covers("RS below capacity", (NO_MEAN, ONE_OVERLAP), shared=True)
UNREAD = "start changes nothing: there is one state"


@dataclass(frozen=True)
class RS(Ansatz):
    r"""Replica symmetry: every two replicas have the same overlap ``q``.

    At finite temperature and for hard constraints

    .. math:: \phi = -\tfrac{\hat q}{2}(Q-q) + \tfrac{A}{2} Q - \hat m m + E \ln z(\hat m u + \sqrt{\hat q} z, A)
              + \alpha E \ln Z(h, Q - q)

    is extremised; the ground state of an `ErrorCount` above capacity follows from ``chi = lim beta (1-q)`` (sphere)
    or from the freezing point, where the entropy vanishes (alphabets). Weights of free norm on random labels: where
    small ones err less, the stable saddle point of the largest free entropy; the status says that few patterns lead
    elsewhere.

    When not to use it: spherical weights at negative margin near capacity, `OutsideBand` above 0.817, ground states
    above capacity on the sphere: `stability` of the solution is then negative.

    See Also
    --------
    RSB, Annealed : Replicas in groups; the first moment.
    stability : Whether it holds.

    References
    ----------
    E. Gardner and B. Derrida, J. Phys. A 21, 271 (1988); W. Krauth and M. Mezard, J. Phys. France 50, 3057 (1989).

    Examples
    --------
    >>> from replica import RS, perceptron, solve
    >>> print(solve(perceptron("spherical", margin=-1.0), alpha=9.0, ansatz=RS()).status)
    converged; unstable to replica symmetry breaking (AT): RS is not to be trusted
    """

    name: ClassVar[str] = "rs"
    method: ClassVar[str] = "branch"
    empty: ClassVar[bool] = True

    def check(self, model: Model) -> None:
        if own := own_equations(model):
            return own.COVERS.check(model)
        check_penalty(model)
        return COVERS.check(model)

    def noteworthy(self, solutions: Solutions) -> np.ndarray:
        model = solutions.model
        return suspected(solutions) | bool(model.idle) & np.isfinite(model.beta) | bool(model.architecture.unread)

    def doubts(self, solutions: Solutions, row: int) -> list[str]:
        return against(super().doubts(solutions, row), solutions, row)

    def enclose(self, solution: Any, digits: int) -> Any:
        from replica.ansatz.rs.enclosed import enclose_solution

        return enclose_solution(solution, digits)

    def equations(self, model: Model, size: int) -> Equations:
        MEASURED.check(model)
        if model.weights.penalised and np.any(np.isinf(model.beta)):
            raise ValueError(f"{model.weights} at beta = inf are one vector, risk minimisation without a branch")
        return Equations(model, size)

    def solve(self, model: Model, alpha: np.ndarray, start: Any = None, tolerance: float = 1e-12) -> Solutions:
        self.check(model)
        own = own_equations(model)
        if own and start != "equilibrium":
            return own.solve(self, model, alpha, start, tolerance)
        if not own:
            MEASURED.check(model)
        if model.data.tuned:
            number("alpha", alpha, low=0.0, open_low=True)
            return tuned_solutions(partial(self.solve, start=start, tolerance=tolerance), self, model, alpha)
        if isinstance(start, str) and one_of("start", start, ("informed", "equilibrium")) == "equilibrium":
            plain = self.solve(model, alpha, tolerance=tolerance)
            if not model.data.metastable:  # with random labels there is one branch
                return plain.noting(np.ones(plain.size, dtype=bool), UNREAD)
            return equilibrium(plain, self.solve(model, alpha, "informed", tolerance))
        return _Solver(self, model, np.ascontiguousarray(alpha, dtype=float), tolerance).run(start)


class _Solver(RSLedger):
    """One batch on its way: rows leave when they are solved."""

    def run(self, start: Any) -> Solutions:
        model = self.model
        single = single_vectors(model, self.size)
        free = model.loss.attained and not (model.loss.exact and model.weights.discrete)
        costly = np.isinf(per_row(model.beta, self.size)) & (not free) & ~single
        self.open = ~single & ~costly
        if self.model.data.metastable and not isinstance(start, dict):
            self.branches[:] = "informed" if start else "uninformed"
        self._without_patterns(single)
        single &= self.alpha > 0
        if not isinstance(start, dict):
            self._paid()
        if single.any():
            self._minimised(np.flatnonzero(single))
        self.note(self.solved & (start is not None), UNREAD)
        if not self.open.any() and not costly.any():
            pass
        elif isinstance(start, str):
            self._informed()
        else:
            if self.open.any() and has_paramagnet(model) and start is None:
                self._paramagnet()
            if self.open.any():
                self._saddle(start)
            if self.open.any() and start is None:
                self._untouched()
            if self.open.any() and start is None and len(self._equations(self.rows).names) > 1:
                self._from_branch()
            if start is None and isinstance(model.weights.norm, Free) and not model.data.overlaps:
                self._of_other_norms()
            taught_alphabet = FrozenState.costless(model)  # its zero-cost state is the teacher
            if not model.loss.hard and np.any(np.isinf(model.beta)) and not taught_alphabet:
                self._ground_states()
        return self.solutions(self.ansatz)

    def _without_patterns(self, single: np.ndarray) -> None:
        """Rows at ``alpha = 0``: the weights alone, all conjugates 0."""
        for row in np.flatnonzero(self.alpha == 0):
            at = np.array([row])
            if single[row] or self.model.data.trained:
                self.refuse(at, "without patterns there is no cost to be lowered and nothing to be learned")
                continue
            equations = self._equations(at)
            problem = RSProblem(equations, self.alpha[at], dict.fromkeys(equations.names, 0.0))
            self.hold(row, problem, "without patterns")

    def _saddle(self, start: Any) -> None:
        rows = self.rows
        problem = RSProblem(self._equations(rows), self.alpha[rows])
        if start is None and self._at_once(problem, rows):
            if self.open.any():
                self._bracketed(self.rows)
            return
        if start is not None:
            point = start_from(problem, start)
            if "q" in start:  # plain steps stay on the side of an unstable solution that they begin on
                self.remarks[rows] = "no solution with q > 0 was found from this overlap"
                point = solve(problem, start=point, solver=FIRST_STEPS, on_failure="keep", check=False).point
        elif self.model.data.metastable:
            # a few plain steps from q = 0 stay on the uninformed branch; Newton alone may jump across a fold
            point = solve(problem, solver=FIRST_STEPS, on_failure="keep", check=False).point
        else:
            point = problem.start()
        single = len(problem.variables) == 1
        dear = self.model.architecture.few is not None
        ladder = SCALAR if single or dear else CAREFUL if self.model.data.overlaps else GENERAL
        if dear:  # sums over K fields: most steps on coarse ones
            coarse = RSProblem(problem.equations.at_level(0), problem.alpha)
            rough = solve(coarse, start=point, solver=ladder, tolerance=ROUGH, on_failure="keep", check=False)
            point = np.where(rough.converged[:, None], rough.point, np.nan)  # what fails there fails on finer ones
        found = self.solve(problem, ladder, point)
        settled = not self.model.data.metastable or start is not None or attracting(problem, found.point)
        self.keep(rows, found, good=settled)
        warm = np.flatnonzero(self.open[rows] & np.isfinite(per_row(self.model.beta, self.size)[rows]))
        if self.model.loss.exact and start is None and warm.size:
            rest = problem.take(warm)
            self.keep(rows[warm], self.solve(rest, CAREFUL, closed_point(rest)))
        if single and self.open.any() and start is None:
            self._bracketed(self.rows)

    def _bracketed(self, rows: np.ndarray) -> None:
        """One conjugate: beyond the end of the branch there is no solution; short of it a bracket finds it."""
        few, idle = self.model.architecture.few is not None, idle_rows(self.model.take(rows), rows.size)
        for row, why in zip(rows, idle, strict=True):
            self.status[row] = Status.NO_SOLUTION if why else self.status[row]
            self.remarks[row] = why or (DEAR if few else "")
        rows = rows[[not why for why in idle]]
        if few or not rows.size:
            return
        top = tabulate(self._equations(rows), np.tile([[46.0, 50.0]], (rows.size, 1))).alpha[:, -1]
        self.status[rows] = Status.NO_SOLUTION
        self.remarks[rows] = [no_solution(load, end) for load, end in zip(self.alpha[rows], top, strict=True)]
        rows = rows[self.alpha[rows] < top]
        if rows.size:
            problem = RSProblem(self._equations(rows), self.alpha[rows])
            self.remarks[rows] = ""
            self.keep(rows, self.solve(problem, WHOLE_BRANCH))

    def _from_branch(self) -> None:
        """Locate alpha on the followed branch; beyond its end a frozen teacher is the only state."""
        rows = self.rows
        table = scan_branch(self._equations(rows), -34.0, 30.0)
        hit, start = table.first_crossing(self.alpha[rows])
        top, followed = table.top()[0], table.solved[:, -1]
        beyond = hit & (self.alpha[rows] > top)
        ends = [table.end_of(i, top[i]) for i in range(rows.size)]
        for _ in range(4):  # close to its end the branch needs a finer table
            if np.all(hit & ~beyond):
                break
            _, place = table.top()
            table = zoom(table, place - 1, place + 1)
            top = np.maximum(top, table.top()[0])
            again, nearer = table.first_crossing(self.alpha[rows])
            new = again & (~hit | beyond)
            start[new] = nearer[new]
            hit |= again
            beyond &= ~again
            ends = [table.end_of(i, top[i]) for i in range(rows.size)]
        reached = np.flatnonzero(hit)
        if reached.size:
            sub = rows[reached]
            problem = RSProblem(self._equations(sub), self.alpha[sub])
            found = self.solve(problem, Newton(max_step=0.3), start[reached])
            self.keep(sub, found)
            for i in reached[found.converged & beyond[reached]]:
                self.branches[rows[i]] = "informed"
                self.remarks[rows[i]] = f"{ends[i]}: beyond it"
        ended = np.flatnonzero(~hit)
        if ended.size and not self.model.data.realizable:
            whole = followed[ended]  # the branch was followed to q -> 1: where it ends is known
            for row, end in zip(rows[ended][whole], top[ended][whole], strict=True):
                self.refuse(np.array([row]), no_solution(self.alpha[row], end))
            self._climb(rows[ended][~whole])
        elif ended.size:
            self._frozen(rows[ended], [ends[i] for i in ended])

    def _climb(self, rows: np.ndarray) -> None:
        """Continuation in alpha, for branches that turn back in the conjugate they are tabulated in."""
        if not rows.size:
            return
        equations, alpha = self._equations(rows), self.alpha[rows]
        found = self.solve(RSProblem(equations, alpha), GENERAL, up_in_load(equations, alpha))
        self.remarks[rows] = "no solution was found, neither along q_hat nor along alpha"
        self.keep(rows, found)
        lost = rows[~found.converged]
        if lost.size:
            self.remarks[lost[endless_bias(self.ansatz, self.model.take(lost), self.alpha[lost])]] = ENDLESS

    def _informed(self) -> None:
        if not self.model.data.metastable:
            raise ValueError("start='informed' needs a teacher: with random labels there is nothing to be informed of")
        rows = np.arange(self.size)
        frozen = np.array([FrozenState.exists(self.model.take(np.array([r]))) for r in rows])
        if frozen.any():
            self._frozen(rows[frozen], ["informed start"] * int(frozen.sum()))
        if self.open.any():
            dear = self.model.architecture.few is not None
            rows = self.rows
            pull = informed_pulls(self.model.take(rows), self.alpha[rows]) if dear else 1e3
            self._saddle({"q_hat": pull, "m_hat": pull * self._equations(rows).lean})
            if dear:
                self.remarks[self.open] = "no informed state was found where averages over K fields are affordable"
