"""The Franz-Parisi saddle point over a batch of distances, as a problem of the engine; no choice of branch here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from replica.ansatz.franz_parisi.equations import EPS, FROZEN, FixedOverlap
from replica.ansatz.franz_parisi.geometry import Geometry
from replica.ansatz.franz_parisi.network import network_means, network_sums
from replica.ansatz.franz_parisi.pair_patterns import PatternSums, Side
from replica.models.model import Model
from replica.weights._pairs import Pair
from saddlepoint import Anderson, Ladder, Newton


@dataclass(frozen=True)
class Reference:
    """A typical solution as the theory sees it: its side of a pattern, its overlap ``q``, conjugate and errors.

    Its norm and the curvature of its weights where these are not held; its overlap ``m`` with the direction to be
    learned and its bias, both of weights of norm 1.
    """

    side: Side
    q: float
    q_hat: float
    q_error: float = 0.0
    q_hat_error: float = 0.0
    norm: float = 1.0
    curvature: float = 0.0
    norm_error: float = 0.0
    curvature_error: float = 0.0
    m: float = 0.0
    bias: float = 0.0
    m_error: float = 0.0
    bias_error: float = 0.0
    m_hat: float = 0.0
    m_hat_error: float = 0.0

    @property
    def errors(self) -> tuple[tuple[str, float], ...]:
        """Errors of its numbers by name; that the overlap vanishes is exact."""
        names = (*(("q", "q_hat") if self.q > 0 else ()), "norm", "curvature", "m", "bias", "m_hat")
        return tuple((name, getattr(self, f"{name}_error")) for name in names)

    def number(self, name: str) -> float:
        """One of its numbers."""
        return float(getattr(self, name))

    def varied(self, name: str, step: float) -> Reference:
        """The same reference with one of its numbers moved."""
        changes: dict[str, Any] = {name: self.number(name) + step}
        return replace(self, **changes)


@dataclass(frozen=True)
class State:
    """Everything at one point of one row: overlaps, averages, conjugates."""

    at: Geometry
    patterns: PatternSums
    pair: Pair
    q_hat: float
    s_hat: float


class FranzParisiProblem(FixedOverlap):
    r"""Overlaps of a probe at fixed distance of a typical reference.

    Unknowns are ``depth`` (for q at given s) and ``partial`` (for s; none when the references are a paramagnet), see
    `Geometry.at_distance`.
    The map takes them to the conjugates ``q_hat = alpha E g^2``, ``s_hat = alpha E r g`` and back through the
    weights, which solve for the field theta that holds the distance. The solution is a stationary point of

    .. math:: S = \mathrm{extr}\; -\tfrac{\hat q}{2}(1-q) - \theta t + \hat s s
              + G_S(\hat q, \hat s, \theta) + \alpha G_E(q, s, t)

    for counted weights and of ``ln(1-q)/2 + (q-A)/(2(1-q)) + alpha G_E`` on the sphere.
    """

    light = True
    first = Ladder(Newton(steps=12, halvings=2), Anderson(damping=0.5), Newton())
    known = np.inf
    rowwise = ("distance", "alpha", "hint")
    names = ("free_entropy", "q", "t", "s", "q_hat", "s_hat", "t_hat", "slope", "stability")

    def __init__(self, model: Model, alpha: Any, reference: Reference, distance: np.ndarray, level: int = 1) -> None:
        unknowns = ["depth", "partial"] if reference.q > 0 else ["depth"]
        super().__init__(model, alpha, reference, distance, level, unknowns)
        self.pair = model.weights.pair(reference.q, reference.q_hat)
        self.loose = model.architecture.few is not None
        self.hint = self._unsought(distance)

    def like(self, **changes: Any) -> Self:
        copy = super().like(**changes)
        copy.__dict__.pop("_last", None)
        if "hint" not in changes:  # elsewhere it begins anew, so that no point depends on where another was
            copy.hint = self._unsought(copy.distance)
            if changes.keys() == {"level"}:
                copy.hint[:, 0] = self.hint[:, 0]
        return copy

    def _unsought(self, distance: np.ndarray) -> np.ndarray:
        """By row: the last theta, from where it was sought and at which point.

        A point that is seen again has the same theta to the last bit, so that a row does not depend on how often the
        others needed another look.
        """
        field = 0.5 * (np.log1p(-distance) - np.log(distance))  # artanh(1 - 2 distance)
        return np.column_stack([field, field, *[np.full(distance.size, np.nan)] * len(self.variables)])

    @property
    def sure(self) -> float:  # type: ignore[override]
        few = self.model.architecture.few
        return 1e-10 if few is None else float(few.pair_accuracy)

    def around(self, reference: Reference) -> Self:
        return super().around(reference).like(pair=self.weights.pair(reference.q, reference.q_hat))

    def sound(self, free: np.ndarray) -> np.ndarray:
        """Whether the overlaps are those of vectors and the copies not frozen: all else is spurious."""
        seen = [self.geometry(free, row) for row in range(self.size)]
        return np.array([at.depth > -1e-6 and at.rest > FROZEN * at.away for at in seen])

    def start(self) -> np.ndarray:
        """Between the frozen probe and the one without patterns: part of the free room is its own."""
        depth = np.full(self.size, -np.log1p(-0.3 * (1.0 - self.reference.q)))
        free = np.stack([depth, np.zeros(self.size)], axis=1)
        return np.ascontiguousarray(free[:, : len(self.variables)])

    def geometry(self, free: np.ndarray, row: int) -> Geometry:
        partial = free[row, 1] if len(self.variables) == 2 else 0.0
        return Geometry.at_distance(self.distance[row], partial, free[row, 0], self.reference.q)

    def state(self, at: Geometry, sums: PatternSums, row: int) -> State:
        """One row at one point."""
        q_hat, s_hat = self.alpha[row] * sums.gg, self.alpha[row] * sums.rg
        pair = self.pair.at(self.distance[row], q_hat, s_hat, self.level, self.hint[row, 1])
        if np.isfinite(pair.pull):
            self.hint[row, 0] = pair.pull
        return State(at, sums, pair, q_hat, s_hat)

    def states(self, free: np.ndarray) -> list[State]:
        """All rows; the last answer is kept, since a solver asks for it again."""
        last = self.__dict__.get("_last")
        if last is None or not np.array_equal(last[0], free):
            moved = (self.hint[:, 2:] != free).any(axis=1)
            self.hint[moved, 1], self.hint[moved, 2:] = self.hint[moved, 0], free[moved]
            overlaps = [self.geometry(free, row) for row in range(self.size)]
            sums = network_sums(self.model.architecture, self.reference.side, self.probe, overlaps, self.level)
            rows = zip(overlaps, sums, range(self.size), strict=True)
            last = self.__dict__["_last"] = (free.copy(), [self.state(*row) for row in rows])
        return last[1]

    def residual(self, free: np.ndarray) -> np.ndarray:
        return self.residual_and_jacobian(free)[0]

    def jacobian(self, free: np.ndarray) -> np.ndarray:
        return self.residual_and_jacobian(free)[1]

    def residual_and_jacobian(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        k = len(self.variables)
        residual, jacobian = np.empty((self.size, k)), np.empty((self.size, k, k))
        for row, state in enumerate(self.states(free)):
            residual[row], jacobian[row] = _row(state, self.distance[row], self.alpha[row], k)
        return residual, jacobian

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        return self.describe(free), self.residual(free)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_repeated", "_last")}

    def potential(self, free: np.ndarray) -> np.ndarray:
        return self.potential_terms(free).sum(axis=1)

    def potential_terms(self, free: np.ndarray) -> np.ndarray:
        """Summands of the entropy, (B, terms)."""
        rows = []
        for alpha, one in zip(self.alpha, self.states(free), strict=True):
            at = one.at
            own = self.pair.entropic(at.rest, at.off or 0.0, one.q_hat, one.s_hat, one.pair)
            rows.append([*own, alpha * one.patterns.log_z])
        return np.array(rows)

    def describe(self, free: np.ndarray) -> dict[str, np.ndarray]:
        """Order parameters, the free entropy, its slope in the distance, the replicon of the copies."""
        rows = [
            (
                one.at.q,
                one.at.t,
                one.at.s,
                one.q_hat,
                one.s_hat,
                one.pair.pull,
                2.0 * (one.pair.pull - alpha * one.patterns.pg),
                1.0 - alpha * one.patterns.rigidity * one.pair.susceptibility,
            )
            for alpha, one in zip(self.alpha, self.states(free), strict=True)
        ]
        return dict(zip(self.names, [self.potential(free), *np.array(rows).T], strict=True))

    def floors(self, free: np.ndarray, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The entropy is known to the rounding of its terms, which are small where the distance is."""
        return super().floors(free, seen) | {"free_entropy": 16 * EPS * np.abs(self.potential_terms(free)).sum(axis=1)}

    def means(self, free: np.ndarray) -> dict[str, np.ndarray]:
        """Cost and training error at the solution."""
        rows = [
            network_means(self.model.architecture, self.reference.side, self.probe, self.geometry(free, i), self.level)
            for i in range(self.size)
        ]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _spread(distance: float, qt: float) -> float:
    """``s - qt t`` at ``partial = 1``."""
    return float(np.sqrt(4.0 * distance * (1.0 - distance) * qt * (1.0 - qt)))


