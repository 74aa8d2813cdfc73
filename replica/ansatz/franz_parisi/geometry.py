"""Overlaps of a probe with its reference, with another one and with its copies, as those of real vectors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

#: edge ``own = 0``: there the two-dimensional form of the averages degenerates, but they are smooth
LEAST_DEPTH = 1e-13


class Geometry(NamedTuple):
    """Overlaps as numbers: ``t`` own reference, ``s`` another reference; ``qt`` of the references.

    ``q = s^2/qt + (t-s)^2/(1-qt) + own`` with ``own >= 0`` when the overlaps are those of vectors. ``depth`` says how
    much of the room ``1 - s^2/qt - (t-s)^2/(1-qt)`` two copies share: ``1 - q = room exp(-depth)``, 0 at ``own = 0``,
    infinite at q = 1. With norms other than 1, ``norm`` of the reference and ``size`` of the probe take the place of
    these ones. ``away = sqrt(size norm) - t`` and ``off = s - qt t/norm`` where they are known without cancellation.
    """

    t: float
    s: float
    depth: float
    qt: float
    norm: float = 1.0
    size: float = 1.0
    away: Any = None
    off: Any = None

    @classmethod
    def of_rest(
        cls,
        t: float,
        s: float,
        rest: float,
        qt: float,
        norm: float = 1.0,
        size: float = 1.0,
        away: float | None = None,
        off: float | None = None,
    ) -> Geometry:
        """From ``rest = 1 - q``."""
        bare = cls(t, s, 0.0, qt, norm, size, away, off)
        return bare._replace(depth=np.log(bare.room / rest))

    @classmethod
    def at_distance(cls, distance: float, partial: float, depth: float, qt: float) -> Geometry:
        """Weights of norm 1 at a distance from the reference, to all digits of a small distance.

        ``partial = (s - qt t)/sqrt((1-t^2) qt (1-qt))`` is the partial correlation of the probe with another reference,
        given its own: ``room = (1-t^2)(1 - partial^2)``.
        """
        t = 1.0 - 2.0 * distance
        off = partial * np.sqrt(4.0 * distance * (1.0 - distance) * qt * (1.0 - qt))
        return cls(t, qt * t + off, depth, qt, away=2.0 * distance, off=off)

    @property
    def room(self) -> float:
        """Without cancellation near t = 1."""
        off = self.s - self.qt * self.t / self.norm if self.off is None else self.off
        across = off * off * self.norm / (self.qt * self.gap) if self.qt > 0 else 0.0
        top, near = np.sqrt(self.size * self.norm), self.t
        away = top - near if self.away is None else self.away
        return away * (top + near) / self.norm - across

    @property
    def gap(self) -> float:
        """``1 - qt``: thermal variance of the reference."""
        return self.norm - self.qt

    @property
    def inside(self) -> bool:
        """Whether the copies have something of their own; else the averages are taken at the edge ``own = 0``."""
        return self.depth > LEAST_DEPTH

    @property
    def rest(self) -> float:
        """``1 - q``."""
        return self.room * np.exp(-max(self.depth, LEAST_DEPTH))

    @property
    def own(self) -> float:
        return self.room * -np.expm1(-max(self.depth, LEAST_DEPTH))

    @property
    def q(self) -> float:
        return self.size - self.rest

    @property
    def shared(self) -> float:
        """``s^2/qt``: what the probe shares with the barycentre of the references."""
        return self.s * self.s / self.qt if self.qt > 0 else 0.0

    @property
    def beside(self) -> float:
        """``s/qt``: how far the probe follows the cavity field of the references."""
        return self.s / self.qt if self.qt > 0 else 0.0

    @property
    def towards(self) -> float:
        """``(t-s)^2/(1-qt)``: what it shares with the reference's own direction."""
        return (self.t - self.s) * (self.t - self.s) / self.gap
