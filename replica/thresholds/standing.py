"""Loads at which a solution loses its standing: unstable, at the end of its branch, behind the teacher, frozen."""

from __future__ import annotations

import logging

from replica._checks import one_number
from replica.ansatz import Ansatz, ansatz_or_rs
from replica.ansatz.rsb.lines import breaking_point, breaks_known
from replica.models.model import Model, require_model, separating
from replica.thresholds.base import Threshold
from replica.thresholds.enclosed import Asked
from replica.thresholds.first_order import freezing_temperature
from replica.thresholds.registry import find_line

_LOG = logging.getLogger(__name__)


def locate(name: str, model: Model, ansatz: Ansatz | None = None) -> Threshold:
    """The threshold ``name`` of the table `LINES`, in alpha."""
    definition, chosen = find_line(name), ansatz_or_rs(ansatz)
    require_model(model)
    chosen.check(separating(definition.asked(model)))
    found = definition.line(model, 1, chosen).row(0)
    found.asked = Asked(name, model, chosen)
    _LOG.info("%s of %s: %r", name, model, found)
    return found


def at_line(model: Model, *, ansatz: Ansatz | None = None) -> Threshold:
    r"""Load at which the RS solution becomes unstable (de Almeida-Thouless).

    The smallest load on the branch from ``alpha = 0`` at which the replicon vanishes,

    .. math:: \alpha \, E f'^2 \; E \big(\langle w^2 \rangle - \langle w \rangle^2\big)^2 = 1

    with ``f`` the slope of ``ln Z`` of a pattern in its field (see `solve`).

    When not to use it: for a single load; `stability` of its solution says it at once.

    Parameters
    ----------
    model : Model
    ansatz : Ansatz, optional
        ``RS()``, whose branch is followed.

    Returns
    -------
    Threshold
        A float, alpha per weight, with ``.value .error .bracket .status .converged .order_parameters .solution``.

    Raises
    ------
    ValueError
        Models without such a branch (one vector of least cost, `Annealed`).

    See Also
    --------
    stability : The replicon of a solution.
    capacity : Where there are no solutions any more; what lies above is told as that.

    Notes
    -----
    On the sphere (perceptron, random labels) ``order_parameters["breaking_point"]`` is the Parisi parameter at which
    the overlap splits, ``x = alpha E f'''^2 / (2 [(1-q)^-3 + alpha E f''^3])``: above 1 the transition is no longer
    continuous. Where the branch is stable to its end there is no line: not converged, and the status says how far it
    was followed.

    References
    ----------
    J. de Almeida and D. Thouless, J. Phys. A 11, 983 (1978); E. Gardner, J. Phys. A 21, 257 (1988).

    Examples
    --------
    >>> import replica
    >>> print(f"{replica.at_line(replica.perceptron('binary')).value:.6f}")
    1.014654
    """
    found = locate("at", model, ansatz)
    if found.solution is None or not breaks_known(model):
        return found
    return found.with_parameters(breaking_point=breaking_point(model, found.value, found.solution["q"]))


def spinodal(model: Model, *, ansatz: Ansatz | None = None) -> Threshold:
    """End of the uninformed branch: its fold in alpha, or ``q -> 1`` where it never folds.

    With a teacher the branch from overlap 0 is metastable between `transition` and here; beyond, solving from any start
    finds the teacher. With random labels it is the end of the RS branch. Units of common inputs (`FullCommittee`),
    whose q = 0 has no end: where a state with q > 0 appears.

    When not to use it: for the load up to which there are solutions (`capacity`): with random labels that of counted
    weights goes on beyond it.

    Parameters
    ----------
    model : Model
    ansatz : Ansatz, optional
        ``RS()``, whose branch is followed.

    Returns
    -------
    Threshold
        A float, alpha per weight, with ``.value .error .bracket .status .converged .order_parameters .solution``.

    Raises
    ------
    ValueError
        Models without such a branch (one vector of least cost, `Annealed`).

    See Also
    --------
    transition : Where the teacher takes over in free entropy.

    References
    ----------
    H. Sompolinsky, N. Tishby and H. S. Seung, Phys. Rev. Lett. 65, 1683 (1990).

    Examples
    --------
    >>> import replica
    >>> print(f"{replica.spinodal(replica.perceptron('binary', labels='teacher')).value:.6f}")
    1.492632
    """
    return locate("spinodal", model, ansatz)


