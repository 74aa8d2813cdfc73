r"""
The staircase of kernel regression
==================================

Ridge regression with the tangent kernel of a two-layer ReLU network on the sphere: a target with a linear, a
quadratic and a quartic part is learned degree by degree, each when the number of samples reaches the
multiplicity of that degree. (b) Learnability of each degree: the share of its power that is learned.

B. Bordelon, A. Canatar and C. Pehlevan, ICML (2020); A. Canatar, B. Bordelon and C. Pehlevan, Nature
Communications 12, 2914 (2021).
"""

import numpy as np

import replica
from replica.plots import house_style, logarithmic, page

kernel = replica.kernel("relu", layers=2, weight_variance=2.0, bias_variance=0.1)
learner = replica.kernel_regression(kernel, [0.0, 0.5, 0.3, 0.0, 0.2], dimension=30, ridge=1e-4)
curve = learner.learning_curve(samples=np.geomspace(3, 1e6, 101))

figure, panels = page(1, 2, size=(7.0, 2.9))
left, right = panels[0]
with house_style():
    left.plot(curve["samples"], curve["generalization_error"], color="black")
    left.set(xlabel="samples $n$", ylabel="generalisation error", ylim=(0.0, 1.1))
    for degree, colour in ((1, "black"), (2, "#D55E00"), (4, "#0072B2")):
        right.plot(curve["samples"], curve["learnability"].sel(mode=degree), color=colour, label=f"degree {degree}")
    right.set(xlabel="samples $n$", ylabel="learnability", ylim=(0.0, 1.0))
    right.legend(loc="center", bbox_to_anchor=(0.62, 0.5))
    for ax in (left, right):
        logarithmic(ax, "x")
        ax.set(xlim=(3, 1e6))
figure.savefig("staircase.png")
