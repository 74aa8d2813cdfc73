"""The AT line and the end of the RS branch."""

from __future__ import annotations

import numpy as np

from replica.ansatz import Ansatz
from replica.ansatz._rs_branch import scan_branch
from replica.ansatz._rs_special import has_paramagnet
from replica.model import Model
from replica.thresholds.base import Line, line_on_branch
from replica.thresholds.paramagnet import line_on_paramagnet
from replica.thresholds.registry import threshold_line


@threshold_line("at", r"\alpha_{\mathrm{AT}}")
def at_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    r"""The de Almeida-Thouless line: ``alpha E f'^2 E(var w)^2 = 1`` on the branch from ``alpha = 0``.

    For even losses with ``q = 0`` this is ``alpha = 1/(f'(0)^2 (var w)^2)``, where the paramagnet becomes unstable.
    """
    if has_paramagnet(model):
        return line_on_paramagnet(model, size, ansatz, "stability", "q = 0 becomes unstable")
    return line_on_branch(
        model,
        size,
        ansatz,
        "stability",
        missing="the RS branch is stable wherever it was followed (1 - q > 1e-11)",
        found_text="first zero of the replicon on the branch from alpha = 0",
    )


@threshold_line("spinodal", r"\alpha_{\mathrm{sp}}")
def spinodal_line(model: Model, size: int, ansatz: Ansatz) -> Line:
    """The end of the uninformed branch: its fold in alpha, or the limit q -> 1 where it never folds.

    The branch is followed in a conjugate order parameter, where a fold is an ordinary point.
    """
    line = line_on_branch(
        model,
        size,
        ansatz,
        "fold",
        missing="the branch does not fold",
        found_text="fold of the branch from alpha = 0",
    )
    if line.converged.all() or model.data.overlaps:
        return line
    return _with_limits(line, model, size)


def _with_limits(line: Line, model: Model, size: int) -> Line:
    """Rows without a fold: the load at which q -> 1, from the far end of the table (1 - q ~ 1e-11)."""
    table = scan_branch(line.solutions.ansatz.equations(model, size), 46.0, 50.0, step=2.0)
    end, before = table.alpha[:, -1], table.alpha[:, -2]
    settled = table.solved[:, -1] & table.solved[:, -2] & (np.abs(end - before) < 1e-6 * end)
    for row in np.flatnonzero(~line.converged):
        if settled[row]:
            line.value[row] = end[row]
            line.error[row] = abs(end[row] - before[row]) + 1e-13 * end[row]
            line.bracket[row] = before[row], end[row] + line.error[row]
            line.status[row] = "converged; the branch ends at q -> 1 without a fold"
    return line
