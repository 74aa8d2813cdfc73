"""The replica-symmetric equations at finite temperature and for hard constraints, as problems the engine can solve."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np

from replica._registry import per_row
from replica.ansatz.cavity import Cavity, exact_scale, rescaled
from replica.ansatz.differences import EPS, astray_at_beta, sharpened, with_level_change
from replica.ansatz.rs.floors import floors_of
from replica.ansatz.rs.lean import first_conjugates, lean_of
from replica.ansatz.rs.one_overlap import OneOverlap
from replica.architectures import PatternAverage
from replica.data import Overlaps
from replica.models.model import Model
from replica.solution.errors import Named, compared
from replica.weights._single_law import law_of_weight
from replica.weights.base import Free, SingleWeight
from saddlepoint import POSITIVE, REAL, Chart, OneSign, Problem, RealInUnits, Variable, Variables
from saddlepoint.rows import Rowwise


@lru_cache(maxsize=64)
def _positive(names: tuple[str, ...]) -> Variables:
    return Variables(*(Variable(name, POSITIVE) for name in names))


class Equations(Rowwise):
    r"""The two halves of the RS saddle point of a batch of models: conjugates -> overlaps -> conjugates.

    .. math:: \phi = \mathrm{entropic}(\hat q, \hat m, A) + \alpha\, E \ln Z(h, Q - q)

    with ``q_hat = alpha E f^2``, ``A = q_hat + Q_hat = -alpha E f'`` (free norms), ``m_hat = alpha E[f s]`` (teacher).
    """

    rowwise = ("model", "lean")

    def __init__(self, model: Model, size: int, level: int = 1) -> None:
        self.model, self.size, self.level, self.zero = model, size, level, np.zeros(size)
        self.law = model.data.law(model.weights)
        self.free_norm = isinstance(model.weights.norm, Free)
        self.rounding = max(1.0, model.architecture.rounding / EPS)
        self.names = ("q_hat", *(("curvature",) if self.free_norm else ()), *(f"{n}_hat" for n in model.data.overlaps))
        self.learned = model.data.trained
        self.names += self.learned
        self.lean = lean_of(model, self.norm, size)

    def like(self, **changed: Any) -> Self:
        copy = object.__new__(type(self))  # what is known of the model is that of its rows
        known = {name: kept for name, kept in self.__dict__.items() if name not in ("coarseness", "compiled")}
        copy.__dict__ |= known | changed
        copy.zero = np.zeros(copy.size)
        return copy

    @cached_property
    def compiled(self) -> OneOverlap | None:
        """The same averages in compiled loops, where the members have what these need."""
        return OneOverlap.of(self.model, self.names, self.size, self.level)

    @cached_property
    def coarseness(self) -> Any:
        """Rounding of the averages in units of double precision, one number or one per row."""
        return np.maximum(self.rounding, self.model.loss.grain(self.model.beta, self.norm))

    def linear(self, name: str) -> bool:
        """Whether a variable may have either sign: the curvature, but for a log-concave loss of a linear field, and
        what is learned beside the weights.
        """
        certain = self.model.loss.log_concave and self.model.architecture.linear
        return name == "curvature" and not certain or name in self.learned

    @property
    def norm(self) -> Any:
        """``|w|^2/N`` without patterns, which sets the units of all conjugates: a number, or one per row."""
        norm = self.model.weights.initial_norm(self.model.beta)
        return per_row(norm, self.size) if np.ndim(norm) else float(norm)

    def chart(self, name: str) -> Chart:
        """Logarithms; of what may have either sign the value itself, that of a curvature in units of 1/norm."""
        if name == "m_hat" and np.any(self.lean < 0):
            return OneSign(self.lean)
        if not self.linear(name):
            return POSITIVE
        return RealInUnits(1.0 / self.norm) if name == "curvature" else REAL

    def variables(self, names: tuple[str, ...]) -> Variables:
        charts = [self.chart(name) for name in names]
        if all(chart is POSITIVE for chart in charts):
            return _positive(names)
        return Variables(*(Variable(name, chart) for name, chart in zip(names, charts, strict=True)))

    def halves(self, values: dict[str, np.ndarray], *, whole: bool = False) -> tuple[SingleWeight, PatternAverage]:
        """Overlaps at given conjugates, and the averages over patterns at those overlaps.

        Conjugates beyond double precision (a trial step, the far end of a branch) give values that are not finite:
        callers silence numpy's warnings.
        """
        if self.compiled is not None:
            return self.compiled.halves(values["q_hat"], whole)
        model, zero = self.model, self.zero
        single = model.weights.single(
            values["q_hat"], values.get("m_hat", zero), values.get("curvature", zero), model.beta, self.law, self.level
        )
        return single, model.architecture.patterns(
            model.loss, model.learned(values).data, _overlaps(single), model.beta, self.level, whole=whole
        )

    def cavity(self, values: dict[str, np.ndarray]) -> Cavity:
        """What one pattern sees of the solution with these conjugates (one row)."""
        others = values.get("m_hat", self.zero), values.get("curvature", self.zero)
        single = self.model.weights.single(values["q_hat"], *others, self.model.beta, self.law, self.level)
        return Cavity(self.model.learned(values), _overlaps(single), None, self.level)

    def conjugate(self, pattern: PatternAverage, name: str) -> Any:
        """The pattern average that, times alpha, gives back the conjugate ``name``."""
        return pattern.conjugates["m" if name == "m_hat" else name]

    def mismatch(self, alpha: Any, values: Mapping[str, Any], pattern: PatternAverage, name: str) -> Any:
        """Residual of one variable in its chart (a logarithm, or itself where it may have either sign); the step
        ``E[f s]/E(-f')`` of one that is learned beside the weights.
        """
        if name in self.learned:
            return pattern.conjugates[name] / pattern.conjugates["curvature"]
        new = alpha * self.conjugate(pattern, name)
        return (new - values[name]) * self.norm if self.linear(name) else np.log(new / values[name])

    def start(self, alpha: np.ndarray) -> dict[str, np.ndarray]:
        """Conjugates to first order in the patterns."""
        return first_conjugates(self, alpha)

    def potential(self, alpha: Any, values: dict[str, Any], single: SingleWeight, pattern: PatternAverage) -> Any:
        """The free entropy at given conjugates, for arrays and for mpmath numbers."""
        return self.entropic(values, single) + alpha * pattern.log_z

    def entropic(self, values: dict[str, Any], single: SingleWeight) -> Any:
        """The weights' part of the free entropy."""
        return self.model.weights.entropic(single, *(values.get(n, 0.0) for n in ("q_hat", "m_hat", "curvature")))

    def observe(
        self, alpha: np.ndarray, values: dict[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Order parameters and observables with the rounding floor of each."""
        with np.errstate(all="ignore"):
            return self.observables(alpha, values, *self.halves(values, whole=True))

    def observables(
        self, alpha: np.ndarray, values: dict[str, np.ndarray], single: SingleWeight, pattern: PatternAverage
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """`observe` from the two halves; callers silence numpy's warnings."""
        phi = self.potential(alpha, values, single, pattern)
        energy = alpha * pattern.cost
        heat = np.where(energy == 0, 0.0, per_row(self.model.beta, self.size) * energy)
        seen = {
            "q": single.q,
            "V": single.variance,
            **{name: values[name] for name in self.names if name != "curvature" and name not in self.learned},
            "free_entropy": phi,
            "energy": energy,
            "entropy": phi + heat,
            "training_error": pattern.wrong,
            "stability": 1.0 - alpha * pattern.rigidity * single.susceptibility,
        }
        if self.free_norm:
            seen |= {"Q": np.broadcast_to(single.norm, (self.size,)), "Q_hat": values["curvature"] - values["q_hat"]}
        if (data := self.model.learned(values).data).overlaps:
            seen["m"], network = single.m, self.model.architecture
            seen |= network.generalization(data, _overlaps(single), self.level)
        seen |= data.reported(self.size)
        seen = rescaled(seen, self.model.architecture.scale)
        return seen, floors_of(self, alpha, values, single, pattern, seen, heat)

    def reference_single(self, values: dict[str, Any], mp: Any, digits: int) -> tuple[SingleWeight, Any]:
        """Overlaps at given conjugates in mpmath arithmetic (one row), and beta."""
        beta = mp.mpf(float(np.ravel(self.model.beta)[0]))
        others = values.get("m_hat", mp.zero), values.get("curvature", mp.zero)
        return self.model.weights.reference_single(values["q_hat"], *others, beta, self.law, mp, digits), beta

    def reference(self, values: dict[str, Any], mp: Any, digits: int) -> tuple[SingleWeight, PatternAverage]:
        """`halves` in mpmath arithmetic (one row)."""
        model = self.model
        single, beta = self.reference_single(values, mp, digits)
        overlaps = _overlaps(single)
        data = model.learned(values).data
        return single, model.architecture.reference_patterns(model.loss, data, overlaps, beta, mp, digits)


def _overlaps(single: SingleWeight) -> Overlaps:
    return Overlaps(single.q, single.variance, single.m, single.transverse)


class RSProblem(Problem):
    """RS at given alpha: variables are the conjugates, the map is overlaps -> alpha times the pattern averages.

    ``held`` fixes conjugates by name (``{"q_hat": 0.0}`` is the paramagnet of an even loss).
    """

    rowwise = ("equations", "alpha")

    def __init__(self, equations: Equations, alpha: np.ndarray, held: dict[str, float] | None = None) -> None:
        self.equations, self.alpha, self.held, self.size = equations, alpha, held or {}, alpha.size
        self.names = tuple(name for name in equations.names if name not in self.held)
        self.variables = equations.variables(self.names)
        self._charts = [variable.chart for variable in self.variables]

    def conjugates(self, free: np.ndarray) -> dict[str, np.ndarray]:
        """All conjugates, those held included."""
        values = self.variables.values(free)
        return values | {name: np.full(self.size, v) for name, v in self.held.items()} if self.held else values

    def noise(self, free: np.ndarray) -> np.ndarray:
        return with_level_change(self, np.reshape(self.equations.coarseness, (-1, 1)) * super().noise(free), free)

    def astray(self) -> list[Any]:
        """With costs of one's own by all that is not known of their values, or of the place where they are least."""
        return [RSProblem(other, self.alpha, self.held) for other in astray_at_beta(self.equations)]

    def update(self, free: np.ndarray) -> np.ndarray:
        equations, out = self.equations, np.empty_like(free)
        with np.errstate(all="ignore"):
            _, pattern = equations.halves(self.conjugates(free))
            for i, (name, chart) in enumerate(zip(self.names, self._charts, strict=True)):
                if name in equations.learned:
                    out[:, i] = free[:, i] + equations.mismatch(self.alpha, {}, pattern, name)
                else:
                    out[:, i] = chart.to_free(self.alpha * equations.conjugate(pattern, name))
        return out

    def residual_and_jacobian(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Slopes from sums, or forward differences; on refined integrals (errors) fine ones where slopes are small."""
        if self.equations.compiled is not None and free.shape[1]:
            return self.equations.compiled.residual_and_slope(self.alpha, free)
        found = super().residual_and_jacobian(free)
        return found if self.equations.level < 2 or not free.shape[1] else sharpened(self, free, *found)

    def start(self) -> np.ndarray:
        if self.equations.compiled is not None and not self.held:
            return self.equations.compiled.descend(self.alpha)
        values, charts = self.equations.start(self.alpha), zip(self.names, self._charts, strict=True)
        return np.stack([c.to_free(values[name]) for name, c in charts], axis=1)

    def potential(self, free: np.ndarray) -> np.ndarray:
        values = self.conjugates(free)
        return self.equations.potential(self.alpha, values, *self.equations.halves(values, whole=True))

    def measured(self, point: np.ndarray, error: np.ndarray) -> tuple[Named, Named] | None:
        """See `replica.solution.errors.measured`: with compiled loops, finer averages and coarser ones together."""
        here, finer = self.equations.compiled, self.refined().equations
        if here is None or finer.compiled is None or self.held or not len(point):
            return None
        with np.errstate(all="ignore"):
            q_hat = np.exp(np.concatenate([point, point + error, point])[:, 0])
            halves, rows = here.around(q_hat, finer.compiled), np.tile(np.arange(self.size), 3)
            return compared(self.size, *finer.take(rows).observables(self.alpha[rows], {"q_hat": q_hat}, *halves))

    def describe(self, free: np.ndarray) -> dict[str, np.ndarray]:
        return self.observe(free)[0]

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        return self.equations.observe(self.alpha, self.conjugates(free))

    def cavity(self, free: np.ndarray) -> Cavity:
        return self.equations.cavity(self.conjugates(free))

    def site(self, free: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[float]]:
        """Density of a single weight at places (n,): (batch, n); masses of atoms beside letters, and their places."""
        equations, values = self.equations, self.conjugates(free)
        fields = tuple(values.get(name, equations.zero) for name in ("q_hat", "m_hat", "curvature"))
        model = equations.model
        found = law_of_weight(model.weights, weight, fields, model.beta, equations.law, equations.level)
        return found, np.zeros((self.size, 0)), []

    def _reference_values(self, values: Mapping[str, Any], mp: Any) -> dict[str, Any]:
        return {**values} | {name: mp.mpf(v) for name, v in self.held.items()}

    def reference_update(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        _, pattern = self.equations.reference(self._reference_values(values, mp), mp, digits)
        alpha = mp.mpf(float(self.alpha[0]))
        moved = {n: values[n] + self.equations.mismatch(alpha, values, pattern, n) for n in self.equations.learned}
        return {n: alpha * self.equations.conjugate(pattern, n) for n in self.names if n not in moved} | moved

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        """The overlaps at certified conjugates."""
        values = self._reference_values(values, mp)
        single, _ = self.equations.reference_single(values, mp, digits)
        names = set(self.equations.names) - {"curvature", *self.equations.learned}
        found = {"q": single.q, "V": single.variance} | {name: values[name] for name in names}
        if self.equations.free_norm:
            found |= {"Q": single.norm, "Q_hat": values["curvature"] - values["q_hat"]}
        found |= {"m": single.m} if self.equations.model.data.overlaps else {}
        return rescaled(found, exact_scale(self.equations.model, mp))

    def reference_potential(self, values: Mapping[str, Any], mp: Any, digits: int) -> Any:
        values, alpha = self._reference_values(values, mp), mp.mpf(float(self.alpha[0]))
        return self.equations.potential(alpha, values, *self.equations.reference(values, mp, digits))
