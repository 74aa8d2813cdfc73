"""What certification asks of a cost, in mpmath arithmetic; no loss lives here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.losses._tabulated import resting
from saddlepoint import CertificationFailed
from saddlepoint.enclosures import NotEnclosed


class Certified:
    """The part of a `Loss` that is known to any number of digits."""

    def reference(self: Any, field: Any, variance: Any, beta: Any, mp: Any) -> Any:
        """``ln Z`` in mpmath arithmetic, for certification (default: inner mpmath quadrature of the cost)."""
        spread = mp.sqrt(variance)
        inner = sorted((mp.mpf(k) - field) / spread for k in self.kinks())
        edges = [-mp.inf, *inner, mp.inf]

        def density(z: Any) -> Any:
            return mp.exp(-z * z / 2 - beta * self.reference_cost(field + spread * z, mp)) / mp.sqrt(2 * mp.pi)

        return mp.log(mp.quad(density, edges))

    def reference_cost(self: Any, u: Any, mp: Any) -> Any:
        """The cost of one stability in mpmath arithmetic (default: the double-precision `cost`)."""
        return mp.mpf(float(self.cost(np.array(float(u)))))

    def reference_ground(self, field: Any, variance: Any, mp: Any) -> tuple[Any, Any]:
        """The proximal point u of one field in mpmath, and ``1 - u'`` there (``variance`` may be ``inf``)."""
        raise CertificationFailed(f"{self} gives no proximal map in mpmath, so its minimisers have no certificate")

    def enclosed_mass(self, margin: Any) -> tuple[Any, Any]:
        """The Gaussian mass p of the stabilities that the constraint of that half-width allows, and ``|p''|/p``, p as
        a function of the field; of hard constraints that are even in it.
        """
        raise NotEnclosed(f"not enclosed: nothing is proved of the loss {self}")

    def enclosed_missing(self, margin: Any) -> Any:
        """Mean squared distance of a standard Gaussian field from those that the constraint of that margin allows."""
        raise NotEnclosed(f"not enclosed: nothing is proved of the loss {self}")

    def enclosed_ground(self, field: Any, variance: Any) -> tuple[Any, ...]:
        """Averages of the proximal map u over a field w of a law of `_enclosed_fields`, in balls, by closed formulas:
        of ``u-w``, ``(u-w)^2``, ``1-u'``, ``(1-u')^2`` and of the cost.
        """
        raise NotEnclosed(f"not enclosed: the averages of the proximal map of {self} are not closed")

    def reference_breaks(self, variance: Any, mp: Any) -> list[Any]:
        """`ground_breaks` of one row in mpmath."""
        return []

    def reference_terms(self: Any, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        """``ln Z`` and its first two derivatives in mpmath (default: differences of `reference`)."""
        if beta == mp.inf and self.exact:
            return -mp.inf, (resting(self)[0] - field) / variance, -1 / variance
        values = mp.taylor(lambda h: self.reference(h, variance, beta, mp), field, 2)
        return values[0], values[1], 2 * values[2]
