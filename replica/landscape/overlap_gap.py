"""The overlap gap of m clones: up to which load there are m solutions at every mutual overlap. No equations here."""

from __future__ import annotations

from dataclasses import dataclass

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
CHECKED = 40  # and looked at before an answer is taken for the lowest
HALVINGS = 8  # of the loads between which the lowest free entropy vanishes, where that is so
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
    found = _close(model, *start, clones)
    if clones is None or (found.converged and not _undercut(model, found, clones)):
        return found
    # Newton's steps left the lowest minimum: from closer by
    start = _closer(model, largest.value, clones)
    found = _none("no minimum over the overlap was found") if start is None else _close(model, *start, clones)
    if found.converged and _undercut(model, found, clones):
        return _none(f"at load {found.value:.6g} groups of {clones:g} at another mutual overlap have ceased to exist")
    return found


def _none(sentence: str) -> Threshold:
    return Threshold(NAN, NAN, (NAN, NAN), f"not converged: {sentence}")


@dataclass(frozen=True)
class _Deepest:
    """The overlap at which groups are fewest: the logarithm of their number, per weight and clone."""

    phi: float
    q1: float
    point: np.ndarray
    kind: type[BinaryReplicas]

    def at(self, alpha: float) -> np.ndarray:
        """The unknowns of the equations of the gap."""
        return np.concatenate([self.point, [np.log(alpha), np.log(self.q1 / (1.0 - self.q1))]])


def _deepest(model: Model, alpha: float, clones: float, count: int, reach: tuple[float, float]) -> _Deepest | None:
    """Over ``count`` overlaps between the replica-symmetric one and 1, ``reach`` the ends of their logits."""
    batch, loads = model.take(np.zeros(count, dtype=int)), np.full(count, alpha)
    q = Typical.of(batch, loads).q
    inside = 1.0 / (1.0 + np.exp(-np.linspace(*reach, count)))
    ledger = real_replicas(batch, loads, clones, q + (1.0 - q) * inside, 1e-10)
    best = None
    for part in ledger.parts:
        phi = part.problem.at_level(0).potential(part.point)
        row = int(np.argmin(phi))
        if best is None or phi[row] < best.phi:
            q1 = float(ledger.groups.q1[part.rows[row]])
            best = _Deepest(float(phi[row]), q1, part.point[row], type(part.problem))
    return best


def _lowest(model: Model, end: float, clones: float) -> tuple[np.ndarray, type[BinaryReplicas], float] | None:
    """A start: the loads are tried from above until the lowest free entropy over the overlap is positive."""
    before = None
    for share in SHARES:
        best = _deepest(model, share * end, clones, OVERLAPS, (-2.0, 5.0))
        if best is None:
            continue
        here = best.at(share * end)
        if best.phi > 0.0:
            if before is not None and before[1].size == here.size:
                weight = best.phi / (best.phi - before[0])
                here = here + weight * (before[1] - here)
            return here, best.kind, clones
        before = (best.phi, here)
    return None


def _closer(model: Model, end: float, clones: float) -> tuple[np.ndarray, type[BinaryReplicas], float] | None:
    """A start where the lowest free entropy all but vanishes, by halving."""
    low, high, start = 0.6 * end, end, None
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        best = _deepest(model, middle, clones, CHECKED, (-4.0, 7.0))
        if best is None or best.phi < 0.0:
            high = middle
        else:
            low, start = middle, (best.at(middle), best.kind, clones)
    return start


def _undercut(model: Model, found: Threshold, clones: float) -> bool:
    """Whether groups at another overlap are fewer than those whose number vanishes."""
    best = _deepest(model, found.value, clones, CHECKED, (-4.0, 7.0))
    return best is not None and best.phi < -1e-8


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
