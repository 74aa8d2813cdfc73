"""Pattern averages of Franz-Parisi entropies through a network whose fields overlap as k(q); no equations here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz._fp_geometry import Geometry
from replica.ansatz._fp_patterns import PatternSums, Side, pattern_means, pattern_sums
from replica.architectures import Architecture
from replica.data import Overlaps
from replica.model import Model
from replica.weights._pairs import check_pairs


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


def network_sums(network: Architecture, reference: Side, probe: Side, at: Geometry, level: int) -> PatternSums:
    """`pattern_sums` at overlaps of the weights: by the chain rule, with the second derivative of the kernel."""
    if network.plain:
        return pattern_sums(reference, probe, at, level)
    if not 0.0 < at.rest < np.inf:
        return PatternSums(*[np.nan] * 11)
    fields, (kq, ks, kt, _), (bq, bs, _, _) = field_geometry(network, at, level)
    sums = pattern_sums(reference, probe, fields, level)
    return sums._replace(
        gg=kq * sums.gg,
        rg=ks * sums.rg,
        pg=kt * sums.pg,
        gg_q=bq * sums.gg + kq**2 * sums.gg_q,
        rg_q=kq * ks * sums.rg_q,
        rg_s=bs * sums.rg + ks**2 * sums.rg_s,
        rigidity=kq**2 * sums.rigidity + bq * sums.gg,
    )


def network_means(network: Architecture, reference: Side, probe: Side, at: Geometry, level: int) -> dict[str, float]:
    """`pattern_means` at overlaps of the weights."""
    fields = at if network.plain else field_geometry(network, at, level)[0]
    return pattern_means(reference, probe, fields, level)


def check(model: Model, first_moment: bool = False) -> None:
    """Refuse, in one sentence, what the Franz-Parisi equations here do not cover."""
    network = model.architecture
    if not model.data.unrelated and not model.data.overlaps:
        raise ValueError(f"franz_parisi is not known for the data {model.data}: it needs random labels or a teacher")
    if first_moment or not model.weights.discrete or model.data.overlaps or not network.plain:
        check_pairs(model.weights)
    if model.weights.discrete and model.weights.letters is None:
        raise ValueError(f"franz_parisi counts letters that are equally likely, which is not known of {model.weights}")
    classes = network.linear and model.data.gaussian_classes
    if network.few is not None or not network.plain and model.data.overlaps and not classes:
        what = f"{network} and {model.data}"
        raise ValueError(f"franz_parisi is here for perceptrons, and for units=inf with random labels, got {what}")
    if not model.loss.hard and np.isinf(model.beta) and not model.loss.has_ground:
        raise ValueError(f"{model.loss} at beta = inf is not a constraint; give a finite beta")
