"""States beside the paramagnet q = 0: one that has learned from a teacher, and what lies beyond capacity."""

from __future__ import annotations

import numpy as np

from replica.ansatz.rs.equations import Equations
from replica.ansatz.rs.limits import LimitProblem
from replica.models.model import Model
from replica.weights.base import Average, Free

#: conjugates at which an informed state is looked for
PULLS = np.exp(np.linspace(-1.0, 3.5, 10))


def shares_teacher(model: Model) -> bool:
    """Whether weights that satisfy every label are drawn as the teacher was (Nishimori): then ``q = m``."""
    data, loss = model.data, model.loss
    if not (data.overlaps and data.realizable and loss.hard) or isinstance(model.weights.norm, Free):
        return False
    right = np.geomspace(1e-6, 40.0, 60)[None, :]
    exact = np.all(loss.cost(right) == 0) and np.all(loss.cost(-right) > 0)
    return bool(exact and data.law(model.weights) == model.weights.law())


class InformedLine:
    r"""The free entropy of a model that `shares_teacher` as a function of the overlap ``q = m``.

    ``f(q) = s(q) + alpha e(q)`` with s stationary in the conjugate ``q_hat = m_hat``; its maximum over q is
    the state of equilibrium. It exceeds that of q = 0 from ``alpha = min_q s/(e(0) - e)`` on.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def parts(self, pull: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray]:
        """``s`` and ``e`` at conjugates; NaN where an average would take too long."""
        equations = Equations(self.model.take(np.zeros(pull.size, dtype=int)), pull.size, level)
        values = {"q_hat": pull, "m_hat": pull}
        with np.errstate(all="ignore"):
            single, pattern = equations.halves(values, whole=True)
            return equations.entropic(values, single), pattern.log_z

    def best(self, alpha: float) -> tuple[float, float]:
        """The free entropy at `PULLS`: its largest value, and the conjugate of its last maximum."""
        entropic, log_z = self.parts(PULLS, 0)
        phi = entropic + alpha * log_z
        phi = phi[np.isfinite(phi)]
        if phi.size < 2:
            return -np.inf, float(PULLS[0])
        rises = np.flatnonzero(np.diff(phi) > 0)
        return float(phi.max()), float(PULLS[rises[-1] + 1] if rises.size else PULLS[0])

    def ratio(self, log_pull: float, level: int) -> float:
        """The load at which the state with this conjugate has the free entropy of q = 0."""
        entropic, log_z = self.parts(np.exp(np.array([-20.0, log_pull])), level)
        return float(-entropic[1] / (log_z[1] - log_z[0]))

    def crossing(self) -> tuple[float, float, float] | str:
        """The load of the first-order transition, its error and the conjugate there; else why there is none."""
        entropic, log_z = self.parts(np.concatenate([np.exp([-20.0]), PULLS]), 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            loads = -entropic[1:] / (log_z[1:] - log_z[0])
        loads = np.where(np.isfinite(loads) & (loads > 0), loads, np.inf)
        place = int(np.argmin(loads))
        if place == 0:
            return "q = 0 gives way to small overlaps first: there is no first-order transition"
        if place == loads.size - 1 or not np.isfinite(loads[place + 1]):
            return "the informed state with the free entropy of q = 0 lies where averages are not affordable"
        from scipy.optimize import minimize_scalar  # heavy: only where it is needed

        low, high = np.log(PULLS[place - 1]), np.log(PULLS[place + 1])
        found = minimize_scalar(
            lambda x: self.ratio(x, 1), bounds=(low, high), method="bounded", options={"xatol": 1e-6}
        )
        fine = self.ratio(float(found.x), 2)
        # the minimum is second order in its place
        return fine, abs(fine - float(found.fun)) + 1e-11 * fine, float(np.exp(found.x))


def informed_pulls(model: Model, alpha: np.ndarray) -> np.ndarray:
    """Conjugates to look for informed states from, where averages are sums over K fields; one for each row."""
    if not shares_teacher(model):
        return np.full(alpha.size, 8.0)
    rows = (model.take(np.array([row])) for row in range(alpha.size))
    return np.array([InformedLine(one).best(load)[1] for one, load in zip(rows, alpha, strict=True)])


def paramagnet_facts(model: Model, alpha: float, phi: float) -> list[str]:
    """What a reader of the solution q = 0 of one model must know."""
    if shares_teacher(model):
        better, _ = InformedLine(model).best(alpha)
        if better > phi + 1e-9 * max(1.0, abs(phi)):
            return ["metastable: a state that has learned from the teacher has the larger free entropy"]
    if model.data.unrelated and model.loss.hard and model.loss.has_ground and isinstance(model.weights.norm, Average):
        problem = LimitProblem(model, 1)
        largest = float(problem.observe(np.zeros((1, 0)))[0]["alpha"][0])
        if alpha > largest:
            return [f"beyond the RS capacity {largest:.6g}: metastable, no solutions are left"]
    return []
