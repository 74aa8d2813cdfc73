"""Lines of weights whose norm is free, where small weights, to which few patterns do not lead, are the state of the
larger free entropy: what `solve` gives there is not the state that the line belongs to.
"""

from __future__ import annotations

import numpy as np

from replica._registry import per_row
from replica.ansatz.rs.equations import Equations
from replica.ansatz.rs.norm_states import shrinking_pays, states
from replica.models.model import Model
from replica.thresholds.base import NAN, Line
from replica.weights.base import Free

SAME = 1e-10  # free entropies that differ by less, relatively, are of one state


def larger(line: Line, model: Model) -> dict[int, float]:
    """The free entropies of small weights at converged rows of a line, where they are the larger ones."""
    warm = np.isfinite(per_row(model.beta, line.value.size)) | model.loss.hard
    rows = np.flatnonzero(line.converged & warm)
    if model.data.overlaps or not isinstance(model.weights.norm, Free) or not rows.size:
        return {}
    energy = np.full(rows.size, np.inf) if model.loss.hard else line.saddle_points.value("energy")[rows]
    known, equations = line.saddle_points.value("free_entropy")[rows], Equations(model.take(rows), rows.size)
    pays = np.flatnonzero(shrinking_pays(equations, line.value[rows], energy))
    if not pays.size:
        return {}
    at, _, values = states(equations.take(pays), line.value[rows[pays]])
    found = {}
    for i in np.unique(at):
        before, best = known[pays[i]], float(values[at == i].max())
        if not best <= before + SAME * max(1.0, abs(before)):
            found[int(rows[pays[i]])] = best
    return found


def refused(line: Line, model: Model, where: str) -> Line:
    """The line, less the rows that belong to another state than `solve` gives."""
    for row, best in larger(line, model).items():
        line.status[row] = (
            f"not converged: at alpha = {line.value[row]:.6g}, where the state that few patterns lead to {where}, "
            f"small weights have the larger free entropy {best:.6g}: solve gives these"
        )
        line.value[row] = line.error[row] = NAN
    return line


def told(line: Line, model: Model) -> Line:
    """The line, with a word where it is that of a metastable state."""
    for row, best in larger(line, model).items():
        line.status[row] += f"; metastable: small weights have the larger free entropy {best:.6g} there"
    return line
