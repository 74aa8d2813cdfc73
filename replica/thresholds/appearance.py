"""Where solutions with q > 0 appear beside q = 0: units of common inputs that tell each other apart."""

from __future__ import annotations

import numpy as np

from replica.ansatz import Ansatz
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.special_states import FrozenState
from replica.models.model import Model
from replica.solution.batch import Part
from replica.thresholds.base import Line, closed_line

PULLS = np.linspace(-12.0, 14.0, 131)  # logarithms of conjugates
STEP = 2e-3  # of differences of sixth order
_PLACES = STEP * np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
_WEIGHTS = np.array([-1.0, 9.0, -45.0, 45.0, -9.0, 1.0]) / (60.0 * STEP)
TAUGHT = "where the state in which units tell each other apart appears; q = 0 goes on"
STORED = (
    "where the replica-symmetric branch q > 0 appears, apart from q = 0 (discontinuous): no transition, which needs "
    "one step of symmetry breaking"
)
ITSELF = "the teacher itself is a state at every load, and no other appears beside q = 0"


class Appearance:
    """One model whose conjugates are all equal on the branch (one of them, or a student drawn as its teacher)."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def loads(self, place: np.ndarray, level: int) -> np.ndarray:
        """The loads at which conjugates ``exp(place)`` belong to a solution."""
        equations = Equations(self.model.take(np.zeros(place.size, dtype=int)), place.size, level)
        pull = np.exp(place)
        with np.errstate(all="ignore"):
            _, pattern = equations.halves(dict.fromkeys(equations.names, pull))
            return pull / equations.conjugate(pattern, "q_hat")

    def least(self) -> tuple[float, float, float, float] | str:
        """The least load, its error, its place and the error of that; else why there is none."""
        loads = self.loads(PULLS, 0)
        loads = np.where(np.isfinite(loads) & (loads > 0), loads, np.inf)
        at = int(np.argmin(loads))
        if FrozenState.exists(self.model):
            return ITSELF
        if at == loads.size - 1:
            return "no least load of solutions with q > 0 was found"
        coarse, fine = (self._turn(at, level) for level in (1, 2))
        value = [float(self.loads(np.array([place]), level)[0]) for place, level in ((coarse, 1), (fine, 2))]
        return value[1], abs(value[1] - value[0]) + 1e-14 * value[1], fine, abs(fine - coarse) + 1e-10

    def _turn(self, at: int, level: int) -> float:
        """Where the slope of the logarithm of the load vanishes."""
        from scipy.optimize import brentq  # heavy: only where it is needed

        def slope(place: float) -> float:
            return float(_WEIGHTS @ np.log(self.loads(place + _PLACES, level)))

        return float(brentq(slope, PULLS[at - 1], PULLS[at + 1], xtol=1e-13))


def apart(model: Model) -> bool:
    """Whether solutions of small q > 0 have loads that grow without bound: they do not join q = 0."""
    few, more = Appearance(model.take(np.array([0]))).loads(np.array([-12.0, -10.0]), 0)
    return bool(few > 2.0 * more)


def appearance_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """The least load of solutions with q > 0, for a batch of models for which q = 0 is one at every load."""
    value, error = np.full((2, size), np.nan)
    status, parts = [""] * size, []
    for row in range(size):
        one = model.take(np.array([row]))
        found = Appearance(one).least()
        if isinstance(found, str):
            status[row] = f"not converged: {found}"
            continue
        value[row], error[row], place, slack = found
        status[row] = f"converged; {TAUGHT if model.data.overlaps else STORED}"
        problem = RSProblem(ansatz.equations(one, 1), value[row : row + 1])
        point = np.full((1, len(problem.variables)), place)
        parts.append(Part(np.array([row]), problem, point, np.full_like(point, slack)))
    return closed_line(model, ansatz, value, error, status, parts)

