"""Random parameter points of `accuracy`: families, ranges and seeds. No solving but of capacities that bound
the loads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from mpmath import mp

import replica
from benchmarks._truth import Point, Truth

LOSSES = {
    "margin": replica.Margin,
    "error-count": replica.ErrorCount,
    "band": replica.Band,
    "outside-band": replica.OutsideBand,
}
WEIGHTS = ("binary", "spherical", "ternary", "gaussian")

#: (weights, loss, labels, share); "near" places spherical points at 1-q between 1e-10 and 0.1
FAMILIES = (
    *(
        (w, loss, labels, 1)
        for w in WEIGHTS
        for loss in ("margin", "error-count")
        for labels in ("random", "teacher")
    ),
    *((w, loss, "random", 1) for w in WEIGHTS for loss in ("band", "outside-band")),
    ("spherical", "margin near capacity", "random", 3),
)


def name_of(family: tuple[str, str, str, int]) -> str:
    return " ".join(family[:3])


def model_of(point: Point) -> replica.Model:
    """The model of the package that stands for a point."""
    return replica.perceptron(
        point.weights, loss=LOSSES[point.loss](point.kappa), labels=point.labels, beta=point.beta
    )


def draw(seed: int, count: int) -> list[dict[str, Any]]:
    """``count`` points, dealt out over the families by their shares; each has a generator of its own."""
    deal = [index for index, family in enumerate(FAMILIES) for _ in range(family[3])]
    tasks = []
    for i in range(count):
        family = deal[i % len(deal)]
        tasks.append({"index": i, "seed": [seed, i], "family": family})
    return tasks


def make(task: dict[str, Any]) -> Point:
    """The parameters of one task."""
    weights, loss, labels, _ = FAMILIES[task["family"]]
    rng = np.random.default_rng(task["seed"])
    near = loss.endswith("near capacity")
    loss = "margin" if near else loss
    even = loss in ("band", "outside-band")
    kappa = math.exp(rng.uniform(math.log(0.05), math.log(3.0))) if even else rng.uniform(-3.0, 3.0)
    if not even and rng.random() < 0.15:
        kappa = 0.0
    beta = math.inf
    if loss == "error-count" or weights == "gaussian":
        beta = math.exp(rng.uniform(math.log(0.01), math.log(50.0)))
    if near:
        return Point(weights, loss, labels, _load_at(kappa, 10 ** rng.uniform(-10.0, -1.0)), kappa, beta)
    top = _top(Point(weights, loss, labels, 1.0, kappa, beta))
    if rng.random() < 0.1:
        alpha = top * rng.uniform(1.0, 1.3)
    else:
        low = min(1e-4, 0.01 * top)
        alpha = math.exp(rng.uniform(math.log(low), math.log(0.9999 * top)))
    return Point(weights, loss, labels, alpha, kappa, beta)


def _top(point: Point) -> float:
    """The capacity where there is one, else a load well into the regime of many patterns."""
    model = model_of(point)
    if model.loss.hard and point.weights != "gaussian" and (point.labels == "random" or point.kappa > 0):
        try:
            found = replica.capacity(model)
        except ValueError:  # it has none, and the package says why
            return 10.0
        if found.converged:
            return found.value
    return 3.0 if point.labels == "teacher" else 10.0


def _load_at(kappa: float, rest: float) -> float:
    """The load at which spherical weights with a margin have ``1 - q = rest``."""
    with mp.workdps(30):
        point = Point("spherical", "margin", "random", 1.0, kappa, math.inf)
        q_hat = (1 - mp.mpf(rest)) / mp.mpf(rest) ** 2
        truth = Truth(point, {"q_hat": float(q_hat)})
        return float(q_hat / truth.pattern(truth.single({"q_hat": q_hat}))[1])
