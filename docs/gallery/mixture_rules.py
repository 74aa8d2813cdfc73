r"""
Two Gaussian clusters: rules, penalties, the Bayes rule
=======================================================

Generalisation error of logistic regression with a quarter of the labels +1, at several penalties, at the best
penalty, and of the rule that no other can beat. With classes of equal size the best penalty would be infinite
(the Hebb rule is optimal); with unequal ones it is finite.

F. Mignacco, F. Krzakala, Y. M. Lu, P. Urbani and L. Zdeborová, ICML (2020).
"""

import numpy as np

import replica
from replica.plots import house_style, logarithmic, page

loads = np.geomspace(0.2, 20.0, 25)
model = replica.mixture("logistic", balance=0.25, noise=1.0)
curve = replica.sweep(model, penalty=[0.01, 1.0], alpha=loads, observables=["generalization_error", "bayes_error"])
few = np.geomspace(0.3, 20.0, 7)
best = [replica.optimal_penalty(model, alpha=float(load)) for load in few]

figure, panels = page(size=(4.4, 3.2))
ax = panels[0, 0]
with house_style():
    for penalty, colour in ((0.01, "black"), (1.0, "#0072B2")):
        error = curve["generalization_error"].sel(penalty=penalty)
        ax.plot(loads, error, color=colour, label=rf"$\lambda = {penalty}$")
    errors = [replica.generalization_error(one.solution) for one in best]
    ax.plot(few, errors, "o", color="#D55E00", label="best penalty")
    ax.plot(loads, curve["bayes_error"].sel(penalty=1.0), ":", color="#009E73", label="Bayes-optimal rule")
    logarithmic(ax, "x")
    ax.axhline(0.25, color="0.7", linewidth=0.6, zorder=0)
    ax.text(19.0, 0.252, "always the larger class", ha="right", color="0.4", fontsize=8)
    ax.set(xlabel=r"load $\alpha$", ylabel="generalisation error", ylim=(0.12, 0.32))
    ax.legend()
figure.savefig("mixture_rules.png")
