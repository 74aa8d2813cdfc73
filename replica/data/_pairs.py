"""What the classes of patterns are to a reference and a probe beside it; no data model lives here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class PairOverlaps(NamedTuple):
    """Overlaps of a probe beside a reference of unit norm: ``q``, ``variance = Q - q``, ``m``, and ``t`` with the
    reference; the probe's field is multiplied by ``root``. ``beside = q - t^2`` where it is known without cancellation.
    """

    q: Any
    variance: Any
    m: Any
    t: Any
    root: float = 1.0
    beside: Any = None

    @property
    def own(self) -> Any:
        """``sqrt(q - t^2)``: deviation of what the probe does not share with the reference."""
        return np.sqrt(np.maximum(self.q - self.t**2, 1e-15) if self.beside is None else self.beside)


class PairDensity(NamedTuple):
    """Reweighting of the cavity field ``h`` of a reference and of the own noise ``y`` of a probe by the labels.

    Called with h (R, 1), y (R, n) and the batch row of each it gives the weight, the score ``s`` of
    ``dE f/dm = E[f' s]``, and (B,) the coefficient ``c`` of ``dE f/dt = E[f' (weight (h - t y/sqrt(q-t^2)) - c s)]``.
    ``outer`` is (place, width) of its feature in h, ``inner(h, rows)`` those in y.
    """

    weigh: Callable[[Any, Any, Any], tuple[Any, Any, Any]]
    outer: tuple[Any, Any]
    inner: Callable[[Any, Any], tuple[Any, Any]]

    def __call__(self, h: Any, y: Any, rows: Any) -> tuple[Any, Any, Any]:
        return self.weigh(h, y, rows)


class PairChannel(NamedTuple):
    """One class of patterns as a reference of unit norm and a probe see it.

    The reference's cavity field is ``reference_mean + scale h``; the probe's ``mean + scale (t h + sqrt(q-t^2) y)``,
    ``mean`` an array over the batch.
    """

    probability: float
    reference_mean: float
    mean: Any
    scale: float = 1.0
    density: PairDensity | None = None
