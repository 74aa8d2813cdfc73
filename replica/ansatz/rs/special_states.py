"""Special points of the RS theory: the frozen teacher, the freezing point, starts that a user names."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from replica._checks import number, shown, suggest
from replica._registry import per_row
from replica.ansatz.cavity import Cavity, ground_cavity
from replica.ansatz.differences import EPS
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.data import Overlaps
from replica.models.model import Model
from replica.solution.batch import State
from saddlepoint import POSITIVE, Newton, Problem, Variable, Variables, solve

TRACELESS = "the patterns hardly act on the weights: their conjugates are below 1e-250"
UNFELT = 1e-250
SMALL = 1e-30  # conjugates below are those to first order in the patterns, to double precision


class FrozenState(State):
    """The teacher itself as a state: ``q = m = 1``, no errors, zero entropy (finite alphabets)."""

    rowwise = ("model",)

    def __init__(self, model: Model, size: int, level: int = 1) -> None:
        self.model, self.size, self.level = model, size, level
        self.variables = Variables()

    @staticmethod
    def costless(model: Model) -> bool:
        """Whether the teacher is among the letters and pays nothing for its own labels."""
        among = model.data.realizable and model.weights.discrete
        if not among or model.data.law(model.weights) != model.weights.law():
            return False
        return not np.any(model.loss.cost(np.geomspace(1e-6, 40.0, 200)[None, :]) > 0)

    @staticmethod
    def exists(model: Model) -> bool:
        """Whether the map runs away to m = 1: a strong pull to the teacher returns a stronger one."""
        if not FrozenState.costless(model):
            return False
        if model.architecture.few is not None:
            return True  # near the teacher a label hangs on a single unit, as in the perceptron
        equations = Equations(model, 1)
        norm = float(np.ravel(model.weights.initial_norm(model.beta))[0])
        pull = 40.0
        with np.errstate(all="ignore"):
            for _ in range(12):  # along the Nishimori direction, until the weights stick to the teacher's letters
                pull *= 2.0
                values = {
                    "q_hat": np.full(1, pull),
                    "curvature": np.full(1, pull),
                    "m_hat": np.full(1, pull * norm**0.5),
                }
                single, pattern = equations.halves(values)
                if float(single.variance[0]) < 1e-12 * norm:
                    break
        grown = float(equations.conjugate(pattern, "m_hat")[0])
        return bool(np.isfinite(grown) and grown > 2 * pull * norm**0.5)

    def cavity(self, free: np.ndarray) -> Cavity:
        """The teacher's own fields cost nothing, so that none is moved, whatever the response."""
        one = np.ones(self.size)
        return ground_cavity(self.model, one, one, self.level)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        one, zero = np.ones(self.size), np.zeros(self.size)
        names = {
            "q": one,
            "m": one,
            "V": zero,
            "free_entropy": zero,
            "energy": zero,
            "entropy": zero,
            "training_error": zero,
            "stability": one,
            "generalization_error": zero,
            "generalization_error_centre": zero,
        }
        return names, {name: zero for name in names}


