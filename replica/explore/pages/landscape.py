"""The binary perceptron: where solutions exist, and what surrounds them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import replica
from replica.explore.page import Curve, Page, Panel, Slider, Values

#: margins of the references, as shares of what the slider says
SHARES = (0.0, 0.5, 1.0)


def phases(values: Values, points: int) -> Iterator[Curve]:
    """Zero of the entropy and instability of the replica-symmetric solution over the margin."""
    margins = np.linspace(0.0, 1.0, points)
    lines = replica.diagram(replica.perceptron("binary"), x=("margin", margins), lines=("capacity", "at"))
    for line, name in (("capacity", "capacity"), ("at", "AT line")):
        said = tuple(map(str, lines[f"{line}_status"].values))
        yield Curve(name, margins, lines[line].values, lines[f"{line}_error"].values, said)


def surroundings(values: Values, points: int) -> Iterator[Curve]:
    """Franz-Parisi entropies around solutions of growing margin, and those of the best centres."""
    model = replica.perceptron("binary")
    distance = np.linspace(0.0, 0.4, points + 1)[1:]
    for share in SHARES:
        margin = round(share * values["margin"], 12)
        found = replica.franz_parisi(model, alpha=values["alpha"], distance=distance, reference=margin)
        yield Curve.of(f"around margin {margin:.3g}", found, "distance", "entropy")
    best = replica.local_entropy(model, alpha=values["alpha"], distance=distance)
    yield Curve.of("best centres, y = inf", best, "distance", "local_entropy")


PAGE = Page(
    name="landscape",
    title="Wide flat minima of the binary perceptron",
    text="Entropy of the solutions at a distance from solutions of a margin, and around the best centres. "
    "A click in the left panel chooses load and margin of the reference.",
    sliders=(
        Slider("alpha", "load", 0.05, 0.83, 0.5, 0.01),
        Slider("margin", "margin of the reference", 0.0, 0.9, 0.3, 0.01),
    ),
    panels=(
        Panel("Where solutions exist", "margin", "load", phases, sets=("margin", "alpha"), depends=()),
        Panel("What surrounds them", "distance", "entropy per weight", surroundings, legend="bottom_right"),
    ),
)
