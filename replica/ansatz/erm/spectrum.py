"""The vector of least cost on inputs of one covariance: its equations, over sums of the spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from replica._registry import exact, per_row
from replica.ansatz.cavity import Cavity
from replica.ansatz.differences import EPS
from replica.ansatz.erm.base import LeastCost
from replica.ansatz.erm.equations import lean_step
from replica.ansatz.zero_temperature import Projection, floors_of
from replica.ansatz.zero_temperature_certified import ReferenceProjection, reference_projection
from replica.data import Overlaps
from replica.data._spectra import Sums
from replica.models.model import Model
from saddlepoint import POSITIVE, REAL, Variable, Variables

REAL_LABELS = Variables(Variable("stiff", POSITIVE), Variable("force", POSITIVE))
TAUGHT = Variables(*REAL_LABELS, Variable("lean", REAL))
STIFFEST = 30.0  # logarithm: beyond it nothing is left of the stiffness 1 of a vector that pays nothing
LEAST = 1e-18  # of the penalty: a stiffness that is not seen beside it
FARTHEST = 40.0  # deviations of a field beyond which no kink is felt
HALVINGS = 400  # of the bracket of the response to the square loss
DAMPED = 0.5


class Fields(NamedTuple):
    """Overlaps with the teacher's field in units of its deviation, response, norm and the sums they come from."""

    overlaps: Overlaps
    response: np.ndarray
    norm: np.ndarray
    sums: Sums


