"""Ridge regression and classification on inputs with a power-law spectrum."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import replica
from replica.explore.page import Curve, Page, Panel, Slider, Values

DIMENSION = 200


def learning(values: Values, points: int) -> Iterator[Curve]:
    """Generalisation error over the load of rules that learn a teacher's signs."""
    alpha = np.geomspace(0.05, 20.0, points)
    spectrum = np.arange(1.0, DIMENSION + 1.0) ** -values["decay"]
    spectrum *= DIMENSION / spectrum.sum()
    projections = spectrum**2  # a teacher with equal weights: its covariance with each input is the input's variance
    for loss in ("square", "logistic", "hinge"):
        model = replica.covariates(
            loss,
            spectrum=spectrum,
            projections=projections,
            rho=1.0,
            penalty=values["penalty"],
            flips=values["flips"],
        )
        found = replica.sweep(model, alpha=alpha, observables=["generalization_error"])
        yield Curve.of(loss, found, "alpha", "generalization_error")


PAGE = Page(
    name="covariates",
    title="Learning curves of inputs with a power-law spectrum",
    text="A teacher's signs, some of them flipped, learned from Gaussian inputs whose k-th variance falls as a power "
    "of k (200 of them). At small penalties the square loss peaks where it can just fit all patterns.",
    sliders=(
        Slider("decay", "exponent of the spectrum", 0.0, 2.0, 0.5, 0.05),
        Slider("flips", "share of flipped labels", 0.0, 0.4, 0.1, 0.01),
        Slider("penalty", "penalty", 1e-4, 1e2, 1e-3, 0.05, logarithmic=True),
    ),
    panels=(Panel("Learning curves", "load", "generalisation error", learning, logarithmic=True),),
    points=(9, 33),
)
