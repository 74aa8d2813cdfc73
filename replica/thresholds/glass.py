"""Where one step of symmetry breaking begins to matter: the dynamic, the static and the Gardner line."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._checks import one_number
from replica.ansatz import Ansatz
from replica.ansatz.given import ansatz_or_one_step
from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.lines import DYNAMIC, GARDNER, STATIC, GlassPoint, states_at_one
from replica.ansatz.rsb.solver import STATES, StepsLedger
from replica.models.model import Model, require_model
from replica.solution.batch import Part
from replica.solution.errors import measured
from replica.thresholds.base import NAN, Line, Threshold, closed_line
from replica.thresholds.inverse import invert
from replica.thresholds.registry import find_line, threshold_line
from saddlepoint import Newton, solve

SHARES = np.concatenate([1.0 - np.geomspace(2e-3, 0.1, 8), np.geomspace(0.85, 1e-3, 37)])
GAPS = 1.0 - np.concatenate([np.geomspace(1e-3, 0.1, 14), np.linspace(0.13, 0.97, 29)])
ZOOMS, FINER = 4, 12  # of the overlaps between which states appear: just before, or at, the loss of stability
POLISH = Newton(steps=40, max_step=0.3)
APART = 1e-6  # overlaps that differ by less are the same
LOST = "not converged: the point was lost between the scan and the equations"
NO_JUMP = (
    "not converged: no states with q1 > q0 appear at Parisi parameter 1: symmetry breaks continuously (or all but so),"
    " or not at all"
)


@threshold_line("dynamic-transition", r"\alpha_{\mathrm{d}}", method="steps", slow=True)
def dynamic_line(model: Model, size: int, ansatz: Any) -> Line:
    """The smallest load at which states with ``q_1 > q_0`` exist at Parisi parameter 1."""
    return _points(model, size, ansatz, DYNAMIC)


@threshold_line("static-transition", r"\alpha_{\mathrm{K}}", method="steps", slow=True)
def static_line(model: Model, size: int, ansatz: Any) -> Line:
    """The load at which the complexity vanishes at Parisi parameter 1."""
    return _points(model, size, ansatz, STATIC)


@threshold_line("gardner-line", r"\alpha_{\mathrm{G}}", method="steps", slow=True)
def gardner_points(model: Model, size: int, ansatz: Any) -> Line:
    """The load at which the states of one step become unstable to more steps."""
    return _points(model, size, ansatz, GARDNER)


def _points(model: Model, size: int, ansatz: Any, kind: str) -> Line:
    ansatz.check(model)
    STATES.check(model)
    value, error, status, parts = np.full(size, NAN), np.full(size, NAN), [""] * size, []
    for row in range(size):
        one = model.row(row)
        start = _gardner_start(one, ansatz) if kind == GARDNER else _start(one, ansatz, kind)
        if isinstance(start, str):
            status[row] = start
            continue
        problem = GlassPoint(one, kind, 1, ansatz.q0 is not None)
        found = solve(problem, start=problem.chart.free(start)[None, :], solver=POLISH, on_failure="keep")
        seen, errors = measured(problem, found.point, found.error)
        good = bool(found.converged[0] and np.isfinite(seen["alpha"][0]) and seen["q1"][0] - seen["q0"][0] > APART)
        status[row] = "converged" if good else LOST
        if good:
            value[row], error[row] = seen["alpha"][0], errors["alpha"][0]
            parts.append(Part(np.array([row]), problem, found.point, found.error))
    return closed_line(model, ansatz, value, error, status, parts)


def _scan(model: Model, rooted: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaps, the equation of ``q_1`` over them, and the rows in which it rises through 0: states with a jump are there.

    Where the jump is small these are rows of a narrow range of overlaps, below that at which symmetry is unstable.
    """
    gaps = np.ones(1) if rooted else GAPS
    table = states_at_one(model, rooted, SHARES, gaps)
    for zoom in range(ZOOMS + 1):
        highest = np.where(np.isfinite(table), table, -np.inf).max(axis=1, initial=-np.inf)
        inside = np.array([np.any((row[:-1] < 0) & (row[1:] > 0)) for row in np.nan_to_num(table, nan=-1.0)])
        reached, ahead = np.flatnonzero((highest > 0) & inside), np.flatnonzero(highest > 0)
        if reached.size or not ahead.size or ahead[0] == 0 or zoom == ZOOMS:
            break
        between = np.linspace(gaps[ahead[0] - 1], gaps[ahead[0]], FINER)[1:-1]
        table = np.insert(table, ahead[0], states_at_one(model, rooted, SHARES, between), axis=0)
        gaps = np.insert(gaps, ahead[0], between)
    return gaps, table, reached


def _start(model: Model, ansatz: Any, kind: str) -> Order | str:
    """From a scan of the lowest overlap at Parisi parameter 1."""
    gaps, table, reached = _scan(model, ansatz.q0 is not None)
    if not reached.size:
        return NO_JUMP
    at = int(reached[0])  # gaps fall, overlaps and loads rise
    if kind == DYNAMIC:
        share = float(SHARES[int(np.nanargmax(table[at]))])
        return Order(np.array([gaps[at], gaps[at] * share]), np.ones(1))
    problem = GlassPoint(model, STATIC, 1, ansatz.q0 is not None, level=0)
    for row in range(at, gaps.size):
        falls = np.flatnonzero((table[row][:-1] > 0) & (table[row][1:] <= 0))
        if not falls.size:
            continue
        order = Order(np.array([gaps[row], gaps[row] * SHARES[int(falls[-1])]]), np.ones(1))
        place = problem.place(problem.chart.free(order), 0)
        if place is not None and place.parisi_slopes[0] > 0:  # the complexity is negative
            return order
    return "not converged: the complexity at Parisi parameter 1 does not vanish where it was looked for"


