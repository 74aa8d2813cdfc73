"""The overlap gap of m clones: up to which load there are m solutions at every mutual overlap. No equations here."""

from __future__ import annotations

import numpy as np

from replica._checks import one_number
from replica.ansatz.coverage import COUNTED, Covers
from replica.ansatz.replicated.binary import BinaryReplicas
from replica.ansatz.replicated.equations import Groups
from replica.ansatz.replicated.gap import GapProblem
from replica.ansatz.replicated.real import real_replicas
from replica.ansatz.replicated.solver import GROUPS, NEWTON, Typical
from replica.landscape.overlap_gap_at_temperature import warm_gap
from replica.landscape.overlap_gap_taught import taught_gap
from replica.models.model import Model, require_model
from replica.solution.errors import measured
from replica.thresholds import capacity
from replica.thresholds.base import NAN, Threshold
from saddlepoint import solve

#: shares of the capacity that are tried, from above
SHARES = (0.98, 0.95, 0.9, 0.84, 0.77, 0.69, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
OVERLAPS = 12  # tried between the replica-symmetric overlap and 1
FOUND = "groups of {:.6g} solutions at mutual overlap {:.6g} cease to exist"


def overlap_gap(model: Model, *, clones: float | None = None) -> Threshold:
    r"""The load above which no m solutions exist at some mutual overlap: the m-clone overlap gap begins.

    The number of groups of m solutions at mutual overlap q1 is ``exp(N F)``, ``F = m phi`` of m real replicas
    (`RSB` with m and q1 held). The load is where the lowest F over q1 reaches zero, ``F = dF/dq1 = 0``. At a finite
    beta phi counts nothing: there the groups at their energy e are counted, ``phi + beta e`` (`tuple_entropy`), and the
    load is the lowest over q1 at which that vanishes.

    When not to use it: as a bound that is proved: groups are taken as replica symmetric among themselves.

    Parameters
    ----------
    model : Model
        Binary weights, random labels, any loss that `RSB` covers at finite m; or labels of a noise-free teacher of
        their kind, with a whole number of clones.
    clones : float, optional
        m above 1. None (beta = inf): the m at which the load is lowest; there the complexity vanishes as well.

    Returns
    -------
    Threshold
        In alpha; ``order_parameters`` holds the overlap ``q1``, the number of clones ``parisi`` and the ``complexity``
        (at a finite beta ``energy`` per weight and ``training_error`` per pattern);
        ``RSB(m=parisi, q1=q1)`` is the saddle point there.

    Raises
    ------
    ValueError
        Weights that cannot be counted, a model that real replicas are not there for, clones not above 1.

    See Also
    --------
    local_entropy : Around a centre instead of at mutual overlaps.

    Notes
    -----
    Groups are replica symmetric among themselves, so the load is an estimate from above. Beyond the best m the load
    rises with m; that cannot be, since m + 1 solutions at a mutual overlap hold m of them: the status says so.

    References
    ----------
    D. Gamarnik and E. C. Kizildag, Ann. Appl. Probab. 33, 5497 (2023); C. Baldassi et al., Phys. Rev. E 107, 064115
    (2023).

    Examples
    --------
    >>> import replica
    >>> found = replica.overlap_gap(replica.perceptron("binary"), clones=2)
    >>> print(f"{found.value:.6f} {found.order_parameters['q1']:.4f}")
    0.798774 0.9732
    """
    if clones is not None and not require_model(model).data.unrelated and model.data.realizable:
        return taught_gap(model, one_number("clones", clones, low=1.0, open_low=True))
    Covers("overlap_gap", (*GROUPS, COUNTED.instead("needs weights that can be counted"))).check(require_model(model))
    if clones is not None:
        clones = one_number("clones", clones, low=1.0, open_low=True)
    if not np.isinf(model.beta):
        if clones is None:
            raise ValueError("overlap_gap at a finite beta needs clones, a number above 1: no best one is sought")
        return warm_gap(model, clones)
    largest = capacity(model)
    if not largest.converged:
        return _none(f"no range of loads ({largest.status})")
    start = _lowest(model, largest.value, clones or 4.0)
    if start is None:
        return _none(f"the free entropy of {clones or 4.0:g} clones has no zero below the capacity")
    return _close(model, *start, clones)


def _none(sentence: str) -> Threshold:
    return Threshold(NAN, NAN, (NAN, NAN), f"not converged: {sentence}")


def _lowest(model: Model, end: float, clones: float) -> tuple[np.ndarray, type[BinaryReplicas], float] | None:
    """A start: the loads are tried from above until the lowest free entropy over the overlap is positive."""
    before = None
    for share in SHARES:
        alpha = np.full(OVERLAPS, share * end)
        batch = model.take(np.zeros(OVERLAPS, dtype=int))
        q = Typical.of(batch, alpha).q
        inside = 1.0 / (1.0 + np.exp(-np.linspace(-2.0, 5.0, OVERLAPS)))
        ledger = real_replicas(batch, alpha, clones, q + (1.0 - q) * inside, 1e-10)
        best = None
        for part in ledger.parts:
            phi = part.problem.at_level(0).potential(part.point)
            row = int(np.argmin(phi))
            if best is None or phi[row] < best[0]:
                best = (float(phi[row]), part, row, float(ledger.groups.q1[part.rows[row]]))
        if best is None:
            continue
        phi, part, row, q1 = best
        place = np.array([np.log(share * end), np.log(q1 / (1.0 - q1))])
        here = np.concatenate([part.point[row], place])
        if phi > 0.0:
            if before is not None and before[1].size == here.size:
                weight = phi / (phi - before[0])
                here = here + weight * (before[1] - here)
            return here, type(part.problem), clones
        before = (phi, here)
    return None


def _close(
    model: Model, start: np.ndarray, kind: type[BinaryReplicas], power: float, clones: float | None
) -> Threshold:
    """The equations of the gap solved from there; then, where it is asked for, those of the best number too."""
    groups = Groups(model.take(np.array([0])), np.array([NAN]), np.array([power]))
    problem = GapProblem(groups, kind=kind)
    found = solve(problem, start=start[None], solver=NEWTON, on_failure="keep")
    if clones is None and found.converged[0]:
        problem = GapProblem(groups, closed=True, kind=kind)
        again = np.concatenate([found.point, [[np.log(power)]]], axis=1)
        found = solve(problem, start=again, solver=NEWTON, on_failure="keep")
    if not found.converged[0]:
        return _none(found.sentence(0))
    tables = measured(problem.at_level(1), found.point, found.error)
    values, errors = ({name: float(column[0]) for name, column in table.items()} for table in tables)
    text = FOUND.format(values["parisi"], values["q1"])
    if values["complexity"] < -errors["complexity"] - 1e-12 and clones is not None:
        text += "; the complexity is negative: the load rises with the number of clones, which is not physical"
    bracket = (values["alpha"] - errors["alpha"], values["alpha"] + errors["alpha"])
    kept = {name: values[name] for name in ("q1", "q0", "q1_hat", "q0_hat", "parisi", "complexity")}
    return Threshold(values["alpha"], errors["alpha"], bracket, f"converged; {text}", parameters=kept)
