"""The verb `solve`: one model at one load."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from replica._checks import accuracy, one_number, one_of, shown
from replica.ansatz import RS, Ansatz, ansatz_or_rs
from replica.models.model import Model, bayes_student, require_model
from replica.solution.batch import Solutions
from replica.solution.single import Solution, SolveFailed

_LOG = logging.getLogger(__name__)


def solve(
    model: Model,
    *,
    alpha: float,
    ansatz: Ansatz | None = None,
    start: Any = None,
    tolerance: float = 1e-12,
    on_failure: str = "raise",
) -> Solution:
    r"""Solve the saddle-point equations of a model at load ``alpha``.

    In replica symmetry, with weights +-1 (others: `replica.weights`) and random labels, the free entropy per weight is
    the extremum of

    .. math:: \phi = -\tfrac{\hat q}{2}(1-q) + \int Dz \ln 2\cosh(\sqrt{\hat q} z)
              + \alpha \int Dz \ln Z(\sqrt q z, 1-q), \quad Z(\omega, V) = \int Dy\, e^{-\beta\ell(\omega + \sqrt V y)}

    that is ``q = E <w>^2``, ``q_hat = alpha E f^2`` with ``f = d ln Z/d omega``. A teacher adds ``m`` and ``m_hat``, a
    free norm ``Q`` and ``Q_hat``; vectors of least cost obey the limit ``beta -> inf`` with ``V = lim beta (1-q)``.

    When not to use it: to find where solutions end (`capacity`); where `stability` of the answer is negative, replica
    symmetry is an approximation.

    Parameters
    ----------
    model : Model
        From `perceptron` or built from its parts.
    alpha : float
        Patterns per weight; 0 is the limit without patterns (`RS` and `Annealed`).
    ansatz : Ansatz, optional
        ``RS()`` by default.
    start : None, "informed", "equilibrium" or dict
        None: the branch that starts at overlap 0; there are others with a teacher, and where patterns hardly ever cost
        anything.
        ``"informed"``: from the teacher. ``"equilibrium"``: of these two the one with the larger free entropy.
        A dict names conjugate order parameters, as in ``{"q_hat": 2.0}``, or the overlap, as in ``{"q": 0.9}``.
    tolerance : float
        On the undamped residual of the equations, in logarithms of the conjugates.
    on_failure : {"raise", "keep"}
        Raise `SolveFailed` (with ``.solution.last_iterate``, the last point), or return the unsolved solution.

    Returns
    -------
    Solution
        Order parameters, thermodynamics, an error for each number, and a status.

    Raises
    ------
    ValueError
        Arguments outside their domain; a model that the ansatz does not cover.
    SolveFailed
        No solution was found and ``on_failure="raise"``.

    See Also
    --------
    sweep : The same over grids.
    capacity : Up to which load there are solutions.
    stability : Whether replica symmetry holds.

    References
    ----------
    E. Gardner and B. Derrida, J. Phys. A 21, 271 (1988); W. Krauth and M. Mezard, J. Phys. France 50, 3057 (1989).

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.perceptron("binary"), alpha=0.5)
    >>> print(f"{solution.entropy:.10f} {solution['q']:.10f} {solution.error < 1e-12}")
    0.3143900669 0.3223853632 True
    """
    require_model(model)
    chosen = ansatz_or_rs(ansatz)
    one_of("on_failure", on_failure, ("raise", "keep"))
    if start is not None and not isinstance(start, (str, dict)):
        raise ValueError(f"start must be None, 'informed', 'equilibrium' or a dict of conjugates, got {shown(start)}")
    load = one_number("alpha", alpha, low=0.0, open_low=not chosen.empty, grids="use replica.sweep for a grid")
    tolerance = accuracy(tolerance)
    batch = chosen.answer(model, np.array([load]), start=start, tolerance=tolerance)
    solution = Solution(batch)
    solution.load = load
    if _LOG.isEnabledFor(logging.INFO):  # statuses are made when they are read
        _LOG.info("%s at alpha = %g: %s", model, load, solution.status)
    if on_failure == "raise" and not solution.converged:
        raise SolveFailed(solution)
    return solution


def optimal_students(model: Model, alpha: np.ndarray) -> Solutions:
    """The Bayes-optimal students of a batch, for which replica symmetry is exact; their barycentre is the best rule."""
    return RS().solve(bayes_student(model), alpha)
