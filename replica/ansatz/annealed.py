"""The first moment: an upper bound for typical quantities, exact where fluctuations do not matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import shown
from replica.ansatz.base import Ansatz
from replica.ansatz.cavity import Cavity
from replica.ansatz.coverage import HELD_BIAS, HELD_NORM, Covers
from replica.ansatz.differences import EPS
from replica.data import Overlaps
from replica.models.model import Model
from replica.solution.batch import Part, Solutions, State
from saddlepoint import Status, Variables


@dataclass(frozen=True)
class Annealed(Ansatz):
    r"""First moment ``ln E Z / N``: the RS formulas at ``q = 0``, ``phi = ln z(0) + alpha ln Z(0, Q)``.

    An upper bound of the typical free entropy (Jensen), exact for even losses while ``q = 0`` is stable. With a
    teacher, labels are as good as random for students at overlap 0; `transition` then maximises over the overlap.

    When not to use it: for typical quantities where ``q = 0`` is unstable: it is then a bound and no estimate.

    See Also
    --------
    RS : Typical quantities.
    capacity : With this ansatz an upper bound.

    References
    ----------
    H. S. Seung, H. Sompolinsky and N. Tishby, Phys. Rev. A 45, 6056 (1992).

    Examples
    --------
    >>> import replica
    >>> found = replica.capacity(replica.perceptron("binary"), ansatz=replica.Annealed())
    >>> print(f"{found:.9f}, {found.status}")
    1.000000000, converged; first moment: an upper bound
    """

    name: ClassVar[str] = "annealed"
    method: ClassVar[str] = "first-moment"
    empty: ClassVar[bool] = True

    def check(self, model: Model) -> None:
        model.architecture.require_theory()
        Covers("the first moment", (HELD_NORM, HELD_BIAS)).check(model)

    def solve(self, model: Model, alpha: np.ndarray, start: Any = None, tolerance: float = 1e-12) -> Solutions:
        self.check(model)
        if start is not None:
            raise ValueError(f"a first moment has no start: leave it out, got {shown(start)}")
        size = alpha.size
        part = Part(np.arange(size), AnnealedState(model, alpha), np.zeros((size, 0)), np.zeros((size, 0)))
        status = np.array([Status.CONVERGED] * size)
        return Solutions(model, self, alpha, [part], status, np.zeros(size), ["first moment"] * size)


class AnnealedState(State):
    """The first moment as a solved problem without variables."""

    variables = Variables()

    rowwise = ("model", "alpha")

    def __init__(self, model: Model, alpha: np.ndarray, level: int = 1) -> None:
        self.model, self.alpha, self.size, self.level = model, alpha, alpha.size, level

    def cavity(self, free: np.ndarray) -> Cavity:
        return Cavity(self.model, self._overlaps(), None, self.level)

    def _overlaps(self) -> Overlaps:
        zero, one = np.zeros(self.size), np.ones(self.size)
        tiny = np.full(self.size, 1e-300)  # stands for 0, so that a teacher's 1 - m^2/q is 1
        return Overlaps(tiny, one, zero, tiny)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        zero, model = np.zeros(self.size), self.model
        pattern = model.architecture.patterns(
            model.loss, model.data, self._overlaps(), model.beta, self.level, whole=True
        )
        single = model.weights.single(zero, zero, zero, model.beta, None, self.level)
        phi = model.weights.entropic(single, zero, zero, zero) + self.alpha * pattern.log_z
        energy = self.alpha * pattern.cost
        with np.errstate(invalid="ignore"):
            heat = np.where(energy == 0, 0.0, np.broadcast_to(model.beta, (self.size,)) * energy)
        seen = {
            "q": zero,
            "free_entropy": phi,
            "energy": energy,
            "entropy": phi + heat,
            "training_error": pattern.wrong,
            "stability": 1.0 - self.alpha * pattern.rigidity * single.susceptibility,
        }
        return seen, {name: 8 * EPS * (1.0 + np.abs(value)) for name, value in seen.items()}