def transition(model: Model, *, ansatz: Ansatz | None = None) -> Threshold:
    r"""First-order transition to perfect generalisation.

    The load at which the free entropy of the uninformed branch falls to that of the teacher itself, which is 0, or of a
    state that has learned from it (weights that are not counted, q = 0 beside it). With
    `Annealed`: the load at which ``max over R < 1 of h2((1-R)/2) + alpha ln(1 - arccos(R)/pi)`` vanishes, a bound.

    When not to use it: for the load from which a search finds the teacher: up to `spinodal` the uninformed branch is in
    its way.

    Parameters
    ----------
    model : Model
        With a teacher (``labels="teacher"``) whose weights are counted.
    ansatz : Ansatz, optional
        ``RS()`` (default) or ``Annealed()``.

    Returns
    -------
    Threshold
        A float, alpha per weight, with ``.value .error .bracket .status .converged .order_parameters .solution``.

    Raises
    ------
    ValueError
        A model without a teacher, or one in which the teacher is not a state of its own.

    See Also
    --------
    spinodal : Up to where the uninformed branch is metastable.

    References
    ----------
    G. Gyorgyi, Phys. Rev. A 41, 7097 (1990); H. Sompolinsky, N. Tishby and H. S. Seung, Phys. Rev. Lett. 65, 1683
    (1990).

    Examples
    --------
    >>> import replica
    >>> print(f"{replica.transition(replica.perceptron('binary', labels='teacher')).value:.5f}")
    1.24468
    """
    return locate("transition", model, ansatz)


def specialization(model: Model, *, ansatz: Ansatz | None = None) -> Threshold:
    """Load from which two units that see the same inputs begin to tell each other apart.

    Below it the overlaps of the same unit and of different ones are equal; at it a small difference of theirs neither
    grows nor decays. For Bayes-optimal students of a teacher with two sign units, whose tie is a third output.

    When not to use it: infinitely many units, which specialise discontinuously: `spinodal` and `transition`.

    Parameters
    ----------
    model : Model
        ``committee(2, connectivity="full", labels="teacher")``, its weights gaussian, on the sphere, or +-1.
    ansatz : Ansatz, optional
        ``RS()``, which is exact for Bayes-optimal students.

    Returns
    -------
    Threshold
        A float, patterns per input, with ``.value .error .bracket .status .converged .order_parameters .solution``.

    Raises
    ------
    ValueError
        Other models.

    See Also
    --------
    transition : Where the teacher takes over (weights +-1: before the units specialise).
    spinodal : Where the specialised branch of weights +-1 ends.

    Notes
    -----
    The growth is that of an infinitesimal difference. At a finite one it is reached later: 2.0526103 and 1.5894552 at
    ``q - q_cross = 1e-4``.

    References
    ----------
    B. Aubin, A. Maillard, J. Barbier, F. Krzakala, N. Macris and L. Zdeborova, NeurIPS (2018).

    Examples
    --------
    >>> import replica
    >>> model = replica.committee(2, connectivity="full", labels="teacher", weights="gaussian")
    >>> print(f"{replica.specialization(model):.10f}")
    2.0523824297
    """
    return locate("specialization", model, ansatz)


def freezing(model: Model, *, alpha: float, ansatz: Ansatz | None = None) -> Threshold:
    """Temperature at which the RS entropy of counted weights vanishes at load ``alpha`` (finite cost).

    Below it the system is frozen in its ground states, whose energy is that of this point. The model's own ``beta`` is
    ignored: it is what is sought.

    When not to use it: weights that are not counted: the entropy of a volume has no such zero.

    Parameters
    ----------
    model : Model
        Counted weights and a finite cost, as ``loss="error-count"``.
    alpha : float
        Above 0; one number.
    ansatz : Ansatz, optional
        ``RS()``, whose branch is followed.

    Returns
    -------
    Threshold
        Value in temperature; ``order_parameters["beta"]`` is its inverse, ``solution.energy`` the ground-state energy.

    Raises
    ------
    ValueError
        Weights that are not counted, a hard constraint, an ansatz without a branch, a grid of loads.

    See Also
    --------
    capacity : Where the entropy of solutions vanishes.

    References
    ----------
    W. Krauth and M. Mezard, J. Phys. France 50, 3057 (1989).

    Examples
    --------
    >>> import replica
    >>> model = replica.perceptron("binary", loss="error-count")
    >>> print(f"{1 / replica.freezing(model, alpha=2.0).value:.6f}")
    2.685385
    """
    grids = "use replica.diagram(model, x=('alpha', grid), y='temperature', lines=['freezing'])"
    value = one_number("alpha", alpha, low=0.0, open_low=True, grids=grids)
    chosen = ansatz_or_rs(ansatz)
    found = freezing_temperature(require_model(model), value, chosen)
    found.asked = Asked("freezing", model, chosen, value)
    return found
