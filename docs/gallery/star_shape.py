r"""
A star-shaped space of solutions
================================

Training error on the way between two solutions of the spherical perceptron at margin -1/2: between two typical
ones there is a barrier; from a solution whose margin is above the kernel margin, the geodesic to every typical
one is free of errors. (b) The kernel margin, and the margin from which any two solutions of that margin are
connected so.

B. L. Annesi, C. Lauditi, C. Lucibello, E. M. Malatesta, G. Perugini, F. Pittorino and L. Saglietti, Phys. Rev.
Lett. 131, 227301 (2023).
"""

import numpy as np

import replica
from replica.plots import house_style, page

model = replica.perceptron("spherical", margin=-0.5)
position, centre = np.linspace(0.0, 1.0, 21), float(replica.kernel_margin(model, alpha=1.0))
pairs = {
    "typical, typical": (-0.5, -0.5),
    r"$\kappa = -0.3$, typical": (-0.3, -0.5),
    "kernel margin, typical": (centre, -0.5),
}
ways = {name: replica.path(model, alpha=1.0, margins=pair, position=position) for name, pair in pairs.items()}
loads = np.linspace(0.25, 3.0, 12)
kernel = [float(replica.kernel_margin(model, alpha=load)) for load in loads]
convex = [float(replica.convex_margin(model, alpha=load)) for load in loads]

figure, panels = page(1, 2, size=(7.0, 2.9))
left, right = panels[0]
with house_style():
    for (name, way), colour, dash in zip(ways.items(), ("black", "#0072B2", "#D55E00"), ("-", "-.", "--"), strict=True):
        left.plot(way["position"], 1e3 * way["training_error"], dash, color=colour, label=name)
    left.set(xlabel="position on the geodesic", ylabel=r"training error ($10^{-3}$)", xlim=(0, 1))
    left.set_title(r"(a) $\kappa = -1/2$, $\alpha = 1$", loc="left")
    left.legend()
    right.plot(loads, kernel, color="black", label="kernel margin")
    right.plot(loads, convex, "--", color="#D55E00", label="convex margin")
    right.set(xlabel=r"load $\alpha$", ylabel=r"margin $\kappa$", ylim=(-0.5, 0.0))
    right.set_title(r"(b) $\kappa = -1/2$", loc="left")
    right.legend()
figure.savefig("star_shape.png")
