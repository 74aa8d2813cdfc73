"""What a loss must give, and inner quadrature for losses without closed forms. No particular loss lives here."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from replica._registry import Member, column, per_row
from replica.losses._optimal import optimal_field
from saddlepoint.quadrature.fields import field_nodes, weighted_sums
from saddlepoint.quadrature.panels import gaussian_nodes


class Loss(Member):
    r"""A cost of the stability (field) ``u`` of a pattern, and its local partition function.

    On a cavity field ``h`` with Gaussian uncertainty of variance ``V`` every ansatz needs

    .. math:: \ln Z(h, V) = \ln \int Dz\, e^{-\beta \ell(h + \sqrt V z)}

    and its first two derivatives in ``h``. A subclass gives `cost` and `kinks`; where closed forms exist it overrides
    `terms` (and `reference` for certification). At zero temperature it gives `ground`: the proximal point and the
    Moreau envelope ``min_u l(u) + (u-h)^2/(2V)``.
    """

    family = "loss"
    registry: ClassVar[dict[str, type]] = {}
    parameters: ClassVar[dict[str, str]] = {}
    #: the cost is 0 or infinity: the temperature does not matter
    hard: ClassVar[bool] = False
    #: exp(-beta l) is log-concave, so ``ln Z`` is concave in the field
    log_concave: ClassVar[bool] = False
    #: l(-u) = l(u): the paramagnet q = 0 is a saddle point
    even: ClassVar[bool] = False
    #: `ground` is available: zero-temperature and capacity formulas apply
    has_ground: ClassVar[bool] = False
    #: the proximal map jumps: replica symmetry is always broken at zero temperature
    ground_jumps: ClassVar[bool] = False
    #: +1 where a larger margin is harder to satisfy, -1 where it is easier
    tightens: ClassVar[int] = 1

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

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """Positions and widths (batch, F), in units of the field, where ``ln Z`` varies fast: kinks smeared by
        sqrt(V).
        """
        size = variance.size
        deviation = np.sqrt(variance)[:, None]
        places = (
            np.stack([per_row(kink, size) for kink in self.kinks()], axis=1) if self.kinks() else np.zeros((size, 0))
        )
        return places, np.broadcast_to(deviation, places.shape)

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``ln Z`` and its first two derivatives in the field; arrays (batch, node), variance (batch,).

        Default: inner quadrature on panels that end at the kinks, derivatives from Gaussian moments
        (``f = <z>/sqrt V``, ``f' = (<z^2> - <z>^2 - 1)/V``).
        """
        deviation = np.sqrt(variance)[:, None]
        shape = field.shape
        flat = field.reshape(-1)
        spread = np.broadcast_to(deviation, shape).reshape(-1)
        z, weight = self._inner_nodes(field, variance, beta, self.kinks())
        inverse = np.broadcast_to(np.asarray(column(beta), dtype=float), shape).reshape(-1, 1)
        cost = self._on_rows(flat[:, None] + spread[:, None] * z, shape)
        with np.errstate(invalid="ignore"):
            exponent = np.where(cost == 0, 0.0, -inverse * cost)  # at beta = inf only zero cost is allowed
        top = np.max(exponent, axis=1, keepdims=True)
        top = np.where(np.isfinite(top), top, 0.0)
        mass = weight * np.exp(exponent - top)
        total = np.maximum(mass.sum(axis=1), 1e-300)
        first = (mass * z).sum(axis=1) / total
        spread_z = (mass * (z - first[:, None]) ** 2).sum(axis=1) / total
        log_z = np.log(total) + top[:, 0]
        return (
            log_z.reshape(shape),
            (first / spread).reshape(shape),
            ((spread_z - 1.0) / spread**2).reshape(shape),
        )

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

    def _inner_nodes(
        self, field: np.ndarray, variance: np.ndarray, beta: Any, edges: tuple[Any, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Inner nodes in z, a row per node of the field: panels end at the edges and resolve ``exp(-beta l)``.

        Their length is ``1.5/sqrt(1 + beta V)``, the width of the tilted Gaussian for a cost of unit curvature.
        """
        spread = np.broadcast_to(np.sqrt(variance)[:, None], field.shape).reshape(-1)
        places = [(per_row(edge, variance.size)[:, None] - field).reshape(-1) / spread for edge in edges]
        finite = np.where(np.isfinite(beta), beta, 0.0)
        step = float(np.clip(1.5 / np.sqrt(1.0 + np.max(finite * variance)), 0.1, 2.5))
        regular = np.arange(-10.0 + 0.5 * step, 10.0, step)
        grid = np.broadcast_to(regular, (spread.size, regular.size))
        breaks = np.concatenate([grid, *(place[:, None] for place in places)], axis=1)
        none = np.zeros((spread.size, 0))
        return gaussian_nodes(none, none, breaks, level=1)

    def _on_rows(self, u: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """`cost` on inner nodes, for a member whose parameters may be one per row of the batch."""
        cube = u.reshape(shape[0], -1)
        return np.asarray(self.cost(cube), dtype=float).reshape(u.shape)

    def mean_cost(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        """Thermal mean of the cost, ``-d ln Z/d beta``; zero for hard constraints. Default: inner quadrature."""
        if self.hard:
            return np.zeros_like(field)
        return self._tilted_mean(lambda u: np.asarray(self.cost(u), dtype=float), field, variance, beta, self.kinks())

    def error_rate(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        """Probability that the stability is `violated`, in the tilted measure of `terms`. Default: inner quadrature."""
        return self._tilted_mean(self.violated, field, variance, beta, (*self.kinks(), 0.0))

    def _tilted_mean(
        self, function: Any, field: np.ndarray, variance: np.ndarray, beta: Any, edges: tuple[Any, ...]
    ) -> np.ndarray:
        """Mean of ``function(u)`` over ``u = h + sqrt(V) z`` with the weight ``exp(-beta l(u))``, node by node."""
        flat = field.reshape(-1)
        spread = np.broadcast_to(np.sqrt(variance)[:, None], field.shape).reshape(-1)
        z, weight = self._inner_nodes(field, variance, beta, edges)
        u = flat[:, None] + spread[:, None] * z
        rows = u.reshape(field.shape[0], -1)  # a member's parameters may be one per row of the batch
        mass = weight * self.boltzmann(rows, beta).reshape(u.shape)
        found = np.asarray(function(rows), dtype=float).reshape(u.shape)
        with np.errstate(invalid="ignore"):
            share = np.where(mass > 0, mass * found, 0.0)  # a forbidden region has infinite cost and no weight
        return (share.sum(axis=1) / mass.sum(axis=1)).reshape(field.shape)

    def boltzmann(self, u: np.ndarray, beta: Any) -> np.ndarray:
        """``exp(-beta l(u))``."""
        cost = np.asarray(self.cost(u), dtype=float)
        with np.errstate(invalid="ignore", over="ignore"):
            weight = np.exp(-column(beta) * cost) if not self.hard else np.where(cost > 0, 0.0, 1.0)
        return np.where(np.isnan(weight), 1.0, weight)  # beta = inf at zero cost

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Proximal point and Moreau envelope at ``beta = inf``; only where `has_ground`."""
        raise ValueError(f"the zero-temperature equations need the proximal map of {self}, which it does not give")

    def ground_breaks(self, variance: np.ndarray) -> np.ndarray:
        """Fields (batch, K) at which the proximal map has a kink or a jump."""
        size = variance.size
        return np.stack([per_row(kink, size) for kink in self.kinks()], axis=1) if self.kinks() else np.zeros((size, 0))

    def reference(self, field: Any, variance: Any, beta: Any, mp: Any) -> Any:
        """``ln Z`` in mpmath arithmetic, for certification (default: inner mpmath quadrature of the cost)."""
        spread = mp.sqrt(variance)
        inner = sorted((mp.mpf(k) - field) / spread for k in self.kinks())
        edges = [-mp.inf, *inner, mp.inf]

        def density(z: Any) -> Any:
            return mp.exp(-z * z / 2 - beta * self.reference_cost(field + spread * z, mp)) / mp.sqrt(2 * mp.pi)

        return mp.log(mp.quad(density, edges))

    def reference_cost(self, u: Any, mp: Any) -> Any:
        """The cost of one stability in mpmath arithmetic (default: the double-precision `cost`)."""
        return mp.mpf(float(self.cost(np.array(float(u)))))

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        """``ln Z`` and its first two derivatives in mpmath (default: differences of `reference`)."""
        values = mp.taylor(lambda h: self.reference(h, variance, beta, mp), field, 2)
        return values[0], values[1], 2 * values[2]
