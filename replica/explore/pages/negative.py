"""The negative spherical perceptron: where replica symmetry breaks, and the margins of its patterns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import replica
from replica.explore.page import Curve, Page, Panel, Slider, Values


def phases(values: Values, points: int) -> Iterator[Curve]:
    """Capacities with the symmetry kept and broken once, and the line where it breaks, over the margin."""
    margins = np.linspace(-1.5, 0.5, points)
    drawn = ("at", "capacity", "capacity:1rsb")
    lines = replica.diagram(replica.perceptron("spherical"), x=("margin", margins), lines=drawn)
    for line, name in (("at", "AT line"), ("capacity:1rsb", "capacity, one step"), ("capacity", "capacity, RS")):
        said = tuple(map(str, lines[f"{line}_status"].values))
        yield Curve(name, margins, lines[line].values, lines[f"{line}_error"].values, said)


def margins(values: Values, points: int) -> Iterator[Curve]:
    """Density of the stabilities of a typical solution."""
    model = replica.perceptron("spherical", margin=values["margin"])
    solution = replica.solve(model, alpha=values["alpha"], on_failure="keep")
    field = np.linspace(-2.0, 4.0, 8 * points)
    field = np.unique(np.append(field, values["margin"] + 1e-9))
    if not solution.converged:
        nothing = np.full(field.size, np.nan)
        yield Curve("typical solution", field, nothing, nothing, (str(solution.status),) * field.size)
        return
    found = replica.margin_distribution(solution, field=field)
    status = str(solution.status)
    if float(solution.stability) < 0:
        status = f"{status}; replica symmetry is broken here (stability {float(solution.stability):.3g})"
    yield Curve("typical solution", field, found["density"].values, found["error"].values, (status,) * field.size)


PAGE = Page(
    name="negative",
    title="The negative spherical perceptron",
    text="Loads that can be reached with the symmetry of replicas kept and broken, and the stabilities of the patterns "
    "in a typical solution. A click in the left panel chooses load and margin.",
    sliders=(
        Slider("alpha", "load", 0.1, 20.0, 2.0, 0.1),
        Slider("margin", "margin", -1.5, 0.5, -0.5, 0.01),
    ),
    panels=(
        Panel("Where symmetry breaks", "margin", "load", phases, sets=("margin", "alpha"), depends=()),
        Panel("Stabilities of the patterns", "stability", "density", margins),
    ),
)
