"""Learning to tell two Gaussian clusters apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import replica
from replica.explore.page import Curve, Page, Panel, Slider, Values


def learning(values: Values, points: int) -> Iterator[Curve]:
    """Generalisation error of three rules over the load, and what no rule can go below."""
    alpha = np.geomspace(0.1, 20.0, points)
    setting: dict[str, Any] = {"noise": values["noise"], "balance": values["balance"], "penalty": values["penalty"]}
    for loss in ("square", "logistic", "hinge"):
        found = replica.sweep(replica.mixture(loss, **setting), alpha=alpha, observables=["generalization_error"])
        yield Curve.of(loss, found, "alpha", "generalization_error")
    best = replica.sweep(replica.mixture("square", **setting), alpha=alpha, observables=["bayes_error"])
    yield Curve.of("Bayes", best, "alpha", "bayes_error")


PAGE = Page(
    name="clusters",
    title="Learning curves of two Gaussian clusters",
    text="Error on new samples of square, logistic and hinge loss with a ridge penalty, beside the best that any rule "
    "reaches from as many samples.",
    sliders=(
        Slider("noise", "noise", 0.05, 4.0, 1.0, 0.05),
        Slider("balance", "share of one class", 0.05, 0.5, 0.5, 0.01),
        Slider("penalty", "penalty", 1e-3, 1e3, 0.1, 0.05, logarithmic=True),
    ),
    panels=(Panel("Learning curves", "load", "generalisation error", learning, logarithmic=True),),
    points=(9, 33),
)