def _narrowing(partial: float) -> float:
    """``-d ln room/d partial``."""
    return 2.0 * partial / ((1.0 - partial) * (1.0 + partial))


def _chains(one: State, distance: float, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """d(q, s)/d(depth, partial) and d(q_hat, s_hat)/d(depth, partial)."""
    at, sums, spread = one.at, one.patterns, _spread(distance, one.at.qt)
    moves = at.rest if at.inside else 0.0
    chain = np.array([[moves, at.rest * _narrowing(at.off / spread) if spread else 0.0], [0.0, spread]])
    hats = alpha * np.array([[sums.gg_q, 2.0 * sums.rg_q], [sums.rg_q, sums.rg_s]])
    return chain, hats @ chain


def _row(one: State, distance: float, alpha: float, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Residual of the map and its derivatives for one row."""
    at, pair, spread = one.at, one.pair, _spread(distance, one.at.qt)
    partial, old = (pair.off / spread, at.off / spread) if k == 2 else (0.0, 0.0)
    new = Geometry.at_distance(distance, partial, 0.0, at.qt)
    residual = np.array([np.log(new.room / pair.rest) - at.depth, partial - old])
    moved = pair.slopes @ _chains(one, distance, alpha)[1]
    turned = moved[1] / spread if k == 2 else moved[1]
    jacobian = np.array([moved[0] / pair.rest - _narrowing(partial) * turned, turned]) - np.eye(2)
    return residual[:k], jacobian[:k, :k]