class FreezingProblem(Problem):
    """RS at the inverse temperature where the entropy vanishes: variables are the conjugates and beta.

    Below it the alphabet's free energy is frozen at ``-phi/beta``: the ground-state energy (frozen 1RSB).
    """

    rowwise: ClassVar[tuple[str, ...]] = ("model", "alpha")

    def __init__(self, model: Model, alpha: np.ndarray, level: int = 1) -> None:
        self.model, self.alpha, self.level, self.size = model, alpha, level, alpha.size
        equations = Equations(model.with_parameters(beta=1.0), 1)
        self.names = equations.names
        self.variables = Variables(*equations.variables(self.names), Variable("beta", POSITIVE))

    def _at(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], Equations]:
        values = self.variables.values(free)
        # a trial step beyond double precision must not raise: it gives a residual that is not a number
        values["beta"] = np.where((values["beta"] > 0) & np.isfinite(values["beta"]), values["beta"], 1e300)
        return values, Equations(self.model.with_parameters(beta=values["beta"]), self.size, self.level)

    def residual(self, free: np.ndarray) -> np.ndarray:
        values, equations = self._at(free)
        with np.errstate(all="ignore"):
            single, pattern = equations.halves(values, whole=True)
            phi = equations.potential(self.alpha, values, single, pattern)
            entropy = phi + values["beta"] * self.alpha * pattern.cost
            rows = []
            for name in self.names:
                rows.append(equations.mismatch(self.alpha, values, pattern, name))
        return np.stack([*rows, entropy], axis=1)

    def cavity(self, free: np.ndarray) -> Cavity:
        values, equations = self._at(free)
        return equations.cavity(values)

    def start(self) -> np.ndarray:
        """From a scan in beta: RS solutions on a grid, the last one with positive entropy."""
        grid = np.exp(np.linspace(np.log(0.05), np.log(40.0), 28))
        rows = np.repeat(np.arange(self.size), grid.size)
        betas = np.tile(grid, self.size)
        equations = Equations(self.model.take(rows).with_parameters(beta=betas), rows.size)
        problem = RSProblem(equations, self.alpha[rows])
        found = solve(problem, solver=Newton(max_step=3.0), on_failure="keep", check=False)
        entropy = problem.observe(found.point)[0]["entropy"]
        ok = found.converged & (entropy > 0)
        last = np.where(ok, np.arange(rows.size) % grid.size, -1).reshape(self.size, -1).max(axis=1)
        pick = np.arange(self.size) * grid.size + np.maximum(last, 0)
        return np.concatenate([found.point[pick], np.log(betas[pick])[:, None]], axis=1)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        values, equations = self._at(free)
        seen, floors = equations.observe(self.alpha, values)
        energy = -seen["free_entropy"] / values["beta"]
        seen |= {"beta": values["beta"], "energy": energy, "free_entropy": -energy, "entropy": np.zeros(self.size)}
        floors |= {
            "beta": 8 * EPS * values["beta"],
            "energy": 16 * EPS * np.abs(energy) + 8 * EPS,
            "free_entropy": 16 * EPS * np.abs(energy) + 8 * EPS,
            "entropy": 8 * EPS * np.ones(self.size),
        }
        return seen, floors


def start_from(problem: RSProblem, start: dict[str, Any]) -> np.ndarray:
    """Free coordinates from named conjugates; those not given are as for small overlaps, or for overlaps that are."""
    start = dict(start)
    values = _at_overlaps(problem, start) if "q" in start else problem.equations.start(problem.alpha)
    known = (*problem.names, *(("Q_hat",) if "curvature" in problem.names else ()), "q")
    given = {}
    for name, value in start.items():
        if name not in known:
            raise ValueError(f"start: unknown variable {name!r}; {suggest(name, known)}")
        if np.shape(value) not in ((), problem.alpha.shape):
            raise ValueError(f"start[{name!r}] must be one number, got {shown(value)}")
        given[name] = np.broadcast_to(number(f"start[{name!r}]", value), problem.alpha.shape)
    values |= given
    if "Q_hat" in values:  # the curvature is Q_hat + q_hat
        values["curvature"] = values.pop("Q_hat") + values["q_hat"]
    return problem.variables.free({name: values[name] for name in problem.names}, problem.size)


def _at_overlaps(problem: RSProblem, start: dict[str, Any]) -> dict[str, np.ndarray]:
    """The conjugates that patterns give back to an overlap ``q``, taken out of a start (to a teacher: the same)."""
    equations = problem.equations
    norm = per_row(equations.norm, problem.size)
    given = start.pop("q")
    if np.shape(given) not in ((), (problem.size,)):
        raise ValueError(f"start['q'] must be one number, got {given!r}")
    q = np.broadcast_to(number("start['q']", given, low=0.0, open_low=True), (problem.size,))
    if not np.all(q < norm):
        raise ValueError(f"start['q'] must be below the norm {norm.min():g} of the weights, got {q.max():g}")
    taught = bool(equations.model.data.overlaps)
    m = equations.lean * q * norm**-0.5 if taught else equations.zero
    at = Overlaps(q * 1.0, norm - q, m, q - m * m)
    data, learned = equations.model.learned(dict.fromkeys(equations.learned, equations.zero)).data, equations.learned
    with np.errstate(all="ignore"):
        pattern = equations.model.architecture.patterns(
            equations.model.loss, data, at, equations.model.beta, equations.level
        )
    values = {n: problem.alpha * equations.conjugate(pattern, n) for n in problem.names if n not in learned}
    return values | dict.fromkeys(learned, equations.zero)


def attracting(problem: RSProblem, point: np.ndarray) -> np.ndarray:
    """Whether a point is attracting under the plain map and away from the frozen teacher: the uninformed branch."""
    matrix = problem.jacobian(point) + np.eye(point.shape[1])
    finite = np.all(np.isfinite(matrix), axis=(1, 2))
    radius = np.full(len(point), np.inf)
    radius[finite] = np.max(np.abs(np.linalg.eigvals(matrix[finite])), axis=1)
    return radius < 1.0


