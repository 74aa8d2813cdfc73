"""What the cavity fields of two students of a teacher share: its own field as well."""

from __future__ import annotations

import numpy as np

from replica.ansatz.franz_parisi.vertices import FAR, NONE, End, Shared, nodes
from saddlepoint.quadrature.levels import panels_alone
from saddlepoint.quadrature.panels import nodes_for_python

LEAST = 1e-17  # masses of places that count for nothing


class Taught(Shared):
    """The same of ends that learn from a teacher, whose field t, positive by its label, they share too:
    ``o_i = m_i t + sqrt(q_i - m_i^2) (sqrt(c) z + sqrt(1-c) y_i)``, ``c = (p - m_1 m_2)/sqrt((q_1-m_1^2)(q_2-m_2^2))``.
    """

    def __init__(self, ends: tuple[End, End], cosine: float, level: int) -> None:
        self.ends, self.level = ends, level
        leans = [end.lean for end in ends]
        self.scales = [float(np.sqrt(max(end.size - end.lean**2, 0.0))) for end in ends]
        overlap = cosine * float(np.sqrt(ends[0].size * ends[1].size)) - leans[0] * leans[1]
        room = self.scales[0] * self.scales[1]
        shared = min(max(overlap / room, 0.0), 1.0) if room > 0.0 else 0.0
        self.common, self.own = float(np.sqrt(shared)), float(np.sqrt(1.0 - shared))
        spots, smears = [NONE], [NONE]
        for end, lean, scale in zip(ends, leans, self.scales, strict=True):
            places, widths = end.features()
            spots.append(places / lean)
            smears.append(np.hypot(widths, scale) / lean)
        outer = (level + 1) // 2  # of two shared fields, each of which takes its places
        weight, t = nodes(np.concatenate(spots), np.concatenate(smears), np.zeros(1), np.zeros(1), 1.0, outer)
        kept = (weight[0] > 0.0) & (t[0] > 0.0)
        chance, field = 2.0 * weight[0][kept], t[0][kept]
        spot, smear = [], []
        for end, lean, scale in zip(ends, leans, self.scales, strict=True):
            places, widths = end.features()
            spread = max(scale * self.common, 1e-300)
            spot.append((places[None, :] - lean * field[:, None]) / spread)
            smear.append(np.hypot(widths, scale * self.own)[None, :] / spread + 0.0 * spot[-1])
        places, widths = np.concatenate(spot, axis=1), np.concatenate(smear, axis=1)
        near = np.abs(places) < FAR
        stops = np.zeros((field.size, 0))
        z, share = nodes_for_python(
            np.where(near, places, 0.0), np.where(near, widths, np.inf), stops, *panels_alone(outer)
        )
        mass = chance[:, None] * share
        row, column = np.nonzero(mass > LEAST)
        self.weight = mass[row, column]
        common = z[row, column] * self.common
        self.means = [lean * field[row] + scale * common for lean, scale in zip(leans, self.scales, strict=True)]
        self.deviations = [scale * self.own for scale in self.scales]


def shared_fields(ends: tuple[End, End], cosine: float, level: int) -> Shared:
    """What the cavity fields share, with a teacher where the ends know one."""
    return (Taught if all(end.lean > 0.0 for end in ends) else Shared)(ends, cosine, level)
