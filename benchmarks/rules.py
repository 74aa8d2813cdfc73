"""Figure of learning rules on two clusters: where they err, the best penalty, and what is left to the Bayes rule.

    python -m benchmarks.rules docs/figures/rules.png
"""

from __future__ import annotations

import sys

import numpy as np

import replica
from replica.plots import house_style, page, write

LOSSES = (("square", "black", "-"), ("logistic", "#D55E00", "--"), ("hinge", "#0072B2", "-."))
BALANCE = 0.25
LOADS = np.round(np.geomspace(0.3, 10.0, 25), 12)


def main() -> int:
    figure, panels = page(1, 3, size=(7.4, 2.4))
    where, best, gap = panels.flat
    grids = {"alpha": np.linspace(0.1, 6.0, 40), "noise": np.linspace(0.1, 4.0, 40)}
    model = replica.mixture("logistic", penalty=0.1, balance=BALANCE)
    plane = replica.sweep(model, **grids, observables="generalization_error", lines="capacity")
    with house_style():
        replica.plot(plane, where)
        where.set_title("(a) logistic, penalty 0.1", loc="left")
        where.get_legend().texts[0].set_text("separable below")
        for loss, colour, dash in LOSSES:
            mixture = replica.mixture(loss, balance=BALANCE)
            found = replica.diagram(mixture, x=("alpha", LOADS), y="penalty", lines="optimal-penalty")
            least = replica.sweep(mixture, alpha=LOADS, observables="bayes_error")["bayes_error"]
            errors = found["optimal-penalty_generalization_error"]
            looks = {"color": colour, "linestyle": dash, "label": loss}
            best.plot(LOADS, np.where(np.isfinite(found["optimal-penalty"]), found["optimal-penalty"], np.nan), **looks)
            gap.plot(LOADS, errors - least, **looks)
        best.set(xscale="log", yscale="log", xlabel=r"load $\alpha$", ylabel=r"best penalty $\lambda^*$")
        best.set_title("(b) noise 1, balance 1 : 3", loc="left")
        gap.set(xscale="log", xlabel=r"load $\alpha$", ylabel=r"Bayes gap at $\lambda^*$")
        gap.set_title("(c)", loc="left")
        best.legend()
    write(figure, sys.argv[1])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