def _gardner_start(model: Model, ansatz: Any) -> Order | str:
    """From solutions of one step below the capacity: the last at which their states are stable."""
    end = find_line("capacity").methods["steps"](model.with_parameters(beta=np.inf), 1, ansatz).value[0]
    if not np.isfinite(end):
        return "not converged: the capacity with one step is not known, below which the states are followed"
    loads = end * (1.0 - np.geomspace(0.97, 0.02, 36))
    ledger = StepsLedger(model, loads, 1e-9, ansatz.q0 is not None).run(1)
    found = ledger.solutions(ansatz)
    stable = found.value("stability1")
    broken = np.isfinite(found.value("parisi")) & found.converged
    for row in range(loads.size - 1, 0, -1):
        if broken[row] and broken[row - 1] and stable[row - 1] > 0 >= stable[row]:
            part = next(part for part in found.parts if part.rows[0] == row)
            order: Order = part.problem.chart(0).values(part.point[0])
            return order
    return "not converged: no load was found at which states of one step become unstable"


def _located(name: str, model: Model, alpha: Any, ansatz: Ansatz | None) -> Threshold:
    chosen = ansatz_or_one_step(ansatz)
    require_model(model)
    chosen.check(model)
    if alpha is None:
        return find_line(name).line(model, 1, chosen).row(0)
    load = one_number("alpha", alpha, low=0.0, open_low=True)
    if model.loss.hard:
        paid = "alpha is given for a line in the temperature, which needs a loss that is paid"
        raise ValueError(f"{paid}, got {model.loss}")
    grid = np.geomspace(0.02, 20.0, 16)
    line = find_line(name).line
    found = invert(lambda batch, size: line(batch, size, chosen), model, "temperature", np.array([load]), grid)
    return found.row(0)


def dynamic_transition(model: Model, *, alpha: float | None = None, ansatz: Ansatz | None = None) -> Threshold:
    r"""Load at which the space of solutions falls apart into exponentially many states.

    The smallest load at which the equation of ``q_1`` at Parisi parameter 1, where ``q_0`` is the replica-symmetric
    overlap, has a root ``q_1 > q_0``.

    When not to use it: where symmetry breaks continuously (`at_line`), as above the margin -2.0431 on the sphere: not
    converged, with that sentence.

    Parameters
    ----------
    model : Model
        Weights on the sphere with random labels, a perceptron or a wide committee.
    alpha : float, optional
        Of a cost that is paid: the load at which the temperature of the transition is sought.
    ansatz : Ansatz, optional
        ``RSB()``; ``RSB(q0=0.0)`` for the symmetric saddle point.

    Returns
    -------
    Threshold
        A float, alpha per weight (or the temperature), with ``.order_parameters`` ``q0``, ``q1``, ``parisi``.

    Raises
    ------
    ValueError
        Models that are not covered; a load where nothing is paid.

    See Also
    --------
    static_transition : Where few states dominate.
    complexity : The number of states.

    References
    ----------
    R. Monasson, Phys. Rev. Lett. 75, 2847 (1995).

    Examples
    --------
    >>> import replica
    >>> found = replica.dynamic_transition(replica.perceptron("spherical", margin=-2.5))
    >>> print(f"{found:.6f}")
    280.807714
    """
    return _located("dynamic-transition", model, alpha, ansatz)


def static_transition(model: Model, *, alpha: float | None = None, ansatz: Ansatz | None = None) -> Threshold:
    """Load at which the number of states that dominate ceases to be exponential (Kauzmann, condensation).

    The zero of the complexity at Parisi parameter 1; above it the Parisi parameter of `RSB` is below 1.

    When not to use it: where symmetry breaks continuously, see `dynamic_transition`.

    Parameters
    ----------
    model, alpha, ansatz
        As in `dynamic_transition`.

    Returns
    -------
    Threshold
        A float, alpha per weight (or the temperature), with ``.order_parameters`` ``q0``, ``q1``, ``parisi``.

    Raises
    ------
    ValueError
        As `dynamic_transition`.

    See Also
    --------
    dynamic_transition : Where states appear.
    gardner_line : Where they break up.

    References
    ----------
    R. Monasson, Phys. Rev. Lett. 75, 2847 (1995).

    Examples
    --------
    >>> import replica
    >>> found = replica.static_transition(replica.perceptron("spherical", margin=-2.5))
    >>> print(f"{found:.6f} {found.order_parameters['q1']:.6f}")
    287.115199 0.788186
    """
    return _located("static-transition", model, alpha, ansatz)


def gardner_line(model: Model, *, alpha: float | None = None, ansatz: Ansatz | None = None) -> Threshold:
    """Load at which the states of one step become unstable to more steps.

    ``alpha (1-q_1)^2 int P_1 f''^2 = 1`` on the solutions of one step, the last such load below the capacity.

    When not to use it: where symmetry breaks continuously and states are never stable: not converged.

    Parameters
    ----------
    model, alpha, ansatz
        As in `dynamic_transition`.

    Returns
    -------
    Threshold
        A float, alpha per weight (or the temperature), with ``.order_parameters`` ``q0``, ``q1``, ``parisi``.

    Raises
    ------
    ValueError
        As `dynamic_transition`.

    See Also
    --------
    at_line : Where replica symmetry becomes unstable.

    References
    ----------
    E. Gardner, Nucl. Phys. B 257, 747 (1985).

    Examples
    --------
    >>> import replica
    >>> found = replica.gardner_line(replica.perceptron("spherical", margin=-2.5))
    >>> print(f"{found:.5f} {found.order_parameters['parisi']:.6f}")
    446.06033 0.236061
    """
    return _located("gardner-line", model, alpha, ansatz)
