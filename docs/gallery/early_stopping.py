r"""
When to stop
============

Gradient descent of least squares with a noisy linear teacher, in the limit of many weights: with as many
patterns as weights the error passes a minimum and then grows as the noise is learned; stopping there is nearly
as good as the best penalty (dots).

M. S. Advani, A. M. Saxe and H. Sompolinsky, Neural Networks 132, 428 (2020); A. Ali, J. Z. Kolter and R. J.
Tibshirani, AISTATS (2019).
"""

import numpy as np

import replica
from replica.plots import house_style, logarithmic, page

inputs = {"spectrum": [1.0], "projections": [1.0], "rho": 1.0, "noise": 0.3, "teacher": "linear"}
model, time = replica.covariates("square", penalty=0.0, **inputs), np.geomspace(0.03, 1e3, 41)
best = replica.covariates("square", penalty=0.3, **inputs)

figure, panels = page(size=(4.4, 3.2))
ax = panels[0, 0]
with house_style():
    for alpha, colour, dash in ((0.5, "black", "-"), (1.0, "#D55E00", "--"), (2.0, "#0072B2", "-.")):
        curve = replica.descent(model, alpha=alpha, time=time)
        ax.plot(time, curve["generalization_error"], dash, color=colour, label=rf"$\alpha = {alpha:g}$")
        least = float(replica.solve(best, alpha=alpha)["generalization_error"])
        ax.plot([curve.attrs["best_time"]], [least], "o", color=colour, markersize=4)
    logarithmic(ax, "x")
    ax.set(xlabel="time $t$ of gradient flow", ylabel="generalisation error", xlim=(0.03, 1e3), ylim=(0.3, 2.5))
    ax.legend()
figure.savefig("early_stopping.png")
