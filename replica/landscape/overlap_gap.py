"""The overlap gap of m clones: up to which load there are m solutions at every mutual overlap. No equations here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from replica._checks import one_number
from replica.ansatz.coverage import COUNTED, Covers
from replica.ansatz.replicated.binary import BinaryReplicasEven
from replica.ansatz.replicated.real import real_replicas
from replica.ansatz.replicated.solver import GROUPS, NEWTON, Typical
from replica.landscape.overlap_gap_at_temperature import warm_gap
from replica.landscape.overlap_gap_many import BELOW, LEVELS, Start, lowest
from replica.landscape.overlap_gap_taught import taught_gap
from replica.models.model import Model, require_model
from replica.solution.errors import measured
from replica.thresholds import capacity
from replica.thresholds.base import NAN, Threshold
from saddlepoint import solve

#: shares of the capacity that are tried, from above
SHARES = (0.98, 0.95, 0.9, 0.84, 0.77, 0.69, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
MOST = 1000.0  # clones, whose load is within 1e-4 of that of any more
FEW = 4.0  # clones, from whom more are followed
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
    rises with m; that cannot be, since m + 1 solutions at a mutual overlap hold m of them: the status says so. Groups
    of many have two overlaps at which they are few: from 22 clones without a margin on the first to cease to exist are
    no longer the close ones. The load is that of the lowest over all overlaps.

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
    if clones is not None and clones > MOST:
        raise ValueError(f"overlap_gap of a hard constraint takes at most {MOST:g} clones, got {clones:g}")
    largest = capacity(model)
    if not largest.converged:
        return _none(f"no range of loads ({largest.status})")
    found = _none(f"the free entropy of {clones or FEW:g} clones has no zero below the capacity")
    for start in _starts(model, largest.value, clones):
        found = _close(model, start, clones is None)
        if found.converged:
            break
    return found


def _none(sentence: str) -> Threshold:
    return Threshold(NAN, NAN, (NAN, NAN), f"not converged: {sentence}")


def _starts(model: Model, end: float, clones: float | None) -> Iterator[Start]:
    """Where a gap may be, the cheapest first: many clones are followed from few."""
    for start in _falling(model, end, min(clones or FEW, FEW)):
        there = start if clones is None or clones <= FEW else start.of(model, clones)
        if there is not None:
            yield there
    if clones is not None and clones > FEW:
        yield from _falling(model, end, clones)
    closer = _closer(model, end, clones or FEW)
    if closer is not None:
        yield closer


def _deepest(
    model: Model, alpha: float, clones: float, count: int, reach: tuple[float, float]
) -> tuple[float, Start] | None:
    """The lowest free entropy over ``count`` overlaps between the replica-symmetric one and 1, and where it is;
    ``reach`` the ends of their logits."""
    batch, loads = model.take(np.zeros(count, dtype=int)), np.full(count, alpha)
    q = Typical.of(batch, loads).q
    inside = 1.0 / (1.0 + np.exp(-np.linspace(*reach, count)))
    ledger = real_replicas(batch, loads, clones, q + (1.0 - q) * inside, 1e-10)
    best = None
    for part in ledger.parts:
        phi = part.problem.at_level(0).potential(part.point)
        row = int(np.argmin(phi))
        if best is None or phi[row] < best[0]:
            apart = ledger.groups.apart[part.rows[row]]
            free = np.concatenate([part.point[row], [np.log(alpha), np.log(apart / (1.0 - apart))]])
            best = float(phi[row]), Start(free, type(part.problem), clones)
    return best


def _falling(model: Model, end: float, clones: float) -> Iterator[Start]:
    """Loads are tried from above until the lowest free entropy over the overlap is positive."""
    before = None
    for share in SHARES:
        best = _deepest(model, share * end, clones, OVERLAPS, (-2.0, 5.0))
        if best is None:
            continue
        phi, here = best
        if phi > 0.0:
            if before is not None and before[1].point.size == here.point.size:
                weight = phi / (phi - before[0])
                here = replace(here, point=here.point + weight * (before[1].point - here.point))
            yield here
            return
        if before is None:
            yield here  # from beyond the gap Newton's steps often lead there
        before = best


def _closer(model: Model, end: float, clones: float) -> Start | None:
    """A start where the lowest free entropy all but vanishes, by halving."""
    low, high, start = 0.6 * end, end, None
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        best = _deepest(model, middle, clones, CHECKED, (-4.0, 7.0))
        if best is None or best[0] < 0.0:
            high = middle
        else:
            low, start = middle, best[1]
    return start


def _undercut(model: Model, alpha: float, clones: float) -> bool:
    """Whether at a load groups at some overlap have ceased to exist, each overlap looked at on its own."""
    best = _deepest(model, alpha, clones, CHECKED, (-4.0, 7.0))
    return best is not None and best[0] < -BELOW


def _close(model: Model, start: Start, best: bool) -> Threshold:
    """The gap that is lowest; where it is asked for, then that of the best number of clones."""
    gap = lowest(model, start)
    if gap is None:
        return _none(f"no overlap was found at which groups of {start.clones:g} are the first to cease to exist")
    point, number = np.append(gap.point, [np.log(gap.clones)] * best), np.array([gap.clones])
    for level in range(LEVELS):
        problem = gap.problem(model, number, level, best)
        found = solve(problem, start=point[None], solver=NEWTON, on_failure="keep")
        if found.converged[0]:
            break
    if not found.converged[0]:
        return _none(found.sentence(0))
    tables = measured(problem.at_level(problem.level + 1), found.point, found.error)
    values, errors = ({name: float(column[0]) for name, column in table.items()} for table in tables)
    # groups of an even loss may share something at other overlaps than where they share nothing
    if issubclass(gap.kind, BinaryReplicasEven) and _undercut(model, values["alpha"], values["parisi"]):
        return _none(f"at load {values['alpha']:.6g} groups at another mutual overlap have ceased to exist")
    text = FOUND.format(values["parisi"], values["q1"])
    if values["complexity"] < -errors["complexity"] - 1e-12 and not best:
        text += "; the complexity is negative: the load rises with the number of clones, which is not physical"
    bracket = (values["alpha"] - errors["alpha"], values["alpha"] + errors["alpha"])
    kept = {name: values[name] for name in ("q1", "q0", "q1_hat", "q0_hat", "parisi", "complexity")}
    return Threshold(values["alpha"], errors["alpha"], bracket, f"converged; {text}", parameters=kept)
