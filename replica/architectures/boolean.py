"""Networks of a few Boolean units whose output depends on how many are positive: averages over K outer fields."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import comb
from typing import Any

import numpy as np

from replica._registry import per_row
from replica.architectures._bayes_majority import majority_bayes_error
from replica.architectures._boolean_kernels import ratio_sums, residual_sums, whole_sums
from replica.architectures._boolean_reference import reference_sums
from replica.architectures._flips import log_pairs, moves, nearest_allowed
from replica.architectures._majority_kernels import majority_sums, unanimous_sums
from replica.architectures._unit_apart import apart_sums
from replica.architectures._unit_chances import flipped_average, guarded_sums, level_masses, step_chances
from replica.architectures._unit_fields import fields_on
from replica.architectures._unit_groups import group_sums, meshes
from replica.architectures._unit_limit_kernels import limit_sums
from replica.architectures._unit_pairs import RULES, pair_sums
from replica.architectures._unit_table import LARGEST, PANELLED, rule_of, unit_table
from replica.architectures.base import PatternAverage
from replica.architectures.few_units import (
    NO_GROUPS,
    FewUnits,
    GroupSums,
    Guarded,
    Joint,
    LimitSums,
    Moved,
    PairSums,
    Plain,
)
from replica.data.base import Data, Overlaps
from replica.losses.base import Loss


@dataclass(frozen=True)
class BooleanUnits(FewUnits):
    """K units +-1 (K = 2 ... 5 for the equations, any K for the capacity of the sphere) and the output of a network.

    Parameters
    ----------
    outputs : tuple of float
        The field of a pattern when n of the K units are positive, n = 0 ... K.
    guard : float or array over a batch
        The least field of every unit; above 0 the averages are those of units that do not overlap (q = 0), with outputs
        that do not see their signs.
    """

    outputs: tuple[float, ...]
    guard: Any = 0.0

    @property
    def paired(self) -> bool:  # type: ignore[override]
        few = self.units in RULES or self.units in LARGEST and self.alternates
        return few and not np.any(self.guard)

    @property
    def pair_accuracy(self) -> float:  # type: ignore[override]
        return 1e-9 if self.units in RULES else 1e-7

    @property
    def grouped(self) -> bool:  # type: ignore[override]
        return self.units in RULES and not np.any(self.guard)

    @property
    def alternates(self) -> bool:  # type: ignore[override]
        """Whether the output is a parity."""
        signs = np.sign(self.outputs)
        return bool(np.all(signs[1:] == -signs[:-1]))

    @property
    def dear(self) -> bool:  # type: ignore[override]
        return self.units > 2

    @classmethod
    def committee(cls, units: int, ties: str) -> BooleanUnits:
        """Fields ``(2n - K)/sqrt K``, moved by a rounding so that a tie with the margin is decided as asked."""
        fields = (2.0 * np.arange(units + 1) - units) / np.sqrt(units)
        nudge = 1e-13 if ties == "satisfied" else -1e-13
        return cls(tuple((fields + nudge).tolist()))

    @property
    def rounding(self) -> float:  # type: ignore[override]
        return 4e-15 if self.units <= 3 else 5e-13

    @property
    def units(self) -> int:
        return len(self.outputs) - 1

    def patterns(
        self, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, level: int, whole: bool
    ) -> PatternAverage:
        if self.units not in LARGEST:
            few = f"2 to {max(LARGEST)} units (the capacity of the sphere: any)"
            raise ValueError(f"the equations are here for {few}, got {self.units}")
        rows = np.size(overlaps.q)
        if np.any(self.guard):
            return self._guarded(loss, data, overlaps, beta, whole)
        sums = np.zeros((rows, 5 + 2))
        q, variance, m, transverse = (per_row(x, rows) for x in overlaps)
        for label, taught in self._labels(data):
            field = np.tile(label * np.asarray(self.outputs), (rows, 1))
            weight = loss.boltzmann(field, beta)
            cost = np.where(weight > 0, loss.cost(field), 0.0)
            extra = np.stack([weight * cost, weight * loss.violated(field)], axis=1)
            for row, (own, spread, lever, rest) in enumerate(np.stack([q, variance, m, transverse], axis=1).tolist()):
                sums[row] += self._one(own, spread, lever, rest, weight[row], extra[row], taught, level, whole)
        log_z, bend, square, rigidity, pull, cost, wrong = sums.T
        if not whole:  # the fields of the units scale: sum_k E f_k' follows
            bend = -(variance * square + m * pull) / (q + variance)
        conjugates = {"q_hat": square, "curvature": -bend} | ({"m": pull} if data.overlaps else {})
        return PatternAverage(log_z, conjugates, *((rigidity, cost, wrong) if whole else (None, None, None)))

    def pair_sums(self, reference: Guarded, probe: Plain, law: Joint, level: int, *, whole: bool = False) -> PairSums:
        (own,) = self._boltzmann(*reference[:2], False)
        seen, *extra = self._boltzmann(*probe, whole)
        if self.units in RULES:
            return pair_sums(own, seen, law, level, reference[2], extra)
        if law.qt > 0 or not (reference[0].hard and probe[0].hard):
            raise ValueError(f"references that overlap, and costs, are here for 2 and 3 units, got {self.units}")
        return apart_sums(self.units, law, level, reference[2])

    def group_sums(
        self, loss: Loss, beta: Any, overlaps: tuple[float, float, float], power: float, level: int, *, whole: bool
    ) -> GroupSums:
        if self.units not in RULES:
            raise ValueError(f"groups of replicas are here for 2 and 3 units, got {self.units}: more take too long")
        mesh = meshes(*overlaps, power, self.units, level)
        if mesh is None:
            return NO_GROUPS
        weight, *extra = self._boltzmann(loss, beta, whole)
        seen = fields_on(mesh[1].field, overlaps[2], weight, whole=False)
        shares = []
        for row in extra:
            share = fields_on(mesh[1].field, overlaps[2], row, whole=False).log_z if row.any() else -np.inf
            shares.append(np.exp(share - seen.log_z))
        return group_sums(*mesh, *overlaps[:2], power, seen.log_z, [(self.units, seen.slope)], shares)

    def limit_sums(
        self, loss: Loss, beta: Any, common: float, log_gap: float, variance: float, level: int
    ) -> LimitSums:
        weight, *extra = self._boltzmann(loss, beta, True)
        return limit_sums(weight, extra, common, log_gap, variance, level)

    def _boltzmann(self, loss: Loss, beta: Any, whole: bool) -> list[np.ndarray]:
        """Boltzmann weights by the number of positive units, and these times the cost, and of errors."""
        field = np.asarray(self.outputs)[None, :]
        weight = loss.boltzmann(field, beta)[0]
        if not whole:
            return [weight]
        cost = np.where(weight > 0, loss.cost(field)[0], 0.0)
        return [weight, weight * cost, weight * loss.violated(field)[0]]

    def _guarded(self, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, whole: bool) -> PatternAverage:
        """`patterns` at q = 0 of units with a least field; NaN elsewhere."""
        if not data.unrelated or not loss.hard:
            raise ValueError(f"a least field of every unit is here for random labels and a margin, not {data}, {loss}")
        rows = np.size(overlaps.q)
        q, variance, guard = (np.broadcast_to(x, (rows,)) for x in (overlaps.q, overlaps.variance, self.guard))
        weight = loss.boltzmann(np.tile(np.asarray(self.outputs), (rows, 1)), beta)
        log_z, bend, rigidity = guarded_sums(weight, guard / np.sqrt(variance), variance)
        nothing = np.where(q == 0, 0.0, np.nan)
        more = (rigidity + nothing, nothing, nothing) if whole else (None, None, None)
        return PatternAverage(log_z + nothing, {"q_hat": nothing, "curvature": nothing - bend}, *more)

    def log_pairs(self, reference: Guarded, probe: Plain, distance: np.ndarray) -> np.ndarray:
        if reference[2]:
            raise ValueError("the first moment of pairs is not here with a least field of the reference's units")
        (own,), (seen,) = (self._boltzmann(loss, beta, False) for loss, beta in (reference[:2], probe))
        return log_pairs(own, seen, distance)

    def flipped(self, loss: Loss, beta: Any, overlaps: tuple[float, float], move: Moved, level: int) -> np.ndarray:
        nodes = self._outer_nodes(*overlaps, level)
        (weight,) = self._boltzmann(loss, beta, False)
        steps = [step_chances(nodes[0], overlaps[1], d, level) for d in move.noise.tolist()]
        return flipped_average(*nodes, overlaps[1], weight, steps, move.wrong(np.asarray(self.outputs)))

    def masses(self, loss: Loss, beta: Any, overlaps: tuple[float, float], level: int) -> np.ndarray:
        nodes = self._outer_nodes(*overlaps, level)
        found = level_masses(*nodes, overlaps[1], *self._boltzmann(loss, beta, False))
        return np.array([found[np.asarray(self.outputs) == level].sum() for level in self.levels])

    def _outer_nodes(self, q: float, variance: float, level: int) -> tuple[np.ndarray, np.ndarray]:
        """Cavity fields of a unit and their weights; one at 0 for a paramagnet."""
        if q == 0:
            return np.zeros(1), np.ones(1)
        if self.units not in LARGEST or np.any(self.guard):
            raise ValueError(f"this is here for 2 to {max(LARGEST)} units without a least field, got {self}")
        rule = rule_of(self.units, level, q, variance, 0.0, 0.0)
        if rule is None:
            raise ValueError("an average over the fields of all units would take too long: q is near 1")
        table = unit_table(q, variance, 0.0, 0.0, rule)
        return np.sqrt(q) * table[0], table[1]

    def _labels(self, data: Data) -> list[tuple[float, np.ndarray]]:
        """Labels and, per number of the teacher's positive units, whether it gives that label (2 for any label)."""
        if data.unrelated:
            return [(1.0, np.ones(self.units + 1))]
        if data.imitates:
            return [(sign, (sign * np.asarray(self.outputs) > 0).astype(float)) for sign in (1.0, -1.0)]
        raise ValueError(f"networks of a few units are here for random labels and a noise-free teacher, not {data}")

    def _one(
        self, q: float, variance: float, m: float, transverse: float, weight: np.ndarray, extra: np.ndarray,
        taught: np.ndarray, level: int, whole: bool,
    ) -> np.ndarray:
        found = np.zeros(7)
        if q > PANELLED * (q + variance) and taught.all() and not np.any(extra):
            sums = self._near_one(q, variance, weight, level, whole)
            if sums is not None:
                found[:4] = sums
                return found
        known = np.isfinite(q + variance + m) and variance > 0 and (transverse > 0 or not m)
        rule = rule_of(self.units, level, q, variance, m, transverse) if known else None
        if rule is None:
            return np.full(7, np.nan)
        table = unit_table(q, variance, m, transverse, rule)
        scale = weight.max()  # of a soft loss at a low temperature
        if not scale > 0:  # no output satisfies the pattern
            return np.array([-np.inf, *[np.nan] * 6])
        arguments = (table, weight / scale)
        if not whole:
            out = np.empty(2)
            residual_sums(*arguments, taught, self.units, rule.reach**2, out)
            return np.array([np.nan, 0.0, out[0], 0.0, out[1], 0.0, 0.0])
        whole_sums(*arguments, taught, self.units, rule.reach**2, found[:5])
        share = 1.0 if taught.all() else 0.5
        found[0] += share * np.log(scale)
        if np.any(extra):
            ratio_sums(*arguments, extra / scale, taught, self.units, rule.reach**2, found[5:])
        return found

    def reference_patterns(
        self, loss: Loss, data: Data, overlaps: Overlaps, beta: Any, mp: Any, digits: int
    ) -> PatternAverage:
        q, variance, m, _ = overlaps
        parts = []
        for label, taught in self._labels(data):
            weight = loss.boltzmann(label * np.asarray(self.outputs)[None, :], float(beta))[0]
            parts.append(reference_sums(overlaps, weight, taught, self.units, mp, digits - 10))  # ten are spare
        log_z, square, pull = (sum(column) for column in zip(*parts, strict=True))
        curvature = (variance * square + m * pull) / (q + variance)  # the fields of the units scale
        conjugates = {"q_hat": square, "curvature": curvature} | ({"m": pull} if data.overlaps else {})
        return PatternAverage(log_z, conjugates, mp.nan, mp.nan, mp.nan)

    def _near_one(self, q: float, variance: float, weight: np.ndarray, level: int, whole: bool) -> np.ndarray | None:
        """The sums without a teacher on panels that follow the edges; None where there are none for these outputs."""
        every = np.all(weight[:-1] == 0.0)
        if not every and (self.units != 3 or weight[:2].any() or weight[2] != weight[3]):
            return None
        sums = unanimous_sums(q, variance, self.units, level) if every else majority_sums(q, variance, level, whole)
        sums[0] = sums[0] + np.log(weight[-1]) if whole else np.nan
        sums[1] = -variance * sums[2] / (q + variance)  # the fields of the units scale
        return sums

    @property
    def levels(self) -> tuple[float, ...]:
        return tuple(sorted(set(self.outputs)))

    def attainable(self, loss: Loss) -> bool:
        return bool(np.any(loss.cost(np.asarray(self.outputs)[None, :]) == 0))

    def allowed(self, loss: Loss) -> tuple[bool, ...] | None:
        found = loss.cost(np.asarray(self.outputs)[None, :])[0] == 0
        least = found.any() and not found.all() and np.all(found[1:] >= found[:-1])
        known = self.grouped and loss.hard and (least or np.all(found[1:] != found[:-1]))
        return tuple(found.tolist()) if known else None

    def nearest(self, loss: Loss, level: int) -> tuple[float, float]:
        return nearest_allowed(self.units, np.flatnonzero(loss.cost(np.asarray(self.outputs)[None, :])[0] == 0), level)

    def bayes_error(self, q: float) -> tuple[float, float]:
        signs = np.sign(self.outputs)
        if self.alternates:  # parity: the mean output is the product of those of the units
            return 0.5 - 0.5 * (1.0 - 2.0 * np.arctan2(np.sqrt(1.0 - q), np.sqrt(q)) / np.pi) ** self.units, 4e-16
        if self.units != 3 or not np.array_equal(signs, [-1.0, -1.0, 1.0, 1.0]):
            raise ValueError(f"the optimal rule is here for parity and committees of 3 units, got {self.units} units")
        found = [majority_bayes_error(q, order) for order in (8, 12, 16)]
        return found[-1], 2.0 * (max(found) - min(found)) + 1e-15

    def error_rate(self, disagreement: np.ndarray) -> np.ndarray:
        """Over all numbers of positive units before and after, a network with the probability of its flips."""
        total = np.zeros_like(disagreement)
        signs = np.sign(self.outputs)
        for first, second in product(range(self.units + 1), repeat=2):
            if signs[first] != signs[second]:
                total += comb(self.units, first) / 2**self.units * moves(self.units, first, second, disagreement)
        return total
