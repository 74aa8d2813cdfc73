"""What a loss must give; defaults are inner quadrature and a numerical proximal map. No particular loss lives here."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from replica._registry import Member, column, per_row
from replica.losses._certified import Certified
from replica.losses._convex import costs_nothing, seems_convex, seems_even, seems_exact
from replica.losses._enclosed import LossRing
from replica.losses._ground import panel_sums, slope_of_map
from replica.losses._inner import marked, tilted_features, tilted_grain, tilted_mean, tilted_terms
from replica.losses._optimal import optimal_field
from replica.losses._protocol import Moved
from replica.losses._tabulated import (
    off_by_table,
    tabulated_breaks,
    tabulated_map,
    tabulated_rounding,
    tabulated_slopes,
)
from saddlepoint.enclosures import NotEnclosed
from saddlepoint.quadrature.fields import field_nodes, weighted_sums


class Loss(Certified, Member):
    r"""A cost of the stability (field) ``u`` of a pattern, and its local partition function.

    On a cavity field ``h`` with Gaussian uncertainty of variance ``V`` every ansatz needs

    .. math:: \ln Z(h, V) = \ln \int Dz\, e^{-\beta \ell(h + \sqrt V z)}

    and its first two derivatives in ``h``. A subclass gives `cost` and `kinks`; where closed forms exist it overrides
    `terms` (and ``reference`` for certification). At zero temperature it gives `ground`: the proximal point and the
    Moreau envelope ``min_u l(u) + (u-h)^2/(2V)``; a finite convex cost has it from its values alone, and faster where
    it overrides `slope` and `bend`. ``log_concave``, ``satisfiable``, ``exact`` and ``even`` are seen from its values;
    in the class, True or False, they say so without a look.
    """

    family = "loss"
    registry: ClassVar[dict[str, type[Any]]] = {}
    parameters: ClassVar[dict[str, str]] = {}
    #: the cost is 0 or infinity: the temperature does not matter
    hard: ClassVar[bool] = False
    if TYPE_CHECKING:
        #: the cost is convex: exp(-beta l) is log-concave, so ``ln Z`` is concave in the field
        log_concave: ClassVar[bool]
        #: some stability costs nothing: below a capacity zero-temperature states are the solutions of zero cost
        satisfiable: ClassVar[bool]
        #: l(-u) = l(u): the paramagnet q = 0 is a saddle point
        even: ClassVar[bool]
        #: one stability costs less than any other: an equation for each pattern, which no alphabet solves
        exact: ClassVar[bool]
    else:  # seen from the values where a member does not declare it
        log_concave = cached_property(seems_convex)
        satisfiable = cached_property(costs_nothing)
        even = cached_property(seems_even)
        exact = cached_property(seems_exact)
    #: a parabola: what replicas differ by sees the patterns, not their labels
    quadratic: ClassVar[bool] = False
    #: the proximal map jumps: replica symmetry is always broken at zero temperature
    ground_jumps: ClassVar[bool] = False
    #: the cost is made of straight pieces between its kinks
    straight: ClassVar[bool] = False
    #: 1 or 2 in copies whose proximal map is off by all that it may be wrong by
    doubtful: ClassVar[int] = 0
    #: fineness of inner averages (see `marked`)
    inner_level: ClassVar[int] = 1
    point_sums: ClassVar[Any] = None  # of compiled loops (`replica.ansatz.rs.one_overlap`)
    #: +1 where a larger margin is harder to satisfy, -1 where it is easier
    tightens: ClassVar[int] = 1

    @property
    def attained(self) -> bool:
        """Some stability costs the least that any does, so that weights may give every pattern such a one."""
        return self.satisfiable or self.exact

    @property
    def has_ground(self) -> bool:
        """`ground` is there, and zero-temperature formulas with it: convex costs, members with a proximal map."""
        return self.log_concave or type(self).ground is not Loss.ground

    def cost(self, u: np.ndarray) -> np.ndarray:
        """Cost of the stability ``u`` (``inf`` where a hard constraint forbids it)."""
        raise TypeError(f"the loss {type(self).__name__} must define cost(u)")

    def kinks(self) -> tuple[float, ...]:
        """Stabilities at which the cost has a kink or a jump."""
        return ()

    def errorless(self) -> bool:
        """Whether no pattern can cost anything or be `violated` in the measure of `terms` (hard constraints)."""
        return False

    def violated(self, u: np.ndarray) -> np.ndarray:
        """Whether a pattern with stability ``u`` counts as a training error (default: the wrong side, u < 0)."""
        return u < 0

    def at_level(self, level: int) -> Loss:
        """The same cost with inner averages as fine as that level of the averages over fields."""
        return self if level == self.inner_level else marked(self, inner_level=level)

    @property
    def averaged(self) -> bool:
        """Whether the local partition function is an inner average: the member gives its cost alone."""
        return type(self).terms is Loss.terms

    @property
    def recut(self) -> list[Loss]:
        """The same with averages that know the cost by other series; none where it is known in closed form."""
        return [marked(self, inner_elsewhere=True)] if self.averaged and not self.hard else []

    def grain(self, beta: Any, norm: Any = 1.0) -> Any:
        """Rounding of ``ln Z`` and its slopes in units of that of a closed form (see `tilted_grain`)."""
        return tilted_grain(self, beta, norm) if self.averaged else 1.0

    def enclosed(self, cold: bool) -> LossRing:
        """The loss (``cold``: at beta = inf) in a differential ring with proved bounds, for enclosures; only members
        that prove theirs have it.
        """
        raise NotEnclosed(f"not enclosed: nothing is proved of the loss {self}")

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """Positions and widths (batch, F), in units of the field, where ``ln Z`` varies fast: kinks smeared by
        sqrt(V); where `terms` is an inner average, what resolves it.
        """
        if self.averaged:
            return tilted_features(self, variance, beta)
        kinks = [per_row(kink, variance.size) for kink in self.kinks()]
        places = np.stack(kinks, axis=1) if kinks else np.zeros((variance.size, 0))
        return places, np.broadcast_to(np.sqrt(variance)[:, None], places.shape)

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        r"""``ln Z`` and its first two derivatives in the field; arrays (batch, node), variance (batch,).

        Default: inner quadrature on pieces as narrow as the weight, slopes by parts: with ``g = -beta l'`` and steps
        ``j_k`` of the weight at ``u_k``, ``f = <g> + sum j_k`` and ``V f' = Cov(g, u) + sum j_k (u_k - <u>)``.
        """
        return tuple(tilted_terms(self, field, variance, beta, whole=False)[:3])

    def averages(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, ...]:
        """`terms`, `mean_cost` and `error_rate` together; an inner average gives all from the same nodes."""
        own = [getattr(type(self), n) is getattr(Loss, n) for n in ("terms", "mean_cost", "error_rate", "violated")]
        if all(own) and not self.hard:
            return tuple(tilted_terms(self, field, variance, beta, whole=True))
        rest = self.mean_cost(field, variance, beta), self.error_rate(field, variance, beta)
        return (*self.terms(field, variance, beta), *rest)

    def optimal(self, field: np.ndarray, log_gap: np.ndarray, variance: np.ndarray, beta: Any) -> Any:
        """The field omega at the maximum of ``-(u-h)^2/(2 gap) + ln Z(u, V)``; arrays (batch, node), rows (batch,).

        Gives ``omega - h``, ``ln Z``, ``gap f^2`` and ``-gap f'`` there; only for ``log_concave`` losses.
        """
        return optimal_field(lambda u: self.terms(u, variance, beta), field, log_gap)

    def plain_sums(
        self, mean: np.ndarray, deviation: np.ndarray, variance: np.ndarray, beta: Any, level: int
    ) -> np.ndarray:
        """``E ln Z``, ``E f'``, ``E f^2`` and ``E f'^2`` (4, batch) over ``h = mean + deviation z``.

        The default composes `features`, `terms` and sums; a loss may do the same in one compiled pass.
        """
        places, widths = self.features(variance, beta)
        _, weight, field = field_nodes(places, widths, mean, deviation, level)
        value, first, second = self.terms(field, variance, beta)
        return weighted_sums(weight, (value, second), (first, second))

    def inner_features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """Stabilities and widths (batch, F) between which a convex cost bends fast, for inner quadrature."""
        return np.zeros((variance.size, 0)), np.zeros((variance.size, 0))

    def learner(self, penalty: float, bias: bool) -> tuple[Any, float]:
        """A scikit-learn estimator that minimises ``sum l(y (x.v + bias)) + (penalty/2)|v|^2``, and the factor by which
        its coefficients are to be multiplied.
        """
        raise ValueError(f"scikit-learn has no estimator for {self}; erm is for square, logistic and hinge losses")

    def mean_cost(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        """Thermal mean of the cost, ``-d ln Z/d beta``; zero for hard constraints. Default: inner quadrature."""
        return np.zeros_like(field) if self.hard else tilted_terms(self, field, variance, beta, whole=True)[3]

    def error_rate(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        """Probability that the stability is `violated`, in the tilted measure of `terms`. Default: inner quadrature."""
        if type(self).violated is Loss.violated:
            return tilted_terms(self, field, variance, beta, whole=True)[4]
        return tilted_mean(self, lambda own, u: own.violated(u), field, variance, beta)

    def boltzmann(self, u: np.ndarray, beta: Any) -> np.ndarray:
        """``exp(-beta l(u))``."""
        cost = np.asarray(self.cost(u), dtype=float)
        with np.errstate(invalid="ignore", over="ignore"):
            weight = np.exp(-column(beta) * cost) if not self.hard else np.where(cost > 0, 0.0, 1.0)
        return np.where(np.isnan(weight), 1.0, weight)  # beta = inf at zero cost

    @property
    def gives_slope(self) -> bool:
        """The class gives its slope, not its values alone."""
        return type(self).slope is not Loss.slope

    def slopes(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``l'(u)`` and ``l''(u)`` together."""
        if not self.gives_slope and type(self).bend is Loss.bend:
            return tabulated_slopes(self, u)
        return self.slope(u), self.bend(u)

    def slope(self, u: np.ndarray) -> np.ndarray:
        """``l'(u)`` of a cost between its kinks (default: from its table)."""
        return tabulated_slopes(self, u)[0]

    def bend(self, u: np.ndarray) -> np.ndarray:
        """``l''(u)`` of a cost between its kinks (default: from its table)."""
        return tabulated_slopes(self, u)[1]

    def slope_beside(self, u: np.ndarray, side: int) -> np.ndarray:
        """``l'(u)`` of a convex cost just below (``side = -1``) or above (1) a stability that may be a kink."""
        return self.slope(u) if self.gives_slope and not self.kinks() else tabulated_slopes(self, u, side)[0]

    @property
    def tabulated(self) -> bool:
        """The proximal map comes from a table of the slope: a convex cost that gives no map of its own."""
        return type(self).ground is Loss.ground and self.log_concave and not self.hard

    @property
    def off(self) -> list[Loss]:
        """The same with a proximal map off by all that the table may be wrong by, in two ways; none without a table."""
        return [] if self.doubtful or not self.tabulated else off_by_table(self)

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Proximal point and Moreau envelope; only where `has_ground` (default: of a convex cost, from its table)."""
        best, move, _ = self.moved(field, variance)
        return best, self.cost(best) + move**2 / (2.0 * variance[:, None])

    def ground_slope(self, field: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """Derivative of the proximal point in the field: ``1/(1 + V l'')``, and 0 where a kink holds it.

        Default for maps that are no convex cost's: differences.
        """
        if self.tabulated:
            return 1.0 - self.moved(field, variance).held
        return slope_of_map(self, field, variance)

    def moved(self, field: np.ndarray, variance: np.ndarray) -> Moved:
        """The proximal point u, ``u - h`` and ``1 - u'``, each with the digits that it has."""
        if type(self).ground is not Loss.ground:
            best, _ = self.ground(field, variance)
            return Moved(best, best - field, 1.0 - self.ground_slope(field, variance))
        if not self.tabulated:
            raise ValueError(f"the zero-temperature equations need the proximal map of {self}, which it does not give")
        return tabulated_map(self, field, variance)

    def paid(self, best: np.ndarray) -> np.ndarray:
        """The cost at proximal points."""
        cost = self.cost(best)
        return cost + tabulated_rounding(self, best) if self.doubtful else cost

    def ground_breaks(self, variance: np.ndarray) -> np.ndarray:
        """Fields (batch, K) between which the proximal map is smooth: ``k + V l'(k)``, either side of a kink k."""
        if self.tabulated:
            return tabulated_breaks(self, variance)
        places = [per_row(kink, variance.size) for kink in self.kinks()]
        if self.log_concave and not self.hard:
            ends = [(k, self.slope_beside(k[:, None], side)[:, 0]) for k in places for side in (-1, 1)]
            places = [k + variance * end for k, end in ends]
        return np.stack(places, axis=1) if places else np.zeros((variance.size, 0))

    def ground_features(self, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fields and widths (batch, F) where the map bends beside its breaks (default: a unit around that of 0)."""
        if self.hard or not self.log_concave or self.tabulated:
            return np.zeros((variance.size, 0)), np.zeros((variance.size, 0))
        return self.ground_edge(variance)[:, None], np.ones((variance.size, 1))

    def ground_edge(self, variance: np.ndarray) -> np.ndarray:
        """Field below which the proximal point is on the wrong side of 0, one per row."""
        zero = np.zeros((variance.size, 1))
        if self.hard or not self.log_concave:
            return zero[:, 0]
        with np.errstate(invalid="ignore"):  # an infinite response to no slope
            return variance * self.slope_beside(zero, -1)[:, 0]

    def ground_sums(
        self, mean: np.ndarray, deviation: np.ndarray, variance: np.ndarray, level: int, whole: bool = True
    ) -> np.ndarray:
        """Averages over the field ``h = mean + deviation z`` of what the proximal map u does with it (6, batch).

        ``E (u-h)``, ``E (u-h)^2``, ``E (1-u')``, ``E (1-u')^2``, ``E l(u)`` and the probability that u is `violated`.
        The default integrates on panels; a loss may give closed forms. ``whole=False`` leaves out the last two.
        """
        return panel_sums(self, mean, deviation, variance, level, whole)
