r"""
Negative margins: capacity with broken symmetry
===============================================

At negative margin the space of solutions is not convex, and replica symmetry breaks below the capacity. (a) One
step lowers the capacity most. (b) At :math:`\kappa = -1`, where replica symmetry says 13.27, the steps converge
to the limit of full breaking, 12.2805692(1).

S. Franz, G. Parisi, M. Sevelev, P. Urbani and F. Zamponi, SciPost Phys. 2, 019 (2017).
"""

import numpy as np

import replica
from replica.plots import house_style, logarithmic, page

margins = [-1.0, -0.85, -0.7, -0.55, -0.4, -0.25, -0.1]
lines = ["at", "capacity", "capacity:1rsb"]
phases = replica.diagram(replica.perceptron("spherical"), x=("margin", margins), lines=lines)
model = replica.perceptron("spherical", margin=-1.0)
full = replica.capacity(model, ansatz=replica.RSB(steps=np.inf))
steps = [replica.capacity(model, ansatz=replica.RSB(steps=k) if k else replica.RS()) for k in range(5)]

figure, panels = page(1, 2, size=(7.0, 2.9))
left, right = panels[0]
with house_style():
    replica.plot(phases, left)
    left.set_title("(a) spherical weights", loc="left")
    right.plot(range(5), [float(found - full) for found in steps], "o-", color="black", markersize=3.5)
    logarithmic(right)
    right.set(xticks=range(5), xlabel="steps of breaking $k$", ylabel=r"$\alpha_c^{(k)} - \alpha_c^{(\infty)}$")
    right.set_title(rf"(b) $\kappa = -1$, $\alpha_c^{{(\infty)}} = {full.value:.6f}$", loc="left")
figure.savefig("negative_margin.png")
