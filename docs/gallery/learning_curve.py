r"""
Learning curves of structured inputs
====================================

Ridge and logistic regression on Gaussian inputs whose covariance has a power law, with a teacher in the same
directions and some noise: generalisation error against the load, beside the best that any rule can do.

B. Loureiro, C. Gerbelot, H. Cui, S. Goldt, F. Krzakala, M. Mézard and L. Zdeborová, NeurIPS (2021).
"""

import numpy as np

import replica
from replica.plots import house_style, logarithmic, page

omega = np.arange(1.0, 401.0) ** -1.2
omega *= omega.size / omega.sum()
inputs = {"spectrum": omega, "projections": omega**1.6, "rho": float(np.mean(omega**0.6)), "noise": 0.1}
loads = np.geomspace(0.05, 20.0, 31)
names = ["generalization_error", "bayes_error"]
curves = {
    loss: replica.sweep(replica.covariates(loss, penalty=0.05, **inputs), alpha=loads, observables=names)
    for loss in ("square", "logistic", "hinge")
}

figure, panels = page(size=(4.4, 3.2))
with house_style():
    ax = panels[0, 0]
    for colour, (loss, curve) in zip(("black", "#D55E00", "#0072B2"), curves.items(), strict=True):
        ax.plot(curve["alpha"], curve["generalization_error"], color=colour, label=loss)
    ax.plot(curve["alpha"], curve["bayes_error"], ":", color="#009E73", label="Bayes-optimal")
    logarithmic(ax, "x")
    ax.legend()
    ax.set(xlabel=r"load $\alpha$", ylabel="generalisation error", ylim=(0.0, 0.5))
figure.savefig("learning_curve.png")