def has_paramagnet(model: Model) -> bool:
    """Whether ``q = m = 0`` is a saddle point: symmetric weights, an even network or (random labels) loss.

    Fields of other data may have a mean, which a loss that is even does not see from both sides.
    """
    data, network = model.data, model.architecture
    even = data.unrelated and (model.loss.even or network.even) or data.imitates and network.even
    return even and model.weights.symmetric


def paramagnet(equations: Equations) -> dict[str, float]:
    """The conjugates that are held at 0 there."""
    return {name: 0.0 for name in ("q_hat", "m_hat") if name in equations.names}


def learns_from_nothing(equations: Equations, alpha: np.ndarray) -> np.ndarray:
    """Rows in which a small overlap with the teacher grows (weights of norm 1)."""
    if "m_hat" not in equations.names:
        return np.zeros(equations.size, dtype=bool)
    small = np.full(equations.size, 1e-4)
    with np.errstate(all="ignore"):
        _, pattern = equations.halves({"q_hat": small**2, "m_hat": small})
        return ~(alpha * equations.conjugate(pattern, "m_hat") < small)


def idle_rows(model: Model, size: int) -> list[str]:
    """Per row why patterns with random labels ask nothing of the weights or cannot be stored at all; "" elsewhere."""
    if not model.data.unrelated:
        return [""] * size
    norm = model.weights.initial_norm(model.beta) * np.ones(size)
    none = np.zeros(size)
    few = model.architecture.few
    with np.errstate(all="ignore"):
        at = Overlaps(none, norm, none, none)
        log_z = model.architecture.patterns(model.loss, model.data, at, model.beta, 0, whole=True).log_z
    found = [""] * size
    smallest = max(1e-300, 10 * model.architecture.rounding)
    endless = np.isinf(log_z) & (not model.loss.exact)  # equations have no volume, and solutions all the same
    for row in np.flatnonzero(endless | (np.abs(log_z) < smallest)):
        if log_z[row] > -np.inf:
            found[row] = "nothing to solve: every pattern is satisfied (to double precision)"
        elif few is not None and not few.attainable(model.loss.take(np.array([row]))):
            found[row] = "no pattern can be stored: no field of the network satisfies the loss"
        else:
            found[row] = "no pattern can be stored: its probability is below double precision"
    return found


def no_solution(alpha: float, end: float) -> str:
    """The sentence for a load beyond the end of a branch."""
    return f"no replica-symmetric solution at alpha = {alpha:g} on the branch from 0, which ends at alpha = {end:.6g}"


def first_order(equations: Equations, alpha: np.ndarray) -> dict[str, np.ndarray]:
    """The conjugates to first order in the patterns, at the overlaps that weights have without any."""
    norm, model, zero = per_row(equations.norm, equations.size), equations.model, equations.zero
    with np.errstate(all="ignore"):
        single = model.weights.single(zero, zero, zero, model.beta, equations.law, equations.level)
        transverse = np.maximum(single.transverse, UNFELT * norm)
        at = Overlaps(np.maximum(single.q, UNFELT * norm), single.variance, single.m, transverse)
        pattern = model.architecture.patterns(model.loss, model.data, at, model.beta, equations.level)
        return {name: alpha * equations.conjugate(pattern, name) for name in equations.names}


def hardly_felt(equations: Equations, alpha: float) -> tuple[RSProblem, np.ndarray, bool] | None:
    """The state of one row of which a conjugate is too small for a logarithm, because (nearly) every pattern is
    satisfied, or (nearly) every one violated, whatever the weights: the problem of the others, a start for it, and
    whether that is the solution already. None where no conjugate is small.
    """
    load = np.array([alpha])
    first, norm = first_order(equations, load), float(np.ravel(equations.norm)[0])
    size = {name: abs(float(v[0])) * norm ** (0.5 if name == "m_hat" else 1.0) for name, v in first.items()}
    if equations.learned or not np.all(np.isfinite(list(size.values()))):
        return None
    held = {name: 0.0 for name in size if size[name] < UNFELT}
    solved = all(value < SMALL for value in size.values())
    if not held and not solved:
        return None
    problem = RSProblem(equations, load, held)
    return problem, problem.variables.free({name: first[name] for name in problem.names}, 1), solved
