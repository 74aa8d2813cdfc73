"""Pattern averages of Franz-Parisi entropies through a network whose fields overlap as k(q); no equations here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from replica.ansatz.coverage import KNOWN_LABELS, LEAST_COST, LETTERS, PAIRED, PERCEPTRON, RANDOM_LABELS, Covers, Demand
from replica.ansatz.franz_parisi.geometry import Geometry
from replica.ansatz.franz_parisi.pair_patterns import PatternSums, Side, pattern_means, pattern_sums
from replica.architectures import Architecture
from replica.architectures.few_units import Joint
from replica.data import Classes, Overlaps
from replica.models.model import Model


def field_geometry(network: Architecture, at: Geometry, level: int) -> tuple[Geometry, Any, Any]:
    """Overlaps of the fields, and the first two derivatives of the kernel at (q, s, t)."""
    overlap = np.array([at.q, at.s, at.t, at.qt])
    variance = np.array([at.rest, 1.0 - at.s, 1.0 - at.t if at.away is None else at.away, at.gap])
    fields, slopes = network.field_overlaps(Overlaps(overlap, variance, np.zeros(4), overlap), level)
    _, s, t, qt = (float(x) for x in fields.q)
    rest, _, away, gap = (float(x) for x in fields.variance)
    whole = qt + gap
    found = Geometry(t, s, 0.0, qt, whole, whole, away)
    with np.errstate(all="ignore"):
        found = found._replace(depth=float(np.log(found.room / rest)))
    first, second = (np.broadcast_to(x, (4,)) for x in (slopes.q, slopes.bend))
    return found, first, second


def network_sums(
    network: Architecture, reference: Side, probe: Side, overlaps: Sequence[Geometry], level: int
) -> list[PatternSums]:
    """`pattern_sums` at overlaps of the weights."""
    if network.few is not None:
        return [_few_sums(network, reference, probe, at, level) for at in overlaps]
    if network.plain:
        return pattern_sums(reference, probe, overlaps, level)
    mapped = [field_geometry(network, at, level) for at in overlaps]
    sums = pattern_sums(reference, probe, [fields for fields, _, _ in mapped], level)
    return [_chained(one, *slopes) for one, (_, *slopes) in zip(sums, mapped, strict=True)]


def _chained(sums: PatternSums, first: Any, second: Any) -> PatternSums:
    """Derivatives in the overlaps of the weights: by the chain rule, with the second derivative of the kernel."""
    (kq, ks, kt, _), (bq, bs, _, _) = first, second
    return sums._replace(
        gg=kq * sums.gg,
        rg=ks * sums.rg,
        pg=kt * sums.pg,
        gg_q=bq * sums.gg + kq**2 * sums.gg_q,
        rg_q=kq * ks * sums.rg_q,
        rg_s=bs * sums.rg + ks**2 * sums.rg_s,
        rigidity=kq**2 * sums.rigidity + bq * sums.gg,
    )


def _joint(at: Geometry) -> Joint:
    """Each unit's fields have the overlaps of the weights."""
    spread = at.towards + at.own
    shared = at.s / at.qt if at.qt > 0 else 0.0
    return Joint(at.qt, at.gap, shared, (at.t - at.s) / spread, spread, at.own, at.rest)


def _sides(reference: Side, probe: Side) -> tuple[Any, Any]:
    return (reference.loss, reference.beta, reference.guard), (probe.loss, probe.beta)


def _few_sums(network: Architecture, reference: Side, probe: Side, at: Geometry, level: int) -> PatternSums:
    """`pattern_sums` summed over a few units, whose fields have the overlaps of the weights."""
    if not 0.0 < at.rest < np.inf:
        return PatternSums(*[np.nan] * 11)
    with np.errstate(all="ignore"):
        found = network.few.pair_sums(*_sides(reference, probe), _joint(at), level)
    names = ("log_z", "gg", "rg", "pg", "gg_q", "rg_q", "rg_s")
    none = dict.fromkeys(("weight", "bend", "force"), np.nan)
    return PatternSums(**{name: getattr(found, name) for name in names}, rigidity=found.rigidity, **none)


def network_means(network: Architecture, reference: Side, probe: Side, at: Geometry, level: int) -> dict[str, float]:
    """`pattern_means` at overlaps of the weights."""
    if network.few is not None:
        found = network.few.pair_sums(*_sides(reference, probe), _joint(at), level, whole=True)
        return {"cost": found.cost, "training_error": found.wrong}
    fields = at if network.plain else field_geometry(network, at, level)[0]
    return pattern_means(reference, probe, fields, level)


def _few_pairs(model: Model) -> bool:
    """Random labels on a network of a few units that gives averages over pairs, weights of held norm."""
    few, data = model.architecture.few, model.data.classes
    return few is not None and few.paired and data is Classes.UNRELATED and model.weights.paired


def _one_field(model: Model) -> bool:
    network, data = model.architecture, model.data.classes
    known = network.plain or data is Classes.UNRELATED or network.linear and data is Classes.GAUSSIAN
    return network.few is None and known


_ONE_FIELD = Demand("is here for perceptrons, and for units=inf with random labels", _one_field, "model")
_FIELDS = (_ONE_FIELD | Demand("", _few_pairs, "model")).instead(
    "is here for perceptrons, and with random labels for units=inf and for parity machines and two or three sign units"
)
_LETTERS_ALONE = Demand(
    "", lambda m: m.weights.discrete and m.data.classes is Classes.UNRELATED and m.architecture.plain, "weights"
)
#: pairs of typical solutions, and of all weights (the first moment)
TYPICAL = Covers("franz_parisi", (KNOWN_LABELS, PAIRED | _LETTERS_ALONE, LETTERS, _FIELDS, LEAST_COST))
FIRST_MOMENT = Covers(
    "the first moment of pairs",
    (RANDOM_LABELS, PAIRED, LETTERS, _FIELDS, LEAST_COST, PERCEPTRON | Demand("", _few_pairs, "model")),
)
