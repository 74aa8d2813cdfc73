r"""
Capacity of spherical weights
=============================

How many random patterns per weight a perceptron with real weights stores with margin :math:`\kappa`:
:math:`\alpha_c^{-1} = \int_{-\kappa}^{\infty} Dt\,(t+\kappa)^2`, with :math:`\alpha_c(0) = 2`. For
:math:`\kappa < 0` the de Almeida-Thouless line is crossed first, the replica-symmetric capacity is an upper
bound there, and broken symmetry lowers it.

E. Gardner, J. Phys. A 21, 257 (1988), capacity against margin; the part at negative margins: S. Franz, G.
Parisi, M. Sevelev, P. Urbani and F. Zamponi, SciPost Phys. 2, 019 (2017).
"""

import numpy as np

import replica
from replica.plots import house_style, logarithmic, page

margins = np.concatenate([np.linspace(-1.5, -0.05, 30), np.linspace(0.0, 2.0, 41)])
phases = replica.diagram(replica.perceptron("spherical"), x=("margin", margins), lines=["capacity", "at"])

figure, panels = page(size=(4.4, 3.3))
with house_style():
    ax = replica.plot(phases, panels[0, 0])
    logarithmic(ax)
    ax.set(xlim=(-1.5, 2.0), ylim=(0.1, 100.0))
    ax.plot([0.0], [2.0], "o", color="black", markersize=3)
    ax.annotate(r"$\alpha_c(0) = 2$", (0.0, 2.0), xytext=(6, 4), textcoords="offset points")
figure.savefig("gardner.png")