class SpectrumProblem(LeastCost):
    r"""Minimise ``sum l(h) + (penalty/2)|w|^2`` on inputs with eigenvalues omega and projections t.

    With ``D = lambda + k omega``, the cavity field h of a pattern moved to ``u = argmin l(u) + (u-h)^2/(2V)`` and the
    force ``f = (u-h)/V``

    .. math:: V = \langle\omega/D\rangle, \quad m = \hat m \langle t/D\rangle, \quad
              q = \hat m^2 \langle\omega t/D^2\rangle + \hat q \langle\omega^2/D^2\rangle

    ``k = alpha E (1-u')/V`` (stiff), ``q_hat = alpha E f^2`` (force), ``m_hat = alpha E[f s]``, of which
    ``m_hat/sqrt(q_hat)`` is the variable (lean); on real labels ``m_hat = k``. With ``interpolates`` the limit
    ``lambda -> 0`` of vectors that pay nothing: the same in units of lambda, the response of a pattern infinite.
    """

    def __init__(self, model: Model, alpha: np.ndarray, level: int = 1, interpolates: bool = False) -> None:
        super().__init__(model, alpha, level, interpolates)
        self.modes = model.data.modes
        self.variables = REAL_LABELS if model.data.residual else TAUGHT

    @property
    def penalty(self) -> np.ndarray:
        """Of the inputs' variance where it tends to 0."""
        unit = per_row(self.modes.scale, self.size)
        return unit if self.interpolates else per_row(self.model.weights.penalty, self.size)

    def fields(self, free: np.ndarray) -> Fields:
        k, force = np.exp(free[:, 0]), np.exp(free[:, 1])
        push = k if self.model.data.residual else free[:, 2] * np.sqrt(force)
        sums = self.modes.sums(self.penalty, k)
        power, rest = np.asarray(self.model.data.power), self.model.data.unexplained
        known = np.maximum(self.modes.explained, 1e-300)
        m, side = push * sums.pull, force * sums.own
        across = side + push**2 * sums.spread + m**2 * rest / (known * power)
        seen = side + push**2 * (sums.spread + sums.pull**2 / known)
        root = np.sqrt(power) * np.ones(self.size)
        zero = np.zeros(self.size)
        if self.model.data.residual:
            across = rest + side + push**2 * sums.spread + sums.short**2 / known
        at = Overlaps(seen, zero, m / root, np.maximum(across, 1e-300))
        return Fields(at, sums.response, push**2 * sums.reach + force * sums.size, sums)

    def cavity(self, free: np.ndarray, fields: Fields | None = None) -> Cavity:
        """What one pattern sees."""
        fields = self.fields(free) if fields is None else fields
        response = np.full(self.size, np.inf) if self.interpolates else fields.response
        return Cavity(self.model, fields.overlaps, response, self.level)

    def residual(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            fields = self.fields(free)
            found, share = Projection(self.cavity(free, fields), whole=False), self.alpha / fields.response
            force = share * found.square / fields.response
            least = self._least()
            rows = [np.log(share * found.pull + least) - free[:, 0], np.log(force) - free[:, 1]]
            if not self.model.data.residual:
                unit = np.sqrt(np.asarray(self.model.data.power))
                rows.append(lean_step(share * found.score / unit / np.exp(0.5 * free[:, 1]), free[:, 2]))
        return np.stack(rows, axis=1)

    def _least(self) -> np.ndarray:
        """A stiffness beside which few patterns may hold a corner; of real labels it is also the pull, and exact."""
        return (0.0 if self.model.data.residual else LEAST) * self.penalty / self.modes.scale

    def settled(self, steps: int) -> np.ndarray:
        """A point near the solution: damped steps from the start."""
        free = self.start()
        with np.errstate(all="ignore"):
            for _ in range(4 * steps):
                change = np.clip(np.nan_to_num(self.residual(free)), -3.0, 3.0)
                change[:, 2:] *= np.sqrt(1.0 + free[:, 2:] ** 2)
                free += DAMPED * change
        return free

    def flat(self, free: np.ndarray) -> np.ndarray:
        """Rows in which a bias that is learned meets no curvature: none is learned."""
        return np.zeros(self.size, dtype=bool)

    def interpolated(self, free: np.ndarray) -> np.ndarray:
        """Whether a point of the limit ``penalty -> 0`` pays nothing: with a finite stiffness it does."""
        return free[:, 0] < STIFFEST

    def noise(self, free: np.ndarray) -> np.ndarray:
        """Fields are known to their rounding, which weighs more the narrower their distribution is."""
        with np.errstate(all="ignore"):
            at = self.fields(free).overlaps
            narrow = 1.0 if self.model.data.residual else np.minimum(FARTHEST, 1.0 / np.sqrt(at.q))
            slack = np.maximum(1.0 + narrow, np.abs(free).max(axis=1))
        return 8 * EPS * np.tile(slack[:, None], (1, len(self.variables)))

    @np.errstate(all="ignore")  # penalties at the ends of a search are beyond what squares hold
    def start(self) -> np.ndarray:
        """The solution for the square loss: a monotone equation for the response, the others linear."""
        k = self._square_stiffness()
        probe = np.zeros((self.size, len(self.variables)))
        probe[:, 0] = np.log(k)
        power, rest = np.asarray(self.model.data.power), self.model.data.unexplained
        sums = self.modes.sums(self.penalty, k)
        share = k * sums.response / self.alpha / (1.0 if self.interpolates else sums.response)
        scale = self.alpha * (k / self.alpha) ** 2 if self.interpolates else self.alpha * share**2
        known = np.maximum(self.modes.explained, 1e-300)
        if self.model.data.residual:
            push = k
            fixed = self.model.data.noise + rest + k**2 * sums.spread + sums.short**2 / known
        else:
            one, zero = np.ones(self.size), np.zeros(self.size)
            blank = Overlaps(one, one, zero, one)
            pull = self._first_score(blank)
            push = k * pull / np.sqrt(power)
            whole = push**2 * (sums.spread + sums.pull**2 / known)
            fixed = np.maximum(1.0 + whole - 2.0 * pull * push * sums.pull / np.sqrt(power), 1e-12)
        force = scale * fixed / np.maximum(1.0 - scale * sums.own, 1e-6)
        probe[:, 1] = np.log(np.maximum(force, 1e-290))
        if not self.model.data.residual:
            probe[:, 2] = push / np.exp(0.5 * probe[:, 1])
        return probe

    def _first_score(self, at: Overlaps) -> np.ndarray:
        """``E[y nu]/sqrt(rho)``: the score of a field that says nothing."""
        total = np.zeros(self.size)
        for channel in self.model.data.channels(at):
            assert channel.density is not None
            scores = channel.density(np.zeros((self.size, 1)))[1]["m"]
            total = total + channel.probability * scores[:, 0]
        return total

    def _square_stiffness(self) -> np.ndarray:
        """``k (1 + V(k)) = alpha``, or ``k V(k) = alpha`` where nothing is paid; a bracket in ln k."""
        one = 0.0 if self.interpolates else 1.0
        load = np.minimum(self.alpha, 0.98 * self.modes.rank) if self.interpolates else self.alpha
        low, high = np.full(self.size, -700.0), np.log(load) + (650.0 if self.interpolates else 1e-9)
        low = np.maximum(low, np.log(load) - 600.0)
        x = np.clip(np.log(load), low, high)
        target = np.log(load)
        for _ in range(HALVINGS):
            k = np.exp(x)
            sums = self.modes.sums(self.penalty, k)
            value = x + np.log(one + sums.response) - target
            slope = 1.0 - k * sums.own / (one + sums.response)
            low, high = np.where(value < 0, x, low), np.where(value < 0, high, x)
            with np.errstate(all="ignore"):
                step = x - value / slope
            inside = (step >= low) & (step <= high)  # its ends too: a root that is met stays
            new = np.where(inside, step, 0.5 * (low + high))
            if np.all(np.abs(new - x) <= 4 * EPS * np.maximum(1.0, np.abs(x))):
                break
            x = new
        return np.exp(x)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        fields = self.fields(free)
        cavity, at = self.cavity(free, fields), fields.overlaps
        found, data = Projection(cavity), self.model.data
        energy = self.alpha * found.cost
        penalty = np.zeros(self.size) if self.interpolates else self.penalty
        slope = self.alpha * found.rigidity * fields.sums.own / fields.response**2
        wrong = left_over(cavity, found) if data.residual else found.wrong
        seen: dict[str, Any] = {
            "q": at.q,
            "m": at.m * np.sqrt(np.asarray(data.power)),
            "V": cavity.response,
            "norm": fields.norm,
            "free_entropy": 0.0 - (energy + 0.5 * penalty * fields.norm),
            "energy": energy,
            "training_error": wrong,
            "stability": np.full(self.size, -np.inf) if self.model.loss.ground_jumps else 1.0 - slope,
        } | data.generalization(at)
        floors = floors_of(seen)
        floors["stability"] = floors["stability"] + 32 * EPS
        felt = EPS * self.alpha * np.sqrt(found.square) / fields.response  # what costs make of the rounding of u
        floors |= {name: floors[name] + felt for name in ("energy", "free_entropy")}
        if data.residual:
            floors["training_error"] = floors["training_error"] + 16 * EPS * data.generalization(at)[NEW]
        return seen, floors

    def _reference(self, values: Mapping[str, Any], mp: Any, digits: int) -> tuple[Fields, ReferenceProjection]:
        """Fields and averages of one row in mpmath numbers."""
        k, force, data = values["stiff"], values["force"], self.model.data
        push = k if data.residual else values["lean"] * mp.sqrt(force)
        sums = self.modes.reference(mp.mpf(float(self.penalty[0])), k, mp)
        power = exact(data.power, mp)
        known = sums.pop("explained")
        rest = exact(data.unexplained, mp)
        power = max(power, known) if rest else known
        m, side = push * sums["pull"], force * sums["own"]
        seen = side + push**2 * (sums["spread"] + (sums["pull"] ** 2 / known if known else 0))
        across = seen + power - 2 * m if data.residual else seen - m**2 / power
        at = Overlaps(seen, mp.zero, m / mp.sqrt(power), across)
        norm = push**2 * sums["reach"] + force * sums["size"]
        response = mp.inf if self.interpolates else sums["response"]
        found = reference_projection(self.model, at, response, mp, digits)
        return Fields(at, sums["response"], norm, Sums(*(sums[name] for name in Sums._fields))), found

    def reference_update(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        """The steps of `residual`."""
        fields, found = self._reference(values, mp, digits)
        share, new = mp.mpf(float(self.alpha[0])) / fields.response, dict(values)
        least = mp.mpf(float(self._least()[0]))
        new["stiff"], new["force"] = share * found.pull + least, share * found.square / fields.response
        if not self.model.data.residual:
            unit = mp.sqrt(exact(self.model.data.power, mp))
            new["lean"] = share * found.scores["m"] / unit / mp.sqrt(values["force"])
        return new

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        """Order parameters, energy and generalisation error at certified variables."""
        fields, found = self._reference(values, mp, digits)
        at, root = fields.overlaps, mp.sqrt(exact(self.model.data.power, mp))
        seen = {"q": at.q, "m": at.m * root, "norm": fields.norm, "energy": mp.mpf(float(self.alpha[0])) * found.cost}
        if not self.interpolates:
            seen["V"] = fields.response
        return seen | self.model.data.reference_generalization(at, mp)

    def reference_potential(self, values: Mapping[str, Any], mp: Any, digits: int) -> Any:
        fields, found = self._reference(values, mp, digits)
        penalty = mp.zero if self.interpolates else mp.mpf(float(self.penalty[0]))
        return -mp.mpf(float(self.alpha[0])) * found.cost - penalty * fields.norm / 2


NEW = "generalization_error"


def left_over(cavity: Cavity, found: Projection) -> np.ndarray:
    """Mean square of the residuals of patterns that were learned: ``E (1-u)^2 = R (1 - 2 E(1-u')) + E (u-h)^2``."""
    new = cavity.channels()[0].deviation ** 2
    with np.errstate(invalid="ignore"):
        return np.maximum(new * (1.0 - 2.0 * found.pull) + found.square, 0.0)
