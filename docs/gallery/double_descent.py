r"""
Double descent of random features
=================================

Generalisation error of ridge regression on :math:`N` random ReLU features of :math:`D` inputs against the
number of features per pattern, at fixed number of patterns: the peak where the features just interpolate
(:math:`N = P`) is cut by the penalty, and beyond it more parameters help.

S. Mei and A. Montanari, Comm. Pure Appl. Math. 75, 667 (2022); F. Gerace, B. Loureiro, F. Krzakala, M. Mézard
and L. Zdeborová, ICML (2020).
"""

import numpy as np

import replica
from replica.plots import logarithmic, page

ratios = np.unique(np.concatenate([np.geomspace(0.1, 30.0, 41), np.linspace(2.4, 4.0, 13)]))
model = replica.random_features("square", activation="relu", ratio=1.0, teacher="linear", noise=0.2)
curve = replica.sweep(
    model, penalty=[1e-5, 1e-2, 0.3], ratio=ratios, patterns_per_input=3.0, observables=["generalization_error"]
)

figure, panels = page(size=(4.4, 3.2))
ax = replica.plot(curve, panels[0, 0])
logarithmic(ax, "x")
ax.axvline(3.0, color="0.6", linewidth=0.6, zorder=0)
ax.set(ylim=(0.0, 3.0), xlabel="features per input $N/D$ (patterns per input 3)")
figure.savefig("double_descent.png")
